"""Errors by slot, laid out as the form: rows of labels and cells to colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.synthesis.form import Kind, disclosure_table, disputes_table, requests_table

Counts = Mapping[str, Sequence[int]]
"""By slot: how many, how many wrong, how many of these silent, how many flagged."""


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One slot; `n` is 0 where no document has it."""

    slot: str
    n: int
    wrong: int
    silent: int
    flagged: int

    @property
    def share(self) -> float:
        return self.wrong / self.n if self.n else 0.0

    @property
    def level(self) -> int:
        """0 for no error, 1 to 5 by the share of wrong ones."""
        bounds = (0.0, 0.005, 0.02, 0.05, 0.15)
        return sum(self.share > bound for bound in bounds)


@dataclass(frozen=True, slots=True)
class HeatTable:
    """One table of the form in one edition, as `header` names above `rows` of a label and cells."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, tuple[HeatCell, ...]], ...]


def heatmap(counts: Counts) -> tuple[HeatTable, ...]:
    """The three tables, the second in both editions; tables without any slot are left out."""
    tables = [
        _disclosure("2021", counts),
        _disclosure("2019", counts),
        _requests(counts),
        _disputes(counts),
    ]
    return tuple(
        table for table in tables if any(cell.n for _, cells in table.rows for cell in cells)
    )


def _cell(slot: str, counts: Counts) -> HeatCell:
    n, wrong, silent, flagged = counts.get(slot, (0, 0, 0, 0))
    return HeatCell(slot, n, wrong, silent, flagged)


def _disclosure(edition: str, counts: Counts) -> HeatTable:
    rows = [
        (row[0].text, tuple(_cell(entry.slot, counts) for entry in row if entry.slot is not None))
        for row in disclosure_table(edition).rows
        if any(entry.slot for entry in row)
    ]
    return HeatTable(f"二、主动公开政府信息情况 ({edition})", (), tuple(rows))


def _requests(counts: Counts) -> HeatTable:
    """The rows of both editions: 其他处理 as one row and as three."""
    rows: dict[str, tuple[str, tuple[HeatCell, ...]]] = {}
    header: tuple[str, ...] = ()
    for single_other in (False, True):
        table = requests_table(single_other=single_other)
        header = tuple(
            entry.text for entry in table.entries() if entry.kind is Kind.HEADER and entry.column
        )
        group = ""
        for row in table.rows:
            slots = [entry.slot for entry in row if entry.slot is not None]
            group = next((entry.text for entry in row if entry.kind is Kind.GROUP), group)
            label = next((entry.text for entry in row if entry.kind is Kind.LABEL), "")
            if label[:1].isdigit():
                label = f"{group} {label}"
            if slots:
                rows.setdefault(
                    slots[0].split(".")[1], (label, tuple(_cell(slot, counts) for slot in slots))
                )
    order = list(rows)
    order.insert(order.index("total_handled"), order.pop(order.index("other")))
    names = (header[0], *header[2:], header[1])
    return HeatTable(
        "三、收到和处理政府信息公开申请情况", names, tuple(rows[name] for name in order)
    )


def _disputes(counts: Counts) -> HeatTable:
    names = {
        "reconsideration": "行政复议",
        "direct_lawsuit": "未经复议直接起诉",
        "lawsuit_after_reconsideration": "复议后起诉",
    }
    slots = disputes_table().slots()
    rows = tuple(
        (label, tuple(_cell(slot, counts) for slot in slots if slot.split(".")[1] == row))
        for row, label in names.items()
    )
    header = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
    return HeatTable("四、政府信息公开行政复议、行政诉讼情况", header, rows)

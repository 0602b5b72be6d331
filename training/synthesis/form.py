"""The printed form of both editions, as an outsider knows it: rows of cells with their spans.

Written from the notices alone and independent of the product's own schema, so that a mistake in one
does not hide behind the same mistake in the other. A table is a sequence of rows, each holding the
cells that begin in it; `place` lays them on a grid as HTML does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

EDITIONS = ("2019", "2021")
TABLE_IDS = ("disclosure", "requests", "disputes")


class Kind(StrEnum):
    """What a cell of the printed form is for."""

    CAPTION = "caption"
    HEADER = "header"
    NOTE = "note"
    GROUP = "group"
    LABEL = "label"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Entry:
    """One printed cell; spans are >= 1.

    `slot` is set for the value cells of the canonical form. `row` and `column` are the ids that a
    label or a header stands for, where it stands for one: what a reader must find out about it.
    """

    text: str
    kind: Kind
    column_span: int = 1
    row_span: int = 1
    slot: str | None = None
    row: str | None = None
    column: str | None = None


Row = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A printed table; `id` is None for one that is no part of the form."""

    id: str | None
    columns: int
    rows: tuple[Row, ...]

    def entries(self) -> Iterator[Entry]:
        for row in self.rows:
            yield from row

    def slots(self) -> tuple[str, ...]:
        return tuple(entry.slot for entry in self.entries() if entry.slot is not None)


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell with its place on the grid, both counted from 0."""

    entry: Entry
    row: int
    column: int


REQUEST_COLUMNS = (
    ("natural_person", "自然人"),
    ("enterprise", "商业企业"),
    ("research_institution", "科研机构"),
    ("nonprofit", "社会公益组织"),
    ("legal_service", "法律服务机构"),
    ("other", "其他"),
    ("total", "总计"),
)
APPLICANTS = tuple(name for name, _ in REQUEST_COLUMNS[:-1])

_NEW = ("new_received", "一、本年新收政府信息公开申请数量")
_CARRIED = ("carried_over", "二、上年结转政府信息公开申请数量")
_FORWARD = ("carried_forward", "四、结转下年度继续办理")
_HANDLED = ("total_handled", "（七）总计")
_PLAIN_RESULTS = (
    ("granted", "（一）予以公开"),
    ("partially_granted", "（二）部分公开（区分处理的，只计这一情形，不计其他情形）"),
)
_GROUPED_RESULTS = (
    (
        "（三）不予公开",
        (
            ("denied_state_secret", "1.属于国家秘密"),
            ("denied_prohibited_by_law", "2.其他法律行政法规禁止公开"),
            ("denied_security_stability", "3.危及“三安全一稳定”"),
            ("denied_third_party_rights", "4.保护第三方合法权益"),
            ("denied_internal_affairs", "5.属于三类内部事务信息"),
            ("denied_process_information", "6.属于四类过程性信息"),
            ("denied_enforcement_files", "7.属于行政执法案卷"),
            ("denied_administrative_query", "8.属于行政查询事项"),
        ),
    ),
    (
        "（四）无法提供",
        (
            ("unavailable_not_held", "1.本机关不掌握相关政府信息"),
            ("unavailable_needs_creation", "2.没有现成信息需要另行制作"),
            ("unavailable_unclear_request", "3.补正后申请内容仍不明确"),
        ),
    ),
    (
        "（五）不予处理",
        (
            ("rejected_petition", "1.信访举报投诉类申请"),
            ("rejected_duplicate", "2.重复申请"),
            ("rejected_published_material", "3.要求提供公开出版物"),
            ("rejected_excessive", "4.无正当理由大量反复申请"),
            ("rejected_confirmation", "5.要求行政机关确认或重新出具已获取信息"),
        ),
    ),
)
_OTHER_SINGLE = ("other", "（六）其他处理")
_OTHER_GROUP = (
    "（六）其他处理",
    (
        (
            "other_uncorrected_overdue",
            "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
        ),
        (
            "other_unpaid_fee",
            "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请",
        ),
        ("other_misc", "3.其他"),
    ),
)

DISPUTE_ROWS = ("reconsideration", "direct_lawsuit", "lawsuit_after_reconsideration")
DISPUTE_COLUMNS = (
    ("upheld", "结果维持"),
    ("corrected", "结果纠正"),
    ("other", "其他结果"),
    ("pending", "尚未审结"),
    ("total", "总计"),
)

HEADINGS = {
    "overview": "一、总体情况",
    "disclosure": "二、主动公开政府信息情况",
    "requests": "三、收到和处理政府信息公开申请情况",
    "disputes": "四、政府信息公开行政复议、行政诉讼情况",
    "problems": "五、存在的主要问题及改进情况",
    "remarks": "六、其他需要报告的事项",
}

_Block = tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
_BLOCKS: Mapping[str, tuple[_Block, ...]] = {
    "2021": (
        (
            "第二十条第（一）项",
            (
                ("made", "本年制发件数"),
                ("repealed", "本年废止件数"),
                ("in_force", "现行有效件数"),
            ),
            (("regulations", "规章"), ("normative_documents", "行政规范性文件")),
        ),
        (
            "第二十条第（五）项",
            (("decisions", "本年处理决定数量"),),
            (("licensing", "行政许可"),),
        ),
        (
            "第二十条第（六）项",
            (("decisions", "本年处理决定数量"),),
            (("penalties", "行政处罚"), ("coercion", "行政强制")),
        ),
        (
            "第二十条第（八）项",
            (("amount", "本年收费金额（单位：万元）"),),
            (("fees", "行政事业性收费"),),
        ),
    ),
    "2019": (
        (
            "第二十条第（一）项",
            (
                ("newly_made", "本年新制作数量"),
                ("newly_published", "本年新公开数量"),
                ("total_published", "对外公开总数量"),
            ),
            (("regulations", "规章"), ("normative_documents", "规范性文件")),
        ),
        (
            "第二十条第（五）项",
            (
                ("previous_items", "上一年项目数量"),
                ("change", "本年增/减"),
                ("decisions", "处理决定数量"),
            ),
            (("licensing", "行政许可"), ("other_services", "其他对外管理服务事项")),
        ),
        (
            "第二十条第（六）项",
            (
                ("previous_items", "上一年项目数量"),
                ("change", "本年增/减"),
                ("decisions", "处理决定数量"),
            ),
            (("penalties", "行政处罚"), ("coercion", "行政强制")),
        ),
        (
            "第二十条第（八）项",
            (("previous_items", "上一年项目数量"), ("change", "本年增/减")),
            (("fees", "行政事业性收费"),),
        ),
        (
            "第二十条第（九）项",
            (("items", "采购项目数量"), ("amount", "采购总金额")),
            (("procurement", "政府集中采购"),),
        ),
    ),
}


def disclosure_table(edition: str) -> Table:
    """Table 二: blocks of caption, header and rows, all on one grid of four columns."""
    rows: list[Row] = []
    for caption, columns, labels in _BLOCKS[edition]:
        rows.append((Entry(caption, Kind.CAPTION, column_span=4),))
        spans = _spread(3, len(columns))
        headers = [
            Entry(text, Kind.HEADER, column_span=span, column=column)
            for (column, text), span in zip(columns, spans, strict=True)
        ]
        rows.append((Entry("信息内容", Kind.HEADER), *headers))
        for row_id, label in labels:
            values = [
                Entry("", Kind.VALUE, column_span=span, slot=f"disclosure.{row_id}.{column}")
                for (column, _), span in zip(columns, spans, strict=True)
            ]
            rows.append((Entry(label, Kind.LABEL, row=row_id), *values))
    return Table("disclosure", 4, tuple(rows))


def result_rows(*, single_other: bool) -> tuple[str, ...]:
    """Ids of the rows that add up to `total_handled`, in print order."""
    ids = [name for name, _ in _PLAIN_RESULTS]
    for _, rows in _GROUPED_RESULTS:
        ids += [name for name, _ in rows]
    ids += ["other"] if single_other else [name for name, _ in _OTHER_GROUP[1]]
    return tuple(ids)


def request_rows(*, single_other: bool) -> tuple[str, ...]:
    """Ids of all rows of table 三, in print order."""
    results = result_rows(single_other=single_other)
    return ("new_received", "carried_over", *results, "total_handled", "carried_forward")


def requests_table(*, single_other: bool) -> Table:
    """Table 三: ten columns, three of them for labels, under a header of three rows."""
    header: list[Row] = [
        (
            Entry(
                "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）",
                Kind.NOTE,
                column_span=3,
                row_span=3,
            ),
            Entry("申请人情况", Kind.HEADER, column_span=7),
        ),
        (
            Entry("自然人", Kind.HEADER, row_span=2, column="natural_person"),
            Entry("法人或其他组织", Kind.HEADER, column_span=5),
            Entry("总计", Kind.HEADER, row_span=2, column="total"),
        ),
        tuple(Entry(text, Kind.HEADER, column=column) for column, text in REQUEST_COLUMNS[1:-1]),
    ]
    n_results = len(result_rows(single_other=single_other)) + 1
    stage = Entry("三、本年度办理结果", Kind.GROUP, row_span=n_results)
    body: list[Row] = [
        (Entry(text, Kind.LABEL, column_span=3, row=name), *_request_values(name))
        for name, text in (_NEW, _CARRIED)
    ]
    for name, text in _PLAIN_RESULTS:
        first = (stage,) if name == "granted" else ()
        label = Entry(text, Kind.LABEL, column_span=2, row=name)
        body.append((*first, label, *_request_values(name)))
    groups = _GROUPED_RESULTS if single_other else (*_GROUPED_RESULTS, _OTHER_GROUP)
    for group, rows in groups:
        for i, (name, text) in enumerate(rows):
            opening = (Entry(group, Kind.GROUP, row_span=len(rows)),) if i == 0 else ()
            body.append((*opening, Entry(text, Kind.LABEL, row=name), *_request_values(name)))
    for name, text in (_OTHER_SINGLE, _HANDLED) if single_other else (_HANDLED,):
        label = Entry(text, Kind.LABEL, column_span=2, row=name)
        body.append((label, *_request_values(name)))
    name, text = _FORWARD
    body.append((Entry(text, Kind.LABEL, column_span=3, row=name), *_request_values(name)))
    return Table("requests", 10, (*header, *body))


def disputes_table() -> Table:
    """Table 四: one printed row of fifteen values under a header of three rows."""
    first, *others = DISPUTE_ROWS
    top = (
        Entry("行政复议", Kind.HEADER, column_span=5, row=first),
        Entry("行政诉讼", Kind.HEADER, column_span=10),
    )
    middle = (
        *(
            Entry(text, Kind.HEADER, row_span=2, row=first, column=column)
            for column, text in DISPUTE_COLUMNS
        ),
        Entry("未经复议直接起诉", Kind.HEADER, column_span=5, row=others[0]),
        Entry("复议后起诉", Kind.HEADER, column_span=5, row=others[1]),
    )
    bottom = tuple(
        Entry(text, Kind.HEADER, row=row, column=column)
        for row in others
        for column, text in DISPUTE_COLUMNS
    )
    values = tuple(
        Entry("", Kind.VALUE, slot=f"disputes.{row}.{column}")
        for row in DISPUTE_ROWS
        for column, _ in DISPUTE_COLUMNS
    )
    return Table("disputes", 15, (top, middle, bottom, values))


def form_tables(edition: str, *, single_other: bool) -> tuple[Table, ...]:
    """The three tables of an edition; `single_other` prints 其他处理 as one row.

    Raises:
        ValueError: the edition is unknown, or it is 2019 and `single_other` is False.
    """
    if edition not in EDITIONS:
        raise ValueError(f"unknown edition {edition!r}, expected one of {', '.join(EDITIONS)}")
    if edition == "2019" and not single_other:
        raise ValueError("the 2019 edition prints 其他处理 as one row")
    return (
        disclosure_table(edition),
        requests_table(single_other=single_other),
        disputes_table(),
    )


def place(table: Table) -> tuple[Placed, ...]:
    """Lay the cells on the grid, each at the first free place of its row.

    Raises:
        ValueError: cells overlap, leave the grid, or leave a place empty.
    """
    taken: dict[tuple[int, int], Entry] = {}
    placed: list[Placed] = []
    for i, row in enumerate(table.rows):
        column = 0
        for entry in row:
            while (i, column) in taken:
                column += 1
            for r in range(i, i + entry.row_span):
                for c in range(column, column + entry.column_span):
                    if (r, c) in taken or r >= len(table.rows) or c >= table.columns:
                        raise ValueError(f"{entry.text!r} does not fit at row {r}, column {c}")
                    taken[r, c] = entry
            placed.append(Placed(entry, i, column))
    if len(taken) != len(table.rows) * table.columns:
        raise ValueError(f"table {table.id}: {len(taken)} places of the grid are covered")
    return tuple(placed)


def split_table(table: Table, cuts: tuple[int, ...], *, repeat: bool) -> tuple[Table, ...]:
    """Cut a table before the given rows into tables of their own.

    A cell that spans a cut ends there; the next piece begins with its rest, which carries the text
    again if `repeat` and is empty otherwise.
    """
    placed = place(table)
    bounds = (0, *sorted(set(cuts)), len(table.rows))
    pieces = []
    for start, end in pairwise(bounds):
        rows: list[Row] = []
        for i in range(start, end):
            row: list[tuple[int, Entry]] = []
            for cell in placed:
                last = cell.row + cell.entry.row_span
                begins = cell.row == i
                continues = i == start and cell.row < start < last
                if begins or continues:
                    text = cell.entry.text if begins or repeat else ""
                    span = min(last, end) - i
                    row.append((cell.column, replace(cell.entry, text=text, row_span=span)))
            rows.append(tuple(entry for _, entry in sorted(row, key=lambda pair: pair[0])))
        pieces.append(Table(table.id, table.columns, tuple(rows)))
    return tuple(pieces)


def _request_values(row: str) -> tuple[Entry, ...]:
    return tuple(
        Entry("", Kind.VALUE, slot=f"requests.{row}.{column}") for column, _ in REQUEST_COLUMNS
    )


def _spread(width: int, n: int) -> tuple[int, ...]:
    """Spans of `n` cells that fill `width` columns, the last taking what is left over."""
    return (*(1 for _ in range(n - 1)), width - n + 1)

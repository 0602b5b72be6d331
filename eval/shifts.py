"""Rows and columns that are not where the form has them: what is accepted of tables like that.

    python -m eval shifts [--cases N] [--seed N]

Every case is a report as a file of one of eight layouts whose table three was changed in one way:
rows or columns exchanged with their labels, a row left out or put in, a label or a header lost, or
numbers that stand one place off. What the numbers belong to is known; wrong is what is accepted
with another value or state than its slot has in print. None of the layouts is a scan.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from random import Random

from extractor.engines import Engines
from extractor.errors import ExtractorError
from extractor.ingest import identify
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.types import CellStatus
from training.synthesis.catalogue import TEXT_LAYOUTS, Make, make_pdf
from training.synthesis.form import Entry, Kind, Row, Table
from training.synthesis.report import Report, invent
from training.synthesis.splits import Split
from training.synthesis.styles import FAMILIES, families

_LAYOUTS = (
    *("html_clean", "html_nospan", "docx_form", "md_tables"),
    *("flat_lines", "flat_rows", "flat_pipes", "pdf"),
)
Change = Callable[[Table, Random], Table]


@dataclass(frozen=True, slots=True)
class Case:
    """A file with a change, and what its table three states by slot: state and value; a slot that
    is not printed is missing."""

    name: str
    data: bytes
    change: str
    layout: str
    truth: Mapping[str, tuple[str, Decimal | None]]


def _values(row: Row) -> list[int]:
    return [i for i, entry in enumerate(row) if entry.slot is not None]


def _label(row: Row) -> int:
    return next(i for i, entry in enumerate(row) if entry.kind is Kind.LABEL)


def _body(table: Table) -> list[int]:
    """Rows within a group of reasons, which have neighbours of their own kind."""
    return [
        i
        for i, row in enumerate(table.rows)
        if _values(row) and len(row) == 8 and row[0].column_span == 1
    ]


def _with_rows(table: Table, changed: Mapping[int, Row]) -> Table:
    rows = tuple(changed.get(i, row) for i, row in enumerate(table.rows))
    return replace(table, rows=rows)


def _columns_exchanged(table: Table, rng: Random) -> Table:
    """Two columns of organisations, with their headers."""
    one, other = rng.sample(range(1, 6), 2)
    header = next(i for i, row in enumerate(table.rows) if len(row) == 5)
    changed: dict[int, Row] = {}
    for i, row in enumerate(table.rows):
        places = _values(row)
        if places:
            changed[i] = _exchanged(row, places[one], places[other])
        elif i == header:
            changed[i] = _exchanged(row, one - 1, other - 1)
    return _with_rows(table, changed)


def _exchanged(row: Row, one: int, other: int) -> Row:
    entries = list(row)
    entries[one], entries[other] = entries[other], entries[one]
    return tuple(entries)


def _rows_exchanged(table: Table, rng: Random) -> Table:
    """Two rows of a group, with their labels."""
    one, other = rng.sample(_body(table), 2)
    return _with_rows(table, {one: table.rows[other], other: table.rows[one]})


def _row_left_out(table: Table, rng: Random) -> Table:
    """A row that opens no group; the cells at the left that span it are one row less high."""
    lost = rng.choice(_body(table))
    rows = [_spanned(row, i, lost, -1) for i, row in enumerate(table.rows) if i != lost]
    return replace(table, rows=tuple(rows))


def _spanned(row: Row, i: int, place: int, by: int) -> Row:
    """Row i, its cells that span the place of a row higher by so many."""
    return tuple(
        replace(entry, row_span=entry.row_span + by) if i < place < i + entry.row_span else entry
        for entry in row
    )


def _row_put_in(table: Table, rng: Random) -> Table:
    """A row that the form does not have."""
    before = rng.choice(_body(table))
    numbers = [Entry(str(rng.randrange(4)), Kind.VALUE) for _ in range(7)]
    strange = (Entry("另：转交其他机关办理", Kind.LABEL), *numbers)
    rows = [_spanned(row, i, before, 1) for i, row in enumerate(table.rows)]
    return replace(table, rows=(*rows[:before], strange, *rows[before:]))


def _label_lost(table: Table, rng: Random) -> Table:
    i = rng.choice(_body(table))
    return _with_rows(table, {i: _blanked(table.rows[i], _label(table.rows[i]))})


def _header_lost(table: Table, rng: Random) -> Table:
    i = next(i for i, row in enumerate(table.rows) if len(row) == 5)
    return _with_rows(table, {i: _blanked(table.rows[i], rng.randrange(5))})


def _blanked(row: Row, place: int) -> Row:
    return tuple(replace(e, text="") if i == place else e for i, e in enumerate(row))


def _row_one_off(table: Table, rng: Random) -> Table:
    """The numbers of a row stand one column to the right, the last in the first."""
    i = rng.choice(_body(table))
    row = list(table.rows[i])
    places = _values(table.rows[i])
    for place, source in zip(places, [places[-1], *places[:-1]], strict=True):
        row[place] = table.rows[i][source]
    return _with_rows(table, {i: tuple(row)})


def _column_one_off(table: Table, rng: Random) -> Table:
    """The numbers of a column stand one row lower within their groups, the last in the first."""
    column = rng.randrange(7)
    body = _body(table)
    changed = {}
    for i, source in zip(body, [body[-1], *body[:-1]], strict=True):
        row = list(table.rows[i])
        row[_values(table.rows[i])[column]] = table.rows[source][
            _values(table.rows[source])[column]
        ]
        changed[i] = tuple(row)
    return _with_rows(table, changed)


CHANGES: Mapping[str, Change] = {
    "columns_exchanged": _columns_exchanged,
    "rows_exchanged": _rows_exchanged,
    "row_left_out": _row_left_out,
    "row_put_in": _row_put_in,
    "label_lost": _label_lost,
    "header_lost": _header_lost,
    "row_one_off": _row_one_off,
    "column_one_off": _column_one_off,
}


def cases(n: int, seed: int) -> Iterator[Case]:
    """n cases; every change comes with every layout in turn."""
    names = tuple(CHANGES)
    for number in range(n):
        rng = Random(f"{seed} {number}")
        change = names[number % len(names)]
        layout = _LAYOUTS[(number // len(names)) % len(_LAYOUTS)]
        report = invent(rng, "2021", scale=rng.choice((60, 200, 800)), single_other=False)
        whole = set(report.slots())
        report = _changed(report, CHANGES[change], rng)
        made = _maker(layout, rng)(report, rng, Split.TEST)
        left = set(report.slots())
        truth = {
            slot: (report.values[slot].state, report.values[slot].value)
            if slot in left
            else ("missing", None)
            for slot in sorted(whole)
            if slot.startswith("requests.")
        }
        yield Case(f"{change}-{number}{made.suffix}", made.data, change, layout, truth)


def _changed(report: Report, change: Change, rng: Random) -> Report:
    return report.map_tables(lambda one: change(one, rng) if one.id == "requests" else one)


def _maker(layout: str, rng: Random) -> Make:
    if layout != "pdf":
        return TEXT_LAYOUTS[layout]
    return partial(make_pdf, style=FAMILIES[rng.choice(families(Split.TEST))].sample(rng))


def main(argv: list[str]) -> int:
    """Print what became of the cases: 0."""
    parser = argparse.ArgumentParser(prog="python -m eval shifts", description=__doc__)
    parser.add_argument("--cases", type=int, default=200, metavar="N")
    parser.add_argument("--seed", type=int, default=2641, metavar="N")
    arguments = parser.parse_args(argv)
    settings = Settings(threads=1)
    engines = Engines(settings)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases(arguments.cases, arguments.seed):
        count = counts[case.change]
        count["cases"] += 1
        outcome = judge(case, engines, settings)
        count += outcome
        if outcome["accepted wrong"]:
            print(f"{case.name} ({case.layout}): {outcome['accepted wrong']} accepted and wrong")
            count["cases with any"] += 1
    print(_table(counts))
    return 0


def judge(case: Case, engines: Engines, settings: Settings) -> Counter[str]:
    """How many cells of table three are right, flagged, or accepted and wrong; `refused` where
    there is no result."""
    try:
        found = extract(identify(case.name, case.data, settings), engines, settings)
    except ExtractorError:
        return Counter(refused=1)
    cells = {cell.slot: cell for table in found.tables for cell in table.cells}
    count: Counter[str] = Counter()
    for slot, stated in case.truth.items():
        cell = cells.get(slot)
        is_right = cell is not None and (cell.reading.state, cell.reading.value) == stated
        if cell is None or cell.status is CellStatus.FLAGGED:
            count["flagged"] += 1
        else:
            count["accepted right" if is_right else "accepted wrong"] += 1
    return count


def _table(counts: Mapping[str, Counter[str]]) -> str:
    columns = (
        *("cases", "cases with any", "accepted wrong", "accepted right"),
        *("flagged", "refused"),
    )
    lines = [f"{'change':18} " + " ".join(f"{name:>14}" for name in columns)]
    total: Counter[str] = Counter()
    for change, count in counts.items():
        lines.append(f"{change:18} " + " ".join(f"{count[name]:14}" for name in columns))
        total += count
    lines.append(f"{'all':18} " + " ".join(f"{total[name]:14}" for name in columns))
    return "\n".join(lines)

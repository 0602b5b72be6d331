"""A report before it is laid out: headings, prose and tables in order, with the values to print."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

from training.synthesis import narrative
from training.synthesis.bodies import invent_body
from training.synthesis.form import HEADINGS, Entry, Table, form_tables
from training.synthesis.prose import Prose
from training.synthesis.splits import Split
from training.synthesis.values import (
    Printed,
    disclosure_values,
    dispute_values,
    request_values,
)


@dataclass(frozen=True, slots=True)
class Title:
    """The title, in the lines in which it is set."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A section heading; `section` is a key of `form.HEADINGS`."""

    text: str
    section: str


@dataclass(frozen=True, slots=True)
class Closing:
    """Who signs and when, in the lines in which it is set, at the right."""

    lines: tuple[str, ...]


Part = Title | Heading | Prose | Table | Closing


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is printed. `values` has one entry for every slot of every table in `parts`.

    `missing` are slots that the reader of this report will look for in vain: a table left out.
    """

    organization: str
    year: int
    edition: str
    parts: tuple[Part, ...]
    values: Mapping[str, Printed]
    missing: tuple[str, ...] = ()

    def body(self) -> tuple[Part, ...]:
        """The parts with the values put into the tables."""
        return tuple(
            fill(part, self.values) if isinstance(part, Table) else part for part in self.parts
        )

    def tables(self) -> tuple[Table, ...]:
        return tuple(part for part in self.parts if isinstance(part, Table))

    def slots(self) -> tuple[str, ...]:
        return tuple(slot for table in self.tables() for slot in table.slots())

    def map_tables(self, change: Callable[[Table], Table]) -> Report:
        return replace(
            self,
            parts=tuple(change(part) if isinstance(part, Table) else part for part in self.parts),
        )

    def map_entries(self, change: Callable[[Entry], Entry]) -> Report:
        """Change cells one by one, wherever they stand."""
        return self.map_tables(
            lambda table: replace(
                table, rows=tuple(tuple(change(entry) for entry in row) for row in table.rows)
            )
        )


def fill(table: Table, values: Mapping[str, Printed]) -> Table:
    """The table with the printed text in every value cell."""
    rows = tuple(
        tuple(
            entry if entry.slot is None else replace(entry, text=values[entry.slot].text)
            for entry in row
        )
        for row in table.rows
    )
    return replace(table, rows=rows)


def compose(
    organization: str,
    year: int,
    edition: str,
    values: Mapping[str, Printed],
    rng: Random,
    *,
    single_other: bool,
    tables: tuple[str, ...] = ("disclosure", "requests", "disputes"),
    is_long: bool = False,
    split: Split = Split.TEST,
) -> Report:
    """Put a whole report around the values; sections whose table is not in `tables` are left out.

    Args:
        values: at least every slot of `tables`.
        is_long: several paragraphs in the overview instead of two.
        split: the part of the corpus whose sentence patterns are used.
    """
    text = narrative.write(organization, year, values, rng, split=split, is_long=is_long)
    parts: list[Part] = [Title((f"{organization}{year}年政府信息公开工作年度报告",))]
    parts += [*text.preamble, Heading(HEADINGS["overview"], "overview"), *text.overview]
    for table in form_tables(edition, single_other=single_other):
        if table.id in tables:
            parts += [Heading(HEADINGS[table.id], table.id), table]
    parts += [Heading(HEADINGS["problems"], "problems"), *text.problems]
    parts += [Heading(HEADINGS["remarks"], "remarks"), *text.remarks]
    if rng.random() < 0.4:
        date = f"{year + 1}年1月{rng.randrange(4, 32)}日"
        parts.append(Closing((organization, date)))
    return Report(organization, year, edition, tuple(parts), dict(values))


def invent(
    rng: Random,
    edition: str,
    *,
    scale: int = 60,
    single_other: bool | None = None,
    organizations: bool = True,
    is_long: bool = False,
) -> Report:
    """A whole report of an invented body, consistent under every relation of the form.

    Args:
        scale: applications in the year; the other tables follow its magnitude.
        single_other: print 其他处理 as one row; None: as the edition does.
        organizations: whether organisations applied at all.
    """
    single = edition == "2019" if single_other is None else single_other
    year = rng.choice((2019, 2020)) if edition == "2019" else rng.choice((2021, 2022, 2023, 2024))
    values = {
        **disclosure_values(edition, rng, scale=scale * 20),
        **request_values(rng, scale=scale, single_other=single, organizations=organizations),
        **dispute_values(rng, scale=scale // 10),
    }
    name = invent_body(rng).name
    return compose(name, year, edition, values, rng, single_other=single, is_long=is_long)

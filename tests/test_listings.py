"""Lists and numbers over all reports, on both databases: what is asked for, in its order, and no
more; what counts once counts once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from extractor.review.reports import row_words
from extractor.schema import load_schema
from extractor.service.aggregates import Doubt, Sums
from extractor.service.listings import Asked
from extractor.service.store import Store, open_store
from extractor.service.tasks import Outcome
from extractor.settings import Settings
from extractor.types import Verdict

ORDER = {"t.b.x": 0, "t.a.x": 1, "u.a.x": 2}
"""As the form would have it: not as the alphabet has it."""

Cell = tuple[int | Decimal | None, str, str]


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(Settings(home=tmp_path, database_url=database_url)) as store:
        yield store


def keep(
    store: Store,
    name: str,
    organization: str | None,
    year: int | None,
    cells: Mapping[str, Cell],
    *,
    figures: Sequence[Mapping[str, Any]] = (),
    findings: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Have a document with a result, as if it had been extracted; returns its id."""
    with store.files.receive() as folder:
        path: Path = folder / "file"
        path.write_bytes(name.encode())
        document, _ = store.add(name, name.ljust(64, "0"), path, key_id="k")
    tables: dict[str, Any] = {}
    for slot, (value, state, status) in cells.items():
        table, _, rest = slot.partition(".")
        cell = {"value": value, "state": state, "status": status, "probability": 0.5}
        tables.setdefault(table, {"cells": {}})["cells"][rest] = cell
    begun = store.queue.begin(document.id, 0)
    assert begun is not None
    outcome = Outcome(
        *("text/plain", "needs_review", organization, year, "2021", ()),
        cells=len(cells),
        flagged=sum(status == "flagged" for _, _, status in cells.values()),
        findings=len(findings),
        seconds={},
        to_answer=sum(status == "flagged" for _, _, status in cells.values()),
    )
    store.queue.finish(begun, outcome, {"tables": tables, "figures": figures, "findings": findings})
    return document.id


def number(value: int | str, status: str = "accepted") -> Cell:
    return Decimal(value), "number", status


def finding(relation: str, verdict: str = "reported") -> dict[str, Any]:
    return {
        "relation": relation,
        "verdict": verdict,
        "message": f"{relation} is broken",
        "expected": 3,
        "found": 4,
    }


def slots(found: Any) -> list[tuple[str, str]]:
    return [(document.name, cell.slot) for cell, document in found.rows]


def test_cells_come_in_the_order_of_the_form_newest_report_first(store: Store) -> None:
    cells = {"u.a.x": number(1), "t.a.x": number(2), "t.b.x": number(3)}
    keep(store, "old", "东湾市民政局", 2023, cells)
    keep(store, "new", "西湾市民政局", 2024, cells | {"t.gone.x": number(4)})
    everything = [
        *(("new", slot) for slot in ("t.b.x", "t.a.x", "u.a.x", "t.gone.x")),
        *(("old", slot) for slot in ("t.b.x", "t.a.x", "u.a.x")),
    ]
    pages = []
    for page in (1, 2, 3, 4):
        found = store.listings.cells(Asked(), order=ORDER, page=page, size=3)
        assert found.total == 7
        pages.append(slots(found))
    assert pages == [everything[:3], everything[3:6], everything[6:], []]


def test_cells_are_those_that_are_asked_for(store: Store) -> None:
    cells = {
        "t.a.x": number(1, "flagged"),
        "t.b.x": (None, "blank", "accepted"),
        "tt.a.x": number(2),
    }
    keep(store, "a", "东湾市民政局", 2023, cells)
    keep(store, "b", "东湾市100%_局", 2024, cells)

    anything = Asked()

    def asked(asked: Asked = anything, **filters: str) -> list[tuple[str, str]]:
        return slots(store.listings.cells(asked, order=ORDER, size=50, **filters))

    assert asked(Asked(organization="民政"), table="t") == [("a", "t.b.x"), ("a", "t.a.x")]
    assert asked(Asked(organization="%_")) == [
        (name, slot) for name, slot in asked() if name == "b"
    ]
    assert asked(Asked(year=2024), state="blank") == [("b", "t.b.x")]
    assert asked(status="flagged") == [("b", "t.a.x"), ("a", "t.a.x")]
    assert asked(Asked(year=2023), slot="tt.a.x") == [("a", "tt.a.x")]
    assert asked(Asked(year=2022)) == []


def test_a_finding_of_all_reports_is_told_by_its_cells(store: Store) -> None:
    slot = "requests.granted.total"
    of_text = {
        **finding("text.applications_granted", "undecided"),
        "message": "…",
        "expected": 3,
        "found": 4,
    }
    keep(store, "a", "东湾市民政局", 2023, {}, findings=[of_text | {"cells": [slot]}, of_text])
    rows = [row for row, _ in store.listings.findings(Asked(), page=1, size=9).rows]
    assert [row.cells for row in rows] == [None, [slot]]  # earlier versions did not keep them
    schema = load_schema()
    assert row_words(rows[0], schema, lambda chinese, _: chinese) == (
        "正文所述“予以公开”为 3，表中相应数字为 4，相差 1"
    )
    in_english = row_words(rows[1], schema, lambda _, english: english)
    assert in_english == (
        "The text says applications granted “予以公开” is 3, "
        f"the table says granted × total “{schema.labels[slot]}” is 4; off by 1"
    )


def test_figures_and_findings_are_listed_by_pages(store: Store) -> None:
    figures = [
        {"id": i, "key": key, "value": i, "status": status}
        for i, (key, status) in enumerate((("k", "accepted"), ("k", "flagged"), ("l", "accepted")))
    ]
    findings = [finding("t.a.row_sum"), finding("t.sum.x", "misread")]
    keep(store, "a", "东湾市民政局", 2023, {}, figures=figures, findings=findings)
    keep(store, "b", "西湾市民政局", 2024, {}, figures=figures[:1], findings=findings[:1])
    listings = store.listings
    found = listings.figures(Asked(), size=2)
    assert [(document.name, row.number) for row, document in found.rows] == [("b", 0), ("a", 0)]
    assert found.total == 4
    found = listings.figures(Asked(year=2023), key="k", status="flagged", size=2)
    assert [row.number for row, _ in found.rows] == [1]
    broken = listings.findings(Asked(), page=2, size=2)
    assert ([row.relation for row, _ in broken.rows], broken.total) == (["t.a.row_sum"], 3)
    broken = listings.findings(Asked(), relations=["t.sum.x"], verdict="misread", size=2)
    assert [document.name for _, document in broken.rows] == ["a"]
    assert listings.findings(Asked(), relations=[], size=2).total == 0
    assert listings.verdicts(Asked()) == {"reported": 2, "misread": 1}
    assert listings.verdicts(Asked(organization="西湾"), relations=["t.sum.x"]) == {}
    assert listings.years() == [2024, 2023]


def test_what_a_body_states_for_a_year_counts_once(store: Store) -> None:
    keep(store, "draft", "甲局", 2023, {"t.a.x": number(100), "t.b.x": number(1)})
    keep(
        store,
        "final",
        "甲局",
        2023,
        {"t.a.x": number(10, "flagged"), "t.b.x": (None, "dash", "accepted")},
    )
    keep(store, "other", "乙局", 2023, {"t.a.x": number("0.5"), "t.c.x": number(7)})
    keep(store, "nameless 1", None, 2023, {"t.a.x": number(1)})
    keep(store, "nameless 2", None, 2023, {"t.a.x": number(2)})
    keep(store, "undated", "甲局", None, {"t.a.x": number(1000)})
    keep(store, "next", "甲局", 2024, {"t.a.x": number(20), "t.b.x": number(5)})
    assert store.aggregates.sums(["t.a.x", "t.b.x"]) == [
        Sums(2023, 4, 4, 1, {"t.a.x": 13.5}),
        Sums(2024, 1, 2, 0, {"t.a.x": 20.0, "t.b.x": 5.0}),
    ]
    assert store.aggregates.sums(["t.z.x"]) == []


def test_a_report_that_comes_while_sums_are_made_breaks_nothing(store: Store) -> None:
    keep(store, "first", "甲局", 2023, {"t.a.x": number(1)})
    asked: list[str] = []

    def come(_: object, __: object, statement: str, *___: object) -> None:
        if "CAST" in statement and not asked:
            asked.append(statement)
            keep(store, "later", "甲局", 2024, {"t.a.x": number(2)})

    with store._session() as session:
        engine = session.get_bind()
    event.listen(engine, "after_cursor_execute", come)
    assert [one.year for one in store.aggregates.sums(["t.a.x"])] == [2023]
    assert asked
    assert [one.year for one in store.aggregates.sums(["t.a.x"])] == [2023, 2024]


def test_doubt_is_counted_by_year_and_the_undated_come_last(store: Store) -> None:
    assert store.aggregates.doubts() == []
    cells = {"t.a.x": number(1, "flagged"), "t.b.x": number(2)}
    keep(store, "a", "甲局", 2024, cells)
    keep(store, "b", "甲局", 2024, cells)
    keep(store, "c", "甲局", None, cells)
    keep(store, "d", "甲局", 2023, {"t.a.x": number(1, "reviewed")})
    assert store.aggregates.doubts() == [
        Doubt(2023, 1, 1, 0),
        Doubt(2024, 2, 4, 2),
        Doubt(None, 1, 2, 1),
    ]


def test_bodies_are_ranked_by_what_does_not_add_up(store: Store) -> None:
    keep(store, "a", "甲局", 2023, {}, findings=[finding("r")])
    keep(store, "b", "乙局", 2023, {}, findings=[finding("r"), finding("s", "misread")])
    keep(store, "c", "甲局", 2024, {}, findings=[finding("r"), finding("s")])
    keep(store, "d", None, 2024, {}, findings=[finding("r")] * 9)
    first, second = store.aggregates.most_broken(5)
    assert (first.organization, first.total) == ("甲局", 3)
    assert second.by_verdict == {Verdict.REPORTED: 1, Verdict.MISREAD: 1, Verdict.UNDECIDED: 0}
    assert [one.organization for one in store.aggregates.most_broken(1)] == ["甲局"]
    assert store.aggregates.verdicts() == {"reported": 13, "misread": 1}


def test_bodies_have_their_years_and_reports(store: Store) -> None:
    keep(store, "a", "甲局", 2023, {"t.a.x": number(1)})
    keep(store, "b", "甲局", 2023, {"t.a.x": number(2)})
    keep(store, "c", "甲局", 2024, {"t.a.x": number(3, "flagged")}, findings=[finding("r")])
    last = keep(store, "d", "乙局", None, {})
    keep(store, "e", None, 2024, {})
    found, total = store.aggregates.organizations(size=10)
    assert total == 2
    body = next(one for one in found if one.organization == "甲局")
    assert (body.years, body.reports, body.to_answer, body.findings) == ([2024, 2023], 3, 1, 1)
    assert store.aggregates.organizations(part="乙", size=10)[0][0].years == ()
    assert store.aggregates.organizations(page=3, size=1) == ([], 2)
    reports = store.aggregates.reports_of("甲局")
    assert [one.name for one in reports] == ["c", "b", "a"]
    cells = store.aggregates.cells_of([reports[0].id, last])
    assert cells[reports[0].id]["t.a.x"].value == "3"
    assert cells[last] == {}

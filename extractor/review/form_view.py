"""A result in, what a page shows of its tables out: the form as it is printed, with doubts and
residuals.

The form is sent to a browser once (`form_of`), what stands in it whenever that changes (`cells_of`,
`residuals_of`). All of it is plain values; texts are in the language of the visitor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extractor.export.csv import plain
from extractor.export.printed_form import Part, Place, printed_form
from extractor.review.slot_words import number_text
from extractor.review.sums import gaps_of
from extractor.review.words import Say, cell_status_words, state_words
from extractor.schema import Layout, Relation
from extractor.types import CellStatus, State, Verdict

Json = Mapping[str, Any]
_PRINTED = (State.DASH, State.NOT_APPLICABLE)
_SHOWN = {State.ILLEGIBLE: "？", State.MISSING: "缺"}


def form_of(layout: Layout, title: str, say: Say) -> dict[str, Any]:
    """A table as it is printed, by rows; each place has its text, how many rows and columns it
    takes, and, where a value stands, its slot. Where sums run along rows or columns, there is one
    more column or row for what is missing to them."""
    form = printed_form(layout)
    rows: list[list[dict[str, Any]]] = [[] for _ in range(form.n_rows)]
    for place in form.places:
        rows[place.top - 1].append(_shown(place))
    names = {slot.id: slot.label for slot in layout.slots}
    across = any(_line(relation, form.places)[0] for relation in layout.relations)
    down = any(_line(relation, form.places)[1] for relation in layout.relations)
    return {
        "id": layout.table,
        "title": title,
        "rows": rows,
        "names": names,
        "nLabels": form.n_labels,
        "nValues": form.n_values,
        "firstValues": form.first_values,
        "across": across,
        "down": down,
        "residual": say("差额", "Residual"),
    }


def _shown(place: Place) -> dict[str, Any]:
    shown: dict[str, Any] = {"left": place.left}
    if place.part is Part.VALUE:
        return shown | {"slot": place.slot, "span": place.right - place.left + 1}
    return shown | {
        "text": place.text,
        "part": place.part.value,
        "header": place.part.is_header,
        "span": place.right - place.left + 1,
        "rows": place.bottom - place.top + 1,
    }


def cells_of(result: Json, table: str, say: Say) -> dict[str, dict[str, str]]:
    """By slot: the text of a cell, what colours it, and what is said of it to those who listen."""
    reported = {
        slot
        for finding in result["findings"]
        if finding["verdict"] == Verdict.REPORTED.value
        for slot in finding["cells"]
    }
    found = {}
    for name, cell in result["tables"][table]["cells"].items():
        slot = f"{table}.{name}"
        state, status = State(cell["state"]), CellStatus(cell["status"])
        look = status.value
        if status is CellStatus.FLAGGED and state is State.MISSING:
            look = "missing"
        elif status is CellStatus.ACCEPTED and slot in reported:
            look = "reported"
        said = cell_status_words(status, say)
        if state is not State.NUMBER:
            said = f"{state_words(state, say)}, {said}"
        found[slot] = {"text": cell_text(cell), "look": look, "said": said}
    return found


def cell_text(cell: Json) -> str:
    """What stands in a cell: its number, or what is printed instead of one; "" for a blank."""
    state = State(cell["state"])
    if state is State.NUMBER:
        return number_text(cell["value"])
    if state in _PRINTED:
        return str(cell["printed"] or "—")
    return _SHOWN.get(state, "")


def residuals_of(result: Json, layout: Layout) -> dict[str, list[dict[str, str]]]:
    """What is missing to the broken sums of a table as it is shown, by the row (`r3`) or the column
    (`c5`) of the printed form along which they run: found less expected, with a sign. A sum that
    holds with what is shown has none, whatever was read first."""
    places = printed_form(layout).places
    relations = {relation.id: relation for relation in layout.relations}
    gaps = gaps_of(result, layout)
    found: dict[str, list[dict[str, str]]] = {}
    for finding in result["findings"]:
        relation, gap = relations.get(finding["relation"]), gaps.get(finding["relation"])
        if relation is None or not gap:
            continue
        row, column = _line(relation, places)
        at = f"r{row}" if row else f"c{column}"
        text = f"{'+' if gap > 0 else '−'}{plain(abs(gap))}"
        shown = {"text": text, "relation": relation.id, "verdict": finding["verdict"]}
        found.setdefault(at, []).append(shown)
    return found


def _line(relation: Relation, places: Sequence[Place]) -> tuple[int, int]:
    """The one row, and the one column, in which a sum stands; 0 where it is several."""
    members = set(relation.slots)
    mine = [place for place in places if place.slot in members]
    rows, columns = {place.top for place in mine}, {place.left for place in mine}
    row = rows.pop() if len(rows) == 1 else 0
    return row, columns.pop() if len(columns) == 1 and not row else 0

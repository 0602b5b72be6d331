"""Values to slots by meaning alone: what neither place nor order could put anywhere.

The token classifier says of a value which row and which column it belongs to. Where it is sure of
both, and of one value only, and nothing or only a guess was found for the slot, that value becomes
its candidate. It is a guess too, and flagged: on a form with other columns than those that it has
seen, the classifier is sure and wrong.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from extractor.assemble.geometric import Assembled
from extractor.types import Candidate, Fragment, Reading, Role, Sheet, State
from extractor.values import read_cell

_SURE = 0.9
_WEAK, _GUESS, _PLACED = 0.5, 0.6, 0.65
_WORTH = 0.1
"""Of a value, for the score by which layouts are compared."""


def fill_by_meaning(found: Assembled, sheets: Sequence[Sheet]) -> Assembled:
    """The same table, with candidates of origin "meaning" where it had none or a guess.

    Without meanings (the classifier was not asked) nothing changes.
    """
    kinds = {slot.id: slot.kind for slot in found.layout.slots}
    said: dict[str, list[tuple[float, float, Fragment]]] = defaultdict(list)
    for row, column, slot, fragment in _placed(sheets):
        if slot in kinds:
            said[slot].append((row, column, fragment))
    placed = {id(c.meaning): c for c in found.candidates.values() if c.meaning is not None}
    candidates = dict(found.candidates)
    regions = dict(found.regions)
    filled = 0
    for slot, ways in said.items():
        before = candidates.get(slot)
        if len(ways) > 1 or not (before is None or _is_guess(before)):
            continue
        ((row, column, f),) = ways
        if before is not None and (not f.text or f.evidence == before.evidence):
            continue
        own = placed.get(id(f.meaning))
        if _is_elsewhere(slot, own) or _is_beside(before, own):
            continue
        row, column = min(row, _GUESS), min(column, _GUESS)
        reading = read_cell(f.text, kind=kinds[slot]) if f.text else Reading("", State.BLANK)
        candidates[slot] = Candidate(
            slot, reading, f.score, row, column, f.evidence, "meaning", f.spellings
        )
        if f.box is not None and f.evidence.page is not None:
            regions[slot] = f.evidence
        filled += 1
    score = found.score + _WORTH * filled
    return replace(found, candidates=candidates, regions=regions, score=score)


def _is_elsewhere(slot: str, candidate: Candidate | None) -> bool:
    """Whether the print of a candidate rather stands in another row or column than a slot's."""
    if candidate is None:
        return False
    _, row, column = slot.split(".")
    _, own_row, own_column = candidate.slot.split(".")
    return (row != own_row and candidate.row_anchor >= _PLACED) or (
        column != own_column and candidate.column_anchor >= _PLACED
    )


def _is_beside(before: Candidate | None, own: Candidate | None) -> bool:
    """Whether a cell was seen to be empty and the print stands in another cell of its row: which
    columns these are may be a guess, but one print does not fill both."""
    return (
        before is not None
        and own is not None
        and before.reading.state is State.BLANK
        and before.slot.rpartition(".")[0] == own.slot.rpartition(".")[0]
        and min(before.row_anchor, own.row_anchor) >= _PLACED
        and before.column_anchor <= own.column_anchor
    )


def _is_guess(candidate: Candidate) -> bool:
    return candidate.row_anchor * candidate.column_anchor <= _WEAK


def _placed(sheets: Sequence[Sheet]) -> Iterator[tuple[float, float, str, Fragment]]:
    """The values that the classifier gives to a slot: how sure of its row, its column, which."""
    for sheet in sheets:
        for fragment in sheet.fragments:
            if fragment.meaning is None or fragment.role not in (Role.VALUE, Role.BLANK):
                continue
            row, column = _best(fragment.meaning.rows), _best(fragment.meaning.columns)
            if row is None or column is None:
                continue
            table, _, name = row.partition(".")
            if column.partition(".")[0] == table:
                yield (
                    fragment.meaning.rows[row],
                    fragment.meaning.columns[column],
                    f"{table}.{name}.{column.partition('.')[2]}",
                    fragment,
                )


def _best(said: Mapping[str, float]) -> str | None:
    """What is said with certainty, None if nothing is."""
    name = max(said, key=lambda name: said[name], default=None)
    return name if name is not None and said[name] >= _SURE else None

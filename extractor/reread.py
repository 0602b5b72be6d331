"""A second look where the first is doubtful: the cell's region is cropped, enlarged and read again.

Two kinds of cells of scanned pages are looked at again. Where nothing was found, either there is
no ink and the cell is blank, or the detector missed something small. Where the reader was unsure, a
larger crop of only that cell settles it or gives a second opinion; opinions that differ are both
kept, and flagged. Cells whose characters stand in the file are left alone.

Where print stands in a cell beside what was read of it, the whole cell is read: a number that is
read short looks right. What cannot be read as one value is flagged (`unread_print`). A cell
that seems empty is doubted where print that belongs to no cell stands right above or below it.

A second reader, which knows digits only, gives its opinion on every number. Where both agree, the
surer score counts; where they differ, both readings are kept and the cell is flagged. Its reading
is taken only in place of one that is doubtful by itself.

A dash or a slash is told by its shape, and replaces whatever a reader made of it, unless the second
reader sees a number. A dash where nothing was found is doubted, unless the document has many.

What the first reader itself would have read next follows as candidates of origin "nbest": they are
alternatives, and no sign of doubt by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from extractor.characters import canonical
from extractor.habits import with_habits
from extractor.settings import Settings
from extractor.spellings import Spelling, spellings
from extractor.types import Candidate, Evidence, Line, Reading, State, TableReading
from extractor.values import looks_like_value, read_cell

_CLEAN = 0.002
_BLANK_SCORE = 0.95
_UNSURE_BLANK = 0.5
_MAX_OTHERS = 6
_SURE_OPINION = 0.9
_STROKE, _UNSURE_STROKE = 0.97, 0.85
_NO_DIGITS = 0.6
_TWO_LINES = 1.7
_ODD = {"confusable", "odd_number", "unknown_words", "unusual_words", "unexpected_sign"}


class ScannedCells(Protocol):
    """Access to the pixels of cells; nothing is answered where the page was not scanned."""

    def ink(self, evidence: Evidence) -> float | None:
        """The share of the region that is covered by print, ruling lines left out."""
        ...

    def read(self, evidence: Evidence) -> Line | None:
        """What is read in an enlarged crop of the region; None also if nothing is."""
        ...

    def whole(
        self, evidence: Evidence, others: Sequence[Evidence], *, has_lines: bool = False
    ) -> Evidence | None:
        """Where all print of a cell stands, None if what was read is all of it. `others` were read
        of other cells; `has_lines` asks for what stands above and below too."""
        ...

    def has_stray_print(self, evidence: Evidence, others: Sequence[Evidence]) -> bool:
        """Whether print stands right beside an empty cell that belongs to none of the others."""
        ...

    def is_cut(self, evidence: Evidence) -> bool:
        """Whether print stands across the left or right side of the region."""
        ...

    def blankness(self, evidence: Evidence) -> float:
        """How sure the second reader is that a region is empty, in [0, 1]."""
        ...

    def stroke(self, evidence: Evidence) -> str:
        """The dash or slash that is all print of the region by its shape, "" if it is none."""
        ...

    def opinions(self, evidence: Evidence) -> tuple[Spelling, ...]:
        """What the second reader makes of the region, likeliest first; empty if it has no view."""
        ...


def reread(
    readings: Sequence[TableReading],
    cells: ScannedCells,
    kinds: Mapping[str, str],
    settings: Settings,
) -> tuple[TableReading, ...]:
    """Look again at empty and doubtful cells.

    Args:
        readings: tables with candidates.
        cells: the pixels of the pages that were scanned.
        kinds: for every slot its kind of value ("count", "signed", "amount").
        settings: `min_score` says what is doubtful.
    """
    places = [
        (slot, candidate.evidence)
        for table in readings
        for slot, candidates in table.candidates.items()
        for candidate in candidates[:1]
        if candidate.reading.state is not State.BLANK
    ]
    looked = [
        replace(
            table,
            candidates={
                slot: _look(
                    candidates,
                    cells,
                    kinds[slot],
                    settings,
                    [place for other, place in places if other != slot],
                )
                for slot, candidates in table.candidates.items()
            },
        )
        for table in readings
    ]
    return tuple(
        replace(
            table,
            candidates={
                slot: _with_spellings(candidates, kinds[slot])
                for slot, candidates in table.candidates.items()
            },
        )
        for table in with_habits(looked, cells.opinions, kinds, settings)
    )


def _look(
    candidates: tuple[Candidate, ...],
    cells: ScannedCells,
    kind: str,
    settings: Settings,
    others: Sequence[Evidence],
) -> tuple[Candidate, ...]:
    """All looks at one cell; `others` is where the print of other cells stands."""
    whole = _complete(candidates, cells, kind, others)
    return _second_opinion(_look_again(whole, cells, kind, settings), cells, kind, settings)


def _with_spellings(candidates: tuple[Candidate, ...], kind: str) -> tuple[Candidate, ...]:
    """Add what else the readers could have read, once for each reading, likeliest first."""
    found = {_key(candidate.reading): candidate for candidate in candidates}
    others: dict[tuple[State, Decimal | None], Candidate] = {}
    for candidate in candidates:
        unit = candidate.reading.unit
        for spelling in candidate.spellings:
            reading = read_cell(spelling.text, kind=kind, header_unit=unit)
            key = _key(reading)
            known = others.get(key)
            if reading.state is State.ILLEGIBLE or key in found:
                continue
            if known is None or known.score < spelling.score:
                others[key] = replace(
                    candidate,
                    reading=reading,
                    score=spelling.score,
                    origin="nbest",
                    spellings=(),
                    agreement=0.0,
                )
    ranked = sorted(others.values(), key=lambda c: -c.score)
    return (*candidates, *ranked[:_MAX_OTHERS])


def _key(reading: Reading) -> tuple[State, Decimal | None]:
    return reading.state, reading.value


def _complete(
    candidates: tuple[Candidate, ...],
    cells: ScannedCells,
    kind: str,
    others: Sequence[Evidence],
) -> tuple[Candidate, ...]:
    """Read the whole cell where print stands beside what was read of it: a number that is read
    short looks right. What cannot be read as one is flagged."""
    first = candidates[0]
    if first.reading.state is State.BLANK:
        is_doubtful = cells.has_stray_print(first.evidence, others)
        return (replace(first, score=_UNSURE_BLANK),) if is_doubtful else candidates
    is_fragment = first.reading.state is State.ILLEGIBLE or "unknown_words" in first.reading.flags
    whole = cells.whole(first.evidence, others, has_lines=is_fragment)
    if whole is None:
        return candidates
    line = cells.read(whole)
    if line is not None and looks_like_value(line.text):
        reading = read_cell(line.text, kind=kind, header_unit=first.reading.unit)
        more = replace(
            first,
            reading=reading,
            score=line.score,
            evidence=whole,
            origin="reread",
            spellings=spellings(line.choices),
        )
        if reading.state is State.ILLEGIBLE or _same(first.reading, reading):
            pass
        elif not _is_odd(reading):
            is_part = canonical(first.reading.printed) in canonical(line.text)
            if not is_part:
                return (more, *candidates)
            rest = tuple(replace(c, origin="nbest") for c in candidates)
            if not _is_taller(whole, first.evidence):
                return (more, *rest)
            # What stands below, or above, may be the number of the next row.
            below = canonical(line.text).replace(canonical(first.reading.printed), "", 1)
            if looks_like_value(below):
                other = read_cell(below, kind=kind, header_unit=first.reading.unit)
                rest = (*rest, replace(first, reading=other, origin="nbest", spellings=()))
            flags = tuple(sorted({*reading.flags, "unread_print"}))
            return (replace(more, reading=replace(reading, flags=flags)), *rest)
    flags = tuple(sorted({*first.reading.flags, "unread_print"}))
    return (replace(first, reading=replace(first.reading, flags=flags)), *candidates[1:])


def _is_taller(whole: Evidence, part: Evidence) -> bool:
    if whole.box is None or part.box is None:
        return False
    return whole.box.height > _TWO_LINES * part.box.height


def _look_again(
    candidates: tuple[Candidate, ...],
    cells: ScannedCells,
    kind: str,
    settings: Settings,
) -> tuple[Candidate, ...]:
    first = candidates[0]
    is_empty = first.reading.state is State.BLANK
    if not is_empty and first.score >= settings.min_score and not _is_odd(first.reading):
        return candidates
    if is_empty:
        ink = cells.ink(first.evidence)
        if ink is None:
            return candidates
        dash = read_cell(cells.stroke(first.evidence) if ink > 0 else "", kind=kind)
        if dash.state is State.DASH and dash.printed != "/":
            # In a wide cell a dash is next to no ink, and the detector often passes it by.
            blank = replace(first, score=_UNSURE_BLANK, origin="nbest")
            return replace(first, reading=dash, score=_UNSURE_STROKE, origin="stroke"), blank
        if ink < _CLEAN:
            return (replace(first, score=min(first.score, _BLANK_SCORE)),)
    line = cells.read(first.evidence)
    if is_empty and line is not None and line.score < settings.min_score:
        # Specks and remains of lines read as something; whoever knows digits sees none.
        line = None if cells.blankness(first.evidence) >= _NO_DIGITS else line
    if line is None:
        return (replace(first, score=_UNSURE_BLANK),) if is_empty else candidates
    reading = read_cell(line.text, kind=kind, header_unit=first.reading.unit)
    if first.reading.state is State.ILLEGIBLE and _says_none(reading):
        words = replace(reading, flags=("unusual_words",))
        return (replace(first, reading=words, score=line.score, origin="reread"),)
    if not looks_like_value(line.text):
        return (replace(first, score=_UNSURE_BLANK),) if is_empty else candidates
    second = replace(
        first,
        reading=reading,
        score=line.score,
        origin="reread",
        spellings=spellings(line.choices),
    )
    if is_empty:
        if cells.is_cut(first.evidence):
            flags = tuple(sorted({*reading.flags, "unread_print"}))
            second = replace(second, reading=replace(reading, flags=flags))
        return (second,)
    if _same(first.reading, second.reading):
        return (replace(first, score=max(first.score, second.score)),)
    return tuple(sorted((first, second), key=_credibility, reverse=True))


def _second_opinion(
    candidates: tuple[Candidate, ...],
    cells: ScannedCells,
    kind: str,
    settings: Settings,
) -> tuple[Candidate, ...]:
    first = candidates[0]
    is_told = first.origin == "stroke"  # where nothing had been found
    if is_told or first.reading.state in (State.BLANK, State.NOT_APPLICABLE):
        return candidates
    opinions = cells.opinions(first.evidence)
    mark = _by_shape(first, cells.stroke(first.evidence), opinions, kind)
    if mark is not None:
        rest = [c for c in candidates if not _same(c.reading, mark.reading)]
        return mark, *(replace(c, origin="nbest") for c in rest)
    if not opinions:
        return candidates
    best, *others = opinions
    reading = read_cell(best.text, kind=kind, header_unit=first.reading.unit)
    if reading.state not in (State.NUMBER, State.DASH):
        return candidates
    is_sure = best.score >= _SURE_OPINION
    if _same(first.reading, reading):
        surer = max(first.score, best.score) if is_sure else first.score
        agreement = min(first.score, best.score)
        return (replace(first, score=surer, agreement=agreement), *candidates[1:])
    if not is_sure:
        return candidates
    second = replace(
        first, reading=reading, score=best.score, origin="digits", spellings=tuple(others)
    )
    is_doubtful = _is_odd(first.reading) or first.score < settings.min_score
    if is_doubtful and second.score > first.score:
        return (second, *candidates)
    return (*candidates, second)


def _by_shape(
    first: Candidate, mark: str, opinions: Sequence[Spelling], kind: str
) -> Candidate | None:
    """A dash or slash that is told by its shape, unless the second reader sees a number: then the
    pixels may be a worn digit. A slash needs its word, since some digits are slender too."""
    if not mark:
        return None
    reading = read_cell(mark, kind=kind)
    seen = [read_cell(o.text, kind=kind).state for o in opinions[:1] if o.score >= _SURE_OPINION]
    if any(state is not State.DASH for state in seen) or (mark == "/" and not seen):
        return None
    return replace(first, reading=reading, score=max(first.score, _STROKE), origin="stroke")


def _credibility(candidate: Candidate) -> tuple[bool, float]:
    return not _is_odd(candidate.reading), candidate.score


def _says_none(reading: Reading) -> bool:
    """Whether a cell says in known words that it has no number."""
    return reading.state is State.NOT_APPLICABLE and not reading.flags


def _is_odd(reading: Reading) -> bool:
    """Whether a reader made out of the print what no form has in such a cell."""
    return reading.state is State.ILLEGIBLE or not _ODD.isdisjoint(reading.flags)


def _same(a: Reading, b: Reading) -> bool:
    return (a.state, a.value) == (b.state, b.value) and a.state is not State.ILLEGIBLE

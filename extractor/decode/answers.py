"""A person's answers among what was read: what was settled stands, the rest is decided anew. What a
person says of findings changes no reading; it is added to what was decided."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from extractor.decode.options import PERSON, implied_by, number
from extractor.schema import TEXT, Layout
from extractor.types import (
    SUM_FLAGS,
    Candidate,
    Cell,
    CellStatus,
    Confirmation,
    Decoded,
    Evidence,
    Figure,
    FigureAnswer,
    Finding,
    Reading,
    Table,
    TableReading,
    Verdict,
)


def answered(
    readings: Sequence[TableReading], answers: Mapping[str, Reading]
) -> tuple[TableReading, ...]:
    """The tables with an answer as the only candidate of its slot, where that stands on the page.

    Args:
        readings: as they were read.
        answers: by slot; of a table that is absent, too. Empty: nothing changes.

    Raises:
        KeyError: an answer is about a slot that none of these tables has.
    """
    strange = sorted({slot.split(".")[0] for slot in answers} - {one.table for one in readings})
    if strange:
        raise KeyError(f"no table {strange[0]!r} was read")
    return tuple(_answered(one, answers) for one in readings)


def _answered(reading: TableReading, answers: Mapping[str, Reading]) -> TableReading:
    candidates = dict(reading.candidates)
    for slot, answer in answers.items():
        if slot.startswith(f"{reading.table}."):
            before = candidates.get(slot, ())
            evidence = before[0].evidence if before else reading.regions.get(slot, Evidence())
            candidates[slot] = (Candidate(slot, answer, 1.0, 1.0, 1.0, evidence, PERSON),)
    return replace(reading, candidates=candidates)


def contested(
    decoded: Decoded, layout: Layout, read: TableReading, answers: Mapping[str, Reading]
) -> Decoded:
    """A table in which no report is blamed for a sum that would hold with what was read, where a
    person has said something else: that may be a slip, so the sum is undecided and its cells are
    asked about.

    Args:
        decoded: with answers.
        layout: of the table.
        read: the table as it was read.
        answers: by slot.
    """
    changed = {
        slot
        for slot, answer in answers.items()
        if (found := read.candidates.get(slot)) and found[0].reading.value != answer.value
    }
    values = {slot: number(candidate) for slot, candidate in decoded.chosen.items()}
    relations = {relation.id: relation for relation in layout.relations}

    def is_contested(finding: Finding) -> bool:
        relation = relations.get(finding.relation)
        if relation is None or finding.verdict is not Verdict.REPORTED:
            return False
        wanted = {slot: implied_by(relation, slot, values) for slot in relation.slots}
        return any(
            wanted[slot] is not None and wanted[slot] in map(number, read.candidates[slot])
            for slot in changed.intersection(relation.slots)
        )

    doubtful = [one for one in decoded.findings if is_contested(one)]
    if not doubtful:
        return decoded
    findings = (
        replace(one, verdict=Verdict.UNDECIDED) if one in doubtful else one
        for one in decoded.findings
    )
    slots = {slot for one in doubtful for slot in one.cells} & decoded.doubted
    return replace(decoded, findings=tuple(findings), in_question=decoded.in_question | slots)


def answered_figures(
    figures: Sequence[Figure], answers: Mapping[int, FigureAnswer]
) -> tuple[Figure, ...]:
    """Figures with their numbers and with what a person said of them; those that are none are left
    out.

    Raises:
        KeyError: an answer is about a figure that was not read.
    """
    strange = sorted(set(answers) - set(range(len(figures))))
    if strange:
        raise KeyError(f"no figure {strange[0]} was read")
    found = []
    for place, figure in enumerate(figures):
        answer = answers.get(place)
        if answer is None:
            found.append(replace(figure, number=place))
        elif answer.is_stated:
            found.append(
                replace(
                    figure,
                    number=place,
                    value=answer.value,
                    unit=answer.unit,
                    status=CellStatus.REVIEWED,
                )
            )
    return tuple(found)


def confirmed(
    findings: Sequence[Finding],
    answers: Mapping[str, Confirmation],
    readings: Mapping[str, Reading],
) -> tuple[Finding, ...]:
    """Findings with those confirmed of which a person says that the report states it so. Sums are
    the report's own error then; that text and tables say different things stays undecided, as they
    may count otherwise.

    Args:
        findings: as they were decided.
        answers: what was looked at, by relation. One about other numbers or about cells that say
            something else now says nothing of the finding, and neither does one about what another
            reading would repair.
        readings: what the cells say now, by slot.
    """
    return tuple(
        replace(finding, verdict=_judged(finding), is_confirmed=True, comment=answer.comment)
        if finding.verdict is not Verdict.MISREAD
        and (answer := answers.get(finding.relation)) is not None
        and _is_about(answer, finding, readings)
        else finding
        for finding in findings
    )


def _judged(finding: Finding) -> Verdict:
    is_sum = finding.relation.partition(".")[0] != TEXT
    return Verdict.REPORTED if is_sum else finding.verdict


def _is_about(answer: Confirmation, finding: Finding, readings: Mapping[str, Reading]) -> bool:
    """Whether a finding and its cells are as they were when somebody looked at them."""
    found = {slot: readings[slot] for slot in finding.cells if slot in readings}
    now = {slot: (reading.state, reading.value) for slot, reading in found.items()}
    return answer.numbers == finding.numbers and answer.cells in (None, now)


def reviewed(tables: Sequence[Table], broken: Sequence[Finding]) -> tuple[Table, ...]:
    """Tables in which cells are reviewed that nothing but broken sums put in doubt, where all of
    these are confirmed: who confirms a sum has seen its cells.

    Args:
        tables: with flags.
        broken: all findings about sums of the tables.
    """
    open_slots = {slot for one in broken if not one.is_confirmed for slot in one.cells}
    seen = {slot for one in broken if one.is_confirmed for slot in one.cells} - open_slots
    return tuple(
        replace(table, cells=tuple(_reviewed(cell, seen) for cell in table.cells))
        for table in tables
    )


def with_first_readings(
    tables: Sequence[Table], read: Sequence[TableReading], answers: Collection[str]
) -> tuple[Table, ...]:
    """Tables whose decided cells say what had been read there, if that was something else: what a
    person has put right must be told from what was printed so.

    Args:
        tables: as they are reported.
        read: as they were read, without any answer.
        answers: the slots that a person has decided about.
    """
    first = {
        slot: max(found, key=lambda candidate: candidate.score).reading.printed
        for table in read
        for slot, found in table.candidates.items()
        if found and slot in answers
    }
    return tuple(
        replace(table, cells=tuple(_with_first(cell, first.get(cell.slot)) for cell in table.cells))
        for table in tables
    )


def _with_first(cell: Cell, printed: str | None) -> Cell:
    is_other = printed is not None and printed != cell.reading.printed
    return replace(cell, read=printed) if is_other else cell


def _reviewed(cell: Cell, seen: Collection[str]) -> Cell:
    is_free = cell.slot in seen and cell.status is CellStatus.FLAGGED
    if not is_free or not SUM_FLAGS.issuperset(cell.flags):
        return cell
    return Cell(cell.slot, cell.reading, CellStatus.REVIEWED, (), cell.evidence)

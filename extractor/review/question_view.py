"""What is looked at in, what a page says of it out: what was read, why it is in doubt, what else it
could be, where it stands, and who has decided what about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from extractor.export.json import finding_of as finding_object
from extractor.flag import PLACE_FLAGS
from extractor.review.desk import Json
from extractor.review.figure_view import (
    figure_member,
    figure_of,
    figure_question,
    marked,
    of_tables,
)
from extractor.review.form_view import cell_text
from extractor.review.gap_view import gap_question
from extractor.review.members import members_of
from extractor.review.slot_words import number_text, slot_words, table_titles
from extractor.review.words import (
    Say,
    cell_status_words,
    chance_text,
    confirmed_words,
    finding_words,
    flag_words,
    state_words,
    verdict_words,
)
from extractor.schema import TEXT, Schema, load_schema
from extractor.service.answers import is_slot, item_of
from extractor.service.open_questions import crossings, subject_of
from extractor.types import (
    FIGURES,
    FINDINGS,
    GAPS,
    REPORT,
    SUM_FLAGS,
    CellStatus,
    State,
    Verdict,
)

_SUMS = SUM_FLAGS | {"repaired"}
_MOST_PLACES = 3


def question_of(result: Json, subject: str, schema: Schema, say: Say) -> dict[str, Any]:
    """All that the card of a question shows, as plain values; `kind` is "cell", "gaps" (several
    cells), "figure", "finding" or "report".

    Raises:
        KeyError: the result has no such thing.
    """
    if subject == REPORT:
        report = result["report"]
        return {
            "kind": REPORT,
            "title": say("这是哪份报告？", "Which report is this?"),
            "organization": report["organization"] or "",
            "year": "" if report["year"] is None else str(report["year"]),
            "reasons": []
            if None not in (report["organization"], report["year"])
            else [say("公开机关或年度未能识别", "the organisation or the year was not recognised")],
            "alternatives": [],
            "evidence": None,
        }
    item = item_of(result, subject)
    if item is None:
        raise KeyError(subject)
    if subject.startswith(f"{GAPS}."):
        return gap_question(item, result, schema, say)
    if is_slot(subject):
        return _cell(item, subject, result, schema, say)
    if subject.startswith(f"{FIGURES}."):
        return figure_question(item, result, schema, say)
    return _finding(item, result, schema, say)


def _cell(cell: Json, subject: str, result: Json, schema: Schema, say: Say) -> dict[str, Any]:
    table = subject.partition(".")[0]
    return {
        "kind": "cell",
        "title": schema.labels[subject],
        "table": table_titles(schema)[table],
        "read": read_as(cell, say),
        "isReviewed": cell["status"] == CellStatus.REVIEWED.value,
        "printed": cell["printed"] or "",
        "first": _first(cell, say),
        "unit": cell["unit"] or "",
        "annotation": cell["annotation"] or "",
        "status": cell["status"],
        "statusText": cell_status_words(CellStatus(cell["status"]), say),
        "chance": _chance(cell),
        "reasons": list(_reasons(cell, subject, result, schema, say)),
        "alternatives": [_alternative(one, say) for one in cell["alternatives"][:9]],
        # What was not read as anything is no reading to confirm: X says that it is illegible.
        "canConfirm": State(cell["state"]) not in (State.MISSING, State.ILLEGIBLE),
        "confirm": _confirmation(cell, say),
        "evidence": cell["evidence"],
    }


def _confirmation(cell: Json, say: Say) -> str:
    """What is said by confirming a cell, where it is more than that a number is as it is printed: a
    slip must not be confirmed as what is printed. "" elsewhere."""
    if cell.get("read") is not None:
        state = State(cell["state"])
        decided = cell_text(cell) if state is State.NUMBER else state_words(state, say)
        return say(f"保留“{decided}”", f"Keep “{decided}”")
    return say("原文确为空白", "It is blank indeed") if cell["state"] == State.BLANK.value else ""


def _first(cell: Json, say: Say) -> str:
    """What had been read, where a person has decided otherwise; "" elsewhere."""
    read = cell.get("read")
    if read is None:
        return ""
    return say(f"原识别为“{read}”", f"first read as “{read}”") if read else ""


def _finding(finding: Json, result: Json, schema: Schema, say: Say) -> dict[str, Any]:
    verdict = Verdict(finding["verdict"])
    # The total comes last, and is where one looks first.
    figure = figure_of(finding, result)
    evidence = [figure, *(item_of(result, slot) for slot in reversed(finding["cells"]))]
    is_of_text = finding["relation"].partition(".")[0] == TEXT
    shown = members_of(finding, result, schema, say)
    if figure is not None:  # it comes first: what it says is asked about
        shown["members"] = [figure_member(figure, schema, say), *shown["members"]]
    return {
        "kind": "finding",
        "title": finding_text(finding, schema, say),
        "table": say("勾稽问题", "Finding"),
        "verdict": verdict.value,
        "verdictText": verdict_words(verdict, say),
        "confirmed": finding["confirmed"],
        "comment": finding.get("comment") or "",
        "isOfText": is_of_text,
        "canConfirm": verdict is not Verdict.MISREAD and not finding["confirmed"],
        **shown,
        "sentence": marked(figure["sentence"], figure["printed"]) if figure else None,
        "reasons": [_of_text(say) if is_of_text else _explained(verdict, say)],
        "alternatives": [],
        "evidence": next((one["evidence"] for one in evidence if one and one["evidence"]), None),
    }


def finding_text(finding: Json, schema: Schema, say: Say) -> str:
    """What does not fit together, in a sentence."""
    found = finding_object(finding)
    text = finding_words(found, schema, say)
    if found.verdict is Verdict.MISREAD:
        return say(f"{text}（按修正前的读数）", f"{text} (as it was first read)")
    return text


def _of_text(say: Say) -> str:
    return say(
        "正文与表格不一致：可能口径不同，也可能有一处读错或写错。请对照两处：读错的，按数字键到该处"
        "更正；均与原文一致的，确认原文如此，可附说明。",
        "Text and table differ: they may count otherwise, or one was misread, or is wrong. Compare "
        "both: what was misread is put right at its place (press its digit); if both are as "
        "printed, confirm it, with a note if you like.",
    )


def _explained(verdict: Verdict, say: Say) -> str:
    if verdict is Verdict.REPORTED:
        return say(
            "所涉数字均已读准，是报告自身不平衡：照录原文，不作更改；核实后可附说明。",
            "All of its numbers were read with certainty: the report itself does not add up. They "
            "stay as they are printed; confirm it, with a note if you like.",
        )
    if verdict is Verdict.MISREAD:
        return say(
            "另一种识别结果可使其平衡：请先核对所涉单元格。",
            "With another reading it would add up: settle its cells first.",
        )
    return say(
        "尚不能判定是识别有误还是报告自身不平衡：请核对所涉单元格，确与原文一致时可确认。",
        "It cannot be told whether it was misread or the report does not add up: look at its "
        "cells; if they are as printed, confirm it.",
    )


def _reasons(cell: Json, subject: str, result: Json, schema: Schema, say: Say) -> Iterator[str]:
    """Why a person must look: each flag in words, broken sums with their numbers, and characters
    that the reader itself could not tell apart."""
    broken = [one for one in result["findings"] if subject in one["cells"]]
    for code in cell["flags"]:
        if code not in _SUMS or not broken:
            yield flag_words(code, say) + _instead(code, cell, subject, result, schema, say)
    for finding in broken:
        verdict = verdict_words(Verdict(finding["verdict"]), say)
        told = confirmed_words(finding["confirmed"], finding.get("comment"), say)
        about = say("；", "; ").join(filter(None, (verdict, told)))
        yield f"{finding_text(finding, schema, say)}（{about}）"
    if subject in crossings(result).values():
        yield say(
            "改动这一个数即可同时使两处平衡：可能是此数读错，请看原文",
            "This one number would explain both: it may have been misread; look at the print",
        )
    for other in cell["alternatives"]:
        pair = confusion(cell["printed"] or "", other["printed"] or "")
        if other["source"] == "reader" and pair is not None:
            yield say(
                f"“{pair[0]}”与“{pair[1]}”形近，此处可能混淆",
                f"{pair[0]} and {pair[1]} look alike; here they may have been confused",
            )


def _instead(code: str, cell: Json, subject: str, result: Json, schema: Schema, say: Say) -> str:
    """Where a value may belong whose place is in doubt, with what was read there; "" where that is
    not known, or it is in doubt for something else."""
    elsewhere: Sequence[str] = cell.get("elsewhere", ())
    if not elsewhere:
        return ""
    words = slot_words(schema)
    here = words[subject]
    named = []
    for slot in elsewhere:
        there, other = words[slot], item_of(result, slot)
        places = {"weak_row": there.row, "weak_column": there.column, "shared_print": there.both}
        is_other = {"weak_row": there.row != here.row, "weak_column": there.column != here.column}
        if code in places and is_other.get(code, True) and other is not None:
            read = say(f"（现为 {read_as(other, say)}）", f" (now {read_as(other, say)})")
            named.append(f"“{places[code]}”{read}")
    if not named:
        return ""
    shown = say("、", ", ").join(named[:_MOST_PLACES])
    return say(f"：也可能属于{shown}", f": it may belong to {shown}")


def confusion(read: str, other: str) -> tuple[str, str] | None:
    """The one character in which two readings of a print differ; None where it is not one."""
    if len(read) != len(other):
        return None
    pairs = [(a, b) for a, b in zip(read, other, strict=True) if a != b]
    return pairs[0] if len(pairs) == 1 else None


def _alternative(alternative: Json, say: Say) -> dict[str, str]:
    chance = alternative["probability"]
    is_implied = alternative["source"] == "relation"
    return {
        "text": read_as(alternative, say),
        "chance": "" if chance is None else chance_text(chance),
        "source": say("按勾稽关系推算", "implied by a sum") if is_implied else say("识别", "read"),
    }


def read_as(item: Json, say: Say) -> str:
    """A reading in words: its number, or what stands there instead."""
    state = State(item["state"])
    if state is State.NUMBER:
        return number_text(item["value"])
    name = state_words(state, say)
    shown = cell_text(item) if state in (State.DASH, State.NOT_APPLICABLE) else ""
    return f"{name} {shown}".strip()


def _chance(item: Json) -> str:
    """The chance that an item is right. Where its place is in doubt, what is known of its
    characters would only mislead."""
    known = item["probability"] is not None and not PLACE_FLAGS.intersection(item["flags"])
    return chance_text(item["probability"]) if known else ""


def related(result: Json, subject: str) -> Sequence[str]:
    """Other cells that a question is about: those of a finding; those of the broken sums of a cell,
    and to which it may belong instead; those that should say the same as a figure; or all that are
    asked about together, the first of which comes last, as one looks there first."""
    found: dict[str, None]
    if subject.startswith(f"{GAPS}."):
        gap = item_of(result, subject)
        return [*gap["cells"][1:], gap["cells"][0]] if gap else ()
    if subject.startswith(f"{FIGURES}."):
        figure = item_of(result, subject)
        tables = None if figure is None else of_tables(figure, result, load_schema())
        return () if tables is None else tables.cells
    if subject.startswith(f"{FINDINGS}."):
        finding = item_of(result, subject)
        found = dict.fromkeys(finding["cells"] if finding else ())
    else:
        broken = [one for one in result["findings"] if subject in one["cells"]]
        cell = item_of(result, subject) or {}
        found = dict.fromkeys(slot for one in broken for slot in one["cells"])
        found |= dict.fromkeys(cell.get("elsewhere", ()))
    return [slot for slot in found if slot != subject]


def findings_of(result: Json, schema: Schema, say: Say) -> list[dict[str, Any]]:
    """All findings of a report, those of the report itself first."""
    order = [Verdict.REPORTED, Verdict.UNDECIDED, Verdict.MISREAD]
    found = sorted(result["findings"], key=lambda one: order.index(Verdict(one["verdict"])))
    return [
        {
            "subject": subject_of(one),
            "text": finding_text(one, schema, say),
            "verdict": one["verdict"],
            "verdictText": verdict_words(Verdict(one["verdict"]), say),
            "confirmed": one["confirmed"],
            "comment": one.get("comment") or "",
        }
        for one in found
    ]

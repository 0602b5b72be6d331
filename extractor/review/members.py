"""The cells of a finding in, what its card says of them out: what each states, and which of them a
confirmation reviews, so that nobody confirms cells that they have not been shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor.review.form_view import cell_text
from extractor.review.slot_words import slot_words
from extractor.review.words import Say, state_words
from extractor.schema import TEXT, Schema
from extractor.service.answers import item_of
from extractor.types import SUM_FLAGS, CellStatus, State, Verdict

Json = Mapping[str, Any]


def members_of(finding: Json, result: Json, schema: Schema, say: Say) -> dict[str, Any]:
    """Each cell is named by the row or the column in which it differs from the others.

    Returns:
        `members` are the cells that state a number other than zero, with its `text`; `others` the
        rest, by what stands there; `settled` says what a confirmation does to them, "" where it
        changes none, and `nSettled` how many it reviews. These have `isSettled`.
    """
    words = slot_words(schema)
    known = [slot for slot in finding["cells"] if slot in words]
    is_row = len({words[slot].row for slot in known}) == 1
    settled = settled_by(finding, result)
    members: list[dict[str, Any]] = []
    others: dict[str, list[dict[str, Any]]] = {}
    for slot in known:
        cell = item_of(result, slot)
        if cell is None:
            continue
        name = words[slot].column if is_row else words[slot].row
        shown = {"slot": slot, "name": name, "isSettled": slot in settled}
        if cell["value"]:
            members.append(shown | {"text": cell_text(cell)})
        else:
            state = State(cell["state"])
            text = cell_text(cell) if state is State.NUMBER else state_words(state, say)
            others.setdefault(text, []).append(shown)
    n, n_all = len(settled), len(known)
    return {
        "members": members,
        "others": [{"text": text, "cells": cells} for text, cells in others.items()],
        "nSettled": n,
        "settled": say(
            f"共 {n_all} 格；确认即把其中带 ✓ 的 {n} 格记为已复核，请先看过",
            f"{n_all} cells; confirming it reviews the {n} with a ✓: look at them first",
        )
        if n
        else "",
    }


def settled_by(finding: Json, result: Json) -> set[str]:
    """The cells that a confirmation of a finding would review: those that nothing but sums put in
    doubt, all others of which are confirmed."""
    if not _is_confirmable(finding):
        return set()
    still = {
        slot
        for one in result["findings"]
        if one["relation"] != finding["relation"] and _is_sum(one) and not one.get("confirmed")
        for slot in one["cells"]
    }
    return {
        slot
        for slot in finding["cells"]
        if slot not in still and (cell := item_of(result, slot)) is not None and _is_held(cell)
    }


def _is_confirmable(finding: Json) -> bool:
    is_open = not finding.get("confirmed") and finding["verdict"] != Verdict.MISREAD.value
    return is_open and _is_sum(finding)


def _is_sum(finding: Json) -> bool:
    return str(finding["relation"]).partition(".")[0] != TEXT


def _is_held(cell: Json) -> bool:
    """Whether it is in doubt, and for nothing but sums."""
    return cell["status"] == CellStatus.FLAGGED.value and SUM_FLAGS.issuperset(cell["flags"])

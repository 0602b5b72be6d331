"""Cells that were not found together in, what a page says of them out: which rows or which table,
and where in the document they would have to stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from extractor.review.desk import Json
from extractor.review.slot_words import slot_words, table_titles
from extractor.review.words import Say
from extractor.schema import Schema
from extractor.types import GAPS, State


def gap_question(gap: Json, result: Json, schema: Schema, say: Say) -> dict[str, Any]:
    """What the card shows of several cells that are asked about together."""
    table = gap["cells"][0].partition(".")[0]
    cells = _cells(result, table)
    is_whole = all(cell["state"] == State.MISSING.value for _, cell in cells)
    around = set(beside(result, gap))
    marked = [cell for slot, cell in cells if slot in around]
    page = next((cell["evidence"]["page"] for cell in marked if "page" in cell["evidence"]), None)
    return {
        "kind": GAPS,
        "title": _title(gap, is_whole=is_whole, schema=schema, say=say),
        "table": table_titles(schema)[table],
        "absent": say("本表不在文件中", "The document has no such table")
        if is_whole
        else say("文件中没有这些行", "The document has no such rows"),
        "firstCell": gap["cells"][0],
        "reasons": list(_reasons(gap, result, schema, say, is_whole=is_whole)),
        "alternatives": [],
        "canConfirm": False,
        "evidence": None if page is None else {"page": page, "box": None},
    }


def beside(result: Json, gap: Json) -> Sequence[str]:
    """The cells with a place in the document of the rows between which missing ones would stand."""
    table = gap["cells"][0].partition(".")[0]
    cells = _cells(result, table)
    order = [slot for slot, _ in cells]
    first, last = order.index(gap["cells"][0]), order.index(gap["cells"][-1])
    before, after = cells[:first][::-1], cells[last + 1 :]
    return [*reversed(_first_row(before)), *_first_row(after)]


def _first_row(cells: Sequence[tuple[str, Json]]) -> list[str]:
    """The first row, in some order, of which something has a place."""
    for _, row in groupby(cells, lambda cell: cell[0].rpartition(".")[0]):
        placed = [slot for slot, cell in row if cell["evidence"]]
        if placed:
            return placed
    return []


def _cells(result: Json, table: str) -> list[tuple[str, Json]]:
    content = result["tables"][table]["cells"]
    return [(f"{table}.{name}", cell) for name, cell in content.items()]


def _title(gap: Json, *, is_whole: bool, schema: Schema, say: Say) -> str:
    words, slots = slot_words(schema), gap["cells"]
    rows = list(dict.fromkeys(words[slot].row for slot in slots))
    count = say(f"（{len(slots)} 个单元格）", f" ({len(slots)} cells)")
    if is_whole:
        return say("未找到整张表", "The whole table was not found") + count
    if len(rows) == 1:
        return say(f"未找到“{rows[0]}”", f"“{rows[0]}” was not found") + count
    return (
        say(
            f"未找到“{rows[0]}”至“{rows[-1]}”共 {len(rows)} 行",
            f"{len(rows)} rows were not found, “{rows[0]}” to “{rows[-1]}”",
        )
        + count
    )


def _reasons(gap: Json, result: Json, schema: Schema, say: Say, *, is_whole: bool) -> Iterator[str]:
    """Where it would have to stand, and what may have hidden it."""
    failed = {one["page"] for one in result["failures"] if one["page"] is not None}
    for page in sorted(failed):
        yield say(
            f"第 {page} 页未能完整识别，可能就在该页",
            f"Page {page} could not be read as a whole: it may be there",
        )
    pages = result["document"]["pages"]
    if is_whole and pages:
        yield say(
            f"全文共 {pages} 页，均未找到此表的行与列",
            f"Neither rows nor columns of it were found on any of the {pages} pages",
        )
    elif is_whole:
        yield say("全文均未找到此表的行与列", "Neither its rows nor its columns were found")
    words = slot_words(schema)
    cells = dict(_cells(result, gap["cells"][0].partition(".")[0]))
    order = list(cells)
    here = order.index(gap["cells"][0])
    around = beside(result, gap)
    for slots, chinese, english in (
        ([slot for slot in around if order.index(slot) < here], "之后", "after"),
        ([slot for slot in around if order.index(slot) > here], "之前", "before"),
    ):
        if slots:
            row = words[slots[0]].row
            page = cells[slots[0]]["evidence"].get("page")
            where = "" if page is None else say(f"（第 {page} 页）", f" (page {page})")
            yield say(f"应在“{row}”{where}{chinese}", f"It would stand {english} “{row}”{where}")
    yield say(
        "确在文件中的，按 = 从第一格填写，或在表中点选单元格",
        "Where it is there, press = to fill in its first row, or choose a cell in the table",
    )

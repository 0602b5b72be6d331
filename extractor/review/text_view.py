"""A document that has no pages in, what a page shows of it out: its lines and its tables, and where
in them a value stands.

Evidence names a line only, and on one line may stand a whole row (Markdown) or a whole document
(HTML without line breaks). So the values of a line, in the order of the form, are laid beside the
cells and words of that line, in the order of the document, and what runs alike is the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from extractor.review.desk import Json
from extractor.service.answers import item_of
from extractor.types import FIGURES, FINDINGS, Block, Grid, GridCell, Paragraph

_WORD = re.compile(r"[^\s|│｜]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A paragraph or a cell, by its number in the document; from `start` to `stop` of its text, all
    of it where they are None."""

    number: int
    start: int | None = None
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class _Word:
    """What may be a value: a cell, or a word of a paragraph."""

    text: str
    place: Place


class TextView:
    """A text as it is shown; paragraphs and cells are numbered together, in order."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        pieces = [piece for block in blocks for piece in _pieces(block)]
        self._by_line: dict[int, list[tuple[int, Paragraph | GridCell]]] = defaultdict(list)
        for number, piece in enumerate(pieces):
            self._by_line[piece.line].append((number, piece))
        self._values: dict[int, dict[str, Place]] = {}
        self.parts = list(_parts(blocks))
        """Each is a paragraph (`number`, `line`, `text`) or a table: `rows` of places with `text`,
        `across` columns and `down` rows; those that are cells have a `number`."""

    def places(self, result: Json, subject: str) -> list[Place]:
        """Where a cell, a figure or the total of a finding stands; all that stands on its line
        where it cannot be told, and nothing where the document does not contain it."""
        group = subject.partition(".")[0]
        item = item_of(result, subject)
        if item is None:
            return []
        if group == FINDINGS:
            total = next((slot for slot in reversed(item["cells"]) if _line(result, slot)), None)
            return [] if total is None else self.places(result, total)
        line = (item.get("evidence") or {}).get("line")
        if line is None:
            return []
        found = (
            self._sentence(line, item) if group == FIGURES else self._value(line, result, subject)
        )
        return [found] if found else [Place(number) for number, _ in self._by_line[line]]

    def _sentence(self, line: int, figure: Json) -> Place | None:
        """The number in its sentence; the sentence where it is not printed there as it was read."""
        sentence, printed = figure["sentence"], figure["printed"]
        for number, piece in self._by_line[line]:
            at = piece.text.find(sentence)
            if at >= 0:
                inner = place_in(sentence, printed)
                if inner is None:
                    return Place(number, at, at + len(sentence))
                return Place(number, at + inner, at + inner + len(printed))
        return None

    def _value(self, line: int, result: Json, slot: str) -> Place | None:
        if line not in self._values:
            self._values[line] = self._aligned(line, result)
        found = self._values[line].get(slot)
        cell = item_of(result, slot)
        if found is not None or cell is None or not _print(cell):
            return found
        # It may be part of a word, as in 共12件.
        once = [
            Place(number, match.start(), match.end())
            for number, piece in self._by_line[line]
            for match in _alone(_print(cell)).finditer(piece.text)
        ]
        return once[0] if len(once) == 1 else None

    def _aligned(self, line: int, result: Json) -> dict[str, Place]:
        """The places of all cells of the form that stand on a line, as far as they can be told."""
        slots = {
            f"{table}.{name}": _print(cell)
            for table, content in result["tables"].items()
            for name, cell in content["cells"].items()
            if (cell["evidence"] or {}).get("line") == line
        }
        words = [word for number, piece in self._by_line[line] for word in _words(number, piece)]
        names, prints = list(slots), list(slots.values())
        same = SequenceMatcher(None, prints, [word.text for word in words], autojunk=False)
        return {
            names[run.a + i]: words[run.b + i].place
            for run in same.get_matching_blocks()
            for i in range(run.size)
        }


def place_in(sentence: str, printed: str) -> int | None:
    """Where in a sentence a number begins that is no part of a longer one; None where it is not
    printed there so."""
    found = _alone(printed).search(sentence) if printed else None
    return None if found is None else found.start()


def _alone(printed: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\d)(?<!\d[.,，]){re.escape(printed)}(?![.,]?\d)")


def _line(result: Json, slot: str) -> int | None:
    cell = item_of(result, slot)
    line: int | None = None if cell is None else (cell["evidence"] or {}).get("line")
    return line


def _print(cell: Json) -> str:
    """What stands in the document, whatever somebody has decided."""
    return str(cell["printed"] if cell.get("read") is None else cell["read"]).strip()


def _pieces(block: Block) -> Sequence[Paragraph | GridCell]:
    return block.cells if isinstance(block, Grid) else (block,)


def _words(number: int, piece: Paragraph | GridCell) -> Iterator[_Word]:
    if isinstance(piece, GridCell):
        yield _Word(piece.text.strip(), Place(number))
        return
    for match in _WORD.finditer(piece.text):
        yield _Word(match[0], Place(number, match.start(), match.end()))


def _parts(blocks: Sequence[Block]) -> Iterator[dict[str, Any]]:
    number = 0
    for block in blocks:
        if isinstance(block, Grid):
            yield {"rows": _rows(block, number)}
            number += len(block.cells)
        else:
            yield {"number": number, "line": block.line, "text": block.text}
            number += 1


def _rows(grid: Grid, first: int) -> list[list[dict[str, Any]]]:
    """The rows of a table, with something in every place that no cell takes; the cells are numbered
    from `first` on."""
    rows: list[list[dict[str, Any]]] = [
        [] for _ in range(1 + max((cell.row for cell in grid.cells), default=-1))
    ]
    free: dict[int, int] = {}  # column -> first row in which no cell from above stands
    column = dict.fromkeys(range(len(rows)), 0)
    for number, cell in sorted(enumerate(grid.cells, first), key=lambda one: _order(one[1])):
        gap = [i for i in range(column[cell.row], cell.column) if free.get(i, 0) <= cell.row]
        if gap:
            rows[cell.row].append({"text": "", "across": len(gap), "down": 1})
        rows[cell.row].append(
            {
                "number": number,
                "text": cell.text,
                "across": cell.column_span,
                "down": cell.row_span,
            }
        )
        column[cell.row] = cell.column + cell.column_span
        free |= dict.fromkeys(
            range(cell.column, cell.column + cell.column_span), cell.row + cell.row_span
        )
    return rows


def _order(cell: GridCell) -> tuple[int, int]:
    return cell.row, cell.column

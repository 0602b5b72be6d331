"""Tables written as HTML, with their spans: a text in, grids out."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

from eval.peers.grids import Grid

_Cell = tuple[str, int, int]


def html_grids(html: str) -> list[Grid]:
    """The tables of an HTML text; a cell that spans places is repeated in all of them."""
    parser = _TableParser()
    parser.feed(html)
    return [grid for grid in map(_expand, parser.tables) if grid]


class _TableParser(HTMLParser):
    """Collects (text, row span, column span) of every cell by table and row."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[_Cell]]] = []
        self._is_in_cell = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            spans = {name: int(value) for name, value in attrs if value and value.isdigit()}
            self.tables[-1][-1].append(("", spans.get("rowspan", 1), spans.get("colspan", 1)))
            self._is_in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._is_in_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_in_cell:
            text, rows, columns = self.tables[-1][-1].pop()
            self.tables[-1][-1].append((text + data, rows, columns))


def _expand(rows: Sequence[Sequence[_Cell]]) -> Grid:
    places: dict[tuple[int, int], str] = {}
    for i, row in enumerate(rows):
        j = 0
        for text, n_rows, n_columns in row:
            while (i, j) in places:
                j += 1
            for r in range(i, min(i + n_rows, len(rows))):
                for c in range(j, j + n_columns):
                    places.setdefault((r, c), text)
            j += n_columns
    width = max((c + 1 for _, c in places), default=0)
    return tuple(tuple(places.get((i, j), "") for j in range(width)) for i in range(len(rows)))

"""What the network can say, head by head. Rows, columns and key figures come from the schema file.

The scopes of figures are those of the schema's patterns and those that the training documents have;
the roles are those of the corpus. The lists are kept with the weights as `labels.json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from extractor.schema import Schema
from extractor.types import Exactness
from training.synthesis.roles import Role

NONE = "none"
"""The first entry of every head that may have nothing to say."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The classes of every head, in the order of its outputs.

    `row` and `column` are `table.id`, after NONE. `figure` is NONE, then `B-key` and `I-key` for
    every key (Ramshaw and Marcus, "Text Chunking using Transformation-Based Learning", 1995).
    """

    role: tuple[str, ...]
    row: tuple[str, ...]
    column: tuple[str, ...]
    figure: tuple[str, ...]
    scope: tuple[str, ...]
    exactness: tuple[str, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """The number of classes of every head."""
        return {head: len(names) for head, names in asdict(self).items()}


def labels_of(schema: Schema, scopes: Iterable[str] = ()) -> Labels:
    """The labels of a form; `scopes` are those of the documents."""
    rows: dict[str, None] = {}
    columns: dict[str, None] = {}
    for layouts in schema.tables.values():
        for layout in layouts:
            for slot in layout.slots:
                table, row, column = slot.id.split(".")
                rows[f"{table}.{row}"] = None
                columns[f"{table}.{column}"] = None
    patterns = [p for key in schema.figures for p in (*key.patterns, *key.zero)]
    known = {pattern.scope for pattern in patterns if pattern.scope} | set(scopes)
    return Labels(
        role=tuple(role.value for role in Role),
        row=(NONE, *rows),
        column=(NONE, *columns),
        figure=(NONE, *(f"{part}-{key.key}" for key in schema.figures for part in "BI")),
        scope=(NONE, *sorted(known)),
        exactness=tuple(value.value for value in Exactness),
    )


def spans(tags: Iterable[str]) -> list[tuple[int, int, str]]:
    """Figures (start, end, key) of a document's tags.

    An I that continues nothing begins a figure, as in the CoNLL evaluation.
    """
    found: list[tuple[int, int, str]] = []
    start, key = 0, ""
    end = -1
    for end, tag in enumerate(tags):
        part, _, name = tag.partition("-")
        if key and (part != "I" or name != key):
            found.append((start, end, key))
            key = ""
        if part in ("B", "I") and not key:
            start, key = end, name
    if key:
        found.append((start, end + 1, key))
    return found

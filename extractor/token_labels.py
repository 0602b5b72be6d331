"""What the token classifier can say, head by head: rows, columns and key figures of a schema.

The lists are kept with the weights as `labels.json`; a model whose lists do not fit the schema that
is read with it is refused, because its answers would go to other rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from extractor.schema import Schema
from extractor.types import Exactness

NONE = "none"
"""The first entry of every head that may have nothing to say."""
ROLES = (
    *("title", "heading", "text", "caption", "header", "note", "group", "label", "value"),
    *("furniture", "annotation"),
)
"""What a character is for. A group is a label that spans rows with labels of their own, an
annotation stands in brackets behind a value, furniture belongs to the page and not to the report.
"""


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

    @classmethod
    def from_json(cls, content: Mapping[str, Sequence[str]]) -> Labels:
        """The labels in a parsed `labels.json`.

        Raises:
            ValueError: a head is missing, empty or unknown.
        """
        heads = {field.name for field in fields(cls)}
        if set(content) != heads or not all(content.values()):
            raise ValueError(f"the heads must be {', '.join(sorted(heads))}")
        return cls(**{head: tuple(names) for head, names in content.items()})


def labels_of(schema: Schema) -> Labels:
    """The labels that a form asks for."""
    rows: dict[str, None] = {}
    columns: dict[str, None] = {}
    for layouts in schema.tables.values():
        for layout in layouts:
            for slot in layout.slots:
                table, row, column = slot.id.split(".")
                rows[f"{table}.{row}"] = None
                columns[f"{table}.{column}"] = None
    return Labels(
        role=ROLES,
        row=(NONE, *rows),
        column=(NONE, *columns),
        figure=(NONE, *(f"{part}-{key.key}" for key in schema.figures for part in "BI")),
        scope=(NONE, *sorted(schema.scopes)),
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

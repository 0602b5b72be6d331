"""What a printed piece of text is for: the label that every character carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from training.synthesis.form import Entry, Kind, Table


class Role(StrEnum):
    """Roles of tokens. GROUP is a label that spans rows with labels of their own, ANNOTATION what
    stands in brackets behind a value (it is part of the value's entry)."""

    TITLE = "title"
    HEADING = "heading"
    TEXT = "text"
    CAPTION = "caption"
    HEADER = "header"
    NOTE = "note"
    GROUP = "group"
    LABEL = "label"
    VALUE = "value"
    FURNITURE = "furniture"
    ANNOTATION = "annotation"


@dataclass(frozen=True, slots=True)
class Tag:
    """One entry of a report: its role, and its characters as printed, line breaks included.

    `part` is the number of its part in the report, -1 for what the page adds of its own. The other
    fields say where the cells of a table belong (None: nowhere).
    """

    role: Role
    text: str
    part: int
    table: str | None = None
    row: str | None = None
    column: str | None = None
    slot: str | None = None


_ROLES = {
    Kind.CAPTION: Role.CAPTION,
    Kind.HEADER: Role.HEADER,
    Kind.NOTE: Role.NOTE,
    Kind.GROUP: Role.GROUP,
    Kind.LABEL: Role.LABEL,
    Kind.VALUE: Role.VALUE,
}


def entry_tag(entry: Entry, table: Table, part: int) -> Tag:
    """The tag of a table's cell; a value belongs to the row and the column of its slot."""
    row, column = entry.row, entry.column
    if entry.slot is not None:
        _, row, column = entry.slot.split(".")
    return Tag(_ROLES[entry.kind], entry.text, part, table.id, row, column, entry.slot)

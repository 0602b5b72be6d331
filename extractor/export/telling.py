"""Findings in a sentence: which row, column or figure they are about, and both numbers.

The words of the form and of its relations come from the schema; nothing here knows a relation by
its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from extractor.export.csv import plain
from extractor.export.words import SCOPE
from extractor.schema import LAST, Axis, Relation, Schema, text_relation
from extractor.types import Finding, Verdict

Language = Literal["zh", "en"]

_AXIS = {Axis.ROW: "一行", Axis.COLUMN: "一列", Axis.GROUP: "部分"}
_ENGLISH_AXIS = {Axis.ROW: "Row", Axis.COLUMN: "Column", Axis.GROUP: "Part"}


def told(finding: Finding, schema: Schema, language: Language = "zh") -> str:
    """A finding in one sentence.

    Args:
        finding: of a report of this form.
        schema: the form, whose words are used.
        language: in English rows, columns and figures are named by their ids, which are English
            words, with the form's own label behind them, by which they are found in the document.

    Returns:
        The message, too, where there are no words for it: it is not about numbers, or the form has
        no such relation any more.
    """
    expected, found = finding.numbers
    if expected is None or found is None:
        return finding.message
    words = _of_tables(finding, schema, language) or _of_text(finding, schema, language)
    if words is None:
        return finding.message
    about, parts, total = words
    gap = plain(abs(expected - found))
    if language == "en":
        sides = f"{parts} {plain(expected)}, {total} {plain(found)}"
        return f"{about}: {sides}; off by {gap}".removeprefix(": ")
    numbers = f"{parts}为 {plain(expected)}，{total}为 {plain(found)}"
    return f"{about}：{numbers}，相差 {gap}".removeprefix("：")


def named(relation: str, schema: Schema, language: Language = "zh") -> str:
    """Which row, column or group a relation of the tables is about; its id where the form has no
    such relation, or no words for it."""
    found = _of_tables(Finding(relation, Verdict.UNDECIDED, "", ()), schema, language)
    return found[0] if found else relation


def _of_tables(finding: Finding, schema: Schema, language: Language) -> tuple[str, str, str] | None:
    """What a relation of the form is about, and what its sides are called."""
    relation = _relation(finding, schema)
    if relation is None or relation.wording is None:
        return None
    words = relation.wording
    if language == "en":
        about = f"{_ENGLISH_AXIS[words.axis]} {_both(words.id, words.label)}"
        return about, *(words.english or (words.parts, words.total))
    return f"“{words.label}”{_AXIS[words.axis]}", words.parts, words.total


def _both(name: str, label: str) -> str:
    """An id in words, and the form's own label."""
    return f"{name.replace('_', ' ')} “{label}”"


def _relation(finding: Finding, schema: Schema) -> Relation | None:
    """The relation of a finding, if the form has it; of several layouts, that with its cells."""
    known = [
        relation
        for layouts in schema.tables.values()
        for layout in layouts
        for relation in (*layout.relations, *layout.years)
        if relation.id == finding.relation
    ]
    same = [relation for relation in known if _own(relation) == finding.cells]
    return next(iter((*same, *known)), None)


def _own(relation: Relation) -> tuple[str, ...]:
    return tuple(slot for slot in relation.slots if not slot.startswith(LAST))


def _of_text(finding: Finding, schema: Schema, language: Language) -> tuple[str, str, str] | None:
    """What text and tables are called where they say different things."""
    stated = [(one.figure, scope) for one in schema.statements for scope in one.scopes]
    for figure, scope in stated:
        if text_relation(figure, scope) == finding.relation:
            label = next(key.label for key in schema.figures if key.key == figure)
            shown = label if scope is None else f"{label}（{SCOPE.get(scope, scope)}）"
            if language == "en":
                name = figure if scope is None else f"{figure} ({scope})"
                about = f"The text says {_both(name, shown)} is"
                return "", about, _english_sum(finding.cells, schema)
            return "", f"正文所述“{shown}”", _sum(finding.cells, schema)
    return None


def _sum(slots: Sequence[str], schema: Schema) -> str:
    """What a number of the tables is called; its cells may be unknown."""
    if not slots:
        return "表中相应数字"
    first = f"表中“{schema.labels.get(slots[0], slots[0])}”"
    return first if len(slots) == 1 else f"{first}等 {len(slots)} 格之和"


def _english_sum(slots: Sequence[str], schema: Schema) -> str:
    if not slots:
        return "the tables say"
    name = " × ".join(slots[0].split(".")[1:])
    first = _both(name, schema.labels.get(slots[0], slots[0]))
    if len(slots) == 1:
        return f"the table says {first} is"
    return f"the table adds up {first} and {len(slots) - 1} more cells to"

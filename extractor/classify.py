"""Fragments to roles: what a piece of text is for, before any slot is thought of.

Roles come from the shape of the text, its likeness to the form, and what the token classifier makes
of it. They are evidence for the stages after this one, which weigh them with positions; they never
decide on a slot.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from extractor.labels import MIN_SIMILARITY, similarities
from extractor.meaning import Meaning
from extractor.schema import Label, Schema
from extractor.token_classifier import TokenClassifier
from extractor.types import Fragment, Role, Sheet, SheetKind
from extractor.values import looks_like_page_number, looks_like_value

_HEADING_SIMILARITY = 0.8
_LABEL_SIMILARITY = 0.72
_SURE_LABEL = 0.9
_PROSE_MARK = re.compile(r"[。；！？]")
_PROSE_CHARS = 30
_PROSE_WIDTH = 0.5
_MARGIN = 0.06
_WORDS = ("caption", "header", "group", "label")
_SURE_ROLE = 0.9
_COUNTS = re.compile(r"^[（(\s]*[1-9]\d?[)）\s]*$")
_STEM = re.compile(r"[甲乙丙丁戊]|栏次|栏号|列次|列号|序号|行次")
_FEWEST_COLUMNS = 5


def classify(
    sheets: Sequence[Sheet], schema: Schema, classifier: TokenClassifier | None = None
) -> tuple[Sheet, ...]:
    """The same sheets with the role of every fragment set; its meaning too, with a classifier.

    Raises:
        ModelError: the classifier was trained for another schema.
    """
    if classifier is not None:
        classifier.check(schema)
        sheets = [
            replace(
                sheet,
                fragments=tuple(
                    replace(f, meaning=meaning)
                    for f, meaning in zip(sheet.fragments, meanings, strict=True)
                ),
            )
            for sheet, meanings in zip(sheets, classifier.read(sheets), strict=True)
        ]
    labels = known_labels(schema)
    headings = [heading.label for heading in schema.headings]
    texts = sorted({fragment.text for sheet in sheets for fragment in sheet.fragments})
    short = [text for text in texts if len(text) <= 3 * _PROSE_CHARS]
    by_label = dict(zip(short, similarities(short, labels).max(axis=1, initial=0.0), strict=True))
    by_heading = dict(
        zip(short, similarities(short, headings).max(axis=1, initial=0.0), strict=True)
    )

    def role(fragment: Fragment, sheet: Sheet) -> Role:
        text = fragment.text
        if not text:
            return Role.BLANK
        if _is_page_number(fragment, sheet):
            return Role.FURNITURE
        likeness = by_label.get(text, 0.0)
        is_label = likeness >= _SURE_LABEL and not any(ch.isdigit() for ch in text)
        if looks_like_value(text) and not is_label:
            return Role.VALUE
        if by_heading.get(text, 0.0) >= max(_HEADING_SIMILARITY, likeness):
            return Role.HEADING
        if likeness >= _LABEL_SIMILARITY:
            return Role.LABEL
        is_wide = (
            sheet.kind is SheetKind.PAGE
            and fragment.box is not None
            and fragment.box.width > _PROSE_WIDTH * extents[id(sheet)]
        )
        if _PROSE_MARK.search(text) or len(text) > _PROSE_CHARS or is_wide:
            return Role.PROSE
        return Role.LABEL

    extents = {id(sheet): _extent(sheet) for sheet in sheets}
    result = []
    for sheet in sheets:
        fragments: list[Fragment] = []
        for fragment in sheet.fragments:
            own = role(fragment, sheet)
            if (
                own is Role.LABEL
                and sheet.kind is not SheetKind.GRID
                and fragments
                and fragments[-1].role is Role.PROSE
                and _continues(fragments[-1].text, by_label.get(fragment.text, 0.0))
            ):
                own = Role.PROSE
            is_heading = by_heading.get(fragment.text, 0.0) >= MIN_SIMILARITY
            own = _weighed(own, fragment.meaning, is_heading)
            fragments.append(replace(fragment, role=own))
        fragments = _without_column_numbers(fragments)
        if sheet.kind is SheetKind.FLOW:
            fragments = _without_page_heads(fragments, by_label)
        result.append(replace(sheet, fragments=tuple(fragments)))
    return tuple(result)


def _without_column_numbers(fragments: list[Fragment]) -> list[Fragment]:
    """The fragments with the row that numbers the columns of a statistical form (甲 乙 1 2 3 …) as
    furniture: no row of the form counts up, since its last cell is the sum of the others."""
    by_row: dict[int, list[int]] = {}
    for i, f in enumerate(fragments):
        if f.row is not None and f.text:
            by_row.setdefault(f.row, []).append(i)
    result = list(fragments)
    for row in by_row.values():
        numbers = [
            fragments[i].text.strip("()（） ") for i in row if _COUNTS.search(fragments[i].text)
        ]
        others = [fragments[i].text for i in row if not _COUNTS.search(fragments[i].text)]
        is_counted = numbers == [str(n + 1) for n in range(len(numbers))]
        if len(numbers) >= _FEWEST_COLUMNS and is_counted and all(map(_STEM.fullmatch, others)):
            for i in row:
                result[i] = replace(result[i], role=Role.FURNITURE)
    return result


def _without_page_heads(fragments: list[Fragment], by_label: Mapping[str, float]) -> list[Fragment]:
    """The fragments with what every page repeats beside its number as furniture, no label of the
    form among it."""
    counts = Counter(f.text for f in fragments)
    beside = [
        f.role in (Role.LABEL, Role.PROSE)
        and counts[f.text] > 1
        and by_label.get(f.text, 0.0) < MIN_SIMILARITY
        and any(near.role is Role.FURNITURE for near in fragments[max(0, i - 1) : i + 2])
        for i, f in enumerate(fragments)
    ]
    return [
        replace(f, role=Role.FURNITURE) if is_head else f
        for f, is_head in zip(fragments, beside, strict=True)
    ]


def _weighed(role: Role, meaning: Meaning | None, may_be_heading: bool) -> Role:
    """The role after what the classifier says of words: it tells a label that is misprinted, or
    long, from running text, the pieces of running text from labels, and a heading of the form that
    is misprinted from both."""
    if meaning is None or role not in (Role.LABEL, Role.PROSE):
        return role
    said = meaning.roles
    if sum(said.get(name, 0.0) for name in _WORDS) >= _SURE_ROLE:
        return Role.LABEL
    if may_be_heading and said.get("heading", 0.0) >= _SURE_ROLE:
        return Role.HEADING
    return Role.PROSE if said.get("text", 0.0) >= _SURE_ROLE else role


def _continues(prose: str, likeness: float) -> bool:
    """Whether what follows running text is its last, short line, or a piece of a broken one.

    Within a sentence only a sure label ends it; after a sentence anything like a label does.
    """
    is_open = prose[-1] not in "。；：！？!?;:）)"
    return likeness < (_LABEL_SIMILARITY if is_open else MIN_SIMILARITY)


def _extent(sheet: Sheet) -> float:
    """The width that the print of a sheet takes up."""
    boxes = [fragment.box for fragment in sheet.fragments if fragment.box]
    return max((b.x1 for b in boxes), default=0.0) - min((b.x0 for b in boxes), default=0.0)


def known_labels(schema: Schema) -> list[Label]:
    """Every label that the form prints in or around its tables, each once."""
    labels = {
        label: None
        for layouts in schema.tables.values()
        for layout in layouts
        for block in layout.blocks
        for label in (
            *(row.label for row in block.rows if row.label),
            *(column.label for column in block.columns),
            *block.furniture,
            *block.extra_rows,
        )
    }
    return list(labels)


def _is_page_number(fragment: Fragment, sheet: Sheet) -> bool:
    if sheet.kind is SheetKind.GRID:
        return False
    if looks_like_page_number(fragment.text):
        return True
    if sheet.kind is not SheetKind.PAGE or fragment.box is None or not fragment.text.isdecimal():
        return False
    # A bare number in the margin, with nothing beside it: a row of a table has a label or company.
    y = fragment.box.center_y / sheet.height
    is_marginal = len(fragment.text) <= 3 and (y > 1 - _MARGIN or y < _MARGIN)
    return is_marginal and not any(
        other is not fragment and other.box and other.box.overlap_y(fragment.box) > 0
        for other in sheet.fragments
    )

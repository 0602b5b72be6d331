"""The characters of a PDF page in; lines of print, or the verdict that they cannot be trusted, out.

Pure geometry and counting on `Glyph`s, without the PDF library (`pages` reads them). Kept apart so
that the rules can be tested on characters written by hand. `docs/ingest.md` states the rules in
prose.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace

from extractor.types import Box, Line

MIN_GLYPHS = 10
"""Fewer visible characters decide nothing: a page number on a scan, for instance."""
MAX_IMAGE_SHARE = 0.25
"""Pictures over a larger share of the page may hold the table itself. Seals take about 3 %."""
MAX_HIDDEN_SHARE = 0.1
MAX_BAD_SHARE = 0.01
"""Private-use, replacement, control and unmapped characters: one in a row of zeros is too many."""
MIN_HAN = 30
"""With fewer Han characters their frequency says nothing."""
MIN_COMMON_SHARE = 0.20
"""Pages of reports have 0.44 and more; the same pages with a shifted map below 0.12."""
COMMON_HAN = frozenset(
    "的一是不了在有人国中为和上个大工法作政府信息公开年度报告本行机关申请予以处理结果数量总计"
    "主动情况其他自然商业企科研构社会益组织律服务新收转办答复提供件项规章范性文现效废止许可"
    "罚强制事费金额元维持纠正尚未审诉讼"
)

HAN_GAP_EM = 0.6
DIGIT_GAP_EM = 0.35
DIGIT_WIDTH_EM = 0.6
"""Of the widest digits in use."""
SPACE_GAP_EM = 0.2
BASELINE_EM = 0.2
SAME_ROW_PT = 1.0
SIZE_RATIO = 1.6


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of the layer, in points of the displayed page, origin top left.

    The box is the cell of the font (advance and ascent to descent), not the ink. `origin` is on the
    baseline. `angle_deg` is the direction of writing, counter-clockwise.
    """

    char: str
    x0: float
    y0: float
    x1: float
    y1: float
    origin: tuple[float, float]
    angle_deg: float = 0.0
    is_visible: bool = True
    is_mapped: bool = True

    @property
    def em(self) -> float:
        """Approximate size of the font."""
        return max(self.y1 - self.y0, 0.1)


@dataclass(frozen=True, slots=True)
class Layer:
    """All that decides on one page. `rules` are (x, y0, y1) of upright straight lines."""

    glyphs: tuple[Glyph, ...]
    rules: tuple[tuple[float, float, float], ...]
    width: float
    height: float
    image_share: float = 0.0
    has_marks: bool = True


def is_sound(layer: Layer) -> bool:
    """Whether the characters can stand for what is seen on the page.

    An empty page (nothing drawn at all) is sound and has no lines. Otherwise all of these hold:
    at least `MIN_GLYPHS` visible characters; pictures cover less than `MAX_IMAGE_SHARE`, so that no
    table hides in one; at most `MAX_HIDDEN_SHARE` of the characters are invisible, as those that
    scanning software lays behind its picture are; at most `MAX_BAD_SHARE` lack a meaning; and the
    commonest characters of these reports are as common as they must be, which a broken character
    map does not survive.
    """
    printed = [glyph for glyph in layer.glyphs if not glyph.char.isspace()]
    if not layer.has_marks:
        return True
    visible = [glyph for glyph in printed if glyph.is_visible]
    if len(visible) < MIN_GLYPHS or layer.image_share >= MAX_IMAGE_SHARE:
        return False
    if len(printed) - len(visible) > MAX_HIDDEN_SHARE * len(printed):
        return False
    n_bad = sum(not glyph.is_mapped or not _is_meaningful(glyph.char) for glyph in visible)
    if n_bad > MAX_BAD_SHARE * len(visible):
        return False
    han = [glyph.char for glyph in visible if _is_han(glyph.char)]
    if len(han) < MIN_HAN:
        return len(han) > 0 and all(char.isascii() or _is_plain(char) for char in _chars(visible))
    return sum(char in COMMON_HAN for char in han) >= MIN_COMMON_SHARE * len(han)


def layout(layer: Layer) -> tuple[tuple[Line, ...], float, float, float]:
    """Form lines of print, top to bottom, from a sound layer.

    Characters follow each other in a line while they stand on one baseline and close together.
    A gap beyond `HAN_GAP_EM` (`DIGIT_GAP_EM` between digits, whose columns are narrow) or a ruled
    line between them starts a new one, so that neighbouring cells are never one line.

    Returns:
        The lines, width and height of the upright page in points, and the counter-clockwise turn
        that made it upright: a multiple of 90, not 0 where the page was written sideways.
    """
    glyphs = [glyph for glyph in layer.glyphs if glyph.is_visible]
    turn = _dominant_turn(glyphs)
    width, height, rules = layer.width, layer.height, layer.rules
    if turn:
        glyphs = [_turned(glyph, turn, width, height) for glyph in glyphs]
        rules = ()
        if turn % 180:
            width, height = height, width
    glyphs = [glyph for glyph in glyphs if not glyph.char.isspace() and _is_inside(glyph, width)]
    runs = _merge(_runs(glyphs, rules), rules)
    lines = [_line(run) for run in runs]
    lines.sort(key=lambda line: (line.box.y0, line.box.x0))
    return tuple(lines), width, height, float(turn)


def _runs(glyphs: list[Glyph], rules: Rules) -> list[list[Glyph]]:
    """Cut the characters, in the order of the file, wherever the next does not follow on."""
    runs: list[list[Glyph]] = []
    for glyph in glyphs:
        if runs and _is_double(runs[-1][-1], glyph):
            continue
        if runs and _follows(runs[-1][-1], glyph, rules):
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    return runs


def _merge(runs: list[list[Glyph]], rules: Rules) -> list[list[Glyph]]:
    """Join runs that continue each other on the page though not in the file."""
    merged: list[list[Glyph]] = []
    # On a page of cells nearly all pairs are far apart; the largest print bounds what can join.
    em = max((glyph.em for run in runs for glyph in (run[0], run[-1])), default=0.0)
    drop, gap = BASELINE_EM * em, HAN_GAP_EM * em
    for run in _in_rows(runs):
        first = run[0]
        baseline, reach = first.origin[1], first.x0 - gap
        for other in reversed(merged[-60:]):
            last = other[-1]
            if last.x1 < reach or abs(last.origin[1] - baseline) > drop:
                continue
            if _is_double(last, first) and len(run) == 1:
                break
            if _follows(last, first, rules):
                other.extend(run)
                break
        else:
            merged.append(list(run))
    return merged


def _in_rows(runs: list[list[Glyph]]) -> list[list[Glyph]]:
    """Runs row by row, from left to right: those of a row have about the same baseline."""
    rows: list[list[list[Glyph]]] = []
    for run in sorted(runs, key=lambda run: run[0].origin[1]):
        if rows and run[0].origin[1] - rows[-1][0][0].origin[1] <= SAME_ROW_PT:
            rows[-1].append(run)
        else:
            rows.append([run])
    return [run for row in rows for run in sorted(row, key=lambda run: run[0].x0)]


def _follows(before: Glyph, after: Glyph, rules: Rules) -> bool:
    em = max(before.em, after.em)
    if abs(before.origin[1] - after.origin[1]) > BASELINE_EM * em:
        return False
    if max(before.em, after.em) > SIZE_RATIO * min(before.em, after.em):
        return False
    gap = after.x0 - before.x1
    are_digits = before.char.isdigit() and after.char.isdigit()
    if are_digits:
        # Some fonts tell the height of their digits and not of their type.
        em = max(em, (before.x1 - before.x0) / DIGIT_WIDTH_EM)
    if gap > (DIGIT_GAP_EM if are_digits else HAN_GAP_EM) * em or gap < -0.5 * em:
        return False
    middle = (before.y0 + before.y1) / 2
    start, stop = before.x1 - 0.2 * em, after.x0 + 0.2 * em
    return not any(start <= x <= stop and y0 <= middle <= y1 for x, y0, y1 in rules)


def _is_double(before: Glyph, after: Glyph) -> bool:
    """Whether the same character is drawn again on its own place, as imitated bold type is."""
    return (
        before.char == after.char
        and abs(before.x0 - after.x0) < 0.2 * before.em
        and abs(before.origin[1] - after.origin[1]) < 0.2 * before.em
    )


def _line(run: list[Glyph]) -> Line:
    text = [run[0].char]
    edges = [run[0].x0]
    for before, after in itertools.pairwise(run):
        if after.x0 - before.x1 > SPACE_GAP_EM * max(before.em, after.em):
            text.append(" ")
            edges += [before.x1, after.x0]
        else:
            edges.append((before.x1 + after.x0) / 2)
        text.append(after.char)
    edges.append(max(run[-1].x1, edges[-1]))
    edges = list(itertools.accumulate(edges, max))
    box = Box(edges[0], min(glyph.y0 for glyph in run), edges[-1], max(glyph.y1 for glyph in run))
    return Line("".join(text), box, 1.0, tuple(edges))


Rules = tuple[tuple[float, float, float], ...]


def _dominant_turn(glyphs: list[Glyph]) -> int:
    """Return the counter-clockwise turn, 0, 90, 180 or 270, that brings most print upright."""
    quarters = Counter(round(-glyph.angle_deg / 90) % 4 for glyph in glyphs)
    return quarters.most_common(1)[0][0] * 90 if quarters else 0


def _turned(glyph: Glyph, turn: int, width: float, height: float) -> Glyph:
    def point(x: float, y: float) -> tuple[float, float]:
        if turn == 90:
            return y, width - x
        if turn == 180:
            return width - x, height - y
        return height - y, x

    ax, ay = point(glyph.x0, glyph.y0)
    bx, by = point(glyph.x1, glyph.y1)
    return replace(
        glyph,
        x0=min(ax, bx),
        y0=min(ay, by),
        x1=max(ax, bx),
        y1=max(ay, by),
        origin=point(*glyph.origin),
    )


def _is_inside(glyph: Glyph, width: float) -> bool:
    return glyph.x1 > 0 and glyph.x0 < width


def _chars(glyphs: list[Glyph]) -> list[str]:
    return [glyph.char for glyph in glyphs]


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf"


def _is_plain(char: str) -> bool:
    """Punctuation and symbols that Chinese office documents use."""
    return (
        _is_han(char)
        or "\u3000" <= char <= "\u303f"
        or "\uff00" <= char <= "\uffef"
        or "\u2010" <= char <= "\u2027"
        or "\u2030" <= char <= "\u205e"
        or "\u2100" <= char <= "\u22ff"
        or "\u2460" <= char <= "\u25ff"
        or "\u00a0" <= char <= "\u00ff"
    )


def _is_meaningful(char: str) -> bool:
    """Whether a character is one that a map can rightly give, in any script."""
    code = ord(char)
    is_private = 0xE000 <= code <= 0xF8FF or code >= 0xF0000
    is_control = code < 0x20 or 0x7F <= code < 0xA0 or 0xFFF0 <= code <= 0xFFFF
    return not (is_private or is_control or 0xD800 <= code < 0xE000)

"""Key figures as data: the `figures` section of a schema file in, checked `FigureKey` values out.

A pattern is a line that a domain expert can read and edit. Its parts are separated by blanks and
stand directly beside each other in the text:

    受理|收到     one of these words
    @request      one of the words of the list `request` under `words`
    [各类]        this word, or nothing; [各类|政府]* any number of these words, in any order
    …             up to 30 characters of the same clause, without another number
    ……            up to 40 characters of the same sentence, commas and numbers included
    N             the number with its unit; words such as 共计, 累计, 达 before it are understood

Every pattern of a figure has exactly one N, a pattern of a zero in words (`zero`) has none. Words
are plain text, never regular expressions. They are matched in masked text, in which the numbers
and the content of brackets are replaced by the characters `NUMBER` and `HIDDEN`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from extractor.characters import canonical
from extractor.errors import SchemaError

NUMBER = "\ue000"
"""Stands for each character of a number in masked text."""

HIDDEN = "\ue001"
"""Stands for each character of a bracket or a title in masked text."""

_FILLER = (
    r"(?:(?:,?(?:共计|总计|合计|总共|累计|共))|数量|件数|条数|次数|人数|篇数|总数|总量|数|达到了?|达|"
    rf"为|有|计|的|了|:|{HIDDEN})*"
)
_GAP = rf"[^{NUMBER},。;:!?]{{0,30}}?"
_WIDE_GAP = r"[^。;!?]{0,40}?"

_KEY_FIELDS = {
    "key",
    "label",
    "meaning",
    "units",
    "patterns",
    "zero",
    "context",
    "rivals",
    "not",
}
_PATTERN_FIELDS = {"pattern", "scope", "doubtful", "not"}


@dataclass(frozen=True, slots=True)
class FigurePattern:
    """One way to phrase a figure; `regex` has a group `n` unless it is a zero in words.

    `is_forward`: words of the pattern stand before the number. `is_doubtful`: a match needs a
    person's look. `exclude` as in `FigureKey`, for this pattern alone.
    """

    source: str
    regex: re.Pattern[str]
    scope: str | None = None
    is_doubtful: bool = False
    is_forward: bool = True
    exclude: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class FigureKey:
    """One key figure: what it is called, which units it may have, how it is phrased.

    `context` and `rivals` are topics: where `context` is set, the topic mentioned last before the
    number must be one of `context`. `exclude` must not occur between the start of the number's
    clause and the number. All None where they are not given. `units[0]` is the unit of a zero in
    words.
    """

    key: str
    label: str
    meaning: str
    units: tuple[str, ...]
    patterns: tuple[FigurePattern, ...]
    zero: tuple[FigurePattern, ...] = ()
    context: re.Pattern[str] | None = None
    rivals: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None


def parse_figure_keys(raw: object) -> tuple[tuple[FigureKey, ...], tuple[str, ...]]:
    """Check and compile the `figures` section: a mapping of `words` (lists by name), `scopes` (what
    a clause may restrict a figure to) and `keys`.

    Returns:
        The keys, and the scopes.

    Raises:
        SchemaError: anything unknown, missing, empty or contradictory, with the place and cause.
    """
    section = _mapping(raw, "figures", {"words", "scopes", "keys"})
    scopes = _strings(section["scopes"], "figures.scopes") if "scopes" in section else ()
    words = {
        name: _strings(value, f"figures.words.{name}")
        for name, value in _mapping(section.get("words", {}), "figures.words").items()
    }
    entries = section.get("keys")
    if not isinstance(entries, list) or not entries:
        raise SchemaError("figures.keys: must be a list of key figures")
    keys = [_figure_key(entry, f"figures.keys[{i}]", words) for i, entry in enumerate(entries)]
    seen: set[str] = set()
    for key in keys:
        if key.key in seen:
            raise SchemaError(f"figures: the key {key.key} stands twice")
        seen.add(key.key)
        unknown = {p.scope for p in (*key.patterns, *key.zero) if p.scope} - set(scopes)
        if unknown:
            raise SchemaError(f"figures.{key.key}: {min(unknown)!r} is none of figures.scopes")
    return tuple(keys), scopes


def _figure_key(raw: object, where: str, words: Mapping[str, Sequence[str]]) -> FigureKey:
    entry = _mapping(raw, where, _KEY_FIELDS)
    name = entry.get("key")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise SchemaError(f"{where}: `key` must be a lower-case identifier, found {name!r}")
    where = f"figures.{name}"
    for field in ("label", "meaning"):
        if not isinstance(entry.get(field), str) or not entry[field]:
            raise SchemaError(f"{where}: `{field}` must be a text")
    units = _strings(entry.get("units"), f"{where}.units")
    patterns = entry.get("patterns")
    if not isinstance(patterns, list) or not patterns:
        raise SchemaError(f"{where}: `patterns` must be a list of at least one pattern")
    zero = entry.get("zero", [])
    if not isinstance(zero, list):
        raise SchemaError(f"{where}: `zero` must be a list of patterns")
    return FigureKey(
        key=name,
        label=cast("str", entry["label"]),
        meaning=cast("str", entry["meaning"]),
        units=units,
        patterns=tuple(
            _pattern(item, f"{where}.patterns[{i}]", words, units)
            for i, item in enumerate(patterns)
        ),
        zero=tuple(
            _pattern(item, f"{where}.zero[{i}]", words, None) for i, item in enumerate(zero)
        ),
        context=_topics(entry, "context", where, words),
        rivals=_topics(entry, "rivals", where, words),
        exclude=_topics(entry, "not", where, words),
    )


def _pattern(
    raw: object, where: str, words: Mapping[str, Sequence[str]], units: Sequence[str] | None
) -> FigurePattern:
    entry = {"pattern": raw} if isinstance(raw, str) else _mapping(raw, where, _PATTERN_FIELDS)
    source = entry.get("pattern")
    scope = entry.get("scope")
    doubtful = entry.get("doubtful", False)
    if not isinstance(source, str) or not source.split():
        raise SchemaError(f"{where}: a pattern must be a text")
    if scope is not None and not isinstance(scope, str):
        raise SchemaError(f"{where}: `scope` must be a word")
    if not isinstance(doubtful, bool):
        raise SchemaError(f"{where}: `doubtful` must be true or false")
    parts = source.split()
    expected = 0 if units is None else 1
    if parts.count("N") != expected:
        raise SchemaError(f"{where}: `{source}` must have N {'once' if expected else 'nowhere'}")
    if all(part in ("N", "…", "……") for part in parts):
        raise SchemaError(f"{where}: `{source}` has no words")
    if parts[0] in ("…", "……") or parts[-1] in ("…", "……"):
        raise SchemaError(f"{where}: `{source}` must not begin or end with a gap")
    regex = "".join(_part(part, where, words, units or ()) for part in parts)
    return FigurePattern(
        source=source,
        regex=re.compile(regex),
        scope=scope,
        is_doubtful=doubtful,
        is_forward=parts[0] != "N",
        exclude=_topics(entry, "not", where, words),
    )


def _part(part: str, where: str, words: Mapping[str, Sequence[str]], units: Sequence[str]) -> str:
    if part == "N":
        longest = "|".join(re.escape(canonical(unit)) for unit in sorted(units, key=len)[::-1])
        return rf"{_FILLER}(?P<n>{NUMBER}+|(?=(?:{longest})(?:[,。;、]|$)))(?:{longest})?"
    if part == "…":
        return _GAP
    if part == "……":
        return _WIDE_GAP
    optional = re.fullmatch(r"\[(.+)\](\*?)", part)
    alternatives = _alternatives((optional[1] if optional else part).split("|"), where, words)
    return f"(?:{alternatives}){(optional[2] or '?') if optional else ''}"


def _alternatives(items: Sequence[str], where: str, words: Mapping[str, Sequence[str]]) -> str:
    """A regular expression for any of the words; "@name" stands for a list."""
    found: set[str] = set()
    for item in items:
        if item.startswith("@"):
            if item[1:] not in words:
                raise SchemaError(f"{where}: there is no list {item} under figures.words")
            found.update(canonical(word) for word in words[item[1:]])
        else:
            if not item or re.search(r"[\[\]*()…@\\^$?+{}]", item):
                raise SchemaError(f"{where}: {item!r} is not a plain word")
            found.add(canonical(item))
    return "|".join(re.escape(word) for word in sorted(found, key=lambda word: (-len(word), word)))


def _topics(
    entry: Mapping[str, object], field: str, where: str, words: Mapping[str, Sequence[str]]
) -> re.Pattern[str] | None:
    if field not in entry:
        return None
    items = _strings(entry[field], f"{where}.{field}")
    return re.compile(_alternatives(items, f"{where}.{field}", words))


def _mapping(raw: object, where: str, fields: set[str] | None = None) -> Mapping[str, object]:
    if not isinstance(raw, Mapping) or not all(isinstance(name, str) for name in raw):
        raise SchemaError(f"{where}: must be a mapping")
    unknown = sorted(set(raw) - fields) if fields is not None else []
    if unknown:
        raise SchemaError(f"{where}: unknown fields {', '.join(unknown)}")
    return raw


def _strings(raw: object, where: str) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw or not all(isinstance(x, str) and x for x in raw):
        raise SchemaError(f"{where}: must be a list of words (numbers among them in quotes)")
    return tuple(raw)

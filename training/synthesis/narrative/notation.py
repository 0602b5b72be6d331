"""The notation of sentence patterns, and the patterns themselves as they stand in the YAML files.

A pattern is a sentence without its full stop. Between `<` and `>` stands what differs from report
to report, `(a|b|)` is a choice, which may be empty:

    (全年|<year>年)主动公开政府信息<proactive_items>，较上年<growth proactive_items>

A key figure begins with its key. What may follow, separated by blanks:

    条/件        the units to choose from, `-` for none; without them one of the key's own, the same
                one for all figures of the sentence that are counted alike
    @new        its scope (see the package)
    ~round      how it is printed: `round` an approximation, `words` a Chinese numeral, `zero` a
                printed 0, `positive` never 0, `any` 0 or more
    =未收到      a zero said in these words; the pattern is used only where there is none

A number is above 0 where nothing else is said; `printed_zero` in `keys.yaml` names the keys for
which it need not be. Where one zero word serves two figures (未发生行政复议、行政诉讼), the first
takes the word and the second its noun: `<reconsideration_cases =未发生>…<lawsuits =行政诉讼>`.

Everything else is a mention, its name with an argument where `MENTIONS` says so; `mentions.py`
prints it. A mention is never a key figure, however much it looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from training.synthesis.splits import Split

_HERE = Path(__file__).parent
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SCOPES = frozenset(
    {
        "new",
        "handled_including_carried_over",
        "carried_over",
        "cumulative",
        "part_of",
        "own_office",
        "whole_area",
        "wechat",
        "weibo",
        "video",
        "solicitation",
        "interview",
        "interaction",
    }
)


_RANGE = re.compile(r"\d+-\d+")
_TIME = ("when", "year", "last_year", "next_year", "date")
_BODY = ("we", "area", "org", "office", "chief", "account")
_CONTACT = ("telephone", "postcode", "address", "document")
_CASES = (
    *("natural_persons", "organizations", "by_web", "by_letter", "in_person", "withdrawn"),
    *("granted_together", "normative_repealed", "normative_in_force"),
    *("reconsideration_upheld", "reconsideration_corrected", "reconsideration_pending"),
    *("lawsuits_upheld", "lawsuits_corrected", "lawsuits_pending"),
    *("direct_lawsuits", "later_lawsuits"),
)
MENTIONS: Mapping[str, str] = {
    **dict.fromkeys((*_TIME, *_BODY, *_CONTACT, *_CASES, "gap", "rest"), ""),
    **dict.fromkeys(("number", "part", "percent", "money", "square"), "range"),
    **dict.fromkeys(("growth", "change", "last", "share"), "key"),
}
"""Every mention with its argument: none, a range such as 3-40, or a key.

`part` is a number that is so many per cent of the figure before it, `rest` what its parts leave.
"""


NO_UNIT = "-"


class Shape(StrEnum):
    """How the numbers of a key behave; `keys.yaml` tells."""

    ITEMS = "items"
    CASES = "cases"
    EVENTS = "events"
    RATE = "rate"


class Style(StrEnum):
    """How a pattern wants a figure printed."""

    ROUND = "round"
    WORDS = "words"
    ZERO = "zero"
    POSITIVE = "positive"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Key:
    """A key figure: its units and its usual sizes, least and most, as `keys.yaml` explains them.

    `zero` is the chance that a body has none, where no table says it; bodies below `level` never
    have any. `printed_zero`: whether 0 is printed in the middle of a sentence.
    """

    name: str
    units: tuple[str, ...]
    shape: Shape
    small: tuple[int, int]
    large: tuple[int, int]
    zero: float
    level: float
    printed_zero: bool


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a key figure. `words` is the zero in words, empty where a number is printed;
    `units` is empty where any unit of the key will do."""

    key: str
    units: tuple[str, ...] = ()
    scope: str | None = None
    style: Style | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """The place of anything else."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the alternatives, each without key figures."""

    alternatives: tuple[tuple[str | Mention, ...], ...]


Part = str | Slot | Mention | Choice


@dataclass(frozen=True, slots=True)
class Pattern:
    """One sentence pattern; `text` is its notation, `group` its file, `topic` where it belongs."""

    text: str
    group: str
    topic: str
    split: Split
    parts: tuple[Part, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(part for part in self.parts if isinstance(part, Slot))

    @property
    def mentions(self) -> Iterator[Mention]:
        """All mentions, those of every choice among them."""
        for part in self.parts:
            if isinstance(part, Mention):
                yield part
            elif isinstance(part, Choice):
                for alternative in part.alternatives:
                    yield from (piece for piece in alternative if isinstance(piece, Mention))

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(slot.key for slot in self.slots)


class PatternError(ValueError):
    """A pattern file does not follow the notation."""


@cache
def keys() -> Mapping[str, Key]:
    """All key figures in the order of the file."""
    return {
        name: Key(
            name,
            tuple(entry["units"]),
            Shape(entry["shape"]),
            (entry["small"][0], entry["small"][1]),
            (entry["large"][0], entry["large"][1]),
            entry.get("zero", 0.0),
            entry.get("level", 0.0),
            entry.get("printed_zero", False),
        )
        for name, entry in _read(_HERE / "keys.yaml").items()
    }


@cache
def patterns(split: Split) -> tuple[Pattern, ...]:
    """The sentence patterns of one split, in the order of files and lines.

    Raises:
        PatternError: a file does not follow the notation; says which one and where.
    """
    return tuple(
        pattern
        for path in sorted((_HERE / "patterns").glob("*.yaml"))
        for pattern in _pattern_file(path)
        if pattern.split is split
    )


@cache
def fillers(split: Split) -> Mapping[str, tuple[Pattern, ...]]:
    """Sentences without key figures, by topic. They too are of one split only.

    Raises:
        PatternError: as `patterns`.
    """
    path = _HERE / "fillers.yaml"
    found = {}
    for topic, by_split in _read(path).items():
        found[topic] = tuple(_split_patterns(path, topic, by_split, split))
        if any(pattern.slots for pattern in found[topic]):
            raise PatternError(f"{path.name}, {topic}: a filler has no key figures; move it")
    return found


@cache
def _pattern_file(path: Path) -> tuple[Pattern, ...]:
    entry = _read(path)
    topic = entry.pop("topic", None)
    if topic is None:
        raise PatternError(f"{path.name} has no topic; say in its first line where it belongs")
    return tuple(
        pattern for split in Split for pattern in _split_patterns(path, topic, entry, split)
    )


def _split_patterns(
    path: Path, topic: str, by_split: Mapping[str, list[str]], split: Split
) -> Iterator[Pattern]:
    unknown = set(by_split) - set(Split)
    if unknown:
        raise PatternError(f"{path.name}: {', '.join(unknown)} is no split; name one of the four")
    for line in by_split.get(split, []):
        try:
            parts = parse(line)
        except PatternError as error:
            raise PatternError(f"{path.name}, {split}, {line!r}: {error}") from None
        yield Pattern(line, path.stem, topic, split, parts)


def _read(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8") as file:
        content: dict[str, Any] = yaml.load(file, _LOADER)
    return content


_TOKEN = re.compile(r"<(?P<placeholder>[^<>]*)>|\((?P<choice>[^()]*)\)|(?P<text>[^<>()]+)")


def parse(text: str) -> tuple[Part, ...]:
    """The parts of a pattern.

    Raises:
        PatternError: the text does not follow the notation; says what to change.
    """
    parts: list[Part] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise PatternError(f"an unpaired {text[at]!r}; close it or leave it out")
        at = token.end()
        if token["text"]:
            if "|" in token["text"]:
                raise PatternError("a | outside of a choice; a choice stands in half-width ( )")
            parts.append(token["text"])
        elif token["choice"] is not None:
            parts.append(Choice(tuple(map(_alternative, token["choice"].split("|")))))
        else:
            parts.append(_placeholder(token["placeholder"]))
    return tuple(parts)


def _alternative(text: str) -> tuple[str | Mention, ...]:
    plain: list[str | Mention] = []
    for part in parse(text):
        if not isinstance(part, str | Mention):
            raise PatternError("a key figure cannot be part of a choice; write two patterns")
        plain.append(part)
    return tuple(plain)


def _placeholder(text: str) -> Slot | Mention:
    if not text.strip():
        raise PatternError("an empty <>; name a key or a mention")
    name, *arguments = text.split()
    if name not in keys():
        return _mention(name, arguments)
    slot: dict[str, Any] = {}
    for argument in arguments:
        sign, rest = argument[0], argument[1:]
        if sign == "@" and rest in SCOPES:
            slot["scope"] = rest
        elif sign == "~" and rest in set(Style):
            slot["style"] = Style(rest)
        elif sign == "=" and rest:
            slot["words"] = rest
        elif set(argument.split("/")) <= {*keys()[name].units, NO_UNIT}:
            slot["units"] = tuple(argument.split("/"))
        else:
            raise PatternError(f"<{text}>: {argument} is no unit of the key, no @scope, no ~style")
    return Slot(name, **slot)


def _mention(name: str, arguments: list[str]) -> Mention:
    if name not in MENTIONS:
        raise PatternError(f"<{name}> is neither a key nor a mention; see MENTIONS")
    match MENTIONS[name], arguments:
        case "", []:
            return Mention(name)
        case "range", [argument] if _RANGE.fullmatch(argument):
            return Mention(name, argument)
        case "key", [argument] if argument in keys():
            return Mention(name, argument)
    raise PatternError(f"<{name}> takes {MENTIONS[name] or 'nothing'} behind it")

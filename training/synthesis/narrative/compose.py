"""The prose of a whole report, and single statements, put together from patterns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from training.synthesis.bodies import LEVELS, invent_body
from training.synthesis.narrative.facts import Facts, facts_of
from training.synthesis.narrative.fill import concatenate, fill, fits
from training.synthesis.narrative.notation import Pattern, Style, fillers, keys, patterns
from training.synthesis.narrative.numerals import Hand, draw_hand
from training.synthesis.narrative.organization import read_organization
from training.synthesis.prose import Prose
from training.synthesis.splits import Split
from training.synthesis.values import Printed

_CHINESE_NUMBERS = "一二三四五六七八九"

# For each topic, the groups of patterns that it draws from and how often it does.
_PLANS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "disclosure": (
        ("proactive", 0.95),
        ("documents", 0.25),
        ("interpretation", 0.55),
        ("interpretation", 0.25),
        ("proposals", 0.35),
    ),
    "requests": (("applications", 0.98), ("outcomes", 0.55), ("disputes", 0.45)),
    "management": (("documents", 0.6), ("documents", 0.15)),
    "platform": (("channels", 0.9), ("channels", 0.35), ("services", 0.4)),
    "supervision": (("training", 0.6), ("training", 0.1)),
}
_NAMES: Mapping[str, tuple[str, ...]] = {
    "disclosure": ("主动公开", "主动公开政府信息"),
    "requests": ("依申请公开", "依申请公开政府信息"),
    "management": ("政府信息管理", "政府信息资源管理"),
    "platform": ("平台建设", "政府信息公开平台建设"),
    "supervision": ("监督保障", "监督保障及教育培训"),
}
_ENDINGS = ("情况", "工作", "方面", "")
# How often a number is missing or beside the point, against sentences that state one.
_WITHOUT_FIGURE = 0.3
_MOST_TRIES = 2000


@dataclass(frozen=True, slots=True)
class Narrative:
    """The prose of one report, by the place where it stands."""

    preamble: tuple[Prose, ...]
    overview: tuple[Prose, ...]
    problems: tuple[Prose, ...]
    remarks: tuple[Prose, ...]


def write(
    organization: str,
    year: int,
    values: Mapping[str, Printed],
    rng: Random,
    *,
    split: Split,
    is_long: bool,
) -> Narrative:
    """Prose for one report.

    Args:
        organization: the body; its name tells its size and how it speaks of itself.
        values: the printed values of any tables; what they say the text says too, save for a few
            reports in which the text counts otherwise. A blank is left out or said as none.
        split: whose patterns are used.
        is_long: 5 to 9 paragraphs in the overview instead of 2 or 3.
    """
    facts = facts_of(read_organization(organization), year, values, rng)
    writer = _Writer(split, facts, draw_hand(rng), rng)
    return Narrative(
        preamble=_preamble(writer),
        overview=_long_overview(writer) if is_long else _short_overview(writer),
        problems=_problems(writer),
        remarks=_remarks(writer),
    )


def statements(rng: Random, split: Split, n: int, *, year: int | None = None) -> Iterator[Prose]:
    """`n` short paragraphs with at least one key figure each, about all keys equally often.

    `year` is that of the report in which they are to stand; None gives each a year of its own.
    """
    by_key = {name: [p for p in patterns(split) if name in p.keys] for name in keys()}
    order: list[str] = []
    for _ in range(n):
        if not order:
            order = rng.sample(list(by_key), k=len(by_key))
        yield say(rng.choice(by_key[order.pop()]), rng, year=year)


def say(pattern: Pattern, rng: Random, *, year: int | None = None) -> Prose:
    """One pattern filled with facts that it fits, perhaps beside a sentence without key figures."""
    facts = _facts_for(pattern, rng.randrange(2019, 2026) if year is None else year, rng)
    writer = _Writer(pattern.split, facts, draw_hand(rng), rng)
    sentences = [writer.fill(pattern)]
    if rng.random() < 0.3:
        sentences.insert(rng.randrange(2), writer.filler(pattern.topic))
    return _paragraph(sentences)


class _Writer:
    """Draws the sentences of one report, none of them twice, no key figure twice."""

    def __init__(self, split: Split, facts: Facts, hand: Hand, rng: Random) -> None:
        self.rng = rng
        self._facts = facts
        self._hand = hand
        self._patterns = patterns(split)
        self._fillers = fillers(split)
        self._said: set[str] = set()
        self._used: set[str] = set()

    def sentence(self, group: str) -> Prose | None:
        """A sentence of this group of patterns; None where nothing new can be said."""
        fitting = [
            pattern
            for pattern in self._patterns
            if pattern.group == group
            and not pattern.keys & self._said
            and pattern.text not in self._used
            and fits(pattern, self._facts)
        ]
        if not fitting:
            return None
        weights = [1.0 if pattern.slots else _WITHOUT_FIGURE for pattern in fitting]
        return self.fill(self.rng.choices(fitting, weights)[0])

    def filler(self, topic: str) -> Prose:
        """A sentence without key figures. A topic that is used up begins anew."""
        of_topic = self._fillers[topic]
        if self._facts.body.is_government:
            of_topic += self._fillers.get(f"{topic}_government", ())
        unused = [p for p in of_topic if p.text not in self._used]
        return self.fill(self.rng.choice(unused or of_topic))

    def fill(self, pattern: Pattern) -> Prose:
        self._said |= pattern.keys
        self._used.add(pattern.text)
        return fill(pattern, self._facts, self._hand, self.rng)

    def topic(self, topic: str, *, n_fillers: int) -> list[Prose]:
        """The sentences of a topic: those of its plan, fillers before or behind them."""
        stated = [
            sentence
            for group, chance in _PLANS[topic]
            if self.rng.random() < chance
            if (sentence := self.sentence(group)) is not None
        ]
        for _ in range(max(n_fillers, 0 if stated else 1)):
            stated.insert(self.rng.choice((0, 0, len(stated))), self.filler(topic))
        return stated


def _facts_for(pattern: Pattern, year: int, rng: Random) -> Facts:
    """Facts that a pattern fits, of an invented body of any size.

    Raises:
        ValueError: no such facts were found; the pattern contradicts itself.
    """
    zeros = frozenset(s.key for s in pattern.slots if s.words or s.style is Style.ZERO)
    for _ in range(_MOST_TRIES):
        name = invent_body(rng, level=rng.choice(LEVELS)).name
        facts = facts_of(read_organization(name), year, {}, rng, zeros=zeros)
        if fits(pattern, facts):
            return facts
    raise ValueError(f"{pattern.group}: no facts fit {pattern.text!r}; say less in one sentence")


def _paragraph(sentences: list[Prose], *, lead: str = "", stop: str = "。") -> Prose:
    pieces: list[str | Prose] = [lead]
    for sentence in sentences:
        pieces += [sentence, stop]
    pieces[-1] = "。"
    return concatenate(pieces)


def _listed(sentences: list[Prose], rng: Random, *, mark: str) -> Prose:
    """Sentences counted out: 一是…；二是…。"""
    pieces: list[str | Prose] = []
    stop = rng.choice("；；。")
    for number, sentence in zip(_CHINESE_NUMBERS, sentences, strict=False):
        pieces += [mark.format(number), sentence, stop]
    pieces[-1] = "。"
    return concatenate(pieces)


def _preamble(writer: _Writer) -> tuple[Prose, ...]:
    sentences = [writer.filler(topic) for topic in ("preamble", "contact")]
    if writer.rng.random() < 0.3:
        sentences.pop()
    if writer.rng.random() < 0.3:
        return tuple(_paragraph([sentence]) for sentence in sentences)
    return (_paragraph(sentences),)


def _short_overview(writer: _Writer) -> tuple[Prose, ...]:
    rng = writer.rng
    rest = rng.choice(("", "", "platform", "management", "supervision"))
    topics = ["disclosure", "requests", *([rest] if rest else [])]
    labels = _labels(topics, rng) if rng.random() < 0.5 else ["" for _ in topics]
    paragraphs = []
    for i, (topic, label) in enumerate(zip(topics, labels, strict=True)):
        sentences = writer.topic(topic, n_fillers=rng.choice((0, 0, 1)))
        if i == 0 and not label and rng.random() < 0.6:
            sentences.insert(0, writer.filler("opening"))
        paragraphs.append(_paragraph(sentences, lead=label))
    return tuple(paragraphs)


def _long_overview(writer: _Writer) -> tuple[Prose, ...]:
    rng = writer.rng
    topics = list(_PLANS)
    if rng.random() < 0.25:
        rng.shuffle(topics)
    on_own_line = rng.random() < 0.25
    if on_own_line:
        topics.remove(rng.choice(("management", "supervision")))
    paragraphs = []
    if rng.random() < 0.6:
        paragraphs.append(
            _paragraph([writer.filler("opening") for _ in range(rng.choice((1, 1, 2)))])
        )
    for topic, label in zip(topics, _labels(topics, rng), strict=True):
        sentences = writer.topic(topic, n_fillers=rng.choice((0, 1, 1, 2, 2)))
        if on_own_line:
            paragraphs.append(Prose(label.rstrip("。：")))
            label = ""
        if topic in ("management", "supervision") and len(sentences) > 1 and rng.random() < 0.4:
            mark = "（{}）" if label[1:2] == "是" else "{}是"
            paragraphs.append(concatenate([label, _listed(sentences, rng, mark=mark)]))
        elif (
            topic == "disclosure" and len(sentences) > 2 and not on_own_line and rng.random() < 0.3
        ):
            paragraphs.append(_paragraph(sentences[:1], lead=label))
            paragraphs.append(_paragraph(sentences[1:]))
        else:
            paragraphs.append(_paragraph(sentences, lead=label))
    return tuple(paragraphs)


def _labels(topics: list[str], rng: Random) -> list[str]:
    """What opens the paragraph of each topic: （一）主动公开情况。"""
    form = rng.choice(("（{0}）{1}。", "（{0}）{1}。", "（{0}）{1}：", "{0}是{1}。", "{2}.{1}："))
    which, ending = rng.randrange(2), rng.choice(_ENDINGS)
    return [
        form.format(_CHINESE_NUMBERS[i], _NAMES[topic][which] + ending, i + 1)
        for i, topic in enumerate(topics)
    ]


def _problems(writer: _Writer) -> tuple[Prose, ...]:
    rng = writer.rng
    paragraphs = []
    for topic in ("problem", "improvement"):
        lead = concatenate([writer.filler(f"{topic}_lead"), rng.choice("：：。")])
        clauses = [writer.filler(topic) for _ in range(rng.choice((2, 3, 3)))]
        listed = _listed(clauses, rng, mark=rng.choice(("{}是", "{}是", "（{}）")))
        if rng.random() < 0.3 and lead.text.endswith("："):
            paragraphs += [lead, listed]
        else:
            paragraphs.append(concatenate([lead, listed]))
    return tuple(paragraphs)


def _remarks(writer: _Writer) -> tuple[Prose, ...]:
    rng = writer.rng
    sentences = [writer.filler("remarks") for _ in range(rng.choice((0, 1, 1)))]
    if not sentences or rng.random() < 0.8:
        fee = writer.sentence("fees")
        if fee is not None:
            sentences.insert(0, fee)
    if len(sentences) > 1 and rng.random() < 0.4:
        return tuple(_paragraph([sentence]) for sentence in sentences)
    return (_paragraph(sentences or [writer.filler("remarks")]),)

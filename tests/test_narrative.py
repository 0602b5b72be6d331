"""The prose of reports: what its figures say, what the splits share, what a pattern looks like."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from decimal import Decimal
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.synthesis import narrative
from training.synthesis.narrative import PatternError
from training.synthesis.narrative.facts import Facts, facts_of
from training.synthesis.narrative.fill import concatenate, fill, fits
from training.synthesis.narrative.mentions import print_mention
from training.synthesis.narrative.notation import (
    MENTIONS,
    SCOPES,
    Mention,
    Shape,
    Slot,
    Style,
    fillers,
    keys,
    parse,
    patterns,
)
from training.synthesis.narrative.numerals import Hand, chinese, write_number
from training.synthesis.narrative.organization import read_organization
from training.synthesis.prose import FigureSpan, Prose
from training.synthesis.splits import Split
from training.synthesis.values import (
    BLANK,
    Printed,
    disclosure_values,
    dispute_values,
    number,
    request_values,
)

FREQUENT = {
    "proactive_items",
    "applications_received",
    "applications_answered",
    "applications_carried_forward",
    "applications_granted",
    "applications_partially_granted",
    "applications_denied",
    "applications_unavailable",
    "applications_rejected",
    "applications_other",
    "normative_documents_issued",
    "documents_published",
    "website_items",
    "wechat_items",
    "weibo_items",
    "policy_interpretations",
    "reconsideration_cases",
    "lawsuits",
    "people_congress_suggestions",
    "cppcc_proposals",
    "processing_fee",
}
RARE = {
    "regulations_issued",
    "video_items",
    "new_media_items",
    "visits",
    "followers",
    "hotline_cases",
    "mailbox_messages",
    "suggestions_and_proposals",
    "press_conferences",
    "gazette_issues",
    "training_sessions",
    "trainees",
    "consultations",
    "service_items",
    "online_rate",
}
LEAST = {
    Split.TRAIN: (14, 5),
    Split.VALIDATION: (4, 2),
    Split.CALIBRATION: (4, 2),
    Split.TEST: (8, 3),
}
SPLITS = st.sampled_from(list(Split))
SEEDS = st.integers(0, 10**9)
ORGANIZATIONS = st.sampled_from(
    (
        "青石县人民政府",
        "东湾市人民政府办公室",
        "石门岭镇人民政府",
        "金沙街道办事处",
        "云岭区统计局",
        "江州市发展和改革委员会",
        "临江省人民政府",
        "白鹭湖风景区管理处",
    )
)


def table_values(rng: Random, scale: int, edition: str = "2021") -> dict[str, Printed]:
    return {
        **disclosure_values(edition, rng, scale=scale * 20),
        **request_values(rng, scale=scale, single_other=edition == "2019"),
        **dispute_values(rng, scale=scale // 5),
    }


def write(
    seed: int,
    split: Split = Split.TRAIN,
    organization: str = "青石县人民政府",
    scale: int = 40,
    *,
    is_long: bool = True,
) -> narrative.Narrative:
    rng = Random(seed)
    values = table_values(rng, scale)
    return narrative.write(organization, 2023, values, rng, split=split, is_long=is_long)


def paragraphs(written: narrative.Narrative) -> tuple[Prose, ...]:
    return (*written.preamble, *written.overview, *written.problems, *written.remarks)


# --- reading what is printed, by rules of its own -------------------------------------------------

_ZERO_WORD = re.compile(r"未|无|没有|没产生|零|不存在|不涉及|不收|不予收取|不曾|免收|空白|[空从]缺")
_PRINTED = re.compile(
    r"(?P<about>近|约|超过|超)?(?P<digits>\d+(?:,\d{3})*(?:\.\d+)?|[两一二三四五六七八九十]+)"
    r"(?P<size>[万亿])?(?P<more>余|多)?(?P<unit>\D*)"
)


def chinese_value(text: str) -> int:
    """By counting up: the words of the numbers to 99, one after the other."""
    ones = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"]
    words = ones + [(ones[t] if t > 1 else "") + "十" + o for t in range(1, 10) for o in ones]
    return 2 if text == "两" else words.index(text)


def read_printed(text: str) -> tuple[Decimal, str, bool]:
    """Value, unit and whether it is exact."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    match = _PRINTED.fullmatch(plain)
    assert match is not None, text
    digits = match["digits"].replace(",", "")
    value = Decimal(digits) if digits[0].isascii() else Decimal(chinese_value(digits))
    value *= {"万": 10**4, "亿": 10**8, None: 1}[match["size"]]
    return value, match["unit"], not (match["about"] or match["more"])


def check(prose: Prose) -> None:
    """Every figure says what its characters say; none overlaps another."""
    end = 0
    for figure in prose.figures:
        assert end <= figure.start < figure.end <= len(prose.text)
        end = figure.end
        text = prose.text[figure.start : figure.end]
        assert text == text.strip()
        assert figure.key in keys()
        assert figure.scope is None or figure.scope in SCOPES
        if re.search(r"\d|[一二三四五六七八九十两]", text):
            assert read_printed(text) == (figure.value, figure.unit, figure.is_exact), text
            assert figure.unit in (*keys()[figure.key].units, "")
        else:
            assert (figure.value, figure.is_exact) == (0, True)
            assert figure.unit == keys()[figure.key].units[0]
            assert _ZERO_WORD.search(prose.sentence(figure)), prose.text
            assert _ZERO_WORD.search(text) or text in ("行政诉讼", "诉讼")


def check_text(prose: Prose) -> None:
    """No residue of the notation, no doubled or misplaced punctuation, every character printable
    in GBK, in which some reports come."""
    prose.text.encode("gbk")
    assert not re.search(r"[<>@~|={}]|None|\bmention\b", prose.text)
    assert not re.search(r"[，。；：、]{2}|^[，。；：、]|（）|[，；：、]$", prose.text[:-1])
    is_heading = len(prose.text) < 25 and not prose.figures and prose.text[-1] not in "，；"
    assert prose.text.endswith(("。", "：")) or is_heading, prose.text


# --- the patterns --------------------------------------------------------------------------------


def test_every_key_has_its_patterns_in_every_split() -> None:
    assert set(keys()) == FREQUENT | RARE
    total: Counter[str] = Counter()
    for split in Split:
        counts = Counter(key for pattern in patterns(split) for key in pattern.keys)
        total += counts
        for key in keys():
            assert counts[key] >= LEAST[split][key in RARE], (split, key)
    for key in keys():
        assert total[key] >= (10 if key in RARE else 30), key


def _bigrams(text: str) -> set[str]:
    plain = re.sub(r"[^一-鿿#]", "", re.sub(r"<[^>]*>", "#", text))
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def test_splits_share_no_sentence_and_none_that_is_nearly_the_same() -> None:
    sentences = [
        (split, pattern.text, _bigrams(pattern.text))
        for split in Split
        for group in (patterns(split), *fillers(split).values())
        for pattern in group
    ]
    assert len({text for _, text, _ in sentences}) == len(sentences)
    for (split, text, words), (other, other_text, other_words) in combinations(sentences, 2):
        if split is not other:
            likeness = len(words & other_words) / len(words | other_words)
            assert likeness < 0.65, (text, other_text)


def test_there_are_enough_sentences_without_figures() -> None:
    counts = {split: sum(map(len, fillers(split).values())) for split in Split}
    assert sum(counts.values()) >= 120
    assert min(counts.values()) >= 20
    assert {topic for split in Split for topic in fillers(split)} == set(fillers(Split.TEST))


@pytest.mark.parametrize("split", Split)
def test_every_pattern_can_be_used(split: Split) -> None:
    for pattern in patterns(split):
        prose = narrative.say(pattern, Random(pattern.text))
        check(prose)
        assert {figure.key for figure in prose.figures} == pattern.keys
        assert [f.key for f in prose.figures] == [slot.key for slot in pattern.slots]


@pytest.mark.parametrize(
    ("text", "message"),
    (
        ("公开<proactive_item>", "neither a key nor a mention"),
        ("公开<proactive_items 匹>", "no unit"),
        ("公开<proactive_items @somewhere>", "no unit"),
        ("公开<proactive_items", "unpaired '<'"),
        ("公开<>条", "empty"),
        ("公开<number>条", "takes range"),
        ("公开<growth weather>", "takes key"),
        ("(全年|<proactive_items>)", "part of a choice"),
        ("（全年|一年来），公开信息", "outside of a choice"),
    ),
)
def test_a_mistaken_pattern_is_told_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        parse(text)


def test_the_notation() -> None:
    slot = Slot("proactive_items", ("条", "件"), "new", Style.ROUND)
    assert parse("共<proactive_items 条/件 @new ~round>。") == ("共", slot, "。")
    assert parse("<applications_received =未收到>") == (
        Slot("applications_received", words="未收到"),
    )
    assert parse("<number 3-40>") == (Mention("number", "3-40"),)


# --- numbers -------------------------------------------------------------------------------------


@given(st.integers(1, 99))
def test_words_of_numbers(value: int) -> None:
    assert chinese_value(chinese(value)) == value


@given(SEEDS, st.integers(1, 10**9), st.sampled_from(list(Shape)), st.sampled_from((None, "round")))
def test_written_numbers_say_their_value(
    seed: int, amount: int, shape: Shape, style: str | None
) -> None:
    rng = Random(seed)
    hand = Hand(*(rng.random() < 0.5 for _ in range(3)))
    written = write_number(amount, "条", shape, style and Style(style), hand, rng)
    assert read_printed(written.text) == (written.value, "条", written.is_exact)
    if shape is Shape.CASES and style is None:
        assert written.is_exact
        assert written.value == amount
    assert abs(written.value - amount) <= max(amount / 2, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    (
        ("18万余条", (180000, "条", False)),
        ("近300条", (300, "条", False)),
        ("１２ 件", (12, "件", True)),
        ("1,234件", (1234, "件", True)),
        ("13.6万条", (136000, "条", True)),
        ("十二场", (12, "场", True)),
        ("260余", (260, "", False)),
        ("98.5%", (Decimal("98.5"), "%", True)),
    ),
)
def test_the_reading_that_these_tests_rely_on(
    text: str, expected: tuple[Decimal, str, bool]
) -> None:
    assert read_printed(text) == expected


# --- reports -------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(SEEDS, SPLITS, ORGANIZATIONS, st.sampled_from((0, 1, 7, 90)), st.booleans())
def test_reports_say_what_their_figures_say(
    seed: int, split: Split, organization: str, scale: int, is_long: bool
) -> None:
    written = write(seed, split, organization, scale, is_long=is_long)
    for prose in paragraphs(written):
        check(prose)
        check_text(prose)
    assert len(written.overview) in (range(5, 10) if is_long else range(2, 4))
    assert 2 <= len(written.problems) <= 4
    assert written.preamble
    assert written.remarks


@settings(deadline=None, max_examples=30)
@given(SEEDS, SPLITS, st.booleans())
def test_the_same_seed_writes_the_same(seed: int, split: Split, is_long: bool) -> None:
    assert write(seed, split, is_long=is_long) == write(seed, split, is_long=is_long)


def test_nearly_all_reports_state_figures() -> None:
    n_stated = [
        len(stated(write(seed, split, scale=scale, is_long=is_long)))
        for seed in range(20)
        for split in Split
        for scale in (0, 30)
        for is_long in (False, True)
    ]
    assert sum(n > 0 for n in n_stated) >= 0.97 * len(n_stated)
    assert sum(n_stated) / len(n_stated) > 6


def stated(written: narrative.Narrative) -> list[FigureSpan]:
    return [figure for prose in paragraphs(written) for figure in prose.figures]


def test_most_reports_agree_with_their_tables() -> None:
    agreeing = total = 0
    for seed in range(300):
        rng = Random(seed)
        values = table_values(rng, 30)
        written = narrative.write(
            "云岭区统计局", 2023, values, rng, split=Split.TRAIN, is_long=True
        )
        slots = {
            ("applications_received", None): "requests.new_received.total",
            ("applications_received", "new"): "requests.new_received.total",
            ("applications_received", "carried_over"): "requests.carried_over.total",
            ("applications_carried_forward", None): "requests.carried_forward.total",
            ("applications_granted", None): "requests.granted.total",
            ("applications_answered", None): "requests.total_handled.total",
            ("reconsideration_cases", None): "disputes.reconsideration.total",
            ("normative_documents_issued", None): "disclosure.normative_documents.made",
        }
        for figure in stated(written):
            if (figure.key, figure.scope) in slots:
                total += 1
                agreeing += figure.value == values[slots[figure.key, figure.scope]].value
    assert total > 300
    assert 0.9 < agreeing / total < 1


def test_outcomes_and_lawsuits_are_sums_of_rows() -> None:
    values = table_values(Random(5), 90)
    facts = facts_of(read_organization("云岭区统计局"), 2023, values, Random(1))
    denied = sum(
        printed.value or 0
        for slot, printed in values.items()
        if slot.startswith("requests.denied_") and slot.endswith(".total")
    )
    assert facts.amounts["applications_denied", None] == denied
    lawsuits = sum(
        values[f"disputes.{row}.total"].value or 0
        for row in ("direct_lawsuit", "lawsuit_after_reconsideration")
    )
    assert facts.amounts["lawsuits", None] == lawsuits


@settings(deadline=None, max_examples=40)
@given(SEEDS, SPLITS)
def test_of_a_blank_table_nothing_is_said_but_none(seed: int, split: Split) -> None:
    rng = Random(seed)
    values = dict.fromkeys(table_values(rng, 5), BLANK)
    written = narrative.write("青石县人民政府", 2023, values, rng, split=split, is_long=True)
    for figure in stated(written):
        if figure.key.startswith("applications_") or figure.key in (
            "reconsideration_cases",
            "lawsuits",
            "normative_documents_issued",
        ):
            assert figure.value == 0


@settings(deadline=None, max_examples=40)
@given(SEEDS, SPLITS)
def test_a_report_without_tables_is_written_too(seed: int, split: Split) -> None:
    written = narrative.write("柳河乡人民政府", 2020, {}, Random(seed), split=split, is_long=True)
    assert stated(written)


@settings(deadline=None, max_examples=60)
@given(SEEDS, SPLITS)
def test_no_figure_is_stated_twice(seed: int, split: Split) -> None:
    counts = Counter((figure.key, figure.scope) for figure in stated(write(seed, split)))
    assert set(counts.values()) <= {1}


def test_reports_vary_in_how_they_print() -> None:
    texts = [
        prose.text[figure.start : figure.end]
        for seed in range(400)
        for prose in paragraphs(write(seed, Split.TRAIN, "东湾市人民政府"))
        for figure in prose.figures
    ]
    for form in ("余", "近", "约", "多", "超", "万", "万余", "未", "无", "０", ",", "两", " ", "."):
        assert any(form in text for text in texts), form


# --- statements ----------------------------------------------------------------------------------


@pytest.mark.parametrize("split", Split)
def test_statements_cover_all_keys(split: Split) -> None:
    found = list(narrative.statements(Random(3), split, 2 * len(keys())))
    assert len(found) == 2 * len(keys())
    counts: Counter[str] = Counter()
    for prose in found:
        check(prose)
        check_text(prose)
        assert prose.text.endswith("。")
        counts.update({figure.key for figure in prose.figures})
    assert min(counts[key] for key in keys()) >= 2
    assert found == list(narrative.statements(Random(3), split, 2 * len(keys())))


def test_statements_for_a_report_are_about_its_year() -> None:
    texts = [prose.text for prose in narrative.statements(Random(1), Split.TRAIN, 150, year=2007)]
    years = {year for text in texts for year in re.findall(r"(?<![0-9〔])(20[0-9]{2}) ?年", text)}
    assert "2007" in years
    assert years <= {"2003", "2005", "2006", "2007", "2008", "2011"}


def test_statements_have_every_scope() -> None:
    found = narrative.statements(Random(8), Split.TRAIN, 900)
    scopes = {figure.scope for prose in found for figure in prose.figures}
    assert scopes == {None, *SCOPES}


# --- single rules --------------------------------------------------------------------------------


def facts(organization: str = "云岭区统计局", **counts: int) -> Facts:
    values = {f"requests.{row}.total": number(count) for row, count in counts.items()}
    return facts_of(read_organization(organization), 2023, values, Random(2))


def _pattern(start: str) -> narrative.Pattern:
    return next(
        pattern for split in Split for pattern in patterns(split) if pattern.text.startswith(start)
    )


def test_zero_in_words_is_said_only_of_none() -> None:
    pattern = _pattern("<when><applications_received =未收到>")
    assert not fits(pattern, facts(new_received=3))
    assert fits(pattern, facts(new_received=0))
    prose = fill(pattern, facts(new_received=0), Hand(), Random(1))
    (figure,) = prose.figures
    assert prose.text[figure.start : figure.end] == "未收到"


def test_a_gap_is_no_figure() -> None:
    pattern = _pattern("主动公开政府信息<gap>条")
    prose = fill(pattern, facts(), Hand(), Random(1))
    assert prose.figures == ()
    assert re.fullmatch(r"主动公开政府信息\s*条", prose.text)


def test_carried_over_applications_change_the_scope() -> None:
    pattern = _pattern("本年度收办")
    told = facts(new_received=8, carried_over=4, granted=9, carried_forward=3)
    received, answered, forward = fill(pattern, told, Hand(), Random(1)).figures
    whole = told.amounts["applications_received", "new"]
    assert received.scope == "handled_including_carried_over"
    assert received.value == int(whole or 0) + 4
    assert (answered.value, answered.scope) == (9, None)
    assert (forward.key, forward.value) == ("applications_carried_forward", 3)


def test_bodies_speak_of_themselves() -> None:
    assert read_organization("青石县人民政府").we == "我县"
    assert read_organization("青石县人民政府办公室").area == "全县"
    assert read_organization("石门岭镇人民政府").office == "党政办公室"
    assert read_organization("云岭区统计局").chief == "局长"
    assert read_organization("青石县民政局").stem == "青石"
    assert read_organization("临江市青石县白鹭镇人民政府").we == "我镇"
    assert read_organization("临江市青石县白鹭镇人民政府").stem == "白鹭"
    assert read_organization("青石自治县人民政府").chief == "县长"
    assert read_organization("东江苏木人民政府").area == "全苏木"
    assert read_organization("东湾市经济技术开发区管理委员会").we == "管委会"
    assert read_organization("东湾市城市管理局").stem == "东湾"
    assert read_organization("西江市国有资产监督管理委员会").we == "我委"
    assert read_organization("后峪市鹤岗区统计局").stem == "鹤岗"
    assert read_organization("梅湾县桃桥镇").chief == "镇长"
    assert read_organization("榆浦市").is_government
    assert read_organization("某某中心").we == "本机关"
    assert read_organization("临江省人民政府").level > read_organization("青石县人民政府").level


def test_every_mention_is_printed() -> None:
    told = facts("东湾市人民政府")
    for name, kind in MENTIONS.items():
        if name in ("part", "rest"):
            continue
        argument = {"": "", "range": "3-9", "key": "proactive_items"}[kind]
        if kind or name not in told.cases:
            printed = print_mention(Mention(name, argument), "条", told, Hand(), Random(1))
            assert printed or name == "gap"


def test_pieces_join_without_a_space_behind_punctuation() -> None:
    figure = FigureSpan(1, 5, "proactive_items", Decimal(12), "条")
    joined = concatenate(["共，", Prose(" 12 条", (figure,))])
    assert joined.text == "共，12 条"
    (moved,) = joined.figures
    assert joined.text[moved.start : moved.end] == "12 条"

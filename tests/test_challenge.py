"""The challenge set: whole, valid by its own rules, and large enough."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval.cases import Case, load_cases

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "eval" / "challenge"
SCHEMA = ROOT / "extractor" / "schemas" / "government-disclosure.yaml"
SCOPES = {
    *("new", "cumulative", "carried_over", "handled_including_carried_over", "part_of"),
    *("whole_area", "own_office", "wechat", "weibo", "video"),
    *("solicitation", "interview", "interaction"),
}
FIELDS = {"key", "value", "unit", "printed", "exactness", "scope"}
APPROXIMATE = re.compile("余|约|近|多|超|逾|不足")


def read_items() -> list[dict[str, Any]]:
    lines = (FOLDER / "sentences.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


ITEMS = read_items()
FIGURES = [(item, figure) for item in ITEMS for figure in item["figures"]]


def read_units() -> dict[str, set[str]]:
    """The units of each key of the schema."""
    keys = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["figures"]["keys"]
    return {key["key"]: set(key["units"]) for key in keys}


def read_cases() -> tuple[Case, ...]:
    cases, problems = load_cases(FOLDER / "tables")
    assert problems == ()
    return cases


def test_the_set_is_large_enough() -> None:
    assert len(ITEMS) >= 200
    assert sum(not item["figures"] for item in ITEMS) >= 40
    assert len(read_cases()) >= 30


def test_nothing_stands_twice() -> None:
    for values in (
        [item["id"] for item in ITEMS],
        [re.sub(r"\s", "", item["text"]) for item in ITEMS],
        [case.truth["sha256"] for case in read_cases()],
        [case.truth["organization"] for case in read_cases()],
    ):
        assert [value for value, count in Counter(values).items() if count > 1] == []


def test_items_have_the_stated_fields() -> None:
    for item in ITEMS:
        assert set(item) == {"id", "text", "figures"}
        assert item["text"].strip()
        assert re.fullmatch(r"[a-z]+-\d{3}", item["id"]), item["id"]
        assert bool(item["figures"]) is not item["id"].startswith("tempting"), item["id"]


def test_figures_are_valid() -> None:
    units = read_units()
    for item, figure in FIGURES:
        assert set(figure) == FIELDS, item["id"]
        assert figure["key"] in units, item["id"]
        assert figure["unit"] in units[figure["key"]] | {""}, item["id"]
        assert figure["scope"] in SCOPES | {None}, item["id"]
        assert figure["exactness"] in ("exact", "approximate"), item["id"]
        assert isinstance(figure["value"], int | float), item["id"]


def test_every_figure_is_printed_in_its_text() -> None:
    for item, figure in FIGURES:
        assert figure["printed"] in item["text"], item["id"]
        is_round = APPROXIMATE.search(figure["printed"]) is not None
        assert is_round == (figure["exactness"] == "approximate"), item["id"]
    for item in ITEMS:
        # Figures of one text stand in its order, and apart unless one word denies several.
        at = 0
        last = ""
        for figure in item["figures"]:
            if figure["printed"] == last and figure["value"] == 0:
                continue
            at = item["text"].index(figure["printed"], at) + len(figure["printed"])
            last = figure["printed"]


def test_every_key_occurs() -> None:
    counts = Counter(figure["key"] for _, figure in FIGURES)
    for key in read_units():
        assert counts[key] >= 4, key


def test_numbers_in_digits_have_the_printed_value() -> None:
    for item, figure in FIGURES:
        printed = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", figure["printed"]))
        plain = re.fullmatch(r"[^\d]*(\d+(?:\.\d+)?)[^\d万亿.]*", printed)
        if plain:
            assert float(plain[1]) == figure["value"], item["id"]


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.name)
def test_truths_state_every_slot_of_their_edition(case: Case) -> None:
    truth = case.truth
    counts = Counter(slot.split(".")[0] for slot in truth["slots"])
    is_single = "requests.other.total" in truth["slots"]
    assert counts["disclosure"] == {"2019": 22, "2021": 10}[truth["edition"]]
    assert counts["requests"] == (23 if is_single else 25) * 7
    assert counts["disputes"] == 15
    assert set(truth["cells"]) == set(truth["slots"])
    for slot, cell in truth["cells"].items():
        assert (cell["state"] == "number") == (truth["slots"][slot] is not None), slot

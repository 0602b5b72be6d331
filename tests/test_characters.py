"""Canonical forms: the same words in any spelling compare equal, and nothing else does."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.characters import canonical, canonical_with_offsets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \u3000\xa0\n", ""),
        ("总 计", "总计"),
        ("２０２５ 年１ 月", "2025年1月"),
        ("主动公开 2428 条", "主动公开2428条"),
        ("商业\n企业", "商业企业"),
        ("第二十条第（一）项", "第二十条第(一)项"),
        ("⒈属于国家秘密", "1.属于国家秘密"),
        ("政府信息公開條例", "政府信息公开条例"),
        ("結轉下年度繼續辦理", "结转下年度继续办理"),
        ("危及「三安全一穩定」", '危及"三安全一稳定"'),
        ("〔2021〕30 号", "[2021]30号"),
        ("—4—", "-4-"),
        ("－１６７", "-167"),
        ("⼈⺠政府", "人民政府"),
        ("1 113", "1 113"),
        ("PDF  file", "PDF file"),
        ("其中①15条", "其中①15条"),
        ("自\u200b然\ufeff人", "自然人"),
    ],
)
def test_canonical(text: str, expected: str) -> None:
    assert canonical(text) == expected


def test_characters_of_simplified_texts_stay() -> None:
    """Characters that are simplified words of their own, though some dictionaries convert them."""
    assert canonical("著名干部后里乾坤") == "著名干部后里乾坤"


@given(st.text())
def test_canonical_is_idempotent(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",))))
def test_offsets_point_into_the_text(text: str) -> None:
    form, offsets = canonical_with_offsets(text)
    assert len(form) == len(offsets)
    assert list(offsets) == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


def test_simplified_text_never_loads_the_conversion_tables() -> None:
    program = (
        "import sys; from extractor.characters import canonical;"
        "canonical('政府信息公开工作年度报告 2024 年');"
        "sys.exit('opencc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

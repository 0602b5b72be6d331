"""What an address asks for in a text."""

from __future__ import annotations

from extractor.review.listing import LONGEST, words_of


def test_what_no_name_has_is_left_out() -> None:
    assert words_of(" 民政 ") == words_of("民\0政\0") == "民政"
    assert words_of("") is words_of(" \0") is None
    assert words_of("民" * 60_000) == "民" * LONGEST

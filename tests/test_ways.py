"""Which way of assembling a table is believed, and what names no row."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from extractor.assemble.anchors import is_furniture
from extractor.assemble.geometric import Assembled
from extractor.assemble.ways import _explained
from extractor.schema import load_schema
from extractor.types import Candidate, Evidence, Reading, State

REQUESTS = load_schema().layout("requests", "detailed")
DISPUTES = load_schema().layout("disputes", "standard")


@pytest.mark.parametrize(
    ("text", "is_group"),
    [
        ("（六）其他", True),  # the first line of （六）其他处理, beside the rows of the group
        ("(六)其他", True),
        ("（六）其他处理", True),
        ("（五）不予", True),
        ("3.其他", False),
        ("其他", False),
        ("（七）总计", False),
        ("四、结转下年度继续办理", False),
        ("（六）", False),
        ("2.申请人逾期未按收费通知要求缴纳", False),
    ],
)
def test_the_beginning_of_a_group_names_no_row(text: str, is_group: bool) -> None:
    assert is_furniture([text], REQUESTS.blocks) == [is_group]


def test_words_and_blanks_in_cells_explain_less_than_numbers() -> None:
    """A text layer whose numbers were weakly placed was once read turned by 90 degrees, with the
    words of its header for values and empty cells for sure."""
    slots = [slot.id for slot in DISPUTES.slots]
    number = Reading("0", State.NUMBER, Decimal(0))
    weak = {s: Candidate(s, number, 1.0, 1.0, 0.5, Evidence(line=1), "place") for s in slots}
    words = (Reading("尚未审结", State.ILLEGIBLE), Reading("", State.BLANK))
    sure = {
        s: replace(weak[s], reading=words[i % 2], column_anchor=0.9) for i, s in enumerate(slots)
    }
    upright, turned = (Assembled(DISPUTES, found, {}, 1.0) for found in (weak, sure))
    assert _explained(upright) > _explained(turned)

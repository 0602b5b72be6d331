"""Printed words against labels: one by one, and as sequences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.labels import align, best_label, keys, similarity
from extractor.schema import Label, load_schema

LAYOUT = load_schema().layout("requests", "detailed")
ROWS = [row.label for row in LAYOUT.blocks[0].rows if row.label is not None]
ROW_IDS = [row.id for row in LAYOUT.blocks[0].rows]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("1、属于国家秘密", "denied_state_secret"),
        ("属于国家秘密", "denied_state_secret"),
        ("2.其他法律行政止公开", "denied_prohibited_by_law"),
        ("（七）总 计", "total_handled"),
        ("(二)部分公开", "partially_granted"),
        ("（二）部分公开（区分处理的，只计这一情形）", "partially_granted"),
        ("二、上年结转政府信息公开数量", "carried_over"),
        ("（四）无法提供1.本机关不掌握相关政府信息", "unavailable_not_held"),
        ("5.要求行政機關確認或重新出具已獲取信息", "rejected_confirmation"),
        ("3.其他", "other_misc"),
        ("一、本年新收政府信息公开申请数童", "new_received"),
    ],
)
def test_the_right_row_is_most_similar(text: str, row: str) -> None:
    found = best_label(text, ROWS)
    assert found is not None
    assert ROW_IDS[found[0]] == row


@pytest.mark.parametrize("text", ["", "|", "2020", "关于做好春季造林工作的通知"])
def test_other_text_is_no_label(text: str) -> None:
    assert best_label(text, ROWS) is None


def test_numbering_alone_does_not_make_a_label() -> None:
    assert similarity("7.", Label("7.属于行政执法案卷", ("7.属于行政执法案卷",))) < 0.5


def test_keys_drop_numbering_spaces_and_brackets() -> None:
    assert keys("（二） 部分公开（区分处理的）") == ("二部分公开区分处理的", "部分公开")
    assert keys("") == ("", "")


def label(text: str) -> Label:
    return Label(text, (text,))


def test_broken_labels_are_joined_and_foreign_text_is_skipped() -> None:
    texts = ["说明", "要求行政机关确认或重", "新出具已获取信息", "（五）不予处理", "重复申请"]
    labels = [label("要求行政机关确认或重新出具已获取信息"), label("重复申请")]
    matches = align(texts, labels).matches
    assert [(m.label, m.start, m.stop) for m in matches] == [(0, 1, 3), (1, 4, 5)]


def test_order_decides_between_equal_labels() -> None:
    labels = [label("其他"), label("总计"), label("其他"), label("总计")]
    matches = align(["其他", "总计", "总计"], labels).matches
    assert [m.label for m in matches][:2] == [0, 1]
    assert [m.start for m in matches] == [0, 1, 2]


def test_texts_of_different_cells_are_not_joined() -> None:
    labels = [label("商业企业")]
    assert align(["商业", "企业"], labels, breaks=[1, 1]).matches
    assert all(
        m.stop - m.start == 1 for m in align(["商业", "企业"], labels, breaks=[1, 2]).matches
    )


def test_far_away_look_alikes_lose_against_a_cluster() -> None:
    labels = [label("属于国家秘密"), label("保护第三方合法权益"), label("属于行政执法案卷")]
    texts = ["属于国家秘密", *["正文"] * 200, *(x.text for x in labels)]
    assert [m.start for m in align(texts, labels).matches] == [201, 202, 203]


def test_the_beginning_of_one_label_alone_is_that_label_where_ends_may_be_lost() -> None:
    def found(text: str) -> list[str]:
        return [ROW_IDS[match.label] for match in align([text], ROWS, may_be_cut=True).matches]

    assert found("5.要求行政机关确") == ["rejected_confirmation"]
    assert align(["5.要求行政机关确"], ROWS).matches == ()
    assert found("要求行") == []  # too short
    labels = [
        label("要求行政机关确认或重新出具已获取信息"),
        label("要求行政机关另行制作或者公开政府信息"),
    ]
    assert align(["要求行政机关"], labels, may_be_cut=True).matches == ()


@pytest.mark.parametrize(("texts", "labels"), [([], ROWS), (["一"], []), (["无关"], ROWS)])
def test_nothing_to_align(texts: list[str], labels: list[Label]) -> None:
    assert align(texts, labels).matches == ()


@given(st.sets(st.integers(0, len(ROWS) - 1), min_size=3), st.data())
def test_any_subset_of_rows_is_found_in_order(kept: set[int], data: st.DataObject) -> None:
    texts: list[str] = []
    expected = []
    for i in sorted(kept):
        if data.draw(st.booleans()):
            texts.append("—— 无关的文字 ——")
        expected.append((i, len(texts)))
        texts.append(ROWS[i].text)
    matches = align(texts, ROWS).matches
    assert [(m.label, m.start) for m in matches] == expected
    assert all(m.similarity > 0.99 for m in matches)

"""The token classifier as it is served: the shipped artefact, damaged ones, odd documents."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.classify import classify
from extractor.errors import ModelError
from extractor.figures import find_figures
from extractor.prose import join_prose
from extractor.schema import load_schema
from extractor.token_classifier import FOLDER, TokenClassifier
from extractor.token_labels import labels_of
from extractor.tokens import tokenize_blocks
from extractor.types import Box, Evidence, Fragment, Paragraph, Sheet, SheetKind

CLASSIFIER = TokenClassifier()


def flow(*lines: str) -> tuple[Sheet, ...]:
    return tokenize_blocks([Paragraph(line, i) for i, line in enumerate(lines, start=1)])


def page(*rows: tuple[str, ...]) -> Sheet:
    """Rows of print, evenly spread over a page of 1000 by 1400."""
    fragments = []
    for i, row in enumerate(rows):
        for j, text in enumerate(row):
            x, y = 100 + 800 * j / len(row), 200 + 40 * i
            box = Box(x, y, x + 16 * max(1, len(text)), y + 18)
            fragments.append(Fragment(text, 0.99, Evidence(page=1), box))
    return Sheet(SheetKind.PAGE, tuple(fragments), width=1000, height=1400, page=1)


# --- the artefact --------------------------------------------------------------------------------


def test_the_shipped_artefact_is_for_the_schema_and_small() -> None:
    CLASSIFIER.check(load_schema())
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 45_000_000
    assert {"README.md", "manifest.json", "labels.json"} <= {path.name for path in FOLDER.iterdir()}


def test_what_serves_needs_neither_torch_nor_transformers() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from extractor.token_classifier import TokenClassifier; TokenClassifier();"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _without(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


def _shorter(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-1])


def _manifest(**changed: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changed))

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without("manifest.json"), "missing"),
        (_without("model.onnx"), "missing"),
        (_without("labels.json"), "missing"),
        (_shorter("model.onnx"), "not the file of its manifest"),
        (_shorter("characters.json"), "not the file of its manifest"),
        (_manifest(sha256={}), "another version"),
        (_manifest(format=99), "another version"),
        (_manifest(sha256=None), "damaged"),
        (_manifest(file="other.onnx"), "another version"),
    ],
)
def test_a_damaged_artefact_is_refused_by_name(
    damage: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(FOLDER, folder)
    damage(folder)
    with pytest.raises(ModelError, match=said) as error:
        TokenClassifier(folder)
    assert str(folder) in str(error.value)
    assert "docs/token-classifier.md" in str(error.value)


def test_a_schema_with_other_rows_is_refused() -> None:
    schema = load_schema()
    other = replace(schema, scopes=(*schema.scopes, "by_post"))
    with pytest.raises(ModelError, match="by_post"):
        CLASSIFIER.check(other)
    with pytest.raises(ModelError, match="EXTRACTOR_TOKEN_CLASSIFIER"):
        CLASSIFIER.check(replace(schema, figures=schema.figures[1:]))
    assert CLASSIFIER.labels == labels_of(schema)


# --- any document --------------------------------------------------------------------------------


def test_nothing_gives_nothing() -> None:
    assert CLASSIFIER.read([]) == []
    assert CLASSIFIER.read([Sheet(SheetKind.FLOW, ())]) == [()]


@pytest.mark.parametrize(
    "sheet",
    [
        page(("1", "22", "333"), ("0", "", "9999999")),
        page(("政府信息公開年度報告", "二、主動公開政府信息情況")),
        page(("😀😀", "🏛️公开", "\U0002b740")),
        page(("", "", "")),
        page(("a" * 3000,)),
    ],
    ids=["digits", "traditional", "emoji", "empty cells", "one long word"],
)
def test_odd_pages_get_one_meaning_a_fragment(sheet: Sheet) -> None:
    (meanings,) = CLASSIFIER.read([sheet])
    assert len(meanings) == len(sheet.fragments)
    for meaning in meanings:
        for said in (meaning.roles, meaning.rows, meaning.columns):
            assert all(0 < p <= 1.001 for p in said.values())
            assert sum(said.values()) <= 1.001


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=12))
def test_any_text_is_answered_and_mentions_lie_within_it(lines: list[str]) -> None:
    sheets = flow(*lines)
    for sheet, meanings in zip(sheets, CLASSIFIER.read(sheets), strict=True):
        for fragment, meaning in zip(sheet.fragments, meanings, strict=True):
            for mention in meaning.mentions:
                assert 0 <= mention.start < mention.end <= len(fragment.text)


def test_a_long_document_has_one_answer_whatever_its_windows() -> None:
    sheets = [page(("总计", "12", "0", "5"), ("（二）部分公开", "3", "1", "2"))] * 200
    meanings = CLASSIFIER.read(sheets)
    assert [len(part) for part in meanings] == [len(sheet.fragments) for sheet in sheets]


def test_reading_twice_says_the_same() -> None:
    sheets = flow("2022年收到政府信息公开申请12件，其中予以公开8件。")
    assert CLASSIFIER.read(sheets) == CLASSIFIER.read(sheets)


# --- what it knows -------------------------------------------------------------------------------


def test_a_misprinted_label_is_known_by_its_meaning() -> None:
    rows = [
        ("（二）部分公开（区分处理的，只计这一情形）", "2", "0", "0"),
        ("1.属子国家秘蜜", "0", "0", "0"),
        ("2.其他法侓行政法规禁上公开", "0", "0", "0"),
        ("3.危及三安全一稳定", "0", "0", "0"),
    ]
    (meanings,) = CLASSIFIER.read([page(*rows)])
    best = [max(m.rows, key=lambda row: m.rows[row], default=None) for m in meanings[::4]]
    assert [row and row.partition(".")[0] for row in best] == ["requests"] * 4
    assert len(set(best)) == 4


def test_a_figure_across_two_lines_is_one_mention() -> None:
    lines = ("一、总体情况", "2022年，我局主动公开政府信息1", "765条，回应公众关切，收到申请3件。")
    (meanings,) = CLASSIFIER.read(flow(*lines))
    first, second = meanings[1].mentions[-1], meanings[2].mentions[0]
    assert (first.key, second.key) == ("proactive_items", "proactive_items")
    assert (first.goes_on, first.continues, second.goes_on, second.continues) == (
        *(True, False, False, True),
    )
    assert lines[2][second.start : second.end] == "765条"


def test_figures_are_known_by_meaning_and_numbers_that_are_none_are_not() -> None:
    schema = load_schema()
    sheets = flow(
        "一、总体情况",
        "2022年，本单位通过门户网站晒出各类动态903篇，咨询电话0433-2517766。",
        "全年共收到群众递交的公开申请72件，比上年少9件，都已办结。",
    )
    figures = find_figures(
        join_prose(classify(sheets, schema, CLASSIFIER)[0].fragments), schema.figures, year=2022
    )
    found = {(f.key, f.value) for f in figures}
    assert {("website_items", 903), ("applications_received", 72)} <= found
    assert not {9, 2517766, 433} & {f.value for f in figures}

"""What other tools find, on small grids made by hand; no other tool is needed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.cases import Case
from eval.peers import main
from eval.peers.command import compare_peers, is_readable, report, sample
from eval.peers.grids import Grid, Text, assemble
from eval.peers.guard import Done, Guard, LoadError, Unread
from eval.peers.installed import Packages
from eval.peers.mapping import Answer, map_slots
from eval.peers.markup import html_grids
from eval.peers.paddle import read_page
from eval.peers.readers import NotReadable, Peer, Read, Reading
from eval.peers.scoring import DocumentScore, PeerScore, score
from eval.peers.tables import aligned, condition_rows, markdown, percent, summary_rows
from training.synthesis.form import Table, form_tables, place

FORMS = (("2021", False), ("2021", True), ("2019", True))


def numbered(edition: str, *, single_other: bool) -> tuple[tuple[Table, ...], dict[str, int]]:
    """The tables of a form, and a number of its own for every slot."""
    tables = form_tables(edition, single_other=single_other)
    slots = [slot for table in tables for slot in table.slots()]
    return tables, {slot: i + 10 for i, slot in enumerate(slots)}


def printed(table: Table, values: Mapping[str, int], *, repeat: bool = True) -> Grid:
    """A table as a grid; the text of a span stands in all of its places, or in the first."""
    n_rows = len(table.rows)
    grid = [[""] * table.columns for _ in range(n_rows)]
    for cell in place(table):
        entry = cell.entry
        text = str(values[entry.slot]) if entry.slot else entry.text
        places = [
            (cell.row + i, cell.column + j)
            for i in range(entry.row_span)
            for j in range(entry.column_span)
        ]
        for i, j in places if repeat else places[:1]:
            grid[i][j] = text
    return tuple(map(tuple, grid))


def found(grids: list[Grid]) -> dict[str, int | None]:
    answers = map_slots(grids)
    return {
        slot: None if answer.value is None else int(answer.value)
        for slot, answer in answers.items()
    }


@pytest.mark.parametrize("repeat", [True, False])
@pytest.mark.parametrize(("edition", "single_other"), FORMS)
def test_the_form_itself_gives_every_slot(edition: str, single_other: bool, repeat: bool) -> None:
    tables, values = numbered(edition, single_other=single_other)
    assert found([printed(table, values, repeat=repeat) for table in tables]) == values


def requests_of_2021() -> tuple[Grid, dict[str, int]]:
    tables, values = numbered("2021", single_other=False)
    return printed(tables[1], values), {s: v for s, v in values.items() if s.startswith("requests")}


def test_labels_merged_into_one_cell_are_found() -> None:
    grid, values = requests_of_2021()
    merged = [("".join(dict.fromkeys(row[:3])), *row[3:]) for row in grid]
    assert found([tuple(merged)]) == values


def test_a_missing_row_leaves_the_others_where_they_are() -> None:
    grid, values = requests_of_2021()
    gone = "requests.denied_process_information."
    rows = tuple(row for row in grid if not any("四类过程性" in text for text in row))
    assert found([rows]) == {s: v for s, v in values.items() if not s.startswith(gone)}


def test_columns_are_found_by_their_headers() -> None:
    grid, values = requests_of_2021()
    order = (0, 1, 2, 9, 5, 3, 8, 4, 7, 6)
    assert found([tuple(tuple(row[j] for j in order) for row in grid)]) == values


def test_a_row_without_label_is_found_by_its_place_among_many() -> None:
    grid, values = requests_of_2021()
    rows = [
        ("", "", "", *row[3:]) if any("重复申请" in text for text in row[2:3]) else row
        for row in grid
    ]
    assert found([tuple(rows)]) == values


def test_a_table_over_two_grids_needs_its_header_only_once() -> None:
    grid, values = requests_of_2021()
    assert found([grid[:14], grid[14:]]) == values


def test_what_a_cell_says() -> None:
    grid, _ = requests_of_2021()
    texts = {
        "natural_person": ("1,113", Decimal(1113)),
        "enterprise": ("减3", Decimal(-3)),
        "research_institution": ("", None),
        "nonprofit": ("/", None),
        "legal_service": ("22（其中转办16件）", Decimal(22)),
    }
    row = ("一、本年新收政府信息公开申请数量",) * 3
    first = (*row, *(text for text, _ in texts.values()), "1l2", "7")
    rows = tuple(first if line[0] == row[0] else line for line in grid)
    answers = map_slots([rows])
    for column, (_, value) in texts.items():
        assert answers[f"requests.new_received.{column}"].value == value
    assert "requests.new_received.other" not in answers, "no rule reads it"
    assert answers["requests.new_received.total"].value == 7


def test_nothing_of_the_form_gives_nothing() -> None:
    assert map_slots([]) == {}
    assert map_slots([(("姓名", "电话"), ("王五", "88"))]) == {}


def test_texts_are_laid_on_the_grid_by_their_boxes() -> None:
    def text(text: str, x: float, y: float) -> Text:
        return Text(text, x, y, x + 12.0 * len(text), y + 12.0)

    texts = [
        text("自然人", 200, 0),
        text("总计", 300, 0),
        text("属于国家", 0, 22),
        text("5", 210, 30),
        text("17", 305, 31),
        text("秘密", 0, 38),
        text("重复申请", 0, 80),
        text("0", 211, 80),
        text("— 4 —", 150, 120),
    ]
    assert assemble(texts) == (
        ("", "自然人", "总计"),
        ("属于国家秘密", "5", "17"),
        ("重复申请", "0", ""),
    )
    assert assemble([]) == ()


def test_spans_of_markup_are_written_out() -> None:
    html = "<table><tr><td rowspan='2'>甲</td><td colspan='2'>乙</td></tr><tr><td>1</td><td>2</td>"
    assert html_grids(html) == [(("甲", "乙", "乙"), ("甲", "1", "2"))]


def test_a_peer_that_is_not_installed_says_what_to_do() -> None:
    reason = Packages(("no-such-package-anywhere",)).missing()
    assert "no-such-package-anywhere not installed" in reason
    assert "make peers" in reason
    assert Packages(("numpy",)).missing() == ""


# --- processes ---------------------------------------------------------------------------------


def load_actor() -> Read:
    """A peer that does what the name of its document says."""

    def read(path: Path) -> Reading:
        if path.stem == "hang":
            time.sleep(600)
        elif path.stem == "exit":
            os._exit(7)
        elif path.stem == "raise":
            raise RuntimeError("a defect\nwith more lines")
        elif path.stem == "other":
            raise NotReadable("no PDF")
        return Reading(os.getpid())

    return read


def load_nothing() -> Read:
    raise OSError("the weights are gone")


def test_what_goes_wrong_is_a_failure_of_one_document() -> None:
    with Guard(load_actor) as guard:
        first = guard.read(Path("fine"), 30)
        assert isinstance(first, Done)
        assert guard.read(Path("raise"), 30) == Unread("RuntimeError: a defect")
        assert guard.read(Path("other"), 30) == Unread("no PDF", is_failure=False)
        again = guard.read(Path("fine"), 30)
        assert isinstance(again, Done)
        assert again.reading.pages == first.reading.pages, "the process is kept"
        assert guard.read(Path("hang"), 0.2) == Unread("stopped after 0.2 s")
        assert guard.read(Path("exit"), 30) == Unread("its process ended (exit code 7)")
        last = guard.read(Path("fine"), 30)
        assert isinstance(last, Done)
        assert last.reading.pages != first.reading.pages, "a fresh process"


def test_a_peer_that_cannot_be_loaded_says_why() -> None:
    with Guard(load_nothing) as guard, pytest.raises(LoadError, match="OSError: the weights are"):
        guard.read(Path("fine"), 30)


class Reader:
    """Gives one text and its corners for every image, and counts the images."""

    def __init__(self, texts: tuple[str, ...], width: float, height: float, score: float) -> None:
        self.passes = 0
        x = np.array([[0, 0], [width, 0], [width, height], [0, height]])
        self._result = {
            "rec_texts": texts,
            "rec_scores": [score] * len(texts),
            "rec_polys": [x] * len(texts),
        }

    def predict(self, image: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
        self.passes += 1
        return [self._result]


@pytest.mark.parametrize(
    ("reader", "passes"),
    [
        (Reader(("自然人数量", "7", "8"), 50, 10, 0.98), 1),
        (Reader(("7", "8", "9"), 8, 12, 0.98), 1),
        (Reader(("自然人数量",), 10, 50, 0.98), 4),
        (Reader(("自然人数量",), 50, 10, 0.5), 4),
        (Reader((), 0, 0, 0.0), 1),
    ],
)
def test_only_pages_that_may_be_turned_are_read_again(reader: Reader, passes: int) -> None:
    page = read_page(reader, np.full((60, 80, 3), 255, np.uint8))
    assert reader.passes == passes
    assert page.image.ndim == 3


# --- scores and tables -------------------------------------------------------------------------


def case(slots: Mapping[str, float | None], name: str = "a.pdf", **truth: object) -> Case:
    stem = name.split(".")[0]
    return Case(stem, {"slots": slots, **truth}, Path(name))


def test_what_counts_as_right_and_as_silent() -> None:
    slots = {"a": 1, "b": 2, "c": None, "d": None, "e": 5, "f": None}
    answers = {
        "a": Answer(Decimal(1), is_doubtful=False),
        "b": Answer(Decimal(3), is_doubtful=False),
        "c": Answer(None, is_doubtful=True),
        "e": Answer(Decimal(6), is_doubtful=True),
    }
    truth = case(slots, cells={"f": {"state": "missing"}})
    counted = score(truth, Done(Reading(2, answers=answers), 4.0, 3.0))
    assert (counted.slots, counted.found, counted.right, counted.silent) == (6, 4, 3, 1)
    lost = score(truth, Unread("stopped after 120 s"))
    assert (lost.slots, lost.right, lost.failure) == (6, 0, "stopped after 120 s")


def peer_score(name: str, *documents: DocumentScore) -> PeerScore:
    return PeerScore(name, name.title(), {name: "1.0"}, 1.0, documents, ())


def test_tables_of_scores() -> None:
    seen = DocumentScore("a", "seal", 200, 200, 199, 1, pages=2, seconds=3.0, processor_s=2.0)
    lost = DocumentScore("b", "text_layer", 200, 0, 0, 0, failure="stopped after 120 s")
    whole = DocumentScore("b", "text_layer", 200, 200, 200, 0, pages=2, seconds=1.0)
    scores = [peer_score("ours", seen, whole), peer_score("other", lost)]
    ours, other = summary_rows(scores)[1:]
    assert ours[:7] == ["Ours", "2", "2", "99.75 %", "0.25 %", "1.00", "0.50"]
    assert other[:7] == ["Other", "1", "0", "0.00 %", "0.00 %", "-", "-"]
    assert other[-2:] == ["1", "100.00 %"], "ours on exactly the documents of the other"
    assert condition_rows(scores)[1:] == [
        ["seal", "1", "99.50 %", "-"],
        ["text_layer", "1", "100.00 %", "0.00 %"],
    ]


def test_a_share_is_never_rounded_to_all_or_none() -> None:
    assert percent(None) == "-"
    assert percent(1.0) == "100.00 %"
    assert percent(0.999999) == "99.99 %"
    assert percent(0.000001) == "0.01 %"


def test_tables_are_aligned_and_in_markdown() -> None:
    rows = [["reader", "n"], ["识别", "10"]]
    assert aligned(rows) == "reader   n\n识别    10\n"
    assert markdown(rows) == "| reader | n |\n| --- | ---: |\n| 识别 | 10 |\n"


# --- the command -------------------------------------------------------------------------------


def test_a_missing_peer_is_said_and_the_others_run() -> None:
    peers = [
        Peer("gone", "A tool", load_actor, Packages(("no-such-package-anywhere",))),
        Peer("broken", "Another", load_nothing, Packages(())),
        Peer("actor", "An actor", load_actor, Packages(())),
    ]
    cases = [case({"a": 1}, name) for name in ("fine.pdf", "raise.pdf", "other.pdf", "hang.pdf")]
    comparison = compare_peers(cases, peers, timeout_s=1)
    (actor,) = comparison.scores
    assert [d.failure for d in actor.documents] == [
        "",
        "RuntimeError: a defect",
        "stopped after 1 s",
    ]
    assert actor.unreadable == ("other",)
    said = report(comparison, len(cases), {"docx": 2})
    assert "left out: 2 (2 docx)" in said
    assert "not run: A tool: no-such-package-anywhere not installed; run `make peers`" in said
    assert "not run: Another: cannot be loaded: OSError: the weights are gone" in said
    assert "failed: An actor: hang: stopped after 1 s" in said
    json.dumps(actor.to_json())


def test_documents_of_all_conditions_are_sampled() -> None:
    cases = [case({}, f"{k}{i}.pdf", condition=k) for k in "abc" for i in range(4)]
    assert [c.condition for c in sample(cases, 3)] == ["a", "b", "c"]
    assert len(sample(cases, None)) == len(sample(cases, 99)) == 12
    assert not is_readable(case({}, "a.docx"))
    assert is_readable(case({}, "a.TIF"))


def test_wrong_usage_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([str(tmp_path / "none")], [str(tmp_path), "--peers", "ours,excel"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
    assert "no peer is called excel" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 3
    assert "no PDF or image" in capsys.readouterr().err

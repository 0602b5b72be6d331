"""The second reader of cells: its artefact, its decoding, and what it says of drawn cells."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import numpy as np
import pytest

from extractor.digits import ALPHABET, FOLDER, OTHER, DigitReader, beam_search, prepare
from extractor.errors import ModelError
from training.digits.cells import Cell, fold, load, save
from training.digits.drawing import draw_crop
from training.synthesis.fonts import missing_files


@pytest.fixture(scope="module")
def reader() -> DigitReader:
    return DigitReader()


def path(*characters: str) -> np.ndarray:
    """Steps that are nearly sure of one class each; "" is the gap."""
    steps = np.full((len(characters), 1 + len(ALPHABET)), 1e-4)
    for row, character in zip(steps, characters, strict=True):
        row[ALPHABET.index(character) + 1 if character else 0] = 1 - 1e-4 * len(ALPHABET)
    return steps


@pytest.mark.parametrize(
    ("steps", "text"),
    [(("1", "", "1"), "11"), (("1", "1", ""), "1"), (("", ""), ""), (("3", "0", "0", "."), "30.")],
)
def test_repeated_steps_are_one_character_and_a_gap_parts_two(
    steps: tuple[str, ...], text: str
) -> None:
    assert beam_search(path(*steps))[0][0] == text


def test_paths_of_the_same_text_add_up() -> None:
    # Each step prefers the gap, but the three paths that say "7" are together likelier than "".
    steps = np.zeros((2, 1 + len(ALPHABET)))
    steps[:, 0], steps[:, ALPHABET.index("7") + 1] = 0.6, 0.4
    (best, share), (second, rest) = beam_search(steps)[:2]
    assert (best, second) == ("7", "")
    assert share == pytest.approx(0.64)
    assert rest == pytest.approx(0.36)


def test_no_steps_are_the_empty_text() -> None:
    assert beam_search(np.zeros((0, 1 + len(ALPHABET)))) == [("", 1.0)]


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("１，１１３", "1,113"),
        ("－3", "-3"),
        (" 1 2 ", "12"),
        ("22（其中修订 16 件）", f"22({OTHER}16{OTHER})"),
        ("无", "无"),
        ("", ""),
    ],
)
def test_labels_are_in_the_alphabet(printed: str, text: str) -> None:
    assert fold(printed) == text


def test_cells_are_kept_as_they_were(tmp_path: Path) -> None:
    strips = [np.full((32, width), width, np.uint8) for width in (24, 31)]
    cells = [Cell(strip, text, "fax") for strip, text in zip(strips, ("", "1.5"), strict=True)]
    save(tmp_path / "cells.npz", cells)
    save(tmp_path / "none.npz", [])
    found = list(load([tmp_path / "cells.npz", tmp_path / "none.npz"]))
    assert [(c.text, c.source) for c in found] == [("", "fax"), ("1.5", "fax")]
    assert all((a.strip == b).all() for a, b in zip(found, strips, strict=True))


def test_red_ink_turns_pale() -> None:
    crop = np.full((32, 32, 3), 255, np.uint8)
    crop[8:24, 4:12], crop[8:24, 20:28] = (230, 40, 40), (20, 20, 20)
    strip = prepare(crop)
    assert strip[16, 8] > 200 > 60 > strip[16, 24]


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json.*digit-reader"):
        DigitReader(tmp_path / "absent")


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "digit-reader"
    shutil.copytree(FOLDER, folder)
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match=r"model\.onnx is not the one"):
        DigitReader(folder)


def test_paper_is_blank(reader: DigitReader) -> None:
    paper = np.full((40, 90, 3), 244, np.uint8)
    ruled = paper.copy()
    ruled[:2] = ruled[:, :2] = 60
    for reading in reader.read([paper, ruled, paper[:0]]):
        assert reading.text == ""
        assert reading.blank > 0.9


@pytest.mark.skipif(bool(missing_files()), reason="the faces are not laid out: make fonts")
def test_drawn_cells_are_read(reader: DigitReader) -> None:
    rng = Random("a test's own cells")
    drawn = [draw_crop(rng) for _ in range(300)]
    readings = reader.read([crop for crop, _ in drawn])
    dashes = str.maketrans("一—", "--")
    right = [
        reading.text.translate(dashes) == fold(text).translate(dashes)
        for (_, text), reading in zip(drawn, readings, strict=True)
    ]
    assert sum(right) >= 0.9 * len(right)


@pytest.mark.skipif(bool(missing_files()), reason="the faces are not laid out: make fonts")
def test_a_reading_does_not_depend_on_the_others(reader: DigitReader) -> None:
    rng = Random("batches")
    crops = [draw_crop(rng)[0] for _ in range(20)]
    together = reader.read(crops)
    for crop, reading in zip(crops, together, strict=True):
        (alone,) = reader.read([crop])
        assert alone.text == reading.text
        assert alone.score == pytest.approx(reading.score, abs=1e-4)


@pytest.mark.skipif(bool(missing_files()), reason="the faces are not laid out: make fonts")
def test_alternatives_are_probabilities_best_first(reader: DigitReader) -> None:
    rng = Random("alternatives")
    for reading in reader.read([draw_crop(rng)[0] for _ in range(20)]):
        shares = [share for _, share in reading.alternatives]
        assert reading.alternatives[0][0] == reading.text
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1)
        assert 0 <= reading.blank <= 1 and 0 <= reading.score <= 1


def test_no_crops_give_no_readings(reader: DigitReader) -> None:
    assert reader.read([]) == []

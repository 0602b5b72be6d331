"""Ablations: the same documents with a part of the product and without it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from eval import kept
from eval.__main__ import main
from eval.cases import load_cases
from extractor.engines import Engines
from extractor.ingest import identify
from extractor.orientation import Quads
from extractor.pipeline import extract
from extractor.settings import Settings
from extractor.strips import Strip
from extractor.types import Image
from training.ocr_memory import Remembering

FIXTURES = Path(__file__).parents[1] / "eval" / "fixtures"


def test_both_ways_are_read_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = next(c for c in load_cases(FIXTURES)[0] if c.document and c.document.suffix == ".html")
    assert case.document is not None
    folder = tmp_path / "documents"
    folder.mkdir()
    shutil.copy(case.document, folder)
    shutil.copy(FIXTURES / f"{case.name}.truth.json", folder)
    out = tmp_path / "out"
    assert main(["ablation", str(folder), "--without", "second_look", "-o", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["-", "1"], ["second_look", "1"]]
    assert [line.split()[0] for line in lines[4:]] == ["-", "second_look"]
    assert all("silently repaired 0" in line for line in lines[4:])
    assert lines[1].split()[2] == lines[2].split()[2]
    kept = {path.parent.name: path for path in out.rglob("*.reading")}
    assert set(kept) == {"whole", "second_look"}
    before = kept["whole"].stat().st_mtime_ns
    main(["ablation", str(folder), "-o", str(out)])
    assert kept["whole"].stat().st_mtime_ns == before, "it was read again"


def test_what_is_kept_can_be_decided_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = next(c for c in load_cases(FIXTURES)[0] if c.document and c.document.suffix == ".html")
    assert case.document is not None
    folder, report = tmp_path / "documents", tmp_path / "report"
    folder.mkdir()
    shutil.copy(case.document, folder)
    shutil.copy(FIXTURES / f"{case.name}.truth.json", folder)
    main(["ablation", str(folder), "-o", str(tmp_path / "out")])
    kept = tmp_path / "out" / "whole"
    assert main([str(folder), "-o", str(report), "--kept", str(kept)]) in (0, 1)
    content = json.loads((report / "report.json").read_text("utf-8"))
    assert content["summary"]["results"] == 1
    assert content["header"]["read by"]
    assert main([str(folder), "-o", str(report), "--kept", str(folder)]) == 3
    assert "made-with.json is not there" in capsys.readouterr().err


def test_each_part_is_decided_by_its_own_settings(tmp_path: Path) -> None:
    case = next(c for c in load_cases(FIXTURES)[0] if c.document and c.document.suffix == ".html")
    assert case.document is not None
    source = identify(case.document.name, case.document.read_bytes(), Settings())
    kept.keep(tmp_path, case.name, extract(source, Engines(Settings()), Settings()))
    stated = []
    for is_on in (True, False):
        results, _ = kept.decide_all([case], tmp_path, Settings(calibration=is_on), workers=1)
        cells = results[case.name]["tables"]["requests"]["cells"].values()
        stated.append(any(cell["probability"] is not None for cell in cells))
    assert stated == [True, False]


def test_only_parts_that_can_be_left_out_are_taken(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["ablation", str(tmp_path), "--without", "threads", "-o", str(tmp_path / "out")])


class Counting:
    """Reads the number of its calls."""

    models: dict[str, str] = {}  # noqa: RUF012

    def __init__(self) -> None:
        self.asked = 0

    def detect(self, image: Image, ratio: float) -> Quads:
        self.asked += 1
        return np.zeros((0, 4, 2), np.float32)

    def recognize(self, crops: Sequence[Image]) -> list[Strip]:
        self.asked += len(crops)
        choice = (("1", 0.9), ("7", 0.25))
        return [Strip(str(i), 0.9, 0.95, (0.5,), (choice,)) for i in range(len(crops))]


def test_an_image_is_read_once_in_a_document() -> None:
    engine = Counting()
    memory = Remembering(engine, Settings())
    images = [np.full((4, 8, 3), shade, np.uint8) for shade in (0, 1, 2)]
    with memory.document("a"):
        first = memory.recognize(images[:2])
        assert memory.recognize([images[1], images[0], images[1]]) == [first[1], first[0], first[1]]
        assert engine.asked == 2
        memory.recognize(images)
        assert engine.asked == 3
        memory.detect(images[0], 1.0)
        memory.detect(images[0], 1.0)
        memory.detect(images[0], 0.5)
        assert engine.asked == 5
    with memory.document("a"):
        memory.recognize(images[:1])
    assert engine.asked == 6


def test_what_was_read_of_a_document_is_kept_for_the_next_run(tmp_path: Path) -> None:
    engine, again = Counting(), Counting()
    images = [np.full((4, 8, 3), shade, np.uint8) for shade in (0, 1, 2)]
    memory = Remembering(engine, Settings(), tmp_path)
    with pytest.raises(KeyboardInterrupt), memory.document("a"):
        found, read = memory.detect(images[0], 1.0), memory.recognize(images)
        raise KeyboardInterrupt
    later = Remembering(again, Settings(), tmp_path)
    with later.document("a"):
        quads = later.detect(images[0], 1.0)
        assert (quads.shape, quads.dtype) == (found.shape, found.dtype)
        assert later.recognize(images) == read
    assert again.asked == 0
    with later.document("b"):  # every document has its own
        later.recognize(images[:1])
    assert again.asked == 1
    other = Remembering(again, Settings(inference_precision="f32"), tmp_path)
    with other.document("a"):  # other numbers
        other.recognize(images[:1])
    assert again.asked == 2
    (tmp_path / "a.json.gz").write_bytes(b"damaged")
    with later.document("a"):
        later.recognize(images[:1])
    assert again.asked == 3

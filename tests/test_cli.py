"""The commands on real small documents: lines, files, exit codes, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from extractor import __version__
from extractor.cli import app

DOCUMENTS = Path(__file__).parent.parent / "eval" / "fixtures"
REPORT = (DOCUMENTS / "zeros-2021__flat_lines.txt").read_bytes()
OTHER = (DOCUMENTS / "titles-2021__flat_lines.txt").read_bytes()
NOT_A_REPORT = "增值税电子普通发票，合计 2538.02 元。\n".encode() * 20


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def without_seconds(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text())
    del result["provenance"]["seconds"]
    return result


def test_version() -> None:
    assert run("--version").stdout == f"extractor {__version__}\n"


def test_documents_in_and_results_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    (tmp_path / "b.txt").write_bytes(OTHER)
    out = tmp_path / "out"
    result = run("extract", tmp_path / "a.txt", tmp_path / "b.txt", "-o", out)
    assert result.exit_code == 0, result.output
    lines = sorted(result.stdout.splitlines())
    assert [line.split(":")[0] for line in lines] == ["a.txt", "b.txt"]
    assert ", 0 pages, 200 cells, " in lines[0]
    assert "2 of 2 documents extracted" in result.stderr
    assert written(out) == {"a.json", "b.json"}
    assert json.loads((out / "a.json").read_text())["document"]["name"] == "a.txt"


def across_years(path: Path) -> dict[str, tuple[float, float]]:
    """What this year's result finds beside last year's: last year's number and this year's."""
    findings = json.loads(path.read_text())["findings"]
    return {
        finding["relation"]: (finding["expected"], finding["found"])
        for finding in findings
        if "across_years" in finding["relation"]
    }


def test_a_report_is_compared_with_last_years_of_the_same_body(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(OTHER)
    assert run("extract", tmp_path / "a.txt", "-o", tmp_path / "now").exit_code == 0
    result = json.loads((tmp_path / "now" / "a.json").read_text())
    cells = result["tables"]["requests"]["cells"]
    carried_over = cells["carried_over.natural_person"]["value"]
    last = tmp_path / "last"
    last.mkdir()
    result["report"]["year"] -= 1
    for column in {name.split(".")[1] for name in cells}:
        value = cells[f"carried_over.{column}"]["value"]
        cells[f"carried_forward.{column}"] |= {"value": value, "status": "reviewed"}
    cells["carried_forward.natural_person"]["value"] = carried_over + 3
    (last / "a.json").write_text(json.dumps(result))
    (last / "other.json").write_text("[1, 2]")

    assert run("extract", tmp_path / "a.txt", "-o", tmp_path, "--previous", last).exit_code == 0
    found = across_years(tmp_path / "a.json")
    assert found["requests.across_years.natural_person"] == (carried_over + 3, carried_over)
    assert "requests.across_years.total" not in found

    result["report"]["organization"] = "柳港市财政局"
    (last / "a.json").write_text(json.dumps(result))
    assert run("extract", tmp_path / "a.txt", "-o", tmp_path, "--previous", last).exit_code == 0
    assert across_years(tmp_path / "a.json") == {}


_NAMED = '{"format_version": 1, "report": {"organization": %s, "year": 2023}, "tables": %s}'
_VALUE = '{"requests": {"cells": {"granted.total": {"value": %s}}}}'


@pytest.mark.parametrize(
    "content",
    [
        *("{", "[]", '{"format_version": 1, "report": 5, "tables": 5}'),
        _NAMED % (5, "{}"),
        *(_NAMED % ("null", _VALUE % value) for value in ("[1, 2]", "NaN", "true", '"3"')),
    ],
)
def test_what_is_no_result_of_last_year_is_refused_by_name(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    (tmp_path / "last.json").write_text(content)
    result = run(
        "extract", tmp_path / "a.txt", "-o", tmp_path, "--previous", tmp_path / "last.json"
    )
    assert result.exit_code == 2
    assert "last.json" in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_without_results_of_last_year_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    last = tmp_path / "last"
    last.mkdir()
    (last / "other.json").write_text("[1, 2]")
    arguments = ("extract", tmp_path / "a.txt", "-o", tmp_path / "out", "--previous", last)
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert f"{last} has no result" in refused.stderr.replace("\n", " ")
    assert not (tmp_path / "out").exists()
    # As results of folders and archives lie.
    assert run("extract", tmp_path / "a.txt", "-o", last / "more.zip" / "city").exit_code == 0
    assert run(*arguments).exit_code == 0


def test_all_formats(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    out = tmp_path / "out"
    assert run("extract", tmp_path / "a.txt", "-o", out, "--format", "xlsx, csv").exit_code == 0
    assert written(out) == {"a.json", "a.csv", "a.xlsx"}


def test_a_broken_document_fails_alone(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(REPORT)
    (folder / "b.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    (folder / "c.txt").write_bytes(NOT_A_REPORT)
    (folder / "notes.csv").write_text("x,y\n1,2\n")
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        archive.writestr("city/e.txt", OTHER)
        archive.writestr("../evil.txt", OTHER)
    result = run("extract", folder, "-o", tmp_path / "out")
    assert result.exit_code == 3
    assert written(tmp_path / "out") == {"a.json", "d.zip/city/e.json"}
    assert "b.pdf: FAILED corrupt_input: " in result.stdout
    assert "c.txt: FAILED not_a_report: " in result.stdout
    assert "skipped notes.csv: " in result.stderr
    assert "2 of 5 documents extracted, 3 failed, 1 files skipped" in result.stderr
    assert "Traceback" not in result.output
    assert len(result.stdout.splitlines()) == 5


def test_documents_of_the_same_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    (tmp_path / "a.md").write_bytes(OTHER)
    out = tmp_path / "out"
    assert run("extract", tmp_path / "a.txt", tmp_path / "a.md", "-o", out).exit_code == 0
    assert written(out) == {"a.txt.json", "a.md.json"}
    for name in ("a.txt", "a.md"):
        assert json.loads((out / f"{name}.json").read_text())["document"]["name"] == name


def test_what_an_earlier_run_has_left_of_a_document_is_not_taken_for_its_result(
    tmp_path: Path,
) -> None:
    document, out = tmp_path / "a.txt", tmp_path / "out"
    document.write_bytes(REPORT)
    assert run("extract", document, "-o", out, "--format", "csv,xlsx").exit_code == 0
    for name in ("b.json", "a.html", "a.txt.csv"):  # of somebody else
        (out / name).write_text("{}")
    document.write_bytes(NOT_A_REPORT)
    result = run("extract", document, "-o", out)
    assert result.exit_code == 3
    assert len(result.stdout.splitlines()) == 1
    for name in ("a.json", "a.csv", "a.xlsx"):
        assert f"removed {out / name}: " in result.stderr.replace("\n", " ")
    assert written(out) == {"b.json", "a.html", "a.txt.csv"}


def test_results_of_the_same_bytes_stay_if_they_cannot_be_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, out = tmp_path / "a.txt", tmp_path / "out"
    document.write_bytes(REPORT)
    assert run("extract", document, "-o", out, "--format", "csv").exit_code == 0
    monkeypatch.setenv("EXTRACTOR_MAX_FILE_BYTES", "100")
    result = run("extract", document, "-o", out)
    assert result.exit_code == 3
    assert "removed" not in result.output
    assert written(out) == {"a.json", "a.csv"}


def test_results_under_a_name_that_a_document_has_no_more_are_removed(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    out = tmp_path / "out"
    assert run("extract", tmp_path / "a.txt", "-o", out, "--format", "xlsx").exit_code == 0
    (tmp_path / "a.md").write_bytes(OTHER)
    both = run("extract", tmp_path / "a.txt", tmp_path / "a.md", "-o", out)
    assert both.exit_code == 0
    assert written(out) == {"a.txt.json", "a.md.json"}
    assert run("extract", tmp_path / "a.md", "-o", out).exit_code == 0
    assert written(out) == {"a.txt.json", "a.json"}, "the other document was not asked about"
    (out / "a.xlsx").write_bytes(b"of somebody else")
    (tmp_path / "a.md").write_bytes(OTHER.replace("。".encode(), "。 ".encode()))
    assert run("extract", tmp_path / "a.md", "-o", out).exit_code == 0
    assert written(out) == {"a.txt.json", "a.json", "a.xlsx"}


def test_results_depend_neither_on_the_workers_nor_on_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(4):
        (folder / f"{i}.txt").write_bytes(REPORT if i % 2 else OTHER)
    one, two = tmp_path / "one", tmp_path / "two"
    assert run("extract", folder, "-o", one).exit_code == 0
    assert run("extract", folder, "-o", two, "--workers", "2").exit_code == 0
    assert run("extract", folder, "-o", two, "--workers", "2").exit_code == 0
    assert written(one) == written(two) == {f"{i}.json" for i in range(4)}
    for name in written(one):
        assert without_seconds(one / name) == without_seconds(two / name)


def test_a_result_that_cannot_be_written_fails_its_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    (tmp_path / "b.txt").write_bytes(OTHER)
    out = tmp_path / "out"
    (out / "a.json").mkdir(parents=True)
    result = run("extract", tmp_path / "a.txt", tmp_path / "b.txt", "-o", out)
    assert result.exit_code == 3
    assert "a.txt: FAILED not_written: " in result.stdout
    assert written(out) == {"b.json"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.pdf"], "missing.pdf"),
        (["a.txt", "--format", "json,pdf"], "unknown format 'pdf'"),
        (["a.txt", "--format", ""], "unknown format"),
        (["a.txt", "--workers", "0"], "workers"),
        (["empty"], "no document was found"),
        (["a.txt", "-o", "a.txt"], "cannot be written to"),
        ([], "PATH"),
    ],
)
def test_wrong_usage(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "a.txt").write_bytes(REPORT)
    (tmp_path / "empty").mkdir()
    result = run("extract", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stdout == ""


def test_a_setting_that_is_not_valid_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_bytes(REPORT)
    monkeypatch.setenv("EXTRACTOR_DPI", "many")
    result = run("extract", tmp_path / "a.txt", "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "EXTRACTOR_DPI = 'many'" in result.stderr


def test_names_do_nothing_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m\nb.txt").write_bytes(REPORT)
    result = run("extract", tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 1
    assert "\x1b" not in result.stdout


def test_an_interrupted_run_ends_cleanly(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for i in range(2000):  # more than are read before this process gets its turn
        (folder / f"{i}.txt").write_bytes(REPORT)
    # A shell that runs the tests in the background has its children ignore interruptions.
    command = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from extractor.cli import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", command, "extract", str(folder), "-o", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(DOCUMENTS.parent.parent)},
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    names = written(out)
    assert 0 < len(names) < 2000
    assert all(name.endswith(".json") for name in names)
    for name in names:
        json.loads((out / name).read_text())

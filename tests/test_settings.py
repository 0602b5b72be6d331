"""Settings: from variables and a file, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path
from tomllib import TOMLDecodeError

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from extractor.cli import app
from extractor.settings import FILE, FILE_VARIABLE, Settings, strange_variables


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(**variables: str) -> str:
    """What a command says that ends for its settings, or for having no service; on one line."""
    result = CliRunner().invoke(app, ["keys", "list"], env=variables)
    assert result.exit_code == 2
    return " ".join(result.output.split())


def test_settings_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().workers == 1
    Path(FILE).write_text("workers = 3\nmax_pages = 7\n")
    assert (Settings().workers, Settings().max_pages) == (3, 7)
    monkeypatch.setenv("EXTRACTOR_WORKERS", "4")
    assert (Settings().workers, Settings().max_pages) == (4, 7)
    assert Settings(workers=5).workers == 5
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "other.toml"))
    with pytest.raises(FileNotFoundError):
        Settings()


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST", "WORKERS", "HOME", "DATABASE_URL", "LOG_FORMAT", "TOKEN_CLASSIFIER"):
        monkeypatch.setenv(f"EXTRACTOR_{name}", "")
    assert Settings() == Settings.model_construct()
    Path(FILE).write_text('workers = 3\nhost = ""\n')
    with pytest.raises(ValidationError, match="host"):  # which would be all interfaces
        Settings()
    Path(FILE).write_text("workers = 3\n")
    assert Settings().workers == 3


@pytest.mark.parametrize("line", ["max_pages = true", "max_seconds = false", "ruled_lines = 7"])
def test_truth_is_no_number(line: str) -> None:
    Path(FILE).write_text(line)
    with pytest.raises(ValidationError, match=line.split()[0]):
        Settings()
    Path(FILE).write_text("ruled_lines = false\nmax_seconds = 7\n")
    assert (Settings().ruled_lines, Settings().max_seconds) == (False, 7.0)


def test_a_file_that_windows_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "workers = 3  # 四核\r\n"
    Path(FILE).write_bytes(text.encode("utf-8-sig"))
    assert Settings().workers == 3
    Path(FILE).write_bytes(text.encode("gbk"))
    assert f"{FILE} cannot be read: save the file as UTF-8" in said()
    Path(FILE).write_text("workers =")
    with pytest.raises(TOMLDecodeError):
        Settings()
    assert f"{FILE} cannot be read" in said()


def test_a_folder_is_no_file_of_settings() -> None:
    Path(FILE).mkdir()
    with pytest.raises(IsADirectoryError):
        Settings()
    assert f"{FILE} cannot be read: Is a directory" in said()


@pytest.mark.parametrize("proxies", ["10.0.0.1", "10.0.0.1, 10.1.0.0/16 ,", "::1,fd00::/8"])
def test_proxies_are_addresses_or_networks(proxies: str) -> None:
    assert Settings(trusted_proxies=proxies).trusted_proxies == proxies.replace(" ", "").strip(",")


@pytest.mark.parametrize("proxies", ["foo", "10.0.0.1,proxy", "10.0.0.1/8", "*", "10.0.0.300"])
def test_what_is_neither_address_nor_network_is_no_proxy(proxies: str) -> None:
    assert f"EXTRACTOR_TRUSTED_PROXIES = '{proxies}'" in said(EXTRACTOR_TRUSTED_PROXIES=proxies)


def test_what_is_wrong_is_said_with_where_it_was_given() -> None:
    assert "EXTRACTOR_WORKERS = '-1': Input should be" in said(EXTRACTOR_WORKERS="-1")
    Path(FILE).write_text("max_page = 5\nworkers = -1\ndatabase_url = 5\n")
    told = said()
    assert f"workers = '-1' in {FILE}" in told
    assert f"max_page in {FILE}: there is no such setting; did you mean max_pages?" in told
    assert f"database_url in {FILE}: " in told
    Path(FILE).unlink()
    result = CliRunner().invoke(app, ["serve", "--host", ""])
    assert (result.exit_code, "--host = ''" in result.output) == (2, True)


def test_a_variable_that_is_no_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert strange_variables() == {}
    for name in ("EXTRACTOR_MAX_PAGE", "EXTRACTOR_ZZZ", "EXTRACTOR_DPI", "extractor_port"):
        monkeypatch.setenv(name, "5" if name != "EXTRACTOR_DPI" else "200")
    monkeypatch.setenv(FILE_VARIABLE, "")
    assert strange_variables() == {
        "EXTRACTOR_MAX_PAGE": "EXTRACTOR_MAX_PAGES",
        "EXTRACTOR_ZZZ": None,
    }
    told = said()
    assert "warning: no setting is called EXTRACTOR_MAX_PAGE" in told
    assert "did you mean EXTRACTOR_MAX_PAGES?" in told

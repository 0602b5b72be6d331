"""What a peer needs, and whether it is there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True, slots=True)
class Packages:
    """What a peer needs: Python packages, and languages of Tesseract (none: no Tesseract)."""

    names: tuple[str, ...]
    languages: tuple[str, ...] = ()

    def missing(self) -> str:
        absent = [name for name in self.names if installed_version(name) is None]
        if absent:
            return f"{', '.join(absent)} not installed; run `make peers`"
        if self.languages:
            return _missing_tesseract(self.languages)
        return ""

    def versions(self) -> Mapping[str, str]:
        found = {name: installed_version(name) or "" for name in self.names}
        if self.languages:
            found["tesseract"] = _run("tesseract", "--version").split()[1]
        return found


def _missing_tesseract(languages: Sequence[str]) -> str:
    how = "install tesseract-ocr and tesseract-ocr-chi-sim (`make peers` does so on Debian)"
    if shutil.which("tesseract") is None:
        return f"the program tesseract is not installed; {how}"
    known = _run("tesseract", "--list-langs").split()
    absent = [language for language in languages if language not in known]
    return f"tesseract lacks {', '.join(absent)}; {how}" if absent else ""


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

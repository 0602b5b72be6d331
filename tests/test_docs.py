"""Documentation says what the code has: settings, commands, flags, links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from extractor.flag import FLAGS
from extractor.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_settings_are_documented_with_their_defaults() -> None:
    rows = re.findall(
        r"^\| `EXTRACTOR_(\w+)` \| (.*?) \| (.*?) \|$",
        (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    documented = {name.lower(): (default, text) for name, default, text in rows}
    assert documented == {
        name: (str(field.default), field.description)
        for name, field in Settings.model_fields.items()
    }


def test_flags_are_documented() -> None:
    text = (ROOT / "docs" / "flags.md").read_text(encoding="utf-8")
    assert not [code for code in FLAGS if f"`{code}`" not in text]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_documentation_names_no_machine() -> None:
    for page in PAGES:
        assert not re.search(r"/(?:work|tmp|root|home)/", page.read_text(encoding="utf-8")), page

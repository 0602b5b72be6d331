"""What several test modules share: settings, the real models (loaded once), labelled documents,
databases."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as properties

from extractor import ingest
from extractor.engines import Engines
from extractor.settings import Settings
from extractor.types import Source

# How long an example takes says more about the machine than about it.
properties.register_profile("timeless", deadline=None)
properties.load_profile("timeless")

DOCUMENTS = Path(__file__).parent.parent / "eval" / "fixtures"


@dataclass(frozen=True)
class Labelled:
    """A document with what must be read from it."""

    path: Path
    truth: dict[str, Any]

    @property
    def slots(self) -> dict[str, Decimal | None]:
        return {
            slot: None if value is None else Decimal(str(value))
            for slot, value in self.truth["slots"].items()
        }

    def source(self, settings: Settings) -> Source:
        return ingest.identify(self.path.name, self.path.read_bytes(), settings)


def labelled_documents() -> list[Labelled]:
    found = []
    for truth in sorted(DOCUMENTS.glob("*.truth.json")):
        name = truth.name.removesuffix(".truth.json")
        (path,) = (p for p in DOCUMENTS.glob(f"{name}.*") if not p.name.endswith(".truth.json"))
        found.append(Labelled(path, json.loads(truth.read_text(encoding="utf-8"))))
    return found


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings()


@pytest.fixture(scope="session")
def engines(settings: Settings) -> Engines:
    """The real models; they are loaded when the first scanned page needs them."""
    return Engines(settings)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where it keeps its locks
        from pgserver import get_server
    server = get_server(tmp_path_factory.mktemp("postgresql") / "data")
    yield server
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database; empty for SQLite in a folder."""
    if request.param == "sqlite":
        return ""
    server = request.getfixturevalue("postgresql")
    name = f"d{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    server.psql(f"create database {name};")
    url: str = server.get_uri().replace("/postgres?", f"/{name}?")
    return url

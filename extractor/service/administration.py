"""What an administrator is told about the service: its queue, its storage, what is accepted unseen.

Nothing is changed here, and nothing heavy is loaded.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from extractor.calibrator import SIGNALS, Calibrator
from extractor.schema import Schema
from extractor.service.store import Store
from extractor.settings import Settings


@dataclass(frozen=True, slots=True)
class Storage:
    """`uploaded`, `used` and `free` are bytes: of the files as they were uploaded, of all that is
    in the service's folder, and what its disk has left."""

    documents: int
    uploaded: int
    used: int
    free: int
    is_postgresql: bool
    is_remote: bool


def storage_of(store: Store, settings: Settings) -> Storage:
    """Look at the storage; that takes as long as the folder has files."""
    return Storage(
        documents=store.count(),
        uploaded=store.uploaded_bytes(),
        used=bytes_in(store.home),
        free=shutil.disk_usage(store.home).free,
        is_postgresql=bool(settings.database_url),
        is_remote=bool(settings.files_url),
    )


def bytes_in(folder: Path) -> int:
    """The size of all files in a folder and the folders in it; what goes away meanwhile is not
    counted."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += Path(path, name).lstat().st_size
    return total


@dataclass(frozen=True, slots=True)
class Bound:
    """What is known about accepted items of one kind, out of fold.

    `risk` is the share of wrong ones among them that is not exceeded with the confidence of the
    sample, None where no threshold stays below the target; `accepted` of `items` are accepted by
    their probability, `wrong` of them wrongly.
    """

    target: float
    risk: float | None
    items: int
    accepted: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The sample of a calibrator, and its bounds by what is assessed: cells and figures."""

    date: str
    documents: int
    confidence: float
    bounds: Mapping[str, Bound]


def acceptance_of(settings: Settings, schema: Schema) -> Acceptance | None:
    """What bounds the errors that nobody looks at; None where nothing is assessed: calibration is
    switched off, no calibrator is there, or it was fitted with other settings.

    Raises:
        ModelError: the calibrator is damaged, or was fitted with other models or another form.
    """
    # Imported here: it knows all models, of which nothing is loaded.
    from extractor.engines import Engines

    found = Engines(settings).calibrator_for(schema, settings) if settings.calibration else None
    if found is None:
        return None
    targets = dict(zip(SIGNALS, (settings.max_risk, settings.max_figure_risk), strict=True))
    return Acceptance(
        date=str(found.manifest["date"]),
        documents=int(found.manifest["data"]["documents"]),
        confidence=float(found.manifest["confidence"]),
        bounds={kind: _bound(found, kind, target) for kind, target in targets.items()},
    )


def _bound(calibrator: Calibrator, kind: str, target: float) -> Bound:
    """The step of the fitted sequence that decides, as `Assessor.threshold` chooses it."""
    items = int(calibrator.manifest["measured"][kind]["items"])
    steps = [step for step in calibrator.manifest["risk"][kind] if step["bound"] <= target]
    if not steps:
        return Bound(target, None, items, 0, 0)
    step = min(steps, key=lambda step: float(step["threshold"]))
    accepted = round(step["coverage"] * items)
    return Bound(target, float(step["bound"]), items, accepted, int(step["wrong"]))

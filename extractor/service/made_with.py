"""What a process extracts with: what its results depend on besides the document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from extractor import __version__
from extractor.errors import ModelError
from extractor.settings import Settings


def made_with(settings: Settings) -> Mapping[str, Any]:
    """Version, models and settings by name, in small values that compare; no models where they
    cannot be used, which whoever loads them says."""
    # Imported here: it knows all models, of which nothing is loaded.
    from extractor.calibrator import FOLDER
    from extractor.engines import installed_models

    try:
        models = installed_models()
    except ModelError:
        models = {}
    calibrator = FOLDER / "calibrator.json"
    if calibrator.is_file():
        models["calibrator"] = hashlib.sha256(calibrator.read_bytes()).hexdigest()
    engine = settings.inference
    if engine == "auto":  # as `inference.choose`, which would load it
        engine = "openvino" if find_spec("openvino") else "onnxruntime"
    return {"extractor": __version__, **models, **settings.of_results(), "inference": engine}

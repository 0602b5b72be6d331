"""What a process extracts with: what its results depend on besides the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from extractor import __version__
from extractor.errors import ModelError
from extractor.settings import Settings


def made_with(settings: Settings) -> Mapping[str, Any]:
    """Version, models and settings by name, in small values that compare; no models where they
    cannot be used, which whoever loads them says."""
    # Imported here: it knows all models, of which nothing is loaded.
    from extractor.engines import installed_models

    try:
        models = installed_models()
    except ModelError:
        models = {}
    return {"extractor": __version__, **models, **settings.of_results()}

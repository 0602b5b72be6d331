"""What the OCR networks said of images, kept by document, so that what comes after can be tried
again without them.

Reading is nearly all OCR; a change of the classifier, of the tables or of what is looked at again
needs the same crops, or a few others. Whatever is not remembered is asked for.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from extractor import paddle, strips
from extractor.inference import choose
from extractor.ocr import OcrEngine
from extractor.orientation import Quads
from extractor.settings import Settings
from extractor.strips import Strip
from extractor.types import Image

_LIBRARIES = ("onnxruntime", "openvino", "paddlex")


class Remembering:
    """An OCR engine that is asked once about every image of a document.

    It says what the engine would say, but for the last digits of a score, which depend on what else
    is read in one batch.
    """

    def __init__(self, engine: OcrEngine, settings: Settings, folder: Path | None = None) -> None:
        """`folder` keeps what was said, a file a document; without it nothing outlives one."""
        self._engine = engine
        self._folder = folder
        engines = [f"{name} {version(name)}" for name in _LIBRARIES]
        inference = [choose(settings.inference), settings.inference_precision]
        self._stamp = str([sorted(engine.models.items()), inference, engines, _code()])
        self._found: dict[str, Quads] = {}
        self._read: dict[str, Strip] = {}
        self._is_new = False

    @property
    def models(self) -> Mapping[str, str]:
        return self._engine.models

    def detect(self, image: Image, ratio: float) -> Quads:
        key = _digest(image, str(ratio))
        if key not in self._found:
            self._found[key] = self._engine.detect(image, ratio)
            self._is_new = True
        return self._found[key]

    def recognize(self, crops: Sequence[Image]) -> list[Strip]:
        keys = [_digest(crop) for crop in crops]
        new = {key: crop for key, crop in zip(keys, crops, strict=True) if key not in self._read}
        if new:
            strips = self._engine.recognize(list(new.values()))
            self._read.update(zip(new, strips, strict=True))
            self._is_new = True
        return [self._read[key] for key in keys]

    @contextmanager
    def document(self, name: str) -> Iterator[None]:
        """While one document is read. What was said is kept also where reading fails."""
        path = None if self._folder is None else self._folder / f"{name}.json.gz"
        if path is not None:
            self._load(path)
        try:
            yield
        finally:
            if path is not None and self._is_new:
                self._keep(path)
            self._found, self._read, self._is_new = {}, {}, False

    def _load(self, path: Path) -> None:
        """Nothing where there is no file, or one of other models."""
        try:
            kept: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
        except (OSError, EOFError, ValueError, zlib.error):
            return
        if kept["stamp"] != self._stamp:
            return
        self._found = {
            key: np.array(quads, np.float32).reshape(-1, 4, 2)
            for key, quads in kept["found"].items()
        }
        self._read = {key: _strip(*parts) for key, parts in kept["read"].items()}

    def _keep(self, path: Path) -> None:
        content = {
            "stamp": self._stamp,
            "found": {key: quads.tolist() for key, quads in self._found.items()},
            "read": {key: astuple(strip) for key, strip in self._read.items()},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(gzip.compress(json.dumps(content, ensure_ascii=False).encode(), 5))
        part.replace(path)


def _strip(
    text: str, score: float, mean: float, centers: Sequence[float], choices: Sequence[Any]
) -> Strip:
    found = tuple(tuple((char, share) for char, share in choice) for choice in choices)
    return Strip(text, score, mean, tuple(centers), found)


@cache
def _code() -> str:
    """Stands for what makes readings of the networks' numbers."""
    found = hashlib.sha256()
    for module in (paddle, strips):
        found.update(Path(str(module.__file__)).read_bytes())
    return found.hexdigest()


def _digest(image: Image, more: str = "") -> str:
    found = hashlib.blake2b(f"{image.shape} {more}".encode(), digest_size=16)
    found.update(image.tobytes())
    return found.hexdigest()

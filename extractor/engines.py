"""What is loaded once a process and shared by all of its documents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from extractor.calibrator import FOLDER as CALIBRATOR
from extractor.calibrator import Calibrator
from extractor.digits import DigitReader
from extractor.ocr import OcrEngine, PaddleEngine
from extractor.settings import Settings
from extractor.token_classifier import TokenClassifier


class Engines:
    """The heavy parts, loaded once a process and only when a document needs them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def ocr(self) -> OcrEngine:
        return PaddleEngine(self._settings)

    @cached_property
    def digits(self) -> DigitReader:
        return DigitReader(threads=self._settings.threads)

    @cached_property
    def token_classifier(self) -> TokenClassifier:
        return TokenClassifier(threads=self._settings.threads)

    @cached_property
    def calibrator(self) -> Calibrator | None:
        """None where none has been fitted: nothing is assessed then."""
        return Calibrator() if CALIBRATOR.is_dir() else None

    @property
    def models(self) -> Mapping[str, str]:
        """Name and sha256 of the models that have been used so far."""
        found = dict(self.ocr.models) if "ocr" in self.__dict__ else {}
        if "digits" in self.__dict__:
            found["digit_reader"] = str(self.digits.manifest["sha256"])
        if "token_classifier" in self.__dict__:
            sha256 = self.token_classifier.manifest["sha256"]
            found["token_classifier"] = str(sha256[self.token_classifier.manifest["file"]])
        if self.__dict__.get("calibrator") is not None:
            found["calibrator"] = str(self.__dict__["calibrator"].manifest["sha256"])
        return found

"""What is loaded once a process and shared by all of its documents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from extractor import digits, token_classifier
from extractor.calibrator import FOLDER as CALIBRATOR
from extractor.calibrator import Calibrator
from extractor.digits import DigitReader
from extractor.ocr import OcrEngine
from extractor.paddle import PaddleEngine
from extractor.schema import Schema
from extractor.settings import Settings
from extractor.token_classifier import TokenClassifier
from extractor.weights import SHA256


def installed_models() -> dict[str, str]:
    """Name and sha256 of the models that would be used, loaded or not.

    Raises:
        ModelError: one is missing or damaged.
    """
    tokens = token_classifier.load_manifest(token_classifier.FOLDER)
    return {
        **{name.removesuffix(".onnx"): sha256 for name, sha256 in SHA256.items()},
        "digit_reader": str(digits.load_manifest(digits.FOLDER)["sha256"]),
        "token_classifier": str(tokens["sha256"][tokens["file"]]),
    }


def load_calibrator() -> Calibrator | None:
    """None where none has been fitted.

    Raises:
        ModelError: it is damaged, or does not fit the models that are installed.
    """
    if not CALIBRATOR.is_dir():
        return None
    found = Calibrator()
    found.check_models(installed_models())
    return found


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
        return load_calibrator()

    def calibrator_for(self, schema: Schema, settings: Settings) -> Calibrator | None:
        """None where none has been fitted, or not with these settings: nothing is assessed then.

        Raises:
            ModelError: it is damaged, or was fitted with other models or for another form.
        """
        found = self.calibrator
        if found is None or not found.suits(settings):
            return None
        found.check(schema)
        return found

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

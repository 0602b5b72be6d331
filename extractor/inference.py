"""The inference engines that run the OCR networks: OpenVINO, or ONNX Runtime.

Both take PaddleOCR's ONNX files and stand where PaddleX puts its own runner, so that its predictors
and their preprocessing are used with either. `docs/reader.md` compares time, memory and results.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError

Runner = Callable[[Sequence[NDArray[np.float32]]], list[NDArray[np.float32]]]
"""Input tensors in, output tensors out; PaddleX calls it with `x=`."""

ENGINES = ("auto", "openvino", "onnxruntime")


def choose(engine: str) -> str:
    """Return the engine that is used: OpenVINO for "auto" where it can be imported.

    Raises:
        ModelError: OpenVINO was asked for by name and is not installed.
    """
    if engine == "onnxruntime":
        return engine
    try:
        _openvino()
    except ImportError as error:
        if engine == "openvino":
            raise ModelError(
                "OpenVINO cannot be loaded; install the package openvino, or set "
                "EXTRACTOR_INFERENCE=onnxruntime"
            ) from error
        return "onnxruntime"
    return "openvino"


def _openvino() -> Any:
    """Import OpenVINO without the package that reports every import to its maker over the network.

    OpenVINO has a stub in place of that package where it cannot be imported, and no other switch.
    """
    if "openvino" not in sys.modules:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    return importlib.import_module("openvino")


class OpenVinoRunner:
    """One network on OpenVINO, with shapes that differ from call to call.

    `precision` "bf16" is computed in half the bits where the processor can, otherwise in full.
    """

    def __init__(self, weights: Path, threads: int, precision: str) -> None:
        core = _openvino().Core()
        self._network: Any = core.compile_model(
            str(weights),
            "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": 1,
                "INFERENCE_PRECISION_HINT": precision,
                # One compiled kernel is kept for every shape otherwise; shapes are many.
                "CPU_RUNTIME_CACHE_CAPACITY": 256,
            },
        )

    def __call__(self, x: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        # Outputs are views of the engine's memory, valid until the next call: both users are done
        # with one result before they ask for another.
        result = self._network([np.ascontiguousarray(x[0])], share_inputs=True, share_outputs=True)
        return list(result.values())

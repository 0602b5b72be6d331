"""The inference engines that run the OCR networks: OpenVINO, or ONNX Runtime.

Both take PaddleOCR's ONNX files and stand where PaddleX puts its own runner, so that its predictors
and their preprocessing are used with either. `docs/reader.md` compares time, memory and results.
"""

from __future__ import annotations

import ctypes
import importlib
import platform
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError

Runner = Callable[[Sequence[NDArray[np.float32]]], list[NDArray[np.float32]]]
"""Input tensors in, output tensors out; PaddleX calls it with `x=`."""

_M_MMAP_THRESHOLD = -3  # of malloc.h
_LARGE_BLOCK_BYTES = 4 * 2**20

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


def return_large_blocks() -> None:
    """Let the C library give memory of 4 MiB and more back to the system when it is freed.

    glibc keeps what was freed once, up to 32 MiB a block, and pages of many sizes leave it in
    pieces: that doubled the memory of a process. Elsewhere this does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)


class OpenVinoRunner:
    """One network on OpenVINO, with shapes that differ from call to call.

    `precision` "bf16" is computed in half the bits where the processor can, otherwise in full.
    `keeps_memory` False gives the memory of a call back after it: worth its time (2 % to 10 %)
    where shapes are large and many, as those of pages.
    """

    def __init__(
        self, weights: Path, threads: int, precision: str, *, keeps_memory: bool = True
    ) -> None:
        self._keeps_memory = keeps_memory
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
        inputs = [np.ascontiguousarray(x[0])]
        result = self._network(inputs, share_inputs=True, share_outputs=self._keeps_memory)
        outputs = list(result.values())
        if not self._keeps_memory:
            self._network.release_memory()
        return outputs

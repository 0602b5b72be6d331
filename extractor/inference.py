"""The inference engines that run the OCR networks: OpenVINO, or ONNX Runtime.

Both take PaddleOCR's ONNX files and stand where PaddleX puts its own runner, so that its predictors
and their preprocessing are used with either. `docs/reader.md` compares time, memory and results.
"""

from __future__ import annotations

import ctypes
import importlib
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from extractor.errors import ModelError

Done = Callable[[int, NDArray[np.float32]], None]
"""Told the output of a batch, by its place among the batches; not always in their order."""
BatchRunner = Callable[[Iterable[NDArray[np.float32]], Done], None]


class Runner(Protocol):
    """Input tensors in, output tensors out, as PaddleX calls it."""

    def __call__(self, x: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]: ...


_M_MMAP_THRESHOLD = -3  # of malloc.h
_LARGE_BLOCK_BYTES = 4 * 2**20

BATCH_KERNELS, PAGE_KERNELS = 4096, 8
"""How many compiled kernels of each kind a network keeps; a shape needs some sixty. Batches come in
few shapes; pages in ever others, whose kernels would only add up."""

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


def give_heap_back() -> None:
    """Let the C library give what is free at the end and within its heap back to the system.

    What pages leave there in pieces adds up to 50 MiB and more. Outside of glibc this does nothing.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def in_turn(runner: Runner) -> BatchRunner:
    """Compute one batch after the other."""

    def run(batches: Iterable[NDArray[np.float32]], done: Done) -> None:
        for i, batch in enumerate(batches):
            (scores,) = runner(x=[batch])
            done(i, scores)

    return run


class OpenVinoRunner:
    """One network on OpenVINO for large inputs, each computed by all threads, in the place of
    PaddleX's own runner.

    `precision` "bf16" is computed in half the bits where the processor can, otherwise in full. The
    memory of a call is given back after it: shapes are large and many, as those of pages.
    """

    def __init__(self, weights: Path, threads: int, precision: str) -> None:
        self._network: Any = _compile(weights, threads, 1, precision, kernels=PAGE_KERNELS)

    def __call__(self, x: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        result = self._network([np.ascontiguousarray(x[0])], share_inputs=True)
        self._network.release_memory()
        return list(result.values())


class OpenVinoBatches:
    """One network on OpenVINO for many small batches: as many at once as there are threads, which
    takes less time than all threads on one (`docs/reader.md`)."""

    def __init__(self, weights: Path, threads: int, precision: str) -> None:
        self._network: Any = _compile(weights, threads, threads, precision, kernels=BATCH_KERNELS)
        self._queue: Any = _openvino().AsyncInferQueue(self._network, threads)

    def __call__(self, batches: Iterable[NDArray[np.float32]], done: Done) -> None:
        self._queue.set_callback(
            lambda request, i: done(i, request.get_output_tensor(0).data)  # a view, valid inside
        )
        try:
            for i, batch in enumerate(batches):
                # Copied: the caller's may be gone before it is used.
                self._queue.start_async([batch], i)
        finally:
            self._queue.wait_all()

    def give_memory_back(self) -> None:
        """Release what is kept for the next batches; they take a little longer once."""
        self._network.release_memory()


def _compile(weights: Path, threads: int, streams: int, precision: str, kernels: int) -> Any:
    return (
        _openvino()
        .Core()
        .compile_model(
            str(weights),
            "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": streams,
                "INFERENCE_PRECISION_HINT": precision,
                # So many compiled kernels are kept; every shape needs its own.
                "CPU_RUNTIME_CACHE_CAPACITY": kernels,
            },
        )
    )

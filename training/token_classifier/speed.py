"""How long networks of several sizes take, untrained: to choose the size before it is trained.

`python -m training token-speed` prints a table. Times are the least of some repetitions, in seconds
of the processor on one thread, so that they hold on a busy machine too; on free cores, two threads
take a little over half of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from extractor.schema import load_schema
from extractor.token_labels import labels_of
from training.token_classifier.attention import fuse_attention
from training.token_classifier.base import BASE, Size, load
from training.token_classifier.export import quantize, write_onnx
from training.token_classifier.model import Network, Shape, build

WINDOWS, LENGTH = 4, 512
BATCH = 8


def shape_of(layers: int, layout: str, characters: int) -> Shape:
    """A network for our form."""
    shape = Shape(characters, labels_of(load_schema()).sizes, layout=layout)
    return replace(shape, size=replace(shape.size, layers=layers))


def least(call: Callable[[], object], repeats: int) -> float:
    """Seconds of the processor that a call takes at best, after one to warm up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def inputs(batch: int, length: int, characters: int) -> dict[str, np.ndarray]:
    """Random characters with boxes, as many in every window."""
    rng = np.random.default_rng(0)
    corners = np.sort(rng.integers(0, 1001, (batch, length, 2, 2)), axis=2)
    return {
        "ids": rng.integers(6, characters, (batch, length)),
        "boxes": corners.reshape(batch, length, 4),
        "starts": rng.integers(0, 2, (batch, length)),
        "mask": np.ones((batch, length), bool),
    }


def serving(network: Network, characters: int, threads: int, repeats: int) -> list[float]:
    """Seconds for `WINDOWS` windows: int8 and fp32 on ONNX Runtime, bf16 on OpenVINO; and MB."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    found = []
    feed = inputs(WINDOWS, LENGTH, characters)
    with tempfile.TemporaryDirectory() as folder:
        full, small = Path(folder, "full.onnx"), Path(folder, "model.onnx")
        write_onnx(network, full)
        quantize(full, small)
        fuse_attention(small, Size().heads)
        for path in (small, full):
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            given = {one.name: feed[one.name] for one in session.get_inputs()}
            found.append(least(lambda s=session, f=given: s.run(None, f), repeats))  # type: ignore[misc, unused-ignore]
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        import openvino

        hints = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "bf16"}
        compiled = openvino.Core().compile_model(str(full), "CPU", hints)
        found.append(least(lambda: compiled(feed), repeats))
        found.append(small.stat().st_size / 1e6)
    return found


def training(network: Network, characters: int, threads: int, *, half: bool) -> float:
    """Seconds of one step of `BATCH` windows, forwards and backwards."""
    torch.set_num_threads(threads)
    feed = {k: torch.from_numpy(v) for k, v in inputs(BATCH, LENGTH, characters).items()}
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-5)
    network.train()

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            outputs = network(feed["ids"], feed["boxes"], feed["starts"], feed["mask"])
        loss = torch.stack([output.float().square().mean() for output in outputs]).sum()
        loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
        optimizer.step()
        optimizer.zero_grad()

    return least(step, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table: 0."""
    parser = argparse.ArgumentParser(prog="python -m training token-speed", description=__doc__)
    parser.add_argument("--layers", type=int, nargs="+", default=[4, 6])
    parser.add_argument("--layout", default="tables")
    parser.add_argument("--base", type=Path, default=BASE, metavar="DIR")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--training", action="store_true", help="also time steps of training")
    options = parser.parse_args(arguments)
    base = load(options.base)
    n = len(base.characters)
    print("| layers | int8 s | fp32 s | OpenVINO bf16 s | int8 MB | step fp32 s | step bf16 s |")
    print("|---|---|---|---|---|---|---|")
    for layers in options.layers:
        network = build(base, shape_of(layers, options.layout, n))
        row = serving(network, n, options.threads, options.repeats)
        if options.training:
            row += [training(network, n, options.threads, half=half) for half in (False, True)]
        print(f"| {layers} | " + " | ".join(f"{value:.3f}" for value in row) + " |", flush=True)
    return 0

"""`python -m training token-export`: a trained network as the artefact that the product serves.

ONNX, its weights in 8 bits (dynamic quantisation: activations are measured as they come), compared
on the validation documents with the network in full. The artefact is a folder: `model.onnx`,
`characters.json`, `labels.json`, `manifest.json`, and `README.md`, its model card. It goes to
`models/` only with `--promote`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from extractor.encoding import OVERLAP, WINDOW, Ints
from extractor.token_labels import Labels
from training.token_classifier.attention import fuse_attention
from training.token_classifier.base import BASE, FOLDER, Base, load
from training.token_classifier.batches import Batch, Sample
from training.token_classifier.card import model_card
from training.token_classifier.documents import HEADS
from training.token_classifier.finetune import Data, evaluate, read_data
from training.token_classifier.measure import answers, measure
from training.token_classifier.model import Network
from training.token_classifier.runs import read_run, write_json

# ONNX Runtime reports its use to its maker over the network unless this is set before its import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

ARTEFACT = Path("models/token-classifier")
INPUTS = ("ids", "boxes", "starts", "mask")
MAX_BYTES = 45_000_000
FORMAT = 1
_OPSET = 18


def write_onnx(network: Network, path: Path) -> None:
    """Write a network as ONNX.

    `INPUTS` are those of `model.Network`, any number of windows of any length up to the longest;
    the scores of every head have its name.
    """
    network.eval()
    n, length = 2, 16
    example = (
        torch.ones(n, length, dtype=torch.long),
        torch.zeros(n, length, 4, dtype=torch.long),
        torch.zeros(n, length, dtype=torch.long),
        torch.ones(n, length, dtype=torch.bool),
    )
    heads = list(network.heads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter is the older one, on purpose: it needs less
        torch.onnx.export(
            network.cpu(),
            example,
            str(path),
            dynamo=False,
            opset_version=_OPSET,
            input_names=list(INPUTS),
            output_names=heads,
            dynamic_axes={name: {0: "n", 1: "length"} for name in (*INPUTS, *heads)},
        )


def quantize(full: Path, small: Path) -> None:
    """Weights and embeddings in 8 bits, one scale a column.

    In full stay the heads, which are small, and the second product of the feed-forward part of the
    upper half of the layers: what comes into it has few very large values, and 8 bits of them are
    too few (docs/token-classifier.md).
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    names = [node.name for node in onnx.load(full).graph.node if node.op_type == "MatMul"]
    outer = [name for name in names if name.endswith("/outer/MatMul")]
    heads = [name for name in names if name.removeprefix("/").removesuffix("/MatMul") in HEADS]

    logging.disable(logging.WARNING)  # its advice is about images
    try:
        quantize_dynamic(
            full,
            small,
            weight_type=QuantType.QInt8,
            per_channel=True,
            nodes_to_exclude=[*heads, *outer[len(outer) // 2 :]],
        )
    finally:
        logging.disable(logging.NOTSET)


class Served:
    """An exported network, asked as the product asks it: about one window at a time."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.heads = [output.name for output in self._session.get_outputs()]
        self._inputs = [given.name for given in self._session.get_inputs()]  # some may be unused

    def __call__(self, batch: Batch) -> dict[str, Any]:
        """The scores (B, T, classes) of every head; those of padding are 0."""
        padded = [self._window(batch, i) for i in range(len(batch.mask))]
        return {head: np.stack(rows) for head, *rows in zip(self.heads, *padded, strict=True)}

    def _window(self, batch: Batch, i: int) -> list[Any]:
        """The scores (T, classes) of every head for a window."""
        length, n = batch.mask.shape[1], int(batch.mask[i].sum())
        feed = {name: getattr(batch, name)[i : i + 1, :n] for name in self._inputs}
        scores = self._session.run(None, feed)
        return [np.pad(ours[0], ((0, length - n), (0, 0))) for ours in scores]


def agreement(
    ours: Sequence[Mapping[str, Ints]], theirs: Sequence[Mapping[str, Ints]]
) -> dict[str, float]:
    """The share of characters that two networks say the same of, for every head."""
    found = {}
    for head in ours[0] if ours else ():
        same = sum(int((a[head] == b[head]).sum()) for a, b in zip(ours, theirs, strict=True))
        found[head] = round(same / max(1, sum(len(a[head]) for a in ours)), 5)
    return found


def write_artefact(
    network: Network, run: Mapping[str, Any], data: Data, folder: Path
) -> dict[str, Any]:
    """Write the artefact into a folder and measure it on the validation documents.

    Returns:
        Its manifest.

    Raises:
        ValueError: it is larger than `MAX_BYTES`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    full = folder / "full.onnx"
    write_onnx(network, full)
    quantize(full, folder / "model.onnx")
    fuse_attention(folder / "model.onnx", run["shape"]["size"]["heads"])
    measured, same = compare(network, full, folder / "model.onnx", data.validation, data.labels)
    full.unlink()
    write_json(folder / "characters.json", list(data.characters))
    write_json(folder / "labels.json", asdict(data.labels))
    names = ("model.onnx", "characters.json", "labels.json")
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "file": "model.onnx",
        "sha256": {name: _sha256(folder / name) for name in names},
        "bytes": (folder / "model.onnx").stat().st_size,
        "base": run["base"],
        "shape": run["shape"],
        "window": WINDOW,
        "overlap": OVERLAP,
        "training": run["plan"],
        "seconds": run["seconds"],
        "data": run["data"],
        "commit": run["commit"],
        "validation": measured,
        "agreement": same,
    }
    write_json(folder / "manifest.json", manifest)
    (folder / "README.md").write_text(model_card(manifest), encoding="utf-8")
    if manifest["bytes"] > MAX_BYTES:
        raise ValueError(f"{folder} has {manifest['bytes']} bytes, more than {MAX_BYTES}")
    return manifest


def compare(
    network: Network, full: Path, small: Path, chosen: Sequence[Sample], labels: Labels
) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    """Measures of the network in torch (`fp32`) and of the one that is served (`int8`); and the
    share of characters on which the exported ones agree with each other."""
    in_full, in_small = (answers(chosen, Served(path)) for path in (full, small))
    measured = {
        "fp32": evaluate(network, chosen, labels),
        "int8": measure(chosen, in_small, labels),
    }
    return measured, {"fp32_int8": agreement(in_full, in_small)}


def mixed(network: Network, base: Base, share: float) -> Network:
    """The network between what it began with (0) and what it has become (1), weight by weight: what
    it has learned, with less of what it forgot.

    Source: M. Wortsman et al., Robust fine-tuning of zero-shot models, 2022.
    """
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name in base.tensors:
                began = torch.from_numpy(base.tensors[name]).to(weight)
                weight.copy_(share * weight + (1 - share) * began)
    return network


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the artefact: 0; 2 where there is no run or no data."""
    parser = argparse.ArgumentParser(prog="python -m training token-export", description=__doc__)
    parser.add_argument("--run", type=Path, default=FOLDER / "run", metavar="DIR")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of the documents")
    parser.add_argument("--base", type=Path, default=BASE, help="the base that the run began with")
    parser.add_argument(
        "--share",
        type=float,
        default=1.0,
        metavar="S",
        help="of what was trained; the rest of each weight is what the run began with",
    )
    parser.add_argument("--promote", action="store_true", help=f"copy the result to {ARTEFACT}")
    options = parser.parse_args(arguments)
    try:
        network, run = read_run(options.run)
        base = load(options.base)
        data = read_data(options.folder, base)
        if options.share < 1:
            network = mixed(network, base, options.share)
            run = {**run, "plan": {**run["plan"], "share": options.share}}
        if data.labels.sizes != run["shape"]["classes"]:
            raise ValueError("the documents or the schema have other labels than the run")
        if data.about["validation"] != run["data"]["validation"]:
            sys.stderr.write("the validation documents are others than those of the run\n")
        manifest = write_artefact(network, run, replace(data, train=()), options.run / "artefact")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    sys.stdout.write(json.dumps(manifest["validation"], ensure_ascii=False, indent=1) + "\n")
    if options.promote:
        shutil.copytree(options.run / "artefact", ARTEFACT, dirs_exist_ok=True)
    return 0

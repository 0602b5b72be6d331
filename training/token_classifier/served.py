"""The weights of a served artefact, to go on training from: as near as 8 bits have them.

A full set of weights is four times as large and is not kept in the repository. The exporter names
the matrices of linear layers by numbers; which layer one belongs to is told by the node that
multiplies with it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from extractor.schema import load_schema
from extractor.token_labels import labels_of
from training.token_classifier.base import Base, Floats, Size

_MULTIPLIED = "/MatMul_quant"


def read_artefact(folder: Path) -> Base:
    """An artefact as a base, its heads and its layout among the tensors.

    A head whose classes are not those of the schema any more is left out, and learned anew.

    Raises:
        ValueError: the folder holds no artefact, or one that was not written by `token-export`.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        table = json.loads((folder / "characters.json").read_text(encoding="utf-8"))
        labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        graph = onnx.load(folder / manifest["file"]).graph
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"{folder} holds no artefact: {error}") from error
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    heads = set(labels)
    tensors: dict[str, Floats] = {}
    for name, array in arrays.items():
        whole = name.removesuffix("_quantized")
        if name.startswith(("onnx::", "/")) or name.endswith(("_scale", "_zero_point")):
            continue  # numbers of the graph, matrices that the loop below names
        tensors[whole] = _full(arrays, whole) if name != whole else array.astype(np.float32)
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in arrays:  # in full
            layer = node.name.removesuffix("/MatMul").strip("/").replace("/", ".")
            name = f"heads.{layer}" if layer in heads else layer
            tensors[f"{name}.weight"] = np.ascontiguousarray(arrays[node.input[1]].T, np.float32)
        layer = node.name.removesuffix(_MULTIPLIED).strip("/").replace("/", ".")
        if node.op_type != "MatMulInteger" or not node.name.endswith(_MULTIPLIED):
            continue
        matrix = _full(arrays, node.input[1].removesuffix("_quantized"))
        name = f"heads.{layer}" if layer in heads else layer
        tensors[f"{name}.weight"] = np.ascontiguousarray(matrix.T)
    current = asdict(labels_of(load_schema()))
    changed = tuple(f"heads.{head}." for head in heads if tuple(labels[head]) != current[head])
    kept = {name: array for name, array in tensors.items() if not name.startswith(changed or "!")}
    source = f"the artefact of {manifest['commit'][:12]}, from {manifest['base']}"
    return Base(source, Size(**manifest["shape"]["size"]), tuple(table), kept)


def _full(arrays: dict[str, NDArray[np.generic]], name: str) -> Floats:
    """What was quantised, one scale for all or one for each of its last axis."""
    small = arrays[f"{name}_quantized"].astype(np.float32)
    zero = arrays[f"{name}_zero_point"].astype(np.float32)
    full: Floats = (small - zero) * arrays[f"{name}_scale"].astype(np.float32)
    return full

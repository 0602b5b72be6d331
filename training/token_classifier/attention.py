"""`python -m training token-fuse`: attention of an exported network as one operation.

The exporter writes attention as a dozen operations over tables of heads by characters by
characters, a third of the whole time goes to taking not-a-number out of shares that never are it.
ONNX Runtime has attention as one operation (`MultiHeadAttention` of the domain `com.microsoft`),
which goes through these tables in pieces that fit into a core's cache (T. Dao et al.,
FlashAttention, 2022). It does so only without a mask, which nobody needs: the product asks about
one window at a time, with no padding.

The command does it to an artefact that was exported before `token-export` did it itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx

from extractor.errors import ModelError
from extractor.token_classifier import FOLDER as ARTEFACT
from extractor.token_classifier import load_manifest
from training.token_classifier.runs import write_json

DOMAIN, VERSION = "com.microsoft", 1
_BEFORE = {"Mul", "Transpose"}
"""What stands between a product of attention and the reshaped queries, keys or values: their scale
and their axes, which the one operation sees to itself."""


def fuse_attention(path: Path, heads: int) -> int:
    """Rewrite a network in its place; what it computes stays the same but for rounding.

    Args:
        path: ONNX, as `export.write_onnx` or `export.quantize` have written it.
        heads: of attention.

    Returns:
        How many attentions were rewritten, 0 where there is none that is in parts. A network
        whose attentions were rewritten has no input `mask`: windows are asked one by one.

    Raises:
        ValueError: attention is written otherwise than expected. The file is as it was.
    """
    model = onnx.load(path)
    graph = model.graph
    makers = {name: node for node in graph.node for name in node.output}
    users: defaultdict[str, list[Any]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    softmaxes = [node for node in graph.node if node.op_type == "Softmax"]
    for softmax in softmaxes:
        try:
            queries, keys = makers[makers[softmax.input[0]].input[0]].input
            product = _next(softmax, users, "MatMul", through={"Where", "IsNaN"})
            joined = _next(product, users, "Reshape", through={"Transpose"})
            inputs = [_whole(name, makers) for name in (queries, keys, product.input[1])]
        except (KeyError, ValueError, IndexError) as error:
            raise ValueError(f"{path}: {softmax.name} belongs to no attention ({error})") from error
        fused = onnx.helper.make_node(
            "MultiHeadAttention",
            inputs,
            list(joined.output),
            name=f"{softmax.name}/MultiHeadAttention",
            domain=DOMAIN,
            num_heads=heads,
        )
        place = list(graph.node).index(joined)
        graph.node.remove(joined)
        graph.node.insert(place, fused)
    if softmaxes:
        model.opset_import.append(onnx.helper.make_opsetid(DOMAIN, VERSION))
        _prune(graph)
        onnx.save(model, path)
    return len(softmaxes)


def _whole(name: str, makers: dict[str, Any]) -> str:
    """Queries, keys or values (N, T, hidden), from what a product of attention takes of them."""
    node = makers[name]
    while node.op_type in _BEFORE:
        node = makers[node.input[0]]
    if node.op_type != "Reshape":
        raise ValueError(f"{node.name} where its heads are taken apart")
    return str(node.input[0])


def _next(node: Any, users: dict[str, list[Any]], kind: str, *, through: set[str]) -> Any:
    """The next operation of a kind that takes what `node` gives, through others of some kinds."""
    waiting = list(users[node.output[0]])
    while waiting:
        user = waiting.pop()
        if user.op_type == kind:
            return user
        if user.op_type in through:
            waiting += users[user.output[0]]
    raise ValueError(f"no {kind} after {node.name}")


def _prune(graph: Any) -> None:
    """Remove operations, inputs and weights that nothing needs any more."""
    while True:
        used = {name for node in graph.node for name in node.input}
        used |= {output.name for output in graph.output}
        unused = [node for node in graph.node if used.isdisjoint(node.output)]
        if not unused:
            break
        for node in unused:
            graph.node.remove(node)
    for named in (graph.input, graph.initializer):
        for one in [one for one in named if one.name not in used]:
            named.remove(one)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite an artefact: 0; 2 where there is none."""
    parser = argparse.ArgumentParser(prog="python -m training token-fuse", description=__doc__)
    parser.add_argument("artefact", type=Path, nargs="?", default=ARTEFACT, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        manifest = load_manifest(options.artefact)
        path = options.artefact / str(manifest["file"])
        before = manifest["sha256"][path.name]
        count = fuse_attention(path, manifest["shape"]["size"]["heads"])
    except (ModelError, ValueError) as error:
        parser.error(str(error))
    if count:
        content = path.read_bytes()
        manifest["sha256"][path.name] = hashlib.sha256(content).hexdigest()
        manifest["bytes"] = len(content)
        manifest["rewritten"] = {"from": before, "as": "attention as one operation"}
        write_json(options.artefact / "manifest.json", manifest)
    sys.stdout.write(json.dumps({"attentions": count, **manifest["sha256"]}, indent=1) + "\n")
    return 0

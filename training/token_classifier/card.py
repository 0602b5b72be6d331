"""The model card of an artefact: manifest in, Markdown out (after Mitchell et al., 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = """# The token classifier

Tells for every character of an annual report on government information disclosure what it is for:
its role, the row and the column of the form that it belongs to, and the key figures of the prose.
How it is made: [docs/token-classifier.md](../../docs/token-classifier.md).

| | |
|---|---|
| base | {base} |
| network | {layers} layers, hidden {hidden}, layout `{layout}`, ONNX, 8 bits, {size:.1f} MB |
| data | synthetic reports alone: {train} documents to train, {validation} to validate |
| sha256 | `{sha256}` |
"""
_LIMITS = """
## Limits

- It has seen no real report: every document that it learned from was made by `training/synthesis`.
- The validation documents chose when to stop, which flatters the figures above a little.
- It sees {window} characters at a time. A table that is longer is read without its header in the
  later windows.
- Characters that are in no table of the base are all the same to it.
- Its scores are no calibrated probabilities.
"""


def model_card(manifest: Mapping[str, Any]) -> str:
    """The card of the artefact that a manifest describes."""
    shape, data = manifest["shape"], manifest["data"]
    measured = manifest["validation"]
    text = _HEAD.format(
        base=manifest["base"],
        layers=shape["size"]["layers"],
        hidden=shape["size"]["hidden"],
        layout=shape["layout"],
        size=manifest["bytes"] / 1e6,
        train=data["train"]["documents"],
        validation=data["validation"]["documents"],
        sha256=manifest["sha256"]["model.onnx"],
    )
    heads = ("role", "row", "column", "anchor", "figure", "scope", "exactness")
    text += "\n## Measured on the validation documents\n\n| | fp32 | int8 |\n|---|---|---|\n"
    for head in heads:
        text += f"| {head} | {measured['fp32'][head]:.4f} | {measured['int8'][head]:.4f} |\n"
    text += (
        "\nRole, scope and exactness: accuracy. The others: F1; figures by exact span and key.\n"
    )
    for title, name in (("role", "by_role"), ("key", "by_key")):
        text += f"\n| {title} | F1 (int8) | of how many |\n|---|---|---|\n"
        for key, (f1, n) in measured["int8"][name].items():
            text += f"| {key} | {f1:.4f} | {n} |\n"
    return text + _LIMITS.format(window=manifest["window"])

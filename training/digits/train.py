"""`python -m training digits`: learn from the cells, measure, and write the artefact.

Stops early when the validation documents read no better. The state after every evaluation is kept,
and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import nn

from extractor.digits import ALPHABET, DigitReader, DigitReading, as_batch, padded
from extractor.digits import FOLDER as ARTEFACT
from training.digits.cells import FOLDER, SEEDS, Cell, load
from training.digits.network import Network, export
from training.synthesis.splits import Split

RUN = FOLDER / "run"
DOCUMENT_SHARE = 0.6
"""Of the crops of a step; the others are drawn."""
DASHES = str.maketrans("一—", "--")
"""Marks of the same meaning, and often of the same form: not told apart by the measure."""


Pools = tuple[dict[int, list[Cell]], dict[int, list[Cell]]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train. A step learns from `batch` crops of about the same width."""

    seed: int = 7
    steps: int = 9000
    batch: int = 64
    rate: float = 2e-3
    evaluate_every: int = 500
    patience: int = 5
    """Evaluations without improvement before it stops."""
    width: int = 24


def train(plan: Plan, folder: Path) -> Network:
    """Train, or go on training; the best network by validation is given back.

    Args:
        folder: keeps `last.pt` (everything that is needed to go on) and `best.pt`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    network = Network(plan.width)
    optimizer = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.rate, total_steps=plan.steps, pct_start=0.08
    )
    step, best, stale = 0, 2.0, 0
    last = folder / "last.pt"
    if last.is_file():
        state = torch.load(last, weights_only=True)
        if state["plan"] != asdict(plan):
            raise ValueError(f"{last} is of another plan; remove it to begin again")
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        step, best, stale = state["step"], state["best"], state["stale"]
    pools = _pools(Split.TRAIN)
    validation = [c for c in _cells(Split.VALIDATION) if c.source != "drawn"]
    loss_of = nn.CTCLoss(zero_infinity=True)
    start, first = time.perf_counter(), step
    mean = 0.0
    while step < plan.steps and stale < plan.patience:
        # Drawn from the step's own seed, so that a run that was cut off goes on the same.
        cells = _batch(pools, plan.batch, Random(f"{plan.seed} {step}"))
        crops, lengths = as_batch([cell.strip for cell in cells])
        noise = np.random.default_rng([plan.seed, step])
        gains = noise.uniform(0.75, 1.1, (len(cells), 1, 1, 1))
        varied = (crops * gains + noise.normal(0, 0.02, crops.shape)).astype(np.float32)
        network.train()
        logs = network(torch.from_numpy(varied))
        wanted = [[ALPHABET.index(c) + 1 for c in cell.text] for cell in cells]
        loss = loss_of(
            logs.transpose(0, 1),
            torch.tensor([k for text in wanted for k in text], dtype=torch.long),
            torch.tensor(lengths),
            torch.tensor([len(text) for text in wanted]),
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimizer.step()
        schedule.step()
        step += 1
        mean = loss.item() if mean == 0.0 else 0.98 * mean + 0.02 * loss.item()
        if step % 20 == 0:
            pace = (step - first) / (time.perf_counter() - start)
            sys.stderr.write(f"\rstep {step}/{plan.steps} loss {mean:.4f} {pace:.1f} steps/s ")
            sys.stderr.flush()
        if step % plan.evaluate_every and step != plan.steps:
            continue
        error = greedy_error(network, validation)
        stale = 0 if error < best else stale + 1
        if error < best:
            best = error
            _save(network.state_dict(), folder / "best.pt")
        state = {"plan": asdict(plan), "step": step, "best": best, "stale": stale}
        state |= {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
        _save(state | {"schedule": schedule.state_dict()}, last)
        sys.stderr.write(f"\rstep {step} loss {mean:.4f} validation error {error:.4f}\n")
    network.load_state_dict(torch.load(folder / "best.pt", weights_only=True))
    return network


def greedy_error(network: Network, cells: Sequence[Cell]) -> float:
    """The share of cells that the likeliest path misreads, dashes not told apart."""
    network.eval()
    wrong = 0
    order = sorted(cells, key=lambda cell: cell.strip.shape[1])
    with torch.no_grad():
        for start in range(0, len(order), 256):
            chosen = order[start : start + 256]
            crops, lengths = as_batch([cell.strip for cell in chosen])
            paths = network(torch.from_numpy(crops)).argmax(2).numpy()
            for cell, path, length in zip(chosen, paths, lengths, strict=True):
                kept = path[:length]
                kept = kept[np.insert(kept[1:] != kept[:-1], 0, True)]
                text = "".join(ALPHABET[k - 1] for k in kept if k)
                wrong += text.translate(DASHES) != cell.text.translate(DASHES)
    return wrong / max(1, len(cells))


def measure(reader: DigitReader, cells: Sequence[Cell]) -> dict[str, Any]:
    """How well cells are read, all together, by their kind, and by where they come from."""
    images = [np.repeat(cell.strip[..., np.newaxis], 3, axis=2) for cell in cells]
    pairs = list(zip(cells, reader.read(images), strict=True))
    by_kind: dict[str, list[bool]] = defaultdict(list)
    by_source: dict[str, list[bool]] = defaultdict(list)
    for cell, reading in pairs:
        by_kind[_kind(cell.text)].append(_is_right(cell, reading))
        if _kind(cell.text) != "other":
            by_source[cell.source].append(_is_right(cell, reading))
    values = [pair for pair in pairs if _kind(pair[0].text) != "other"]
    sure = [pair for pair in values if pair[1].score >= 0.99]
    wrong = [pair for pair in values if not _is_right(*pair)]
    blanks = [reading.blank for cell, reading in values if not cell.text]
    prints = [reading.blank for cell, reading in values if cell.text]
    return {
        "cells": len(cells),
        "exact": {kind: _share(right) for kind, right in sorted(by_kind.items())},
        "exact_by_condition": {name: _share(right) for name, right in sorted(by_source.items())},
        "exact_values": _share([_is_right(*pair) for pair in values]),
        "second_right_of_wrong": _share(
            [any(t == cell.text for t, _ in r.alternatives[1:]) for cell, r in wrong]
        ),
        "score_0.99_share": _share([r.score >= 0.99 for _, r in values]),
        "score_0.99_wrong": _share([not _is_right(*pair) for pair in sure]),
        "blank_over_half_of_empty": _share([p > 0.5 for p in blanks]),
        "blank_over_half_of_printed": _share([p > 0.5 for p in prints]),
    }


def _kind(text: str) -> str:
    if not text:
        return "empty"
    if any(c in ALPHABET[-1] for c in text):
        return "other"
    return "number" if any(c.isdigit() for c in text) else "mark"


def _is_right(cell: Cell, reading: DigitReading) -> bool:
    return reading.text.translate(DASHES) == cell.text.translate(DASHES)


def _share(items: Sequence[bool]) -> list[float | int]:
    """A share, and of how many."""
    return [round(sum(items) / len(items), 5) if items else 0.0, len(items)]


def _cells(split: Split) -> list[Cell]:
    return list(load(sorted((FOLDER / split.value).glob("[!.]*.npz"))))


def _pools(split: Split) -> Pools:
    """Cells of documents and drawn cells, by padded width."""
    pools: Pools = (defaultdict(list), defaultdict(list))
    for cell in _cells(split):
        pools[cell.source == "drawn"][padded(cell.strip.shape[1])].append(cell)
    return pools


def _batch(pools: Pools, n: int, rng: Random) -> list[Cell]:
    """Cells of one padded width, as often as it occurs, from documents and drawn."""
    pool = pools[rng.random() >= DOCUMENT_SHARE]
    widths = sorted(pool)
    (width,) = rng.choices(widths, [len(pool[w]) for w in widths])
    cells = []
    for _ in range(n):
        source = pools[rng.random() >= DOCUMENT_SHARE].get(width) or pool[width]
        cells.append(rng.choice(source))
    return cells


def _save(state: Any, path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def write_artefact(network: Network, plan: Plan, folder: Path) -> dict[str, Any]:
    """Write the model and its manifest into a folder, measured on the validation documents."""
    folder.mkdir(parents=True, exist_ok=True)
    export(network, folder / "model.onnx")
    files = {split: sorted((FOLDER / split.value).glob("[!.]*__*.npz")) for split in SEEDS}
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    manifest: dict[str, Any] = {
        "file": "model.onnx",
        "sha256": hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(),
        "alphabet": ALPHABET,
        "data": {
            split.value: {"seed": SEEDS[split], "documents": len(files[split])} for split in SEEDS
        },
        "training": asdict(plan),
        "commit": commit,
    }
    _write_json(folder / "manifest.json", manifest)
    cells = [c for c in _cells(Split.VALIDATION) if c.source != "drawn"]
    manifest["validation"] = measure(DigitReader(folder), cells)
    _write_json(folder / "manifest.json", manifest)
    return manifest


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train and write the artefact: 0. It goes to `models/` only with `--promote`."""
    parser = argparse.ArgumentParser(prog="python -m training digits", description=__doc__)
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--run", type=Path, default=RUN, help="folder for checkpoints")
    parser.add_argument("--promote", action="store_true", help=f"copy the result to {ARTEFACT}")
    options = parser.parse_args(arguments)
    plan = Plan(steps=options.steps)
    network = train(plan, options.run)
    manifest = write_artefact(network, plan, options.run / "artefact")
    print(json.dumps(manifest["validation"], ensure_ascii=False, indent=1))
    if options.promote:
        shutil.copytree(options.run / "artefact", ARTEFACT, dirs_exist_ok=True)
    return 0

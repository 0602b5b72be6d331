"""`python -m training token-finetune`: learn to tell what characters are for, and stop in time.

One step learns from a batch that is drawn from the step's own seed, so that a run that was cut off
goes on as if it had not been. It stops when the validation documents are read no better. Beside the
weights stands `run.json`: the plan, the data, the measures of every evaluation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from extractor.schema import load_schema
from extractor.token_labels import Labels, labels_of
from training.progress import progress_bar
from training.synthesis.splits import Split
from training.token_classifier.base import BASE, FOLDER, Base, load
from training.token_classifier.batches import Batch, Drawer, Sample, Variation, drawn, samples
from training.token_classifier.documents import IGNORED, digest, files
from training.token_classifier.documents import load as load_document
from training.token_classifier.measure import answers, measure
from training.token_classifier.model import LAYOUTS, Network, Shape, build
from training.token_classifier.runs import (
    commit,
    names_of,
    read_run,
    save_state,
    weights_digest,
    write_json,
)
from training.token_classifier.teacher import disagreement, scores_of

WEIGHTS = {"role": 1.0, "row": 1.0, "column": 1.0, "figure": 4.0, "scope": 0.3, "exactness": 0.3}
"""Of the heads, in the loss."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train."""

    seed: int = 7
    steps: int = 6000
    batch: int = 16
    rate: float = 2e-4
    """Of what the base brings; heads and layout, which are new, learn at `new_rate`."""
    new_rate: float = 1e-3
    decay: float = 0.01
    warmup: float = 0.06
    clip: float = 1.0
    evaluate_every: int = 250
    patience: int = 6
    """Evaluations without improvement before it stops."""
    listen: float = 0.7
    """The share of the loss that is the teacher's, where there is one."""
    precision: str = "auto"
    """fp32, bf16, or auto: bf16 where the processor multiplies it faster."""
    threads: int = 0
    """Of the processor; 0 for all."""


@dataclass(frozen=True, slots=True)
class Data:
    """What is learned from and measured on; `about` tells the documents of every split."""

    train: Sequence[Sample]
    validation: Sequence[Sample]
    labels: Labels
    characters: tuple[str, ...]
    about: dict[str, Any]


def read_data(folder: Path, base: Base, limit: int | None = None, pixels: int = 1) -> Data:
    """The documents of the training split, at most `limit`, those that an OCR read `pixels` times,
    and of the validation split.

    Raises:
        FileNotFoundError: a split has none.
    """
    found = {split: files(split, folder) for split in (Split.TRAIN, Split.VALIDATION)}
    found[Split.TRAIN] = found[Split.TRAIN][:limit]
    for split, paths in found.items():
        if not paths:
            raise FileNotFoundError(
                f"{folder} has no documents of the split {split.value!r}; make them: "
                "python -m training token-data"
            )
    documents = {split: [load_document(path) for path in paths] for split, paths in found.items()}
    scans = [document for document in documents[Split.TRAIN] if document.has_pixels]
    documents[Split.TRAIN] += scans * (pixels - 1)
    labels = labels_of(load_schema())
    train, validation = (
        samples(documents[split], base.characters, labels)
        for split in (Split.TRAIN, Split.VALIDATION)
    )
    about = {
        split.value: {"documents": len(paths), "sha256": digest(paths)}
        for split, paths in found.items()
    }
    about[Split.TRAIN.value]["pixels"] = pixels
    return Data(train, validation, labels, base.characters, about)


def train(
    plan: Plan,
    shape: Shape,
    base: Base,
    data: Data,
    folder: Path,
    teacher: Network | None = None,
    drawers: int = 0,
) -> Network:
    """Train, or go on training; the network that read the validation documents best is given back.

    Args:
        folder: keeps `last.pt` (all that is needed to go on), `best.pt` and `run.json`.
        teacher: a network of the same heads that is listened to, too.
        drawers: processes that draw batches ahead; a GPU would wait for one that does both.

    Raises:
        ValueError: the folder holds a run of another plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if plan.threads:
        torch.set_num_threads(plan.threads)
    is_half = uses_bf16(plan.precision, device)
    torch.manual_seed(plan.seed)
    network = build(base, shape)
    network.to(device)
    if teacher is not None:
        teacher.to(device)
    optimizer = _optimizer(network, plan)
    drawer = Drawer(data.train, data.labels, len(data.characters), Variation())
    identity: dict[str, Any] = {
        "plan": asdict(plan),
        "shape": _plain(shape),
        "base": base.source,
        "data": data.about,
        "variation": asdict(Variation()),
        "names": names_of(data.characters, data.labels),
    }
    if teacher is None:
        del identity["plan"]["listen"]
    else:
        identity["teacher"] = weights_digest(teacher)
    run: dict[str, Any] = identity | {"commit": commit()}
    run |= {"seconds": 0.0, "evaluations": []}
    step, best, stale = 0, -1.0, 0
    last = folder / "last.pt"
    if last.is_file():
        state = torch.load(last, weights_only=True, map_location=device)
        if state["identity"] != json.dumps(identity):
            raise ValueError(f"{last} is of another plan; remove it to begin again")
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        step, best, stale = state["step"], state["best"], state["stale"]
        run["evaluations"] = json.loads(state["evaluations"])
        run["seconds"] = state["seconds"]
    start, mean = time.perf_counter(), 0.0
    with progress_bar() as bar:
        task = bar.add_task("training", total=plan.steps, completed=step, said="")
        for batch in drawn(drawer, plan.batch, plan.seed, range(step, plan.steps), drawers):
            if stale >= plan.patience:
                break
            torch.manual_seed(plan.seed * 1_000_003 + step)  # for dropout
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate_at(step, plan)
            network.train()
            with torch.autocast(device.type, torch.bfloat16, enabled=is_half):
                loss = loss_of(network, batch, device, teacher, plan.listen)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            torch.nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
            optimizer.step()
            step += 1
            mean = loss.item() if mean == 0.0 else 0.95 * mean + 0.05 * loss.item()
            bar.update(task, completed=step, said=f"loss {mean:.4f}")
            if step % plan.evaluate_every and step != plan.steps:
                continue
            measured = evaluate(network, data.validation, data.labels, is_half=is_half)
            score = measured["score"]
            stale = 0 if score > best else stale + 1
            if score > best:
                best = score
                save_state(network.state_dict(), folder / "best.pt")
            run["evaluations"].append({"step": step, "loss": round(mean, 5), **measured})
            state = {"identity": json.dumps(identity), "step": step, "best": best, "stale": stale}
            state |= {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
            run["seconds"] = round(run["seconds"] + time.perf_counter() - start, 1)
            start = time.perf_counter()
            state |= {"seconds": run["seconds"], "evaluations": json.dumps(run["evaluations"])}
            save_state(state, last)
            write_json(folder / "run.json", run)
            told = {k: measured[k] for k in ("row", "column", "anchor", "role", "figure")}
            bar.console.print(f"step {step} loss {mean:.4f} {told}")
    network.load_state_dict(torch.load(folder / "best.pt", weights_only=True, map_location=device))
    return network


def loss_of(
    network: Network,
    batch: Batch,
    device: torch.device,
    teacher: Network | None = None,
    listen: float = 0.0,
) -> Tensor:
    """The weighed mean cross-entropy of all heads; with a teacher, a share of it is its view."""
    given = inputs(batch, device)
    outputs = network(*given)
    theirs = scores_of(teacher, given) if teacher is not None else {}
    total = torch.zeros((), device=device)
    for head, scores in zip(network.heads, outputs, strict=True):
        labels = torch.from_numpy(batch.labels[head]).to(device)
        known = labels != IGNORED
        flat = scores.float().flatten(0, 1)
        losses = functional.cross_entropy(
            flat, labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        loss = losses / known.sum().clamp(min=1)
        if theirs:
            loss = (1 - listen) * loss + listen * disagreement(scores, theirs[head], known)
        total = total + WEIGHTS[head] * loss
    return total


def inputs(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What the network takes, on a device."""
    ids, boxes, starts, mask = (
        torch.from_numpy(array).to(device)
        for array in (batch.ids, batch.boxes, batch.starts, batch.mask)
    )
    return ids, boxes, starts, mask


def evaluate(
    network: Network, chosen: Sequence[Sample], labels: Labels, *, is_half: bool = False
) -> dict[str, Any]:
    """The measures of a network over documents, read in windows as in use."""
    network.eval()
    device = next(network.parameters()).device

    def scores(batch: Batch) -> dict[str, NDArray[np.float32]]:
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=is_half):
            outputs = network(*inputs(batch, device))
        arrays = (output.float().cpu().numpy() for output in outputs)
        return dict(zip(network.heads, arrays, strict=True))

    return measure(chosen, answers(chosen, scores), labels)


def rate_at(step: int, plan: Plan) -> float:
    """The share of the highest rate: up during the warm-up, then down to nothing."""
    warm = max(1, round(plan.warmup * plan.steps))
    if step < warm:
        return (step + 1) / warm
    return max(0.0, (plan.steps - step) / max(1, plan.steps - warm))


def uses_bf16(precision: str, device: torch.device) -> bool:
    """Whether to compute in bf16: on a GPU that can, on a processor that multiplies it faster."""
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    a = torch.randn(1024, 384)
    times = []
    for kind in (torch.float32, torch.bfloat16):
        left, right = a.to(kind), a.T.contiguous().to(kind)
        left @ right
        start = time.process_time()
        for _ in range(8):
            left @ right
        times.append(time.process_time() - start)
    return times[1] < 0.8 * times[0]


def _optimizer(network: Network, plan: Plan) -> torch.optim.Optimizer:
    """AdamW; norms and biases do not decay (Devlin et al., 2019)."""
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in network.named_parameters():
        is_new = name.startswith(("heads.", "layout."))
        rate = plan.new_rate if is_new else plan.rate
        decay = plan.decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "peak": rate, "weight_decay": decay}
            for (rate, decay), parameters in groups.items()
        ]
    )


def _plain(shape: Shape) -> dict[str, Any]:
    return {**asdict(shape), "classes": dict(shape.classes)}


def shape_for(base: Base, labels: Labels, layers: int, layout: str, dropout: float = 0.0) -> Shape:
    """The network of a run: the first layers of its base.

    Raises:
        ValueError: the base has fewer.
    """
    if not 1 <= layers <= base.size.layers:
        raise ValueError(f"the base has {base.size.layers} layers, not {layers}")
    size = replace(base.size, layers=layers)
    return Shape(len(base.characters), labels.sizes, size=size, layout=layout, dropout=dropout)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train: 0; 2 where something that is needed is not there."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m training token-finetune", description=__doc__)
    parser.add_argument("--run", type=Path, default=FOLDER / "run", help="folder for checkpoints")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of the documents")
    parser.add_argument("--base", type=Path, default=BASE, help="made by token-base, token-adapt")
    parser.add_argument("--random", action="store_true", help="start without the base's weights")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--layout", choices=LAYOUTS, default=Shape(0, {}).layout)
    parser.add_argument("--dropout", type=float, default=0.0, help="0.1 where a GPU trains")
    parser.add_argument("--teacher", type=Path, metavar="RUN", help="folder of a bigger one's run")
    parser.add_argument("--drawers", type=int, default=0, help="processes that draw batches ahead")
    parser.add_argument(
        "--pixels", type=int, default=1, metavar="N", help="draw scans N times as often"
    )
    parser.add_argument("--documents", type=int, help="of the training split, at most")
    for name in ("seed", "steps", "batch", "evaluate_every", "patience", "threads"):
        kind, default = int, getattr(plan, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default)
    parser.add_argument("--rate", type=float, default=plan.rate)
    parser.add_argument("--new-rate", type=float, default=plan.new_rate)
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default=plan.precision)
    options = parser.parse_args(arguments)
    chosen = {k: v for k, v in vars(options).items() if k in asdict(plan)}
    try:
        base = load(options.base)
        if options.random:
            base = replace(base, source="random", tensors={})
        data = read_data(options.folder, base, options.documents, options.pixels)
        shape = shape_for(base, data.labels, options.layers, options.layout, options.dropout)
        names = names_of(data.characters, data.labels)
        teacher = read_run(options.teacher, names)[0].eval() if options.teacher else None
        chosen_plan = replace(plan, **chosen)
        network = train(chosen_plan, shape, base, data, options.run, teacher, options.drawers)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    measured = evaluate(network, data.validation, data.labels)
    write_json(options.run / "validation.json", measured)
    sys.stdout.write(json.dumps(measured, ensure_ascii=False, indent=1) + "\n")
    return 0

"""`python -m training token-adapt`: let a base get used to reports before it learns to label them.

Masked characters are guessed from the others (Devlin et al., 2019), with an output tied to the
embedding of characters; labels are not looked at. The result is a base like the one it started
from, with layout, for `token-finetune --base`. Optional: docs/token-classifier.md says what it
brings.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from extractor.encoding import MASK, SPECIALS
from training.progress import progress_bar
from training.token_classifier.base import BASE, FOLDER, Base, load, save
from training.token_classifier.batches import Batch, Drawer, Variation
from training.token_classifier.documents import IGNORED
from training.token_classifier.finetune import Data, inputs, read_data, shape_for, uses_bf16
from training.token_classifier.model import LAYOUTS, Network, Shape, build

ADAPTED = FOLDER / "adapted"
_HIDDEN, _OTHER = 0.8, 0.1
"""Of the chosen characters: shares that are masked, and that are another one; the rest stays."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to adapt."""

    seed: int = 11
    steps: int = 3000
    batch: int = 16
    rate: float = 2e-4
    share: float = 0.15
    """Of the characters that are guessed."""
    keep_every: int = 250


class Guesser(nn.Module):
    """A network's last layer to scores (B, T, characters), tied to its embedding."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        hidden = network.characters.embedding_dim
        self.turn = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.bias = nn.Parameter(torch.zeros(network.characters.num_embeddings))

    def forward(self, ids: Tensor, boxes: Tensor, starts: Tensor, mask: Tensor) -> Tensor:
        x = self.norm(functional.gelu(self.turn(self.network.encode(ids, boxes, starts, mask))))
        return functional.linear(x, self.network.characters.weight, self.bias)


def masked(
    batch: Batch, share: float, characters: int, dice: np.random.Generator
) -> tuple[Batch, NDArray[np.int64]]:
    """The batch with some characters hidden, and what they are (B, T), IGNORED elsewhere."""
    chosen = (dice.random(batch.ids.shape) < share) & (batch.ids >= len(SPECIALS))
    labels = np.where(chosen, batch.ids, IGNORED)
    kind = dice.random(batch.ids.shape)
    other = dice.integers(len(SPECIALS), characters, batch.ids.shape)
    ids = np.where(chosen & (kind < _HIDDEN), MASK, batch.ids)
    is_other = chosen & (kind >= _HIDDEN) & (kind < _HIDDEN + _OTHER)
    return replace(batch, ids=np.where(is_other, other, ids)), labels


def adapt(plan: Plan, shape: Shape, base: Base, data: Data, folder: Path) -> Base:
    """Adapt, or go on adapting; `folder` keeps `last.pt`, all that is needed to go on."""
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    is_half = uses_bf16("auto", device)
    torch.manual_seed(plan.seed)
    guesser = Guesser(build(base, shape)).to(device)
    optimizer = torch.optim.AdamW(guesser.parameters(), lr=plan.rate, weight_decay=0.01)
    last, step = folder / "last.pt", 0
    if last.is_file():
        state = torch.load(last, weights_only=True, map_location=device)
        guesser.load_state_dict(state["guesser"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
    variation = replace(Variation(), misprinted=0.0, reread=0.0, hidden=0.0, without_labels=0.0)
    drawer = Drawer(data.train, data.labels, len(data.characters), variation)
    with progress_bar() as bar:
        task = bar.add_task("adapting", total=plan.steps, completed=step, said="")
        while step < plan.steps:
            torch.manual_seed(plan.seed * 1_000_003 + step)
            for group in optimizer.param_groups:
                group["lr"] = plan.rate * min((step + 1) / 100, 1 - step / plan.steps)
            dice = np.random.default_rng([plan.seed, step])
            batch = drawer.draw(plan.batch, f"adapt {plan.seed} {step}")
            hidden, wanted = masked(batch, plan.share, len(data.characters), dice)
            guesser.train()
            with torch.autocast(device.type, torch.bfloat16, enabled=is_half):
                scores = guesser(*inputs(hidden, device))
            labels = torch.from_numpy(wanted).to(device).flatten()
            loss = functional.cross_entropy(
                scores.float().flatten(0, 1), labels, ignore_index=IGNORED
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            torch.nn.utils.clip_grad_norm_(guesser.parameters(), 1.0)
            optimizer.step()
            step += 1
            bar.update(task, completed=step, said=f"loss {loss.item():.4f}")
            if step % plan.keep_every == 0 or step == plan.steps:
                state = {"step": step, "guesser": guesser.state_dict()}
                part = last.with_suffix(".part")
                torch.save(state | {"optimizer": optimizer.state_dict()}, part)
                part.replace(last)
    tensors = {
        name: tensor.float().cpu().numpy()
        for name, tensor in guesser.network.state_dict().items()
        if not name.startswith("heads.")
    }
    return Base(f"{base.source}, adapted", shape.size, base.characters, tensors)


def main(arguments: Sequence[str] | None = None) -> int:
    """Adapt and write the new base: 0; 2 where something that is needed is not there."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m training token-adapt", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=ADAPTED, metavar="DIR")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of the documents")
    parser.add_argument("--base", type=Path, default=BASE)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--layout", choices=LAYOUTS, default=Shape(0, {}).layout)
    parser.add_argument("--steps", type=int, default=plan.steps)
    parser.add_argument("--batch", type=int, default=plan.batch)
    options = parser.parse_args(arguments)
    try:
        base = load(options.base)
        data = read_data(options.folder, base)
        shape = shape_for(base, data.labels, options.layers, options.layout)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    plan = replace(plan, steps=options.steps, batch=options.batch)
    save(adapt(plan, shape, base, data, options.output), options.output)
    sys.stdout.write(f"the adapted base is in {options.output}\n")
    return 0

"""The network: the first layers of a base, boxes added to its embeddings, one head a question.

The encoder is that of BERT (Devlin et al., 2019), written out so that any checkpoint of its kind
fits and the export holds nothing else. Where a character stands on its sheet is added to its
embedding, as in LayoutLMv2 (Xu et al., 2021): six small embeddings, for x0, y0, x1, y1, width and
height, side by side, or ("waves") sines and cosines of them, so that near places are alike from the
start (Tancik et al., 2020). As in LiLT (Wang et al., 2022) layout and text stay apart up to there:
text without boxes is read by the same network, for which the layout of whole windows is left out at
random in training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from extractor.encoding import SCALE
from training.token_classifier.base import Base, Size

LAYOUTS = ("tables", "waves", "none")
_TYPICAL = 0.02
_WAVES = 16
"""Frequencies of "waves", from a whole sheet to 1/128 of it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the network is made of; `classes` has the number of classes of every head."""

    characters: int
    classes: Mapping[str, int]
    size: Size = field(default_factory=partial(Size, layers=6))
    layout: str = "tables"
    layout_width: int = 64
    dropout: float = 0.0


class Layer(nn.Module):
    """One layer of the encoder; (B, T, H) to the same."""

    def __init__(self, size: Size, dropout: float) -> None:
        super().__init__()
        self.heads = size.heads
        self.query = nn.Linear(size.hidden, size.hidden)
        self.key = nn.Linear(size.hidden, size.hidden)
        self.value = nn.Linear(size.hidden, size.hidden)
        self.out = nn.Linear(size.hidden, size.hidden)
        self.norm_attention = nn.LayerNorm(size.hidden, eps=size.eps)
        self.inner = nn.Linear(size.hidden, size.inner)
        self.outer = nn.Linear(size.inner, size.hidden)
        self.norm_inner = nn.LayerNorm(size.hidden, eps=size.eps)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        batch, length, hidden = x.shape
        by_head = (batch, length, self.heads, hidden // self.heads)
        query, key, value = (
            part(x).view(by_head).transpose(1, 2) for part in (self.query, self.key, self.value)
        )  # (B, heads, T, H / heads)
        attended = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=self.drop.p if self.training else 0.0
        )
        joined = attended.transpose(1, 2).reshape(batch, length, hidden)
        x = self.norm_attention(x + self.drop(self.out(joined)))
        inner = functional.gelu(self.inner(x))
        y: Tensor = self.norm_inner(x + self.drop(self.outer(inner)))
        return y


class Tables(nn.Module):
    """Boxes (B, T, 4) to (B, T, H) by embeddings; those without a box have one of their own."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        self.across = nn.Embedding(SCALE + 2, width)
        self.down = nn.Embedding(SCALE + 2, width)
        self.wide = nn.Embedding(SCALE + 2, width)
        self.high = nn.Embedding(SCALE + 2, width)
        self.join = nn.Linear(6 * width, hidden, bias=False)

    def forward(self, boxes: Tensor) -> Tensor:
        # NO_BOX is -1, so that every index is one higher than the place.
        x0, y0, x1, y1 = (boxes[..., i] + 1 for i in range(4))
        has_box = (x0 > 0).long()
        wide = (x1 - x0).clamp(0, SCALE) + has_box
        high = (y1 - y0).clamp(0, SCALE) + has_box
        parts = [
            *(self.across(x0), self.across(x1), self.down(y0), self.down(y1)),
            *(self.wide(wide), self.high(high)),
        ]
        joined: Tensor = self.join(torch.cat(parts, dim=-1))
        return joined


class Waves(nn.Module):
    """Boxes (B, T, 4) to (B, T, H) by sines and cosines; nothing is added where there is none."""

    frequencies: Tensor

    def __init__(self, hidden: int) -> None:
        super().__init__()
        waves = 2 * math.pi * torch.logspace(-1, 6, _WAVES, base=2.0)
        self.register_buffer("frequencies", waves, persistent=False)
        self.join = nn.Linear(6 * 2 * _WAVES, hidden)

    def forward(self, boxes: Tensor) -> Tensor:
        edges = boxes.to(self.frequencies.dtype) / SCALE  # (B, T, 4)
        sizes = edges[..., 2:] - edges[..., :2]
        phases = torch.cat([edges, sizes], dim=-1).unsqueeze(-1) * self.frequencies
        waves = torch.cat([phases.sin(), phases.cos()], dim=-1).flatten(2)
        joined: Tensor = self.join(waves) * (boxes[..., :1] >= 0)
        return joined


class Network(nn.Module):
    """Characters, boxes and boundaries to the scores of every head, in the order of the classes.

    `ids`, `starts` int64 (B, T), `boxes` int64 (B, T, 4), `mask` bool (B, T): False for padding.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = shape.size
        self.characters = nn.Embedding(shape.characters, size.hidden)
        self.positions = nn.Embedding(size.positions, size.hidden)
        self.starts = nn.Embedding(3, size.hidden)
        self.norm = nn.LayerNorm(size.hidden, eps=size.eps)
        self.layers = nn.ModuleList(Layer(size, shape.dropout) for _ in range(size.layers))
        self.drop = nn.Dropout(shape.dropout)
        self.heads = nn.ModuleDict(
            {head: nn.Linear(size.hidden, n) for head, n in shape.classes.items()}
        )
        self.apply(_initialise)
        if shape.layout not in LAYOUTS:
            raise ValueError(f"layout {shape.layout!r} is none of {', '.join(LAYOUTS)}")
        self.layout: nn.Module | None = None
        if shape.layout == "tables":
            self.layout = Tables(size.hidden, shape.layout_width)
            self.layout.apply(_initialise)
        elif shape.layout == "waves":
            self.layout = Waves(size.hidden)
            self.layout.apply(_initialise)

    def encode(self, ids: Tensor, boxes: Tensor, starts: Tensor, mask: Tensor) -> Tensor:
        """The last layer, (B, T, H)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        x: Tensor = self.characters(ids) + self.positions(places) + self.starts(starts)
        if self.layout is not None:
            x = x + self.layout(boxes)
        x = self.drop(self.norm(x))
        attended = mask[:, None, None, :]  # (B, 1, 1, T)
        for layer in self.layers:
            x = layer(x, attended)
        return x

    def forward(
        self, ids: Tensor, boxes: Tensor, starts: Tensor, mask: Tensor
    ) -> tuple[Tensor, ...]:
        x = self.encode(ids, boxes, starts, mask)
        return tuple(head(x) for head in self.heads.values())


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=_TYPICAL)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def build(base: Base, shape: Shape) -> Network:
    """A network that starts from the first layers of a base.

    Raises:
        ValueError: the base has fewer layers than the network, or other measures.
    """
    network = Network(shape)
    if not base.tensors:
        return network
    wanted = network.state_dict()
    kept = {name: torch.from_numpy(t) for name, t in base.tensors.items() if name in wanted}
    wrong = [name for name, tensor in kept.items() if tensor.shape != wanted[name].shape]
    missing = [
        name for name in wanted if name not in kept and not name.startswith(("heads.", "layout."))
    ]
    if wrong or missing:
        raise ValueError(f"the base {base.source!r} does not fit: {[*wrong, *missing][:3]}")
    network.load_state_dict(wanted | kept)
    return network

"""The network: convolutions down to one row, then convolutions along it, and CTC on top.

After Shi et al., "An End-to-End Trainable Neural Network for Image-based Sequence Recognition"
(2015), with convolutions in place of its recurrent layers, since a cell has hardly any context.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from extractor.digits import ALPHABET, HEIGHT_PX

STEP_PX = 2
"""Pixels of a strip to one step of the output."""


class Network(nn.Module):
    """(N, 1, `HEIGHT_PX`, W) to log-probabilities (N, W / `STEP_PX`, 1 + len(ALPHABET))."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        wide = 5 * width
        self.columns = nn.Sequential(
            *_block(1, width, (3, 3)),
            nn.MaxPool2d(2),
            *_block(width, 2 * width, (3, 3)),
            nn.MaxPool2d((2, 1)),
            *_block(2 * width, 3 * width, (3, 3)),
            nn.MaxPool2d((2, 1)),
            *_block(3 * width, wide, (HEIGHT_PX // 8, 3), is_flat=True),
        )
        self.along = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(wide, wide, 3, padding=dilation, dilation=dilation, bias=False),
                nn.BatchNorm1d(wide),
                nn.ReLU(),
            )
            for dilation in (1, 2, 4)
        )
        self.drop = nn.Dropout(0.1)
        self.classes = nn.Conv1d(wide, 1 + len(ALPHABET), 1)

    def forward(self, crops: Tensor) -> Tensor:
        row = self.columns(crops).squeeze(2)
        for layer in self.along:
            row = row + layer(row)
        logits: Tensor = self.classes(self.drop(row))
        return logits.log_softmax(1).transpose(1, 2)


def _block(
    before: int, after: int, kernel: tuple[int, int], *, is_flat: bool = False
) -> tuple[nn.Module, ...]:
    """A convolution that keeps the size; a flat one takes all rows into one."""
    padding = (0 if is_flat else kernel[0] // 2, kernel[1] // 2)
    convolution = nn.Conv2d(before, after, kernel, padding=padding, bias=False)
    return convolution, nn.BatchNorm2d(after), nn.ReLU()


def export(network: Network, path: Path) -> None:
    """Write the network as ONNX, with any number of crops of any width (a multiple of 2)."""
    network.eval()
    torch.onnx.export(
        network,
        (torch.zeros(2, 1, HEIGHT_PX, 64),),
        str(path),
        dynamo=False,
        input_names=["crops"],
        output_names=["logs"],
        dynamic_axes={"crops": {0: "n", 3: "width"}, "logs": {0: "n", 1: "steps"}},
    )

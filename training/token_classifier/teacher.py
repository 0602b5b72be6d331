"""A bigger network that has learned the labels teaches a smaller one (Hinton et al., 2015).

Where sentences are worded in new ways, more layers do better than few; what they make of a window,
with all doubts, says more than its labels.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from training.token_classifier.model import Network


def disagreement(ours: Tensor, theirs: Tensor, known: Tensor) -> Tensor:
    """The mean cross-entropy of a pupil's scores (B, T, classes) against its teacher's, where
    something is known (B, T); 0 where nothing is."""
    wanted = functional.softmax(theirs.float(), dim=-1)
    losses = -(wanted * functional.log_softmax(ours.float(), dim=-1)).sum(-1)
    total: Tensor = (losses * known).sum() / known.sum().clamp(min=1)
    return total


def scores_of(teacher: Network, given: tuple[Tensor, ...]) -> Mapping[str, Tensor]:
    """What a teacher makes of a batch, by head."""
    with torch.no_grad():
        return dict(zip(teacher.heads, teacher(*given), strict=True))

"""Sizes of counts and amounts, heavy-tailed, and how amounts are printed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import log
from random import Random

from training.synthesis.values import Printed, read_text

MOST = 99_999_999
"""No count has more than eight digits."""

_DECIMALS = (0, 1, 2, 3, 4, 5, 6)
_DECIMAL_WEIGHTS = (30, 8, 26, 4, 20, 2, 10)


@dataclass(frozen=True, slots=True)
class Size:
    """A count that is 0 with probability `zero`, and lognormal from 1 to `most` otherwise.

    `median` and `sigma` are those of the lognormal part.
    """

    zero: float
    median: float = 1
    sigma: float = 1.0
    most: int = MOST

    def sample(self, rng: Random) -> int:
        if rng.random() < self.zero:
            return 0
        count = max(round(rng.lognormvariate(log(self.median), self.sigma)), 1)
        # No heap of equal counts where the tail is cut.
        return count if count <= self.most else rng.randrange(self.most // 2, self.most) + 1


NONE = Size(zero=1.0)
"""What bodies of a level never have."""


def sample_amount(size: Size, rng: Random) -> Printed:
    """An amount in 万元 without its unit, with 0 to 6 decimals.

    Spreadsheets drop trailing zeros, authors keep them: some stay.
    """
    whole = size.sample(rng)
    if whole == 0:
        text = rng.choices(("0", "0.00", "0.0"), (97, 2, 1))[0]
        return Printed(text, Decimal(0))
    decimals = rng.choices(_DECIMALS, _DECIMAL_WEIGHTS)[0]
    units = rng.randrange((whole - 1) * 10**decimals, whole * 10**decimals) + 1
    text = f"{Decimal(units).scaleb(-decimals):f}"
    if "." in text and rng.random() < 0.7:
        text = text.rstrip("0").rstrip(".")
    return Printed(text, read_text(text))

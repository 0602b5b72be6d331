"""What the token classifier makes of a fragment: how likely it is a label, of which row, and so on.

Probabilities are the network's own and not calibrated; what is less likely than `LEAST` is left
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LEAST = 0.01
LIKELY = 0.1
"""From here on a row or a column is one that a print may belong to."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters `start .. end` of a fragment's text that state a key figure, or a part of them.

    `continues`: the figure began in a fragment before; `goes_on`: it ends in one after. `scope`
    None is the plain total. `probability` is the mean over the characters of that of the key.
    """

    start: int
    end: int
    key: str
    scope: str | None
    is_approximate: bool
    probability: float
    continues: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """Means over the characters of one fragment: `roles` (see `token_labels.ROLES`), `rows` and
    `columns` by `table.id`, each with what is left to 1 for "none of them"."""

    roles: Mapping[str, float] = field(default_factory=dict)
    rows: Mapping[str, float] = field(default_factory=dict)
    columns: Mapping[str, float] = field(default_factory=dict)
    mentions: tuple[Mention, ...] = ()

"""Whether the clock of the system was set: what is counted in its time is wrong then."""

from __future__ import annotations

import time


class Clock:
    """Compares the system's clock with one that only ever goes on. Thread-safe: of two that look at
    once both may see a jump."""

    def __init__(self) -> None:
        self._ahead = _ahead()

    def jump_s(self) -> float:
        """By how many seconds the clock was set on, or back (negative), since somebody last looked;
        while a machine sleeps, it is set on, too."""
        before, self._ahead = self._ahead, _ahead()
        return self._ahead - before


def _ahead() -> float:
    return time.time() - time.monotonic()

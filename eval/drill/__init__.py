"""Drills of the service: what it does when it is killed, loaded or attacked.

    python -m eval drill kills [--kills 100]        # SIGKILL at random moments, under load
    python -m eval drill load                       # 300 uploads from 30 clients at once
    python -m eval drill mutations                  # 200 damaged files
    python -m eval drill pace                       # as quick as the command without the service
    python -m eval drill workers                    # 1, 2 and 4 workers on PostgreSQL
    python -m eval drill away [--seconds 60]        # PostgreSQL stopped while documents are read
    python -m eval drill storage                    # files on S3, which is stopped for a while

Each starts a real service in a folder of its own, prints what it found, and ends with 1 if
something was lost, answered wrongly or too slow, with 2 if what it needs is not installed. The seed
decides what happens when, not how fast.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from eval.drill import away, kills, load, mutations, pace, storage, workers

DRILLS: dict[str, Callable[[Sequence[str]], int]] = {
    "away": away.main,
    "kills": kills.main,
    "load": load.main,
    "mutations": mutations.main,
    "pace": pace.main,
    "storage": storage.main,
    "workers": workers.main,
}


def main(argv: Sequence[str]) -> int:
    """Run one drill: 0 if it went well, 1 if not, 2 for wrong usage."""
    if argv and argv[0] in DRILLS:
        return DRILLS[argv[0]](argv[1:])
    parser = argparse.ArgumentParser(
        prog="python -m eval drill",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("drill", choices=DRILLS)
    parser.parse_args(argv[:1])
    print(f"usage: python -m eval drill {'|'.join(DRILLS)} [--help]", file=sys.stderr)
    return 2

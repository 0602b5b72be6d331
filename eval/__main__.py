"""`python -m eval COMMAND`: measurements, and documents to measure with."""

from __future__ import annotations

import sys
from collections.abc import Callable

from eval import bench, facts

COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "bench": (bench.main, "seconds a page and peak memory, beside plain PaddleOCR"),
    "facts": (facts.main, "lay out known values as documents in every layout, with their truth"),
}


def main(argv: list[str]) -> int:
    """Run one command; 2 if there is none of that name."""
    if argv and argv[0] in COMMANDS:
        command, _ = COMMANDS[argv[0]]
        return command(argv[1:])
    print("usage: python -m eval COMMAND [--help]\n", file=sys.stderr)
    for name, (_, purpose) in COMMANDS.items():
        print(f"  {name:8} {purpose}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m training COMMAND`: documents to learn from, and the fixtures of the tests."""

from __future__ import annotations

import sys
from collections.abc import Callable

from training.synthesis import fixtures, synthesise

COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "synthesise": (synthesise.main, "make labelled documents from a seed"),
    "fixtures": (fixtures.main, "make the small documents in eval/fixtures again"),
}


def main(argv: list[str]) -> int:
    """Run one command; 2 if there is none of that name."""
    if argv and argv[0] in COMMANDS:
        command, _ = COMMANDS[argv[0]]
        return command(argv[1:])
    print("usage: python -m training COMMAND [--help]\n", file=sys.stderr)
    for name, (_, purpose) in COMMANDS.items():
        print(f"  {name:11} {purpose}", file=sys.stderr)
    return 0 if argv[:1] in (["--help"], ["-h"]) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

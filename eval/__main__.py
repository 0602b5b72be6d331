"""`python -m eval bench`: see `eval.bench`."""

from __future__ import annotations

import sys

from eval import bench


def main(argv: list[str]) -> int:
    if argv[:1] == ["bench"]:
        return bench.main(argv[1:])
    print("usage: python -m eval bench [--pages N] [--rounds N] [PDF ...]", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

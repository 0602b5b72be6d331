"""`python -m eval FOLDER|SUITE -o REPORT` evaluates; other commands measure and make documents."""

from __future__ import annotations

import sys
from collections.abc import Callable

from eval import (
    ablation,
    bench,
    calibration,
    drill,
    facts,
    memory,
    misreadings,
    peers,
    questions,
    reported,
    run,
    sentences,
    serving,
    shifts,
    suites,
)

COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "ablation": (ablation.main, "documents with a part of the product and without it"),
    "bench": (bench.main, "seconds a page and peak memory, beside plain PaddleOCR"),
    "calibration": (calibration.main, "what probabilities are worth, out of fold"),
    "drill": (drill.main, "the service, killed, loaded, attacked and spread over workers"),
    "facts": (facts.main, "lay out known values as documents in every layout, with their truth"),
    "memory": (memory.main, "memory of one process over many documents"),
    "misreadings": (misreadings.main, "misread cells planted into tables that add up"),
    "peers": (peers.main, "other tools on the same documents, in the same run"),
    "questions": (questions.main, "answers until nothing is in doubt, by the order of questions"),
    "reported": (
        reported.main,
        "errors of the reports' own, planted into tables read without fault",
    ),
    "sentences": (sentences.main, "key figures of single sentences, such as the challenge set"),
    "serving": (serving.main, "what asking the token classifier costs a page"),
    "shifts": (shifts.main, "rows and columns that are not where the form has them"),
    "suite": (suites.main, "make the documents of a suite from its seed"),
}


def main(argv: list[str]) -> int:
    """Run one command, or evaluate a folder or a suite; 2 if nothing is asked for."""
    if argv and argv[0] in COMMANDS:
        command, _ = COMMANDS[argv[0]]
        return command(argv[1:])
    if argv:
        return run.main(argv)
    usage = "usage: python -m eval FOLDER|SUITE -o REPORT [--workers N] | COMMAND [--help]\n"
    print(usage, file=sys.stderr)
    for name, (_, purpose) in COMMANDS.items():
        print(f"  {name:11} {purpose}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m eval FOLDER|SUITE -o REPORT` evaluates; other commands measure and make documents."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

COMMANDS = {
    "ablation": ("eval.ablation", "documents with a part of the product and without it"),
    "bench": ("eval.bench", "seconds a page and peak memory, beside plain PaddleOCR"),
    "calibration": ("eval.calibration", "what probabilities are worth, out of fold"),
    "drill": ("eval.drill", "the service, killed, loaded, attacked and spread over workers"),
    "facts": ("eval.facts", "lay out known values as documents in every layout, with their truth"),
    "keypress": ("eval.keypress", "from a key of a reviewer to the next cell, in a browser"),
    "memory": ("eval.memory", "memory of one process over many documents"),
    "misreadings": ("eval.misreadings", "misread cells planted into tables that add up"),
    "peers": ("eval.peers", "other tools on the same documents, in the same run"),
    "questions": ("eval.questions", "answers until nothing is in doubt, by the order of questions"),
    "reported": (
        "eval.reported",
        "errors of the reports' own, planted into tables read without fault",
    ),
    "screens": ("eval.screens", "pictures of the pages, for the docs"),
    "sentences": ("eval.sentences", "key figures of single sentences, such as the challenge set"),
    "serving": ("eval.serving", "what asking the token classifier costs a page"),
    "shifts": ("eval.shifts", "rows and columns that are not where the form has them"),
    "suite": ("eval.suites", "make the documents of a suite from its seed"),
}


def main(argv: list[str]) -> int:
    """Run one command, or evaluate a folder or a suite; 2 if nothing is asked for."""
    if argv and argv[0] in COMMANDS:
        return _command(COMMANDS[argv[0]][0])(argv[1:])
    if argv:
        return _command("eval.run")(argv)
    usage = "usage: python -m eval FOLDER|SUITE -o REPORT [--workers N] | COMMAND [--help]\n"
    print(usage, file=sys.stderr)
    for name, (_, purpose) in COMMANDS.items():
        print(f"  {name:11} {purpose}", file=sys.stderr)
    return 2


def _command(module: str) -> Callable[[list[str]], int]:
    """The main function of a module, which alone is loaded: what others need would be measured,
    too, where memory is."""
    try:
        command: Callable[[list[str]], int] = import_module(module).main
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed, which evaluation needs: run make dev")
    return command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

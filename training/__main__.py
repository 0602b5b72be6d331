"""`python -m training COMMAND`: documents to learn from, the fixtures of the tests, and models."""

from __future__ import annotations

import importlib
import sys

COMMANDS = {
    "synthesise": ("training.synthesis.synthesise", "make labelled documents from a seed"),
    "fixtures": ("training.synthesis.fixtures", "make the small documents in eval/fixtures again"),
    "digit-cells": ("training.digits.cells", "make the cells that the digit reader learns from"),
    "digits": ("training.digits.train", "train the digit reader"),
    "token-base": ("training.token_classifier.base", "make the base of the token classifier"),
    "token-data": ("training.token_classifier.data", "make the documents that it learns from"),
    "token-adapt": ("training.token_classifier.adapt", "let its base get used to reports"),
    "token-finetune": ("training.token_classifier.finetune", "train the token classifier"),
    "token-export": ("training.token_classifier.export", "write the artefact that is served"),
    "token-fuse": ("training.token_classifier.attention", "make an older artefact quicker"),
    "token-test": ("training.token_classifier.test", "measure the artefact on the test split"),
    "calibration-data": ("training.calibration.data", "make the readings to calibrate on"),
    "calibrate": ("training.calibration.fit", "fit the calibrator and bound its errors"),
    "token-speed": ("training.token_classifier.speed", "time networks of several sizes"),
}
"""Module and purpose of each; imported when it is run, because some need torch."""


def main(argv: list[str]) -> int:
    """Run one command; 2 if there is none of that name."""
    if argv and argv[0] in COMMANDS:
        module, _ = COMMANDS[argv[0]]
        return int(importlib.import_module(module).main(argv[1:]))
    print("usage: python -m training COMMAND [--help]\n", file=sys.stderr)
    for name, (_, purpose) in COMMANDS.items():
        print(f"  {name:16} {purpose}", file=sys.stderr)
    return 0 if argv[:1] in (["--help"], ["-h"]) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

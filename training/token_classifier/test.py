"""`python -m training token-test`: the artefact measured on documents of the test split.

These have sentences, layouts and skins that no other split has, and nothing is chosen by them; make
them with `python -m training token-data`. Run it once for a model, after everything is decided.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from extractor.errors import ModelError
from extractor.token_classifier import FOLDER as ARTEFACT
from extractor.token_classifier import TokenClassifier
from training.synthesis.splits import Split
from training.token_classifier.base import FOLDER
from training.token_classifier.batches import samples
from training.token_classifier.documents import files, load
from training.token_classifier.export import Served
from training.token_classifier.measure import answers, measure


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measures: 0; 2 without an artefact or documents."""
    parser = argparse.ArgumentParser(prog="python -m training token-test", description=__doc__)
    parser.add_argument("--artefact", type=Path, default=ARTEFACT, metavar="DIR")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder of the documents")
    options = parser.parse_args(arguments)
    try:
        classifier = TokenClassifier(options.artefact)
        found = files(Split.TEST, options.folder)
        if not found:
            raise FileNotFoundError(f"{options.folder} has no documents of the test split")
        table = json.loads((options.artefact / "characters.json").read_text(encoding="utf-8"))
        chosen = samples([load(path) for path in found], table, classifier.labels)
    except (OSError, ValueError, ModelError) as error:
        parser.error(str(error))
    served = Served(options.artefact / str(classifier.manifest["file"]))
    measured = measure(chosen, answers(chosen, served), classifier.labels)
    sys.stdout.write(json.dumps(measured, ensure_ascii=False, indent=1) + "\n")
    return 0

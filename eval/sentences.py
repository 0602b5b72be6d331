"""Key figures of single sentences, against a file that says what each of them states.

    python -m eval sentences [FILE] [--wrong]

The file has one JSON object a line: `id` (its kind and a number), `text`, `figures` as in the truth
of a report (see eval/challenge/README.md). Every sentence goes through the stages of the product
from the classifier on, as a report that has only it. A figure is right if key and value are.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.comparison import FigureOutcome, compare_figures
from eval.summary import summarize_figures
from extractor.classify import classify
from extractor.engines import Engines
from extractor.figures import find_figures
from extractor.prose import join_prose
from extractor.schema import load_schema
from extractor.settings import Settings
from extractor.tokens import tokenize_blocks
from extractor.types import Figure, Paragraph

CHALLENGE = Path(__file__).parent / "challenge" / "sentences.jsonl"
_HEADING = "一、总体情况"


class Reader:
    """Reads the figures of a sentence as the product does."""

    def __init__(self, settings: Settings) -> None:
        self._schema = load_schema()
        self._engines = Engines(settings)
        self._is_asked = settings.token_classifier

    def read(self, text: str) -> tuple[Figure, ...]:
        lines = [_HEADING, *text.split("\n")]
        sheets = tokenize_blocks([Paragraph(line, i) for i, line in enumerate(lines, start=1)])
        classifier = self._engines.token_classifier if self._is_asked else None
        sheets = classify(sheets, self._schema, classifier)
        prose = join_prose([f for sheet in sheets for f in sheet.fragments])
        return find_figures(prose, self._schema.figures)


def main(argv: Sequence[str]) -> int:
    """Print how many figures are found, by kind of sentence and by key: 0; 2 without a file."""
    parser = argparse.ArgumentParser(prog="python -m eval sentences", description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=CHALLENGE)
    parser.add_argument("--wrong", action="store_true", help="print what is missed or false")
    arguments = parser.parse_args(argv)
    try:
        items = [json.loads(line) for line in arguments.file.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        parser.error(f"{arguments.file} cannot be read: {error}")
    reader = Reader(Settings())
    by_kind: dict[str, list[FigureOutcome]] = defaultdict(list)
    for item in items:
        found = [_plain(figure) for figure in reader.read(item["text"])]
        outcomes = compare_figures(item, {"figures": found})
        by_kind[item["id"].rpartition("-")[0]] += outcomes
        if arguments.wrong and any(outcome.kind != "right" for outcome in outcomes):
            print(f"{item['id']}: {item['text']!r}")
            for name, figures in (("states", item["figures"]), ("found", found)):
                for f in figures:
                    print(f"    {name:6} {f['key']} {f['value']} {f.get('scope')} {f['printed']!r}")
    print(_table(by_kind))
    return 0


def _plain(figure: Figure) -> dict[str, Any]:
    value = figure.value
    return {
        "key": figure.key,
        "value": None if value is None else float(value),
        "unit": figure.unit,
        "printed": figure.printed,
        "exactness": figure.exactness.value,
        "scope": figure.scope,
        "status": figure.status.value,
    }


def _table(by_kind: dict[str, list[FigureOutcome]]) -> str:
    lines = [f"{'':32} stated right false missed     F1 flagged  false, accepted"]
    every = [outcome for outcomes in by_kind.values() for outcome in outcomes]
    whole = summarize_figures(every)
    rows = {**{kind: summarize_figures(by_kind[kind]) for kind in sorted(by_kind)}}
    for name, row in {**rows, **whole["by_key"], "all": whole}.items():
        counts = " ".join(f"{row[part]:6}" for part in ("stated", "right", "false", "missed"))
        f1 = "     -" if row["f1"] is None else f"{row['f1']:6.3f}"
        rest = f"{row['flagged']:7} {row['false_accepted']:16}" if "flagged" in row else ""
        lines.append(f"{name:32} {counts} {f1} {rest}")
    shares = (
        f"{name} {'-' if whole[name] is None else format(whole[name], '.3f')}"
        for name in ("exactness", "units", "scopes")
    )
    lines.append(f"of those found right: {', '.join(shares)}")
    return "\n".join(lines)

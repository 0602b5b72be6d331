"""The suites: documents of the test split, made from a seed when they are asked for.

What a suite consists of is frozen: `eval/manifests/NAME.sha256` has the sha256 of every document,
and a suite that comes out otherwise (other fonts, other libraries) says so and is never compared
with the baseline.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.synthesis.corpus import LAYOUT_CONDITIONS, Mix, plan_corpus
from training.synthesis.fonts import missing_files
from training.synthesis.paper import GROUPS
from training.synthesis.splits import Split
from training.synthesis.writing import Written, write_corpus

FOLDER = Path("build/suites")
MANIFESTS = Path(__file__).parent / "manifests"


@dataclass(frozen=True, slots=True)
class Suite:
    """A seed, a number of documents and their mix."""

    seed: int
    documents: int
    mix: Mix


_FORMATS = tuple(LAYOUT_CONDITIONS)

SUITES: Mapping[str, Suite] = {
    # Characters in the file, and paper at 150 dpi and better.
    "standard": Suite(
        2611,
        300,
        Mix(
            {
                "text_layer": 3.0,
                **dict.fromkeys(_FORMATS, 0.5),
                **{name: 5.0 / len(GROUPS["standard"]) for name in GROUPS["standard"]},
            }
        ),
    ),
    # All other paper, broken and mixed text layers, pictures of whole reports.
    "harsh": Suite(
        2612,
        300,
        Mix(dict.fromkeys((*GROUPS["harsh"], "garbled", "mixed", "picture"), 1.0)),
    ),
    # Prose: every key figure, in sentences that no other split has.
    "figures": Suite(
        2613,
        300,
        Mix(
            {"text_layer": 1.0, **dict.fromkeys(_FORMATS, 1.0)},
            planted=0.0,
            deviant=0.3,
            long=0.5,
            statements=8,
        ),
    ),
    # One in eight characters of labels and headers is another one, or lost.
    "misprinted": Suite(
        2614,
        200,
        Mix(
            {
                "text_layer": 3.0,
                **dict.fromkeys(_FORMATS, 1.0),
                **{name: 3.0 / len(GROUPS["standard"]) for name in GROUPS["standard"]},
            },
            always=("labels_misprinted_randomly",),
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Materialised:
    """A suite on disk. `state` says whether it is the frozen one, in words for the report; `names`
    are those of its documents, without suffix: others may lie in the folder."""

    name: str
    folder: Path
    seed: int
    is_frozen: bool
    state: str
    names: frozenset[str]


def materialise(
    name: str, folder: Path | None = None, *, workers: int = 1, documents: int | None = None
) -> Materialised:
    """Make a suite, or what is missing of it.

    Args:
        name: a key of `SUITES`.
        folder: `build/suites/NAME` if None.
        workers: processes.
        documents: only the first so many; the suite is then not the frozen one.

    Raises:
        FontError: the machine has no font to set Chinese with.
        KeyError: there is no suite of that name.
    """
    suite = SUITES[name]
    target = folder or FOLDER / name
    count = min(documents or suite.documents, suite.documents)
    plans = plan_corpus(suite.mix, Split.TEST, suite.documents, suite.seed)[:count]
    written = write_corpus(plans, suite.mix, target, workers=workers)
    is_frozen, state = _compare(name, written, suite.documents)
    names = frozenset(plan.name for plan in plans)
    return Materialised(name, target, suite.seed, is_frozen, state, names)


def _compare(name: str, written: Sequence[Written], complete: int) -> tuple[bool, str]:
    path = MANIFESTS / f"{name}.sha256"
    if not path.is_file():
        return False, "not frozen yet"
    frozen = {
        line.split("  ", 1)[1]: line.split("  ", 1)[0]
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    differing = sum(frozen.get(item.name) != item.sha256 for item in written)
    if differing:
        reason = "run `make fonts`" if missing_files() else "other versions of libraries?"
        return False, f"{differing} of {len(written)} documents differ from the manifest: {reason}"
    if len(written) < complete:
        return False, f"the first {len(written)} of {complete} documents, as in the manifest"
    return True, "as frozen in the manifest"


def freeze(name: str, written: Sequence[Written]) -> None:
    """Write the manifest of a suite anew: one line a document, as `sha256sum` writes them."""
    MANIFESTS.mkdir(exist_ok=True)
    lines = "".join(f"{item.sha256}  {item.name}\n" for item in written)
    (MANIFESTS / f"{name}.sha256").write_text(lines, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m eval suite NAME`: make a suite; 0, or 1 if it is not the frozen one.

    With another seed it makes fresh documents of the same mix, which nobody has looked at yet.
    """
    parser = argparse.ArgumentParser(prog="python -m eval suite", description=__doc__)
    parser.add_argument("name", choices=list(SUITES))
    parser.add_argument("-o", "--output", type=Path, metavar="DIR")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--freeze", action="store_true", help="write its manifest anew")
    parser.add_argument("--seed", type=int, help="of fresh documents of the same mix; needs -o")
    parser.add_argument("--documents", type=int, default=100, help="how many fresh ones")
    options = parser.parse_args(arguments)
    suite = SUITES[options.name]
    if options.seed is not None:
        if options.output is None or options.freeze or options.documents < 1:
            parser.error("--seed needs -o, at least one document, and no --freeze")
        plans = plan_corpus(suite.mix, Split.TEST, options.documents, options.seed)
        made = write_corpus(plans, suite.mix, options.output, workers=options.workers)
        sys.stdout.write(f"{options.output}: {len(made)} fresh documents\n")
        return 0
    if options.freeze:
        plans = plan_corpus(suite.mix, Split.TEST, suite.documents, suite.seed)
        target = options.output or FOLDER / options.name
        freeze(options.name, write_corpus(plans, suite.mix, target, workers=options.workers))
    ready = materialise(options.name, options.output, workers=options.workers)
    sys.stdout.write(f"{ready.folder}: {ready.state}\n")
    return 0 if ready.is_frozen else 1

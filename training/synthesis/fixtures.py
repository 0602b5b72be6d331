"""`python -m training fixtures DIR`: the labelled documents of the repository, and their README.

The documents are committed, so that tests need neither fonts nor this command; it is run again when
one is added. Every one is invented and has a seed of its own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import yaml
from pydantic import TypeAdapter

from training.synthesis.broken import newly_broken
from training.synthesis.catalogue import (
    TEXT_LAYOUTS,
    Made,
    make_garbled,
    make_mixed,
    make_paper,
    make_pdf,
    make_picture,
)
from training.synthesis.corpus import Document
from training.synthesis.deviations import deviate
from training.synthesis.planted import PlantedError, plant
from training.synthesis.report import Report, invent
from training.synthesis.splits import Split
from training.synthesis.styles import STYLES, compact
from training.synthesis.truth import document_truth, to_json

_README = """# Labelled documents

Invented reports in the formats, editions, oddities and paper conditions that real ones have.
`NAME.truth.json` states what must be read from the document: every slot with its state, print and
place, the key figures of the prose, and the errors that the report makes itself
([docs/corpus.md](../../docs/corpus.md)). They are written by `python -m training fixtures
eval/fixtures` and add up unless their line says otherwise.

| document | for |
|---|---|
"""


_QUALITY = 20
"""Of JPEG pages at most: what office scanners are often set to, and small files."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """One document: what it is for, and all that it is made from.

    `layout` is a text layout, a style of `styles.STYLES`, `pdf_bad_text_layer`, `pdf_mixed`,
    `image_FORMAT`, or `paper_CONDITION`, whose pages `style` sets. `planted` are kinds of errors.
    `is_double`: a second report follows in the same file; the truth is that of the first.
    """

    name: str
    layout: str
    edition: str
    purpose: str
    deviations: tuple[str, ...] = ()
    scale: int = 60
    single_other: bool | None = None
    organizations: bool = True
    is_long: bool = False
    style: str = "pdf_ruled"
    planted: tuple[str, ...] = ()
    is_double: bool = False

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.edition}__{self.layout}"

    def report(self, rng: Random) -> tuple[Report, tuple[PlantedError, ...]]:
        """The report and its own errors."""
        report = invent(
            rng,
            self.edition,
            scale=self.scale,
            single_other=self.single_other,
            organizations=self.organizations,
            is_long=self.is_long,
        )
        single_other = any(slot.startswith("requests.other.") for slot in report.slots())
        errors: list[PlantedError] = []
        for kind in self.planted:
            values, found = plant(report.values, kind, rng, previous={}, single_other=single_other)
            report = replace(report, values=values)
            errors += found
        deviating = deviate(report, self.deviations, rng)
        if "does_not_add_up" in self.deviations:
            errors += _wrong_totals(report, deviating, single_other=single_other)
        return deviating, tuple(errors)

    def make(self, report: Report, rng: Random) -> Made:
        """Lay the report out, in a form that makes small files."""
        if self.layout in TEXT_LAYOUTS:
            made = TEXT_LAYOUTS[self.layout](report, rng, Split.TEST)
            if not self.is_double:
                return made
            second = TEXT_LAYOUTS[self.layout](invent(rng, self.edition), rng, Split.TEST)
            return replace(made, data=made.data + second.data)
        style = compact(STYLES[self.layout if self.layout in STYLES else self.style])
        kind, _, detail = self.layout.partition("_")
        match kind:
            case "paper":
                return make_paper(
                    report, rng, Split.TEST, style=style, condition=detail, best_quality=_QUALITY
                )
            case "image":
                return make_picture(
                    report, rng, Split.TEST, style=style, file_format=detail.upper()
                )
            case _:
                makers = {"pdf_bad_text_layer": make_garbled, "pdf_mixed": make_mixed}
                make = makers.get(self.layout, make_pdf)
                return make(report, rng, Split.TEST, style=style)


def _read(path: Path) -> tuple[Fixture, ...]:
    return _ENTRIES.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))


_ENTRIES = TypeAdapter(tuple[Fixture, ...])
FIXTURES = _read(Path(__file__).with_suffix(".yaml"))


def _wrong_totals(before: Report, after: Report, *, single_other: bool) -> list[PlantedError]:
    """What the deviation `does_not_add_up` has done, one total after the other."""
    errors = []
    for slot, value in after.values.items():
        right = before.values[slot]
        if value == right:
            continue
        alone = {**before.values, slot: value}
        for relation in newly_broken(before.values, alone, previous={}, single_other=single_other):
            errors.append(
                PlantedError("does_not_add_up", relation, (slot,), (value.value,), (right.value,))
            )
    return errors


def build(fixture: Fixture) -> Document:
    """The document with its truth; the same fixture gives the same bytes."""
    rng = Random(fixture.stem)
    report, planted = fixture.report(rng)
    made = fixture.make(report, rng)
    name = fixture.stem + made.suffix
    answer = document_truth(report, name, made.data, made.runs, planted)
    answer |= {
        "condition": condition(fixture.layout),
        "layout": fixture.layout,
        "deviations": list(fixture.deviations),
    }
    return Document(name, made.data, answer, made.runs)


def condition(layout: str) -> str:
    """The condition under which the suites count a layout."""
    kinds = {"html": "html", "docx": "docx", "md": "markdown", "flat": "text", "image": "picture"}
    kind, _, detail = layout.partition("_")
    special = {"pdf_bad_text_layer": "garbled", "pdf_mixed": "mixed"}
    return detail if kind == "paper" else special.get(layout) or kinds.get(kind, "text_layer")


def main(arguments: list[str]) -> int:
    """Write all fixtures into the folder given; documents that it no longer names are removed."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    documents = [build(fixture) for fixture in FIXTURES]
    for path in folder.iterdir():
        path.unlink()
    lines = []
    for fixture, document in zip(FIXTURES, documents, strict=True):
        (folder / document.name).write_bytes(document.data)
        (folder / f"{fixture.stem}.truth.json").write_bytes(to_json(document.truth))
        lines.append(f"| `{document.name}` | {fixture.purpose.replace('|', '¦')} |\n")
    (folder / "README.md").write_text(_README + "".join(lines), encoding="utf-8")
    return 0

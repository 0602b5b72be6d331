"""How real reports deviate from the form: named changes to a report, each seeded, all combinable.

Structure, wording and surroundings change what stands around the values; printing changes how they
are printed and, where the print then says something else, the truth with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from training.synthesis.deviations.deviation import Deviation
from training.synthesis.deviations.printing import PRINTING
from training.synthesis.deviations.structure import STRUCTURE
from training.synthesis.deviations.surroundings import SURROUNDINGS
from training.synthesis.deviations.wording import WORDING
from training.synthesis.report import Report

__all__ = ["DEVIATIONS", "EXCLUSIVE", "Deviation", "deviate", "sample_deviations"]

DEVIATIONS: Mapping[str, Deviation] = {**STRUCTURE, **WORDING, **SURROUNDINGS, **PRINTING}
"""All deviations, in an order in which they can be applied together."""

EXCLUSIVE: tuple[frozenset[str], ...] = tuple(
    map(
        frozenset,
        (
            ("table_split", "table_split_repeated", "table_missing"),
            ("captions_missing", "captions_with_law"),
            ("spans_uneven", "stray_cells"),
            ("tables_reordered", "headings_lost", "headings_renumbered", "headings_repeated"),
            ("headings_lost", "headings_renumbered", "headings_repeated", "headings_unnumbered"),
            ("headers_misprinted", "headers_varied", "labels_misprinted_randomly"),
            ("headers_cut", "headers_varied", "headers_with_instructions"),
            ("headers_with_instructions", "unit_nowhere"),
            ("labels_misprinted", "labels_misprinted_randomly", "labels_cut"),
            ("labels_explained", "labels_shortened", "labels_cut"),
            ("words_spaced", "headers_vertical", "labels_broken"),
            ("title_two_lines", "title_without_body", "title_doubled"),
            ("table_missing", "table_blank", "note_under_disputes"),
            ("units_in_cell", "unit_nowhere"),
            ("trailing_zeros", "decimals_many"),
            ("thousands", "numbers_spaced"),
            ("words_for_none", "sentences_for_none"),
        ),
    )
)
"""Groups of which no report has two: they contradict each other, or hide each other."""


def deviate(report: Report, names: tuple[str, ...], rng: Random) -> Report:
    """Apply the named deviations in order.

    Raises:
        KeyError: an unknown name.
        ValueError: a deviation that the report's edition does not know.
    """
    for name in names:
        deviation = DEVIATIONS[name]
        if report.edition not in deviation.editions:
            raise ValueError(f"{name} does not occur in the {report.edition} edition")
        report = deviation.change(report, rng)
    return report


def sample_deviations(rng: Random, edition: str, *, share: float = 1.0) -> tuple[str, ...]:
    """Names of deviations, each as often as its weight says, in the order to apply them.

    Args:
        edition: that of the report.
        share: of reports that deviate at all; these have at least one deviation.
    """
    if rng.random() >= share:
        return ()
    weights = {
        name: deviation.weight
        for name, deviation in DEVIATIONS.items()
        if edition in deviation.editions and deviation.weight > 0
    }
    drawn = [name for name, weight in weights.items() if rng.random() < weight]
    if not drawn:
        drawn = rng.choices(list(weights), list(weights.values()))
    rng.shuffle(drawn)
    kept: set[str] = set()
    for name in drawn:
        if not any(name in group and kept & group for group in EXCLUSIVE):
            kept.add(name)
    return tuple(name for name in weights if name in kept)

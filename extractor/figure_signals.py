"""What speaks for and against a key figure, as numbers: what a calibrator makes a probability of.

Three parts, in the order in which they become known: what the two witnesses say of the place, what
else the text says of the same key, and whether the tables say the same. None knows the key.
"""

NAMES = (
    *("is_pattern", "pattern_doubts", "is_zero_words"),
    *("is_heard", "said", "rival", "number_doubts"),
    *("has_value", "has_unit", "is_approximate", "has_scope", "is_zero", "digits"),
    *("certainty", "is_characters", "numbers", "position"),
    *("repeated", "contradicted"),
    *("agrees_with_tables", "contradicts_tables"),
)
"""In the order of the values; each is finite and in [0, 1]."""


def of_tables(agreement: bool | None) -> tuple[float, float]:
    """What the tables say of a figure; None where they say nothing."""
    return float(agreement is True), float(agreement is False)

"""The four parts of the corpus, disjoint by document, layout family and sentence pattern."""

from __future__ import annotations

from enum import StrEnum


class Split(StrEnum):
    """TRAIN and VALIDATION make the classifier, CALIBRATION its probabilities, TEST the figures."""

    TRAIN = "train"
    VALIDATION = "validation"
    CALIBRATION = "calibration"
    TEST = "test"

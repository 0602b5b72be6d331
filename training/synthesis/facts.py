"""The facts of a synthetic report: who reports, for which year, and what stands in every slot.

Sizes follow what real reports state: most cells are zero, counts are heavy-tailed and grow with the
level of the body, and few outcomes take most applications. Every sum holds by construction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from training.synthesis.bodies import Body, invent_body
from training.synthesis.disclosures import sample_disclosure
from training.synthesis.form import (
    APPLICANTS,
    DISPUTE_COLUMNS,
    DISPUTE_ROWS,
    EDITIONS,
    request_rows,
    result_rows,
)
from training.synthesis.magnitudes import Size
from training.synthesis.values import Printed, number
from training.synthesis.zeros import ZERO_STYLES

SINGLE_OTHER_SHARE = 0.12
"""Of reports of the 2021 edition that print 其他处理 as one row."""

_EDITION_WEIGHTS = (0.4, 0.6)
_YEARS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "2019": ((2019, 2020, 2021, 2022), (46, 46, 3, 5)),
    "2021": ((2021, 2022, 2023, 2024, 2025), (20, 20, 22, 22, 16)),
}
_APPLICATIONS: Mapping[str, Size] = {
    "town": Size(zero=0.36, median=2, sigma=1.0, most=300),
    "county_bureau": Size(zero=0.25, median=4, sigma=1.1, most=900),
    "district": Size(zero=0.03, median=60, sigma=1.0, most=3000),
    "city_bureau": Size(zero=0.06, median=22, sigma=1.1, most=3000),
    "city": Size(zero=0.0, median=800, sigma=0.9, most=5000),
    "province_department": Size(zero=0.02, median=80, sigma=1.1, most=5000),
}
_OUTCOMES: Mapping[str, float] = {
    "granted": 36,
    "partially_granted": 8,
    "denied_state_secret": 0.2,
    "denied_prohibited_by_law": 0.8,
    "denied_security_stability": 0.3,
    "denied_third_party_rights": 1.0,
    "denied_internal_affairs": 1.0,
    "denied_process_information": 1.0,
    "denied_enforcement_files": 0.8,
    "denied_administrative_query": 0.8,
    "unavailable_not_held": 29,
    "unavailable_needs_creation": 1.0,
    "unavailable_unclear_request": 0.6,
    "rejected_petition": 4,
    "rejected_duplicate": 1.2,
    "rejected_published_material": 0.1,
    "rejected_excessive": 0.5,
    "rejected_confirmation": 0.3,
    "other_uncorrected_overdue": 1.5,
    "other_unpaid_fee": 0.2,
    "other_misc": 10,
    "other": 11,
}
_ORGANIZATION_WEIGHTS = (70, 8, 8, 8, 6)
_DISPUTE_RATES: Mapping[str, tuple[float, float]] = {
    "reconsideration": (0.55, 0.05),
    "direct_lawsuit": (0.75, 0.02),
    "lawsuit_after_reconsideration": (0.75, 0.025),
}
_DISPUTE_OUTCOMES = (62, 9, 19, 10)


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What one report states. `values` has every slot of the form that the report prints.

    `single_other` prints 其他处理 as one row. `previous` is what the body's report of last year
    states of what goes on in this one: `requests.carried_forward.*` and, where that report was of
    the 2021 edition too, the `in_force` slots. `zeros` names the style of `ZERO_STYLES` in which
    zero is printed.
    """

    body: Body
    year: int
    edition: str
    single_other: bool
    values: Mapping[str, Printed]
    previous: Mapping[str, int]
    zeros: str

    @property
    def organization(self) -> str:
        return self.body.name


def sample_facts(
    rng: Random, *, edition: str | None = None, level: str | None = None
) -> ReportFacts:
    """The facts of one report; all relations hold.

    Args:
        edition: "2019" or "2021"; None draws one.
        level: one of `bodies.LEVELS`; None draws one.

    Raises:
        ValueError: an unknown edition or level.
    """
    if edition is None:
        edition = rng.choices(EDITIONS, _EDITION_WEIGHTS)[0]
    if edition not in EDITIONS:
        raise ValueError(f"unknown edition {edition!r}, expected one of {', '.join(EDITIONS)}")
    body = invent_body(rng, level=level)
    years, weights = _YEARS[edition]
    year = rng.choices(years, weights)[0]
    single_other = edition == "2019" or rng.random() < SINGLE_OTHER_SHARE
    requests = _sample_requests(body.level, rng, single_other=single_other)
    disclosure, in_force = sample_disclosure(body.level, edition, rng)
    values = {
        **disclosure,
        **{slot: number(count) for slot, count in requests.items()},
        **_sample_disputes(body.level, requests["requests.new_received.total"], rng),
    }
    previous = {
        slot.replace(".carried_over.", ".carried_forward."): count
        for slot, count in requests.items()
        if ".carried_over." in slot
    }
    if edition == "2021" and year > 2021:
        previous |= in_force
    shares = [share for _, share in ZERO_STYLES.values()]
    zeros = rng.choices(list(ZERO_STYLES), shares)[0]
    style, _ = ZERO_STYLES[zeros]
    return ReportFacts(body, year, edition, single_other, style(values, rng), previous, zeros)


def _sample_requests(level: str, rng: Random, *, single_other: bool) -> dict[str, int]:
    """Table 三: each application has its applicant and its fate, and the cells count them."""
    n_new = _APPLICATIONS[level].sample(rng)
    n_carried = _left_open(n_new, rng)
    columns = _draw(APPLICANTS, _applicant_weights(rng), n_new + n_carried, rng)
    counts: Counter[tuple[str, str]] = Counter()
    counts.update(("new_received", column) for column in columns[:n_new])
    counts.update(("carried_over", column) for column in columns[n_new:])
    rng.shuffle(columns)
    n_open = min(_left_open(n_new, rng), len(columns))
    counts.update(("carried_forward", column) for column in columns[:n_open])
    handled = columns[n_open:]
    results = result_rows(single_other=single_other)
    # Offices differ in what they are asked for: the same outcomes lead, others come and go.
    weights = [_OUTCOMES[row] * rng.lognormvariate(0, 1) for row in results]
    counts.update(zip(_draw(results, weights, len(handled), rng), handled, strict=True))
    counts.update(("total_handled", column) for column in handled)
    cells = {}
    for row in request_rows(single_other=single_other):
        for column in APPLICANTS:
            cells[f"requests.{row}.{column}"] = counts[row, column]
        cells[f"requests.{row}.total"] = sum(counts[row, column] for column in APPLICANTS)
    return cells


def _draw(names: Sequence[str], weights: Sequence[float], n: int, rng: Random) -> list[str]:
    return rng.choices(names, weights, k=n)


def _left_open(n: int, rng: Random) -> int:
    """Applications still open at the turn of a year: mostly none or few."""
    if rng.random() < (0.85 if n < 10 else 0.4):
        return 0
    return min(round(n * rng.lognormvariate(-3.2, 0.8)) + (rng.random() < 0.3), n + 1)


def _applicant_weights(rng: Random) -> tuple[float, ...]:
    """Shares of the applicants: mostly natural persons alone, else some companies, rarely more."""
    chance = rng.random()
    if chance < 0.55:
        return (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    share = min(rng.lognormvariate(-2.3, 0.8), 0.7)
    if chance < 0.82:
        return (1 - share, share, 0.0, 0.0, 0.0, 0.0)
    total = sum(_ORGANIZATION_WEIGHTS)
    return (1 - share, *(share * weight / total for weight in _ORGANIZATION_WEIGHTS))


def _sample_disputes(level: str, applications: int, rng: Random) -> dict[str, Printed]:
    """Table 四: a small share of the applications, in most bodies none."""
    values = {}
    for row in DISPUTE_ROWS:
        none, share = _DISPUTE_RATES[row]
        is_large = level == "city"
        n = 0
        if rng.random() >= (none / 6 if is_large else none):
            n = round(applications * min(share * rng.lognormvariate(0, 1), 0.5))
        results = [column for column, _ in DISPUTE_COLUMNS[:-1]]
        counts = Counter(_draw(results, _DISPUTE_OUTCOMES, n, rng))
        for column in results:
            values[f"disputes.{row}.{column}"] = number(counts[column])
        values[f"disputes.{row}.total"] = number(n)
    return values

"""One result against one truth: every cell, figure, finding and fact, as plain outcomes.

A result that is missing, failed or belongs to another schema makes every slot wrong. Values are
compared as the acceptance check compares them: numbers by value, and a truth of null (the document
prints no number there) with a value of null.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.cases import SCHEMA, Case
from training.synthesis.relations import relations

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """One slot. `state_is_right` and `is_located` are None where the truth does not say.
    `is_offered` says of a misread number (another one is printed) whether the true one is among
    the alternatives; None of every other cell.

    `state` is the one that was read, `printed_state` that of the print ("unstated" without it).
    `status` is accepted, flagged, reviewed, or missing where there is no result for the slot. Like
    the acceptance check, whatever is there and not flagged counts as accepted.
    """

    slot: str
    wanted: float | None
    found: float | None
    printed: str
    is_right: bool
    state: str
    printed_state: str
    state_is_right: bool | None
    status: str
    probability: float | None
    is_located: bool | None
    is_offered: bool | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status not in ("flagged", "missing")

    @property
    def is_flagged(self) -> bool:
        """A person must look: because it is said, or because there is no result."""
        return self.status in ("flagged", "missing")

    @property
    def is_wholly_right(self) -> bool:
        """Value and state are right: what a probability is the chance of."""
        return self.is_right and self.state_is_right is not False

    @property
    def is_silent(self) -> bool:
        """Wrong, and no person would look."""
        return self.is_accepted and not self.is_right


@dataclass(frozen=True, slots=True)
class FigureOutcome:
    """A key figure: right (stated and found), missed (stated only) or false (found only).

    `is_wrong_value`: a false one beside a missed one of the same key, so that the key was right.
    """

    key: str
    kind: str
    is_flagged: bool
    exactness_is_right: bool | None = None
    unit_is_right: bool | None = None
    scope_is_right: bool | None = None
    is_wrong_value: bool = False


@dataclass(frozen=True, slots=True)
class PlantOutcome:
    """An error of the report's own. `outcome`: reported, undecided, misread (the verdict of the
    finding that names it), missed, repaired (the reading is what would add up, accepted),
    repaired_flagged, or unseen (no sum of one report can show it)."""

    kind: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """One document. `seconds` is by stage, empty where nothing was read."""

    name: str
    condition: str
    layout: str
    edition: str
    has_result: bool
    cells: tuple[CellOutcome, ...]
    figures: tuple[FigureOutcome, ...]
    plants: tuple[PlantOutcome, ...]
    false_findings: tuple[tuple[str, str], ...]
    facts: Mapping[str, bool]
    pages: int
    seconds: Mapping[str, float]

    @property
    def is_exact(self) -> bool:
        return all(cell.is_right for cell in self.cells)


def compare(case: Case, result: Json | None) -> Comparison:
    """Compare one result with its truth; None for a document without a result."""
    truth = case.truth
    usable = result if is_usable(result) else None
    cells = tuple(_cell(slot, wanted, truth, usable) for slot, wanted in truth["slots"].items())
    document = (usable or {}).get("document", {})
    return Comparison(
        name=case.name,
        condition=case.condition,
        layout=str(truth.get("layout") or "unstated"),
        edition=str(truth.get("edition") or "unstated"),
        has_result=usable is not None,
        cells=cells,
        figures=compare_figures(truth, usable),
        plants=_plants(truth, usable, cells),
        false_findings=_false_findings(truth, usable),
        facts=_facts(truth, usable),
        pages=int(document.get("pages") or 0),
        seconds=dict((usable or {}).get("provenance", {}).get("seconds", {})),
    )


def is_usable(result: object) -> bool:
    """Whether this is a result to our schema."""
    report = result.get("report") if isinstance(result, dict) else None
    return isinstance(report, dict) and report.get("schema") == SCHEMA


def same(wanted: object, found: object) -> bool:
    """Whether two values of a slot are the same number, or both none."""
    if wanted is None or found is None:
        return wanted is None and found is None
    try:
        return abs(float(wanted) - float(found)) < 1e-9  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _cell(slot: str, wanted: float | None, truth: Json, result: Json | None) -> CellOutcome:
    table, _, key = slot.partition(".")
    cell = ((result or {}).get("tables", {}).get(table) or {}).get("cells", {}).get(key)
    expected = (truth.get("cells") or {}).get(slot, {})
    printed = str(expected.get("state", "unstated"))
    if not cell:
        state = False if "state" in expected else None
        place = _is_located(expected, None)
        return CellOutcome(
            slot, wanted, None, "", False, "missing", printed, state, "missing", None, place
        )
    state = cell.get("state", "")
    return CellOutcome(
        slot=slot,
        wanted=wanted,
        found=cell.get("value"),
        printed=cell.get("printed") or "",
        is_right=same(wanted, cell.get("value")),
        state=state,
        printed_state=printed,
        state_is_right=state == expected["state"] if "state" in expected else None,
        status=cell.get("status") or "unstated",
        probability=cell.get("probability"),
        is_located=_is_located(expected, cell.get("evidence")),
        is_offered=_is_offered(wanted, cell),
    )


def _is_offered(wanted: float | None, cell: Json) -> bool | None:
    found = cell.get("value")
    if wanted is None or found is None or same(wanted, found):
        return None
    return any(same(wanted, other.get("value")) for other in cell.get("alternatives") or ())


def _is_located(expected: Json, evidence: Json | None) -> bool | None:
    """Whether the evidence box holds the middle of the print, on its page."""
    box = expected.get("box")
    if box is None or not expected.get("printed"):
        return None
    if not evidence or evidence.get("page") != expected.get("page") or not evidence.get("box"):
        return False
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    x0, y0, x1, y1 = evidence["box"]
    return bool(x0 <= x <= x1 and y0 <= y <= y1)


def compare_figures(truth: Json, result: Json | None) -> tuple[FigureOutcome, ...]:
    """Match figures one to one by key and value; the same exactness first, then any.

    A truth that says nothing of figures judges none.
    """
    if "figures" not in truth:
        return ()
    stated = list(truth.get("figures") or ())
    found = list((result or {}).get("figures") or ())
    outcomes = []
    taken: set[int] = set()
    pairs: dict[int, int] = {}
    for is_strict in (True, False):
        for i, want in enumerate(stated):
            if i in pairs:
                continue
            for j, have in enumerate(found):
                if (
                    j not in taken
                    and have["key"] == want["key"]
                    and same(want["value"], have["value"])
                    and (not is_strict or _agrees(want, have))
                ):
                    pairs[i] = j
                    taken.add(j)
                    break
    for i, want in enumerate(stated):
        if i not in pairs:
            outcomes.append(FigureOutcome(want["key"], "missed", False))
            continue
        have = found[pairs[i]]
        outcomes.append(
            FigureOutcome(
                want["key"],
                "right",
                have.get("status") == "flagged",
                have.get("exactness") == want.get("exactness"),
                (have.get("unit") or "") == (want.get("unit") or ""),
                have.get("scope") == want.get("scope") if "scope" in want else None,
            )
        )
    missed = Counter(outcome.key for outcome in outcomes if outcome.kind == "missed")
    for j, have in enumerate(found):
        if j not in taken:
            is_wrong = missed[have["key"]] > 0
            missed[have["key"]] -= is_wrong
            is_flagged = have.get("status") == "flagged"
            outcomes.append(
                FigureOutcome(have["key"], "false", is_flagged, is_wrong_value=is_wrong)
            )
    return tuple(outcomes)


def _agrees(want: Json, have: Json) -> bool:
    return bool(
        have.get("exactness") == want.get("exactness")
        and _plain(str(have.get("printed") or "")) == _plain(str(want.get("printed") or ""))
    )


def _plants(
    truth: Json, result: Json | None, cells: Sequence[CellOutcome]
) -> tuple[PlantOutcome, ...]:
    """What became of each planted error; one plant may break several relations."""
    plants: dict[tuple[str, tuple[str, ...]], list[Json]] = defaultdict(list)
    for error in truth.get("planted") or ():
        plants[error["kind"], tuple(error["cells"])].append(error)
    by_slot = {cell.slot: cell for cell in cells}
    findings = (result or {}).get("findings") or ()
    return tuple(
        PlantOutcome(kind, _plant(errors, by_slot, findings))
        for (kind, _), errors in plants.items()
    )


def _plant(
    errors: Sequence[Json], by_slot: Mapping[str, CellOutcome], findings: Sequence[Json]
) -> str:
    error = errors[0]
    repaired = [
        cell
        for slot, printed, consistent in zip(
            error["cells"], error["printed"], error["consistent"], strict=True
        )
        if (cell := by_slot.get(slot)) is not None
        and not same(printed, cell.found)
        and same(consistent, cell.found)
        and cell.status != "missing"
    ]
    if repaired:
        silently = any(cell.is_accepted for cell in repaired)
        return "repaired" if silently else "repaired_flagged"
    broken = {item["relation"] for item in errors if item["relation"]}
    visible = {relation for relation in broken if "across_years" not in relation}
    if not visible:
        return "unseen"
    verdicts = {finding["verdict"] for finding in findings if finding["relation"] in visible}
    for verdict in ("reported", "undecided", "misread"):
        if verdict in verdicts:
            return verdict
    return "missed"


def _false_findings(truth: Json, result: Json | None) -> tuple[tuple[str, str], ...]:
    """Relation and verdict of findings about sums that hold in what the document prints."""
    slots = truth["slots"]
    single = any(slot.startswith("requests.other.") for slot in slots)
    known = {relation.id: relation for relation in relations(single_other=single)}
    false = []
    for finding in (result or {}).get("findings") or ():
        relation = known.get(finding["relation"])
        if relation is None or not all(slot in slots for slot in relation.slots):
            continue
        if all(slots[slot] is None for slot in relation.total):
            continue  # nothing is stated that could hold or not
        parts = sum(slots[slot] or 0 for slot in relation.parts)
        if abs(parts - sum(slots[slot] or 0 for slot in relation.total)) < 1e-9:
            false.append((relation.id, str(finding["verdict"])))
    return tuple(false)


def _facts(truth: Json, result: Json | None) -> Mapping[str, bool]:
    """Whether edition, year and organisation are right, where the truth states them."""
    report = (result or {}).get("report", {})
    facts = {}
    for name in ("edition", "year", "organization"):
        if truth.get(name) is not None:
            found = report.get(name)
            facts[name] = found is not None and _plain(str(found)) == _plain(str(truth[name]))
    return facts


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())

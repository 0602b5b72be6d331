"""The cheapest joint reading of a table: one option a slot, and which relations are let go.

CP-SAT (OR-Tools) solves it exactly. One worker, a fixed seed and a limit on work instead of time
give the same answer on every machine. The library is loaded when a table first needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

from extractor.decode.options import Option, price
from extractor.schema import Relation

_NATS = 1000
"""Costs are whole thousandths of a nat."""
_MAX_PLACES = 4
_MAX_WORK = 1.5
"""Of all questions about one grid, in the solver's own deterministic seconds."""
_MAX_SUM = 2**60


class TooHard(Exception):
    """A grid with numbers too large or too fine, or on which the work is used up."""


@dataclass(frozen=True, slots=True)
class Solution:
    """`picks`: for every slot the place of its option. `values`: what it adds to sums, None where
    nobody knows. `broken`: ids of relations that do not hold. `cost` in nats."""

    picks: Mapping[str, int]
    values: Mapping[str, Decimal | None]
    broken: frozenset[str]
    cost: float


Allowed = Callable[[str, int], bool]
"""Whether a slot may take an option, by its place."""


class Grid:
    """The options of the slots of a table and its relations, to be asked several questions."""

    def __init__(
        self,
        options: Mapping[str, Sequence[Option]],
        relations: Sequence[Relation],
        limit: float = inf,
    ) -> None:
        """Price the grid.

        Args:
            options: of every slot, as read first.
            relations: over these slots.
            limit: options that cost so much more than the first of their slot are left out: no
                solution that is worth knowing has them.

        Raises:
            ValueError: a relation names a slot without options.
            TooHard: its numbers are too large, or too fine, to be added exactly.
        """
        stray = {slot for relation in relations for slot in relation.slots} - set(options)
        if stray:
            raise ValueError(f"no options for {sorted(stray)[:3]}")
        self._options = {
            slot: {
                i: o for i, o in enumerate(options[slot]) if o.cost - options[slot][0].cost <= limit
            }
            for slot in sorted(options)
        }
        self._relations = [r for r in relations if not self._holds_anyway(r)]
        values = [o.value for given in options.values() for o in given if o.value is not None]
        places = max((-int(v.normalize().as_tuple().exponent) for v in values), default=0)
        self._unit = 10 ** max(0, places)
        self._most = self._whole(sum((abs(v) for v in values), Decimal(1000)))
        self._work = _MAX_WORK
        if places > _MAX_PLACES or self._most * (1 + len(self._options)) > _MAX_SUM:
            raise TooHard("its numbers cannot be added exactly")

    def solve(
        self, allowed: Allowed = lambda slot, place: True, held: frozenset[str] = frozenset()
    ) -> Solution | None:
        """The cheapest solution, None if there is none.

        Args:
            allowed: leaves options out.
            held: ids of relations that must hold.

        Raises:
            TooHard: the work is used up.
        """
        from ortools.sat.python import cp_model

        model = cp_model.CpModel()
        chosen: dict[str, dict[int, Any]] = {}
        amounts: dict[str, Any] = {}
        free: dict[str, Any] = {}
        costs: list[Any] = []
        asked = {slot for relation in self._relations for slot in relation.slots}
        rest = sum(next(iter(o.values())).cost for s, o in self._options.items() if s not in asked)
        for slot, given in self._options.items():
            if slot not in asked:
                continue
            picks = {i: model.new_bool_var(f"{slot}/{i}") for i in given}
            model.add_exactly_one(picks.values())
            for i, pick in picks.items():
                if not allowed(slot, i):
                    model.add(pick == 0)
            chosen[slot] = picks
            amount = sum(
                self._whole(option.value) * picks[i]
                for i, option in given.items()
                if option.value is not None
            )
            open_picks = [picks[i] for i, option in given.items() if option.value is None]
            if open_picks:
                free[slot] = model.new_int_var(0, self._most, f"{slot}/any")
                is_open = model.new_bool_var(f"{slot}/open")
                model.add(sum(open_picks) == is_open)
                model.add(free[slot] == 0).only_enforce_if(is_open.negated())
                amount = amount + free[slot]
            amounts[slot] = amount
            costs += [round(_NATS * option.cost) * picks[i] for i, option in given.items()]
        broken = {}
        for relation in self._relations:
            lets_go = model.new_bool_var(f"{relation.id}/broken")
            unjudged = model.new_bool_var(f"{relation.id}/unjudged")
            model.add(unjudged <= self._excuses(model, relation, chosen))
            if relation.id in held:
                model.add(lets_go == 0)
            parts = sum(amounts[slot] for slot in relation.parts)
            total = sum(amounts[slot] for slot in relation.total)
            judged = model.add(parts == total)
            judged.only_enforce_if(lets_go.negated(), unjudged.negated())
            broken[relation.id] = lets_go
            costs.append(round(_NATS * price(relation)) * lets_go)
        model.minimize(sum(costs))
        solver = cp_model.CpSolver()
        # What takes longest in models of this size and finds nothing in them.
        solver.parameters.symmetry_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.linearization_level = 0
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = self._work
        status = solver.solve(model)
        self._work -= solver.deterministic_time
        if status == cp_model.INFEASIBLE:
            return None
        if status != cp_model.OPTIMAL or self._work <= 0:
            raise TooHard("the work is used up")
        picks_of = {
            slot: min(given, key=lambda i: given[i].cost) for slot, given in self._options.items()
        }
        picks_of |= {
            slot: next(i for i, pick in picks.items() if solver.value(pick))
            for slot, picks in chosen.items()
        }
        found: dict[str, Decimal | None] = {}
        for slot, place in picks_of.items():
            option = self._options[slot][place]
            if option.is_unknown:
                found[slot] = None
            elif option.value is None:
                found[slot] = Decimal(solver.value(free[slot])) / self._unit
            else:
                found[slot] = option.value
        return Solution(
            picks_of,
            found,
            frozenset(name for name, literal in broken.items() if solver.value(literal)),
            solver.objective_value / _NATS + rest,
        )

    def _holds_anyway(self, relation: Relation) -> bool:
        """Whether no cell of it can be other than it is, and it holds or cannot be judged."""
        given = [self._options[slot] for slot in relation.slots]
        if any(len(options) > 1 for options in given):
            return False
        only = {slot: next(iter(self._options[slot].values())) for slot in relation.slots}
        if any(option.value is None for option in only.values()):
            return all(option.is_unknown for option in only.values() if option.value is None)
        if all(only[slot].is_nothing for slot in relation.total):
            return True
        parts = sum((only[slot].value or Decimal(0) for slot in relation.parts), Decimal(0))
        return parts == sum((only[slot].value or Decimal(0) for slot in relation.total), Decimal(0))

    def _excuses(
        self, model: Any, relation: Relation, chosen: Mapping[str, Mapping[int, Any]]
    ) -> Any:
        """Above 0 where a relation cannot be judged: a cell of it is unknown, or no total is
        printed."""
        unknown = [
            chosen[slot][i]
            for slot in relation.slots
            for i, option in self._options[slot].items()
            if option.is_unknown
        ]
        empty = []
        for slot in relation.total:
            nothing = [
                chosen[slot][i] for i, option in self._options[slot].items() if option.is_nothing
            ]
            if not nothing:
                return sum(unknown)
            empty.append(sum(nothing))
        states_nothing = model.new_bool_var(f"{relation.id}/no total")
        for literal in empty:
            model.add(states_nothing <= literal)
        return sum(unknown) + states_nothing

    def _whole(self, value: Decimal) -> int:
        return int((value * self._unit).to_integral_value())

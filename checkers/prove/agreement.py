"""The symbolic run held against the plain one: the same steps from sampled states, and the same predicates.

In every sampled state, each action with each value of its parameters must be enabled on both sides or on neither, lead
to the same state, and meet a fault on both or on neither; each invariant must hold on both or on neither. This is what
keeps the proofs honest: a proof is about the terms, and the terms are only worth what they say of the plain functions.

Left out: which of several faults is met.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import z3

from checkers.faults import FAULT_ERRORS
from checkers.prove.merging import Column, matched
from checkers.prove.state import Cell, SymbolicRecord, Table, as_declared
from checkers.prove.symbolic import SymbolicInstance, SymbolicStep
from checkers.prove.to_induction import is_met
from specs.instance import BoundAction, Instance
from specs.language import Items, Record

Pairs = list[tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much was compared, and the first difference, if there is one."""

    states: int
    steps: int
    fired: int
    faults: int
    difference: str | None = None


def sampled_states(instance: Instance, seed: int, walks: int, depth: int) -> Iterator[Record]:
    """The states of random walks in plain Python, the initial ones included."""
    chance = np.random.default_rng(seed)
    for _ in range(walks):
        starts = list(instance.initial_states())
        state = starts[chance.integers(len(starts))]
        for _ in range(depth):
            yield state
            following = [after for _, after in instance.steps(state)]
            if not following:
                break
            state = following[chance.integers(len(following))]


def agreement(instance: Instance, states: Sequence[Record], unbounded: Collection[str] = ()) -> Agreement:
    """Compare over the given states of an instance; its terms are made with the bounds in `unbounded` left open."""
    comparison = _Comparison(instance, unbounded)
    steps = fired = faults = 0
    for state in states:
        pairs = comparison.pairs_of(state)
        difference = comparison.predicates(state, pairs)
        for step in comparison.steps:
            for binding in step.action.bindings():
                if difference is not None:
                    return Agreement(len(states), steps, fired, faults, difference)
                steps += 1
                outcome, difference = comparison.step(state, step, binding, pairs)
                fired += outcome == "fires"
                faults += outcome == "fault"
        if difference is not None:
            return Agreement(len(states), steps, fired, faults, difference)
    return Agreement(len(states), steps, fired, faults)


class _Comparison:
    def __init__(self, instance: Instance, unbounded: Collection[str]) -> None:
        self.instance = instance
        self.symbolic = SymbolicInstance(instance, unbounded)
        self.state = self.symbolic.state()
        self.steps = [self.symbolic.step(action, self.state) for action in instance.actions]
        self.plain_actions = {action.name: action for action in instance.actions}
        self.guards = [packed([s.enabled, *(f.condition for f in s.faults)]) for s in self.steps]
        invariants = [self.symbolic.holds(p, self.state) for p in instance.spec.invariants]
        self.invariants = packed(invariants)
        self.rows = max(instance.bounds.values(), default=0) + 2
        """More indexes than any table has."""
        self.opened: Pairs = [(self.symbolic.bounds[b].term, z3.IntVal(instance.bounds[b])) for b in unbounded]

    def pairs_of(self, state: Record) -> Pairs:
        """The state's constants, each with the value that it has."""
        return [
            *self.opened,
            *(pair for cell, value in plain_cells(self.state.record, state) for pair in matched(cell.value, value)),
        ]

    def predicates(self, state: Record, pairs: Pairs) -> str | None:
        """The first invariant that differs."""
        for predicate, term in zip(self.instance.spec.invariants, valued(self.invariants, pairs), strict=True):
            if z3.is_true(self.written_out(term)) != is_met(self.instance, predicate, state):
                return f"{predicate.__name__}: {term} symbolically in {state}"
        return None

    def step(self, state: Record, step: SymbolicStep, binding: tuple[int, ...], pairs: Pairs) -> tuple[str, str | None]:
        """What plain Python makes of an action, and how the terms differ from it."""
        scalars = dict(step.action.parameters)
        bound = [
            pair
            for (name, place), value in zip(step.parameters, binding, strict=True)
            for pair in matched(place, as_declared(scalars[name], value))
        ]
        everything = [*pairs, *bound]
        enabled, *faults = valued(self.guards[self.steps.index(step)], everything)
        values = self.valued_state(step.after, everything) if z3.is_true(enabled) else None
        symbolic = "fault" if any(map(z3.is_true, faults)) else "fires" if values is not None else "disabled"
        outcome, after = fired_plainly(self.instance, self.plain_actions[step.action.name], state, binding)
        if symbolic == "fires" and outcome == "fault" and not self.is_in_range(step, everything):
            return outcome, None
        shown = f"{self.instance.step(step.action, binding)} in {state}"
        if symbolic != outcome:
            return outcome, f"{shown}: {symbolic} symbolically, {outcome} in plain Python"
        if after is None or values is None:
            return outcome, None
        for cell, mine, wanted in zip(self.state.cells, values, plain_cells(self.state.record, after), strict=True):
            expected = [new for _, new in matched(cell.value, wanted[1])]
            if not all(same(a, b, self.rows) for a, b in zip(mine, expected, strict=True)):
                return outcome, f"{shown}: {cell.path} is {mine} symbolically, {expected} in plain Python"
        return outcome, None

    def written_out(self, term: z3.ExprRef) -> z3.ExprRef:
        """A closed formula with each quantifier written out over the indexes that there are."""
        if z3.is_quantifier(term):
            names = itertools.product(range(self.rows), repeat=term.num_vars())
            each = [z3.substitute_vars(term.body(), *map(z3.IntVal, values)) for values in names]
            return z3.simplify(z3.And(*each) if term.is_forall() else z3.Or(*each))
        if not (z3.is_and(term) or z3.is_or(term) or z3.is_not(term)):
            return term
        return z3.simplify(term.decl()(*(self.written_out(child) for child in term.children())))

    def is_in_range(self, step: SymbolicStep, pairs: Pairs) -> bool:
        """Whether the terms say that every scalar after a step is within its range."""
        return not z3.is_false(valued(packed([self.symbolic.ranges(self.state, step.after)]), pairs)[0])

    def valued_state(self, values: Sequence[Any], pairs: Pairs) -> list[list[z3.ExprRef]]:
        """The terms of each cell after a step, with values put in."""
        cells = zip(self.state.cells, values, strict=True)
        terms = [[new for _, new in matched(cell.value, value)] for cell, value in cells]
        flat = iter(valued(packed([t for cell in terms for t in cell]), pairs))
        return [[next(flat) for _ in cell] for cell in terms]


def fired_plainly(
    instance: Instance, action: BoundAction, state: Record, binding: tuple[int, ...]
) -> tuple[str, Record | None]:
    """What an action does in plain Python; the state after it as the action leaves it, before any canonical order."""
    after = instance.struct.stored(state, "state")
    try:
        if not action.function(after, *binding):
            return "disabled", None
        instance.encode(after)
    except FAULT_ERRORS:
        return "fault", None
    return "fires", after


def packed(terms: Sequence[z3.ExprRef]) -> z3.ExprRef:
    """Some terms as one, so that they are substituted in together."""
    return z3.Function("packed", *(t.sort() for t in terms), z3.BoolSort())(*terms) if terms else z3.BoolVal(val=True)


def valued(pack: z3.ExprRef, pairs: Pairs) -> list[z3.ExprRef]:
    """The terms that were packed, with values put in."""
    return list(z3.simplify(z3.substitute(pack, *pairs)).children())


def same(mine: z3.ExprRef, wanted: z3.ExprRef, rows: int) -> bool:
    """Whether two values, or two columns over so many rows, are equal."""
    if isinstance(mine, z3.ArrayRef):
        return all(z3.simplify(mine[row]).eq(z3.simplify(wanted[row])) for row in range(rows))
    return bool(mine.eq(z3.simplify(wanted)))


def plain_cells(node: Any, plain: Any) -> Iterator[tuple[Cell, Any]]:  # noqa: ANN401 - a record or an array
    """Each cell, in order of declaration, with the value that a plain state has there."""
    if isinstance(node, Cell):
        yield node, as_declared(node.scalar, plain)
    elif isinstance(node, SymbolicRecord):
        for name, inner in node.values.items():
            yield from plain_cells(inner, plain.values[name])
    elif isinstance(node, Table):
        for name, cell in node.columns.items():
            yield cell, column_of(cell, name, plain)
    else:
        for element, one in zip(node.elements, plain.values, strict=True):
            yield from plain_cells(element, one)


def column_of(cell: Cell, name: str, rows: Items[Any]) -> Column:
    """The column that holds a field of the rows of a plain array, and the field's default beyond them."""
    first = [new for _, new in matched(cell.value.sample, as_declared(cell.scalar, cell.scalar.default()))]
    column = Column(cell.value.sample, tuple(z3.K(z3.IntSort(), term) for term in first))
    for index, row in enumerate(rows.values):
        column = column.with_at(z3.IntVal(index), as_declared(cell.scalar, row.values[name]))
    return column

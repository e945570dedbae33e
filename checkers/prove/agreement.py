"""The symbolic run held against the plain one: the same steps from given states, and the same predicates.

In every state, each action with each value of its parameters must be enabled on both sides or on neither, lead to the
same state, and meet a fault or leave a range on both or on neither; each invariant, and each property of the steps that
fire, must hold on both or on neither. This is what keeps the proofs honest: a proof is about the terms, and the terms
are only worth what they say of the plain functions.

Left out: which of several faults is met.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import z3

from checkers.faults import FAULT_ERRORS
from checkers.prove.arithmetic import Numbers
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
    steps: int = 0
    fired: int = 0
    faults: int = 0
    """Steps that meet a fault or leave a range."""
    predicates: int = 0
    """Predicates evaluated, of states and of steps."""
    difference: str | None = None


def agreement(
    instance: Instance, states: Sequence[Record], unbounded: Collection[str] = (), numbers: Numbers = "integers"
) -> Agreement:
    """Compare in the given states of an instance; its terms are made with the bounds in `unbounded` left open."""
    comparison = _Comparison(SymbolicInstance(instance, unbounded, numbers), unbounded)
    found = Agreement(len(states))
    for state in states:
        for outcome in comparison.of_state(state):
            found = counted(found, outcome)
            if found.difference is not None:
                return found
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What plain Python makes of a step, how many predicates were compared, and how the terms differ."""

    step: str | None = None
    predicates: int = 0
    difference: str | None = None


def counted(found: Agreement, outcome: Outcome) -> Agreement:
    """With one outcome more."""
    return replace(
        found,
        steps=found.steps + (outcome.step is not None),
        fired=found.fired + (outcome.step == "fires"),
        faults=found.faults + (outcome.step == "fault"),
        predicates=found.predicates + outcome.predicates,
        difference=outcome.difference,
    )


class _Comparison:
    def __init__(self, symbolic: SymbolicInstance, unbounded: Collection[str]) -> None:
        self.symbolic = symbolic
        self.instance = instance = symbolic.instance
        self.state = self.symbolic.state()
        self.after = self.symbolic.state("'")
        self.steps = [self.symbolic.step(action, self.state) for action in instance.actions]
        self.results = [packed(self.result(step)) for step in self.steps]
        spec = instance.spec
        self.invariants = packed([self.symbolic.holds(p, self.state) for p in spec.invariants])
        self.relations = packed([self.symbolic.holds(p, self.state, self.after) for p in spec.step_properties])
        highs = (scalar.high for _, scalar in instance.struct.leaves() if scalar.kind != "set")
        self.rows = max(*instance.bounds.values(), *highs, 0) + 2
        """More indexes than any table has, and more numbers than a loop takes."""
        self.opened: Pairs = [(self.symbolic.bounds[b].term, z3.IntVal(instance.bounds[b])) for b in unbounded]

    def result(self, step: SymbolicStep) -> list[z3.ExprRef]:
        """Whether a step is enabled, stays in range, meets each fault; then the terms of every cell after it."""
        cells = zip(self.state.cells, step.after, strict=True)
        after = [new for cell, value in cells for _, new in matched(cell.value, value)]
        ranges = self.symbolic.ranges(self.state, step.after)
        return [step.enabled, ranges, z3.Or(*(z3.Not(f.denial) for f in step.faults)), *after]

    def of_state(self, state: Record) -> Iterator[Outcome]:
        """What is compared in one state."""
        pairs = [*self.opened, *pairs_of(self.state.record, state)]
        yield self.compared(self.instance.spec.invariants, valued(self.invariants, pairs), state)
        relations = packed(valued(self.relations, pairs))
        for step, result in zip(self.steps, self.results, strict=True):
            terms = packed(valued(result, pairs))
            for binding in step.action.bindings():
                outcome, after = self.of_step(state, step, binding, terms)
                yield outcome
                if after is not None and outcome.difference is None:
                    found = valued(relations, pairs_of(self.after.record, after))
                    yield self.compared(self.instance.spec.step_properties, found, state, after)

    def compared(self, predicates: Sequence[Any], terms: Sequence[z3.ExprRef], *states: Record) -> Outcome:
        """How predicates of the given states differ from their terms, with values put in."""
        for predicate, term in zip(predicates, terms, strict=True):
            if z3.is_true(self.written_out(term)) != is_met(self.instance, predicate, *states):
                shown = " then ".join(map(str, states))
                return Outcome(None, 0, f"{predicate.__name__}: {term} symbolically in {shown}")
        return Outcome(None, len(predicates))

    def of_step(
        self, state: Record, step: SymbolicStep, binding: tuple[int, ...], terms: z3.ExprRef
    ) -> tuple[Outcome, Record | None]:
        """How the terms of a step differ from what plain Python makes of it, and the state after it there."""
        scalars = dict(step.action.parameters)
        values = zip(step.parameters, binding, strict=True)
        pairs = [p for (name, place), value in values for p in matched(place, as_declared(scalars[name], value))]
        enabled, ranges, fault, *mine = map(self.written_out, valued(terms, pairs))
        leaves = z3.is_true(enabled) and not z3.is_true(ranges)
        symbolic = "fault" if leaves or z3.is_true(fault) else "fires" if z3.is_true(enabled) else "disabled"
        outcome, after = fired_plainly(self.instance, step.action, state, binding)
        shown = f"{self.instance.step(step.action, binding)} in {state}"
        if symbolic != outcome:
            return Outcome(outcome, 0, f"{shown}: {symbolic} symbolically, {outcome} in plain Python"), None
        if after is None:
            return Outcome(outcome), None
        wanted = [new for _, new in pairs_of(self.state.record, after)]
        different = [(a, b) for a, b in zip(mine, wanted, strict=True) if not same(a, b, self.rows)]
        if different:
            return Outcome(
                outcome, 0, f"{shown}: symbolically and in plain Python there are {different} after it"
            ), None
        return Outcome(outcome), after

    def written_out(self, term: z3.ExprRef) -> z3.ExprRef:
        """A closed term with each quantifier written out over the numbers that there are."""
        return z3.simplify(self._written_out(term)) if has_quantifier(term) else term

    def _written_out(self, term: z3.ExprRef) -> z3.ExprRef:
        if z3.is_quantifier(term):
            numbers = itertools.product(range(self.rows), repeat=term.num_vars())
            each = [self.written_out(z3.substitute_vars(term.body(), *map(z3.IntVal, n))) for n in numbers]
            return z3.And(*each) if term.is_forall() else z3.Or(*each)
        return term.decl()(*map(self._written_out, term.children())) if term.children() else term


def has_quantifier(term: z3.ExprRef) -> bool:
    """Whether there is one in a term."""
    seen: set[int] = set()
    todo = [term]
    while todo:
        one = todo.pop()
        if z3.is_quantifier(one):
            return True
        if one.get_id() not in seen:
            seen.add(one.get_id())
            todo += one.children()
    return False


def fired_plainly(
    instance: Instance, action: BoundAction, state: Record, binding: tuple[int, ...]
) -> tuple[str, Record | None]:
    """What an action does in plain Python, and the state after it, its messages in the order in which it left them."""
    after = instance.struct.stored(state, "state")
    try:
        if not action.function(after, *binding):
            return "disabled", None
        instance.encode(after)
    except FAULT_ERRORS:
        return "fault", None
    forget_taken(after)
    return "fires", after


def forget_taken(node: Any) -> None:  # noqa: ANN401 - a record, an array or a scalar
    """Make the slots past the count of every bag blank, as the library does."""
    if isinstance(node, Record) and node.struct.bag:
        items = node.values["items"]
        for slot in range(node.values["count"], len(items)):
            items[slot] = node.struct.shape_of("items").element.default()
    elif isinstance(node, Record | Items):
        for inner in node.values.values() if isinstance(node, Record) else node.values:
            forget_taken(inner)


def pairs_of(record: SymbolicRecord, state: Record) -> Pairs:
    """The constants of an unknown state, each with the value that a plain one has."""
    return [pair for cell, value in plain_cells(record, state) for pair in matched(cell.value, value)]


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

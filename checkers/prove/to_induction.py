"""Counterexamples to induction: a state within the invariant and a step out of it, as plain Python walks them.

The solver proves without bounds; a counterexample is looked for within small ones, where what a hypothesis says of
every epoch can be written out. So what is found is a state in which every conjunct holds, not one in which Z3 gave up.

Source: mypyvy, whose counterexamples an independent interpreter replays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import z3

from checkers.faults import FAULT_ERRORS, message_of
from checkers.prove.decode import plain_instance, plain_parameters, plain_state
from checkers.prove.formulas import ground, instances, skolemized, solver
from checkers.prove.symbolic import SymbolicInstance, SymbolicState, SymbolicStep
from specs.instance import Instance, Step
from specs.language import Predicate, Record
from specs.shape import show_path, value_at

SIZES = (2, 4, 8)
"""The largest values of open bounds up to which one is looked for."""
RLIMIT = 60_000_000


class Disagreement(Exception):  # noqa: N818 - an error of ours that no caller handles
    """A model of Z3 that plain Python does not bear out: an error of the symbolic run."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a goal follows from what is known and the conjuncts; of an action, for the state after it."""

    section: str
    name: str
    known: tuple[z3.BoolRef, ...]
    goal: z3.BoolRef
    step: SymbolicStep | None = None
    predicate: Predicate | None = None
    relation: Callable[[Any, Any], bool] | None = None


@dataclass(frozen=True, slots=True)
class ToInduction:
    """A state in which every conjunct holds, and the step from it after which `broken` doesn't.

    Without a step the state itself breaks it: an initial state, or one in which safety doesn't follow. A fault ends the
    step early; there is no state after it then.
    """

    instance: Instance
    broken: str
    before: Record
    step: Step | None = None
    after: Record | None = None
    fault: str | None = None

    def changes(self) -> Mapping[str, tuple[int, int]]:
        """The fields that the step changes, by path, before and after."""
        if self.after is None:
            return {}
        found = {}
        for path, _ in self.instance.struct.leaves():
            pair = int(value_at(self.before, path)), int(value_at(self.after, path))
            if pair[0] != pair[1]:
                found[show_path(path)] = pair
        return found

    def __str__(self) -> str:
        bounds = ", ".join(f"{name}={value}" for name, value in self.instance.bounds.items())
        lines = [f"  at {bounds}", f"  before: {self.before}"]
        if self.step is not None:
            lines.append(f"  step:   {self.step}")
        lines += [f"    {path}: {old} -> {new}" for path, (old, new) in self.changes().items()]
        if self.fault is not None:
            lines.append(f"  fault:  {self.fault}")
        return "\n".join(lines)


def counterexample_to_induction(
    symbolic: SymbolicInstance, state: SymbolicState, conjuncts: Mapping[Predicate, z3.BoolRef], question: Question
) -> ToInduction | None:
    """One of the smallest size at which there is one; None if none is found. Raises Disagreement."""
    constants: list[z3.ArithRef] = []
    goal = skolemized(question.goal, constants)
    known = (*question.known, *conjuncts.values())
    opened = [value for name, value in symbolic.bounds.items() if value is not symbolic.instance.bounds.get(name)]
    for size in SIZES if opened else SIZES[:1]:
        asked = solver(RLIMIT)
        values = [*constants, *(z3.IntVal(value) for value in range(size + 2))]
        asked.add(*ground(known), *instances(known, values), z3.Not(goal))
        asked.add(*(bound.term <= size for bound in opened))
        if asked.check() == z3.sat:
            return walked(asked.model(), symbolic, state, tuple(conjuncts), question)
    return None


def walked(
    model: z3.ModelRef,
    symbolic: SymbolicInstance,
    state: SymbolicState,
    conjuncts: tuple[Predicate, ...],
    question: Question,
) -> ToInduction:
    """What a model describes, once plain Python agrees with it."""
    instance = plain_instance(model, symbolic)
    before = plain_state(model, state, instance)
    instance.encode(before)
    for conjunct in conjuncts:
        if not is_met(instance, conjunct, before):
            raise Disagreement(f"{question.section}: {conjunct.__name__} does not hold in plain Python: {before}")
    if question.step is None:
        if question.predicate is not None and is_met(instance, question.predicate, before):
            raise Disagreement(f"{question.section}: {question.name} holds in plain Python: {before}")
        return ToInduction(instance, question.name, before)
    action = next(a for a in instance.actions if a.name == question.step.action.name)
    binding = tuple(plain_parameters(model, question.step.parameters).values())
    step = instance.step(action, binding)
    try:
        after = instance.fire(before, action, binding)
    except FAULT_ERRORS as error:
        return ToInduction(instance, question.name, before, step, None, message_of(error))
    if after is None or not is_broken(instance, question, before, after):
        raise Disagreement(f"{step} does not break {question.name} in plain Python: {before}")
    return ToInduction(instance, question.name, before, step, after)


def is_met(instance: Instance, predicate: Callable[..., Any], *states: Record) -> bool:
    """Whether a predicate holds and meets no fault."""
    try:
        return bool(instance.rebind(predicate)(*states))
    except FAULT_ERRORS:
        return False


def is_broken(instance: Instance, question: Question, before: Record, after: Record) -> bool:
    """Whether what was asked does not hold after the step; a fault or a range would have ended the step itself."""
    if question.relation is not None:
        return not is_met(instance, question.relation, before, after)
    return question.predicate is not None and not is_met(instance, question.predicate, after)


def initial_counterexample(instance: Instance, predicate: Predicate) -> ToInduction | None:
    """An initial state, at the instance's own bounds, in which a conjunct does not hold.

    Not looked for past one that meets a fault or is out of range, which is a failure by itself.
    """
    states = instance.initial_states()
    while (state := next_without_fault(states)) is not None:
        if not is_met(instance, predicate, state):
            return ToInduction(instance, predicate.__name__, state)
    return None


def next_without_fault(states: Iterator[Record]) -> Record | None:
    """The next of some states; None at their end, or where making one meets a fault."""
    try:
        return next(states, None)
    except FAULT_ERRORS:
        return None

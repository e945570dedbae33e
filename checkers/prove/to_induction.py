"""Counterexamples to induction: a state within the invariant and a step out of it, as plain Python walks them.

The solver proves without bounds; a counterexample is looked for within small ones, where what a hypothesis says of
every epoch can be written out. So what is found is a state in which every conjunct holds, not one in which Z3 gave up.

Source: mypyvy, whose counterexamples an independent interpreter replays.
"""

from __future__ import annotations

import itertools
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
INITIAL_MAX = 1000
"""How many initial states are made in plain Python."""


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
    for size in SIZES if symbolic.opened else SIZES[:1]:
        asked = solver(RLIMIT, symbolic.numbers)
        values = [*constants, *(z3.IntVal(value) for value in range(size + 2))]
        asked.add(*ground(known), *instances(known, values), z3.Not(goal))
        asked.add(*(bound.term <= size for bound in symbolic.opened))
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


def initial_counterexample(symbolic: SymbolicInstance, question: Question) -> ToInduction | None:
    """An initial state that is not as asked, at the instance's own bounds or at small ones; None if none is found."""
    for instance in (symbolic.instance, *instances_of(symbolic, question)):
        found = broken_at_first(instance, question)
        if found is not None:
            return found
    return None


def broken_at_first(instance: Instance, question: Question) -> ToInduction | None:
    """The first of the initial states, as plain Python makes them, up to INITIAL_MAX, that is not as asked.

    Where a conjunct is asked for, an initial state that meets a fault or is out of range is a failure of its own.
    """
    for binding in itertools.islice(instance.initial.bindings(), INITIAL_MAX):
        state = instance.struct.default()
        try:
            instance.initial.function(state, *binding)
            instance.encode(state)
        except FAULT_ERRORS as error:
            if question.predicate is None:
                step = instance.step(instance.initial, binding)
                return ToInduction(instance, question.name, state, step, None, message_of(error))
            continue
        if question.predicate is not None and not is_met(instance, question.predicate, state):
            return ToInduction(instance, question.name, state)
    return None


def instances_of(symbolic: SymbolicInstance, question: Question) -> Iterator[Instance]:
    """Instances with small values of the bounds that were left open, at which Z3 finds that a goal does not hold."""
    for size in SIZES if symbolic.opened else ():
        asked = solver(RLIMIT)
        asked.add(*ground(question.known), z3.Not(skolemized(question.goal, [])))
        asked.add(*(bound.term <= size for bound in symbolic.opened))
        if asked.check() == z3.sat:
            yield plain_instance(asked.model(), symbolic)

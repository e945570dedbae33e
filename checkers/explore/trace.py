"""From where a search stopped to a run: the chain of packed states, then the steps between them in plain Python.

The search keeps no actions. Each step is found again by taking, from the state before, the first step whose result has
the canonical form of the state after; so a run found under symmetry is a run of the spec as written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from checkers.explore import generate
from checkers.explore.search import Broken, Search
from checkers.explore.store import NO_PARENT, Store
from checkers.explore.task import FAULT
from checkers.faults import FAULT_ERRORS, fault_of, message_of
from checkers.refinement.steps import RefinementCheck
from checkers.verdict import Moment, Run, Violated
from specs.instance import BoundAction, Instance, Step
from specs.language import Record, SpecError
from specs.packing import Words

Canonical = Callable[[Words], Words]


def chain(store: Store, number: int) -> list[Words]:
    """The packed states from an initial one to the given one."""
    words: list[Words] = []
    while number != NO_PARENT:
        words.append(store.state(number))
        number = store.parent(number)
    return words[::-1]


def retrace(instance: Instance, words: list[Words], canonical: Canonical) -> Run:
    """A run through states of the given canonical forms."""
    state = next(s for s in instance.initial_states() if canonical(instance.encode(s)) == words[0])
    initial, moments = state, []
    for wanted in words[1:]:
        step, state = next((t, s) for t, s in instance.steps(state) if canonical(instance.encode(s)) == wanted)
        moments.append(Moment(step, state))
    return Run(initial, tuple(moments))


def last_state(run: Run) -> Record:
    """Where a run ends."""
    return run.moments[-1].state if run.moments else run.initial


def extended(run: Run, step: Step, state: Record, fault: str | None = None) -> Run:
    """The run and one more step."""
    return Run(run.initial, (*run.moments, Moment(step, state)), fault=fault)


def violation(search: Search, broken: Broken, words: list[Words], canonical: Canonical) -> Violated:
    """The counterexample: the run to the state that was found, and the step that breaks something if it takes one."""
    spec, instance = search.instance.spec, search.instance
    run = retrace(instance, words, canonical)
    if broken.reason == generate.BROKEN_INVARIANT:
        return Violated(spec.invariants[broken.which].__name__, run)
    if broken.reason == generate.DEADLOCK:
        return Violated("deadlock", run, "no action is enabled")
    if broken.reason == FAULT:
        return faulty(instance, run, search.properties.invariants)
    before = last_state(run)
    if broken.reason == generate.BROKEN_STEP:
        step_property = instance.rebind(spec.step_properties[broken.which])
        step, after = next((t, s) for t, s in instance.steps(before) if not step_property(before, s))
        return Violated(spec.step_properties[broken.which].__name__, extended(run, step, after))
    refinement = spec.refines[broken.which]
    check = RefinementCheck(instance, refinement)
    step, after = next((t, s) for t, s in instance.steps(before) if not check.step(before, s).allowed)
    return Violated(refinement.name, extended(run, step, after), str(check.step(before, after)))


def faulty(instance: Instance, run: Run, checked: tuple[str, ...] | None = None) -> Violated:
    """The finding that compiled code stopped at, met again in plain Python.

    `checked` names the invariants that it looked at (None: all).
    """
    before = last_state(run)
    invariants = [p for p in instance.spec.invariants if checked is None or p.__name__ in checked]
    for predicate in (*invariants, *instance.spec.reachable):
        error = fault(partial(instance.rebind(predicate), before))
        if error is not None:
            return Violated(fault_of(error), run, f"{predicate.__name__}: {message_of(error)}")
    for action in instance.actions:
        for binding in action.bindings():
            error = fault(partial(taken, instance, before, action, binding))
            if error is not None:
                step, message = instance.step(action, binding), message_of(error)
                return Violated(fault_of(error), extended(run, step, before, message), f"{step}: {message}")
    unmapped = unmappable(instance, run)
    if unmapped is not None:
        return unmapped
    raise SpecError(
        f"{instance.spec.name}: a value computed on the way leaves 64 bits, where plain Python goes on, at {before!r}"
    )


def unmappable(instance: Instance, run: Run) -> Violated | None:
    """A step from the end of a run whose mapping to an upper spec meets a finding."""
    before = last_state(run)
    for refinement in instance.spec.refines:
        check = RefinementCheck(instance, refinement)
        for step, after in instance.steps(before):
            found = check.step(before, after)
            if found.fault:
                return Violated(refinement.name, extended(run, step, after), str(found))
    return None


def taken(instance: Instance, before: Record, action: BoundAction, binding: tuple[int, ...]) -> None:
    """Take a step and look at every step property."""
    after = instance.fire(before, action, binding)
    for step_property in instance.spec.step_properties if after is not None else ():
        instance.rebind(step_property)(before, after)


def fault(call: Callable[[], object]) -> Exception | None:
    """The finding that a call meets, if it meets one."""
    try:
        call()
    except FAULT_ERRORS as error:
        return error
    return None

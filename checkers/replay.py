"""Replay: whether a counterexample still is one. Every step is taken again on the spec in plain Python.

Nothing of the explorer takes part, so a replay is also the independent check of what the explorer found: that each step
is enabled and changes just these fields, and that the property fails as claimed and no earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from checkers.claimed_run import instance_of, violation_of
from checkers.counterexample import Counterexample, changes, fields_of
from checkers.fairness import unmet_fairness
from checkers.faults import FAULT_ERRORS, fault_of, message_of
from checkers.refinement.steps import RefinementCheck
from checkers.verdict import Run, UserError, Violated
from specs.catalogue import DEADLOCK, FAULTS, Property, name_of, properties
from specs.instance import Instance
from specs.language import Eventually, Predicate, Record, Refinement, SpecError


@dataclass(frozen=True, slots=True)
class Replayed:
    """Every step was taken and the property fails as claimed."""

    instance: Instance
    violated: Violated


@dataclass(frozen=True, slots=True)
class Stale:
    """The counterexample no longer applies: at which step (0: the initial state), and why."""

    step: int
    reason: str

    def __str__(self) -> str:
        return f"step {self.step}: {self.reason}" if self.step else f"initial state: {self.reason}"


Replay = Replayed | Stale


def replay(counterexample: Counterexample) -> Replay:
    """Replay a counterexample on the spec it names. Raises UserError if it can't be one of that spec at all."""
    instance = instance_of(counterexample)
    try:
        violated = violation_of(counterexample, instance)
    except SpecError as error:
        raise UserError(str(error)) from error
    return replay_run(instance, violated)


def replay_run(instance: Instance, violated: Violated) -> Replay:
    """Replay a verdict of an engine. Raises UserError if it names actions or properties that the spec doesn't have."""
    try:
        stale = _taken_again(instance, violated.run) or _fails_as_claimed(instance, violated)
    except SpecError as error:
        raise UserError(str(error)) from error
    return stale or Replayed(instance, violated)


def _states(run: Run) -> list[Record]:
    """The states of a run; one more than its steps."""
    return [run.initial, *(moment.state for moment in run.moments)]


# ----------------------------------------------------------------------------------------------------------- the steps


def _taken_again(instance: Instance, run: Run) -> Stale | None:
    if not any(run.initial == state for state in instance.initial_states()):
        return Stale(0, f"is none of {instance.spec.name}: {instance.struct.show(run.initial)}")
    state = run.initial
    for number, moment in enumerate(run.moments[:-1] if run.fault is not None else run.moments, 1):
        try:
            after = instance.take(state, moment.step)
        except FAULT_ERRORS as error:
            return Stale(number, f"{moment.step} fails: {message_of(error)}")
        if after is None:
            return Stale(number, f"{moment.step} is not enabled: {_enabled(instance, state)}")
        if after != moment.state:
            return Stale(number, f"{moment.step} leads elsewhere: {_difference(instance, moment.state, after)}")
        state = after
    return None


def _enabled(instance: Instance, state: Record) -> str:
    try:
        steps = [str(step) for step, _ in instance.steps(state)]
    except FAULT_ERRORS as error:
        return f"another step fails ({message_of(error)})"
    return f"only {', '.join(steps)}" if steps else "no step is"


def _difference(instance: Instance, claimed: Record, state: Record) -> str:
    differ = changes(fields_of(instance, claimed), fields_of(instance, state))
    return ", ".join(f"{path} is {now}, not {then}" for path, (then, now) in differ.items())


# -------------------------------------------------------------------------------------------------------- the property


def _fails_as_claimed(instance: Instance, violated: Violated) -> Stale | None:
    run = violated.run
    if run.fault is not None and violated.broken not in FAULTS:
        return Stale(run.depth, f"{violated.broken} is not what a fault breaks")
    if violated.broken in FAULTS:
        meets = _fault_of_step if run.fault is not None else _fault_of_property
        return meets(instance, violated.broken, run)
    if violated.broken == DEADLOCK:
        return _deadlock(instance, run)
    promises = properties(instance.spec)
    if violated.broken not in promises:
        raise UserError(f"{instance.spec.name} has no property {violated.broken!r}; it has {', '.join(promises)}")
    promise = promises[violated.broken]
    try:
        return _CHECKS[promise.kind](instance, promise, run)
    except FAULT_ERRORS as error:
        return Stale(run.depth, f"{promise.name} itself fails: {message_of(error)}")


def _fault_of_step(instance: Instance, broken: str, run: Run) -> Stale | None:
    if not run.moments:
        return Stale(0, "a fault needs a step that meets it")
    last = run.moments[-1].step
    before = _states(run)[-2]
    if run.moments[-1].state != before:
        return Stale(run.depth, f"{last} met a fault, so it leaves the state as it was")
    try:
        after = instance.take(before, last)
    except FAULT_ERRORS as error:
        met = fault_of(error)
        return None if met == broken else Stale(run.depth, f"{last} meets {met}, not {broken}: {message_of(error)}")
    enabled = "is taken without a fault" if after is not None else f"is not enabled: {_enabled(instance, before)}"
    return Stale(run.depth, f"{last} {enabled}")


def _fault_of_property(instance: Instance, broken: str, run: Run) -> Stale | None:
    """Whether a predicate over one state meets a fault in the last state, and in none before."""
    predicates = [(name_of(p), instance.rebind(p)) for p in (*instance.spec.invariants, *instance.spec.reachable)]
    for number, state in enumerate(_states(run)):
        for name, predicate in predicates:
            try:
                predicate(state)
            except FAULT_ERRORS as error:
                if number < run.depth or fault_of(error) != broken:
                    return Stale(number, f"{name} meets {fault_of(error)} here: {message_of(error)}")
                return None
    return Stale(run.depth, f"no property meets {broken}")


def _deadlock(instance: Instance, run: Run) -> Stale | None:
    try:
        enabled = next(instance.steps(_states(run)[-1]), None)
    except FAULT_ERRORS as error:
        return Stale(run.depth, f"is no deadlock: a step fails: {message_of(error)}")
    return enabled and Stale(run.depth, f"is no deadlock: {enabled[0]} is enabled")


def _first_and_only_at_the_end(name: str, held: Sequence[bool], first: int) -> Stale | None:
    """What is wrong unless a property fails at the end alone; `held[0]` belongs to the state after step `first`."""
    last = first + len(held) - 1
    early = next((number for number, holds in enumerate(held, first) if not holds), None)
    if early is None:
        return Stale(max(last, 0), f"{name} holds")
    return None if early == last else Stale(early, f"{name} fails already here")


def _invariant(instance: Instance, promise: Property, run: Run) -> Stale | None:
    predicate = instance.rebind(cast("Predicate", promise.source))
    return _first_and_only_at_the_end(promise.name, [bool(predicate(state)) for state in _states(run)], 0)


def _step_property(instance: Instance, promise: Property, run: Run) -> Stale | None:
    predicate = instance.rebind(cast("Callable[..., bool]", promise.source))
    states = _states(run)
    held = [bool(predicate(before, after)) for before, after in pairwise(states)]
    return _first_and_only_at_the_end(promise.name, held, 1)


def _refinement(instance: Instance, promise: Property, run: Run) -> Stale | None:
    check = RefinementCheck(instance, cast("Refinement", promise.source))
    states = _states(run)
    held = [check.initial_allowed(run.initial)]
    held += [check.step(before, after).allowed for before, after in pairwise(states)]
    return _first_and_only_at_the_end(promise.name, held, 0)


def _liveness(instance: Instance, promise: Property, run: Run) -> Stale | None:
    eventually = cast("Eventually", promise.source)
    states = _states(run)
    if run.loop is None or not 0 <= run.loop <= run.depth:
        return Stale(run.depth, f"{promise.name} is only broken by a run that loops")
    if states[-1] != states[run.loop]:
        difference = _difference(instance, states[run.loop], states[-1])
        return Stale(run.depth, f"the loop does not close: against step {run.loop}, {difference}")
    goal = [bool(instance.rebind(eventually.goal)(state)) for state in states]
    pending = next((number for number in reversed(range(len(states))) if goal[number]), -1) + 1
    if pending > run.loop:
        return Stale(pending - 1, f"{promise.name}: the goal is met in the loop")
    if eventually.trigger is not None:
        trigger = instance.rebind(eventually.trigger)
        if not any(trigger(state) for state in states[pending:]):
            return Stale(run.depth, f"{promise.name}: its trigger holds nowhere that the goal does not follow")
    unmet = unmet_fairness(instance, eventually.fairness, states[run.loop :])
    return Stale(run.depth, f"{promise.name}: the loop is not fair: {unmet}") if unmet else None


_CHECKS = {
    "invariant": _invariant,
    "step": _step_property,
    "refinement": _refinement,
    "liveness": _liveness,
}

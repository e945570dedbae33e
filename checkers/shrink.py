"""Shorter counterexamples: leave out steps as long as the rest can still be taken and still violates the same property.

The result is 1-minimal: no single step of it can be left out. It need not be a shortest counterexample; that takes a
search.

Source: Zeller and Hildebrandt, Simplifying and isolating failure-inducing input (2002): ever smaller chunks.
Left out: lassos; replacing steps by others; other initial states.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from checkers.faults import FAULT_ERRORS, fault_of, message_of
from checkers.minimal import minimal
from checkers.refinement.steps import RefinementCheck
from checkers.verdict import Moment, Run, UserError
from specs.catalogue import DEADLOCK, FAULTS, properties
from specs.instance import Instance, Step
from specs.language import Predicate, Record, Refinement

Broken = Callable[[Record | None, Record], bool]
"""Whether a step (from nowhere, for an initial state) breaks the property."""


def shrink(instance: Instance, run: Run, property: str) -> Run:  # noqa: A002 - the field's word
    """A run from the same initial state that violates the same property, without needless steps.

    Raises UserError for a property that the spec does not have, for a lasso, and for a run that does not violate it.
    """
    retry = partial(violating, instance, run.initial, property)
    shrunk = retry(steps_of(run))
    if run.loop is not None or shrunk is None:
        what = "a lasso can't be shortened step by step" if run.loop is not None else "the run does not violate it"
        raise UserError(f"{property}: {what}")

    def without(steps: Sequence[Step], start: int, end: int) -> Sequence[Step] | None:
        shorter = retry([*steps[:start], *steps[end:]])
        return None if shorter is None else steps_of(shorter)

    least = retry(minimal(steps_of(shrunk), without))
    assert least is not None, "what is left violates the property"
    return least


def steps_of(run: Run) -> Sequence[Step]:
    """The steps of a run."""
    return [moment.step for moment in run.moments]


def violating(instance: Instance, initial: Record, property: str, steps: Sequence[Step]) -> Run | None:  # noqa: A002
    """The run that takes the steps up to where the property breaks; None if it never does, or a step is not enabled."""
    broken = breaks(instance, property)
    state, moments = initial, list[Moment]()
    if property not in FAULTS and broken(None, initial):
        return Run(initial, ())
    for step in steps:
        try:
            after = instance.take(state, step)
            if after is None:
                return None
            violated = broken(state, after)
        except FAULT_ERRORS as error:
            if fault_of(error) != property:
                return None
            return Run(initial, (*moments, Moment(step, state)), fault=message_of(error))
        moments.append(Moment(step, after))
        if violated:
            return Run(initial, tuple(moments))
        state = after
    return None


def breaks(instance: Instance, name: str) -> Broken:
    """How a property is checked on one step. Raises UserError for one that the spec does not have, or for liveness."""
    if name in FAULTS:
        return lambda _before, _after: False
    if name == DEADLOCK:
        return lambda _before, after: next(instance.steps(after), None) is None
    known = properties(instance.spec)
    if name not in known or known[name].kind == "liveness":
        names = ", ".join(p.name for p in known.values() if p.kind != "liveness")
        raise UserError(f"{instance.spec.name} has no property {name!r} to shorten runs for; it has {names}")
    source = known[name].source
    if known[name].kind == "refinement":
        check = RefinementCheck(instance, cast("Refinement", source))
        return lambda before, after: (
            not (check.initial_allowed(after) if before is None else check.step(before, after).allowed)
        )
    predicate = instance.rebind(cast("Predicate", source))
    if known[name].kind == "invariant":
        return lambda _before, after: not predicate(after)
    return lambda before, after: before is not None and not cast("Callable[..., bool]", predicate)(before, after)

"""A refinement, one step at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from checkers.refinement.steps import RefinementCheck, refinement_step_ok
from checkers.subjects import instantiate
from specs import replication_history
from specs.language import Refinement
from tests.checkers import toys
from tests.checkers.runs import REPLICATION_BOUNDS, replication_violation, run_of

COUNTER = instantiate(toys.COUNTER, {})
(TO_UPPER,) = toys.COUNTER.refines


def test_a_step_is_a_step_above_or_a_stutter_or_neither() -> None:
    run = run_of(COUNTER, "tick", "tick")
    states = [run.initial, *(moment.state for moment in run.moments)]
    check = RefinementCheck(COUNTER, TO_UPPER)
    assert str(check.step(states[0], states[1])) == "from (n=0) to (n=1) by up()"
    assert str(check.step(states[1], states[1])) == "from (n=1) to (n=1) by a stutter"
    assert str(check.step(states[0], states[2])) == "from (n=0) to (n=2) by no step"
    assert [refinement_step_ok(COUNTER, TO_UPPER, states[0], after) for after in states] == [True, True, False]


def test_a_mapping_that_leaves_a_range_allows_nothing() -> None:
    def too_much(s: toys.Count, above: toys.Count) -> None:
        """Map beyond the limit."""
        above.n = s.n + 3

    run = run_of(COUNTER, "tick")
    check = RefinementCheck(COUNTER, replace(TO_UPPER, mapping=too_much))
    step = check.step(run.initial, run.moments[0].state)
    assert not step.allowed
    assert (str(step.before), step.after, step.fault) == ("(n=3)", None, "n = 4 leaves its range 0..3")
    assert str(step) == "the mapping fails: n = 4 leaves its range 0..3"
    assert not check.initial_allowed(run.moments[0].state)


def test_an_initial_state_maps_to_an_initial_state() -> None:
    run = run_of(COUNTER, "tick")
    check = RefinementCheck(COUNTER, TO_UPPER)
    assert check.initial_allowed(run.initial)
    assert not check.initial_allowed(run.moments[0].state)


def test_the_bounds_above_are_computed_from_those_below() -> None:
    lower = instantiate(toys.COUNTER, {"limit": 4})
    refinement = Refinement(toys.UPPER, toys.same_count, {"limit": toys.LIMIT + 2})
    assert RefinementCheck(lower, refinement).upper.bounds == {"limit": 6}


def test_kip_101_is_a_step_that_the_append_only_log_does_not_take() -> None:
    _, violated = replication_violation()
    variant = "truncate_to_own_high_watermark"
    instance = instantiate(replication_history.SPEC, REPLICATION_BOUNDS, variant)
    steps_taken = [(moment.step.action, dict(moment.step.parameters)) for moment in violated.run.moments]
    texts = [" ".join([name, *(f"{k}={v}" for k, v in values.items())]) for name, values in steps_taken]
    run = run_of(instance, *texts)
    check = RefinementCheck(instance, replication_history.SPEC.refines[0])
    states = [run.initial, *(moment.state for moment in run.moments)]
    steps = [check.step(before, after) for before, after in pairwise(states)]
    assert [str(step.step) for step in steps if step.step] == ["produce()", "commit(record=0)"]
    assert all(step.allowed for step in steps)

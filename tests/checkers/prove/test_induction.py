"""Induction on a small spec with planted errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from checkers.prove.induction import Failure, Induction, Invariant
from specs.instance import at
from specs.language import Predicate, Spec
from tests.checkers.prove import planted

CONJUNCTS = (planted.served_in_order, planted.given_have_owners, planted.used_were_served)


def failures(
    spec: Spec = planted.TICKETS, conjuncts: tuple[Predicate, ...] = CONJUNCTS, unbounded: tuple[str, ...] = ("limit",)
) -> list[Failure]:
    instance = at(spec)
    invariant = Invariant(instance, conjuncts, (planted.used_have_owners,), (planted.served_grows,), unbounded)
    induction = Induction(invariant)
    return [failure for name in invariant.sections for failure in induction.section(name).failures]


def with_action(old: Callable[..., bool], new: Callable[..., bool]) -> Spec:
    return replace(planted.TICKETS, actions=tuple(new if a is old else a for a in planted.TICKETS.actions))


@pytest.mark.parametrize("unbounded", [(), ("limit",)])
def test_an_inductive_invariant_is_proved_with_and_without_bounds(unbounded: tuple[str, ...]) -> None:
    assert [] == failures(unbounded=unbounded)


def test_a_missing_conjunct_is_named_with_a_counterexample_that_plain_python_walks() -> None:
    found = failures(conjuncts=(planted.given_have_owners, planted.used_were_served))
    assert [("safety", "used_have_owners", "violated")] == [(f.section, f.goal, f.answer) for f in found]
    counterexample = found[0].counterexample
    assert counterexample is not None
    assert not counterexample.instance.rebind(planted.used_have_owners)(counterexample.before)
    assert counterexample.instance.rebind(planted.given_have_owners)(counterexample.before)


def test_a_step_out_of_the_invariant_is_shown_as_what_it_changes() -> None:
    (found,) = failures(with_action(planted.serve, planted.serve_any))
    assert ("serve_any", "served_in_order", "violated") == (found.section, found.goal, found.answer)
    assert found.counterexample is not None
    before, step, after = found.counterexample.before, found.counterexample.step, found.counterexample.after
    assert step is not None
    assert after == found.counterexample.instance.take(before, step)
    assert "served" in found.counterexample.changes()


def test_a_fault_that_a_state_within_the_invariant_can_meet_is_a_failure() -> None:
    found = failures(with_action(planted.take, planted.take_too_many))
    assert {"take_too_many"} == {failure.section for failure in found}
    assert {"violated"} == {failure.answer for failure in found}
    assert any(f.counterexample is not None and "outside 0.." in (f.counterexample.fault or "") for f in found)


def test_a_conjunct_that_does_not_hold_at_first_is_a_failure() -> None:
    found = failures(conjuncts=(*CONJUNCTS, planted.below_given))
    assert ("initial", "below_given", "violated") == (found[0].section, found[0].goal, found[0].answer)


def test_an_answer_that_z3_does_not_find_is_unknown() -> None:
    instance = at(planted.TICKETS)
    induction = Induction(Invariant(instance, CONJUNCTS, (planted.used_have_owners,), (), ("limit",)), rlimit=1)
    assert {"unknown"} <= {f.answer for name in ("take", "safety") for f in induction.section(name).failures}

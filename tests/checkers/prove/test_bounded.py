"""Bounded model checking and k-induction on small specs."""

from __future__ import annotations

from checkers.prove.bounded import bounded, k_induction
from checkers.verdict import Holds, Unknown, Violated
from specs.instance import at
from tests.checkers.prove import planted


def test_the_shortest_run_that_breaks_an_invariant_is_found_at_its_depth() -> None:
    result = bounded(at(planted.COUNTER), planted.below_four, 6)
    assert isinstance(result.verdict, Violated)
    assert (4, 4) == (result.depth, result.verdict.run.depth)
    assert [1, 2, 3, 4] == [moment.state.values["n"] for moment in result.verdict.run.moments]


def test_a_bound_that_is_too_short_proves_nothing() -> None:
    assert isinstance(bounded(at(planted.COUNTER), planted.below_four, 3).verdict, Unknown)


def test_an_invariant_that_is_not_inductive_is_proved_by_three_states_in_a_row() -> None:
    two, three = (k_induction(at(planted.PAIR), planted.first_is_not_four, k) for k in (2, 3))
    assert isinstance(two.verdict, Unknown)
    assert (Holds(), 3) == (three.verdict, three.k)


def test_k_induction_finds_what_its_base_breaks() -> None:
    assert isinstance(k_induction(at(planted.COUNTER), planted.below_four, 6).verdict, Violated)

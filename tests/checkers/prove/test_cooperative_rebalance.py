"""The inductive proof of cooperative handovers, and that it falls for every ablation of the spec."""

from __future__ import annotations

from functools import partial

import pytest

from checkers.explore.explore import explore
from checkers.prove.cooperative_rebalance import BREAKS, handovers
from checkers.prove.induction import Induction
from checkers.prove.sections import Task, carried_out
from checkers.verdict import Holds
from specs import cooperative_rebalance, cooperative_rebalance_induction
from specs.instance import FIXED, at, variants


def test_handovers_are_inductive() -> None:
    induction = Induction(handovers(FIXED, 2, 1))
    sections = [induction.section(name) for name in induction.invariant.sections]
    assert [()] * 7 == [section.failures for section in sections]
    assert [11, 12, 12, 12, 12, 12, 0] == [section.obligations for section in sections]


@pytest.mark.parametrize("ablation", BREAKS)
def test_every_ablation_breaks_the_proof(ablation: str) -> None:
    section, goal = BREAKS[ablation]
    (failure,) = carried_out(Task(partial(handovers, ablation, 2, 1), section, (goal,))).failures
    assert (goal, "violated") == failure[:2]


def test_no_ablation_is_left_out() -> None:
    assert {FIXED, *BREAKS} == set(variants(cooperative_rebalance.SPEC))


@pytest.mark.deep
def test_every_conjunct_holds_in_every_explored_state() -> None:
    assert explore(at(cooperative_rebalance_induction.SPEC)).verdict == Holds()

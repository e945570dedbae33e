"""The inductive proof of committed offsets, and that it falls for every ablation of the spec."""

from __future__ import annotations

from functools import partial

import pytest

from checkers.explore.explore import explore
from checkers.prove.committed_offsets import BREAKS, PROOFS, committed_offsets
from checkers.prove.sections import Task, carried_out
from checkers.verdict import Holds
from specs import offsets, offsets_induction
from specs.instance import FIXED, at, variants


@pytest.mark.deep
def test_commits_are_fenced_in_any_generation() -> None:
    section = carried_out(Task(partial(committed_offsets, FIXED, 2), "take_commit", ("fenced_commits_change_nothing",)))
    assert (section.verdict, section.failures) == ("holds", ())
    assert section.obligations > 0


def test_commits_that_are_not_fenced_break_the_proof() -> None:
    section, goal = BREAKS["unfenced_commit"]
    broken = carried_out(Task(partial(committed_offsets, "unfenced_commit", 2), section, (goal,)))
    assert [(found, verdict) for found, verdict, _ in broken.failures] == [(goal, "violated")]
    # Bounds may have any value in the proof; the counterexample is looked for within small ones.
    assert "take_commit(member=" in broken.failures[0][2]


def test_every_ablation_must_break_it() -> None:
    assert {FIXED, *BREAKS} == set(variants(offsets.SPEC))


@pytest.mark.deep
def test_every_conjunct_holds_in_every_state_explored() -> None:
    assert explore(at(offsets_induction.SPEC)).verdict == Holds()
    assert explore(at(offsets_induction.SPEC, max_records=2, max_coordinator_epoch=1, max_time=0)).verdict.verdict != (
        "violated"
    )


@pytest.mark.deep
@pytest.mark.parametrize("deep", [False, True])
def test_proof_stands(deep: bool) -> None:  # noqa: FBT001 - a parameter of the test
    result = PROOFS[0].run(deep=deep)
    assert (result.verdict, result.detail) == ("holds", "")
    assert result.stands

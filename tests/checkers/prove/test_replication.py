"""The proofs of replication, and each ablation that must break them."""

from __future__ import annotations

from typing import cast

import pytest

from checkers.explore.explore import explore
from checkers.prove.induction import Induction
from checkers.prove.proof import Proof
from checkers.prove.replication import BREAKS, PROOFS, Breaks, elections, replicated, unnamed_leaders
from checkers.prove.sections import carried_out, carried_out_in_parallel
from checkers.verdict import Holds
from specs import replication, replication_induction
from specs.instance import FIXED, at
from specs.language import Ablation


@pytest.mark.parametrize("section", ["initial", "leader_append", "safety"])
def test_one_leader_an_epoch_is_inductive(section: str) -> None:
    assert () == Induction(elections(1)).section(section).failures


def test_a_leader_that_no_request_names_breaks_it() -> None:
    (failure,) = Induction(unnamed_leaders()).section("anyone_becomes_leader").failures
    assert ("replicas_obey_requests", "violated") == (failure.goal, failure.answer)


@pytest.mark.parametrize("breaks", BREAKS[:1], ids=lambda breaks: breaks.variant)
def test_an_ablation_breaks_the_proof_of_replication(breaks: Breaks) -> None:
    (failure,) = carried_out(breaks.task).failures
    assert (breaks.goal, "violated") == failure[:2]


@pytest.mark.deep
@pytest.mark.parametrize("breaks", BREAKS[1:], ids=lambda breaks: breaks.variant)
def test_every_ablation_and_every_version_breaks_the_proof_of_replication(breaks: Breaks) -> None:
    (failure,) = carried_out(breaks.task).failures
    assert (breaks.goal, "violated") == failure[:2]


def test_every_ablation_is_a_control_but_the_one_that_is_safe_and_so_is_every_version() -> None:
    ablations = {flag.name for flag in cast("tuple[Ablation, ...]", replication.SPEC.ablations)}
    versions = {version.name for version in replication.SPEC.variants}
    assert ablations - {"unfenced_isr_shrink"} | versions == {breaks.variant for breaks in BREAKS}


@pytest.mark.deep
def test_the_guard_of_isr_shrinking_is_not_needed_for_safety() -> None:
    assert () == Induction(replicated("unfenced_isr_shrink", 3, 2)).section("leader_shrink_isr").failures


@pytest.mark.deep
@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_the_proofs_of_replication_stand(proof: Proof) -> None:
    proved = proof.run(deep=True)
    assert ("holds", "") == (proved.verdict, proved.detail)
    assert proved.stands


@pytest.mark.deep
def test_counterexamples_are_the_same_in_every_process() -> None:
    one, other = carried_out_in_parallel([BREAKS[0].task, BREAKS[0].task])
    assert one == other
    assert "violated" == one.verdict


@pytest.mark.deep
def test_every_conjunct_holds_in_every_explored_state() -> None:
    bounds = {"replicas": 3, "log_size": 2, "max_records": 2, "max_leader_epoch": 2}
    exploration = explore(at(replication_induction.SPEC, FIXED, **bounds))
    assert (Holds(), 153_416) == (exploration.verdict, exploration.distinct_states)

"""Committed offsets in plain Python: what a step does, and what the shortest counterexamples are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from specs.instance import Instance, Step, at, variants
from specs.language import NONE
from specs.offsets import SPEC
from specs.offsets_properties import fenced_commits_change_nothing
from specs.offsets_state import OUT, OWNER, REVOKED, REVOKING


def taken(instance: Instance, steps: Sequence[str], *, at_most_once: bool = False) -> Any:  # noqa: ANN401 - a state
    """The state after steps such as "take_commit 0 0", from broker 0 as the coordinator."""
    state = next(s for s in initial_states(instance, at_most_once=at_most_once))
    for text in steps:
        name, *values = text.split()
        action = next(a for a in instance.actions if a.name == name)
        parameters = tuple((p, int(v)) for (p, _), v in zip(action.parameters, values, strict=True))
        after = instance.take(state, Step(name, parameters))
        assert after is not None, f"{text} is not enabled"
        state = after
    return state


def initial_states(instance: Instance, *, at_most_once: bool) -> list[Any]:
    """Those of a discipline, broker 0 being the coordinator."""
    states: list[Any] = list(instance.initial_states())
    return [s for s in states if s.at_most_once == at_most_once and s.elections[0].coordinator == 0]


def enabled(instance: Instance, state: Any) -> set[str]:  # noqa: ANN401 - a state
    """The actions that can be taken."""
    return {step.action for step, _ in instance.steps(state)}


OWNED = ("prepare_rebalance", "complete_rebalance 0", "start 0 0")
PROCESSED = (*OWNED, "process 0", "send_commit 0")
FENCED = (*PROCESSED, "prepare_rebalance", "complete_rebalance 1")


def test_a_commit_of_the_owner_counts() -> None:
    state = taken(at(SPEC), (*PROCESSED, "take_commit 0 0"))
    assert (state.log.committed, state.members[0].phase, state.members[0].request) == (1, OWNER, NONE)


def test_a_commit_of_a_fenced_generation_changes_nothing_and_tells_the_member() -> None:
    state = taken(at(SPEC), (*FENCED, "take_commit 0 0"))
    assert (state.log.committed, state.members[0].phase, state.members[0].request) == (0, OUT, NONE)


def test_a_commit_whose_answer_is_lost_has_counted() -> None:
    state = taken(at(SPEC), (*PROCESSED, "take_commit 0 1"))
    assert (state.log.committed, state.members[0].phase, state.members[0].request) == (1, OWNER, NONE)


def test_committed_offsets_survive_fail_over() -> None:
    state = taken(at(SPEC), (*PROCESSED, "take_commit 0 0", "elect_coordinator 1", "load 1"))
    assert state.brokers[1].group == state.log
    assert state.brokers[1].group.committed == 1


def test_nobody_commits_before_the_next_coordinator_has_loaded() -> None:
    instance = at(SPEC)
    assert "take_commit" not in enabled(instance, taken(instance, (*PROCESSED, "elect_coordinator 1")))


def test_an_unload_that_is_late_is_ignored() -> None:
    instance = at(SPEC)
    steps = ("elect_coordinator 1", "elect_coordinator 0", "load 2")
    action = next(a for a in instance.actions if a.name == "unload")
    assert instance.fire(taken(instance, steps), action, (0, 1)) is None


def test_the_last_commit_ends_processing() -> None:
    instance = at(SPEC)
    state = taken(instance, (*OWNED, "prepare_rebalance", "send_last_commit 0"))
    assert state.members[0].phase == REVOKING
    assert "process" not in enabled(instance, state)
    after = taken(instance, (*OWNED, "prepare_rebalance", "send_last_commit 0", "take_commit 0 0"))
    assert (after.members[0].phase, after.members[0].position) == (REVOKED, after.log.committed)


def test_at_most_once_waits_for_its_commit() -> None:
    instance = at(SPEC)
    asked = taken(instance, (*OWNED, "send_commit 0"), at_most_once=True)
    assert asked.members[0].request == 1
    assert "process" not in enabled(instance, asked)
    state = taken(instance, (*OWNED, "send_commit 0", "take_commit 0 0", "process 0"), at_most_once=True)
    assert (state.members[0].position, state.consumed[0].times) == (1, 1)


@pytest.mark.parametrize(("at_most_once", "position"), [(False, 0), (True, 1)])
def test_without_a_committed_offset_each_discipline_starts_where_it_breaks_no_promise(
    at_most_once: bool,  # noqa: FBT001 - a parameter of the test
    position: int,
) -> None:
    state = taken(at(SPEC), ("tick", "expire_offset", *OWNED), at_most_once=at_most_once)
    assert (state.log.committed, state.members[0].position) == (NONE, position)


@pytest.mark.parametrize(
    ("steps", "expires"),
    [((), False), (("tick",), True), (("tick", "prepare_rebalance"), False), (("tick", *OWNED), False)],
)
def test_offsets_expire_only_from_a_group_that_is_empty_and_old(steps: tuple[str, ...], expires: bool) -> None:  # noqa: FBT001
    instance = at(SPEC)
    assert expires == ("expire_offset" in enabled(instance, taken(instance, steps)))


def test_the_property_sees_a_commit_of_the_fenced() -> None:
    steps = (*FENCED,)
    for variant, holds in (("fixed", True), ("unfenced_commit", False)):
        instance = at(SPEC, variant)
        before, after = taken(instance, steps), taken(instance, (*steps, "take_commit 0 0"))
        assert holds == instance.rebind(fenced_commits_change_nothing)(before, after)


def test_every_ablation_says_what_it_must_break() -> None:
    broken = {name: [e.breaks for e in v.expects] for name, v in variants(SPEC).items() if name != "fixed"}
    assert broken == {
        "unfenced_commit": [
            "fenced_commits_change_nothing", "committed_offset_never_regresses", "nothing_is_seen_twice",
        ],
        "late_unload": ["coordinator_serves_the_committed_offset"],
        "load_keeps_stale_cache": ["coordinator_serves_the_committed_offset"],
        "expiry_while_rebalancing": ["offsets_expire_only_when_empty_and_old"],
        "empty_since_lost_on_load": ["offsets_expire_only_when_empty_and_old"],
        "processing_while_revoking": ["handover_is_exact"],
        "commit_of_prefetched_records": ["nothing_is_skipped"],
    }  # fmt: skip

"""Compaction in plain Python: what a step does, and what the shortest counterexamples are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from checkers.explore.explore import explore
from checkers.explore.liveness import check_liveness
from checkers.verdict import Violated
from specs import compaction, compaction_transactions
from specs.compaction_transactions_state import ABORT, COMMIT, OPEN, last_stable_offset_at, outcome_at
from specs.instance import Instance, Step, at, variants
from specs.language import NONE, Spec

V, X = "append 0 0", "append 0 1"
"""A value and a tombstone of key 0."""


def taken(instance: Instance, steps: Sequence[str]) -> Any:  # noqa: ANN401 - a state
    """The state after steps such as "clean 0 2", from the first initial state: replica 0 leads."""
    state = next(iter(instance.initial_states()))
    for text in steps:
        name, *values = text.split()
        action = next(a for a in instance.actions if a.name == name)
        parameters = tuple((p, int(v)) for (p, _), v in zip(action.parameters, values, strict=True))
        after = instance.take(state, Step(name, parameters))
        assert after is not None, f"{text} is not enabled"
        state = after
    return state


def enabled(instance: Instance, state: Any) -> set[str]:  # noqa: ANN401 - a state
    """The steps that can be taken."""
    return {str(step) for step, _ in instance.steps(state)}


def log(state: Any, replica: int = 0) -> str:  # noqa: ANN401 - a state
    """A log as it is drawn."""
    drawn = type(state.replicas[replica]).drawn[0]
    return str(drawn.text(state.replicas[replica]))


# ------------------------------------------------------------------------------------------------ keys and tombstones

BOTH = ("fetch 1", "fetch 1")


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ((V, V, *BOTH, "clean 0 2"), "[. k0|]"),
        ((V, V, *BOTH, "clean 0 1"), "[k0|k0]"),
        ((V, "append 1 0", *BOTH, "clean 0 2"), "[k0 k1|]"),
        ((V, X, *BOTH, "clean 0 2"), "[. k0x1|]"),
        ((V, X, *BOTH, "clean 0 2", "tick", "clean 0 2"), "[. k0x0|]"),
        ((V, X, *BOTH, "clean 0 2", "tick", "clean 1 2", "clean 0 2"), "[. _|]"),
        ((X, V, *BOTH, "clean 0 2"), "[. k0|]"),
    ],
)
def test_a_cleaning_leaves_the_last_record_of_each_key(steps: tuple[str, ...], left: str) -> None:
    assert log(taken(at(compaction.SPEC, keys=2), steps)) == left


def test_the_cleaner_stays_below_the_high_watermark() -> None:
    instance = at(compaction.SPEC)
    state = taken(instance, (V, V, "fetch 1"))
    assert {step for step in enabled(instance, state) if step.startswith("clean(replica=0")} == {
        "clean(replica=0, end_offset=1)"
    }


def test_a_follower_fetches_past_a_gap() -> None:
    state = taken(at(compaction.SPEC), ("go_offline 1", V, V, "clean 0 2", "come_back 1 0", "fetch 1"))
    assert (state.replicas[1].log_end_offset, log(state, 1)) == (2, "[|. k0]")


def test_a_horizon_is_not_taken_over_from_the_leader() -> None:
    steps = ("go_offline 1", X, "clean 0 1", "come_back 1 0", "fetch 1")
    assert [log(taken(at(compaction.SPEC, name), steps), 1) for name in ("fixed", "inherited_horizon")] == [
        "[|k0x]",
        "[|k0x1]",
    ]


def test_a_divergent_record_is_truncated_and_a_reload_changes_nothing() -> None:
    instance = at(compaction.SPEC)
    before = taken(instance, (V, "elect 1", V))
    assert (log(before), log(before, 1), before.high_watermark) == ("[|k0]", "[|k0]", 0)
    state = taken(instance, (V, "elect 1", V, "follow 0"))
    assert (log(state), state.high_watermark) == ("[|]", 0)
    cleaned = (V, X, *BOTH, "clean 0 2", "clean 1 2", "tick", "clean 0 2")
    assert taken(instance, (*cleaned, "reload 0")) == taken(instance, cleaned)


def test_a_reader_that_stays_sees_the_tombstone() -> None:
    state = taken(at(compaction.SPEC), (V, X, *BOTH, "start_scan 0", "scan", "clean 0 2", "scan"))
    assert (state.reader.position, state.reader.seen[0], log(state)) == (2, NONE, "[. k0x1|]")


# ------------------------------------------------------------------------------------------------------- transactions

ABORTED = ("write 0 0", "end_transaction 0 0")
CLEANED = ("clean 0 3", "clean 1 3", "clean 0 3", "clean 0 3")


def test_a_transaction_goes_marker_last() -> None:
    instance = at(compaction_transactions.SPEC)
    states = [taken(instance, (*ABORTED, "write 0 0", "end_transaction 0 1", *CLEANED[:n])) for n in range(5)]
    assert [log(state) for state in states] == ["[|####]", "[.##|#]", "[.##|#]", "[.h#|#]", "[..#|#]"]


def test_the_last_batch_of_a_producer_keeps_its_marker() -> None:
    state = taken(at(compaction_transactions.SPEC), (*ABORTED, "clean 0 2", "clean 1 2", "clean 0 2", "clean 0 2"))
    assert log(state) == "[_#|]"


def test_a_replica_tells_outcomes_by_the_markers_that_it_has() -> None:
    instance = at(compaction_transactions.SPEC, "abort_marker_removed_alone")
    steps = ("write 0 0", "fall_behind 1", "end_transaction 0 0", "write 0 0", "end_transaction 0 1")
    lost = (*steps, "clean 0 3", "clean 0 3", "clean 0 3", "fetch 1 0")
    told = instance.rebind(outcome_at)
    assert [told(taken(instance, steps), r, 0) for r in (0, 1)] == [ABORT, OPEN]
    assert instance.rebind(last_stable_offset_at)(taken(instance, lost), 1) == 0
    assert told(taken(instance, (*lost, "fetch 1 0")), 1, 0) == COMMIT


# --------------------------------------------------------------------------------------------------------- all of them


def test_every_ablation_says_what_it_must_break() -> None:
    specs = (compaction.SPEC, compaction_transactions.SPEC)
    broken = {n: [e.breaks for e in v.expects] for spec in specs for n, v in variants(spec).items() if n != "fixed"}
    assert broken == {
        "tombstone_removed_alone": ["no_resurrection"],
        "tombstone_removed_once_replicated": ["no_resurrection"],
        "uncommitted_records_supersede": ["cleaned_is_committed", "latest_committed_value_retained"],
        "horizon_from_append": ["tombstone_seen_by_full_scan"],
        "horizon_reset_by_cleaning": [],
        "inherited_horizon": ["tombstone_seen_by_full_scan"],
        "scan_moves_on": ["tombstone_seen_by_full_scan"],
        "last_batch_removed": ["log_end_offset_preserved", "survivors_are_as_written"],
        "checkpoint_outlives_the_log": ["checkpoint_is_in_the_log", "compacting_twice_changes_nothing"],
        "abort_marker_removed_alone": ["marker_not_before_data", "no_aborted_read"],
        "commit_marker_removed_alone": ["last_stable_offset_is_not_pinned", "no_committed_record_is_hidden"],
        "marker_keys_collide": ["marker_not_before_data"],
        "partial_segment_loses_aborts": ["marker_not_before_data", "no_aborted_read"],
        "open_transaction_forgotten": ["marker_not_before_data"],
        "last_sequence_removed": ["last_sequence_retained"],
    }


@pytest.mark.deep
@pytest.mark.parametrize(
    ("spec", "bounds", "states"),
    [
        (compaction.SPEC, {"keys": 2}, 1_404_073),
        (compaction.SPEC, {"replicas": 3, "log_size": 2}, 264_874),
        (compaction_transactions.SPEC, {"keys": 2}, 1_362_939),
    ],
)
def test_the_fixed_protocols_hold_at_larger_bounds(spec: Spec, bounds: dict[str, int], states: int) -> None:
    result = explore(at(spec, **bounds))
    assert not isinstance(result.verdict, Violated)
    assert states == result.distinct_states


@pytest.mark.deep
@pytest.mark.parametrize(
    ("variant", "retention", "verdict"),
    [("fixed", 1, "holds"), ("fixed", 2, "holds"), ("horizon_reset_by_cleaning", 2, "violated")],
)
def test_tombstones_go_in_the_end_unless_each_cleaning_sets_the_horizon(
    variant: str, retention: int, verdict: str
) -> None:
    result = check_liveness(at(compaction.SPEC, variant, retention=retention))
    assert {name: found.verdict for name, found in result.verdicts.items()} == {
        "tombstones_eventually_removed": verdict
    }

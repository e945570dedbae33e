"""Replay confirms what is so and says where a counterexample no longer applies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checkers.claimed_run import instance_of, violation_of
from checkers.counterexample import Counterexample, Taken, of_violation
from checkers.replay import Replayed, Stale, replay, replay_run
from checkers.subjects import instantiate
from checkers.verdict import Moment, Run, UserError, Violated
from specs import replication
from specs.instance import Instance, Step
from tests.checkers import toys
from tests.checkers.runs import REPLICATION_BOUNDS, fault_run, replication_violation, run_of

# ---------------------------------------------------------------------------------------------- a real counterexample


def counterexample() -> Counterexample:
    """KIP-101 as it would be read from a file."""
    return replace(of_violation(*replication_violation()), file="bad.json")


def test_the_shortest_counterexample_of_kip_101_has_ten_steps() -> None:
    assert counterexample().depth == 10


def test_a_counterexample_replays() -> None:
    result = replay(counterexample())
    assert isinstance(result, Replayed)
    assert result.violated == replication_violation()[1]
    assert result.instance.switched_off == {"truncate_to_own_high_watermark"}


def test_an_ablation_is_as_good_as_its_variant() -> None:
    other = replace(counterexample(), variant="fixed", ablations=("truncate_to_own_high_watermark",))
    assert isinstance(replay(other), Replayed)


def test_the_fixed_protocol_does_not_take_the_last_step_so() -> None:
    expected = (
        "step 10: become_follower(follower=1, epoch=2) leads elsewhere: replicas[1].entries[0].id is 0, not -1, "
        "replicas[1].entries[0].epoch is 0, not -1, replicas[1].log_end_offset is 1, not 0"
    )
    assert str(replay(replace(counterexample(), variant="fixed"))) == expected


def test_a_step_left_out_is_missed_where_the_next_needs_it() -> None:
    instance, violated = replication_violation()
    moments = list(violated.run.moments)
    del moments[3]
    result = replay_run(instance, Violated("strong_isr", Run(violated.run.initial, tuple(moments))))
    assert isinstance(result, Stale)
    assert result.step == 4
    enabled = "become_leader(epoch=0), become_leader(epoch=1), become_leader(epoch=2)"
    assert result.reason == f"leader_append(leader=0) is not enabled: only {enabled}"


def test_a_run_that_stops_early_breaks_nothing() -> None:
    whole = counterexample()
    assert str(replay(replace(whole, steps=whole.steps[:-1]))) == "step 9: strong_isr holds"


def test_a_run_that_goes_on_was_broken_before() -> None:
    instance, violated = replication_violation()
    last = violated.run.moments[-1].state
    step, after = next(instance.steps(last))
    longer = replace(violated.run, moments=(*violated.run.moments, Moment(step, after)))
    assert str(replay_run(instance, Violated("strong_isr", longer))) == "step 10: strong_isr fails already here"


def test_another_property_holds() -> None:
    assert str(replay(replace(counterexample(), broken="one_leader_an_epoch"))) == "step 10: one_leader_an_epoch holds"


def test_another_initial_state_is_none_of_the_spec() -> None:
    result = replay(replace(counterexample(), initial={}, steps=()))
    assert isinstance(result, Stale)
    assert str(result).startswith("initial state: is none of replication: (replicas=[")


# ------------------------------------------------------------------------------------ what can't be of the spec at all


def changed(index: int, **changes: object) -> Counterexample:
    """The counterexample with one step changed."""
    whole = counterexample()
    steps = list(whole.steps)
    steps[index] = replace(steps[index], **changes)  # type: ignore[arg-type]
    return replace(whole, steps=tuple(steps))


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (
            replace(counterexample(), variant="kip_999"),
            "bad.json: replication has no variant 'kip_999'; it has fixed, ",
        ),
        (replace(counterexample(), ablations=("x",)), "bad.json: replication has no ablation 'x'; it has truncate_to"),
        (replace(counterexample(), bounds={}), "bad.json: bounds must give every bound; replicas, log_size, max_rec"),
        (replace(counterexample(), bounds={"spec": 1}), "bad.json: replication has no bound 'spec'; it has replicas,"),
        (
            replace(counterexample(), bounds=REPLICATION_BOUNDS | {"replicas": 99}),
            "bad.json: bound replicas=99: must be an integer from 1 to 6 (replicas of the partition)",
        ),
        (
            replace(counterexample(), broken="strong"),
            "bad.json: property = 'strong': replication has no such property; ",
        ),
        (
            replace(counterexample(), loop=0),
            "bad.json: loop = 0: a loop is there if, and only if, the property is a liv",
        ),
        (
            replace(counterexample(), initial={"quorum": 3}),
            'bad.json: initial["quorum"] = 3: replication has no such field',
        ),
        (
            replace(counterexample(), initial={"quorum.isr": 4}),
            'bad.json: initial["quorum.isr"] = 4: must be from 0 to 3',
        ),
        (
            changed(3, action="lead"),
            "bad.json: steps[3].action = lead: replication (truncate_to_own_high_watermark) has n",
        ),
        (changed(3, parameters={}), "bad.json: steps[3].parameters = []: become_leader takes epoch"),
        (changed(3, parameters={"epoch": 3}), "bad.json: steps[3].parameters.epoch = 3: must be from 0 to 2"),
        (
            changed(3, changed={"replicas[0].leader": (1, 0)}),
            'bad.json: steps[3].changed["replicas[0].leader"] = [1, 0]: the value before must be -1, as the run',
        ),
        (
            changed(3, changed={"replicas[2].leader": (1, 0)}),
            'bad.json: steps[3].changed["replicas[2].leader"] = 0: replication has no such field at these bounds',
        ),
        (
            changed(3, changed={"replicas[1].leader": (-1, 2)}),
            'bad.json: steps[3].changed["replicas[1].leader"] = 2: must be from -1 to 1',
        ),
        (replace(counterexample(), subject="replicatoin"), "there is no spec 'replicatoin'; there are replication, "),
    ],
)
def test_names_and_values_that_the_spec_lacks_are_named(damaged: Counterexample, message: str) -> None:
    with pytest.raises(UserError) as caught:
        replay(damaged)
    assert str(caught.value).startswith(message)


def test_parameters_may_come_in_any_order() -> None:
    step = counterexample().steps[5]
    swapped = dict(reversed(list(step.parameters.items())))
    assert list(swapped) == ["epoch", "follower"]
    assert isinstance(replay(changed(5, parameters=swapped)), Replayed)


def test_a_verdict_with_unknown_names_is_refused() -> None:
    instance, violated = replication_violation()
    with pytest.raises(UserError, match="replication has no property 'x'"):
        replay_run(instance, Violated("x", violated.run))
    run = Run(violated.run.initial, (Moment(Step("x", ()), violated.run.initial),))
    with pytest.raises(UserError, match=r"has no action x\(\)"):
        replay_run(instance, Violated("strong_isr", run))


def test_a_spec_of_the_users_is_replayed_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(Path(toys.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    instance = instantiate(toys.COUNTER, {})
    own = of_violation(instance, Violated("below_two", run_of(instance, "tick", "tick")), f"{path}:COUNTER")
    result = replay(own)
    assert isinstance(result, Replayed)
    assert instance_of(own).spec.name == "counter"
    assert violation_of(own, instance).run.depth == 2


# ---------------------------------------------------------------------------------------------- each sort of property


def counter(*ablations: str) -> Instance:
    """The counter, up to three."""
    return instantiate(toys.COUNTER, {}, ablations=ablations)


PLAIN, SKIPS, RANGE, ASSERTS = counter(), counter("skips"), counter("leaves_range"), counter("asserts")
FRAGILE = instantiate(toys.FRAGILE, {})
SWING = instantiate(toys.SWING, {})
LATE = instantiate(toys.SWING, {}, "late")
AHEAD = instantiate(toys.AHEAD, {})
UP3 = ("tick", "tick", "tick")
STARVED = "finish(by=1) is enabled again and again and never taken (strong fairness)"
OUTCOMES: list[tuple[str, Instance, str, Run, str]] = [
    ("invariant", PLAIN, "below_two", run_of(PLAIN, "tick", "tick"), ""),
    ("invariant that holds", PLAIN, "below_two", run_of(PLAIN, "tick"), "step 1: below_two holds"),
    ("invariant in the initial state", PLAIN, "below_two", run_of(PLAIN), "initial state: below_two holds"),
    ("step property", SKIPS, "by_one", run_of(SKIPS, "tick"), ""),
    ("step property that holds", PLAIN, "by_one", run_of(PLAIN, "tick"), "step 1: by_one holds"),
    ("step property without a step", PLAIN, "by_one", run_of(PLAIN), "initial state: by_one holds"),
    ("step property before", SKIPS, "by_one", run_of(SKIPS, "tick", "tick"), "step 1: by_one fails already here"),
    ("refinement", SKIPS, "refines upper", run_of(SKIPS, "tick"), ""),
    ("refinement that holds", PLAIN, "refines upper", run_of(PLAIN, "tick"), "step 1: refines upper holds"),
    ("refinement in the initial state", AHEAD, "refines upper", run_of(AHEAD), ""),
    ("refinement broken before", AHEAD, "refines upper", run_of(AHEAD, "tick"),
     "initial state: refines upper fails already here"),
    ("deadlock", PLAIN, "deadlock", run_of(PLAIN, *UP3), ""),
    ("no deadlock", PLAIN, "deadlock", run_of(PLAIN, "tick"), "step 1: is no deadlock: tick() is enabled"),
    ("a fault is no deadlock", ASSERTS, "deadlock", run_of(ASSERTS, "tick", "tick"),
     "step 2: is no deadlock: a step fails: two is too much"),
    ("range", RANGE, "range", fault_run(run_of(RANGE, *UP3), "tick", "n = 4"), ""),
    ("assertion", ASSERTS, "assertion", fault_run(run_of(ASSERTS, "tick", "tick"), "tick", "two"), ""),
    ("fault of the other sort", ASSERTS, "range", fault_run(run_of(ASSERTS, "tick", "tick"), "tick", "two"),
     "step 3: tick() meets assertion, not range: two is too much"),
    ("fault that is gone", PLAIN, "assertion", fault_run(run_of(PLAIN, "tick"), "tick", "two"),
     "step 2: tick() is taken without a fault"),
    ("fault out of reach", PLAIN, "range", fault_run(run_of(PLAIN, *UP3), "tick", "n = 4"),
     "step 4: tick() is not enabled: no step is"),
    ("fault on the way", ASSERTS, "below_two", run_of(PLAIN, *UP3), "step 3: tick() fails: two is too much"),
    ("property with a fault", PLAIN, "below_two", fault_run(run_of(PLAIN, "tick"), "tick", "x"),
     "step 2: below_two is not what a fault breaks"),
    ("no property with a fault", ASSERTS, "assertion", run_of(ASSERTS, "tick"), "step 1: no property meets assertion"),
    ("fault of a property", FRAGILE, "assertion", run_of(FRAGILE, "tick", "tick"), ""),
    ("fault of a property, of the other sort", FRAGILE, "range", run_of(FRAGILE, "tick", "tick"),
     "step 2: fragile meets assertion here: integer division or modulo by zero"),
    ("fault of a property met before", FRAGILE, "assertion", run_of(FRAGILE, *UP3),
     "step 2: fragile meets assertion here: integer division or modulo by zero"),
    ("loop that a weakly fair action allows", SWING, "ends", run_of(SWING, "forth", "back", loop=0), ""),
    ("loop entered later", SWING, "ends", run_of(SWING, "forth", "back", "forth", loop=1), ""),
    ("loop that starves a strongly fair action", SWING, "ends_strongly", run_of(SWING, "forth", "back", loop=0),
     f"step 2: ends_strongly: the loop is not fair: {STARVED}"),
    ("stutter where a weakly fair action is enabled", SWING, "ends", run_of(SWING, "forth", loop=1),
     "step 1: ends: the loop is not fair: finish is enabled forever and never taken (weak fairness)"),
    ("stutter at the start", SWING, "ends", run_of(SWING, loop=0),
     "initial state: ends: the loop is not fair: forth is enabled forever and never taken (weak fairness)"),
    ("stutter where a strongly fair action is not enabled", SWING, "ends_strongly", run_of(SWING, loop=0), ""),
    ("a step that changes nothing is not taken", SWING, "ends_strongly", run_of(SWING, "forth", "finish by=2", loop=1),
     f"step 2: ends_strongly: the loop is not fair: {STARVED}"),
    ("loop that does not close", SWING, "ends", run_of(SWING, "forth", loop=0),
     "step 1: the loop does not close: against step 0, at is 1, not 0"),
    ("goal in the loop", SWING, "comes_back", run_of(SWING, "forth", "back", loop=0),
     "step 1: comes_back: the goal is met in the loop"),
    ("goal before the loop alone", SWING, "comes_back", run_of(SWING, "forth", "finish by=1", loop=2), ""),
    ("no loop", SWING, "ends", run_of(SWING, "forth"), "step 1: ends is only broken by a run that loops"),
    ("trigger before the loop", SWING, "forth_leads_to_end", run_of(SWING, "forth", "back", loop=2), ""),
    ("trigger in the loop", SWING, "forth_leads_to_end", run_of(SWING, "forth", "back", loop=0), ""),
    ("trigger with the goal after it", SWING, "start_leads_forth", run_of(SWING, "forth", "finish by=1", loop=2),
     "step 2: start_leads_forth: its trigger holds nowhere that the goal does not follow"),
    ("actions taken together", SWING, "moves", run_of(SWING, "forth", "back", loop=0), ""),
    ("a stutter is not taken", SWING, "ends_somehow", run_of(SWING, "forth", "finish by=2", loop=1),
     "step 2: ends_somehow: the loop is not fair: finish is enabled again and again and never taken (strong fairness)"),
    ("fairness of an action that a variant replaces", LATE, "ends", run_of(LATE, "forth", loop=1),
     "step 1: ends: the loop is not fair: finish_late is enabled forever and never taken (weak fairness)"),
    ("no trigger", SWING, "forth_leads_to_end", run_of(SWING, loop=0),
     "initial state: forth_leads_to_end: its trigger holds nowhere that the goal does not follow"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("instance", "broken", "run", "expected"), [o[1:] for o in OUTCOMES], ids=[o[0] for o in OUTCOMES]
)
def test_each_sort_of_property_fails_as_claimed_or_it_is_said(
    instance: Instance, broken: str, run: Run, expected: str
) -> None:
    result = replay_run(instance, Violated(broken, run))
    assert ("" if isinstance(result, Replayed) else str(result)) == expected


def test_a_fault_must_leave_the_state_as_it_was() -> None:
    run = fault_run(run_of(ASSERTS, "tick", "tick"), "tick", "two")
    elsewhere = Moment(Step("tick", ()), run.initial)
    result = replay_run(ASSERTS, Violated("assertion", replace(run, moments=(*run.moments[:-1], elsewhere))))
    assert str(result) == "step 3: tick() met a fault, so it leaves the state as it was"


def test_a_property_that_fails_itself_is_told() -> None:
    def asserting(s: toys.Count) -> bool:
        """Assert in a property."""
        assert s.n < 1, "a property's own"
        return True

    instance = instantiate(replace(toys.COUNTER, invariants=(asserting,)), {})
    result = replay_run(instance, Violated("asserting", run_of(instance, "tick")))
    assert str(result).startswith("step 1: asserting itself fails: a property's own")


def test_a_taken_step_prints_as_a_step() -> None:
    assert str(Taken("a", {"b": 1, "c": 2}, {})) == str(Step("a", (("b", 1), ("c", 2)))) == "a(b=1, c=2)"


def test_the_spec_of_the_shared_run_is_the_built_in_one() -> None:
    assert replication_violation()[0].spec is replication.SPEC

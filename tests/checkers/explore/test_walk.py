"""Random walks, and the runs that come of them when shortened."""

from __future__ import annotations

import subprocess
import sys

import pytest

from checkers.explore.walk import WalkResult, walk
from checkers.replay import Replayed, replay_run
from checkers.shrink import shrink, violating
from checkers.verdict import Run, Unknown, UserError, Violated
from specs import replication
from specs.instance import Instance, at
from tests.checkers import toys
from tests.checkers.explore.lively import LAMP, WORK
from tests.checkers.explore.test_export import environment

LARGE = {"replicas": 3, "log_size": 3, "max_records": 3, "max_leader_epoch": 3}


def violation(result: WalkResult) -> Violated:
    assert isinstance(result.verdict, Violated), result.verdict
    return result.verdict


def texts(run: Run) -> list[str]:
    return [str(m.step) for m in run.moments]


def is_minimal(instance: Instance, violated: Violated) -> bool:
    """Whether no single step can be left out."""
    steps = [m.step for m in violated.run.moments]
    shorter = (steps[:k] + steps[k + 1 :] for k in range(len(steps)))
    return all(violating(instance, violated.run.initial, violated.broken, some) is None for some in shorter)


@pytest.mark.deep
def test_walks_find_the_lost_record_of_kip_101_where_a_search_takes_long() -> None:
    instance = at(replication.SPEC, "truncate_to_own_high_watermark", **LARGE)
    result = walk(instance, seed=1, walks=10_000, depth=100, properties=("strong_isr",))
    violated = violation(result)
    assert violated.broken == "strong_isr"
    assert isinstance(replay_run(instance, violated), Replayed)
    assert is_minimal(instance, violated)
    assert result.found is not None
    assert violated.run.depth <= result.found.depth


def test_walks_that_find_nothing_prove_nothing() -> None:
    result = walk(at(LAMP), seed=3, walks=50, depth=10)
    assert isinstance(result.verdict, Unknown)
    assert result.verdict.reason.startswith("50 random walks of up to 10 steps, ")
    assert result.walks == 50
    assert result.steps == sum(result.fired.values())
    assert all(result.fired.values())


def test_more_walks_begin_with_the_same_ones() -> None:
    assert walk(at(WORK), 5, 100, 20).found == walk(at(WORK), 5, 1000, 20).found


def test_a_violation_is_shortened_to_what_it_needs() -> None:
    result = walk(at(WORK), seed=1, walks=100, depth=100)
    assert violation(result).broken == "no_lever_down_after_move"
    run = violation(result).run
    assert texts(run) in (["move(worker=0)"] * 2, ["move(worker=1)"] * 2)


@pytest.mark.parametrize(
    ("variant", "properties", "broken", "depth"),
    [
        ("fixed", ("below_two",), "below_two", 2),
        ("skips", ("by_one",), "by_one", 1),
        ("asserts", (), "assertion", 3),
        ("leaves_range", (), "range", 4),
    ],
)
def test_walks_find_every_kind_of_violation(variant: str, properties: tuple[str, ...], broken: str, depth: int) -> None:
    instance = at(toys.COUNTER, variant)
    violated = violation(walk(instance, 0, 3, 10, properties))
    assert (violated.broken, violated.run.depth) == (broken, depth)
    assert isinstance(replay_run(instance, violated), Replayed)


PROGRAM = """
from checkers.explore.walk import walk
from specs.instance import at
from tests.checkers.explore.lively import LAMP, WORK
for result in (walk(at(LAMP), 7, 100, 30), walk(at(WORK), 7, 100, 30)):
    print(result.verdict, result.walks, result.steps, result.fired, result.found)
"""


def test_the_same_seed_is_the_same_bytes_in_another_process() -> None:
    outputs = [
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", PROGRAM], check=True, capture_output=True, env=environment(PYTHONHASHSEED=seed)
        ).stdout
        for seed in ("1", "2")
    ]
    assert b"no_lever_down_after_move" in outputs[0]
    assert outputs[0] == outputs[1]


def test_numbers_and_properties_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UserError, match="--walks 0"):
        walk(at(LAMP), 0, 0, 10)
    with pytest.raises(UserError, match="--depth 0"):
        walk(at(LAMP), 0, 1, 0)
    with pytest.raises(UserError, match="don't check refinements"):
        walk(at(toys.COUNTER), 0, 1, 1, ("refines upper",))


def test_only_runs_that_violate_a_property_can_be_shortened() -> None:
    instance = at(toys.COUNTER)
    run = Run(next(instance.initial_states()), ())
    with pytest.raises(UserError, match="the run does not violate it"):
        shrink(instance, run, "below_two")
    with pytest.raises(UserError, match="no property 'above_two'"):
        shrink(instance, run, "above_two")
    with pytest.raises(UserError, match="a lasso can't be shortened"):
        shrink(instance, Run(run.initial, (), loop=0), "below_two")

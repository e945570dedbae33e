"""Runs for tests: named steps taken one after the other, and a shortest counterexample of replication."""

from __future__ import annotations

from functools import cache
from typing import cast

from checkers.subjects import instantiate
from checkers.verdict import Moment, Run, Violated
from specs.catalogue import properties
from specs.instance import Instance, Step
from specs.language import Predicate
from specs.replication import SPEC
from tests.plain_search import shortest_run

REPLICATION_BOUNDS = {"replicas": 2, "log_size": 1, "max_records": 1, "max_leader_epoch": 2}


def run_of(instance: Instance, *steps: str, loop: int | None = None) -> Run:
    """The run that takes steps such as "tick" or "greet to=1 urgent=0", from the first initial state."""
    state = initial = next(instance.initial_states())
    moments: list[Moment] = []
    for text in steps:
        name, *pairs = text.split()
        step = Step(name, tuple((key, int(value)) for key, _, value in (pair.partition("=") for pair in pairs)))
        after = instance.take(state, step)
        assert after is not None, text
        moments.append(Moment(step, after))
        state = after
    return Run(initial, tuple(moments), loop)


def fault_run(run: Run, step: str, fault: str) -> Run:
    """The run followed by a step that meets a fault."""
    last = run.moments[-1].state if run.moments else run.initial
    return Run(run.initial, (*run.moments, Moment(Step(step, ()), last)), fault=fault)


@cache
def replication_violation() -> tuple[Instance, Violated]:
    """KIP-101: truncation to the follower's own high watermark loses a committed record in ten steps."""
    instance = instantiate(SPEC, REPLICATION_BOUNDS, "truncate_to_own_high_watermark")
    strong_isr = instance.rebind(cast("Predicate", properties(SPEC)["strong_isr"].source))
    return instance, Violated("strong_isr", shortest_run(instance, lambda state: not strong_isr(state)))

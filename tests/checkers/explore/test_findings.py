"""What a spec's own code must never do is found, with its place, and never goes by in silence."""

from __future__ import annotations

import pytest

from checkers.replay import Replayed, replay_run
from checkers.subjects import instantiate
from checkers.verdict import Violated
from tests.checkers.explore.planted import GAUGE, POST
from tests.checkers.explore.searches import search

FINDINGS = {
    "plus_100": ("range", "misbehave(): level = 103 leaves its range 0..6"),
    "plus_200": ("range", "misbehave(): Gauge.level = 203 leaves its range 0..6"),
    "plus_256": ("range", "misbehave(): Gauge.level = 259 leaves its range 0..6"),
    "minus_4": ("range", "misbehave(): level = -2 leaves its range 0..6"),
    "asserts": ("assertion", "misbehave(): the gauge stands too high"),
    "index": ("range", "misbehave(): index 3 is outside 0..2"),
    "loops": ("range", "misbehave(): index 3 is outside 0..2"),
    "none_index": ("range", "misbehave(): index -1 is outside 0..2"),
    "divides": ("assertion", "misbehave(): integer division or modulo by zero"),
    "modulo": ("assertion", "misbehave(): integer modulo by zero"),
}


@pytest.mark.parametrize("fault", FINDINGS)
def test_a_fault_of_an_action_is_found_with_its_place(fault: str) -> None:
    instance = instantiate(GAUGE, {}, fault)
    verdict = search(instance, properties=())[1].verdict
    assert isinstance(verdict, Violated), verdict
    first_line = verdict.detail.partition("\n")[0]  # pytest may add to what an assertion says
    assert FINDINGS[fault] == (verdict.broken, first_line)
    assert [str(m.step) for m in verdict.run.moments] == ["climb(by=1)", "climb(by=2)", "misbehave()"]
    assert verdict.run.fault == verdict.detail.removeprefix("misbehave(): ")
    assert isinstance(replay_run(instance, verdict), Replayed)


def test_a_fault_of_an_invariant_is_found_in_the_state() -> None:
    instance = instantiate(GAUGE, {})
    verdict = search(instance, properties=("finite",))[1].verdict
    assert isinstance(verdict, Violated), verdict
    assert (verdict.broken, verdict.run.depth) == ("assertion", 2)
    assert verdict.detail == "finite: integer division or modulo by zero"
    assert isinstance(replay_run(instance, verdict), Replayed)


def test_a_full_bag_takes_no_more() -> None:
    instance = instantiate(POST, {}, "overflows")
    verdict = search(instance, properties=())[1].verdict
    assert isinstance(verdict, Violated), verdict
    assert (verdict.broken, verdict.run.depth) == ("assertion", 3)
    assert isinstance(replay_run(instance, verdict), Replayed)


def test_every_planted_fault_is_looked_for() -> None:
    names = {a.name for a in GAUGE.ablations}  # type: ignore[attr-defined]
    assert names - {"four", "idle", "low"} == set(FINDINGS)

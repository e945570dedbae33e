"""The hierarchy of levels: against the definitions on small worlds, and a smallest history between each two levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pytest

from checkers.history.consistency.hierarchy import EVIDENCE_MAX, LEVELS, implied, strongest, violations
from checkers.history.linearizability import linearizable
from checkers.verdict import UserError
from tests.checkers.history.consistency.definitions import levels_kept
from tests.checkers.history.consistency.worlds import (
    End,
    Poll,
    Send,
    World,
    every_world,
    history_of,
    one_by_one,
    overlapping,
    random_world,
    without,
)

X0, X1 = Send("x", 0, 0), Send("x", 1, 1)
Y0 = Send("y", 0, 0)


def x(*offsets: int) -> Poll:
    """A poll of the records at some offsets of x, each with its offset as its value."""
    return Poll("x", tuple((offset, offset) for offset in offsets))


TOGETHER = EVIDENCE_MAX // 4
"""So many worlds are judged as one history: no level finds more than four violations in one of them."""
WEAK = ("prefix", "read_your_writes", "monotonic_reads", "monotonic_writes", "writes_follow_reads")
BEFORE_THE_CAUSE = one_by_one(("p", X0), ("p", Y0), ("q", Poll("y", ((0, 0),))), ("q", End("x", 0)))
"""Who saw y, which followed x, sees no x."""
BETWEEN: dict[str, tuple[str, World]] = {
    "linearizable": ("sequential", one_by_one(("p", X0), ("q", End("x", 0)))),
    "sequential": ("causal", one_by_one(("p", X0), ("q", Y0), ("p", End("y", 0)), ("q", End("x", 0)))),
    "causal": ("the five below", BEFORE_THE_CAUSE),
    "prefix": ("all but it", one_by_one(("p", X0), ("q", x(0, 0)))),
    "read_your_writes": ("all but it", one_by_one(("p", X0), ("p", End("x", 0)))),
    "monotonic_reads": ("all but it", one_by_one(("p", End("x", 1)), ("p", End("x", 0)))),
    "monotonic_writes": ("all but it", one_by_one(("p", X1), ("p", X0))),
    "writes_follow_reads": ("all but it", one_by_one(("p", End("x", 1)), ("p", X0))),
    "one_log": ("nothing", one_by_one(("p", X0), ("p", Send("x", 1, 0)))),
}
"""For each level, a history that does not keep it, although it keeps the level below; of the five, the other four."""
STRONGEST = {
    "sequential": ("sequential",),
    "causal": ("causal",),
    "the five below": WEAK,
    "nothing": (),
}


def judged(worlds: Sequence[World]) -> list[set[str]]:
    """The levels that each world keeps: all are judged as one history, in which they share nothing."""
    kept = [set(LEVELS) for _ in worlds]
    history = history_of(worlds)
    for level in LEVELS:
        found = violations(history, level)
        assert max(Counter(one.level for one in found).values(), default=0) < EVIDENCE_MAX
        for violation in found:
            kept[int(str(violation.key)[:-1])].discard(level)
    return kept


def disagreements(worlds: Sequence[World]) -> list[tuple[World, set[str], set[str]]]:
    """The worlds that are judged otherwise than by the definitions."""
    parts = (worlds[start : start + TOGETHER] for start in range(0, len(worlds), TOGETHER))
    judgements = zip(worlds, chain.from_iterable(map(judged, parts)), map(levels_kept, worlds), strict=True)
    return [(world, mine, defined) for world, mine, defined in judgements if mine != defined]


def test_every_world_of_up_to_two_operations_is_judged_by_the_definitions() -> None:
    worlds = [world for size in (1, 2) for one in every_world(size) for world in (one, overlapping(one))]
    assert (342, []) == (len(worlds), disagreements(worlds))


def test_random_worlds_are_judged_by_the_definitions() -> None:
    worlds = [random_world(np.random.default_rng(seed)) for seed in range(600)]
    assert [] == disagreements(worlds)


def test_linearizable_is_what_the_order_of_each_log_says_and_what_readers_and_events_say_beyond_it() -> None:
    worlds = [random_world(np.random.default_rng(seed)) for seed in range(5000, 5400)]
    logs = linearizable(history_of(worlds), "log").partitions
    broken = {int(str(log.key)[:-1]) for log in logs if log.verdict != "holds"}
    beyond = {"prefix", "monotonic_reads", "monotonic_writes"}
    kept = list(map(levels_kept, worlds))
    assert {number for number, held in enumerate(kept) if "linearizable" in held} == {
        number for number, held in enumerate(kept) if number not in broken and held >= beyond
    }
    assert 40 < len(broken) < 360


@pytest.mark.parametrize("level", LEVELS)
def test_a_smallest_history_separates_each_level_from_the_next(level: str) -> None:
    below, world = BETWEEN[level]
    kept = STRONGEST.get(below, tuple(name for name in WEAK if name != level))
    assert kept == strongest(history_of([world]))
    assert level not in levels_kept(world)
    smaller = [without(world, number) for number in range(len(world))]
    assert [] == [one for one in smaller if separates(one, level, kept)]


def separates(world: World, level: str, kept: Sequence[str]) -> bool:
    """Whether a world keeps some levels but not another one, by their definitions."""
    held = levels_kept(world)
    return level not in held and held.issuperset(kept)


@pytest.mark.deep
def test_no_history_of_three_operations_keeps_the_five_and_not_causal_or_causal_and_not_sequential() -> None:
    worlds = [world for size in (1, 2, 3) for world in every_world(size, "xyz", "pqr")]
    assert [] == [w for w in worlds if separates(w, "causal", WEAK) or separates(w, "sequential", ("causal",))]


@pytest.mark.deep
def test_every_world_of_three_operations_is_judged_by_the_definitions() -> None:
    worlds = list(every_world(3))
    assert [] == disagreements(worlds)
    assert [] == disagreements(list(map(overlapping, worlds)))


@pytest.mark.deep
def test_many_random_worlds_are_judged_by_the_definitions() -> None:
    for start in range(10_000, 25_000, 5000):
        assert [] == disagreements([random_world(np.random.default_rng(seed)) for seed in range(start, start + 5000)])


def test_a_level_implies_what_the_levels_below_it_imply() -> None:
    assert {
        "linearizable": 9,
        "sequential": 8,
        "causal": 7,
        **dict.fromkeys(WEAK, 2),
        "one_log": 1,
    } == {level: len(implied(level)) for level in LEVELS}
    assert ("one_log", "prefix") == implied("prefix")


def test_no_level_is_implied_by_chance() -> None:
    """What the table does not say is refuted by a history that keeps the one level and not the other."""
    worlds = [world for _, world in BETWEEN.values()]
    held = list(map(levels_kept, worlds))
    claimed = {(one, other) for one in LEVELS for other in implied(one)}
    refuted = {
        (one, other) for one in LEVELS for other in LEVELS if any(one in kept and other not in kept for kept in held)
    }
    assert {(one, other) for one in LEVELS for other in LEVELS} == claimed | refuted
    assert set() == claimed & refuted


def test_a_level_that_there_is_not_is_refused() -> None:
    with pytest.raises(UserError, match="'serial': there is none of this name; there are linearizable, sequential"):
        violations(history_of([]), "serial")


def test_a_history_without_operations_keeps_everything() -> None:
    assert ("linearizable",) == strongest(history_of([]))

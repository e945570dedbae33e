"""Compact searches keep hashes only: the same counts unless two hashes meet, the odds of which are told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checkers.explore.store import CompactPartition, Partition
from checkers.replay import Replayed, replay_run
from checkers.verdict import Holds, Violated
from tests.checkers.explore.searches import BREAKS_STRONG_ISR, SMALL, figures, found, replication, search


@pytest.mark.parametrize("bounds", [SMALL, pytest.param((3, 2, 2, 1), marks=pytest.mark.deep)])
@pytest.mark.parametrize("hash_bits", [64, 128])
def test_hashes_count_as_states_do(bounds: tuple[int, ...], hash_bits: int) -> None:
    result = search(replication(bounds), hash_bits=hash_bits)[1]
    assert figures(found(bounds)) == figures(result)


def test_the_odds_of_a_missed_state_are_the_birthday_bound() -> None:
    # One bit of a hash tells that a slot is taken: 63 are left, or 127.
    odds = [search(replication(), hash_bits=bits)[1].miss_probability for bits in (0, 64, 128)]
    pairs = 957 * 956 / 2
    assert odds == [0.0, pytest.approx(pairs / 2**63, rel=1e-6, abs=0), pytest.approx(pairs / 2**127, rel=1e-6, abs=0)]


@pytest.mark.parametrize("hash_bits", [64, 128])
def test_a_counterexample_is_found_again_by_searching_backwards(hash_bits: int) -> None:
    instance = replication(SMALL, BREAKS_STRONG_ISR)
    exact, compact = found(SMALL, BREAKS_STRONG_ISR), search(instance, hash_bits=hash_bits)[1]
    assert figures(exact) == figures(compact)
    assert isinstance(exact.verdict, Violated)
    assert isinstance(compact.verdict, Violated)
    assert (exact.verdict.broken, exact.verdict.run.depth) == (compact.verdict.broken, compact.verdict.run.depth)
    assert isinstance(replay_run(instance, compact.verdict), Replayed)


def test_hashes_that_meet_hide_states_from_a_compact_search_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Partition, CompactPartition):
        monkeypatch.setattr(kind, "insert", with_weak_hashes(kind.insert))
    exact, compact = search(replication())[1], search(replication(), hash_bits=64)[1]
    assert isinstance(exact.verdict, Holds)
    assert exact.distinct_states == 957
    assert compact.distinct_states < 957


def with_weak_hashes(insert: Any) -> Any:  # noqa: ANN401
    """The same, all but ten bits of each hash lost."""

    def weak(self: Any, rows: Any, count: int) -> None:  # noqa: ANN401
        rows[:count, -2] &= np.uint64(0x3FF)
        insert(self, rows, count)

    return weak

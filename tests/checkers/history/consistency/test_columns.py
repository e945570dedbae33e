"""What is asked of columns, against loops that ask the same."""

from __future__ import annotations

import numpy as np
import pytest

from checkers.history.consistency.columns import Earliest, highest_before
from checkers.history.groups import tuple_numbers
from checkers.history.history import NONE


@pytest.mark.parametrize("seed", range(20))
def test_the_highest_before_is_what_a_loop_finds(seed: int) -> None:
    chance = np.random.default_rng(seed)
    group = np.sort(chance.integers(0, 4, int(chance.integers(0, 40))))
    value = chance.integers(NONE, 6, len(group))
    expected = []
    for at in range(len(group)):
        before = [n for n in range(at) if group[n] == group[at] and value[n] >= 0]
        expected.append(max(before, key=lambda n: (value[n], -n), default=NONE))
    assert expected == highest_before(group, value).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_the_earliest_in_a_range_is_what_a_loop_finds(seed: int) -> None:
    chance = np.random.default_rng(seed)
    place = np.sort(chance.integers(0, 30, int(chance.integers(0, 40))))
    time = chance.permutation(len(place))
    low = chance.integers(0, 30, 50)
    high = low + chance.integers(0, 31, 50)
    expected = []
    for start, end in zip(low, high, strict=True):
        inside = [n for n in range(len(place)) if start <= place[n] < end]
        expected.append(min(inside, key=lambda n: time[n], default=NONE))
    assert expected == Earliest.of(place, time).within(low, high).tolist()


def test_ranks_are_those_of_the_distinct_tuples() -> None:
    assert [1, 2, 0, 1] == tuple_numbers(np.array([5, 7, 5, 5]), np.array([2, 0, 1, 2])).tolist()

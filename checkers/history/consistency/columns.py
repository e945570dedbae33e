"""What the checks of this package do with columns: look back within groups, ask for ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checkers.history.groups import Bools, Ints, begins
from checkers.history.history import NONE

__all__ = ["Bools", "Earliest", "Ints", "highest_before"]


def highest_before(group: Ints, value: Ints) -> Ints:
    """For each position, that of the highest value before it in its group; NONE if there is none.

    Groups are consecutive and ascend; values from 0 count, NONE does not.
    """
    if not len(group):
        return np.empty(0, np.int64)
    position = np.arange(len(group))
    raised = group * (value.max() + 2) + value + 1
    running = np.maximum.accumulate(raised)
    first = begins(group)
    higher = (value >= 0) & (raised > np.concatenate([[0], running[:-1]]))
    latest = np.concatenate([[NONE], np.maximum.accumulate(np.where(higher, position, NONE))[:-1]])
    start = np.maximum.accumulate(np.where(first, position, 0))
    return np.where(latest >= start, latest, NONE)


@dataclass(frozen=True, eq=False, slots=True)
class Earliest:
    """Where the earliest of some things stands, by ranges of their place: a sparse table, n log n to make, 1 to ask."""

    place: Ints  # ascending
    time: Ints
    levels: tuple[Ints, ...]  # the position of the earliest of the 2 ** level things from each position

    @classmethod
    def of(cls, place: Ints, time: Ints) -> Earliest:
        """The table; `place` ascends."""
        levels, step = [np.arange(len(place))], 1
        while 2 * step <= len(place):
            left, right = levels[-1][:-step], levels[-1][step:]
            levels.append(np.where(time[left] <= time[right], left, right))
            step *= 2
        return cls(place, time, tuple(levels))

    def within(self, low: Ints, high: Ints) -> Ints:
        """The position of the earliest thing with a place from low to high, exclusive; NONE if there is none."""
        first, end = np.searchsorted(self.place, low), np.searchsorted(self.place, high)
        found = np.full(len(low), NONE, np.int64)
        level = np.frexp(np.maximum(end - first, 1))[1] - 1
        for number, table in enumerate(self.levels):
            asked = np.flatnonzero((level == number) & (end > first))
            left, right = table[first[asked]], table[end[asked] - (1 << number)]
            found[asked] = np.where(self.time[left] <= self.time[right], left, right)
        return found

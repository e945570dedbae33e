"""Whole columns at a time: numbering pairs, what is the first or the last of a group, and evidence made when asked for.

Nothing here knows what the columns mean. Every result depends on the columns alone, never on an order of hashing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from checkers.history.history import Json

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Evidence = dict[str, Json]
"""What shows one anomaly, ready for JSON."""

CELLS_MIN = 1 << 20
CELLS_PER_ROW = 4
"""A table of all pairs that could be is used while it has no more cells than this many a row."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """The distinct pairs of two columns, numbered from 0 in ascending order: by `major`, then by `minor`."""

    number: Ints  # of each row
    major: Ints  # of each number
    minor: Ints

    def __len__(self) -> int:
        return len(self.major)


def number_pairs(major: NDArray[Any], minor: NDArray[Any]) -> Pairs:
    """Number the pairs of two columns; `major` is not negative.

    Linear while the pairs fill the range that they span, as offsets and counters do; otherwise by sorting.
    """
    if len(major) == 0:
        return Pairs(*(np.empty(0, np.int64) for _ in range(3)))
    low, high = int(minor.min()), int(minor.max())
    span, majors = high - low + 1, int(major.max()) + 1
    if span * majors <= max(CELLS_MIN, CELLS_PER_ROW * len(major)):
        packed = major.astype(np.int64) * span + (minor - low)
        present = np.zeros(span * majors, bool)
        present[packed] = True
        number = np.cumsum(present)
        number -= 1
        cells = np.flatnonzero(present)
        return Pairs(number[packed], cells // span, cells % span + low)
    minors, place = np.unique(minor, return_inverse=True)
    cells, found = np.unique(major.astype(np.int64) * len(minors) + place, return_inverse=True)
    return Pairs(found.astype(np.int64), cells // len(minors), minors[cells % len(minors)].astype(np.int64))


def first_of(groups: NDArray[Any], size: int, rows: NDArray[Any], none: int) -> Ints:
    """The first of `rows` in each of so many groups; `none` for a group without any."""
    return last_of(groups[::-1], size, rows[::-1], none)


def last_of(groups: NDArray[Any], size: int, rows: NDArray[Any], none: int) -> Ints:
    """The last of `rows` in each of so many groups; `none` for a group without any."""
    found = np.full(size, none, np.int64)
    found[groups] = rows  # where an index comes up again, the last one is assigned
    return found


def in_order(column: NDArray[Any]) -> Ints | None:
    """The stable order of a column; None if it is in order already."""
    if not np.any(column[1:] < column[:-1]):
        return None
    if column.min() >= 0 and column.max() < 1 << 16:
        column = column.astype(np.uint16)  # which numpy sorts by radix
    return np.argsort(column, kind="stable").astype(np.int64)


@dataclass(frozen=True, eq=False)
class Findings(Sequence[Evidence]):
    """A list of evidence of which the length is known and each item is made only when it is asked for."""

    rows: Ints
    show: Callable[[int], Evidence]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Evidence: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Evidence | Findings:
        if isinstance(index, slice):
            return Findings(self.rows[index], self.show)
        return self.show(int(self.rows[index]))


def most_first(amount: NDArray[Any]) -> Ints:
    """The order from the greatest amount to the least; equal ones as they stand."""
    return np.argsort(-amount, kind="stable").astype(np.int64)

"""Rows in groups: where runs of equal rows begin, and numbers for distinct tuples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def begins(*columns: NDArray[Any]) -> Bools:
    """Which rows differ from the one before, the first one included: with columns in order, where groups begin."""
    new = np.ones(len(columns[0]), np.bool_)
    if len(new):
        new[1:] = False
        for column in columns:
            new[1:] |= column[1:] != column[:-1]
    return new


def starts_of(*columns: NDArray[Any]) -> Ints:
    """Where runs of equal rows begin."""
    return np.flatnonzero(begins(*columns))


def tuple_numbers(*columns: NDArray[np.integer[Any]]) -> Ints:
    """The number of each tuple among the distinct ones in ascending order, the first column counting most."""
    order = np.lexsort(columns[::-1])
    found = np.empty(len(order), np.int64)
    found[order] = np.cumsum(begins(*(column[order] for column in columns))) - 1
    return found

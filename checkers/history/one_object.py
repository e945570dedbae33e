"""One object whose history tells whether it is linearizable, and where it ceases to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls
from checkers.history.fifo_order import fifo_order
from checkers.history.history import History, Kind
from checkers.history.log_order import log_order
from checkers.history.models import FIFO, LOG, VERSIONS, ZONES
from checkers.history.versions import as_log
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.zones import zones


def first_end(calls: Calls, history: History, linearizable: Callable[[Calls], bool]) -> int:
    """The completion with which calls that are not linearizable cease to be so."""
    ends = np.unique(calls.complete[calls.complete != OPEN])
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if linearizable(calls.until(int(ends[middle]), history)) else (low, middle)
    return int(ends[low])


def is_read(calls: Calls) -> NDArray[np.bool_]:
    """Which calls read a register or get a key."""
    return np.isin(calls.kind, (Kind.READ, Kind.GET))


def completed_reads(calls: Calls) -> Calls:
    """Without reads that never returned, which can't matter."""
    return calls.taken(~is_read(calls) | (calls.complete != OPEN))


def zones_hold(calls: Calls) -> bool:
    """Whether a register to which zones apply is linearizable."""
    calls = completed_reads(calls)
    return not zones(calls, is_read(calls)).conflicts.any()


def logs_hold(calls: Calls) -> bool:
    """Whether logs are linearizable."""
    return not log_order(calls).conflicts


def versions_hold(calls: Calls) -> bool:
    """Whether the versions of registers are in order."""
    return logs_hold(as_log(calls, is_read(calls)))


def queues_hold(calls: Calls) -> bool:
    """Whether queues are linearizable, as far as values that were put in once tell."""
    return not fifo_order(calls).wrong.any()


HOLDS: Mapping[str, Callable[[Calls], bool]] = {
    LOG: logs_hold,
    VERSIONS: versions_hold,
    ZONES: zones_hold,
    FIFO: queues_hold,
}
"""What tells, in n log n, whether some calls are linearizable."""

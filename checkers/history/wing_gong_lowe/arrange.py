"""Operations in the form that the search takes: events in order, and the place of each among pending ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from checkers.history.wing_gong_lowe.kernel import BEFORE, HEAD, NEXT, NOTHING, SLOT, redo, undo
from checkers.history.wing_gong_lowe.step import inner

OPEN = (1 << 31) - 1
"""The completion of an operation that may still take effect when the history ends."""
Ints = NDArray[np.int64]


def events_of(bounds: Ints, invoke: Ints, complete: Ints) -> tuple[Ints, Ints]:
    """The events of each object in order, and where they begin: an operation is invoked, or ~ returns.

    Operations are sorted by object, then by invocation; object k has those from bounds[k] to bounds[k + 1], exclusive.
    """
    operations = np.arange(len(invoke), dtype=np.int64)
    closed = np.flatnonzero(complete != OPEN)
    events = np.concatenate([operations, ~operations[closed]])
    times = np.concatenate([invoke, complete[closed]])
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    owners = np.concatenate([owner, owner[closed]])
    span = int(times.max(initial=0)) + 1
    order = np.argsort(owners * span + times, kind="stable")
    begins = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(bounds) - 1))])
    return events[order], begins


@inner
def insert(operations: Ints, complete: Ints, last_open: Ints, column: int, operation: int) -> int:
    """Put an operation into a list that is sorted by return; what comes before it."""
    head = before = operations[operation, HEAD + column]
    if complete[operation] == OPEN:
        if last_open[head, column] != NOTHING:
            before = last_open[head, column]
        last_open[head, column] = operation
    while operations[before, NEXT + column] != NOTHING:
        following = operations[before, NEXT + column]
        if complete[following] > complete[operation]:
            break
        before = following
    return before  # type: ignore[no-any-return]


@inner
def place_object(events: Ints, operations: Ints, complete: Ints, last_open: Ints) -> int:
    """Find the places of one object's operations; how many slots it needs. Leaves the lists as they are at the end."""
    free = np.empty(events.shape[0], np.int64)
    freed = slots = 0
    for event in events:
        if event < 0:
            free[freed] = operations[~event, SLOT]
            freed += 1
        else:
            if freed == 0:
                free[0] = slots
                freed, slots = 1, slots + 1
            freed -= 1
            operations[event, SLOT] = free[freed]
            for column in range(2):
                operations[event, BEFORE + column] = insert(operations, complete, last_open, column, event)
        redo(operations, event)
    return slots


@inner
def place_all(events: Ints, begins: Ints, complete: Ints, operations: Ints) -> Ints:
    """Fill in the places of all operations; for each object how many slots it needs. The lists must be empty."""
    last_open = np.full((operations.shape[0], 2), NOTHING, np.int64)
    slots = np.zeros(begins.shape[0] - 1, np.int64)
    for number in range(slots.shape[0]):
        begin, end = begins[number], begins[number + 1]
        slots[number] = place_object(events[begin:end], operations, complete, last_open)
        for position in range(end - 1, begin - 1, -1):
            event = events[position]
            undo(operations, event)
            if event >= 0:
                for column in range(2):
                    last_open[operations[event, HEAD + column], column] = NOTHING
    return slots

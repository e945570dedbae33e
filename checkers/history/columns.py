"""Many events at once, as columns, and which completion belongs to which invoke among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INVOKE = 0
"""The type of an invoke, as in `checkers.history.history.EventType`."""
NONE = -1


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events for `HistoryBuilder.extend`; `rows` is how many rows each has."""

    index: NDArray[np.int64]
    time: NDArray[np.int64]
    process: NDArray[np.int64]
    type: NDArray[np.int64]
    function: NDArray[np.int64]
    error: NDArray[np.int64]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RowColumns:
    """Rows for `HistoryBuilder.extend`."""

    kind: NDArray[np.int64]
    key: NDArray[np.int64]
    offset: NDArray[np.int64]
    value: NDArray[np.int64]


def integers(numbers: Sequence[int]) -> NDArray[np.int64]:
    """A column; OverflowError if a number has more than 64 bits."""
    return np.fromiter(numbers, np.int64, len(numbers))


@dataclass(frozen=True, slots=True)
class Pairs:
    """Who completes whom among new events, and what they leave open."""

    partner: NDArray[np.int64]  # of each
    earlier: list[tuple[int, int]]
    """(invoke, completion) of the operations that were open before."""
    processes: list[int]
    """All that have new events."""
    opened: dict[int, int]
    """Of those, the open operation, where there is one at the end."""

    def settle(self, open_invokes: dict[int, int]) -> None:
        """Bring the open operation of each process up to date."""
        for process in self.processes:
            open_invokes.pop(process, None)
        open_invokes.update(self.opened)


def pair(columns: EventColumns, first: int, open_invokes: Mapping[int, int], functions: Sequence[int]) -> Pairs | None:
    """Who completes whom, when new events are numbered from `first`. None if an event would be refused.

    `open_invokes` has the open operation of each process; `functions` are those of the events before.
    """
    order = np.argsort(columns.process, kind="stable")  # by process, and for each in the order of the recording
    process, number = columns.process[order], order + first
    invokes, function = columns.type[order] == INVOKE, columns.function[order]
    begins = np.append(True, process[1:] != process[:-1])
    who = process[begins].tolist()
    before = [open_invokes.get(code, NONE) for code in who]
    invoked = np.append(NONE, np.where(invokes[:-1], number[:-1], NONE))
    invoked[begins] = before
    invoked_function = np.append(np.int64(NONE), function[:-1])
    invoked_function[begins] = [NONE if invoke == NONE else functions[invoke] for invoke in before]
    completes = ~invokes & (invoked != NONE)
    if np.any(invokes & (invoked != NONE)) or np.any(completes & (invoked_function != function)):
        return None
    partner = np.full(len(order), NONE)
    partner[order] = np.where(completes, invoked, NONE)
    here, earlier = completes & (invoked >= first), completes & (invoked < first)
    partner[invoked[here] - first] = number[here]
    last = np.append(begins[1:], True)
    opened = dict(_pairs(process[last & invokes], number[last & invokes]))
    return Pairs(partner, list(_pairs(invoked[earlier], number[earlier])), who, opened)


def _pairs(left: NDArray[np.int64], right: NDArray[np.int64]) -> Iterable[tuple[int, int]]:
    return zip(left.tolist(), right.tolist(), strict=True)

"""The calls of a history on one kind of objects: when each was invoked and completed, and what it asked and got.

A call is a micro-operation of an event: of an operation on several objects each part is judged by itself. A call of an
operation that failed did not happen and is left out; one whose outcome is unknown may take effect at any time after its
invocation, or never.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkers.history.history import NIL, NONE, EventType, History, Kind
from checkers.history.wing_gong_lowe.arrange import OPEN

GIVEN = (Kind.SEND, Kind.WRITE, Kind.EXPECT, Kind.PUT, Kind.APPEND, Kind.ENQUEUE)
"""What has its value from its invocation on."""
Which = NDArray[np.intp] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Calls:
    """Calls in columns."""

    object: NDArray[np.int64]
    """Numbers of objects: the key where nothing else tells objects apart."""
    invoke: NDArray[np.int64]
    """The event of the invocation."""
    complete: NDArray[np.int64]
    """The event of the completion; OPEN while the call may still take effect."""
    kind: NDArray[np.int8]
    key: NDArray[np.int32]
    offset: NDArray[np.int64]
    value: NDArray[np.int64]
    expected: NDArray[np.int64]
    """What a compare-and-set expects."""
    compares: NDArray[np.bool_]
    """Whether a write is a compare-and-set."""

    def __len__(self) -> int:
        return len(self.invoke)

    def taken(self, which: Which) -> Calls:
        """Only some of the calls."""
        return Calls(**{column.name: getattr(self, column.name)[which] for column in fields(self)})

    def joined(self, others: Calls) -> Calls:
        """These and others, in order of invocation."""
        pairs = {c.name: (getattr(self, c.name), getattr(others, c.name)) for c in fields(self)}
        both = Calls(**{name: np.concatenate(pair) for name, pair in pairs.items()})
        return both.taken(np.argsort(both.invoke, kind="stable"))

    def until(self, event: int) -> Calls:
        """The calls as they are just after an event: those not completed by then may still take effect."""
        begun = self.taken(self.invoke <= event)
        begun.complete[begun.complete > event] = OPEN
        return begun

    def by_object(self) -> Calls:
        """Sorted by object, then by invocation."""
        return self.taken(np.argsort(self.object, kind="stable"))

    def bounds(self) -> NDArray[np.int64]:
        """Of calls sorted by object: where each object's begin, and the end."""
        inner = np.flatnonzero(np.diff(self.object)) + 1
        return np.concatenate([[0], inner, [len(self)]]) if len(self) else np.zeros(1, np.int64)


def calls_of(history: History, kinds: Collection[Kind]) -> Calls:
    """The calls of given kinds that happened or may have, in order of invocation; the object is the key."""
    operation, row, invoke, complete = _told(history, kinds)
    kind, value = history.kind[row], history.value[row]
    _repeat_given(history, value, (kind, row, invoke[operation]))
    # The write of a compare-and-set comes right after what it expects.
    compares = np.zeros(len(row), bool)
    compares[1:] = (kind[:-1] == Kind.EXPECT) & (kind[1:] == Kind.WRITE) & (operation[:-1] == operation[1:])
    expected = np.full(len(row), NIL)
    expected[compares] = value[np.flatnonzero(compares) - 1]
    calls = Calls(
        object=history.key[row].astype(np.int64),
        invoke=invoke[operation],
        complete=complete[operation],
        kind=kind,
        key=history.key[row],
        offset=history.offset[row],
        value=value,
        expected=expected,
        compares=compares,
    )
    return calls.taken(kind != Kind.EXPECT) if (kind == Kind.EXPECT).any() else calls


def _told(history: History, kinds: Collection[Kind]) -> tuple[NDArray[np.int64], ...]:
    """The rows that tell what operations did, and by operation when it was invoked and completed.

    What happened is told by the completion, unless that says nothing; what may have happened by the invocation.
    """
    invoke = np.flatnonzero(history.type == EventType.INVOKE)
    partner = history.partner[invoke].astype(np.int64)
    outcome = np.where(partner == NONE, EventType.INFO, history.type[partner])
    happened = outcome != EventType.FAIL
    invoke, partner, ok = invoke[happened], partner[happened], outcome[happened] == EventType.OK
    told = np.where(ok & (history.rows[partner + 1] > history.rows[partner]), partner, invoke)
    begin = history.rows[told]
    counts = history.rows[told + 1] - begin
    operation = np.repeat(np.arange(len(invoke)), counts)
    row = np.arange(len(operation)) + np.repeat(begin - np.cumsum(counts) + counts, counts)
    wanted = np.isin(history.kind[row], np.array(sorted({*kinds}), np.int8))
    return operation[wanted], row[wanted], invoke, np.where(ok, partner, OPEN)


def _repeat_given(history: History, value: NDArray[np.int64], rows: tuple[NDArray[Any], ...]) -> None:
    """Where a completion does not repeat the value that was given, take it from the invocation."""
    kind, row, invoke = rows
    silent = np.flatnonzero((value == NIL) & np.isin(kind, np.array(GIVEN, np.int8)))
    row, invoke = row[silent], invoke[silent]
    given = history.rows[invoke] + (row - history.rows[history.event[row]])
    same = given < history.rows[invoke + 1]
    same[same] = history.kind[given[same]] == kind[silent][same]
    value[silent[same]] = history.value[given[same]]


def paired(first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]]) -> NDArray[np.void]:
    """Two columns as one, to be compared pair by pair."""
    both = np.stack([first, second], axis=1).astype(np.int64)
    return both.view([("first", np.int64), ("second", np.int64)]).ravel()

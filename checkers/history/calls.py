"""The calls of a history on one kind of objects: when each was invoked and completed, and what it asked and got.

A call is a micro-operation of an event: of an operation on several objects each part is judged by itself. A call of an
operation that failed did not happen and is left out; one whose outcome is unknown may take effect at any time after its
invocation, or never. One whose invocation was not recorded was invoked at some time after the event of its process
before, so at most just after that: this is when it counts as invoked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkers.history.completions import GIVEN
from checkers.history.history import NIL, NONE, EventType, History, Kind
from checkers.history.wing_gong_lowe.arrange import OPEN

ASKED = np.array([*GIVEN, Kind.COMMIT], np.int8)
"""What has all that stands in its value from its invocation on; the value of a commit is its generation."""
Which = NDArray[np.intp] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Calls:
    """Calls in columns."""

    object: NDArray[np.int64]
    """Numbers of objects: the key where nothing else tells objects apart."""
    event: NDArray[np.int64]
    """What tells the operation apart: its invocation, or its completion where no invocation was recorded."""
    invoke: NDArray[np.int64]
    """The moment of the invocation: just before the event of this number, or that event."""
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
        """Only some of the calls. A column that stands for two is copied once."""
        columns = {column.name: getattr(self, column.name) for column in fields(self)}
        kept = {id(column): column[which] for column in columns.values()}
        return Calls(**{name: kept[id(column)] for name, column in columns.items()})

    def joined(self, others: Calls) -> Calls:
        """These and others, in order of invocation."""
        pairs = {c.name: (getattr(self, c.name), getattr(others, c.name)) for c in fields(self)}
        both = Calls(**{name: np.concatenate(pair) for name, pair in pairs.items()})
        return both.taken(np.argsort(both.invoke, kind="stable"))

    def until(self, event: int, history: History) -> Calls:
        """The calls as they are just after an event: those not completed by then may still take effect.

        Of these nothing is known but what their invocations say.
        """
        begun = self.taken(self.invoke <= event)
        cut = np.flatnonzero((begun.complete > event) & (begun.complete != OPEN))
        complete, offset, value = begun.complete.copy(), begun.offset.copy(), begun.value.copy()
        complete[cut] = OPEN
        offset[cut] = asked_offsets(history, begun.taken(cut))
        value[cut[~np.isin(begun.kind[cut], ASKED)]] = NIL
        return replace(begun, complete=complete, offset=offset, value=value)

    def by_object(self) -> Calls:
        """Sorted by object, then by invocation."""
        return self.taken(np.argsort(self.object, kind="stable"))

    def bounds(self) -> NDArray[np.int64]:
        """Of calls sorted by object: where each object's begin, and the end."""
        inner = np.flatnonzero(np.diff(self.object)) + 1
        return np.concatenate([[0], inner, [len(self)]]) if len(self) else np.zeros(1, np.int64)


def calls_of(history: History, kinds: Collection[Kind]) -> Calls:
    """The calls of given kinds that happened or may have, in order of invocation; the object is the key."""
    operation, row, told = _told(history, kinds)
    kind, value = history.kind[row], history.value[row]
    invoke = told.invoke[operation]
    event = invoke if told.event is told.invoke else told.event[operation]
    # The write of a compare-and-set comes right after what it expects.
    compares = np.zeros(len(row), bool)
    compares[1:] = (kind[:-1] == Kind.EXPECT) & (kind[1:] == Kind.WRITE) & (operation[:-1] == operation[1:])
    expected = np.full(len(row), NIL)
    expected[compares] = value[np.flatnonzero(compares) - 1]
    calls = Calls(
        object=history.key[row].astype(np.int64),
        event=event,
        invoke=invoke,
        complete=told.complete[operation],
        kind=kind,
        key=history.key[row],
        offset=history.offset[row],
        value=value,
        expected=expected,
        compares=compares,
    )
    return calls.taken(kind != Kind.EXPECT) if (kind == Kind.EXPECT).any() else calls


@dataclass(frozen=True, eq=False)
class Told:
    """Operations that happened or may have, in order of invocation; the columns are those of `Calls`."""

    event: NDArray[np.int64]
    invoke: NDArray[np.int64]
    complete: NDArray[np.int64]


def operations_of(history: History) -> Told:
    """All operations that happened or may have; what has a completion alone is one, too."""
    invoke = np.flatnonzero(history.type == EventType.INVOKE)
    partner = history.partner[invoke].astype(np.int64)
    outcome = np.where(partner == NONE, EventType.INFO, history.type[partner])
    happened = outcome != EventType.FAIL
    invoke, partner, ok = invoke[happened], partner[happened], outcome[happened] == EventType.OK
    complete = np.where(ok, partner, OPEN)
    alone = np.flatnonzero((history.partner == NONE) & np.isin(history.type, (EventType.OK, EventType.INFO)))
    if len(alone) == 0:
        return Told(invoke, invoke, complete)
    moment = np.concatenate([invoke, _begins(history, alone)])
    order = np.argsort(moment, kind="stable")
    completed = np.where(history.type[alone] == EventType.OK, alone, OPEN)
    return Told(
        event=np.concatenate([invoke, alone])[order],
        invoke=moment[order],
        complete=np.concatenate([complete, completed])[order],
    )


def _begins(history: History, alone: NDArray[np.intp]) -> NDArray[np.int64]:
    """When completions without invocations can have been invoked at the earliest: after the event before of each's."""
    among = np.flatnonzero(np.isin(history.process, np.unique(history.process[alone])))
    among = among[np.argsort(history.process[among], kind="stable")]
    begins = np.zeros(len(history), np.int64)
    same = history.process[among[1:]] == history.process[among[:-1]]
    begins[among[1:][same]] = among[:-1][same] + 1
    return begins[alone]


def _told(history: History, kinds: Collection[Kind]) -> tuple[NDArray[np.int64], NDArray[np.int64], Told]:
    """The rows that tell what operations did, of each the number of its operation, and the operations.

    What happened is told by the completion, unless that says nothing; what may have happened by the invocation.
    """
    operations = operations_of(history)
    event, complete = operations.event, operations.complete
    answer = np.where(complete == OPEN, event, complete)
    told = np.where(history.rows[answer + 1] > history.rows[answer], answer, event)
    begin = history.rows[told]
    counts = history.rows[told + 1] - begin
    operation = np.repeat(np.arange(len(event)), counts)
    row = np.arange(len(operation)) + np.repeat(begin - np.cumsum(counts) + counts, counts)
    wanted = np.isin(history.kind[row], np.array(sorted({*kinds}), np.int8))
    return operation[wanted], row[wanted], operations


def asked_offsets(history: History, calls: Calls) -> NDArray[np.int64]:
    """The offsets that the invocations of calls say: those that a commit asks for, and hardly any other."""
    offsets = np.full(len(calls), NIL)
    asked: dict[tuple[int, int, int], list[int]] = {}
    for position in np.flatnonzero(calls.offset != NIL).tolist():
        event, kind, key = int(calls.event[position]), int(calls.kind[position]), int(calls.key[position])
        if (event, kind, key) not in asked:
            rows = history.rows_of(event)
            known = history.type[event] == EventType.INVOKE or kind == Kind.COMMIT
            same = [row for row in rows if history.kind[row] == kind and history.key[row] == key] if known else []
            asked[event, kind, key] = [int(offset) for offset in history.offset[same[::-1]]]
        if asked[event, kind, key]:
            offsets[position] = asked[event, kind, key].pop()
    return offsets


def paired(first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]]) -> NDArray[np.void]:
    """Two columns as one, to be compared pair by pair."""
    both = np.stack([first, second], axis=1).astype(np.int64)
    return both.view([("first", np.int64), ("second", np.int64)]).ravel()

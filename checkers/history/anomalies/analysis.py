"""What all anomalies share: who sent and who polled each message, and in which order messages stand in each log.

A message is a value of a key; a slot is an offset of a key at which a message was seen. Both are numbered from 0 in
ascending order, by key first, so that the slots of a key are neighbours: its version order without the gaps.

Source: Jepsen's workload for Kafka (jepsen.tests.kafka): its version orders, readers and writers. A version order is
drawn from all polls, those of aborted transactions too, since a consumer never sees what isn't committed, whatever
becomes of its own transaction; but from sends only where their effect is proved to be visible. Values are taken to be
unique a key; should one be sent twice, a send that happened counts as its writer before one that may have, and that
before one that did not. Of several messages at one offset, one that was polled stands before one that was acknowledged,
and a later one before an earlier one.
Left out: records without a value, which can't be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from checkers.history.anomalies.columns import Ints, Mask, Pairs, first_of, in_order, last_of, number_pairs
from checkers.history.anomalies.settings import Settings
from checkers.history.history import NIL, NONE, EventType, History, Json, Kind

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Touches:
    """Sends, or records polled: one row each, in the order of the recording."""

    event: NDArray[np.int32]  # the outcome it belongs to
    key: NDArray[np.int32]
    offset: Ints  # NIL if not known
    message: Ints

    def __len__(self) -> int:
        return len(self.event)

    def by_key(self) -> Touches:
        """The same rows with those of one event ordered by key, otherwise as they came."""
        if len(self) == 0:
            return self
        order = in_order(self.event.astype(np.int64) * (int(self.key.max()) + 1) + self.key)
        if order is None:
            return self
        return Touches(self.event[order], self.key[order], self.offset[order], self.message[order])


@dataclass(frozen=True, eq=False)
class VersionOrders:
    """The logs: which messages were seen at each slot. A second message at a slot is a conflict."""

    key: Ints  # of each slot
    offset: Ints
    message: Ints  # that stands in the version order
    begin: Ints  # the first slot of each key
    pair_slot: Ints  # every message at every slot where it was seen, by slot
    pair_message: Ints
    place: Ints  # of each message: the last slot where it stands in the version order, or NONE

    def index(self, slot: int) -> int:
        """The place of a slot in its key's version order."""
        return slot - int(self.begin[self.key[slot]])


def outcomes(history: History) -> NDArray[np.int8]:
    """What is known of each operation, at its outcome: the completion, or the invoke while it is open (INFO).

    INVOKE stands at all other events.
    """
    known = np.array(history.type)
    known[(known == EventType.INVOKE) & (history.partner == NONE)] = EventType.INFO
    return known


def rows_at_outcomes(history: History, kinds: Sequence[Kind]) -> tuple[Ints, NDArray[np.int32]]:
    """The rows of some kinds, and the outcome that each belongs to, in order of the outcomes.

    A completion that repeats none of its invoke's rows of these kinds stands for them.
    """
    rows = np.flatnonzero(np.isin(history.kind, np.array(kinds)))
    owner = history.event[rows]
    partner = history.partner[owner]
    invoked = (history.type[owner] == EventType.INVOKE) & (partner != NONE)
    told = np.zeros(len(history) + 1, bool)
    told[owner[~invoked]] = True
    kept = ~invoked | ~told[partner]
    rows, owner = rows[kept], np.where(invoked, partner, owner)[kept]
    if np.any(owner[1:] < owner[:-1]):
        order = np.argsort(owner, kind="stable")
        rows, owner = rows[order], owner[order]
    return rows, owner


@dataclass(frozen=True, eq=False)
class Analysis:
    """A history and what follows from it. `outcome` is by event, what ends with _of or begins with first by message."""

    history: History
    settings: Settings
    outcome: NDArray[np.int8]
    sends: Touches
    reads: Touches
    messages: Pairs
    writer_of: Ints  # an outcome, or NONE
    reader_of: Ints  # the first ok outcome that polled it, or NONE
    committed: Mask  # by event: its sends are proved to be visible
    _made: dict[Callable[[Analysis], Any], Any] = field(default_factory=dict)

    def once(self, function: Callable[[Analysis], Made]) -> Made:
        """What a function of the analysis gives; computed once, for the anomalies that share it."""
        if function not in self._made:
            self._made[function] = function(self)
        made: Made = self._made[function]
        return made

    @cached_property
    def sends_by_key(self) -> Touches:
        """The sends, those of one operation ordered by key."""
        return self.sends.by_key()

    @cached_property
    def reads_by_key(self) -> Touches:
        """The records polled, those of one operation ordered by key."""
        return self.reads.by_key()

    @cached_property
    def orders(self) -> VersionOrders:
        """The version orders of all keys."""
        sends = np.flatnonzero(self.committed[self.sends.event] & (self.sends.offset != NIL))
        reads = np.flatnonzero(self.reads.offset != NIL)
        key = np.concatenate((self.sends.key[sends], self.reads.key[reads]))
        offset = np.concatenate((self.sends.offset[sends], self.reads.offset[reads]))
        message = np.concatenate((self.sends.message[sends], self.reads.message[reads]))
        return version_orders(number_pairs(key, offset), message, len(self.messages), len(self.history.keys.names))

    @cached_property
    def first_place(self) -> Ints:
        """The first slot at which each message was seen; NONE if nowhere."""
        return first_of(self.orders.pair_message, len(self.messages), self.orders.pair_slot, NONE)

    @cached_property
    def last_place(self) -> Ints:
        """The last slot at which each message was seen; NONE if nowhere."""
        return last_of(self.orders.pair_message, len(self.messages), self.orders.pair_slot, NONE)

    def index(self, event: int) -> int:
        """What the recording called an event."""
        return int(self.history.index[event])

    def key(self, code: int) -> Json:
        """The name of a key."""
        return self.history.shown_key(int(code))

    def value(self, message: int) -> Json:
        """The value of a message."""
        return self.history.shown_value(int(self.messages.minor[message]))


def version_orders(slots: Pairs, message: Ints, messages: int, keys: int) -> VersionOrders:
    """The logs in which the message of each row was seen at its slot; of several at a slot, the last row stands."""
    standing = last_of(slots.number, len(slots), message, NONE)
    other = np.flatnonzero(standing[slots.number] != message)
    seen_at = np.concatenate((np.arange(len(slots)), slots.number[other]))
    seen = np.concatenate((standing, message[other]))
    if len(other):
        pairs = number_pairs(seen_at, seen)
        seen_at, seen = pairs.major, pairs.minor
    return VersionOrders(
        key=slots.major,
        offset=slots.minor,
        message=standing,
        begin=np.searchsorted(slots.major, np.arange(keys)),
        pair_slot=seen_at,
        pair_message=seen,
        place=last_of(standing, messages, np.arange(len(slots)), NONE),
    )


def analyse(history: History, settings: Settings) -> Analysis:
    """What all anomalies share."""
    outcome = outcomes(history)
    send_rows, send_event = rows_at_outcomes(history, [Kind.SEND])
    told = history.value[send_rows] != NIL
    send_rows, send_event = send_rows[told], send_event[told]
    read_rows = np.flatnonzero((history.kind == Kind.RECORD) & (history.value != NIL))
    read_rows = read_rows[outcome[history.event[read_rows]] != EventType.INVOKE]
    rows = np.concatenate((send_rows, read_rows))
    messages = number_pairs(history.key[rows], history.value[rows])
    count = len(send_rows)
    sends = Touches(send_event, history.key[send_rows], history.offset[send_rows], messages.number[:count])
    reads = Touches(
        history.event[read_rows], history.key[read_rows], history.offset[read_rows], messages.number[count:]
    )
    ok = outcome[reads.event] == EventType.OK
    reader_of = first_of(reads.message[ok], len(messages), reads.event[ok], NONE)
    shown = np.zeros(len(history), bool)
    shown[sends.event[reader_of[sends.message] != NONE]] = True
    return Analysis(
        history=history,
        settings=settings,
        outcome=outcome,
        sends=sends,
        reads=reads,
        messages=Pairs(np.empty(0, np.int64), messages.major, messages.minor),
        writer_of=writers(sends, outcome, len(messages)),
        reader_of=reader_of,
        committed=(outcome == EventType.OK) | ((outcome == EventType.INFO) & shown),
    )


def writers(sends: Touches, outcome: NDArray[np.int8], messages: int) -> Ints:
    """The outcome that sent each message, the surest one if there are several; NONE if nobody did."""
    writer = np.full(messages, NONE, np.int64)
    for certainty in (EventType.FAIL, EventType.INFO, EventType.OK):
        rows = np.flatnonzero(outcome[sends.event] == certainty)
        writer[sends.message[rows]] = sends.event[rows]
    return writer

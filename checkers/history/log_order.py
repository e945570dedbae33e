"""Append-only logs whose offsets are in the history: linearizable or not in n log n.

The offsets are the order in which the appends took effect, so no order needs to be searched: each append must take
effect after its invocation and after all appends at lower offsets, and before it completes and before any read of it
completes. So the earliest moment for each is the latest invocation up to its offset, and the log is linearizable
exactly if that is before its deadline, for all. To be told the end is like an append between two offsets.

Source: Gibbons and Korach, Testing shared memories (1997): with a known order of writes testing is easy.
Left out: that a read returns all there is, that a consumer's positions go on (these are anomalies, judged apart). A
record whose offset is nowhere in the history takes no place in the order: it is only sent before it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls, paired
from checkers.history.groups import Ints, begins, starts_of, tuple_numbers
from checkers.history.history import NIL, Kind
from checkers.history.wing_gong_lowe.arrange import OPEN

SPARSE = 4
"""Offsets are used as indexes if there are at most so many times as many of them as there are calls."""
WRITTEN_LATE = ("what it wrote was found before it was invoked", "it completed before what it found was written")
KINDS = (Kind.SEND, Kind.RECORD, Kind.END)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Calls, by position, of one log that can't all be linearized, and what is wrong with each."""

    calls: tuple[int, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LogOrder:
    """What was found, by log."""

    conflicts: Mapping[int, Conflict]
    """The first conflict of each log that is not linearizable."""
    ambiguous: frozenset[int]
    """Logs in which it is not known at which of several offsets a send's record lies."""


@dataclass(frozen=True, eq=False)
class Slots:
    """The offsets of all logs in order, log after log; some may be of no record."""

    key: Ints
    of: Ints
    """Of each call its offset's slot; -1 if its offset is not known."""


def log_order(calls: Calls, place: str = "offset") -> LogOrder:
    """Judge all logs; `calls` in order of invocation. `place` is what sentences call an offset."""
    finished = np.where(calls.kind == Kind.SEND, _needed(calls), calls.complete != OPEN)
    finished &= (calls.kind != Kind.END) | (calls.offset != NIL)
    if not finished.all():
        numbers = np.flatnonzero(finished)
        found = log_order(calls.taken(numbers), place)
        conflicts = {k: Conflict(tuple(int(numbers[c]) for c in f.calls), f.why) for k, f in found.conflicts.items()}
        return LogOrder(conflicts, found.ambiguous)
    if len(calls) == 0:
        return LogOrder({}, frozenset())
    return _Judge(calls, place).judge()


def _needed(calls: Calls) -> NDArray[np.bool_]:
    """Which sends must have happened for all that can be told: not those yet to be given their offset, and not read."""
    needed = np.ones(len(calls), bool)
    pending = np.flatnonzero((calls.kind == Kind.SEND) & (calls.complete == OPEN) & (calls.offset != NIL))
    if len(pending):
        read = np.flatnonzero((calls.kind == Kind.RECORD) & (calls.complete != OPEN))
        loose = read[calls.offset[read] == NIL]
        at, value = (
            paired(calls.key[some], column[some]) for some, column in ((read, calls.offset), (loose, calls.value))
        )
        needed[pending] = np.isin(paired(calls.key[pending], calls.offset[pending]), at)
        needed[pending] |= np.isin(paired(calls.key[pending], calls.value[pending]), value)
    return needed


def slots_of(calls: Calls) -> Slots:
    """Number the offsets that are known."""
    known = np.flatnonzero(calls.offset != NIL)
    key, offset = calls.key[known], calls.offset[known]
    low, high = np.full(calls.key.max() + 2, OPEN << 32), np.full(calls.key.max() + 2, -1)
    np.minimum.at(low, key, offset)
    np.maximum.at(high, key, offset)
    spans = np.where(high >= low, high - low + 1.0, 0.0)
    of = np.full(len(calls), -1)
    if spans.sum() <= SPARSE * len(calls) + 1:
        sizes = np.where(high >= low, high - low + 1, 0)
        base = np.cumsum(sizes) - sizes
        of[known] = base[key] + (offset - low[key])
        return Slots(np.repeat(np.arange(len(sizes)), sizes), of)
    order = np.lexsort((offset, key))
    new = begins(key[order], offset[order])
    of[known[order]] = np.cumsum(new) - 1
    return Slots(key[order][new].astype(np.int64), of)


class _Judge:
    """Judges all logs of some calls, none of them unfinished reads."""

    def __init__(self, calls: Calls, place: str) -> None:
        self.calls, self.place = calls, place
        self.slots = slots_of(calls)
        self.conflicts: dict[int, Conflict] = {}
        self.ambiguous: set[int] = set()
        count = len(self.slots.key)
        self.send = np.full(count, -1)
        """Of each slot, the call that appended there."""
        self.holder = np.full(count, -1)
        """Of each slot, some call that tells what lies there."""
        self.deadline = np.full(count, OPEN)

    def judge(self) -> LogOrder:
        """Find conflicts, the plainest kinds first."""
        kind, of = self.calls.kind, self.slots.of
        sends = np.flatnonzero((kind == Kind.SEND) & (of >= 0))
        records = np.flatnonzero((kind != Kind.END) & (of >= 0))
        self.send[of[sends[::-1]]] = sends[::-1]
        self.holder[of[records[::-1]]] = records[::-1]
        self._values_agree(records)
        self._sent_once(sends)
        np.minimum.at(self.deadline, of[records], self.calls.complete[records])
        if (kind[of < 0] != Kind.END).any():
            self._place_unplaced()
        self._all_sent()
        self._in_order()
        return LogOrder(self.conflicts, frozenset(self.ambiguous))

    def report(self, calls: tuple[int, ...], *why: str) -> None:
        """Keep a conflict unless its log has one already. A single sentence is true of each of the calls."""
        self.conflicts.setdefault(
            int(self.calls.key[calls[0]]), Conflict(calls, why if len(why) == len(calls) else why * len(calls))
        )

    def firsts(self, found: Ints) -> Ints:
        """Of some calls, the first of each log."""
        return np.sort(found[np.unique(self.calls.key[found], return_index=True)[1]])

    def _values_agree(self, records: Ints) -> None:
        """Two calls never tell of different values at one offset."""
        holders = self.holder[self.slots.of[records]]
        wrong = records[self.calls.value[records] != self.calls.value[holders]]
        for call in self.firsts(wrong):
            other = int(self.holder[self.slots.of[call]])
            self.report((other, int(call)), f"another value was told at {self.place} {self.calls.offset[call]}")

    def _sent_once(self, sends: Ints) -> None:
        """Two sends never get one offset."""
        again = sends[self.send[self.slots.of[sends]] != sends]
        for call in self.firsts(again):
            other = int(self.send[self.slots.of[call]])
            self.report((other, int(call)), f"{self.place} {self.calls.offset[call]} was given to another write, too")

    def _all_sent(self) -> None:
        """Every record that was read was sent."""
        unsent = self.holder[(self.holder >= 0) & (self.send < 0)]
        for call in self.firsts(unsent):
            same = (self.calls.key == self.calls.key[call]) & (self.calls.value == self.calls.value[call])
            placed = same & (self.slots.of >= 0) & (self.slots.of != self.slots.of[call])
            if (same & (self.calls.kind == Kind.SEND)).any() and placed.any():
                self.report((int(np.flatnonzero(placed)[0]), int(call)), f"one write can't have two {self.place}s")
            else:
                self.report((int(call),), "nobody wrote what it found")

    def _in_order(self) -> None:
        """Each append takes effect after those at lower offsets and before its deadline; an end in between."""
        calls, kind = self.calls, self.calls.kind
        ends = np.flatnonzero(kind == Kind.END)
        ends = ends[np.lexsort((calls.invoke[ends], self.slots.of[ends]))]
        places = self.slots.of[ends]
        who = np.insert(self.send, places, ends)
        key = np.insert(self.slots.key, places, self.slots.key[places])
        deadline = np.insert(self.deadline, places, calls.complete[ends])
        slot = np.insert(np.arange(len(self.send)), places, -1)
        lower = np.where(who >= 0, calls.invoke[who], -1)
        span = OPEN + 1
        moment = np.maximum.accumulate(lower + key * span) - key * span
        late = np.flatnonzero(moment > deadline)
        for item in late[np.unique(key[late], return_index=True)[1]]:
            causes = np.flatnonzero((lower[: item + 1] == moment[item]) & (key[: item + 1] == key[item]))
            after = int(who[causes[0]])
            last = int(who[item]) if slot[item] < 0 else self._last(int(slot[item]), int(deadline[item]))
            self._report_late(after, last)

    def _last(self, slot: int, deadline: int) -> int:
        """The call that gives a slot its deadline."""
        calls, holder = self.calls, self.holder[slot]
        own = (self.slots.of == slot) | ((self.slots.of < 0) & (calls.value == calls.value[holder]))
        own &= (calls.key == calls.key[holder]) & (calls.complete == deadline) & (calls.kind != Kind.END)
        return int(np.flatnonzero(own)[0])

    def _report_late(self, after: int, last: int) -> None:
        """One call was invoked after another one completed, which must come later."""
        if self.slots.of[after] == self.slots.of[last] and self.calls.kind[after] != Kind.END:
            self.report((after, last), *WRITTEN_LATE)
            return
        self.report(
            (after, last),
            f"it was invoked after an operation completed that its {self.place} says came later",
            f"it completed before an operation was invoked that its {self.place} says came first",
        )

    def _place_unplaced(self) -> None:
        """Find the slots of sends and records whose offsets are not known, by their values."""
        calls, of = self.calls, self.slots.of
        loose = np.flatnonzero((of < 0) & (calls.kind != Kind.END))
        free = np.flatnonzero(self.holder >= 0)
        pairs = np.concatenate([self.holder[free], loose])
        group = tuple_numbers(calls.key[pairs], calls.value[pairs])
        of_slot, of_loose = group[: len(free)], group[len(free) :]
        is_send = calls.kind[loose] == Kind.SEND
        self._match(loose[is_send], of_loose[is_send], free, of_slot)
        self._read_unplaced((loose, of_loose), (free, of_slot))

    def _match(self, sends: Ints, group: Ints, slots: Ints, slot_group: Ints) -> None:
        """Give sends, in order of invocation, the slots with their values that have no send, in order of offset.

        Of several sends of one value it is not known which one was done by when; no other way could be better.
        """
        empty = self.send[slots] < 0
        slots, slot_group = slots[empty], slot_group[empty]
        several = np.bincount(group, minlength=1) > 1
        answered = np.isin(group, slot_group) & several[group] & (self.calls.complete[sends] != OPEN)
        self.ambiguous |= {int(key) for key in self.calls.key[sends[answered]]}
        chosen = {(int(g), r): int(s) for g, r, s in zip(slot_group, ranks(slot_group), slots, strict=True)}
        for call, g, r in zip(sends, group, ranks(group), strict=True):
            slot = chosen.get((int(g), r))
            if slot is not None:
                self.send[slot] = call
                if not several[g]:
                    self.deadline[slot] = min(self.deadline[slot], self.calls.complete[call])

    def _read_unplaced(self, loose: tuple[Ints, Ints], slots: tuple[Ints, Ints]) -> None:
        """Records that were read without their offsets come after the slot with their value, or a send without slot."""
        calls = self.calls
        slot_of: dict[int, int] = dict(zip(slots[1][::-1].tolist(), slots[0][::-1].tolist(), strict=True))
        send_of: dict[int, int] = {}
        for call, group in zip(loose[0].tolist(), loose[1].tolist(), strict=True):
            if calls.kind[call] == Kind.SEND:
                send_of.setdefault(group, call)
        for call, group in zip(loose[0].tolist(), loose[1].tolist(), strict=True):
            if calls.kind[call] == Kind.SEND:
                continue
            slot, send = slot_of.get(group), send_of.get(group)
            if slot is not None:
                self.deadline[slot] = min(self.deadline[slot], calls.complete[call])
            elif send is None:
                self.report((call,), "nobody wrote what it found")
            elif calls.invoke[send] > calls.complete[call]:
                self.report((send, call), *WRITTEN_LATE)


def unplaced_sends(calls: Calls) -> int:
    """How many sends were acknowledged of which no call tells the offset, so that they take no place in the order."""
    loose = np.flatnonzero((calls.kind == Kind.SEND) & (calls.complete != OPEN) & (calls.offset == NIL))
    if len(loose) == 0:
        return 0
    told = np.flatnonzero((calls.kind != Kind.END) & (calls.offset != NIL) & (calls.complete != OPEN))
    placed = np.isin(paired(calls.key[loose], calls.value[loose]), paired(calls.key[told], calls.value[told]))
    return int(np.count_nonzero(~placed))


def ranks(group: Ints) -> Ints:
    """Of each element, how many of its group come before it."""
    order = np.argsort(group, kind="stable")
    starts = starts_of(group[order])
    result = np.empty(len(order), np.int64)
    result[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    return result

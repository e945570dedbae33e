"""First-in first-out queues whose values are all different: linearizable or not in n log n.

Then every dequeue tells its enqueue. A value is surely in the queue from the completion of its enqueue to the
invocation of its dequeue. A history is linearizable exactly if
- what a dequeue found was enqueued, not after the dequeue completed, and no other dequeue found it;
- no two values were enqueued one after the other and dequeued one after the other the other way round;
- a value that no dequeue found, whose enqueue completed, is out of the way of later ones only if a dequeue took it that
  never returned: so before a later value was found, or the queue found empty, there were enough of those;
- a dequeue that found nothing had a moment at which no value was surely in the queue.
These can be looked at one by one: to be out of the way of one value is to be out of the way of all later ones, and a
history can be cut at the moment of a dequeue that found nothing, without any new contradiction on either side.

Of a queue into which a value was put several times, these say of the other values what must hold all the same.

An open dequeue may have a value: then it takes that one, at any time, or nothing. (Such are the calls that a core does
not hold to anything.) Of these it is only told what each contradiction by itself shows.

Source: Henzinger, Sezgin and Vafeiadis, Aspect-oriented linearizability proofs (2013), theorem 3; Bouajjani, Emmi, Enea
and Hamza, On reducing linearizability to state reachability (2015). Both are about dequeues that returned; those that
did not are counted here as a matching of jobs with deadlines is, by Hall's condition.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass

import numpy as np

from checkers.history.calls import Calls
from checkers.history.groups import Bools, Ints, tuple_numbers
from checkers.history.history import NIL, Kind
from checkers.history.log_order import ranks
from checkers.history.wing_gong_lowe.arrange import OPEN

SPAN = 4 * (OPEN + 1)
"""More moments than a history has: those of an object come before those of the next one."""
FINE, UNGIVEN, EARLY, TAKEN, OVERTOOK, PASSED, EMPTY = range(7)
"""What is wrong with a dequeue: nothing; nobody enqueued what it found; not yet; it was found before; what it found was
enqueued after something that was dequeued later, or stayed; the queue was not empty."""


@dataclass(frozen=True, eq=False)
class Fifo:
    """What was found, by call."""

    wrong: Ints
    """What is wrong with each call."""
    other: Ints
    """The call that shows it; -1 if none does by itself."""


@dataclass(frozen=True, eq=False)
class _Values:
    """Values put into a queue once: moments of their enqueues and dequeues, and the calls."""

    enqueue: Ints
    dequeue: Ints
    """-1 if no dequeue that returned found it."""
    put: Ints
    """When its enqueue completed."""
    begin: Ints
    """When its enqueue was invoked."""
    taken: Ints
    """When its dequeue was invoked; after everything if there is none."""
    end: Ints
    """When its dequeue completed; after everything if it did not."""


def distinct(calls: Calls) -> Bools:
    """For each object, whether no value is put into it twice; `calls` sorted by object."""
    bounds = calls.bounds()
    number = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    puts = np.flatnonzero(calls.kind == Kind.ENQUEUE)
    pair = tuple_numbers(number[puts], calls.value[puts])
    fine = np.ones(len(bounds) - 1, bool)
    fine[number[puts[np.bincount(pair)[pair] > 1]]] = False
    return fine


def fifo_order(calls: Calls) -> Fifo:
    """Judge all queues; `calls` sorted by object, then invocation."""
    return _Judge(calls).judge()


class _Judge:
    """Judges all queues of some calls."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        bounds = calls.bounds()
        self.base = np.repeat(np.arange(len(bounds) - 1) * SPAN, np.diff(bounds))
        """Of each call, a moment before all those of its object."""
        self.begin = self.base + 2 * calls.invoke
        self.end = self.base + 2 * calls.complete + 1
        answered = (calls.kind == Kind.DEQUEUE) & (calls.complete != OPEN)
        self.empties = np.flatnonzero(answered & (calls.value == NIL))
        self.finds = np.flatnonzero(answered & (calls.value != NIL))
        still_open = (calls.kind == Kind.DEQUEUE) & (calls.complete == OPEN)
        self.open_takes = np.sort(self.begin[still_open & (calls.value == NIL)])
        self.freed = np.flatnonzero(still_open & (calls.value != NIL))
        self.wrong = np.zeros(len(calls), np.int64)
        self.other = np.full(len(calls), -1)

    def judge(self) -> Fifo:
        """Look for each pattern."""
        values = self._values()
        stayed = np.flatnonzero(values.dequeue < 0)
        stayed = stayed[np.argsort(values.put[stayed], kind="stable")]
        self._in_order(values, stayed)
        self._empty(values, stayed)
        return Fifo(self.wrong, self.other)

    def report(self, calls: Ints, wrong: int, other: Ints | int = -1) -> None:
        """Keep what is wrong with some calls."""
        self.wrong[calls] = wrong
        self.other[calls] = other

    def _values(self) -> _Values:
        """The values that were put in once, but those never found whose enqueue never returned: these need not be."""
        calls, finds = self.calls, self.finds
        puts = np.flatnonzero(calls.kind == Kind.ENQUEUE)
        all_of = (puts, finds, self.freed)
        both = np.concatenate(all_of)
        number = tuple_numbers(self.base[both], calls.value[both])
        put, found, freed = np.split(number, np.cumsum([len(some) for some in all_of])[:-1])
        count = int(number.max(initial=-1)) + 1
        times_put = np.bincount(put, minlength=count)
        enqueue = np.full(count, -1)
        enqueue[put[::-1]] = puts[::-1]
        order = np.argsort(self.end[finds], kind="stable")
        finds, found = finds[order], found[order]
        dequeue = np.full(count, -1)
        dequeue[found[::-1]] = finds[::-1]
        earlier = ranks(found)
        again = earlier >= times_put[found]
        self.report(finds[again], TAKEN, dequeue[found[again]])
        early = (times_put[found] > 0) & (self.begin[enqueue[found]] > self.end[finds])
        self.report(finds[early], EARLY, enqueue[found[early]])
        self.report(finds[times_put[found] == 0], UNGIVEN)
        fine = times_put == 1
        fine[found[again | early]] = False
        fine &= (dequeue >= 0) | (calls.complete[enqueue] != OPEN)
        own = np.full(count, OPEN * SPAN)
        np.minimum.at(own, freed, self.begin[self.freed])
        enqueue, dequeue, own = enqueue[fine], dequeue[fine], own[fine]
        never = self.base[enqueue] + SPAN - 1
        return _Values(
            enqueue=enqueue,
            dequeue=dequeue,
            put=self.end[enqueue],
            begin=self.begin[enqueue],
            taken=np.where(dequeue >= 0, self.begin[dequeue], np.minimum(own, never)),
            end=np.where(dequeue >= 0, self.end[dequeue], never),
        )

    def _takes(self, by: Ints, base: Ints) -> Ints:
        """How many values open dequeues could take by some moments."""
        return np.searchsorted(self.open_takes, by) - np.searchsorted(self.open_takes, base)

    def _in_the_way(self, values: _Values, stayed: Ints, queries: tuple[Ints, Ints, Ints]) -> Ints:
        """How many values that stayed were put in before some moments, and not taken by some others, by their own."""
        put, by, base = queries
        puts, taken = values.put[stayed], values.taken[stayed]
        if len(self.freed) == 0:
            return np.searchsorted(puts, put) - np.searchsorted(puts, base)
        count = np.zeros(len(put), np.int64)
        before: list[int] = []
        for query in np.argsort(put, kind="stable").tolist():
            for moment in taken[len(before) : int(np.searchsorted(puts, put[query]))].tolist():
                insort(before, moment)
            count[query] = len(before) - bisect_left(before, int(by[query]))
        return count

    def _in_order(self, values: _Values, stayed: Ints) -> None:
        """No dequeue overtakes another one, or passes over a value that stayed."""
        found = np.flatnonzero(values.dequeue >= 0)
        order = found[np.argsort(values.put[found], kind="stable")]
        latest = np.maximum.accumulate(values.taken[order])
        before = np.searchsorted(values.put[order], values.begin[found]) - 1
        there = np.flatnonzero(before >= 0)
        over = there[latest[before[there]] > values.end[found[there]]]
        which = np.searchsorted(latest, latest[before[over]])
        self.report(values.dequeue[found[over]], OVERTOOK, values.enqueue[order[which]])
        first, last, base = values.begin[found], values.end[found], self.base[values.enqueue[found]]
        missing = np.flatnonzero(self._in_the_way(values, stayed, (first, last, base)) > self._takes(last, base))
        for number in missing.tolist():
            over = (values.put[stayed] > base[number]) & (values.taken[stayed] > last[number])
            self.report(values.dequeue[found[[number]]], PASSED, values.enqueue[stayed[[int(np.argmax(over))]]])

    def _empty(self, values: _Values, stayed: Ints) -> None:
        """A dequeue that found nothing had a moment for that; moments are just after those at which something was."""
        if len(self.empties) == 0:
            return
        moments = np.unique(np.concatenate([self.begin, self.end]))
        held = np.flatnonzero((values.dequeue >= 0) & (values.put < values.taken))
        kept = stayed[values.put[stayed] < values.taken[stayed]]
        takes = self._takes(moments + 1, moments // SPAN * SPAN)
        may_be_empty = (_covered(values, held, moments) == 0) & (_covered(values, kept, moments) <= takes)
        before = np.concatenate([[0], np.cumsum(may_be_empty)])
        first, last = (np.searchsorted(moments, ends[self.empties]) for ends in (self.begin, self.end))
        wrong = self.empties[before[first] == before[last]]
        self.report(wrong, EMPTY)


def _covered(values: _Values, which: Ints, moments: Ints) -> Ints:
    """How many of some values are surely in the queue just after each moment."""
    change = np.zeros(len(moments) + 1, np.int64)
    np.add.at(change, np.searchsorted(moments, values.put[which]), 1)
    np.add.at(change, np.searchsorted(moments, values.taken[which]), -1)
    return np.cumsum(change)[:-1]

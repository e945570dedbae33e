"""Figures for reports: how far consumers lag in real time, how often messages are consumed, what is unseen over time.

Source: Jepsen's workload for Kafka (jepsen.tests.kafka): realtime-lag, worst-realtime-lag, consume-counts, unseen.
Left out: offsets from which a consumer starts other than the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from checkers.history.anomalies.analysis import Analysis, Touches, rows_at_outcomes
from checkers.history.anomalies.columns import Ints, first_of, number_pairs
from checkers.history.groups import starts_of
from checkers.history.history import NIL, NONE, EventType, Json, Kind

NOTHING = -1
"""The offset of a consumer that has polled nothing yet."""
Positions = dict[int, int]


@dataclass(frozen=True, slots=True)
class Lag:
    """How long before a poll began, at the least, its consumer's position had ceased to be the end of a key, in ns."""

    time: int
    process: Json
    key: Json
    lag: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """How many messages of a key had been acknowledged and not been polled, right after a time (None: not recorded)."""

    time: int | None
    key: Json
    count: int


def known_offsets(analysis: Analysis, touches: Touches) -> tuple[Ints, Ints, Ints]:
    """The highest offset that each ok or info operation shows of each key: its event, key and offset."""
    sure = np.isin(analysis.outcome, (EventType.OK, EventType.INFO))
    kept = sure[touches.event] & (touches.offset != NIL)
    event, key, offset = touches.event[kept], touches.key[kept], touches.offset[kept]
    begin = starts_of(event, key)
    highest = np.maximum.reduceat(offset, begin) if len(begin) else offset
    return event[begin].astype(np.int64), key[begin].astype(np.int64), highest


class Ends:
    """When each offset of each key had been passed for sure: as soon as an event with a time has shown a higher one."""

    def __init__(self, analysis: Analysis) -> None:
        shown = [known_offsets(analysis, rows) for rows in (analysis.sends_by_key, analysis.reads_by_key)]
        event, key, offset = (np.concatenate(columns) for columns in zip(*shown, strict=True))
        timed = np.flatnonzero(analysis.history.time[event] != NIL)
        order = timed[np.lexsort((event[timed], key[timed]))]
        event, key, offset = event[order], key[order], offset[order]
        self._passed: dict[int, tuple[Ints, Ints]] = {}
        begin = starts_of(key)
        for low, high in zip(begin, np.append(begin, len(key))[1:], strict=True):
            highest = np.maximum.accumulate(offset[low:high])
            new = starts_of(highest)
            self._passed[int(key[low])] = highest[new], analysis.history.time[event[low:high][new]]

    def passed(self, key: int, offset: int) -> int | None:
        """When a higher offset of a key was first known; None if never."""
        highest, time = self._passed.get(key, (np.empty(0, np.int64), np.empty(0, np.int64)))
        place = int(np.searchsorted(highest, offset, "right"))
        return int(time[place]) if place < len(time) else None


def realtime_lag(analysis: Analysis) -> Iterator[Lag]:
    """The lag of every ok poll in every key that its process is assigned, or has polled since it subscribed.

    A process that is assigned keys anew keeps its positions in those that it had; one that subscribes loses all. Polls
    without a recorded invoke or time have no lag.
    """
    history, ends = analysis.history, Ends(analysis)
    shown: dict[int, Positions] = {}
    for touches in (analysis.sends_by_key, analysis.reads_by_key):
        for event, key, offset in zip(*(column.tolist() for column in known_offsets(analysis, touches)), strict=True):
            highest = shown.setdefault(event, {})
            highest[key] = max(offset, highest.get(key, NOTHING))
    rows, owner = rows_at_outcomes(history, [Kind.ASSIGN])
    assigned: dict[int, list[int]] = {}
    for event, key in zip(owner.tolist(), history.key[rows].tolist(), strict=True):
        assigned.setdefault(event, []).append(key)
    of_process: dict[int, Positions] = {}
    for event in np.flatnonzero(analysis.outcome == EventType.OK).tolist():
        process, function = int(history.process[event]), history.function_name(event)
        positions = of_process.get(process, {})
        if function == "assign":
            of_process[process] = {key: positions.get(key, NOTHING) for key in assigned.get(event, [])}
        elif function == "subscribe":
            of_process[process] = {}
        elif function in ("poll", "txn"):
            for key, offset in shown.get(event, {}).items():
                positions[key] = max(offset, positions.get(key, NOTHING))
            of_process[process] = positions
            yield from lags(analysis, ends, event, positions)


def lags(analysis: Analysis, ends: Ends, event: int, positions: Mapping[int, int]) -> Iterator[Lag]:
    """The lag of a poll in each key, in the order of the keys' names in the recording."""
    history = analysis.history
    invoke = int(history.partner[event])
    if invoke == NONE or history.time[invoke] == NIL:
        return
    time = int(history.time[invoke])
    for key, offset in sorted(positions.items()):
        passed = ends.passed(key, offset)
        lag = 0 if passed is None else max(0, time - passed)
        yield Lag(time, history.processes.names[history.process[event]], history.shown_key(key), lag)


def worst_realtime_lag(analysis: Analysis) -> Lag | None:
    """The first of the greatest lags; None if there is none at all."""
    return max(realtime_lag(analysis), key=lambda lag: lag.lag, default=None)


@dataclass(frozen=True, slots=True)
class ConsumeCounts:
    """How often one process consumed one message in ok polls while subscribed."""

    distribution: Mapping[int, int]
    """Of each number of times, how many (process, message) pairs there are."""
    repeated: tuple[tuple[Json, Json, Json, int], ...]
    """(process, key, value, times) of all that were consumed more than once."""


def consume_counts(analysis: Analysis) -> ConsumeCounts:
    """How often messages are consumed; assigned consumers are free to consume as often as they like."""
    history, reads = analysis.history, analysis.reads
    code = history.functions.find("subscribe")
    subscribed = np.flatnonzero((history.function == code) & (analysis.outcome == EventType.OK))
    since = first_of(history.process[subscribed], len(history.processes.names), subscribed, len(history))
    process = history.process[reads.event]
    rows = np.flatnonzero((analysis.outcome[reads.event] == EventType.OK) & (reads.event > since[process]))
    pairs = number_pairs(process[rows], reads.message[rows])
    times = np.bincount(pairs.number, minlength=len(pairs))
    count, pairs_with = np.unique(times, return_counts=True)
    repeated = tuple(
        (
            history.processes.names[pairs.major[pair]],
            analysis.key(int(analysis.messages.major[pairs.minor[pair]])),
            analysis.value(int(pairs.minor[pair])),
            int(times[pair]),
        )
        for pair in np.flatnonzero(times > 1)
    )
    return ConsumeCounts(dict(zip(count.tolist(), pairs_with.tolist(), strict=True)), repeated)


def unseen_over_time(analysis: Analysis) -> list[Unseen]:
    """Every change in how many messages of a key are acknowledged and not polled, in the order of the recording."""
    sends, messages = analysis.sends, analysis.messages
    ok = analysis.outcome[sends.event] == EventType.OK
    never = len(analysis.history)
    sent = first_of(sends.message[ok], len(messages), sends.event[ok].astype(np.int64), never)
    polled = np.where(analysis.reader_of == NONE, never, analysis.reader_of)
    waited = np.flatnonzero(sent < polled)
    seen = waited[polled[waited] < never]
    event = np.concatenate((sent[waited], polled[seen]))
    change = np.concatenate((np.ones(len(waited), np.int64), np.full(len(seen), -1)))
    key = messages.major[np.concatenate((waited, seen))]
    order = np.lexsort((event, key))
    event, change, key = event[order], change[order], key[order]
    total = np.cumsum(change)
    begin = starts_of(key, event)
    end = np.append(begin[1:], len(key))[: len(begin)] - 1
    # Each key starts from the total of those before it.
    base = (total - change)[starts_of(key)]
    count = total[end] - base[np.searchsorted(key[starts_of(key)], key[end])]
    in_time = np.argsort(event[end], kind="stable")
    times = [None if time == NIL else time for time in analysis.history.time[event[end]].tolist()]
    return [Unseen(times[i], analysis.key(int(key[end[i]])), int(count[i])) for i in in_time.tolist()]

"""Anomalies of order: polls and sends that skip over messages of a log or go back, in a transaction or between two.

Two messages that follow one another in a transaction (int_...), or are the last of one and the first of the next one of
a process, are compared by their places in the version order: a step of 1 is right, more is a skip, less goes back.
Where a place isn't known, nothing is claimed.

Source: Jepsen's workload for Kafka (jepsen.tests.kafka): (int-)poll-skip, (int-)nonmonotonic-poll, int-send-skip,
(int-)nonmonotonic-send, its subtleties included. Only an ok poll moves a consumer on, aborted ones are compared with
the last ok one. Assigning or subscribing anew forgets the keys that are not named again; keys in an event's
rebalance_log are not judged inside it. Ours: an assignment that seeks to the beginning forgets all keys, and so do
unsubscribe, close and crash, after which Jepsen uses a new process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from checkers.history.anomalies.analysis import Analysis, Touches, rows_at_outcomes
from checkers.history.anomalies.columns import (
    Evidence,
    Findings,
    Ints,
    Mask,
    in_order,
    most_first,
    number_pairs,
)
from checkers.history.groups import starts_of
from checkers.history.history import NONE, EventType, Json, Kind

SKIPPED_MAX = 32
"""So many of the messages that were skipped are shown; `delta` - 1 is how many there are."""
ASSIGNING = ("assign", "subscribe", "unsubscribe", "close", "crash")
"""The functions that replace what a process reads from; those that name no keys end it."""
SEEKS = ("seek_to_beginning", "seek_to_beginning?")


@dataclass(frozen=True, eq=False)
class Steps:
    """Messages that follow one another and are not neighbours in the version order."""

    before: Ints  # messages
    after: Ints
    first: Ints  # the outcome of the former and of the latter
    second: Ints
    delta: Ints

    def where(self, rows: Mask | Ints) -> Steps:
        """Some of them."""
        return Steps(self.before[rows], self.after[rows], self.first[rows], self.second[rows], self.delta[rows])


def misplaced(analysis: Analysis, pairs: tuple[Ints, Ints], events: tuple[Ints, Ints]) -> Steps:
    """The pairs of messages whose places are known and are not one after the other."""
    place = analysis.orders.place
    before, after = place[pairs[0]], place[pairs[1]]
    bad = np.flatnonzero((after - before != 1) & (before != NONE) & (after != NONE))
    return Steps(pairs[0][bad], pairs[1][bad], events[0][bad], events[1][bad], (after - before)[bad])


def internal_steps(analysis: Analysis, rows: Touches) -> Steps:
    """The steps inside each transaction; the rows of one are ordered by key."""
    near = np.flatnonzero((rows.event[1:] == rows.event[:-1]) & (rows.key[1:] == rows.key[:-1]))
    event = rows.event[near].astype(np.int64)
    return misplaced(analysis, (rows.message[near], rows.message[near + 1]), (event, event))


def external_steps(analysis: Analysis, rows: Touches, counted: Mask, moving: Mask) -> Steps:
    """The steps of each process from one transaction to the next; the rows of one are ordered by key.

    Of the events that are counted, each is compared with the last one before it that is moving; both by event.
    """
    begin = starts_of(rows.event, rows.key)
    end = np.append(begin[1:], len(rows)) - 1
    kept = counted[rows.event[begin]]
    begin, end = begin[kept], end[kept]
    event, key = rows.event[begin].astype(np.int64), rows.key[begin]
    turn = number_pairs(analysis.history.process[event], key).number
    order = in_order(turn)
    if order is not None:
        turn, event, begin, end = turn[order], event[order], begin[order], end[order]
    latest = np.maximum.accumulate(np.where(moving[event], np.arange(len(event)), NONE))
    previous = np.append(NONE, latest[:-1])[: len(event)]
    here = np.flatnonzero((previous != NONE) & (turn[previous] == turn if len(turn) else False))
    there = previous[here]
    steps = misplaced(analysis, (rows.message[end[there]], rows.message[begin[here]]), (event[there], event[here]))
    steps = steps.where(~forgotten(analysis, steps))
    order = np.lexsort((analysis.messages.major[steps.after], steps.second))
    return steps.where(order.astype(np.int64))


def forgotten(analysis: Analysis, steps: Steps) -> Mask:
    """Whether the process was assigned other keys in between."""
    history = analysis.history
    if len(steps.delta) == 0:
        return np.zeros(0, bool)
    process = history.process[steps.second].astype(np.int64)
    key = analysis.messages.major[steps.after]
    codes = [code for name in ASSIGNING if (code := history.functions.find(name)) != NONE]
    effective = (analysis.outcome == EventType.OK) | (analysis.outcome == EventType.INFO)
    replaced = np.flatnonzero(np.isin(history.function, np.array(codes, np.int16)) & effective)
    rows, named_in = rows_at_outcomes(history, [Kind.ASSIGN, Kind.SUBSCRIBE])
    seeks = np.array([e for e, fields in history.fields.items() if any(map(fields.get, SEEKS))], np.int64)
    kept = effective[named_in] & ~np.isin(named_in, np.append(seeks, history.partner[seeks]))
    named_in, named = named_in[kept].astype(np.int64), history.key[rows[kept]]
    pairs = number_pairs(np.append(history.process[named_in], process), np.append(named, key)).number
    times = len(history)
    all_of = np.sort(history.process[replaced].astype(np.int64) * times + replaced)
    with_key = np.unique(pairs[: len(named_in)] * times + named_in)
    mine = pairs[len(named_in) :]

    def between(moments: Ints, group: Ints) -> Ints:
        low = np.searchsorted(moments, group * times + steps.first, "right")
        return cast("Ints", np.searchsorted(moments, group * times + steps.second) - low)

    return cast("Mask", between(all_of, process) != between(with_key, mine))


def rebalanced(analysis: Analysis, steps: Steps) -> Mask:
    """Whether the event's rebalance log names the key of the step."""
    history = analysis.history
    if len(steps.delta) == 0:
        return np.zeros(0, bool)
    keys = len(history.keys.names)
    told = [
        event * keys + code
        for event, fields in history.fields.items()
        for name in rebalanced_keys(fields)
        if (code := history.keys.find(name)) != NONE
    ]
    return np.isin(steps.second * keys + analysis.messages.major[steps.after], np.array(told, np.int64))


def rebalanced_keys(fields: Mapping[str, Json]) -> list[Json]:
    """All keys that the rebalance log among an event's fields names."""
    log: Any = fields.get("rebalance_log")
    if not isinstance(log, list):
        return []
    entries = [entry.get("keys") for entry in log if isinstance(entry, dict)]
    return [key for keys in entries if isinstance(keys, list) for key in keys]


def internal_polls(analysis: Analysis) -> Steps:
    """The steps between records polled in one transaction."""
    steps = internal_steps(analysis, analysis.reads_by_key)
    return steps.where(~rebalanced(analysis, steps))


def internal_sends(analysis: Analysis) -> Steps:
    """The steps between messages sent in one transaction."""
    return internal_steps(analysis, analysis.sends_by_key)


def external_polls(analysis: Analysis) -> Steps:
    """The steps of a consumer from one transaction to the next."""
    ok = analysis.outcome == EventType.OK
    return external_steps(analysis, analysis.reads_by_key, np.ones(len(ok), bool), ok)


def external_sends(analysis: Analysis) -> Steps:
    """The steps of a producer from one transaction to the next."""
    maybe = (analysis.outcome == EventType.OK) | (analysis.outcome == EventType.INFO)
    return external_steps(analysis, analysis.sends_by_key, maybe, maybe)


def skips(analysis: Analysis, steps: Steps) -> Findings:
    """The steps that leave messages out, the widest first."""
    orders = analysis.orders
    steps = steps.where(steps.delta > 1)

    def show(row: int) -> Evidence:
        slot, delta = int(orders.place[steps.before[row]]), int(steps.delta[row])
        skipped = orders.message[slot + 1 : slot + min(delta, SKIPPED_MAX + 1)]
        return told(analysis, steps, row) | {"skipped": [analysis.value(message) for message in skipped]}

    return Findings(most_first(steps.delta), show)


def returns(analysis: Analysis, steps: Steps) -> Findings:
    """The steps that go back or stay, the farthest first."""
    steps = steps.where(steps.delta < 1)
    return Findings(most_first(-steps.delta), lambda row: told(analysis, steps, row))


def told(analysis: Analysis, steps: Steps, row: int) -> Evidence:
    """What there is to say of any step."""
    before, after = int(steps.before[row]), int(steps.after[row])
    events = dict.fromkeys((analysis.index(int(steps.first[row])), analysis.index(int(steps.second[row]))))
    return {
        "key": analysis.key(int(analysis.messages.major[after])),
        "values": [analysis.value(before), analysis.value(after)],
        "delta": int(steps.delta[row]),
        "operations": list(events),
    }


def poll_skip(analysis: Analysis) -> Findings:
    """A consumer went on after messages that exist."""
    return skips(analysis, analysis.once(external_polls))


def nonmonotonic_poll(analysis: Analysis) -> Findings:
    """A consumer went on at or before what it polled last."""
    return returns(analysis, analysis.once(external_polls))


def nonmonotonic_send(analysis: Analysis) -> Findings:
    """A producer's message stands at or before what it sent last."""
    return returns(analysis, external_sends(analysis))


def int_poll_skip(analysis: Analysis) -> Findings:
    """A transaction polled on over messages that exist."""
    return skips(analysis, analysis.once(internal_polls))


def int_nonmonotonic_poll(analysis: Analysis) -> Findings:
    """A transaction polled records against the order of the log, or one twice."""
    return returns(analysis, analysis.once(internal_polls))


def int_send_skip(analysis: Analysis) -> Findings:
    """Another message stands between two that a transaction sent one after the other."""
    return skips(analysis, analysis.once(internal_sends))


def int_nonmonotonic_send(analysis: Analysis) -> Findings:
    """Two messages of a transaction stand in the log against the order in which it sent them."""
    return returns(analysis, analysis.once(internal_sends))

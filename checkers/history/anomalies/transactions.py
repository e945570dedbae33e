"""Torn transactions: some messages of a committed transaction are seen, others are provably passed over or lost.

A transaction is a txn operation that sends several messages (a send of several is none: each of them may fail by
itself); it is committed if it is ok, or if a message of it was
polled. It is torn for a consumer that polled a message of it and skipped another: went on from before it to after it in
a key, inside a transaction, or from one to the next if it is not subscribed (then another member may have polled what
lies between). It is torn for all if an ok consumer polled a message of it, and another of its messages is lost.

Source: the atomic visibility of transactions (KIP-98); ours, Jepsen leaves it open.
Left out: consumers that have not come so far yet, and keys that they don't read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checkers.history.anomalies.analysis import Analysis
from checkers.history.anomalies.columns import Evidence, Findings, Ints, Mask, number_pairs
from checkers.history.anomalies.order import Steps, external_polls, internal_polls
from checkers.history.anomalies.visibility import lost_messages
from checkers.history.history import NONE, Json


@dataclass(frozen=True, eq=False)
class Torn:
    """Messages that were passed over: by the consumers of which process (NONE: by all), and what proves it."""

    process: Ints
    message: Ints
    reader: Ints  # an outcome that polled another message of the same transaction


def passed_over(analysis: Analysis) -> tuple[Ints, Ints]:
    """The stretches of slots, as (process and first slot, process and last slot) packed, that consumers left out.

    In ascending order; a stretch may lie in an earlier one, the last slots are running maxima.
    """
    steps = [analysis.once(internal_polls)]
    if not analysis.settings.subscribed:
        steps.append(analysis.once(external_polls))
    size = len(analysis.orders.key)
    first, last = zip(*(packed_stretches(analysis, step.where(step.delta > 1), size) for step in steps), strict=True)
    low, high = np.concatenate(first), np.concatenate(last)
    order = np.argsort(low, kind="stable")
    return low[order], np.maximum.accumulate(high[order])


def packed_stretches(analysis: Analysis, steps: Steps, size: int) -> tuple[Ints, Ints]:
    """The first and the last slot that each step leaves out, packed with its process."""
    base = analysis.history.process[steps.second].astype(np.int64) * size
    place = analysis.orders.place
    return base + place[steps.before] + 1, base + place[steps.after] - 1


def skipped_messages(analysis: Analysis) -> Torn:
    """The messages of transactions that a process polled in part and skipped in part."""
    low, high = passed_over(analysis)
    sends, reads, process = analysis.sends, analysis.reads, analysis.history.process
    size, messages = len(analysis.orders.key), len(analysis.messages)
    if len(low) == 0:
        return Torn(*(np.empty(0, np.int64) for _ in range(3)))
    skipping = np.zeros(len(analysis.history.processes.names), bool)
    skipping[low // size] = True
    touched = touched_transactions(analysis, low, high)
    rows = np.flatnonzero(skipping[process[reads.event]] & touched[analysis.writer_of[reads.message]])
    reader, message = process[reads.event[rows]].astype(np.int64), reads.message[rows]
    polled = np.unique(reader * messages + message)
    writer = analysis.writer_of[message]
    pairs = number_pairs(reader, writer)
    first_reader = np.zeros(len(pairs), np.int64)
    first_reader[pairs.number[::-1]] = reads.event[rows][::-1]
    begin = np.searchsorted(sends.event, pairs.minor)
    count = np.searchsorted(sends.event, pairs.minor, "right") - begin
    pair = np.repeat(np.arange(len(pairs)), count)
    sent = sends.message[np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count) + begin[pair]]
    slot = analysis.orders.place[sent]
    at = pairs.major[pair] * size + slot
    torn = (slot != NONE) & within(at, low, high)
    torn &= ~np.isin(pairs.major[pair] * messages + sent, polled)
    return Torn(pairs.major[pair[torn]], sent[torn], first_reader[pair[torn]])


def touched_transactions(analysis: Analysis, low: Ints, high: Ints) -> Mask:
    """By event, and False at NONE: the committed operations with a message at a slot that any process skipped."""
    orders, sends = analysis.orders, analysis.sends
    size = len(orders.key)
    change = np.bincount(low % size, minlength=size + 1) - np.bincount(high % size + 1, minlength=size + 1)
    skipped = np.append(np.cumsum(change[:size]) > 0, False)  # at NONE: no slot at all
    touched = np.zeros(len(analysis.history) + 1, bool)
    touched[sends.event[skipped[orders.place[sends.message]]]] = True
    touched[:-1] &= analysis.committed
    return touched


def within(points: Ints, low: Ints, high: Ints) -> Mask:
    """Whether points lie in a stretch; `low` is ascending, `high` are running maxima."""
    at = np.searchsorted(low, points, "right") - 1
    return (at >= 0) & (high[at] >= points)


def lost_parts(analysis: Analysis) -> Torn:
    """The lost messages of transactions of which another message was polled."""
    lost, _ = analysis.once(lost_messages)
    sends = analysis.sends
    reader = np.full(len(analysis.history), NONE, np.int64)
    seen = np.flatnonzero(analysis.reader_of[sends.message] != NONE)[::-1]
    reader[sends.event[seen]] = analysis.reader_of[sends.message[seen]]
    proof = reader[analysis.writer_of[lost]]
    kept = proof != NONE
    return Torn(np.full(int(kept.sum()), NONE, np.int64), lost[kept], proof[kept])


def torn_transaction(analysis: Analysis) -> Findings:
    """Committed transactions that are seen in part only, once for each consumer that shows it."""
    parts = [lost_parts(analysis), skipped_messages(analysis)]
    process, message, reader = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("process", "message", "reader")
    )
    kept = analysis.history.function[analysis.writer_of[message]] == analysis.history.functions.find("txn")
    process, message, reader = process[kept], message[kept], reader[kept]
    pairs = number_pairs(analysis.writer_of[message], process)
    order = np.argsort(pairs.number, kind="stable")
    begin = np.searchsorted(pairs.number[order], np.arange(len(pairs) + 1))

    def show(number: int) -> Evidence:
        rows = order[begin[number] : begin[number + 1]]
        writer, missing = int(pairs.major[number]), set(message[rows].tolist())
        consumer = int(pairs.minor[number])
        return {
            "writer": analysis.index(writer),
            "reader": analysis.index(int(reader[rows[0]])),
            "process": None if consumer == NONE else analysis.history.processes.names[consumer],
            "missing": [named(analysis, sent) for sent in sent_by(analysis, writer) if sent in missing],
            "seen": [
                named(analysis, sent) for sent in sent_by(analysis, writer) if polled_by(analysis, sent, consumer)
            ],
        }

    return Findings(np.arange(len(pairs)), show)


def sent_by(analysis: Analysis, event: int) -> list[int]:
    """The messages that an operation sent."""
    low, high = np.searchsorted(analysis.sends.event, [event, event + 1])
    return [int(message) for message in analysis.sends.message[low:high]]


def polled_by(analysis: Analysis, message: int, process: int) -> bool:
    """Whether a process, or for NONE any ok operation, polled a message."""
    if process == NONE:
        return bool(analysis.reader_of[message] != NONE)
    events = analysis.reads.event[analysis.reads.message == message]
    return bool(np.any(analysis.history.process[events] == process))


def named(analysis: Analysis, message: int) -> Json:
    """A message as [key, value]."""
    return [analysis.key(int(analysis.messages.major[message])), analysis.value(message)]

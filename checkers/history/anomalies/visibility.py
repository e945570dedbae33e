"""Anomalies of what consumers see: aborted, uncommitted, unsent, lost and unseen messages.

Source: Jepsen's workload for Kafka (jepsen.tests.kafka): G1a, precommitted-read, lost-write, unseen. It gives up where
a value was polled that nobody sent; phantom_read is that case.
Left out: phantom reads where the history has no send at all, of any key: it was recorded from consumers alone, and
what they polled was sent by others.
"""

from __future__ import annotations

import numpy as np

from checkers.history.anomalies.analysis import Analysis
from checkers.history.anomalies.columns import Evidence, Findings, Ints, Mask, first_of, most_first
from checkers.history.history import NIL, NONE, EventType, Kind

VALUES_MAX = 32
"""So many values stand in a list of what is missing; `count` tells how many there are."""


def aborted_read(analysis: Analysis) -> Findings:
    """Messages of failed sends in polls that happened (G1a), poll by poll."""
    reads, outcome = analysis.reads, analysis.outcome
    writer = analysis.writer_of[reads.message]
    failed = (writer != NONE) & (outcome[writer] == EventType.FAIL)
    return read_findings(analysis, failed & (outcome[reads.event] == EventType.OK))


def precommitted_read(analysis: Analysis) -> Findings:
    """Messages that were polled in the transaction that sent them, which was not yet committed then."""
    reads = analysis.reads
    return read_findings(analysis, analysis.writer_of[reads.message] == reads.event)


def read_findings(analysis: Analysis, bad: Mask) -> Findings:
    """Evidence of one record each, for the reads that are bad."""
    reads = analysis.reads

    def show(row: int) -> Evidence:
        message = int(reads.message[row])
        return {
            "key": analysis.key(reads.key[row]),
            "value": analysis.value(message),
            "offset": None if reads.offset[row] == NIL else int(reads.offset[row]),
            "writer": analysis.index(int(analysis.writer_of[message])),
            "reader": analysis.index(int(reads.event[row])),
        }

    return Findings(np.flatnonzero(bad), show)


def phantom_read(analysis: Analysis) -> Findings:
    """Messages that were polled although nobody ever sent them. The most often polled first."""
    reads, messages = analysis.reads, analysis.messages
    sends_recorded = bool(np.any(analysis.history.kind == Kind.SEND))
    count = np.bincount(reads.message, minlength=len(messages))
    found = np.flatnonzero((count > 0) & (analysis.writer_of == NONE) & sends_recorded)
    found = found[most_first(count[found])]
    first = first_of(reads.message, len(messages), np.arange(len(reads)), NONE)

    def show(message: int) -> Evidence:
        row = int(first[message])
        return {
            "key": analysis.key(messages.major[message]),
            "value": analysis.value(message),
            "offset": None if reads.offset[row] == NIL else int(reads.offset[row]),
            "count": int(count[message]),
            "reader": analysis.index(int(reads.event[row])),
        }

    return Findings(found, show)


def lost_messages(analysis: Analysis) -> tuple[Ints, Ints]:
    """The messages that must have been polled and were not, and for each key the message that proves it, or NONE.

    Must have been: their last place is not after the bound of the key, the latest of the first places of what was
    polled; first and last places make this hold however conflicts and duplicates are resolved.
    """
    polled = np.flatnonzero((analysis.reader_of != NONE) & (analysis.first_place != NONE))
    polled = polled[np.argsort(analysis.first_place[polled], kind="stable")]
    keys = len(analysis.history.keys.names)
    proof = np.full(keys, NONE, np.int64)
    proof[analysis.messages.major[polled]] = polled
    bound = np.where(proof == NONE, NONE, analysis.first_place[proof] if len(analysis.messages) else NONE)
    writer = analysis.writer_of
    lost = (analysis.last_place != NONE) & (analysis.last_place <= bound[analysis.messages.major])
    lost &= (analysis.reader_of == NONE) & (writer != NONE)
    found = np.flatnonzero(lost)
    found = found[analysis.committed[writer[found]]]
    return found[np.argsort(analysis.last_place[found], kind="stable")], proof


def lost_write(analysis: Analysis) -> Findings:
    """Messages that are proved to be committed and that nobody polled, although a later one of the key was polled."""
    found, proof = analysis.once(lost_messages)
    orders = analysis.orders

    def show(message: int) -> Evidence:
        key = int(analysis.messages.major[message])
        last = int(proof[key])
        slot = int(analysis.first_place[message])
        return {
            "key": analysis.key(key),
            "value": analysis.value(message),
            "offset": int(orders.offset[slot]),
            "index": orders.index(slot),
            "max_read_index": orders.index(int(analysis.first_place[last])),
            "writer": analysis.index(int(analysis.writer_of[message])),
            "reader": analysis.index(int(analysis.reader_of[last])),
        }

    return Findings(found, show)


def unseen_messages(analysis: Analysis) -> Ints:
    """The messages that were acknowledged and never polled, by key and value."""
    acknowledged = np.zeros(len(analysis.messages), bool)
    acknowledged[analysis.sends.message[analysis.outcome[analysis.sends.event] == EventType.OK]] = True
    return np.flatnonzero(acknowledged & (analysis.reader_of == NONE))


def unseen(analysis: Analysis) -> Findings:
    """Keys with messages that were acknowledged and never polled. Those with the most such messages first."""
    messages = unseen_messages(analysis)
    of_key = analysis.messages.major[messages]
    count = np.bincount(of_key, minlength=len(analysis.history.keys.names))
    keys = np.flatnonzero(count)

    def show(key: int) -> Evidence:
        low = int(np.searchsorted(of_key, key))
        shown = messages[low : low + min(int(count[key]), VALUES_MAX)]
        return {
            "key": analysis.key(key),
            "count": int(count[key]),
            "values": [analysis.value(message) for message in shown],
            "writers": [analysis.index(int(analysis.writer_of[message])) for message in shown],
        }

    return Findings(keys[most_first(count[keys])], show)

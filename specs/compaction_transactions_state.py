"""The state of `specs.compaction_transactions`: what was written, and what each replica's cleaner has left of it.

Source: as `specs.compaction_transactions`.
"""

from __future__ import annotations

from specs.drawn import Drawn
from specs.language import NONE, Array, Bool, Id, Int, Maybe, Record, SetOf, bound, contains

REPLICAS = bound("replicas", 2, low=1, high=4, doc="replicas of the partition")
PRODUCERS = bound("producers", 2, low=1, high=3, doc="transactional producers")
KEYS = bound("keys", 1, low=1, high=4, doc="keys of records")
LOG_SIZE = bound("log_size", 5, low=1, high=8, doc="offsets of the log")
SEGMENT_RECORDS = bound("segment_records", 2, low=1, high=8, doc="offsets of a segment")
MAX_FAILURES = bound("max_failures", 1, low=0, high=4, doc="times that a replica falls out of sync")

REPLICA = Id("replica", REPLICAS)
PRODUCER = Id("producer", PRODUCERS)
KEY = Int(0, KEYS - 1)
OFFSET = Int(0, LOG_SIZE)

DATA = 0
COMMIT = 1
ABORT = 2

OPEN = 0
"""What becomes of a record, else COMMIT or ABORT."""


def written_text(written: Written) -> str:
    """What was written, as it is drawn: the producer with the key of its record or with the outcome."""
    who = "" if written.producer == NONE else f"p{written.producer}:"
    return f"{who}k{written.key}" if written.kind == DATA else f"{who}{'commit' if written.kind == COMMIT else 'abort'}"


class Written(Record):
    """What was appended at an offset: a record, or the marker that ends a transaction."""

    kind = Int(DATA, ABORT)
    producer = Maybe(PRODUCER)
    """None for a record outside transactions."""
    key = Maybe(KEY)
    drawn = (Drawn("", ("kind", "producer", "key"), written_text),)


def batches_text(log: Replica) -> str:
    """A log as it is drawn: `#` a record, `h` a marker with a horizon, `_` an empty batch, `.` a gap."""
    shown = []
    for o in range(log.log_end_offset):
        held = "h" if contains(log.with_horizon, o) else "#"
        shown.append(held if contains(log.records, o) else "_" if contains(log.batches, o) else ".")
    return f"[{''.join(shown[: log.cleaned_to])}|{''.join(shown[log.cleaned_to :])}]"


class Replica(Record):
    """What a replica has: batches, maybe empty, and those of them that still hold their record or marker."""

    log_end_offset = OFFSET
    batches = SetOf(Int(0, LOG_SIZE - 1))
    records = SetOf(Int(0, LOG_SIZE - 1))
    with_horizon = SetOf(Int(0, LOG_SIZE - 1))
    """Markers that a cleaning of this replica has found without data. The horizon may pass before the next one."""
    cleaned_to = OFFSET
    in_sync = Bool()
    drawn = (Drawn("log", ("log_end_offset", "batches", "records", "with_horizon", "cleaned_to"), batches_text),)


class State(Record):
    """The partition. Offsets below `log_end_offset` were written, and every replica in sync has them."""

    written = Array(Written, LOG_SIZE)
    log_end_offset = OFFSET
    replicas = Array(Replica, REPLICA)
    failures = Int(0, MAX_FAILURES)


def initial(s: State) -> None:
    """Empty logs, all in sync."""
    for r in range(REPLICAS):
        s.replicas[r].in_sync = True


def ends_transaction_of(s: State, marker: int, offset: int) -> bool:
    """Whether there is a marker of a record's producer at a later offset."""
    return (
        offset < marker < s.log_end_offset
        and s.written[marker].kind != DATA
        and s.written[marker].producer == s.written[offset].producer
    )


def marker_of(s: State, offset: int) -> int:
    """The offset of the marker that ended a record's transaction; NONE while it is open or if there is none."""
    for m in range(LOG_SIZE):
        if s.written[offset].producer != NONE and ends_transaction_of(s, m, offset):
            return m
    return NONE


def outcome(s: State, offset: int) -> int:
    """What became of a record: COMMIT, ABORT or OPEN."""
    if s.written[offset].producer == NONE:
        return COMMIT
    marker = marker_of(s, offset)
    return OPEN if marker == NONE else s.written[marker].kind


def outcome_at(s: State, replica: int, offset: int) -> int:
    """The same as a replica tells by its own log: by the next marker of the producer that is there."""
    if s.written[offset].producer == NONE:
        return COMMIT
    for m in range(LOG_SIZE):
        if contains(s.replicas[replica].records, m) and ends_transaction_of(s, m, offset):
            return s.written[m].kind
    return OPEN


def is_data(s: State, offset: int) -> bool:
    """Whether a record was written at an offset, not a marker."""
    return offset < s.log_end_offset and s.written[offset].kind == DATA


def last_stable_offset(s: State) -> int:
    """The first offset of an open transaction, else the log end."""
    for o in range(LOG_SIZE):
        if is_data(s, o) and outcome(s, o) == OPEN:
            return o
    return s.log_end_offset


def last_stable_offset_at(s: State, replica: int) -> int:
    """The same as a replica tells by its own log, in which an empty batch is as good as a full one."""
    for o in range(LOG_SIZE):
        if contains(s.replicas[replica].batches, o) and is_data(s, o) and outcome_at(s, replica, o) == OPEN:
            return o
    return s.replicas[replica].log_end_offset


def is_last_of_producer(s: State, offset: int, batches: int) -> bool:
    """Whether no later record of the producer is, or was, in some batches: this one's has the last sequence."""
    return s.written[offset].producer != NONE and not any(
        contains(batches, o) and is_data(s, o) and s.written[o].producer == s.written[offset].producer
        for o in range(LOG_SIZE)
        if offset < o
    )


def same_segment(a: int, b: int) -> bool:
    """Whether two offsets are in one segment."""
    return a // SEGMENT_RECORDS == b // SEGMENT_RECORDS

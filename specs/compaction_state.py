"""The state of `specs.compaction`: the log of each replica with what its cleaner has left of it, and one reader.

Source: as `specs.compaction`.
"""

from __future__ import annotations

from specs.drawn import Drawn
from specs.language import NONE, Array, Bool, Id, Int, Maybe, Nested, Record, SetOf, action, bound, contains, insert

REPLICAS = bound("replicas", 2, low=2, high=4, doc="replicas of the partition")
KEYS = bound("keys", 1, low=1, high=4, doc="keys of records")
LOG_SIZE = bound("log_size", 3, low=1, high=6, doc="offsets of the log")
MAX_LEADER_EPOCH = bound("max_leader_epoch", 1, low=0, high=4, doc="the last leader epoch; the first is 0")
MAX_FAILURES = bound("max_failures", 1, low=0, high=4, doc="times that a replica goes offline")
RETENTION = bound("retention", 1, low=1, high=4, doc="delete.retention.ms, in ticks of the clock")

REPLICA = Id("replica", REPLICAS)
KEY = Id("key", KEYS)
EPOCH = Int(0, MAX_LEADER_EPOCH)
OFFSET = Int(0, LOG_SIZE)


class Entry(Record):
    """What a log has at an offset. A record is a key with a value or with none, a tombstone."""

    epoch = Maybe(EPOCH)
    """The leader epoch in which the offset was given away, known for good from the leader-epoch checkpoint."""
    batch = Bool()
    """Whether a batch is there. It may be an empty one, which holds the offset and nothing else."""
    key = Maybe(KEY)
    """None where the cleaner has removed the record."""
    tombstone = Bool()
    horizon = Maybe(Int(0, RETENTION))
    """Ticks until the delete horizon of a tombstone; none before the first cleaning that met it."""


def entries_text(log: Replica) -> str:
    """A log as it is drawn: key, `x` if a tombstone, `_` for an empty batch, `.` for a gap; a bar at the checkpoint."""
    shown = []
    for o in range(log.log_end_offset):
        e = log.entries[o]
        mark = ("x" if e.tombstone else "") if e.horizon == NONE else f"x{e.horizon}"
        shown.append(f"k{e.key}{mark}" if e.key != NONE else "_" if e.batch else ".")
    return f"[{' '.join(shown[: log.cleaned_to])}|{' '.join(shown[log.cleaned_to :])}]"


class Replica(Record):
    """A replica's log, its cleaner's checkpoint (an exclusive end), and the leader epoch that it has truncated for."""

    entries = Array(Entry, LOG_SIZE)
    log_end_offset = OFFSET
    cleaned_to = OFFSET
    epoch = EPOCH
    online = Bool()
    drawn = (Drawn("log", ("entries", "log_end_offset", "cleaned_to"), entries_text),)


class Committed(Record):
    """A record as it was written; what a log without compaction would hold."""

    key = Maybe(KEY)
    tombstone = Bool()


class Reader(Record):
    """A scan of one replica from the start: how far it is, its age in ticks, and the last value of each key."""

    replica = Maybe(REPLICA)
    position = OFFSET
    age = Int(0, RETENTION - 1)
    seen = Array(Maybe(Int(0, LOG_SIZE - 1)), KEY)
    """The offset of the value that the reader has for a key; none if it has none or saw the key deleted."""


class State(Record):
    """The partition. Offsets below `high_watermark` are committed, and `committed` says what was written there."""

    replicas = Array(Replica, REPLICA)
    leader = Maybe(REPLICA)
    leader_epoch = EPOCH
    isr = SetOf(REPLICA)
    high_watermark = OFFSET
    committed = Array(Committed, LOG_SIZE)
    failures = Int(0, MAX_FAILURES)
    reader = Nested(Reader)


@action(leader=REPLICA)
def initial(s: State, leader: int) -> None:
    """Empty logs, all in sync, and a leader."""
    s.leader = leader
    for r in range(REPLICAS):
        s.replicas[r].online = True
        s.isr = insert(s.isr, r)


def is_current(s: State, replica: int) -> bool:
    """Online, and its log is a prefix of the leader's: it has truncated for the leader's epoch."""
    return s.replicas[replica].online and s.replicas[replica].epoch == s.leader_epoch


def readable_end(s: State, replica: int) -> int:
    """The offset, exclusive, up to which a replica that is current holds committed records."""
    return min(s.high_watermark, s.replicas[replica].log_end_offset)


def clear(entry: Entry) -> None:
    """Remove the record; its batch is another matter."""
    entry.key = NONE
    entry.tombstone = False
    entry.horizon = NONE


def truncate(log: Replica, end_offset: int) -> None:
    """Drop everything at or above an offset."""
    for offset in range(LOG_SIZE):
        if offset >= end_offset:
            clear(log.entries[offset])
            log.entries[offset].epoch = NONE
            log.entries[offset].batch = False
    log.log_end_offset = end_offset


def latest_committed(s: State, key: int, end_offset: int) -> int:
    """The offset of the last committed record of a key below an offset; NONE if there is none."""
    latest = NONE
    for offset in range(LOG_SIZE):
        if offset < end_offset and offset < s.high_watermark and s.committed[offset].key == key:
            latest = offset
    return latest


def next_batch(log: Replica, offset: int, end_offset: int) -> int:
    """The first offset from `offset` on, below an end, at which there is a batch; NONE if there is none."""
    for o in range(LOG_SIZE):
        if offset <= o < end_offset and log.entries[o].batch:
            return o
    return NONE


def is_on_isr_below_high_watermark(s: State, replica: int, offset: int) -> bool:
    """Whether a member of the ISR must answer for an offset."""
    return contains(s.isr, replica) and offset < s.high_watermark

"""A replica's log, as all specs of replication have it: records with a leader epoch, up to an exclusive log end offset.

Written over whatever record has `entries` (each with an `id` and an `epoch`) and `log_end_offset`, so that specs whose
replicas otherwise differ share it.

Source: FiniteReplicatedLog of Gustafson's published specs in TLA+; kafka.log.UnifiedLog of Apache Kafka.
Left out: truncation, since what an empty slot holds and what becomes of the high watermark differs from spec to spec.
"""

from __future__ import annotations

from typing import Any, Protocol

from specs.language import NONE


class Log(Protocol):
    """What a record must have."""

    @property
    def entries(self) -> Any:  # noqa: ANN401 - an array of records
        """The records, by offset."""

    log_end_offset: Any


def append(log: Log, record: int, epoch: int) -> None:
    """Write one record at the log end."""
    entry = log.entries[log.log_end_offset]
    entry.id = record
    entry.epoch = epoch
    log.log_end_offset = log.log_end_offset + 1


def same_entry(a: Log, b: Log, offset: int) -> bool:
    """Whether two logs both reach past an offset and hold the same record there."""
    if offset >= a.log_end_offset or offset >= b.log_end_offset:
        return False
    entry = a.entries[offset]
    other = b.entries[offset]
    return bool(entry.id == other.id and entry.epoch == other.epoch)


def first_offset_above_epoch(log: Log, epoch: int) -> int:
    """The first offset that holds a record of a larger epoch; the log end if there is none."""
    for offset in range(len(log.entries)):
        if offset < log.log_end_offset and log.entries[offset].epoch > epoch:
            return offset
    return int(log.log_end_offset)


def epoch_before(log: Log, offset: int) -> int:
    """The epoch of the last record below an offset; NONE if there is none."""
    return NONE if offset == 0 else log.entries[offset - 1].epoch


def last_epoch(log: Log) -> int:
    """The epoch of the last record; NONE for an empty log."""
    return epoch_before(log, log.log_end_offset)

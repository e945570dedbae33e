"""Reading a log: batches from an offset on up to a bound, the offset of a time, the aborted transactions of a range.

Source: Apache Kafka's LocalLog.read, UnifiedLog.fetchOffsetByTimestamp, FetchIsolation.
Left out: handing over files instead of bytes; ending a read at the end of a segment.
"""

from __future__ import annotations

from enum import Enum

from model.log.local_log import LocalLog
from model.log.time_index import TimestampOffset
from model.log.transaction_index import AbortedTransaction


class OffsetOutOfRange(ValueError):  # noqa: N818 - what is wrong says more
    """An offset that the log has not, or no longer."""


class Isolation(Enum):
    """How far a reader may read: replicas to the end, consumers to what is committed, or also decided."""

    LOG_END = "log_end"
    HIGH_WATERMARK = "high_watermark"
    TRANSACTIONS_COMMITTED = "transactions_committed"


def read_batches(log: LocalLog, offset: int, bytes_max: int, end_offset: int) -> list[bytes]:
    """The batches from the one on that holds `offset` or the next one there is; each lies below `end_offset`.

    At most `bytes_max` bytes, but one batch at least. The first one may start before `offset`.
    """
    found, left = list[bytes](), bytes_max
    if offset >= end_offset:
        return found
    for stored in log.batches_from(offset):
        left -= stored.header.size_bytes
        if stored.header.last_offset >= end_offset or (found and left < 0):
            break
        found.append(bytes(stored.data))
    return found


def find_time(log: LocalLog, timestamp: int, start_offset: int, end_offset: int) -> TimestampOffset | None:
    """The first record in `start_offset..end_offset-1` that is at least as late as `timestamp`."""
    for segment in log.segments[log.floor(start_offset) :]:
        found = segment.offset_for_time(timestamp, start_offset)
        if found is not None:
            return found if found.offset < end_offset else None
    return None


def aborted_between(log: LocalLog, start: int, end: int) -> list[AbortedTransaction]:
    """The aborted transactions with records or their marker in `start..end-1`, by their markers."""
    found = list[AbortedTransaction]()
    for segment in log.segments[log.floor(start) :]:
        for entry in segment.transaction_index.entries:
            if entry.last_offset >= start and entry.first_offset < end:
                found.append(entry)
            # No transaction that ends later has records below the last stable offset of that time.
            if entry.last_stable_offset >= end:
                return found
    return found

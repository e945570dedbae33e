"""Where a log starts once its retention is done, told plainly: what checks of retention hold a log to.

Source: the configurations `retention.bytes` and `retention.ms` of Apache Kafka's documentation; KIP-107.
Left out: logs whose policy deletes nothing.
"""

from __future__ import annotations

from model.log.header import NO_TIMESTAMP
from model.log.partition_log import PartitionLog
from model.log.segment import Segment


def start_after_retention(log: PartitionLog, now: int) -> int:
    """Where the first segment begins that stays, or the log start offset, if that is further ahead.

    Whole segments below the high watermark go, from the first on: those that the log is large enough without, those
    without any record that is young enough, and those below the log start offset. An empty last one stays.
    """
    start = log.log_start_offset
    segments = list(log.segments)
    while segments:
        first, *rest = segments
        end = rest[0].base_offset if rest else log.log_end_offset
        is_below_start = bool(rest) and end <= log.log_start_offset
        may_go = is_below_start or is_enough(rest, log.config.retention_bytes) or is_old(first, log, now)
        if end > log.high_watermark or not may_go or not (rest or first.size_bytes):
            break
        start, segments = max(start, end), rest
    return start


def is_enough(segments: list[Segment], retention_bytes: int | None) -> bool:
    """Whether these segments alone have the size that is to be kept."""
    return retention_bytes is not None and sum(segment.size_bytes for segment in segments) >= retention_bytes


def is_old(segment: Segment, log: PartitionLog, now: int) -> bool:
    """Whether every batch of a segment is past the time for which records are kept."""
    newest = max((stored.header.max_timestamp for stored in segment.batches()), default=NO_TIMESTAMP)
    kept_ms = log.config.retention_ms
    return kept_ms is not None and newest != NO_TIMESTAMP and now - newest > kept_ms

"""Which segments at the start of a log are too old or too many: whole ones only, all below the high watermark.

Source: Apache Kafka's UnifiedLog.deleteOldSegments.
Left out: the time a file was changed last, where no record has a timestamp: such segments don't grow old.
"""

from __future__ import annotations

from model.log.config import LogConfig
from model.log.header import NO_TIMESTAMP
from model.log.local_log import LocalLog


def deletable(log: LocalLog, log_start_offset: int, high_watermark: int, now: int) -> int:
    """How many of the first segments may go: those below the log start offset, past the retention's size, or its time.

    An empty last segment stays.
    """
    count = 0
    excess = None if log.config.retention_bytes is None else log.size_bytes - log.config.retention_bytes
    for index, segment in enumerate(log.segments):
        end = log.end_of(index)
        if end > high_watermark or (segment is log.active and not segment.size_bytes):
            break
        below_start = segment is not log.active and end <= log_start_offset
        too_many = excess is not None and excess >= segment.size_bytes
        if not (
            below_start or (log.config.deletes and (too_many or is_too_old(log.config, segment.max_timestamp, now)))
        ):
            break
        if excess is not None:
            excess -= segment.size_bytes
        count += 1
    return count


def is_too_old(config: LogConfig, max_timestamp: int, now: int) -> bool:
    """Whether all records of a segment are past the retention's time."""
    return (
        config.retention_ms is not None and max_timestamp != NO_TIMESTAMP and now - max_timestamp > config.retention_ms
    )

"""What short programs are made of: operations on a log with fixed arguments, and the settings of that log.

Source: Apache Kafka's UnifiedLog, for the operations.
Left out: more than one partition on a disk.
"""

from __future__ import annotations

from enum import Enum

from model.log.config import CleanupPolicy, LogConfig

DIRECTORY = "orders-0"
NOW = 1_000
CONFIG = LogConfig(
    segment_bytes=250,
    index_interval_bytes=0,
    retention_bytes=150,
    retention_ms=None,
    cleanup_policy=CleanupPolicy.COMPACT_DELETE,
)
"""Segments of two batches; an index entry for each batch but the first one; retention keeps one or two batches."""


class Operation(Enum):
    """What is done to a log."""

    APPEND = "append"
    ELECT = "elect and append"
    FETCH = "append as a follower"
    SEND = "append in a transaction"
    ABORT = "abort the transaction"
    FLUSH = "flush"
    ROLL = "roll"
    TRUNCATE = "truncate"
    TRUNCATE_FULLY = "truncate fully"
    DELETE_RECORDS = "delete records"
    DELETE_ALL = "delete all records"
    RETENTION = "apply retention"
    COMPACT = "compact"
    RESTART = "close and open"
    REOPEN = "open without closing"


Program = tuple[Operation, ...]

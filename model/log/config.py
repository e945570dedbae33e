"""The settings of a log, with Apache Kafka's names and defaults.

Source: Apache Kafka's LogConfig and TopicConfig; the topic settings of its documentation.
Left out: settings of brokers, of message conversion, remote storage, flushing by count or time (the caller flushes).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

RELATIVE_OFFSET_MAX = 2**31 - 1
INDEX_BYTES_MIN = 24
HOUR_MS = 3_600_000
NOT_NEGATIVE = (
    "segment_ms",
    "index_interval_bytes",
    "retention_bytes",
    "retention_ms",
    "delete_retention_ms",
    "min_compaction_lag_ms",
    "max_message_bytes",
)
"""The settings that may be 0."""


class CleanupPolicy(Enum):
    """What becomes of old records: segments are deleted whole, or keys keep their last record only, or both."""

    DELETE = "delete"
    COMPACT = "compact"
    COMPACT_DELETE = "compact,delete"


@dataclass(frozen=True, slots=True)
class LogConfig:
    """Sizes in bytes, times in ms. `None` for a retention means that it is not limited."""

    segment_bytes: int = 2**30
    segment_ms: int = 7 * 24 * HOUR_MS
    segment_index_bytes: int = 10 * 2**20
    index_interval_bytes: int = 4096
    retention_bytes: int | None = None
    retention_ms: int | None = 7 * 24 * HOUR_MS
    cleanup_policy: CleanupPolicy = CleanupPolicy.DELETE
    delete_retention_ms: int = 24 * HOUR_MS
    min_cleanable_dirty_ratio: float = 0.5
    min_compaction_lag_ms: int = 0
    max_message_bytes: int = 1_048_588
    producer_id_expiration_ms: int = 24 * HOUR_MS

    def __post_init__(self) -> None:
        """Raises ValueError for a setting that no log can work with."""
        if not 1 <= self.segment_bytes <= RELATIVE_OFFSET_MAX:
            raise ValueError(f"segment_bytes is {self.segment_bytes}; it must be from 1 to {RELATIVE_OFFSET_MAX}")
        if self.segment_index_bytes < INDEX_BYTES_MIN:
            raise ValueError(
                f"segment_index_bytes is {self.segment_index_bytes}; it must be at least {INDEX_BYTES_MIN}"
            )
        if not 0 <= self.min_cleanable_dirty_ratio <= 1:
            raise ValueError(f"min_cleanable_dirty_ratio is {self.min_cleanable_dirty_ratio}; it must be from 0 to 1")
        for name in NOT_NEGATIVE:
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} is {value}; it must not be negative")
        if self.producer_id_expiration_ms < 1:
            raise ValueError(f"producer_id_expiration_ms is {self.producer_id_expiration_ms}; it must be at least 1")

    @property
    def compacts(self) -> bool:
        """Whether only the last record of each key is kept."""
        return self.cleanup_policy is not CleanupPolicy.DELETE

    @property
    def deletes(self) -> bool:
        """Whether segments past the retention are deleted."""
        return self.cleanup_policy is not CleanupPolicy.COMPACT

"""The settings of a log: those that no log can work with are refused, with what would be right."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from model.log.config import LogConfig


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("segment_bytes", 0, "it must be from 1 to 2147483647"),
        ("segment_bytes", 2**31, "it must be from 1 to 2147483647"),
        ("segment_index_bytes", 23, "it must be at least 24"),
        ("segment_ms", -1, "it must not be negative"),
        ("index_interval_bytes", -1, "it must not be negative"),
        ("retention_bytes", -1, "it must not be negative"),
        ("retention_ms", -1, "it must not be negative"),
        ("delete_retention_ms", -1, "it must not be negative"),
        ("min_compaction_lag_ms", -1, "it must not be negative"),
        ("max_message_bytes", -1, "it must not be negative"),
        ("producer_id_expiration_ms", 0, "it must be at least 1"),
        ("min_cleanable_dirty_ratio", -0.1, "it must be from 0 to 1"),
        ("min_cleanable_dirty_ratio", 1.1, "it must be from 0 to 1"),
        ("min_cleanable_dirty_ratio", math.nan, "it must be from 0 to 1"),
    ],
)
def test_a_setting_that_no_log_can_work_with_is_refused(name: str, value: float, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is {value}; {complaint}$"):
        replace(LogConfig(), **{name: value})


def test_the_least_settings_are_taken() -> None:
    LogConfig(segment_bytes=1, segment_index_bytes=24, segment_ms=0, max_message_bytes=0, producer_id_expiration_ms=1)
    LogConfig(min_cleanable_dirty_ratio=0, min_compaction_lag_ms=0, retention_bytes=None, retention_ms=None)
    assert LogConfig(min_cleanable_dirty_ratio=1).compacts is False

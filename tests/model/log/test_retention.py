"""Which segments go: too old, too many, below the start; never above the high watermark."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkers.simulate.disk import SimulatedDisk
from model.log.config import CleanupPolicy, LogConfig
from model.log.partition_log import PartitionLog
from tests.model.log.logs import SIZE, SMALL, again, batch, content, filled, names, opened


def timed(config: LogConfig, *timestamps: int) -> PartitionLog:
    """A log of a segment for each timestamp, all replicated."""
    log = opened(SimulatedDisk(), config)
    for timestamp in timestamps:
        log.append_as_leader(batch(b"x", timestamp=timestamp), 0, 0)
        log.roll(0)
    log.advance_high_watermark(log.log_end_offset)
    return log


@pytest.mark.parametrize(
    ("now", "start"),
    [(110, 0), (111, 1), (120, 1), (121, 2), (1000, 4)],
)
def test_old_segments_go(now: int, start: int) -> None:
    log = timed(replace(SMALL, retention_ms=100), 10, 20, 300, 30)
    log.apply_retention(now)
    assert start == log.log_start_offset
    assert log.apply_retention(now) == 0


@pytest.mark.parametrize(("bytes_", "start"), [(4, 0), (3.1, 0), (3, 1), (2, 2), (0.5, 3), (0, 4)])
def test_the_first_segments_go_as_long_as_what_is_left_is_large_enough(bytes_: float, start: int) -> None:
    log = timed(replace(SMALL, retention_ms=None, retention_bytes=int(bytes_ * SIZE)), 10, 20, 30, 40)
    assert 4 * SIZE == log.size_bytes
    log.apply_retention(0)
    assert start == log.log_start_offset


def test_what_is_not_replicated_stays() -> None:
    """L01, LOG-7."""
    log, disk = filled(9, replace(SMALL, retention_ms=10))
    log.advance_high_watermark(5)
    assert 1 == log.apply_retention(1000)
    assert (3, 3) == (log.log_start_offset, again(disk).log_start_offset)
    assert ["00000000000000000003.snapshot", "00000000000000000006.snapshot"] == [
        name for name in names(disk) if name.endswith("snapshot")
    ]


def test_snapshots_go_with_their_segments() -> None:
    log, disk = filled(9, replace(SMALL, retention_ms=10))
    log.advance_high_watermark(6)
    assert 2 == log.apply_retention(1000)
    assert ["00000000000000000006.snapshot"] == [name for name in names(disk) if name.endswith("snapshot")]


def test_a_compacted_log_loses_only_what_was_deleted() -> None:
    log, disk = filled(9, replace(SMALL, retention_ms=10))
    log.config = replace(SMALL, retention_ms=10, cleanup_policy=CleanupPolicy.COMPACT)
    log._local.config = log.config
    log.advance_high_watermark(9)
    assert 0 == log.apply_retention(1000)
    log.delete_records_before(7)
    assert 2 == log.apply_retention(1000)
    assert (7, [6]) == (log.log_start_offset, [segment.base_offset for segment in log.segments])
    assert content(log) == content(again(disk))


def test_a_log_of_which_all_is_too_old_goes_on_at_its_end() -> None:
    log, disk = filled(5, replace(SMALL, retention_ms=10))
    log.advance_high_watermark(5)
    assert 2 == log.apply_retention(1000)
    assert (5, 5) == (log.log_start_offset, log.log_end_offset)
    assert (5, 5) == (again(disk).log_start_offset, again(disk).log_end_offset)
    assert 0 == log.apply_retention(1000)
    log.append_as_leader(batch(b"x"), 0, 0)
    assert 1 == len(content(again(disk)))


def test_records_without_timestamps_do_not_grow_old() -> None:
    log = timed(replace(SMALL, retention_ms=100), -1, -1)
    assert 0 == log.apply_retention(10**15)

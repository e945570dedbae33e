"""A log whose change failed: nothing more is changed, and what was acknowledged can be read."""

from __future__ import annotations

import pytest

from checkers.simulate.choices import plainest
from checkers.simulate.disk import SimulatedDisk
from model.log.batch import CorruptBatch, Producer
from model.log.config import LogConfig
from model.log.control import ControlType
from model.log.disk import DiskError, DiskFull
from model.log.fail_stop import LogStopped
from model.log.partition_log import Appended, OffsetOutOfRange, PartitionLog
from model.log.validation import InvalidRecord, StaleLeaderEpoch, UnexpectedOffset
from tests.model.log.logs import (
    DIRECTORY,
    again,
    base_offsets,
    batch,
    content,
    filled,
    marker,
    opened,
    stored,
)

LARGE = LogConfig()


def failing(count: int, at: int) -> tuple[PartitionLog, SimulatedDisk]:
    """A log whose disk fails an operation from now on."""
    log, disk = filled(count)
    disk.error_at = disk.operations + at
    return log, disk


def test_after_a_failed_write_nothing_is_appended_and_what_was_acknowledged_can_be_read() -> None:
    """L02: an append after a failed one would use its offset twice."""
    log, disk = failing(2, 1)
    acknowledged = content(log)
    with pytest.raises(DiskError):
        log.append_as_leader(batch(b"lost"), 0, 0)
    assert (acknowledged, 2) == (content(log), log.log_end_offset)
    for change in (
        lambda: log.append_as_leader(batch(b"x"), 0, 0),
        lambda: log.append_as_follower(stored(2), 0),
        log.flush,
        log.close,
        lambda: log.roll(0),
        lambda: log.truncate_to(1, 0),
        lambda: log.truncate_fully_and_start_at(1, 0),
        lambda: log.delete_records_before(0),
        lambda: log.apply_retention(0),
        lambda: log.start_epoch(7),
        lambda: log.cleaned_segment(0, 0),
    ):
        with pytest.raises(LogStopped, match="orders-0 can't be changed until it is opened anew: the disk failed"):
            change()
    reopened = again(disk)
    assert acknowledged == content(reopened)[:2]
    reopened.append_as_leader(batch(b"next"), 0, 0)


@pytest.mark.parametrize("at", range(1, 12))
def test_a_failure_at_any_point_of_a_roll_loses_nothing(at: int) -> None:
    log, disk = failing(3, at)
    acknowledged = content(log)
    with pytest.raises(DiskError):
        log.append_as_leader(batch(b"x"), 0, 0)
    assert acknowledged == content(log) == content(again(disk))[:3]


@pytest.mark.parametrize("offset", [0, 1, 4, 5, 7])
def test_a_failure_at_any_point_of_a_cut_leaves_what_is_not_cut(offset: int) -> None:
    log, disk = filled(8)
    before = disk.operations
    log.truncate_to(offset, 0)
    for at in range(1, disk.operations - before + 1):
        log, disk = failing(8, at)
        acknowledged = content(log)
        with pytest.raises(DiskError):
            log.truncate_to(offset, 0)
        found = content(log)
        assert acknowledged[: len(found)] == found
        assert len(found) >= offset
        with pytest.raises(LogStopped):
            log.append_as_leader(batch(b"x"), 0, 0)


def test_a_batch_that_cannot_be_read_in_the_middle_of_a_change_stops_the_log() -> None:
    """Otherwise the producers are known to have sent what was cut, and it is taken for a duplicate when sent again."""
    log, disk = filled(1, LARGE)
    sent = [batch(b"%d" % at, producer=Producer(7, 0, at), transactional=True) for at in range(2)]
    log.append_as_leader(sent[0], 0, 0)
    position = log.size_bytes
    log.append_as_leader(marker(ControlType.ABORT, 7), 0, 0)
    log.append_as_leader(sent[1], 0, 0)
    disk.rot(f"{DIRECTORY}/00000000000000000000.log", position + 70, 3)
    with pytest.raises(CorruptBatch, match="CRC"):
        log.truncate_to(3, 0)
    with pytest.raises(LogStopped, match="a change was cut short: CorruptBatch: byte 17: the CRC is"):
        log.append_as_leader(sent[1], 0, 0)
    assert ([0, 1, 2], 3) == (base_offsets(content(log)), log.log_end_offset)


def test_a_full_disk_stops_the_log_cleanly() -> None:
    log, disk = filled(2)
    log.flush()
    acknowledged = content(log)
    disk.capacity = sum(len(data or b"") for _, data in disk.image) + 10
    with pytest.raises(DiskFull):
        log.append_as_leader(batch(b"x"), 0, 0)
    disk.capacity = None
    assert acknowledged == content(log) == content(opened(disk.crash(plainest())))


def test_what_a_client_did_wrong_does_not_stop_the_log() -> None:
    log, _ = filled(1)
    with pytest.raises(CorruptBatch):
        log.append_as_leader(b"garbage", 0, 0)
    with pytest.raises(InvalidRecord):
        log.append_as_leader(batch(bytes(400)), 0, 0)
    with pytest.raises(UnexpectedOffset):
        log.append_as_follower(stored(0), 0)
    with pytest.raises(CorruptBatch):
        log.append_as_follower(stored(1)[:-1], 0)
    with pytest.raises(OffsetOutOfRange):
        log.delete_records_before(7)
    log.start_epoch(0)
    with pytest.raises(StaleLeaderEpoch):
        log.start_epoch(-1)
    assert Appended(1, 1) == log.append_as_leader(batch(b"x"), 0, 0)


def test_a_closed_log_is_not_changed() -> None:
    log, _ = filled(1)
    log.close()
    with pytest.raises(LogStopped, match="it is closed"):
        log.append_as_leader(batch(b"x"), 0, 0)
    assert 1 == len(content(log))

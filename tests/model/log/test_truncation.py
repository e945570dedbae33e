"""A log cut at its ends: leader epochs, truncation, deleted records, and what is kept of producers and transactions."""

from __future__ import annotations

import pytest

from checkers.simulate.choices import EveryPath, plainest
from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Producer, peek_header
from model.log.config import LogConfig
from model.log.control import ControlType
from model.log.epochs import EpochEnd, EpochStart
from model.log.partition_log import Appended, OffsetOutOfRange, PartitionLog
from model.log.transaction_index import AbortedTransaction
from model.log.validation import UnexpectedOffset
from tests.model.log.logs import (
    again,
    base_offsets,
    batch,
    content,
    filled,
    marker,
    names,
    opened,
    stored,
    without,
)

LARGE = LogConfig()


def offsets(log: PartitionLog) -> tuple[int, int, int]:
    """Log start offset, high watermark, log end offset."""
    return log.log_start_offset, log.high_watermark, log.log_end_offset


def entries(log: PartitionLog) -> list[tuple[int, int]]:
    """The leader epochs and their first offsets."""
    return [(entry.epoch, entry.start_offset) for entry in log.epochs.entries]


# --------------------------------------------------------------------------------------------------------------- epochs


def test_a_new_leader_notes_its_epoch_before_it_writes() -> None:
    """R23: without it, a follower with records of a later epoch would be told to cut in the wrong place."""
    log, disk = filled(2)
    log.start_epoch(3)
    assert [EpochEnd(0, 2), EpochEnd(0, 2), EpochEnd(3, 2), None] == [log.end_offset_for_epoch(e) for e in (0, 2, 3, 4)]
    log.append_as_leader(batch(b"x"), 3, 0)
    assert [(0, 0), (3, 2)] == entries(again(disk))


def test_an_epoch_without_records_does_not_survive_a_cut_at_the_end_of_the_log() -> None:
    """R24: else two replicas with such epochs would diverge forever."""
    log, _ = filled(2)
    log.start_epoch(3)
    log.truncate_to(2, 0)
    assert ([(0, 0)], 2) == (entries(log), log.log_end_offset)
    log.append_as_follower(stored(2, epoch=2), 0)
    assert [(0, 0), (2, 2)] == entries(log)


def test_epoch_zero_is_recovered() -> None:
    """KAFKA-10432: recovery left out epoch 0."""
    _, disk = filled(2)
    disk.remove("orders-0/leader-epoch-checkpoint")
    assert (EpochStart(0, 0),) == again(disk).epochs.entries


# ------------------------------------------------------------------------------------------------------------- truncate


@pytest.mark.parametrize("offset", range(11))
def test_a_cut_log_is_a_prefix_and_goes_on_there(offset: int) -> None:
    log, disk = filled(10)
    whole = content(log)
    log.advance_high_watermark(8)
    log.truncate_to(offset, 0)
    assert (0, min(8, offset), offset) == offsets(log)
    assert whole[:offset] == content(log) == content(again(disk))
    log.append_as_leader(batch(b"new"), 1, 0)
    assert [*whole[:offset], stored(offset, b"new", 1)] == content(log) == content(again(disk))


def test_a_batch_that_is_cut_through_goes_as_a_whole() -> None:
    log = opened(SimulatedDisk())
    log.append_as_leader(batch(b"a"), 0, 0)
    log.append_as_leader(batch(b"b", b"c", b"d"), 0, 0)
    log.truncate_to(3, 0)
    assert (1, [0]) == (log.log_end_offset, base_offsets(content(log)))


def test_a_cut_forgets_what_producers_have_sent_after_it() -> None:
    log, disk = filled(0)
    sent = [batch(b"%d" % at, producer=Producer(7, 0, at)) for at in range(8)]
    for data in sent:
        log.append_as_leader(data, 0, 0)
    log.truncate_to(2, 0)
    assert "00000000000000000003.snapshot" not in names(disk)
    for found in (log, again(disk)):
        assert Appended(1, 1, is_duplicate=True) == found.append_as_leader(sent[1], 0, 0)
        assert Appended(2, 2) == found.append_as_leader(sent[2], 0, 0)


def test_a_cut_at_the_end_forgets_nothing() -> None:
    log, disk = filled(0)
    log.append_as_leader(batch(b"x", producer=Producer(7, 0, 0)), 0, 0)
    log.advance_high_watermark(1)
    log.delete_records_before(1)
    log.truncate_to(1, 0)
    assert [7] == list(log.producers.entries) == list(again(disk).producers.entries)


def test_a_cut_reopens_a_transaction() -> None:
    log = opened(SimulatedDisk(), LARGE)
    log.append_as_leader(batch(b"x", producer=Producer(7, 0, 0), transactional=True), 0, 0)
    log.append_as_leader(marker(ControlType.ABORT, 7), 0, 0)
    log.advance_high_watermark(2)
    assert ([AbortedTransaction(7, 0, 1, 2)], 2) == (log.aborted_transactions(0, 2), log.last_stable_offset)
    log.truncate_to(1, 0)
    assert ([], 0) == (log.aborted_transactions(0, 2), log.last_stable_offset)


def test_a_cut_keeps_a_transaction_that_is_decided_but_not_replicated() -> None:
    log, _ = filled(0)
    log.append_as_leader(batch(b"x", producer=Producer(7, 0, 0), transactional=True), 0, 0)
    log.append_as_leader(marker(ControlType.COMMIT, 7), 0, 0)
    for _ in range(4):
        log.append_as_leader(batch(b"y"), 0, 0)
    log.advance_high_watermark(1)
    log.truncate_to(5, 0)
    assert 0 == log.last_stable_offset


def test_the_end_of_the_log_is_kept_although_the_last_records_are_compacted_away() -> None:
    """C11: an offset that was used would be used again."""
    disk = SimulatedDisk()
    log = opened(disk, LARGE)
    for offset in range(4):
        log.append_as_leader(batch(b"%d" % offset), 0, 0)
    log.roll(0)
    log.append_as_leader(batch(b"4"), 0, 0)
    kept = content(log)[:2]
    cleaned = log.cleaned_segment(0, 0)
    for data in kept:
        cleaned.append(peek_header(data), data)
    log.replace(log.segments[:1], cleaned)
    log.truncate_to(4, 0)
    assert 4 == log.log_end_offset == again(disk, LARGE).log_end_offset
    crashed = without(disk.image, ".snapshot")
    opened(crashed, LARGE).truncate_to(3, 0)
    crashes = EveryPath(crashed.crash, 100)
    assert {3} == {opened(path.result, LARGE).log_end_offset for path in crashes}
    assert crashes.complete
    log.truncate_to(3, 0)
    assert 3 == log.log_end_offset == again(disk, LARGE).log_end_offset
    assert Appended(3, 3) == log.append_as_leader(batch(b"new"), 0, 0)
    assert kept == content(log)[:2] == content(again(disk, LARGE))[:2]


def test_what_is_compacted_ends_with_a_cut_log() -> None:
    """C12: records that are appended later below the former end would never be compacted."""
    log, disk = filled(9)
    disk.create("cleaner-offset-checkpoint")
    disk.write("cleaner-offset-checkpoint", 0, b"0\n1\norders 0 7\n")
    log.truncate_to(4, 0)
    assert b"0\n1\norders 0 4\n" == dict(disk.image)["cleaner-offset-checkpoint"]
    assert b"0\n1\norders 0 4\n" == dict(disk.image)["recovery-point-offset-checkpoint"]
    log.truncate_fully_and_start_at(20, 0)
    assert b"0\n1\norders 0 0\n" == dict(disk.image)["cleaner-offset-checkpoint"]


@pytest.mark.parametrize("offset", [0, 2, 100])
def test_a_log_is_begun_anew(offset: int) -> None:
    log, disk = filled(9)
    log.advance_high_watermark(9)
    log.delete_records_before(4)
    log.truncate_fully_and_start_at(offset, 0)
    for found in (log, again(disk)):
        assert (offset, offset, offset) == offsets(found)
        assert ([], (), {}) == (content(found), found.epochs.entries, found.producers.entries)
    assert not [name for name in names(disk) if name.endswith(".snapshot")]
    assert Appended(offset, offset) == log.append_as_leader(batch(b"x"), 2, 0)
    assert [offset] == base_offsets(content(again(disk)))


@pytest.mark.parametrize("offset", [1, 0, 50])
def test_segments_go_from_the_last_one_on_so_that_a_crash_leaves_no_gap(offset: int) -> None:
    log, disk = filled(9)
    seen = list[str]()
    disk.watch = seen.append
    log.truncate_to(offset, 0) if offset == 1 else log.truncate_fully_and_start_at(offset, 0)
    changes = [what for what in seen if (what.startswith("remove") and what.endswith(".log")) or "'orders-0'" in what]
    first, flush = changes.index("remove of orders-0/00000000000000000006.log"), "flush_directory of 'orders-0'"
    second = "remove of orders-0/00000000000000000003.log"
    assert [flush, second, flush] == changes[first + 1 : first + 4]


def test_a_log_is_cut_before_its_start() -> None:
    log, disk = filled(9)
    log.advance_high_watermark(9)
    log.delete_records_before(7)
    log.truncate_to(4, 0)
    assert (4, 4, 4) == offsets(log) == offsets(again(disk))


# ----------------------------------------------------------------------------------------------------- start of the log


def test_records_are_deleted_up_to_the_high_watermark_and_stay_deleted() -> None:
    """L01: a log start past the high watermark would delete what is not replicated."""
    log, disk = filled(9)
    log.advance_high_watermark(5)
    with pytest.raises(OffsetOutOfRange, match="6 is above the high watermark 5"):
        log.delete_records_before(6)
    log.delete_records_before(5)
    log.delete_records_before(2)
    assert (5, 5, 9) == offsets(log) == offsets(again(disk))
    assert [(0, 5)] == entries(log) == entries(again(disk))


def test_a_log_may_start_inside_of_a_batch() -> None:
    """L05: such a log could not be read from its start, nor followed."""
    log = opened(SimulatedDisk())
    log.append_as_leader(batch(b"a", b"b", b"c"), 0, 0)
    log.append_as_leader(batch(b"d"), 0, 0)
    log.advance_high_watermark(4)
    log.delete_records_before(2)
    assert [0, 3] == base_offsets(log.read(2, 1000))
    disk = SimulatedDisk()
    follower = opened(disk)
    follower.truncate_fully_and_start_at(2, 0)
    assert Appended(0, 3) == follower.append_as_follower(b"".join(log.read(2, 1000)), 0)
    assert (2, 2, 4) == offsets(follower) == offsets(again(disk))
    assert content(log) == content(follower) == content(again(disk))


def test_a_follower_that_starts_inside_of_a_batch_takes_nothing_if_the_next_one_is_wrong() -> None:
    follower = opened(SimulatedDisk())
    follower.truncate_fully_and_start_at(2, 0)
    with pytest.raises(UnexpectedOffset):
        follower.append_as_follower(stored(0, last_offset=2) + stored(1), 0)
    assert (2, 2, 2) == offsets(follower)


def test_a_batch_that_is_cut_through_behind_the_start_of_the_log_leaves_the_start() -> None:
    """LOG-7."""
    log = opened(SimulatedDisk())
    log.append_as_leader(batch(b"a", b"b", b"c"), 0, 0)
    log.advance_high_watermark(3)
    log.delete_records_before(1)
    log.truncate_to(2, 0)
    assert (1, 1, 1) == offsets(log)


def test_deleted_records_stay_deleted_if_a_crash_loses_the_end_of_the_log() -> None:
    log, disk = filled(2, LARGE)
    log.advance_high_watermark(2)
    log.delete_records_before(2)
    lost = disk.crash(plainest())
    assert (2, 2, 2) == offsets(opened(lost, LARGE))


def test_the_high_watermark_never_goes_back_nor_past_the_end() -> None:
    log, _ = filled(5)
    seen = list[int]()
    for offset in (3, 1, 4, 9):
        log.advance_high_watermark(offset)
        seen.append(log.high_watermark)
    assert [3, 3, 4, 5] == seen

"""The log of a partition: appending, bounds, reading, cutting, what lasts. Crashes are enumerated elsewhere."""

from __future__ import annotations

import pytest

from checkers.simulate.choices import plainest
from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Batch, CorruptBatch, Producer, encode, peek_header
from model.log.config import CleanupPolicy, LogConfig
from model.log.control import ControlType
from model.log.disk import DiskError, DiskFull
from model.log.epochs import EpochEnd, EpochStart
from model.log.fail_stop import LogStopped
from model.log.partition_log import Appended, Isolation, OffsetOutOfRange, PartitionLog
from model.log.producer_state import OutOfOrderSequence
from model.log.record import Record
from model.log.time_index import TimestampOffset
from model.log.transaction_index import AbortedTransaction
from model.log.validation import InvalidRecord, UnexpectedOffset
from tests.model.log.logs import (
    SMALL,
    again,
    base_offsets,
    batch,
    content,
    filled,
    marker,
    names,
    opened,
    stored,
    values,
)

LARGE = LogConfig()


def offsets(log: PartitionLog) -> tuple[int, int, int]:
    """Log start offset, high watermark, log end offset."""
    return log.log_start_offset, log.high_watermark, log.log_end_offset


def entries(log: PartitionLog) -> list[tuple[int, int]]:
    """The leader epochs and their first offsets."""
    return [(entry.epoch, entry.start_offset) for entry in log.epochs.entries]


# ------------------------------------------------------------------------------------------------------------- append


def test_a_leader_sets_offsets_and_epoch() -> None:
    log = opened(SimulatedDisk())
    assert Appended(0, 2) == log.append_as_leader(batch(b"a", b"b", b"c"), 4, 0)
    assert Appended(3, 3) == log.append_as_leader(batch(b"d"), 5, 0)
    headers = [peek_header(data) for data in content(log)]
    assert [(0, 4), (3, 5)] == [(header.base_offset, header.leader_epoch) for header in headers]
    assert [b"a", b"b", b"c", b"d"] == values(content(log))
    assert [(4, 0), (5, 3)] == entries(log)


def test_a_follower_keeps_offsets_and_epochs_and_takes_gaps() -> None:
    log = opened(SimulatedDisk())
    sent = [stored(0, epoch=1), stored(5, epoch=1, last_offset=9), stored(10, epoch=3)]
    assert Appended(0, 10) == log.append_as_follower(b"".join(sent), 0)
    assert (sent, [(1, 0), (3, 10)]) == (content(log), entries(log))
    assert log.append_as_follower(b"", 0) is None


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ([stored(2)], "a batch at offset 2 of leader epoch 0; offset 3 or more and epoch 0 or more would follow"),
        ([stored(4), stored(3)], "a batch at offset 3 of leader epoch 0; offset 5 or more"),
        (
            [stored(3, epoch=2), stored(4, epoch=1)],
            "a batch at offset 4 of leader epoch 1; offset 4 or more and epoch 2",
        ),
    ],
)
def test_a_follower_takes_nothing_of_what_does_not_follow(sent: list[bytes], complaint: str) -> None:
    log, _ = filled(3)
    with pytest.raises(UnexpectedOffset, match=complaint):
        log.append_as_follower(b"".join(sent), 0)
    assert (3, [(0, 0)]) == (log.log_end_offset, entries(log))


def test_a_follower_takes_nothing_if_a_batch_is_torn() -> None:
    log, _ = filled(3)
    with pytest.raises(CorruptBatch):
        log.append_as_follower(stored(3) + stored(4)[:-1], 0)
    assert 3 == log.log_end_offset


@pytest.mark.parametrize(
    ("data", "epoch", "complaint"),
    [
        (batch(b"a") + batch(b"b"), 1, "bytes with a batch of"),
        (encode(Batch(0, [Record(1, 0, None, b"")])), 1, "1 records for 2 offsets; a new batch has no gaps"),
        (encode(Batch(0, [], last_offset=0, max_timestamp=0)), 1, "0 records for 1 offsets"),
        (batch(bytes(400)), 1, "a segment takes 250"),
        (batch(b"a"), 0, "leader epoch 0 after 1; epochs never fall"),
    ],
)
def test_a_leader_refuses_what_no_producer_may_send(data: bytes, epoch: int, complaint: str) -> None:
    log, _ = filled(1, epoch=1)
    with pytest.raises(InvalidRecord, match=complaint):
        log.append_as_leader(data, epoch, 0)
    assert 1 == log.log_end_offset


def test_a_leader_refuses_a_batch_over_the_limit() -> None:
    log = opened(SimulatedDisk(), LogConfig(max_message_bytes=100))
    with pytest.raises(InvalidRecord, match="at most 100 are taken"):
        log.append_as_leader(batch(bytes(100)), 0, 0)


def test_a_compacted_log_takes_no_record_without_a_key() -> None:
    log = opened(SimulatedDisk(), LogConfig(cleanup_policy=CleanupPolicy.COMPACT))
    with pytest.raises(InvalidRecord, match="without a key"):
        log.append_as_leader(batch(b"a"), 0, 0)
    log.append_as_leader(encode(Batch(0, [Record(0, 0, b"k", b"v")])), 0, 0)
    log.append_as_leader(marker(ControlType.COMMIT, 7), 0, 0)


def test_a_flipped_bit_is_refused() -> None:
    log = opened(SimulatedDisk())
    with pytest.raises(CorruptBatch, match="CRC"):
        log.append_as_leader(batch(b"a")[:-1] + b"?", 0, 0)


def test_a_duplicate_is_answered_with_its_former_offsets() -> None:
    log = opened(SimulatedDisk(), LARGE)
    log.append_as_leader(batch(b"before"), 0, 0)
    first = batch(b"a", b"b", producer=Producer(7, 0, 0))
    log.append_as_leader(first, 0, 0)
    log.append_as_leader(batch(b"c", producer=Producer(7, 0, 2)), 0, 0)
    assert Appended(1, 2, is_duplicate=True) == log.append_as_leader(first, 0, 0)
    assert 4 == log.log_end_offset
    with pytest.raises(OutOfOrderSequence):
        log.append_as_leader(batch(b"d", producer=Producer(7, 0, 4)), 0, 0)


def test_duplicates_are_known_after_a_crash_and_after_a_roll() -> None:
    log, disk = filled(0)
    sent = [batch(b"%d" % at, producer=Producer(7, 0, at)) for at in range(5)]
    for data in sent:
        log.append_as_leader(data, 0, 0)
    assert 2 == len(log.segments)
    reopened = again(disk)
    assert [Appended(at, at, is_duplicate=True) for at in (3, 4)] == [
        reopened.append_as_leader(data, 0, 0) for data in sent[3:]
    ]


def test_offsets_that_lie_too_far_apart_begin_a_segment() -> None:
    log = opened(SimulatedDisk(), LARGE)
    log.append_as_follower(stored(0), 0)
    log.append_as_follower(stored(2**31), 0)
    log.append_as_follower(stored(2**40), 0)
    assert [0, 2**31, 2**40] == [segment.base_offset for segment in log.segments]
    assert [2**31] == base_offsets(log.read(5, 1))


# --------------------------------------------------------------------------------------------------------------- read


def test_a_read_starts_with_the_batch_that_holds_the_offset() -> None:
    log = opened(SimulatedDisk(), LARGE)
    for value in (b"a", b"b"):
        log.append_as_leader(batch(*[value] * 3), 0, 0)
    assert [[0, 3], [0, 3], [3], []] == [base_offsets(log.read(offset, 1000)) for offset in (0, 2, 3, 6)]


def test_a_read_gives_one_batch_at_least_and_then_no_more_than_the_bytes_asked_for() -> None:
    log, _ = filled(10)
    size = len(content(log)[0])
    wanted = (0, 1, size, 2 * size - 1, 2 * size, 100 * size)
    assert [1, 1, 1, 1, 2, 10] == [len(log.read(0, bytes_max)) for bytes_max in wanted]


def test_a_read_outside_of_the_log_is_refused() -> None:
    log, _ = filled(3)
    log.advance_high_watermark(3)
    log.delete_records_before(1)
    for offset in (0, 4):
        with pytest.raises(OffsetOutOfRange, match=rf"offset {offset} is read; the log has 1\.\.3"):
            log.read(offset, 1000)


def test_readers_stop_at_their_bound() -> None:
    log = opened(SimulatedDisk(), LARGE)
    log.append_as_leader(batch(b"a"), 0, 0)
    log.append_as_leader(batch(b"b", producer=Producer(7, 0, 0), transactional=True), 0, 0)
    log.append_as_leader(batch(b"c"), 0, 0)
    log.append_as_leader(batch(b"d"), 0, 0)
    log.advance_high_watermark(3)
    read = {isolation: base_offsets(log.read(0, 1000, isolation)) for isolation in Isolation}
    assert {
        Isolation.LOG_END: [0, 1, 2, 3],
        Isolation.HIGH_WATERMARK: [0, 1, 2],
        Isolation.TRANSACTIONS_COMMITTED: [0],
    } == read


def test_a_batch_that_reaches_past_the_bound_is_not_read() -> None:
    log = opened(SimulatedDisk())
    log.append_as_leader(batch(b"a"), 0, 0)
    log.append_as_leader(batch(b"b", b"c"), 0, 0)
    log.advance_high_watermark(2)
    assert [0] == base_offsets(log.read(0, 1000, Isolation.HIGH_WATERMARK))


def test_the_last_stable_offset_passes_a_transaction_once_its_marker_is_replicated() -> None:
    log = opened(SimulatedDisk(), LARGE)
    log.append_as_leader(batch(b"a", producer=Producer(7, 0, 0), transactional=True), 0, 0)
    log.append_as_leader(batch(b"b"), 0, 0)
    stable = list[int]()
    log.advance_high_watermark(2)
    stable.append(log.last_stable_offset)
    log.append_as_leader(marker(ControlType.ABORT, 7), 0, 0)
    stable.append(log.last_stable_offset)
    log.advance_high_watermark(3)
    stable.append(log.last_stable_offset)
    assert [0, 0, 3] == stable


def test_aborted_transactions_are_found_across_segments_and_after_a_crash() -> None:
    log, disk = filled(0)
    for id_ in (7, 8):
        log.append_as_leader(batch(b"x", producer=Producer(id_, 0, 0), transactional=True), 0, 0)
    for _ in range(4):
        log.append_as_leader(batch(b"y"), 0, 0)
    log.append_as_leader(marker(ControlType.ABORT, 8), 0, 0)
    log.append_as_leader(marker(ControlType.COMMIT, 7), 0, 0)
    log.append_as_leader(batch(b"z", producer=Producer(8, 0, 1), transactional=True), 0, 0)
    log.append_as_leader(marker(ControlType.ABORT, 8), 0, 0)
    first, second = AbortedTransaction(8, 1, 6, 0), AbortedTransaction(8, 8, 9, 10)
    for found in (log, again(disk)):
        ranges = ((0, 10), (7, 10), (0, 8), (0, 1), (2, 3))
        assert [[first, second], [second], [first], [], [first]] == [
            found.aborted_transactions(start, end) for start, end in ranges
        ]


def test_an_abort_that_was_written_before_an_earlier_transaction_ended_is_found() -> None:
    log = opened(SimulatedDisk(), LARGE)
    for id_ in (7, 8):
        log.append_as_leader(batch(b"x", producer=Producer(id_, 0, 0), transactional=True), 0, 0)
    for id_ in (8, 7):
        log.append_as_leader(marker(ControlType.ABORT, id_), 0, 0)
    found = [(entry.producer_id, entry.last_stable_offset) for entry in log.aborted_transactions(0, 2)]
    assert [(8, 0), (7, 4)] == found


def test_the_offset_of_a_time_is_found_within_the_bound_and_past_the_start() -> None:
    log = opened(SimulatedDisk(), SMALL)
    for timestamp in (50, 10, 40, 20, 60, 30):
        log.append_as_leader(batch(b"a", timestamp=timestamp), 0, 0)
    assert 2 == len(log.segments)
    log.advance_high_watermark(4)
    assert TimestampOffset(50, 0) == log.offset_for_time(11)
    assert TimestampOffset(60, 4) == log.offset_for_time(51)
    assert log.offset_for_time(51, Isolation.HIGH_WATERMARK) is None
    assert log.offset_for_time(61) is None
    log.delete_records_before(1)
    assert TimestampOffset(40, 2) == log.offset_for_time(31)
    assert TimestampOffset(60, 4) == log.offset_for_time(45)


# -------------------------------------------------------------------------------------------------------------- epochs


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


# ------------------------------------------------------------------------------------------------------------ truncate


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
    log.truncate_to(3, 0)
    after_crash = opened(disk.crash(plainest()), LARGE)
    assert 3 == log.log_end_offset == again(disk, LARGE).log_end_offset == after_crash.log_end_offset
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


# --------------------------------------------------------------------------------------------------- start of the log


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


# ----------------------------------------------------------------------------------------------------------- fail-stop


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
    assert Appended(1, 1) == log.append_as_leader(batch(b"x"), 0, 0)


def test_a_closed_log_is_not_changed() -> None:
    log, _ = filled(1)
    log.close()
    with pytest.raises(LogStopped, match="it is closed"):
        log.append_as_leader(batch(b"x"), 0, 0)
    assert 1 == len(content(log))


# ------------------------------------------------------------------------------------------------------- what it costs


def test_an_append_is_one_write_and_a_flush_one_flush() -> None:
    log, disk = filled(1, LARGE)
    log.flush()
    disk.counts.clear()
    log.append_as_leader(batch(b"x"), 0, 0)
    assert {"write": 1} == disk.counts
    log.flush()
    assert {"write": 1, "flush": 1} == disk.counts

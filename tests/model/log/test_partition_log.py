"""The log of a partition: appending, bounds, reading, what it costs. Crashes are enumerated elsewhere."""

from __future__ import annotations

import pytest

from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Batch, CorruptBatch, Producer, encode, peek_header
from model.log.config import CleanupPolicy, LogConfig
from model.log.control import ControlType
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
    opened,
    stored,
    values,
)

LARGE = LogConfig()


def entries(log: PartitionLog) -> list[tuple[int, int]]:
    """The leader epochs and their first offsets."""
    return [(entry.epoch, entry.start_offset) for entry in log.epochs.entries]


# --------------------------------------------------------------------------------------------------------------- append


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


# ----------------------------------------------------------------------------------------------------------------- read


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


# -------------------------------------------------------------------------------------------------------- what it costs


def test_an_append_is_one_write_and_a_flush_one_flush() -> None:
    log, disk = filled(1, LARGE)
    log.flush()
    disk.counts.clear()
    log.append_as_leader(batch(b"x"), 0, 0)
    assert {"write": 1} == disk.counts
    log.flush()
    assert {"write": 1, "flush": 1} == disk.counts

"""What a log refuses of producers, coordinators and leaders: it takes nothing then, and goes on."""

from __future__ import annotations

import pytest

from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Batch, Compression, CorruptBatch, Producer, encode, records
from model.log.cleaner import LogCleaner
from model.log.compression import compress
from model.log.config import CleanupPolicy, LogConfig
from model.log.control import ControlType
from model.log.partition_log import Appended, PartitionLog
from model.log.record import Record
from model.log.validation import InvalidRecord, StaleLeaderEpoch
from tests.model.log.drawn_batches import with_body, with_right_crc
from tests.model.log.logs import batch, content, filled, marker, opened, stored


def entries(log: PartitionLog) -> list[tuple[int, int]]:
    """The leader epochs and their first offsets."""
    return [(entry.epoch, entry.start_offset) for entry in log.epochs.entries]


# -------------------------------------------------------------------------------------------------------------- records


def garbage(codec: Compression, body: bytes) -> bytes:
    """A batch of one record, whose CRC is right and whose body is this."""
    return with_body(encode(Batch(0, [Record(0, 0, b"k", b"v")], compression=codec)), body)


@pytest.mark.parametrize("codec", Compression)
@pytest.mark.parametrize("is_packed", [True, False], ids=["packed", "raw"])
def test_a_leader_takes_no_batch_that_nobody_can_read(codec: Compression, *, is_packed: bool) -> None:
    log, _ = filled(1)
    before = content(log)
    body = b"\xff" * 20
    with pytest.raises(CorruptBatch):
        log.append_as_leader(garbage(codec, compress(codec, body) if is_packed else body), 0, 0)
    assert before == content(log)
    assert Appended(1, 1) == log.append_as_leader(batch(b"x"), 0, 0)


def with_field(data: bytes, field: str, value: int) -> bytes:
    """A batch whose header says something else, and whose CRC is right."""
    position, size = {"attributes": (21, 2), "max timestamp": (35, 8)}[field]
    return with_right_crc(data[:position] + value.to_bytes(size, "big", signed=True) + data[position + size :])


TIMED = encode(Batch(0, [Record(0, 2000, b"k", b"v"), Record(1, 1000, b"k", b"v")]))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (with_field(TIMED, "max timestamp", 0), "a batch whose max timestamp is 0; that of its records is 2000"),
        (with_field(TIMED, "max timestamp", -1), "a batch whose max timestamp is -1; that of its records is 2000"),
        (with_field(TIMED, "max timestamp", 2**63 - 1), "is 9223372036854775807; that of its records is 2000"),
        (with_field(TIMED, "attributes", 1 << 3), "a batch with the time of the append; a producer sets the time of"),
        (with_field(TIMED, "attributes", 1 << 6), "a batch with a delete horizon; only a compaction sets one"),
    ],
    ids=["too early", "none", "too late", "append time", "delete horizon"],
)
def test_a_leader_refuses_a_producer_that_lies_about_time(data: bytes, complaint: str) -> None:
    log, _ = filled(1)
    with pytest.raises(InvalidRecord, match=complaint):
        log.append_as_leader(data, 0, 0)
    assert 1 == log.log_end_offset
    assert Appended(1, 2) == log.append_as_leader(TIMED, 0, 0)


def compressed(count: int, headers: int = 0) -> bytes:
    """A batch of so many empty records with so many empty headers each."""
    record = [Record(at, 0, None, None, (("", None),) * headers) for at in range(count)]
    return encode(Batch(0, record, compression=Compression.ZSTD))


def test_a_leader_takes_no_more_records_and_headers_than_it_would_without_compression() -> None:
    log = opened(SimulatedDisk(), LogConfig(max_message_bytes=7000))
    for data in (compressed(1001), compressed(1, headers=1000), compressed(20, headers=50)):
        assert len(data) < 5000
        with pytest.raises(CorruptBatch, match=r"the number of (records|headers) is (1001|1000|50), where"):
            log.append_as_leader(data, 0, 0)
    assert Appended(0, 0) == log.append_as_leader(compressed(1, headers=999), 0, 0)
    assert Appended(1, 1000) == log.append_as_leader(compressed(1000), 0, 0)


def test_a_follower_takes_no_batch_of_more_records_than_are_read() -> None:
    log = opened(SimulatedDisk())
    count = (1 << 18) + 1
    data = with_right_crc(stored(0)[:57] + count.to_bytes(4, "big") + stored(0)[61:])
    data = with_right_crc(data[:23] + (count - 1).to_bytes(4, "big") + data[27:])
    with pytest.raises(InvalidRecord, match="a batch of 262145 records; at most 262144 are read"):
        log.append_as_follower(data, 0)


def test_leader_follower_and_cleaner_keep_a_header_whose_key_is_no_utf_8() -> None:
    config = LogConfig(cleanup_policy=CleanupPolicy.COMPACT)
    kept = Record(0, 0, b"k", b"v", ((b"\xff\xfe".decode(errors="surrogateescape"), b"x"),))
    leader, follower = opened(SimulatedDisk(), config), opened(disk := SimulatedDisk(), config)
    leader.append_as_leader(encode(Batch(0, [kept, Record(1, 0, b"superseded", b"v")])), 0, 0)
    leader.append_as_leader(encode(Batch(0, [Record(0, 0, b"superseded", b"v")])), 0, 0)
    follower.append_as_follower(b"".join(content(leader)), 0)
    assert content(leader) == content(follower)
    follower.advance_high_watermark(3)
    follower.roll(0)
    LogCleaner(disk, follower).clean(0)
    assert [[kept], [2]] == [records(content(follower)[0]), [r.offset for r in records(content(follower)[1])]]
    assert b"\x04\xff\xfe\x02x" in content(follower)[0]


def bad_marker(offset: int) -> bytes:
    """A control batch whose key has one byte, where four would be right."""
    record = Record(offset, 0, b"x", b"y")
    sender = Producer(1, 0, -1)
    return encode(Batch(offset, [record], 0, sender, is_transactional=True, is_control=True))


def test_a_follower_takes_nothing_if_a_marker_cannot_be_read() -> None:
    log = opened(SimulatedDisk())
    with pytest.raises(CorruptBatch, match="the key of the control record at offset 1"):
        log.append_as_follower(stored(0) + bad_marker(1), 0)
    assert (0, []) == (log.log_end_offset, entries(log))


def test_a_follower_that_starts_inside_of_a_batch_stays_there_if_a_marker_cannot_be_read() -> None:
    log = opened(SimulatedDisk())
    log.truncate_fully_and_start_at(1, 0)
    with pytest.raises(CorruptBatch, match="the key of the control record at offset 2"):
        log.append_as_follower(stored(0, last_offset=1) + bad_marker(2), 0)
    assert [1] == [segment.base_offset for segment in log.segments]


# ------------------------------------------------------------------------------------------------------------ producers


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (batch(b"a", producer=Producer(5, 0, -1)), "a batch of producer 5 with sequence -1"),
        (batch(b"a", producer=Producer(5, -1, 3)), "a batch of producer 5 in epoch -1"),
        (marker(ControlType.COMMIT, 5, epoch=-1), "a batch of producer 5 in epoch -1"),
        (batch(b"a", transactional=True), "a transactional batch of producer -1"),
    ],
    ids=["no sequence", "no epoch", "marker without epoch", "no id"],
)
def test_a_leader_refuses_a_producer_whose_fields_do_not_go_together(data: bytes, complaint: str) -> None:
    log, _ = filled(1)
    with pytest.raises(InvalidRecord, match=complaint):
        log.append_as_leader(data, 0, 0)
    assert (1, {}) == (log.log_end_offset, log.producers.entries)


# -------------------------------------------------------------------------------------------------------- leader epochs


def test_no_leader_writes_in_an_epoch_before_one_that_has_begun() -> None:
    log, _ = filled(1, epoch=3)
    log.start_epoch(7)
    with pytest.raises(StaleLeaderEpoch, match="leader epoch 5 after 7; epochs never fall"):
        log.append_as_leader(batch(b"x"), 5, 0)
    assert (1, [(3, 0), (7, 1)]) == (log.log_end_offset, entries(log))
    log.append_as_leader(batch(b"x"), 7, 0)


def test_no_epoch_begins_after_a_later_one() -> None:
    log, _ = filled(1, epoch=3)
    log.append_as_leader(batch(b"x"), 5, 0)
    with pytest.raises(StaleLeaderEpoch, match="leader epoch 2 after 5; epochs never fall"):
        log.start_epoch(2)
    assert [(3, 0), (5, 1)] == entries(log)
    log.start_epoch(5)


def test_the_epoch_of_deleted_records_counts() -> None:
    log, _ = filled(1, epoch=5)
    log.advance_high_watermark(1)
    log.delete_records_before(1)
    with pytest.raises(StaleLeaderEpoch, match="leader epoch 3 after 5"):
        log.append_as_leader(batch(b"x"), 3, 0)
    assert [(5, 1)] == entries(log)

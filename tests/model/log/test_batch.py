"""Batches: what is written is read, and what can't be written is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from model.log import record as record_module
from model.log.batch import (
    Batch,
    BatchHeader,
    CorruptBatch,
    InvalidBatch,
    Producer,
    TimestampType,
    TruncatedBatch,
    check,
    decode,
    encode,
    peek_header,
    read_header,
    records,
    with_position,
)
from model.log.record import Record
from tests.model.log.drawn_batches import INT32, INT64, TIME, batches

RECORDS = (Record(5, TIME, b"k", b"v"), Record(6, TIME + 1, None, b"w"))
BATCH = Batch(5, RECORDS)


@settings(max_examples=50, deadline=None)
@given(batches())
def test_what_is_written_is_read(batch: Batch) -> None:
    data = encode(batch)
    assert batch == decode(data)
    header = check(data)
    assert [len(data), len(batch.records)] == [header.size_bytes, header.record_count]
    assert list(batch.records) == records(data)


@settings(max_examples=25, deadline=None)
@given(batch=batches())
def test_plain_records_are_read_like_all_others(batch: Batch) -> None:
    data = encode(batch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_module, "_plain_records", lambda _data, at, *_rest: at)
        assert batch == decode(data)


def test_most_records_are_plain() -> None:
    data = encode(Batch(0, [Record(at, TIME + at, b"key", bytes(100)) for at in range(100)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_module, "_any_record", None)
        assert 100 == len(records(data))


def test_a_batch_moves_without_a_new_crc() -> None:
    data = encode(BATCH)
    moved = with_position(data, 77, 8)
    before, after = check(data), check(moved)
    assert after == replace(before, base_offset=77, leader_epoch=8)
    assert [77, 78] == [record.offset for record in records(moved)]
    assert data[12 + 4 :] == moved[12 + 4 :]


@pytest.mark.parametrize(
    ("base", "delta", "last"),
    [(-1, 5, -1), (0, 0, 0), (7, 5, 12), (INT32, 0, INT32), (INT32, 1, 0), (INT32 - 1, 3, 1), (1, INT32, 0)],
)
def test_sequences_wrap_to_zero(base: int, delta: int, last: int) -> None:
    header = read_header(encode(Batch(0, (), producer=Producer(1, 0, base), last_offset=delta)))
    assert last == header.last_sequence


def test_the_header_says_what_its_attributes_mean() -> None:
    data = encode(replace(BATCH, is_transactional=True, delete_horizon_ms=9, last_offset=8))
    header = read_header(data)
    assert [5, 8, 9, len(data)] == [header.base_offset, header.last_offset, header.next_offset, header.size_bytes]
    assert [True, False, True, 9] == [
        header.is_transactional,
        header.is_control,
        header.has_delete_horizon,
        header.delete_horizon_ms,
    ]
    assert TimestampType.CREATE_TIME is header.timestamp_type


def test_a_header_can_be_read_before_the_rest_is_there() -> None:
    data = encode(BATCH)
    header: BatchHeader = read_header(data)
    assert header == peek_header(data[:61])
    with pytest.raises(TruncatedBatch, match=r"^byte 0: the end of the bytes is 61, where at least 78 would be right$"):
        read_header(data[:61])


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (replace(BATCH, base_offset=6), "the offset of a record is 5, where 6..6 would be right"),
        (replace(BATCH, records=RECORDS[::-1]), "the offset of a record is 6, where 5..5 would be right"),
        (replace(BATCH, records=RECORDS[:1] * 2), "the offset of a record is 5, where 6..5 would be right"),
        (replace(BATCH, last_offset=5), "the offset of a record is 6, where 6..5 would be right"),
        (replace(BATCH, base_offset=-1), f"the base offset is -1, where 0..{INT64 - 7} would be right"),
        (
            replace(BATCH, last_offset=5 + 2**31),
            "the last offset delta is 2147483648, where 0..2147483647 would be right",
        ),
        (replace(BATCH, leader_epoch=-2), "the leader epoch is -2, where -1..2147483647 would be right"),
        (replace(BATCH, leader_epoch=2**31), "the leader epoch is 2147483648"),
        (replace(BATCH, producer=Producer(-2, 0, 0)), "the producer id is -2"),
        (replace(BATCH, producer=Producer(1, -2, 0)), "the producer epoch is -2"),
        (replace(BATCH, producer=Producer(1, 0, -2)), "the base sequence is -2"),
        (replace(BATCH, producer=Producer(1, 2**15, 0)), "the producer epoch is 32768, where -1..32767 would be right"),
        (replace(BATCH, delete_horizon_ms=-1 - 2**63), "a record does not fit: 922"),
        (replace(BATCH, max_timestamp=INT64 + 1), f"the max timestamp is {INT64 + 1}"),
        (
            replace(BATCH, timestamp_type=TimestampType.LOG_APPEND_TIME),
            f"the timestamps of records are [{TIME}, {TIME + 1}]",
        ),
        (replace(BATCH, records=[Record(5, 0, None, None, (("\ud800", b""),))]), "a record does not fit: 'utf-8'"),
    ],
)
def test_what_the_format_cannot_hold_is_refused(batch: Batch, message: str) -> None:
    with pytest.raises(InvalidBatch) as refused:
        encode(batch)
    assert str(refused.value).startswith(message)


def test_an_error_names_its_place_in_all_the_bytes() -> None:
    data = encode(BATCH)
    with pytest.raises(CorruptBatch) as found:
        check(b"12345" + data[:-1] + b"!", 5)
    assert [22, "the CRC"] == [found.value.position, found.value.field]

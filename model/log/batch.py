"""Record batches, format 2: what producers send, logs keep and consumers read. header.py and record.py tell the layout.

Reading believes nothing: every length, count and delta is checked before it is used, and what is wrong raises
CorruptBatch. Time and memory are bounded by two limits: `uncompressed_bytes_max` for the records all together, and
`items_max` for how many records and headers there are.

Source: Apache Kafka's documentation, "Message Format"; DefaultRecordBatch, MemoryRecordsBuilder.
Left out: message formats 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import google_crc32c

from model.log.compression import Compression, CompressionError, compress, decompress
from model.log.corruption import CorruptBatch, TruncatedBatch
from model.log.header import (
    APPEND_TIME_BIT,
    ATTRIBUTES_AT,
    CHECKED,
    CONTROL_BIT,
    DELETE_HORIZON_BIT,
    HEADER_BYTES,
    LENGTH_AT,
    LENGTH_END,
    MAGIC,
    MAGIC_AT,
    NO_LEADER_EPOCH,
    NO_PRODUCER,
    NO_TIMESTAMP,
    TRANSACTIONAL_BIT,
    UNCHECKED,
    BatchHeader,
    TimestampType,
    check_fields,
    peek_header,
    read_header,
)
from model.log.record import ITEMS_MAX, Base, InvalidBatch, Record, decode_records, encode_records
from model.log.varint import Bytes

__all__ = [
    "HEADER_BYTES",
    "ITEMS_MAX",
    "NO_LEADER_EPOCH",
    "NO_TIMESTAMP",
    "UNCOMPRESSED_BYTES_MAX",
    "Batch",
    "BatchHeader",
    "Compression",
    "CorruptBatch",
    "InvalidBatch",
    "Producer",
    "TimestampType",
    "TruncatedBatch",
    "check",
    "decode",
    "encode",
    "peek_header",
    "read_header",
    "records",
    "with_position",
]

UNCOMPRESSED_BYTES_MAX = 64 << 20
"""What the records of one batch may take by default: 64 times what a broker takes of a producer by default."""


@dataclass(frozen=True, slots=True)
class Producer:
    """Who sent a batch, if its producer is idempotent: the sequence is that of the first record."""

    id: int
    epoch: int
    base_sequence: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch says. Offsets of records rise from `base_offset` on, with gaps once the log is compacted.

    `last_offset` and `max_timestamp` are None where they follow from the records; a compaction that drops records keeps
    the former last offset, and without any record the former max timestamp.
    """

    base_offset: int
    records: Sequence[Record]
    leader_epoch: int = NO_LEADER_EPOCH
    producer: Producer | None = None
    compression: Compression = Compression.NONE
    timestamp_type: TimestampType = TimestampType.CREATE_TIME
    is_transactional: bool = False
    is_control: bool = False
    delete_horizon_ms: int | None = None
    last_offset: int | None = None
    max_timestamp: int | None = None


def check(data: Bytes, at: int = 0) -> BatchHeader:
    """The header of the batch at byte `at`, whose bytes all are as its CRC says. Raises CorruptBatch."""
    header = read_header(data, at)
    _checked_bytes(data, at, header)
    return header


def records(
    data: Bytes,
    at: int = 0,
    *,
    uncompressed_bytes_max: int = UNCOMPRESSED_BYTES_MAX,
    items_max: int = ITEMS_MAX,
) -> list[Record]:
    """All records of the batch at byte `at`. Raises CorruptBatch, at the first thing that is wrong."""
    header = read_header(data, at)
    base = Base(header.base_offset, header.base_timestamp, header.last_offset, items_max)
    return _records(header, base, _checked_bytes(data, at, header), at, uncompressed_bytes_max)


def decode(data: Bytes, at: int = 0, *, uncompressed_bytes_max: int = UNCOMPRESSED_BYTES_MAX) -> Batch:
    """All that the batch at byte `at` says. Raises CorruptBatch."""
    header = read_header(data, at)
    found = records(data, at, uncompressed_bytes_max=uncompressed_bytes_max)
    producer = Producer(header.producer_id, header.producer_epoch, header.base_sequence)
    return Batch(
        base_offset=header.base_offset,
        records=tuple(found),
        leader_epoch=header.leader_epoch,
        producer=None if header.producer_id == NO_PRODUCER[0] else producer,
        compression=header.compression,
        timestamp_type=header.timestamp_type,
        is_transactional=header.is_transactional,
        is_control=header.is_control,
        delete_horizon_ms=header.delete_horizon_ms,
        last_offset=header.last_offset,
        max_timestamp=header.max_timestamp,
    )


def with_position(data: bytes, base_offset: int, leader_epoch: int) -> bytes:
    """The batch at another offset and leader epoch. Neither is checked by the CRC, so nothing else changes."""
    position = base_offset.to_bytes(8, "big", signed=True), leader_epoch.to_bytes(4, "big", signed=True)
    return b"".join((position[0], data[LENGTH_AT:LENGTH_END], position[1], data[MAGIC_AT:]))


def encode(batch: Batch) -> bytes:
    """The batch as bytes, which `decode` takes. Raises InvalidBatch for what the format can't hold."""
    last_offset, producer = _last_offset(batch), batch.producer
    base = Base(batch.base_offset, _base_timestamp(batch), last_offset)
    try:
        body = compress(batch.compression, encode_records(batch.records, base))
        header = BatchHeader(
            batch.base_offset,
            HEADER_BYTES - LENGTH_END + len(body),
            batch.leader_epoch,
            MAGIC,
            0,
            _attributes(batch),
            last_offset - batch.base_offset,
            base.timestamp,
            _max_timestamp(batch),
            *(NO_PRODUCER if producer is None else (producer.id, producer.epoch, producer.base_sequence)),
            len(batch.records),
        )
        check_fields(header)
    except CorruptBatch as error:
        raise InvalidBatch(error.fault) from None
    except (OverflowError, UnicodeEncodeError) as error:
        raise InvalidBatch(f"a record does not fit: {error}") from None
    return _with_crc(header, body)


def _with_crc(header: BatchHeader, body: bytes) -> bytes:
    checked = CHECKED.pack(
        header.attributes,
        header.last_offset_delta,
        header.base_timestamp,
        header.max_timestamp,
        header.producer_id,
        header.producer_epoch,
        header.base_sequence,
        header.record_count,
    )
    crc = google_crc32c.extend(google_crc32c.value(checked), body)
    unchecked = UNCHECKED.pack(header.base_offset, header.batch_length, header.leader_epoch, header.magic, crc)
    return b"".join((unchecked, checked, body))


def _attributes(batch: Batch) -> int:
    return (
        batch.compression
        | (APPEND_TIME_BIT if batch.timestamp_type else 0)
        | (TRANSACTIONAL_BIT if batch.is_transactional else 0)
        | (CONTROL_BIT if batch.is_control else 0)
        | (DELETE_HORIZON_BIT if batch.delete_horizon_ms is not None else 0)
    )


def _base_timestamp(batch: Batch) -> int:
    if batch.delete_horizon_ms is not None:
        return batch.delete_horizon_ms
    return batch.records[0].timestamp if batch.records else NO_TIMESTAMP


def _max_timestamp(batch: Batch) -> int:
    timestamps = [record.timestamp for record in batch.records]
    highest = max(timestamps, default=NO_TIMESTAMP) if batch.max_timestamp is None else batch.max_timestamp
    if batch.timestamp_type is TimestampType.LOG_APPEND_TIME and any(t != highest for t in timestamps):
        raise InvalidBatch(
            f"the timestamps of records are {timestamps}, where {highest}, of the append, would be right"
        )
    return highest


def _last_offset(batch: Batch) -> int:
    if batch.last_offset is not None:
        return batch.last_offset
    return batch.records[-1].offset if batch.records else batch.base_offset


def _checked_bytes(data: Bytes, at: int, header: BatchHeader) -> bytes:
    """The part that the CRC checks, if it is as the CRC says."""
    checked = bytes(data[at + ATTRIBUTES_AT : at + header.size_bytes])
    crc = google_crc32c.value(checked)
    if crc != header.crc:
        raise CorruptBatch("the CRC", f"{header.crc:08x}", f"{crc:08x}, that of the bytes,", at + ATTRIBUTES_AT - 4)
    return checked


def _records(header: BatchHeader, base: Base, checked: bytes, at: int, bytes_max: int) -> list[Record]:
    """The records in `checked`, the part of the batch at byte `at` that the CRC checks."""
    if header.compression is Compression.NONE:
        try:
            found = decode_records(checked, CHECKED.size, header.record_count, base)
        except CorruptBatch as error:
            raise error.moved(at + ATTRIBUTES_AT) from None
    else:
        found = _compressed_records(header, base, checked[CHECKED.size :], at, bytes_max)
    if header.timestamp_type is TimestampType.LOG_APPEND_TIME:
        return [Record(each.offset, header.max_timestamp, each.key, each.value, each.headers) for each in found]
    return found


def _compressed_records(header: BatchHeader, base: Base, body: bytes, at: int, bytes_max: int) -> list[Record]:
    try:
        plain = decompress(header.compression, body, bytes_max)
    except CompressionError as error:
        codec = f"{header.compression.name.lower()} of at most {bytes_max} bytes"
        raise CorruptBatch("the compressed part", error, codec, at + HEADER_BYTES) from None
    try:
        return decode_records(plain, 0, header.record_count, base)
    except CorruptBatch as error:
        raise error.moved(0, "the uncompressed records") from None

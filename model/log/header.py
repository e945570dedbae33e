"""The 61 bytes that begin every record batch, and what they say.

    byte  field                    type    checked by the CRC
       0  base offset              int64   no   the leader assigns it on append
       8  batch length             int32   no   bytes after this field: 49 and the records
      12  partition leader epoch   int32   no   the leader assigns it on append; -1 before
      16  magic                    int8    no   2
      17  CRC-32C                  uint32       of all bytes from the attributes to the end of the batch
      21  attributes               int16   yes  see below
      23  last offset delta        int32   yes  last offset - base offset; stays when compaction drops the last record
      27  base timestamp           int64   yes  of the first record; or the delete horizon (see below)
      35  max timestamp            int64   yes  of all records
      43  producer id              int64   yes  -1 for a producer that is not idempotent
      51  producer epoch           int16   yes  -1 for the same
      53  base sequence            int32   yes  -1 for the same; of the first record
      57  number of records        int32   yes  0 for a batch that keeps only its producer's last sequence
      61  records                          yes  compressed as a whole; see record.py

    attributes (bit 0 is the lowest)
      bits 0-2  compression: none, gzip, snappy, lz4, zstd
      bit 3     timestamps: 0 the producer's (create time), 1 the leader's: every record has the max timestamp
      bit 4     part of a transaction
      bit 5     control batch: its only record is a marker, see control.py
      bit 6     the base timestamp is the delete horizon: the time from which a compaction may drop the batch's
                tombstones and markers; the records' timestamps are relative to it
      the rest  unused: written as 0, not looked at

All integers are big-endian. What the CRC leaves out is what a leader changes on append: so it need not read the rest.

Source: Apache Kafka's documentation, "Record Batch"; DefaultRecordBatch; KIP-98; KIP-534 for the delete horizon.
Left out: message formats 0 and 1, which Apache Kafka 4 no longer writes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from model.log.compression import Compression
from model.log.corruption import CorruptBatch, TruncatedBatch
from model.log.varint import INT32_MAX, INT64_MAX, INT64_MIN, Bytes

MAGIC = 2
INT16_MAX = (1 << 15) - 1
HEADER_BYTES = 61
LENGTH_AT = 8
LENGTH_END = 12
LEADER_EPOCH_AT = 12
MAGIC_AT = 16
ATTRIBUTES_AT = 21
"""Where the part begins that the CRC checks."""
BATCH_LENGTH_MIN = HEADER_BYTES - LENGTH_END

NO_TIMESTAMP = -1
NO_LEADER_EPOCH = -1
NO_PRODUCER = (-1, -1, -1)

COMPRESSION_MASK = 0b111
APPEND_TIME_BIT, TRANSACTIONAL_BIT, CONTROL_BIT, DELETE_HORIZON_BIT = 1 << 3, 1 << 4, 1 << 5, 1 << 6

HEADER = struct.Struct(">qiibIhiqqqhii")
UNCHECKED = struct.Struct(">qiibI")
CHECKED = struct.Struct(">hiqqqhii")


class TimestampType(IntEnum):
    """Whose clock the timestamps of a batch come from."""

    CREATE_TIME = 0
    LOG_APPEND_TIME = 1


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The header of a batch, as it stands on disk."""

    base_offset: int
    batch_length: int
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def size_bytes(self) -> int:
        """The length of the whole batch."""
        return LENGTH_END + self.batch_length

    @property
    def last_offset(self) -> int:
        """The offset of the last record that the batch ever had."""
        return self.base_offset + self.last_offset_delta

    @property
    def next_offset(self) -> int:
        """The offset after the batch."""
        return self.last_offset + 1

    @property
    def compression(self) -> Compression:
        """The codec of the records."""
        return Compression(self.attributes & COMPRESSION_MASK)

    @property
    def timestamp_type(self) -> TimestampType:
        """Whose clock the timestamps come from."""
        return TimestampType.LOG_APPEND_TIME if self.attributes & APPEND_TIME_BIT else TimestampType.CREATE_TIME

    @property
    def is_transactional(self) -> bool:
        """Whether the records are part of a transaction."""
        return bool(self.attributes & TRANSACTIONAL_BIT)

    @property
    def is_control(self) -> bool:
        """Whether the record is a marker, not a user's."""
        return bool(self.attributes & CONTROL_BIT)

    @property
    def has_delete_horizon(self) -> bool:
        """Whether a compaction has set the time from which tombstones and markers may go."""
        return bool(self.attributes & DELETE_HORIZON_BIT)

    @property
    def delete_horizon_ms(self) -> int | None:
        """The time from which the tombstones and markers of this batch may go."""
        return self.base_timestamp if self.has_delete_horizon else None

    @property
    def last_sequence(self) -> int:
        """The sequence of the last record, which wraps from 2^31-1 to 0; -1 without sequences."""
        if self.base_sequence == NO_PRODUCER[2]:
            return self.base_sequence
        return (self.base_sequence + self.last_offset_delta) & INT32_MAX


def peek_header(data: Bytes, at: int = 0) -> BatchHeader:
    """The header at byte `at`, whose batch may go on beyond the end of `data`.

    Raises CorruptBatch for a field that no good batch has, and TruncatedBatch for less than 61 bytes.
    """
    missing = len(data) - at
    if missing < HEADER_BYTES:
        _check_beginning(data, at)
        raise TruncatedBatch("the end of the bytes", len(data), f"at least {at + HEADER_BYTES}", at)
    _check_magic(data[at + MAGIC_AT], at)
    header = BatchHeader(*HEADER.unpack_from(data, at))
    check_fields(header, at)
    return header


def read_header(data: Bytes, at: int = 0) -> BatchHeader:
    """The header at byte `at` of a batch that is there as a whole; its CRC is not checked.

    Raises CorruptBatch for a field that no good batch has, and TruncatedBatch where bytes are missing.
    """
    header = peek_header(data, at)
    if len(data) - at < header.size_bytes:
        raise TruncatedBatch("the end of the bytes", len(data), f"at least {at + header.size_bytes}", at)
    return header


def check_fields(header: BatchHeader, at: int = 0) -> None:
    """Raise CorruptBatch for a field that no good batch has, in a header at byte `at`."""
    delta = max(header.last_offset_delta, 0)
    for field, position, value, lowest, highest in (
        ("base offset", 0, header.base_offset, 0, INT64_MAX - delta),
        ("batch length", LENGTH_AT, header.batch_length, BATCH_LENGTH_MIN, INT32_MAX),
        ("leader epoch", LEADER_EPOCH_AT, header.leader_epoch, NO_LEADER_EPOCH, INT32_MAX),
        ("compression", ATTRIBUTES_AT, header.attributes & COMPRESSION_MASK, 0, 4),
        ("last offset delta", 23, header.last_offset_delta, 0, INT32_MAX),
        ("base timestamp", 27, header.base_timestamp, INT64_MIN, INT64_MAX),
        ("max timestamp", 35, header.max_timestamp, INT64_MIN, INT64_MAX),
        ("producer id", 43, header.producer_id, -1, INT64_MAX),
        ("producer epoch", 51, header.producer_epoch, -1, INT16_MAX),
        ("base sequence", 53, header.base_sequence, -1, INT32_MAX),
        ("number of records", 57, header.record_count, 0, delta + 1),
    ):
        if not lowest <= value <= highest:
            raise CorruptBatch(f"the {field}", value, f"{lowest}..{highest}", at + position)


def _check_beginning(data: Bytes, at: int) -> None:
    """Check what there is of a header that is cut off."""
    if len(data) >= at + LENGTH_END:
        length = int.from_bytes(data[at + LENGTH_AT : at + LENGTH_END], "big", signed=True)
        if length < BATCH_LENGTH_MIN:
            raise CorruptBatch("the batch length", length, f"{BATCH_LENGTH_MIN}..{INT32_MAX}", at + LENGTH_AT)
    if len(data) > at + MAGIC_AT:
        _check_magic(data[at + MAGIC_AT], at)


def _check_magic(magic: int, at: int) -> None:
    if magic != MAGIC:
        raise CorruptBatch("the magic", magic, f"{MAGIC}", at + MAGIC_AT)

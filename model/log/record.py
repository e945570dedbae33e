"""Records as a batch holds them: each relative to the base offset and the base timestamp of its batch.

    length           varint   bytes after this field
    attributes       int8     unused: written as 0, not looked at
    timestamp delta  varlong  timestamp - base timestamp
    offset delta     varint   offset - base offset
    key length       varint   -1 for no key
    key              bytes
    value length     varint   -1 for no value: a tombstone
    value            bytes
    headers          varint   how many, and for each of them:
      key length     varint
      key            UTF-8, see Header
      value length   varint   -1 for no value
      value          bytes

Source: Apache Kafka's documentation, "Record format"; DefaultRecord.
Left out: reading a record without its key, value or headers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.log.corruption import CorruptBatch
from model.log.varint import INT64_MAX, INT64_MIN, decode_varint, decode_varlong, encode_varint, encode_varlong

Header = tuple[str, bytes | None]
"""Its key and its value. Brokers take any bytes for a key: those that are no UTF-8 are kept as PEP 383 keeps them."""

RECORD_BYTES_MIN = 7
"""One byte for each of the seven fields that every record has."""
NULL = b"\x01"
"""The length -1."""
PLAIN_MAX = 8191
"""The highest number whose varint takes two bytes."""
ITEMS_MAX = 1 << 18
"""How many records and headers a batch may have, all together, unless a reader says otherwise: compressed, millions of
them take few bytes, but much time and memory. Apache Kafka has no such limit."""


class InvalidBatch(ValueError):  # noqa: N818 - as CorruptBatch
    """A batch that the format can't hold."""


@dataclass(frozen=True, slots=True, init=False)
class Record:
    """What a producer sent: `timestamp` in milliseconds; no value at all is a tombstone."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]

    def __init__(
        self,
        offset: int,
        timestamp: int,
        key: bytes | None,
        value: bytes | None,
        headers: tuple[Header, ...] = (),
    ) -> None:
        _set_offset(self, offset)
        _set_timestamp(self, timestamp)
        _set_key(self, key)
        _set_value(self, value)
        _set_headers(self, headers)


_set_offset, _set_timestamp, _set_key, _set_value, _set_headers = (
    Record.__dict__[field].__set__ for field in Record.__slots__
)
"""What writes a field of a frozen record: half the time of `object.__setattr__`, where most of decoding goes."""


@dataclass(frozen=True, slots=True)
class Base:
    """What the records of a batch are relative to; how far their offsets may go (inclusive); see ITEMS_MAX."""

    offset: int
    timestamp: int
    last_offset: int
    items_max: int = ITEMS_MAX


class _Varints(dict[int, bytes]):
    """The varint of a number: looked up if it is small, else made."""

    def __missing__(self, number: int) -> bytes:
        return encode_varint(number)


_VARINTS = _Varints({number: encode_varint(number) for number in range(-64, 8192)})


def encode_records(records: Sequence[Record], base: Base) -> bytes:
    """The records one after the other.

    Raises InvalidBatch if their offsets don't rise from the base's to its last, and OverflowError for a delta or a
    length that has no varint.
    """
    varints = _VARINTS
    base_offset, base_timestamp, previous, last = base.offset, base.timestamp, base.offset - 1, base.last_offset
    parts = list[bytes]()
    for record in records:
        offset, timestamp_delta = record.offset, record.timestamp - base_timestamp
        if not previous < offset <= last:
            raise InvalidBatch(f"the offset of a record is {offset}, where {previous + 1}..{last} would be right")
        previous = offset
        key, value, headers = record.key, record.value, record.headers
        fields = b"".join(
            (
                b"\0",
                varints[timestamp_delta] if -64 <= timestamp_delta < 8192 else encode_varlong(timestamp_delta),
                varints[offset - base_offset],
                NULL if key is None else varints[len(key)] + key,
                NULL if value is None else varints[len(value)] + value,
                _encode_headers(headers) if headers else b"\0",
            )
        )
        parts += (varints[len(fields)], fields)
    return b"".join(parts)


def _encode_headers(headers: tuple[Header, ...]) -> bytes:
    parts = [encode_varint(len(headers))]
    for key, value in headers:
        name = key.encode(errors="surrogateescape")
        parts += (encode_varint(len(name)), name, NULL if value is None else encode_varint(len(value)) + value)
    return b"".join(parts)


def decode_records(data: bytes, at: int, count: int, base: Base) -> list[Record]:
    """The `count` records that fill `data` from byte `at` to its end. Raises CorruptBatch."""
    room = min((len(data) - at) // RECORD_BYTES_MIN, base.items_max)
    if count > room:
        raise CorruptBatch("the number of records", count, f"at most {room}, for which there is room,", at)
    found, headers_left = list[Record](), base.items_max - count
    while len(found) < count:
        if base.timestamp <= INT64_MAX - PLAIN_MAX:
            at = _plain_records(data, at, base, found, count)
        if len(found) < count:
            record, at = _any_record(data, at, base, found, headers_left)
            found.append(record)
            headers_left -= len(record.headers)
    if at != len(data):
        raise CorruptBatch("the number of bytes after the last record", len(data) - at, "0", at)
    return found


def _plain_records(data: bytes, at: int, base: Base, found: list[Record], count: int) -> int:
    """Add the records from byte `at` on, up to the first that is not plain or not good, and tell where that one begins.

    A plain record has no headers, a key shorter than 64 bytes, and deltas and lengths of 0..PLAIN_MAX. So its varints
    take one or two bytes, the key's one; they are read here without a call each, and checked together at the end.
    """
    base_offset, base_timestamp = base.offset, base.timestamp
    previous, last = _previous(found, base), base.last_offset
    try:
        for _ in range(count - len(found)):
            length, p = data[at], at + 1
            if length > 127:
                length, p = length + (data[p] << 7) - 128, p + 1
            end = p + (length >> 1)
            timestamp, p = data[p + 1], p + 2
            if timestamp > 127:
                timestamp, p = timestamp + (data[p] << 7) - 128, p + 1
            offset, p = data[p], p + 1
            if offset > 127:
                offset, p = offset + (data[p] << 7) - 128, p + 1
            key_length, p = data[p], p + 1
            if key_length == 1:
                key, key_length = None, 0
            else:
                key, p = data[p : p + (key_length >> 1)], p + (key_length >> 1)
            value_length, p = data[p], p + 1
            if value_length > 127:
                value_length, p = value_length + (data[p] << 7) - 128, p + 1
            if value_length == 1:
                value, value_length = None, 0
            else:
                value, p = data[p : p + (value_length >> 1)], p + (value_length >> 1)
            unusual = (length | timestamp | offset | value_length) & ~(2 * PLAIN_MAX) | key_length & 0x81 | data[p]
            offset = base_offset + (offset >> 1)
            if unusual or p + 1 != end or not previous < offset <= last:
                break
            found.append(Record(offset, base_timestamp + (timestamp >> 1), key, value))
            previous, at = offset, end
    except IndexError:
        pass
    return at


def _any_record(data: bytes, at: int, base: Base, found: list[Record], headers_max: int) -> tuple[Record, int]:
    """The record at byte `at`, which comes after those that were found, and where it ends. Raises CorruptBatch."""
    start = at
    length, at = decode_varint(data, at)
    end = at + length
    if not RECORD_BYTES_MIN - 1 <= length <= len(data) - at:
        raise CorruptBatch("the length of a record", length, f"{RECORD_BYTES_MIN - 1}..{len(data) - at}", start)
    timestamp, at = _timestamp_at(data, at + 1, base)
    offset, at = _offset_at(data, at, base, _previous(found, base))
    key, at = _bytes_at(data, at, end)
    value, at = _bytes_at(data, at, end)
    headers, at = _headers_at(data, at, end, headers_max)
    if at != end:
        raise CorruptBatch("the length of a record", length, f"{length + at - end}, as its fields take,", start)
    return Record(offset, timestamp, key, value, headers), end


def _previous(found: list[Record], base: Base) -> int:
    return found[-1].offset if found else base.offset - 1


def _timestamp_at(data: bytes, at: int, base: Base) -> tuple[int, int]:
    delta, end = decode_varlong(data, at)
    timestamp = base.timestamp + delta
    if not INT64_MIN <= timestamp <= INT64_MAX:
        raise CorruptBatch("the timestamp", timestamp, "-2^63..2^63-1", at)
    return timestamp, end


def _offset_at(data: bytes, at: int, base: Base, previous: int) -> tuple[int, int]:
    delta, end = decode_varint(data, at)
    offset = base.offset + delta
    if not previous < offset <= base.last_offset:
        raise CorruptBatch("the offset of a record", offset, f"{previous + 1}..{base.last_offset}", at)
    return offset, end


def _bytes_at(data: bytes, at: int, end: int) -> tuple[bytes | None, int]:
    length, start = decode_varint(data, at)
    if length == -1:
        return None, start
    if not 0 <= length <= end - start:
        raise CorruptBatch("the length of a field", length, f"-1..{end - start}", at)
    return data[start : start + length], start + length


def _headers_at(data: bytes, at: int, end: int, headers_max: int) -> tuple[tuple[Header, ...], int]:
    start = at
    count, at = decode_varint(data, at)
    most = min((end - at) // 2, headers_max)
    if not 0 <= count <= most:
        raise CorruptBatch("the number of headers", count, f"0..{max(0, most)}", start)
    headers = list[Header]()
    for _ in range(count):
        start = at
        key, at = _bytes_at(data, at, end)
        if key is None:
            raise CorruptBatch("the key of a header", "null", "a string", start)
        value, at = _bytes_at(data, at, end)
        headers.append((key.decode(errors="surrogateescape"), value))
    return tuple(headers), at

"""Bytes that are no batch are refused with what is wrong and where: flipped bits, lies, bombs, and anything at all."""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.log.batch import (
    Batch,
    Compression,
    CorruptBatch,
    TruncatedBatch,
    check,
    decode,
    encode,
    read_header,
    records,
)
from model.log.compression import compress
from model.log.record import Record
from model.log.varint import encode_varint
from tests.model.log.batches import made_by_others
from tests.model.log.drawn_batches import TIME, batches, with_body, with_right_crc

PLAIN = (Record(3, TIME, b"k", b"value"), Record(4, TIME + 1, None, b"w", (("h", b"x"),)))
DATA = encode(Batch(3, PLAIN))
OTHERS = {str(other): other.data for other in made_by_others()}
FLIPPED = ("apache_kafka/commit", "apache_kafka/gzip-json", "apache_kafka/compacted-empty", "librdkafka/lz4")
COMPRESSED = tuple(codec for codec in Compression if codec is not Compression.NONE)
MEBIBYTE = 1 << 20


def flips(data: bytes, start: int, end: int) -> list[bytes]:
    """The bytes with any one bit of those from `start` to `end` flipped."""
    flipped = []
    for at, bit in product(range(start, end), range(8)):
        changed = bytearray(data)
        changed[at] ^= 1 << bit
        flipped.append(bytes(changed))
    return flipped


def refused(data: bytes, uncompressed_bytes_max: int = MEBIBYTE) -> str:
    """What is said of bytes that must not be read."""
    with pytest.raises(CorruptBatch) as found:
        records(data, uncompressed_bytes_max=uncompressed_bytes_max)
    return str(found.value)


def test_every_flipped_bit_that_the_crc_covers_is_found() -> None:
    flipped = [changed for name in FLIPPED for changed in flips(OTHERS[name], 17, len(OTHERS[name]))]
    assert 7_088 == len(flipped)
    for changed in flipped:
        with pytest.raises(CorruptBatch):
            check(changed)


@pytest.mark.deep
@pytest.mark.parametrize("name", OTHERS)
def test_every_flipped_bit_of_every_batch_is_found(name: str) -> None:
    for changed in flips(OTHERS[name], 17, len(OTHERS[name])):
        with pytest.raises(CorruptBatch):
            check(changed)


@pytest.mark.parametrize("name", FLIPPED)
def test_a_flipped_bit_of_the_length_or_the_magic_is_found(name: str) -> None:
    for changed in flips(OTHERS[name], 8, 12) + flips(OTHERS[name], 16, 17):
        with pytest.raises(CorruptBatch):
            check(changed)


@pytest.mark.parametrize("name", FLIPPED)
def test_a_flipped_bit_of_the_position_changes_nothing_else(name: str) -> None:
    data = OTHERS[name]
    header = check(data)
    for changed in flips(data, 0, 8) + flips(data, 12, 16):
        base_offset, _, leader_epoch = struct.unpack_from(">qii", changed)
        if base_offset < 0 or base_offset + header.last_offset_delta > 2**63 - 1 or leader_epoch < -1:
            assert f"where {'-1' if base_offset >= 0 else '0'}.." in refused(changed)
        else:
            assert replace(header, base_offset=base_offset, leader_epoch=leader_epoch) == check(changed)


@pytest.mark.parametrize("name", FLIPPED)
def test_a_batch_that_is_cut_off_anywhere_is_truncated(name: str) -> None:
    data = OTHERS[name]
    for end in range(len(data)):
        with pytest.raises(TruncatedBatch, match=f"^byte 0: the end of the bytes is {end}, where at least"):
            read_header(data[:end])


@pytest.mark.parametrize(
    ("at", "field", "message"),
    [
        (0, struct.pack(">q", -1), "byte 0: the base offset is -1, where 0..9223372036854775806 would be right"),
        (0, struct.pack(">q", 2**63 - 1), "byte 0: the base offset is 9223372036854775807, where 0..92233720368547758"),
        (8, struct.pack(">i", 48), "byte 8: the batch length is 48, where 49..2147483647 would be right"),
        (8, struct.pack(">i", -1), "byte 8: the batch length is -1, where 49..2147483647 would be right"),
        (
            8,
            struct.pack(">i", 2**31 - 1),
            "byte 0: the end of the bytes is 86, where at least 2147483659 would be right",
        ),
        (8, struct.pack(">i", 73), "byte 17: the CRC is "),
        (16, b"\1", "byte 16: the magic is 1, where 2 would be right"),
    ],
)
def test_a_header_that_lies_where_no_crc_looks_is_refused(at: int, field: bytes, message: str) -> None:
    assert refused(DATA[:at] + field + DATA[at + len(field) :]).startswith(message)


@pytest.mark.parametrize(
    ("at", "field", "message"),
    [
        (21, b"\0\5", "byte 21: the compression is 5, where 0..4 would be right"),
        (21, b"\0\1", "byte 61: the compressed part is no gzip: "),
        (23, struct.pack(">i", -1), "byte 23: the last offset delta is -1, where 0..2147483647 would be right"),
        (23, struct.pack(">i", 0), "byte 57: the number of records is 2, where 0..1 would be right"),
        (27, struct.pack(">q", 2**63 - 1), "byte 76: the timestamp is 9223372036854775808, where"),
        (43, struct.pack(">q", -2), "byte 43: the producer id is -2, where -1..9223372036854775807 would be right"),
        (51, struct.pack(">h", -2), "byte 51: the producer epoch is -2, where -1..32767 would be right"),
        (53, struct.pack(">i", -2), "byte 53: the base sequence is -2, where -1..2147483647 would be right"),
        (57, struct.pack(">i", -1), "byte 57: the number of records is -1, where 0..2 would be right"),
        (
            57,
            struct.pack(">i", 1),
            "byte 74: the number of bytes after the last record is 12, where 0 would be right",
        ),
    ],
)
def test_a_header_that_lies_under_a_right_crc_is_refused(at: int, field: bytes, message: str) -> None:
    assert refused(with_right_crc(DATA[:at] + field + DATA[at + len(field) :])).startswith(message)


def body(*fields: bytes | int, length: int | None = None) -> bytes:
    """A record of these fields, integers as varints, after its length or the one that it claims."""
    content = b"".join(encode_varint(field) if isinstance(field, int) else field for field in fields)
    return encode_varint(len(content) if length is None else length) + content


GOOD = body(0, 0, 0, -1, -1, 0)
LONG = body(0, 0, 0, -1, 300, bytes(300), 0)
BOMB = b"\xff" * 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "byte 61: the number of records is 1, where at most 0, for which there is room, would be right"),
        (GOOD[:-1], "byte 61: the number of records is 1, where at most 0, for which there is room, would be right"),
        (GOOD + b"\0", "byte 68: the number of bytes after the last record is 1, where 0 would be right"),
        (LONG[:-1], "byte 61: the length of a record is 307, where 6..306 would be right"),
        (body(0, 0, 0, -1, -1, 0, length=-1) + GOOD, "byte 61: the length of a record is -1, where 6..13 would be"),
        (body(0, 0, 0, -1, -1, 0, length=5), "byte 61: the length of a record is 5, where 6..6 would be right"),
        (
            body(0, 0, 0, -1, -1, 0, length=7) + b"\0",
            "byte 61: the length of a record is 7, where 6, as its fields take",
        ),
        (
            body(0, 0, 0, -1, -1, 0, 0),
            "byte 61: the length of a record is 7, where 6, as its fields take, would be right",
        ),
        (body(0, 0, 0, -2, -1, 0), "byte 65: the length of a field is -2, where -1..2 would be right"),
        (body(0, 0, 0, -2, b"k", -1, 0), "byte 65: the length of a field is -2, where -1..3 would be right"),
        (body(0, 0, 0, -1, -2, b"v", 0), "byte 66: the length of a field is -2, where -1..2 would be right"),
        (body(0, 0, 0, -1, -1, 0, length=-7), "byte 61: the length of a record is -7, where 6..6 would be right"),
        (body(0, 0, 0, 9, -1, 0), "byte 65: the length of a field is 9, where -1..2 would be right"),
        (body(0, 0, 0, -1, -2, 0), "byte 66: the length of a field is -2, where -1..1 would be right"),
        (body(0, 0, 0, -1, 2**31 - 1, 0), "byte 66: the length of a field is 2147483647, where -1..1 would be right"),
        (body(0, 0, 0, -1, -1, -1), "byte 67: the number of headers is -1, where 0..0 would be right"),
        (body(0, 0, 0, -1, -1, 2**31 - 1), "byte 67: the number of headers is 2147483647, where 0..0 would be right"),
        (body(0, 0, 0, -1, -1, 1, -1, -1), "byte 68: the key of a header is null, where a string would be right"),
        (body(0, 0, 0, -1, -1, 1, 0, 9), "byte 69: the length of a field is 9, where -1..0 would be right"),
        (body(0, 0, -1, -1, -1, 0), "byte 64: the offset of a record is 2, where 3..4 would be right"),
        (body(0, 0, 2, -1, -1, 0), "byte 64: the offset of a record is 5, where 3..4 would be right"),
        (body(0, 0, 9000, -1, -1, 0), "byte 64: the offset of a record is 9003, where 3..4 would be right"),
        (BOMB, "byte 61: the varint is ffffffffff, where a last byte below 80, in time would be right"),
        (body(0, BOMB), "byte 63: the varlong is ffffffffffffffffffff, where a last byte below 80, in time would be"),
        (body(0, 0, BOMB), "byte 64: the varint is ffffffffff, where a last byte below 80, in time would be right"),
        (
            body(0, 0, 0, -1, BOMB),
            "byte 66: the varint is ffffffffff, where a last byte below 80, in time would be right",
        ),
        (
            body(0, 0, 0, b"\x80\x80\x80\x80\x10", BOMB),
            "byte 65: the varint is 8080808010, where at most 32 bits would",
        ),
    ],
)
@pytest.mark.parametrize("codec", Compression, ids=str)
def test_a_record_that_lies_is_refused(content: bytes, message: str, codec: Compression) -> None:
    data = with_body(encode(Batch(3, PLAIN[:1], compression=codec, last_offset=4)), compress(codec, content))
    if codec is not Compression.NONE and message.startswith("byte"):
        at, _, rest = message.removeprefix("byte ").partition(":")
        message = f"byte {int(at) - 61} of the uncompressed records:{rest}"
    assert refused(data).startswith(message)


def test_a_timestamp_beyond_64_bits_is_refused() -> None:
    content = body(0, 0, 0, -1, -1, 0) + body(0, 1, 1, -1, -1, 0)
    latest = encode(Batch(3, [Record(3, 2**63 - 1, None, None), Record(4, 2**63 - 1, None, None)]))
    assert refused(with_body(latest, content)).startswith(
        "byte 70: the timestamp is 9223372036854775808, where -2^63.."
    )


def test_a_key_whose_length_is_padded_is_read() -> None:
    padded = body(0, 0, 0, b"\x80\x00", 64, bytes(64), 0)
    (record,) = records(with_body(encode(Batch(3, PLAIN[:1])), padded))
    assert Record(3, TIME, b"", bytes(64)) == record


@pytest.mark.parametrize("key", [b"\xff", b"a\xc3", b"\xc3\xa9\x80", b"\xed\xa0\x80"])
def test_any_bytes_are_kept_as_the_key_of_a_header(key: bytes) -> None:
    data = with_body(encode(Batch(3, PLAIN[:1])), body(0, 0, 0, -1, -1, 1, len(key), key, -1))
    assert data == encode(decode(data))
    assert key == records(data)[0].headers[0][0].encode(errors="surrogateescape")


def test_as_many_records_and_headers_are_read_as_the_reader_takes() -> None:
    headers = (("a", None), ("b", None))
    data = encode(Batch(3, [Record(3, TIME, None, b""), *(Record(at, TIME, None, b"", headers) for at in (4, 5))]))
    assert 3 == len(records(data, items_max=7))
    for most, complaint in (
        (6, "byte 87: the number of headers is 2, where 0..1 would be right"),
        (4, "byte 74: the number of headers is 2, where 0..1 would be right"),
        (2, "byte 61: the number of records is 3, where at most 2, for which there is room, would be right"),
    ):
        with pytest.raises(CorruptBatch) as found:
            records(data, items_max=most)
        assert complaint == str(found.value)


def test_two_records_at_one_offset_are_refused() -> None:
    twice = body(0, 0, 1, -1, -1, 0) * 2
    data = with_body(encode(Batch(3, PLAIN)), twice)
    assert refused(data) == "byte 71: the offset of a record is 4, where 5..4 would be right"


@pytest.mark.parametrize("codec", COMPRESSED)
def test_a_compression_bomb_stops_at_the_bound(codec: Compression) -> None:
    content = body(0, 0, 0, -1, 2 * MEBIBYTE, bytes(2 * MEBIBYTE), 0)
    data = with_body(encode(Batch(3, PLAIN[:1], compression=codec)), compress(codec, content))
    assert f"{codec.name.lower()} of more than {MEBIBYTE} bytes" in refused(data)
    assert 2 * MEBIBYTE == len(records(data, uncompressed_bytes_max=len(content))[0].value or b"")
    assert "more than" in refused(data, len(content) - 1)


MEASURED = """
import resource, sys
from model.log.batch import Compression, CorruptBatch, records
data = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF)
try:
    records(data, uncompressed_bytes_max=1 << 20)
except CorruptBatch:
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(after.ru_maxrss - before.ru_maxrss, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""


@pytest.mark.deep
@pytest.mark.parametrize("codec", COMPRESSED)
def test_a_bomb_of_half_a_gibibyte_takes_little_memory_and_time(codec: Compression) -> None:
    data = with_body(encode(Batch(3, PLAIN[:1], compression=codec)), compress(codec, bytes(512 * MEBIBYTE)))
    done = subprocess.run([sys.executable, "-c", MEASURED], input=data, capture_output=True, check=True)  # noqa: S603
    kibibytes, seconds = done.stdout.split()
    assert int(kibibytes) < 8 * 1024 + 3 * len(data) // 1024
    assert float(seconds) < 0.5


@pytest.mark.parametrize("codec", COMPRESSED)
def test_what_is_left_of_compressed_bytes_is_refused(codec: Compression) -> None:
    data = encode(Batch(3, [Record(3, TIME, None, bytes(range(256)) * 9)], compression=codec))
    for end in range(61, len(data), 7):
        assert "the compressed part" in refused(with_right_crc(data[:end])) or "uncompressed records" in refused(
            with_right_crc(data[:end])
        )


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    read_or_refused(data)
    read_or_refused(with_body(DATA, data))


def read_or_refused(data: bytes) -> bool:
    """Whether the bytes are a batch. What is one can be written again, and says the same."""
    try:
        batch = decode(data, uncompressed_bytes_max=MEBIBYTE)
    except CorruptBatch:
        return False
    assert batch == decode(encode(batch))
    return True


@pytest.mark.deep
@settings(max_examples=1_500, deadline=None)
@given(batches(), st.integers(0, 2**32 - 1))
def test_changed_batches_are_refused_or_read(batch: Batch, seed: int) -> None:
    chance = np.random.default_rng(seed)
    data = encode(batch)
    for _ in range(40):
        changed = bytearray(data)
        for _ in range(chance.integers(1, 4)):
            changed[chance.integers(21, len(data))] = chance.integers(256)
        start, end = sorted(chance.integers(21, len(data) + 1, 2))
        if chance.integers(4) == 0:
            del changed[start:end]
        read_or_refused(with_right_crc(bytes(changed).ljust(61, b"\0")))

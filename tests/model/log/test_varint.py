"""Variable-length integers: their bytes, their bounds, and what is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.log.corruption import CorruptBatch
from model.log.varint import (
    INT32_MAX,
    INT32_MIN,
    INT64_MAX,
    INT64_MIN,
    Bytes,
    decode_unsigned,
    decode_varint,
    decode_varlong,
    encode_unsigned,
    encode_varint,
    encode_varlong,
)

WRITTEN = {
    0: "00",
    -1: "01",
    1: "02",
    63: "7e",
    -64: "7f",
    64: "8001",
    -65: "8101",
    8191: "fe7f",
    8192: "808001",
    INT32_MAX: "feffffff0f",
    INT32_MIN: "ffffffff0f",
}
WRITTEN_LONG = {
    INT32_MAX + 1: "8080808010",
    INT32_MIN - 1: "8180808010",
    INT64_MAX: "feffffffffffffffff01",
    INT64_MIN: "ffffffffffffffffff01",
}


@pytest.mark.parametrize(("number", "written"), WRITTEN.items())
def test_varints_are_the_bytes_of_protocol_buffers(number: int, written: str) -> None:
    data = bytes.fromhex(written)
    assert data == encode_varint(number) == encode_varlong(number)
    assert (number, len(data)) == decode_varint(data, 0) == decode_varlong(data, 0)


@pytest.mark.parametrize(("number", "written"), WRITTEN_LONG.items())
def test_varlongs_go_on_to_ten_bytes(number: int, written: str) -> None:
    data = bytes.fromhex(written)
    assert data == encode_varlong(number)
    assert (number, len(data)) == decode_varlong(data, 0)
    with pytest.raises(OverflowError, match=r"is not in -2\^31\.\.2\^31-1"):
        encode_varint(number)


@pytest.mark.parametrize(
    ("encode", "number"),
    [
        (encode_varlong, INT64_MAX + 1),
        (encode_varlong, INT64_MIN - 1),
        (encode_unsigned, -1),
        (encode_unsigned, 1 << 32),
    ],
)
def test_numbers_out_of_bounds_are_not_written(encode: Callable[[int], bytes], number: int) -> None:
    with pytest.raises(OverflowError, match=f"^{number} is not in"):
        encode(number)


@pytest.mark.parametrize(
    ("decode", "data", "message"),
    [
        (decode_varint, "8080808080 00", "the varint is 8080808080, where a last byte below 80, in time"),
        (decode_varint, "8080808010", "the varint is 8080808010, where at most 32 bits"),
        (decode_varint, "ffffffff7f", "the varint is ffffffff7f, where at most 32 bits"),
        (decode_varint, "80", "the varint is 80, where a last byte below 80, in time"),
        (decode_varint, "", "the varint is missing, where"),
        (decode_varlong, "80808080808080808080 00", "the varlong is 80808080808080808080, where a last byte"),
        (decode_varlong, "80808080808080808002", "the varlong is 80808080808080808002, where at most 64 bits"),
        (decode_varlong, "ff" * 5000, "the varlong is ffffffffffffffffffff, where a last byte below 80"),
    ],
)
def test_what_is_no_varint_is_refused(decode: Callable[[Bytes, int], object], data: str, message: str) -> None:
    with pytest.raises(CorruptBatch, match=f"^byte 3: {message}"):
        decode(b"\0\0\0" + bytes.fromhex(data), 3)


@pytest.mark.parametrize("padded", ["00", "8000", "808000", "80808000", "8080808000"])
def test_padding_within_five_bytes_is_read(padded: str) -> None:
    assert (0, len(padded) // 2) == decode_varint(bytes.fromhex(padded), 0)


@given(st.integers(INT64_MIN, INT64_MAX), st.binary(max_size=3), st.binary(max_size=3))
def test_what_is_written_is_read_anywhere(number: int, before: bytes, after: bytes) -> None:
    data = encode_varlong(number)
    assert (number, len(before + data)) == decode_varlong(before + data + after, len(before))
    unsigned = number - INT64_MIN
    assert (unsigned, len(encode_unsigned(unsigned, 64))) == decode_unsigned(encode_unsigned(unsigned, 64), 0, 64)

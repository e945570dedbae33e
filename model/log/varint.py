"""Variable-length integers as Protocol Buffers write them: seven bits a byte, lowest first, the top bit if more follow.

Signed integers are zig-zagged first (0, -1, 1, -2 ... become 0, 1, 2, 3 ...), so that small ones of either sign are
short. A varint holds 32 bits in at most 5 bytes, a varlong 64 bits in at most 10. Readers take longer forms of a small
number (the padding that some writers leave), but never a sixth or eleventh byte, nor bits beyond the 32nd or 64th.

Source: the Protocol Buffers encoding guide; Apache Kafka's ByteUtils.
Left out: nothing.
"""

from __future__ import annotations

from model.log.corruption import CorruptBatch

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1

Bytes = bytes | bytearray | memoryview


def encode_unsigned(number: int, bits: int = 32) -> bytes:
    """Write a number of at most `bits` bits that is not negative. Raises OverflowError for any other."""
    if not 0 <= number < 1 << bits:
        raise OverflowError(f"{number} is not in 0..2^{bits}-1")
    if number < 0x80:
        return bytes((number,))
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def encode_varint(number: int) -> bytes:
    """Write a signed integer of 32 bits. Raises OverflowError for any other."""
    if not INT32_MIN <= number <= INT32_MAX:
        raise OverflowError(f"{number} is not in -2^31..2^31-1")
    return encode_unsigned(number << 1 ^ number >> 31, 32)


def encode_varlong(number: int) -> bytes:
    """Write a signed integer of 64 bits. Raises OverflowError for any other."""
    if not INT64_MIN <= number <= INT64_MAX:
        raise OverflowError(f"{number} is not in -2^63..2^63-1")
    return encode_unsigned(number << 1 ^ number >> 63, 64)


def decode_unsigned(data: Bytes, at: int, bits: int = 32) -> tuple[int, int]:
    """The number at byte `at` and where it ends. Raises CorruptBatch if it is cut off or has more than `bits` bits."""
    number = shift = 0
    for position in range(at, min(at + -(-bits // 7), len(data))):
        byte = data[position]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if number >> bits:
                raise CorruptBatch(f"the {_name(bits)}", data[at : position + 1].hex(), f"at most {bits} bits", at)
            return number, position + 1
        shift += 7
    found = bytes(data[at : at + -(-bits // 7)]).hex() or "missing"
    raise CorruptBatch(f"the {_name(bits)}", found, "a last byte below 80, in time", at)


def decode_varint(data: Bytes, at: int) -> tuple[int, int]:
    """The signed integer of 32 bits at byte `at`, and where it ends. Raises CorruptBatch."""
    number, end = decode_unsigned(data, at, 32)
    return number >> 1 ^ -(number & 1), end


def decode_varlong(data: Bytes, at: int) -> tuple[int, int]:
    """The signed integer of 64 bits at byte `at`, and where it ends. Raises CorruptBatch."""
    number, end = decode_unsigned(data, at, 64)
    return number >> 1 ^ -(number & 1), end


def _name(bits: int) -> str:
    return "varint" if bits == 32 else "varlong"

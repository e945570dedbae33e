"""The codecs of record batches: none, gzip, snappy, lz4 and zstd, read within a bound.

What a stranger compressed may grow without end, so a reader says how many bytes it takes at most. Nothing beyond them
is ever made: all codecs write into memory of that size, which the system provides page by page as it is filled.

snappy is framed as the xerial library does it (a header of 16 bytes, then blocks, each after its length in 4 bytes);
without that header, the whole is one raw block, as some clients write it. lz4 is a frame of independent blocks of
64 KiB, since Apache Kafka's reader takes no other.

Source: Apache Kafka's Compression classes; the xerial snappy-java framing; the LZ4 frame format; RFC 8878 for zstd.
Left out: compression levels, dictionaries.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum

import cramjam
import numpy as np


class Compression(IntEnum):
    """The codec of a batch: the number that its attributes hold."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


class CompressionError(ValueError):
    """What is no compressed form of anything, or of more than was allowed."""


XERIAL = struct.pack(">8sii", b"\x82SNAPPY\0", 1, 1)
"""What snappy-java writes first: its magic, its version, and the oldest version that can read it."""
XERIAL_MAGIC = XERIAL[:8]
XERIAL_BLOCK_BYTES = 32 * 1024
LZ4_HEADER = bytes.fromhex("04224d18 60 40 82")
"""Magic; version 1, independent blocks, no checksums, no size; blocks of 64 KiB; checksum of these two bytes."""
LZ4_BLOCK_BYTES = 64 * 1024
LZ4_STORED = 1 << 31
"""The bit in a block's length that says it is not compressed."""


def compress(codec: Compression, data: bytes) -> bytes:
    """The compressed form, framed as Apache Kafka reads it."""
    return data if codec is Compression.NONE else _COMPRESS[codec](data)


def decompress(codec: Compression, data: bytes, bytes_max: int) -> bytes:
    """What was compressed. Raises CompressionError if that is nothing or more than `bytes_max` bytes."""
    if codec is Compression.NONE:
        return data
    memory = np.empty(bytes_max, np.uint8).data
    try:
        length = _DECOMPRESS[codec](data, memory)
    except cramjam.DecompressionError as error:
        if "write whole buffer" in str(error):
            raise CompressionError(f"{codec.name.lower()} of more than {bytes_max} bytes") from None
        raise CompressionError(f"no {codec.name.lower()}: {error}") from None
    return bytes(memory[:length])


def _gzip(data: bytes) -> bytes:
    return bytes(cramjam.gzip.compress(data))


def _zstd(data: bytes) -> bytes:
    return bytes(cramjam.zstd.compress(data))


def _snappy(data: bytes) -> bytes:
    parts = [XERIAL]
    for start in range(0, len(data), XERIAL_BLOCK_BYTES):
        block = bytes(cramjam.snappy.compress_raw(data[start : start + XERIAL_BLOCK_BYTES]))
        parts += (len(block).to_bytes(4, "big"), block)
    return b"".join(parts)


def _lz4(data: bytes) -> bytes:
    parts = [LZ4_HEADER]
    for start in range(0, len(data), LZ4_BLOCK_BYTES):
        plain = data[start : start + LZ4_BLOCK_BYTES]
        block = bytes(cramjam.lz4.compress_block(plain, store_size=False))
        if len(block) < len(plain):
            parts += (len(block).to_bytes(4, "little"), block)
        else:
            parts += ((len(plain) | LZ4_STORED).to_bytes(4, "little"), plain)
    return b"".join([*parts, bytes(4)])


def _read_snappy(data: bytes, memory: memoryview) -> int:
    if not data.startswith(XERIAL_MAGIC):
        return _read_raw_snappy(data, memory, 0)
    at, filled = len(XERIAL), 0
    while at < len(data):
        start = at + 4
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data):
            raise CompressionError(f"no snappy: a block ends at byte {at} of {len(data)}")
        filled = _read_raw_snappy(data[start:at], memory, filled)
    return filled


def _read_raw_snappy(block: bytes, memory: memoryview, filled: int) -> int:
    """Put what a block holds behind what is filled. Returns what is filled then."""
    end = filled + cramjam.snappy.decompress_raw_len(block)
    if end > len(memory):
        raise CompressionError(f"snappy of more than {len(memory)} bytes")
    return filled + cramjam.snappy.decompress_raw_into(block, memory[filled:end])


_COMPRESS: dict[Compression, Callable[[bytes], bytes]] = {
    Compression.GZIP: _gzip,
    Compression.SNAPPY: _snappy,
    Compression.LZ4: _lz4,
    Compression.ZSTD: _zstd,
}
_DECOMPRESS: dict[Compression, Callable[[bytes, memoryview], int]] = {
    Compression.GZIP: cramjam.gzip.decompress_into,
    Compression.SNAPPY: _read_snappy,
    Compression.LZ4: cramjam.lz4.decompress_into,
    Compression.ZSTD: cramjam.zstd.decompress_into,
}

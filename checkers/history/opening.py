"""Bytes of a recording, whatever it is packed in: plain, gzip or zstd, told by its first bytes, from a file or stdin.

Everything streams: a file that unpacks to more than fits in memory is no danger here, only a line that is too long.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from gzip import BadGzipFile, GzipFile
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import cast

import zstandard

from checkers.history.limits import EVENT_BYTES_MAX
from checkers.verdict import UserError

BLOCK_BYTES = 1 << 18
"""About how much is worked on at a time."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ZSTD_INPUT_BYTES = 1 << 10
"""So little is unpacked at once because 4 bytes of zstd can stand for 128 KiB."""
ZSTD_WINDOW_BYTES_MAX = 1 << 27
STDIN = "-"


def read_chunks(path: Path) -> Iterator[bytes]:
    """The content of a file (of stdin for "-"), unpacked, cut anywhere. UserError if it can't be read or unpacked."""
    try:
        with nullcontext(cast("BufferedReader", sys.stdin.buffer)) if str(path) == STDIN else path.open("rb") as file:
            yield from unpacked(file, str(path))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from error


def unpacked(file: BufferedReader, name: str) -> Iterator[bytes]:
    """The content of an open file, unpacked, cut anywhere. UserError if it is packed and damaged."""
    magic = file.peek(len(ZSTD))
    try:
        if magic.startswith(GZIP):
            yield from _without_mark(_blocks(GzipFile(fileobj=file)))
        elif magic.startswith(ZSTD):
            yield from _without_mark(_zstd(file))
        else:
            yield from _without_mark(_blocks(file))
    except (BadGzipFile, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise UserError(f"{name}: can't be unpacked: {error}") from error


def _blocks(file: BufferedIOBase) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _zstd(file: BufferedReader) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES_MAX)
    frame = None
    while packed := file.read(ZSTD_INPUT_BYTES):
        while packed:
            frame = frame or decompressor.decompressobj()
            data = frame.decompress(packed)
            yield from (data[start : start + BLOCK_BYTES] for start in range(0, len(data), BLOCK_BYTES))
            packed, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:
        message = "the file ends within a frame of zstd"
        raise EOFError(message)


def _without_mark(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Chunks without the mark that some editors put before UTF-8."""
    start = b""
    for chunk in chunks:
        start += chunk
        if len(start) >= len(BYTE_ORDER_MARK):
            break
    yield start.removeprefix(BYTE_ORDER_MARK)
    yield from chunks


def whole_lines(chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Blocks of whole lines from chunks cut anywhere; the last may lack its newline. UserError for a long line."""
    parts: list[bytes] = []
    size = lines = 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= BLOCK_BYTES and b"\n" in chunk:
            data = b"".join(parts)
            end = data.rindex(b"\n") + 1
            yield data[:end]
            lines += data.count(b"\n")
            parts, size = [data[end:]], len(data) - end
        if size > EVENT_BYTES_MAX:
            raise UserError(
                f"{name}, line {lines + 1}: is longer than {EVENT_BYTES_MAX >> 20} MiB, the most that is read"
            )
    if size:
        yield b"".join(parts)


def numbered_lines(chunks: Iterable[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a text and their numbers from 1."""
    number = 0
    for block in whole_lines(chunks, name):
        for line in block.removesuffix(b"\n").split(b"\n"):
            number += 1
            yield number, line

"""Recorded histories from files: in which format one is written, and the reader for it.

A file may be packed with gzip or zstd, "-" is stdin; what a file is is told by what it holds, never by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from checkers.history.history import History
from checkers.history.jepsen_edn import read_edn
from checkers.history.jepsen_log import OPERATION, read_log
from checkers.history.json_lines import read_json_lines
from checkers.history.opening import read_chunks
from checkers.strict_json import shown
from checkers.verdict import UserError

READERS: Mapping[str, Callable[[Iterable[bytes], str], History]] = {
    "json-lines": read_json_lines,
    "edn": read_edn,
    "jepsen-log": read_log,
}
AUTO = "auto"
FORMATS = (AUTO, *READERS)
"""What `--format` takes."""
LOOKED_AT_BYTES = 1 << 16
"""How much of a file is looked at to tell its format."""


def read_history(path: Path, format: str = AUTO) -> History:  # noqa: A002 - as the option is called
    """The history in a file. UserError, naming the place, if it can't be read, if it is malformed or has no events."""
    if format not in FORMATS:
        raise UserError(f"{shown(format)}: there is no such format; there are {', '.join(FORMATS)}")
    chunks = read_chunks(path)
    start, chunks = _start(chunks)
    reader = READERS[detect(start, str(path)) if format == AUTO else format]
    history = reader(chunks, str(path))
    if not len(history):
        raise UserError(f"{path}: has no events; a history has at least one")
    return history


def detect(start: bytes, name: str) -> str:
    """The format of a recording that starts like this. Raises UserError if it is none that is known."""
    text = start.decode("utf-8", "replace").lstrip(" \t\r\n,")
    inside = text[1:].lstrip(" \t\r\n,")
    if not text:
        raise UserError(f"{name}: has no events; a history has at least one")
    if text[0] == "{" and inside[:1] in ('"', "}"):
        return "json-lines"
    if text[0] == "[" and inside[:1] == "{" and inside[1:].lstrip()[:1] in ('"', "}"):
        raise UserError(
            f"{name}, line 1: {shown(text[:20])}: is one array of JSON; write one event a line (JSON Lines)"
        )
    if text[0] in "{[(#;":
        return "edn"
    if OPERATION.search(text):
        return "jepsen-log"
    right = f"give the format with --format: {', '.join(READERS)}"
    raise UserError(f"{name}, line 1: {shown(text.partition(chr(10))[0])}: starts like no format of histories; {right}")


def _start(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes of chunks, and all of them again."""
    taken, size = [], 0
    for chunk in chunks:
        taken.append(chunk)
        size += len(chunk)
        if size >= LOOKED_AT_BYTES:
            break
    return b"".join(taken)[:LOOKED_AT_BYTES], chain(taken, chunks)

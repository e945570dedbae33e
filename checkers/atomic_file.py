"""Files that are written whole or not at all: a temporary file beside the target, flushed, then renamed over it.

Whatever was there before stays until the new bytes are on the disk. What is no regular file (a pipe, /dev/stdout) is
written straight.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from checkers.verdict import UserError

DEVICES = Path("/dev")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file. Raises UserError, leaving what was there, if the directory or the disk doesn't take it."""
    try:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a directory")
        if not replaceable(path):
            path.write_bytes(data)
        else:
            _replace(path.resolve(), data)
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"{path}: can't be written: {getattr(error, 'strerror', None) or error}") from error


def replaceable(path: Path) -> bool:
    """Whether another file can be put in the place of one: not of a pipe or a device."""
    return not path.is_relative_to(DEVICES) and (path.is_file() or not path.exists())


def _replace(path: Path, data: bytes) -> None:
    temporary = path.parent / f".logproof-{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

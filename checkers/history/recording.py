"""Writing a history while it happens: one line of JSON an event, from many threads, whole lines only.

The file is at every moment a valid prefix of the recording: a line is handed to the operating system as a whole before
the next is numbered, and one that the disk took only in part is cut off again. The form of the lines is that of
`checkers.history.json_lines`. An invoke has to be recorded before the call that it stands for and a completion after
it, or the order in real time means nothing.

Left out: fsync; the file survives the program, not the machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Literal, Self

from checkers.clock import now
from checkers.history.history import Json
from checkers.verdict import UserError

Completion = Literal["ok", "fail", "info"]
OWN_FIELDS = ("index", "time", "process", "type", "f", "value", "error")
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `fields` is what else the line carries, under names that are none of the line's own."""

    type: Literal["invoke"] | Completion
    process: int | str
    function: str
    value: Json = None
    error: Json = None
    fields: Mapping[str, Json] = field(default_factory=dict)


class Recorder:
    """Appends events to a file that it makes anew; any thread may call it.

    Raises UserError if the file can't be made or the disk takes no more; every later event then raises it again, so
    that nothing goes on unrecorded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._count = 0
        self._end = 0
        self._failure: UserError | None = None
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        except OSError as error:
            raise UserError(f"{path}: can't be written: {error.strerror}") from error
        self._start = now()

    def __len__(self) -> int:
        return self._count

    def record(self, event: Event) -> int:
        """Write an event; returns its index. Indexes are in the order of the lines, times never go back."""
        own = set(event.fields) & set(OWN_FIELDS)
        assert not own, f"fields of the line's own: {sorted(own)}"
        with self._lock:
            if self._failure is not None:
                raise self._failure
            index = self._count
            line: dict[str, Json] = {
                "index": index,
                "time": round((now() - self._start) * NANOSECONDS),
                "process": event.process,
                "type": event.type,
                "f": event.function,
                "value": event.value,
            }
            if event.error is not None:
                line["error"] = event.error
            self._write(json.dumps(line | dict(event.fields), separators=(",", ":")).encode() + b"\n")
            self._count = index + 1
            return index

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
            self._failure = UserError(
                f"{self.path}: the recording ends after event {self._count - 1}: {error.strerror}; what is in the file "
                "is a valid history up to there"
            )
            raise self._failure from error
        self._end += len(line)

    def close(self) -> None:
        """Close the file; once is enough."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
                self._failure = UserError(f"{self.path}: the recording is closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

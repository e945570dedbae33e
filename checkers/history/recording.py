"""Writing a history while it happens: one line of JSON an event, from many threads, whole lines only.

While it is recorded the history is in a file beside the one that is asked for, whose name ends in .partial; it takes
that one's place when the recording has come to its end, and stays where it is if it has not. It is at every moment a
valid prefix of the recording: a line is handed to the operating system as a whole before the next is numbered, and one
that the disk took only in part is cut off again. The form of the lines is that of `checkers.history.json_lines`. An
invoke has to be recorded before the call that it stands for and a completion after it, or the order in real time means
nothing.

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

from checkers.atomic_file import replaceable
from checkers.clock import now
from checkers.history.history import Json
from checkers.verdict import UserError

Completion = Literal["ok", "fail", "info"]
OWN_FIELDS = ("index", "time", "process", "type", "f", "value", "error")
NANOSECONDS = 1_000_000_000
PARTIAL = ".partial"


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
    """Records events to a file, which it replaces at the end of a `with` that raises nothing; any thread may call it.

    Raises UserError if the file can't be made or the disk takes no more; every later event then raises it again, so
    that nothing goes on unrecorded. What stands at `path`, or beside it from an earlier recording, stays as it is until
    there is an event to put in its place. A pipe or a device is written straight.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        whole = path.resolve()
        self.partial = whole.with_name(f"{whole.name}{PARTIAL}") if replaceable(path) else path
        """Where the events are until the end."""
        self._lock = Lock()
        self._count = 0
        self._end = 0
        self._failure: UserError | None = None
        try:
            if path.is_dir():
                raise IsADirectoryError(None, "it is a directory")
            self._descriptor = os.open(self.partial, os.O_WRONLY | os.O_CREAT, 0o666)
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: can't be written: {getattr(error, 'strerror', None) or error}") from error
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
            if not self._end and self._beside:
                os.ftruncate(self._descriptor, 0)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._end)
            self._failure = UserError(
                f"{self.path}: the recording ends after event {self._count - 1}: {error.strerror}"
            )
            raise self._failure from error
        self._end += len(line)

    @property
    def _beside(self) -> bool:
        return self.partial != self.path

    @property
    def left(self) -> str:
        """What there is of a recording that did not come to its end, and where; empty if there is nothing."""
        return f"what was recorded until then, events: {self._count:,}, is in {self.partial}" if self._count else ""

    def close(self) -> None:
        """Close the file and leave it where it is; once is enough."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
                self._failure = UserError(f"{self.path}: the recording is closed")
                if self._beside and self.partial.stat().st_size == 0:
                    self.partial.unlink()

    def finish(self) -> None:
        """Close the file and put it where it was asked for, if it has an event. Raises UserError if that can't be."""
        self.close()
        if self._count and self._beside:
            try:
                self.partial.replace(self.path.resolve())
            except OSError as error:
                raise UserError(f"{self.path}: can't be written: {error.strerror}; {self.left}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close() if kind else self.finish()

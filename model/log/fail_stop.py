"""A log whose disk has failed a change is not changed any more: what is on the disk is no longer known.

Source: Apache Kafka's LogDirFailureChannel, UnifiedLog.maybeHandleIOException; KAFKA-7866, KAFKA-10778.
Left out: giving up all logs of a disk at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class LogStopped(OSError):  # noqa: N818 - what is wrong says more
    """Nothing can be changed until the log is opened anew; what was acknowledged can be read."""


class FailStop:
    """Lets changes through until one fails for the disk."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._reason = ""

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around each change: an OSError in it is the last one. Raises LogStopped after that."""
        if self._reason:
            raise LogStopped(f"{self._name} can't be changed until it is opened anew: {self._reason}")
        try:
            yield
        except OSError as error:
            self.stop(f"the disk failed: {error}")
            raise

    def stop(self, reason: str) -> None:
        """Let no more changes through."""
        self._reason = reason

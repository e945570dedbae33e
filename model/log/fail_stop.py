"""A log that failed in the middle of a change is not changed any more: what is on the disk is no longer known.

Whatever the change fails for: a disk that fails, a batch on it that can't be read, an error of this program. So all
that a caller may have done wrong is checked before a change begins.

After a failed flush there is more to do than to open the log anew. The system may have dropped what it could not write
and go on to show it to readers, and the next flush would succeed: recovery would find records there, and acknowledge
them, that no crash leaves. So a disk takes no changes after that (see `FlushFailed`), and all its logs stop; they may
be opened again from what the medium holds, once the system has forgotten the files' pages: after it has unmounted the
file system, or was started anew.

Source: Apache Kafka's LogDirFailureChannel, UnifiedLog.maybeHandleIOException; KAFKA-7866, KAFKA-10778; Rebello et al.,
Can Applications Recover from fsync Failures? (ATC 2020).
Left out: stopping all logs of a disk at once when one fails: each of them finds out by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class LogStopped(OSError):  # noqa: N818 - what is wrong says more
    """Nothing can be changed until the log is opened anew; what was acknowledged can be read."""


class FailStop:
    """Lets changes through until one fails."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._reason = ""

    def check(self) -> None:
        """Raises LogStopped if nothing may be changed any more."""
        if self._reason:
            raise LogStopped(f"{self._name} can't be changed until it is opened anew: {self._reason}")

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around each change, from the first thing on that it touches: one that fails is the last.

        Raises LogStopped after that.
        """
        self.check()
        try:
            yield
        except OSError as error:
            self.stop(f"the disk failed: {error}")
            raise
        except BaseException as error:
            self.stop(f"a change was cut short: {type(error).__name__}: {error}")
            raise

    def stop(self, reason: str) -> None:
        """Let no more changes through."""
        self._reason = reason

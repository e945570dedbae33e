"""The disk as a log sees it: files of bytes whose writes last only once they are flushed.

What a write is worth follows POSIX: `write`, `truncate` change what readers see at once, and survive a crash for
certain only after `flush` of that file; a new, renamed or removed name survives for certain only after
`flush_directory` of its directory. Until then a crash may keep any part of it, sector by sector.

A flush that fails is final: part of what was written may be lost for good although it is still read, and a later
flush that succeeds would tell nothing of that part. So the disk takes no more changes; what it holds is known again
only to a new one that reads the medium itself, not what the system remembers of it.

Paths are relative to the disk's root, with `/` between the parts; the root itself is "". All sizes and positions are in
bytes. A path or range that can't be is a ValueError; else the errors are those of the system calls, by class and errno.

Source: POSIX write(2), fsync(2), rename(2); Pillai et al., All File Systems Are Not Created Equal (OSDI 2014); Rebello
et al., Can Applications Recover from fsync Failures? (ATC 2020).
Left out: permissions, links, files mapped into memory, open file handles (a removed file is gone at once).
"""

from typing import Protocol


class DiskError(OSError):
    """The disk could not do what it was asked to; the file may hold any part of a failed write."""


class DiskFull(DiskError):  # noqa: N818 - what is wrong says more
    """There was no room for a write; what was written before stands."""


class ReadFailed(DiskError):  # noqa: N818
    """The sectors asked for can't be read."""


class FlushFailed(DiskError):  # noqa: N818
    """A flush failed, now or before: what was written since the last good one may be lost. No change is taken now."""


def parts_of(path: str) -> tuple[str, ...]:
    """The names that a path leads along; none for the root. Raises ValueError for one that could leave the root."""
    parts = tuple(path.split("/")) if path else ()
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise ValueError(f"{path!r}: a path is relative to the disk's root, such as topic-0/00000000000000000000.log")
    return parts


def entry_of(path: str) -> tuple[tuple[str, ...], str]:
    """The directory and the name in it that a path leads to. Raises ValueError for the root, which has no name."""
    parts = parts_of(path)
    if not parts:
        raise ValueError("the root of a disk can't be made, renamed or removed")
    return parts[:-1], parts[-1]


class Disk(Protocol):
    """Files by name. A missing file is a FileNotFoundError; a range past the end of a file is cut, as in read(2)."""

    def names(self, directory: str) -> list[str]:
        """The names of the files and directories right under `directory`, sorted."""

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory of that name."""

    def size(self, path: str) -> int:
        """The length of a file."""

    def read(self, path: str, position: int, length: int) -> bytes:
        """Up to `length` bytes from `position` on; fewer only at the end of the file. Raises ReadFailed."""

    def make_directory(self, path: str) -> None:
        """Make a directory and its parents; one that is there is left as it is."""

    def create(self, path: str) -> None:
        """Make an empty file. Raises FileExistsError where there is one."""

    def write(self, path: str, position: int, data: bytes) -> None:
        """Put `data` at `position`, at most the end of the file. Raises DiskFull."""

    def truncate(self, path: str, size: int) -> None:
        """Cut a file to `size` bytes, at most what it has."""

    def rename(self, path: str, to: str) -> None:
        """Give a file or directory another name in one step, replacing the file that had it."""

    def remove(self, path: str) -> None:
        """Take a file away, or an empty directory."""

    def flush(self, path: str) -> None:
        """Return once all that was written to the file, and its length, survive a crash. Raises FlushFailed."""

    def flush_directory(self, path: str) -> None:
        """Return once the names in the directory survive a crash. Raises FlushFailed."""

"""A disk that is a directory of the real file system.

`flush` is fsync(2) of the file, `flush_directory` fsync(2) of the directory. Once one has failed, another one would
mean nothing: the kernel may have marked as written what it could not write, so that it is read, and lost later. So no
change is made after that: FlushFailed. A new FileDisk of the same files would be shown the same pages, in this process
or the next; before it is made, they must be gone from memory: unmount the file system, or start the machine anew.

Some descriptors are kept open, the latest used.

Source: POSIX open(2), pread(2), pwrite(2), fsync(2); Rebello et al., Can Applications Recover from fsync Failures?
(ATC 2020).
Left out: locking the root against a second process; symbolic links, none of which is followed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.log.disk import DiskError, DiskFull, FlushFailed, ReadFailed, entry_of, parts_of

FULL = {errno.ENOSPC, errno.EDQUOT}
LINK = "is a symbolic link"


class FileDisk:
    """The files under a directory, which is made if it is not there."""

    def __init__(self, root: Path, open_files_max: int = 64) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root.resolve()
        self._open: OrderedDict[str, int] = OrderedDict()
        self._open_files_max = open_files_max
        self._flush_failed = ""

    def close(self) -> None:
        """Close what is open. The disk can still be used."""
        while self._open:
            os.close(self._open.popitem()[1])

    def names(self, directory: str) -> list[str]:
        """The names of the files and directories right under `directory`, sorted."""
        return sorted(os.listdir(self._place(directory)))  # noqa: PTH208 - names, not paths

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory of that name."""
        try:
            return self._place(path).exists()
        except NotADirectoryError:
            return False

    def size(self, path: str) -> int:
        """The length of a file."""
        return os.fstat(self._descriptor(path)).st_size

    def read(self, path: str, position: int, length: int) -> bytes:
        """Up to `length` bytes from `position` on; fewer only at the end of the file. Raises ReadFailed."""
        if position < 0 or length < 0:
            raise ValueError(f"{path}: reads {length} bytes at {position}; neither may be negative")
        descriptor = self._descriptor(path)
        try:
            found = os.pread(descriptor, length, position)
            while len(found) < length and (more := os.pread(descriptor, length - len(found), position + len(found))):
                found += more
        except OSError as error:
            raise ReadFailed(error.errno, error.strerror, path) from error
        return found

    def make_directory(self, path: str) -> None:
        """Make a directory and its parents; one that is there is left as it is."""
        parts = parts_of(path)
        for end in range(1, len(parts) + 1):
            place = self._place("/".join(parts[:end]))
            with self._writing(path):
                if not place.is_dir():
                    place.mkdir()

    def create(self, path: str) -> None:
        """Make an empty file. Raises FileExistsError where there is one."""
        with self._writing(path):
            descriptor = os.open(self._entry(path), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._keep(path, descriptor)

    def write(self, path: str, position: int, data: bytes) -> None:
        """Put `data` at `position`, at most the end of the file. Raises DiskFull."""
        descriptor = self._descriptor(path)
        size = os.fstat(descriptor).st_size
        if not 0 <= position <= size:
            raise ValueError(f"{path}: writes at {position}, but the file has {size} bytes")
        left = memoryview(data)
        with self._writing(path):
            while left:
                done = os.pwrite(descriptor, left, position)
                left, position = left[done:], position + done

    def truncate(self, path: str, size: int) -> None:
        """Cut a file to `size` bytes, at most what it has."""
        descriptor = self._descriptor(path)
        length = os.fstat(descriptor).st_size
        if not 0 <= size <= length:
            raise ValueError(f"{path}: cut to {size} bytes, but the file has {length}")
        with self._writing(path):
            os.ftruncate(descriptor, size)

    def rename(self, path: str, to: str) -> None:
        """Give a file or directory another name in one step, replacing the file that had it."""
        source, target = self._entry(path), self._entry(to)
        with self._writing(path):
            source.rename(target)
        self._forget(path)
        self._forget(to)

    def remove(self, path: str) -> None:
        """Take a file away, or an empty directory."""
        place = self._entry(path)
        with self._writing(path):
            if stat.S_ISDIR(place.lstat().st_mode):
                place.rmdir()
            else:
                place.unlink()
        self._forget(path)

    def flush(self, path: str) -> None:
        """Return once all that was written to the file, and its length, survive a crash."""
        self._fsync(self._descriptor(path), path)

    def flush_directory(self, path: str) -> None:
        """Return once the names in the directory survive a crash."""
        descriptor = os.open(self._place(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._fsync(descriptor, path)
        finally:
            os.close(descriptor)

    def _fsync(self, descriptor: int, path: str) -> None:
        """Flush what is open. Raises FlushFailed, and so does every change after that."""
        with self._writing(path):
            try:
                os.fsync(descriptor)
            except OSError as error:
                self._flush_failed = f"a flush of {path!r} failed: {error.strerror}"
                raise FlushFailed(error.errno, error.strerror, path) from error

    @contextmanager
    def _writing(self, path: str) -> Iterator[None]:
        """Raise DiskFull or DiskError for what the medium refuses; other errors are the caller's and pass.

        Raises FlushFailed, and changes nothing, after a flush that failed.
        """
        if self._flush_failed:
            raise FlushFailed(errno.EIO, self._flush_failed, path)
        try:
            yield
        except FlushFailed:
            raise
        except OSError as error:
            if error.errno in FULL:
                raise DiskFull(error.errno, error.strerror, path) from error
            if error.errno == errno.EIO:
                raise DiskError(error.errno, error.strerror, path) from error
            raise

    def _place(self, path: str) -> Path:
        """Where a path leads. No part of it but the last may be a symbolic link, and that one is not followed."""
        parts = parts_of(path)
        place = self._root
        for part in parts:
            place = place / part
            if place.is_symlink():
                raise OSError(errno.ELOOP, LINK, path)
        return place

    def _entry(self, path: str) -> Path:
        """Where a path leads that is not the root."""
        entry_of(path)
        return self._place(path)

    def _descriptor(self, path: str) -> int:
        """The open file of that name."""
        if path in self._open:
            self._open.move_to_end(path)
            return self._open[path]
        descriptor = os.open(self._place(path), os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._keep(path, descriptor)
        return descriptor

    def _keep(self, path: str, descriptor: int) -> None:
        if len(self._open) >= self._open_files_max:
            os.close(self._open.popitem(last=False)[1])
        self._open[path] = descriptor

    def _forget(self, path: str) -> None:
        """Close a file that has lost its name, or all files under a directory that has."""
        for name in [name for name in self._open if name == path or name.startswith(f"{path}/")]:
            os.close(self._open.pop(name))

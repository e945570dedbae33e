"""A disk in memory that does the worst that POSIX allows: in a crash, unflushed sectors and names are lost or torn.

A crash makes another disk, with what survived; the crashed one stays as it was, so that all its crashes can be tried.
What survives of a file is decided in `page_cache`, of names in `names`, by choices alone. On request a crash comes at
some operation, an operation fails, sectors rot or fail to be read, and the disk fills up.

Source: as for its two parts; the fault kinds are those of TigerBeetle's simulated storage.
Left out: room that names take; time that operations take; writes that go to the wrong place.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable

from checkers.simulate.choices import Choices, plainest
from checkers.simulate.medium import Medium
from checkers.simulate.names import Directory, Entry, NameChange, Names, Node, tree
from checkers.simulate.page_cache import CachedFile
from model.log.disk import DiskError, DiskFull, ReadFailed, entry_of, parts_of

Image = tuple[tuple[str, bytes | None], ...]
"""All files by path with their bytes, directories with None; in the order of names, directory by directory."""


class Crashed(Exception):  # noqa: N818 - it is no error of the program that it unwinds
    """Power failed. No operation is possible on this disk any more."""


class SimulatedDisk:
    """Files in memory."""

    def __init__(self, medium: Medium | None = None, choices: Choices | None = None) -> None:
        self.medium = medium or Medium()
        self.choices = choices or plainest()
        """They decide how much is written by a write that fails."""
        self.capacity: int | None = None
        """How many bytes all files may have together."""
        self.crash_at: int | None = None
        """The number (from 1) of the mutating operation in which power fails: it is done, a flush is not."""
        self.watch: Callable[[str], None] | None = None
        """Called in each mutating operation, with its description, at the moment when power might fail."""
        self.error_at: int | None = None
        """The number of the mutating operation that fails with an error of the medium."""
        self.failed_flush_drops = False
        """Whether the flush that fails drops what it should have written, and takes it to be written."""
        self.counts: Counter[str] = Counter()
        """How many mutating operations there were of each kind."""
        self.done = 0
        """The number of the last mutating operation that has had its effect; inside of a flush, of one before it."""
        self._names = Names(self.medium)
        self._used = 0
        self._crashed = False

    @classmethod
    def holding(cls, image: Image, medium: Medium | None = None) -> SimulatedDisk:
        """A disk on which all of an image is flushed."""
        disk = cls(medium)
        for path, content in image:
            parents, name = entry_of(path)
            node = Directory() if content is None else CachedFile(disk.medium, content)
            directory = disk._directory(parents, path)
            directory.seen[name] = directory.flushed[name] = node
            disk._used += len(content or b"")
        return disk

    @property
    def operations(self) -> int:
        """How many mutating operations there were."""
        return self.counts.total()

    @property
    def image(self) -> Image:
        """All that is seen on the disk."""
        return tuple(
            (path, bytes(node.content) if isinstance(node, CachedFile) else None)
            for path, node in tree(self._names.root)
        )

    # ------------------------------------------------------------------------------------------------ the disk protocol

    def names(self, directory: str) -> list[str]:
        """The names of the files and directories right under `directory`, sorted."""
        return sorted(self._directory(parts_of(directory), directory).seen)

    def exists(self, path: str) -> bool:
        """Whether there is a file or directory of that name."""
        try:
            self._node(parts_of(path), path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def size(self, path: str) -> int:
        """The length of a file."""
        return len(self._file(path).content)

    def read(self, path: str, position: int, length: int) -> bytes:
        """Up to `length` bytes from `position` on; fewer only at the end of the file. Raises ReadFailed."""
        if position < 0 or length < 0:
            raise ValueError(f"{path}: reads {length} bytes at {position}; neither may be negative")
        file = self._file(path)
        if file.failing(position, position + length):
            raise ReadFailed(errno.EIO, "a sector can't be read", path)
        return bytes(file.content[position : position + length])

    def make_directory(self, path: str) -> None:
        """Make a directory and its parents; one that is there is left as it is."""
        parts = parts_of(path)
        for end in range(1, len(parts) + 1):
            parent, name = self._directory(parts[: end - 1], path), parts[end - 1]
            if name not in parent.seen:
                self._change("make_directory", path, Entry(parent, name, Directory()))
            elif isinstance(parent.seen[name], CachedFile):
                raise FileExistsError(errno.EEXIST, "there is a file", path)

    def create(self, path: str) -> None:
        """Make an empty file. Raises FileExistsError where there is one."""
        parents, name = entry_of(path)
        directory = self._directory(parents, path)
        if name in directory.seen:
            raise FileExistsError(errno.EEXIST, "the name is taken", path)
        self._change("create", path, Entry(directory, name, CachedFile(self.medium)))

    def write(self, path: str, position: int, data: bytes) -> None:
        """Put `data` at `position`, at most the end of the file. Raises DiskFull."""
        file = self._file(path)
        size = len(file.content)
        if not 0 <= position <= size:
            raise ValueError(f"{path}: writes at {position}, but the file has {size} bytes")
        fails = self._begin("write")
        room = len(data) if self.capacity is None else max(self.capacity - self._used, 0) + size - position
        fits = min(room, len(data))
        if fails or fits < len(data):
            fits = self.choices.choose(fits + 1, f"written to {path} before the error")
        file.write(position, data[:fits])
        self._used += len(file.content) - size
        self._end(f"write of {len(data)} bytes at {position} to {path}")
        if fails:
            raise DiskError(errno.EIO, "the write failed", path)
        if fits < len(data):
            raise DiskFull(errno.ENOSPC, f"no room for {len(data)} bytes at {position}", path)

    def truncate(self, path: str, size: int) -> None:
        """Cut a file to `size` bytes, at most what it has."""
        file = self._file(path)
        if not 0 <= size <= len(file.content):
            raise ValueError(f"{path}: cut to {size} bytes, but the file has {len(file.content)}")
        self._begin_whole("truncate", path)
        self._used -= len(file.content) - size
        file.truncate(size)
        self._end(f"truncate of {path} to {size}")

    def rename(self, path: str, to: str) -> None:
        """Give a file or directory another name in one step, replacing the file that had it."""
        (parents, name), (to_parents, to_name) = entry_of(path), entry_of(to)
        source, target = self._directory(parents, path), self._directory(to_parents, to)
        if name not in source.seen:
            raise _missing(path)
        _renameable(path, to, source.seen[name], target.seen.get(to_name))
        if path == to:
            return
        node, replaced = source.seen[name], target.seen.get(to_name)
        if isinstance(replaced, CachedFile):
            self._used -= len(replaced.content)
        self._change("rename", f"{path} to {to}", Entry(source, name, None), Entry(target, to_name, node))

    def remove(self, path: str) -> None:
        """Take a file away, or an empty directory."""
        parents, name = entry_of(path)
        directory = self._directory(parents, path)
        node = directory.seen.get(name)
        if node is None:
            raise _missing(path)
        if isinstance(node, Directory) and node.seen:
            raise OSError(errno.ENOTEMPTY, "the directory is not empty", path)
        if isinstance(node, CachedFile):
            self._used -= len(node.content)
        self._change("remove", path, Entry(directory, name, None))

    def flush(self, path: str) -> None:
        """Return once all that was written to the file, and its length, survive a crash."""
        file = self._file(path)
        if self.failed_flush_drops and self.operations + 1 == self.error_at:
            file.drop()
        self._begin_whole("flush", path)
        self._moment(f"flush of {path}")
        file.flush()
        self.done = self.operations

    def flush_directory(self, path: str) -> None:
        """Return once the names in the directory survive a crash."""
        directory = self._directory(parts_of(path), path)
        self._begin_whole("flush_directory", path)
        self._moment(f"flush_directory of {path!r}")
        self._names.flush(directory)
        self.done = self.operations

    # ----------------------------------------------------------------------------------------------------- what befalls

    def crash(self, choices: Choices) -> SimulatedDisk:
        """The disk as it may be found after a crash now; this one stays as it is, and all its crashes can be tried."""
        after = SimulatedDisk(self.medium, self.choices)
        after.capacity = self.capacity
        after._names = self._names.after_crash(choices)
        after._used = sum(len(node.content) for _, node in tree(after._names.root) if isinstance(node, CachedFile))
        return after

    def fail_reads(self, path: str, position: int) -> None:
        """Have the sector at a position of a file fail to be read, until it is written as a whole or cut off."""
        self._file(path).fail(position)

    def mend_reads(self, path: str) -> None:
        """Have all sectors of a file be read again."""
        self._file(path).mend()

    def rot(self, path: str, position: int, bit: int) -> None:
        """Flip a bit (0 to 7) of a byte of a file, behind the program's back."""
        file = self._file(path)
        if not (0 <= position < len(file.content) and 0 <= bit < 8):
            raise ValueError(f"{path}: bit {bit} of byte {position}; the file has {len(file.content)} bytes of 8 bits")
        file.rot(position, bit)

    # ----------------------------------------------------------------------------------------------------------- inside

    def _node(self, parts: tuple[str, ...], path: str) -> Node:
        if self._crashed:
            raise Crashed("the disk is off; what survived is on the one that crash() gives")
        node: Node = self._names.root
        for part in parts:
            if isinstance(node, CachedFile):
                raise _not_a_directory(path)
            if part not in node.seen:
                raise _missing(path)
            node = node.seen[part]
        return node

    def _directory(self, parts: tuple[str, ...], path: str) -> Directory:
        node = self._node(parts, path)
        if isinstance(node, CachedFile):
            raise _not_a_directory(path)
        return node

    def _file(self, path: str) -> CachedFile:
        node = self._node(parts_of(path), path)
        if isinstance(node, Directory):
            raise IsADirectoryError(errno.EISDIR, "is a directory", path)
        return node

    def _begin(self, kind: str) -> bool:
        """Count an operation; whether it is to fail."""
        self.counts[kind] += 1
        return self.operations == self.error_at

    def _begin_whole(self, kind: str, path: str) -> None:
        """Begin an operation that fails as a whole."""
        if self._begin(kind):
            raise DiskError(errno.EIO, f"{kind} failed", path)

    def _end(self, what: str) -> None:
        """End an operation whose effect is seen, but not flushed."""
        self.done = self.operations
        self._moment(what)

    def _moment(self, what: str) -> None:
        """Power may fail now."""
        if self.watch is not None:
            self.watch(what)
        if self.operations == self.crash_at:
            self._crashed = True
            raise Crashed(f"in operation {self.operations}, {what}")

    def _change(self, kind: str, what: str, *entries: Entry) -> None:
        self._begin_whole(kind, what)
        self._names.change(NameChange(f"{kind} of {what}", entries))
        self._end(f"{kind} of {what}")


def _renameable(path: str, to: str, node: Node, replaced: Node | None) -> None:
    """Raise the error of rename(2) if a thing can't take the place of another."""
    if path == to:
        return
    if to.startswith(f"{path}/"):
        raise OSError(errno.EINVAL, "a directory can't be moved into itself", path, None, to)
    if path.startswith(f"{to}/") or (isinstance(node, Directory) and isinstance(replaced, Directory) and replaced.seen):
        raise OSError(errno.ENOTEMPTY, "the directory is not empty", to)
    if isinstance(node, Directory) and isinstance(replaced, CachedFile):
        raise _not_a_directory(to)
    if isinstance(node, CachedFile) and isinstance(replaced, Directory):
        raise IsADirectoryError(errno.EISDIR, "is a directory", to)


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "there is no such file or directory", path)


def _not_a_directory(path: str) -> NotADirectoryError:
    return NotADirectoryError(errno.ENOTDIR, "a part of the path is a file", path)

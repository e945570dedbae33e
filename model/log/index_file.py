"""What the offset index and the time index share: a file of entries of one size, kept in memory and written on flush.

An index only speeds up what a scan of the log would find, so its file is trusted only where a flush has vouched for it,
and rebuilt from the log elsewhere.

Source: Apache Kafka's AbstractIndex, which maps the file into memory: a crash can keep or lose what was not flushed
there as it does here.
Left out: files made at their full size and cut when the segment is complete.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from model.log.checkpoints import replace_file
from model.log.config import RELATIVE_OFFSET_MAX
from model.log.disk import Disk


class CorruptIndex(ValueError):  # noqa: N818 - what is wrong says more
    """The file of an index holds what no log writes."""


class IndexFile(ABC):
    """Entries of `entry_bytes` each, in order; their offsets are relative to the base offset of the segment."""

    entry_bytes: int

    def __init__(self, disk: Disk, path: str, base_offset: int, bytes_max: int) -> None:
        self.path = path
        self.base_offset = base_offset
        self._disk = disk
        self._entries_max = bytes_max // self.entry_bytes
        self._data = bytearray()
        self._written = 0
        """How many bytes of the file are known to equal those in memory."""

    def __len__(self) -> int:
        return len(self._data) // self.entry_bytes

    @property
    def entries_max(self) -> int:
        """How many entries there is room for."""
        return self._entries_max

    @property
    def data(self) -> bytes:
        """All entries, as they are written to the file."""
        return bytes(self._data)

    def load(self) -> None:
        """Read the file. Raises CorruptIndex for one that is missing or can't be right."""
        if not self._disk.exists(self.path):
            raise CorruptIndex(f"{self.path}: it is missing")
        self._data = bytearray(self._disk.read(self.path, 0, self._disk.size(self.path)))
        self._written = len(self._data)
        if len(self._data) % self.entry_bytes:
            raise CorruptIndex(f"{self.path}: it has {len(self._data)} bytes, not a multiple of {self.entry_bytes}")
        self.check()

    @abstractmethod
    def check(self) -> None:
        """Raises CorruptIndex for entries that don't rise."""

    def truncate_to_entries(self, entries: int) -> None:
        """Keep the first entries only."""
        del self._data[entries * self.entry_bytes :]
        self._written = min(self._written, len(self._data))

    def flush(self) -> None:
        """Make the file hold all entries; the caller flushes the directory, where its name may be new."""
        if not self._disk.exists(self.path):
            self._disk.create(self.path)
            self._written = 0
        if self._disk.size(self.path) > self._written:
            self._disk.truncate(self.path, self._written)
        if self._written < len(self._data):
            self._disk.write(self.path, self._written, bytes(self._data[self._written :]))
        self._written = len(self._data)
        self._disk.flush(self.path)

    def replace(self) -> None:
        """Make the file hold all entries, in one step that lasts: after a crash it holds all or what it held before."""
        replace_file(self._disk, self.path, self.data)
        self._written = len(self._data)

    def relative(self, offset: int) -> int:
        """The offset as it stands in an entry."""
        assert self.holds(offset), (self.path, offset)
        return offset - self.base_offset

    def holds(self, offset: int) -> bool:
        """Whether the distance from the base offset fits an entry."""
        return 0 <= offset - self.base_offset <= RELATIVE_OFFSET_MAX

"""Which transactions of a segment were aborted, so that a reader of committed records only can drop theirs.

    version             int16  0
    producer id         int64
    first offset        int64  of the transaction's first record, which may lie in an earlier segment
    last offset         int64  of its abort marker, which lies in this segment
    last stable offset  int64  of the log, once the marker was written

Source: KIP-98; Apache Kafka's TransactionIndex, AbortedTxn.
Left out: reading entry by entry from the file: the few entries are kept in memory and written on flush.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from model.log.disk import Disk
from model.log.index_file import CorruptIndex

VERSION = 0
ENTRY = struct.Struct(">hqqqq")


@dataclass(frozen=True, slots=True)
class AbortedTransaction:
    """A transaction that was aborted; both offsets belong to it."""

    producer_id: int
    first_offset: int
    last_offset: int
    last_stable_offset: int


class TransactionIndex:
    """The aborted transactions whose markers are in one segment, in the order of the markers."""

    def __init__(self, disk: Disk, path: str, base_offset: int) -> None:
        self.path = path
        self._disk = disk
        self._base_offset = base_offset
        self._entries = list[AbortedTransaction]()

    @property
    def entries(self) -> tuple[AbortedTransaction, ...]:
        """All entries, in order."""
        return tuple(self._entries)

    @property
    def data(self) -> bytes:
        """All entries, as they are written to the file."""
        return b"".join(
            ENTRY.pack(VERSION, e.producer_id, e.first_offset, e.last_offset, e.last_stable_offset)
            for e in self._entries
        )

    def load(self) -> None:
        """Read the file, which is there only if it has an entry. Raises CorruptIndex."""
        self._entries = []
        if not self._disk.exists(self.path):
            return
        data = self._disk.read(self.path, 0, self._disk.size(self.path))
        if len(data) % ENTRY.size:
            raise CorruptIndex(f"{self.path}: it has {len(data)} bytes, not a multiple of {ENTRY.size}")
        for slot, (version, *fields) in enumerate(ENTRY.iter_unpack(data)):
            entry = AbortedTransaction(*fields)
            before = self._entries[-1] if self._entries else None
            least = before.last_offset + 1 if before else self._base_offset
            stable = before.last_stable_offset if before else 0
            if version != VERSION or entry.producer_id < 0 or not 0 <= entry.first_offset < entry.last_offset:
                raise CorruptIndex(f"{self.path}: entry {slot} of version {version} is {entry}, which can't be")
            if entry.last_offset < least:
                raise CorruptIndex(f"{self.path}: entry {slot} ends at {entry.last_offset}; at least {least} is right")
            if not stable <= entry.last_stable_offset <= entry.last_offset + 1:
                bounds = f"{stable}..{entry.last_offset + 1}"
                raise CorruptIndex(f"{self.path}: entry {slot} is {entry}; the last stable offset is in {bounds}")
            self._entries.append(entry)

    def append(self, entry: AbortedTransaction) -> None:
        """Add a transaction that ends past the last one."""
        assert not self._entries or entry.last_offset > self._entries[-1].last_offset, (self.path, entry)
        self._entries.append(entry)

    def truncate_to(self, offset: int) -> None:
        """Forget the transactions whose marker is at this offset or later."""
        self._entries = [entry for entry in self._entries if entry.last_offset < offset]

    def flush(self) -> None:
        """Make the file hold all entries; the caller flushes the directory, where its name may be new."""
        data, there = self.data, self._disk.exists(self.path)
        if not there and not data:
            return
        if there:
            self._disk.truncate(self.path, 0)
        else:
            self._disk.create(self.path)
        if data:
            self._disk.write(self.path, 0, data)
        self._disk.flush(self.path)

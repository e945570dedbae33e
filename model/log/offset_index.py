"""Where in a segment to start looking for an offset: for some batches their last offset and where they start.

    relative offset  int32  of the last record of the batch
    position         int32  of the first byte of the batch in the segment

A batch gets an entry when more than `index_interval_bytes` lie between its start and that of the last batch that got
one (or the start of the segment). So the index depends only on what the segment holds.

Source: Apache Kafka's OffsetIndex; the rule is that of LogSegment.recover. LogSegment.append follows another one after
a restart or a truncation: it counts from where it went on.
Left out: looking for the end of a read by its size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from model.log.binary_search import last_at_most
from model.log.index_file import CorruptIndex, IndexFile

ENTRY = struct.Struct(">ii")


@dataclass(frozen=True, slots=True)
class OffsetPosition:
    """An offset, and a position at or before that of its batch."""

    offset: int
    position: int


class OffsetIndex(IndexFile):
    """See the module; offsets and positions both rise strictly."""

    entry_bytes = ENTRY.size

    @property
    def is_full(self) -> bool:
        """Whether there is no room for an entry."""
        return len(self) >= self.entries_max

    @property
    def last(self) -> OffsetPosition:
        """The last entry; without any, the start of the segment."""
        return self[len(self) - 1] if self._data else OffsetPosition(self.base_offset, 0)

    def __getitem__(self, slot: int) -> OffsetPosition:
        relative, position = ENTRY.unpack_from(self._data, slot * ENTRY.size)
        return OffsetPosition(self.base_offset + relative, position)

    def append(self, offset: int, position: int) -> None:
        """Add an entry past the last one."""
        assert not self.is_full, self.path
        assert not self._data or offset > self[len(self) - 1].offset, (self.path, offset)
        self._data += ENTRY.pack(self.relative(offset), position)

    def lookup(self, offset: int) -> OffsetPosition:
        """The last entry that is not past the offset; without any, the start of the segment.

        The batch that holds the offset, or the next one that there is, starts at the entry's position or later.
        """
        slot = last_at_most(offset - self.base_offset, len(self), self._relative_offset)
        return self[slot] if slot >= 0 else OffsetPosition(self.base_offset, 0)

    def truncate_to(self, position: int) -> None:
        """Forget the batches that start at `position` or later."""
        self.truncate_to_entries(last_at_most(position - 1, len(self), lambda slot: self[slot].position) + 1)

    def check(self) -> None:
        """Raises CorruptIndex for entries whose offsets or positions don't rise."""
        last = (-1, 0)
        for slot, entry in enumerate(ENTRY.iter_unpack(self._data)):
            if entry[0] <= last[0] or entry[1] <= last[1]:
                raise CorruptIndex(f"{self.path}: entry {slot} is {entry}, after {last}; both numbers must rise")
            last = entry

    def _relative_offset(self, slot: int) -> int:
        return int.from_bytes(self._data[slot * ENTRY.size : slot * ENTRY.size + 4], "big")

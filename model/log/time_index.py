"""Where in a segment to start looking for a time: after some batches, the largest timestamp so far and who has it.

    timestamp        int64  the largest of all records so far
    relative offset  int32  of the last record of the first batch that has it

So a record that is later than an entry's timestamp comes after the entry's batch, however the timestamps are ordered.
A batch that gets an entry in the offset index gets one here, if the largest timestamp has grown since the last entry;
a segment that is complete ends with its largest timestamp.

Source: Apache Kafka's TimeIndex; KIP-33.
Left out: message format 0, which has no timestamps.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from model.log.binary_search import last_at_most
from model.log.header import NO_TIMESTAMP
from model.log.index_file import CorruptIndex, IndexFile

ENTRY = struct.Struct(">qi")


@dataclass(frozen=True, slots=True)
class TimestampOffset:
    """A timestamp, and the last offset of the first batch that has it."""

    timestamp: int
    offset: int


class TimeIndex(IndexFile):
    """See the module; timestamps and offsets both rise strictly."""

    entry_bytes = ENTRY.size

    @property
    def is_full(self) -> bool:
        """Whether there is no room for an entry but the one that completes the segment."""
        return len(self) >= self.entries_max - 1

    @property
    def last(self) -> TimestampOffset:
        """The last entry; without any, no timestamp at the start of the segment."""
        return self[len(self) - 1] if self._data else TimestampOffset(NO_TIMESTAMP, self.base_offset)

    @property
    def last_but_one(self) -> TimestampOffset:
        """The entry before the last one; without any, no timestamp at the start of the segment."""
        return self[len(self) - 2] if len(self) > 1 else TimestampOffset(NO_TIMESTAMP, self.base_offset)

    def __getitem__(self, slot: int) -> TimestampOffset:
        timestamp, relative = ENTRY.unpack_from(self._data, slot * ENTRY.size)
        return TimestampOffset(timestamp, self.base_offset + relative)

    def append_if_later(self, entry: TimestampOffset) -> None:
        """Add an entry, unless its timestamp is there already."""
        if entry.timestamp > self.last.timestamp:
            assert not self._data or entry.offset > self.last.offset, (self.path, entry)
            self._data += ENTRY.pack(entry.timestamp, self.relative(entry.offset))

    def lookup(self, timestamp: int) -> TimestampOffset:
        """The last entry that is not later than `timestamp`; without any, no timestamp at the start of the segment."""
        slot = last_at_most(timestamp, len(self), self._timestamp)
        return self[slot] if slot >= 0 else TimestampOffset(NO_TIMESTAMP, self.base_offset)

    def start_for(self, timestamp: int) -> int:
        """An offset before which nothing is as late as `timestamp`, even if some entry is not what it was.

        It is that of the entry before the one that `lookup` gives. If the latter is wrong, the former is not; and if
        the former is, its offset still lies before that of the latter, as `check` has found.
        """
        return self.lookup(self.lookup(timestamp).timestamp - 1).offset

    def truncate_to(self, offset: int) -> None:
        """Forget the entries of this offset and later ones."""
        self.truncate_to_entries(last_at_most(offset - 1, len(self), lambda slot: self[slot].offset) + 1)

    def drop_last_unless(self, largest: TimestampOffset) -> None:
        """Forget the last entry if it can't come before one of the largest timestamp, and is not that one itself."""
        last = self.last
        is_before = last.timestamp < largest.timestamp and last.offset < largest.offset
        if self._data and last != largest and not is_before:
            self.truncate_to_entries(len(self) - 1)

    def check(self) -> None:
        """Raises CorruptIndex for entries whose timestamps or offsets don't rise."""
        last = (NO_TIMESTAMP, -1)
        for slot, entry in enumerate(ENTRY.iter_unpack(self._data)):
            if entry[0] <= last[0] or entry[1] <= last[1]:
                raise CorruptIndex(f"{self.path}: entry {slot} is {entry}, after {last}; both numbers must rise")
            last = entry

    def _timestamp(self, slot: int) -> int:
        return int.from_bytes(self._data[slot * ENTRY.size : slot * ENTRY.size + 8], "big", signed=True)

"""The last offset of each key in the dirty part of a log, from which a cleaning tells what is superseded.

The map takes so many keys and no more; the cleaning then ends before the batch that found no room, and the next one
begins there. A batch alone is always taken whole, so that every cleaning gets on.

Source: Apache Kafka's SkimpyOffsetMap and Cleaner.buildOffsetMap.
Left out: its memory bound. Apache Kafka keeps 24 bytes a key, the MD5 hash and the offset, in a buffer of fixed size,
and takes two keys with one hash for the same; here the keys themselves are kept, and none is taken for another.
"""

from __future__ import annotations

from collections.abc import Iterable

from model.log.batch import records
from model.log.cleaned_transactions import CleanedTransactions
from model.log.record import Record
from model.log.segment import StoredBatch


class OffsetMap:
    """Key -> last offset, of the records from `first_dirty` to before `end`."""

    def __init__(self, first_dirty: int, capacity: int) -> None:
        """An empty map, for at most `capacity` keys."""
        self.first_dirty = self.end = first_dirty
        self.capacity = capacity
        self._latest = dict[bytes, int]()

    def __len__(self) -> int:
        return len(self._latest)

    def latest(self, key: bytes) -> int:
        """The last offset of a key; -1 for one that the dirty part has not."""
        return self._latest.get(key, -1)

    def take(self, found: Iterable[Record], end: int) -> bool:
        """Note the records of the next dirty batch, which ends before `end`, unless there is no room for their keys."""
        latest = {record.key: record.offset for record in found if record.key is not None}
        fresh = sum(key not in self._latest for key in latest)
        if self._latest and len(self._latest) + fresh > self.capacity:
            return False
        self._latest.update(latest)
        self.end = end
        return True

    def fill(self, batches: Iterable[StoredBatch], end: int, transactions: CleanedTransactions) -> None:
        """Take batches from the first dirty one on, as far as they end before `end`, until one finds no room.

        Markers and what was aborted supersede nothing. Raises CorruptBatch.
        """
        for stored in batches:
            header = stored.header
            if header.next_offset > end:
                return
            counts = not header.is_control and not transactions.is_aborted(header)
            if not self.take(records(stored.data) if counts else (), header.next_offset):
                return

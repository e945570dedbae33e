"""A segment of a log: a file of record batches one after the other, and indexes to find offsets, times and aborts.

All that the indexes hold follows from the batches: `append` and a rebuild after a crash go through the same function.
An entry is believed only if there is such a batch; else the segment is read from its start. So an index of which a
sector rots costs time, and gives no wrong answer: see also index_checks.py.

Source: Apache Kafka's LogSegment, FileRecords.
Left out: segments whose offsets lie too far apart for their indexes, written before Apache Kafka 2.0, which it splits;
jitter of the time to roll; files made at their full size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from model.log import file_names
from model.log.batch import BatchHeader, CorruptBatch, peek_header, records
from model.log.config import LogConfig
from model.log.disk import Disk
from model.log.file_names import LogFile, within
from model.log.header import HEADER_BYTES, LENGTH_AT, LENGTH_END, NO_TIMESTAMP
from model.log.offset_index import OffsetIndex, OffsetPosition
from model.log.time_index import TimeIndex, TimestampOffset
from model.log.transaction_index import TransactionIndex

CHUNK_BYTES = 1 << 16
FILE_BYTES_MAX = 2**31 - 1
"""What the positions in an offset index reach."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A batch in a segment: its position in bytes, its header, and all its bytes."""

    position: int
    header: BatchHeader
    data: memoryview


class Segment:
    """The batches from `base_offset` on, up to the base offset of the next segment."""

    def __init__(self, disk: Disk, directory: str, base_offset: int, config: LogConfig, *, stage: str = "") -> None:
        """A segment whose files are not touched yet: `create` makes them, `load` reads them."""
        self.base_offset = base_offset
        self.config = config
        self.size_bytes = 0
        self.created_ms = 0
        self._disk = disk
        self._directory = directory
        self._stage = stage
        self._largest = TimestampOffset(NO_TIMESTAMP, base_offset)
        self._first_timestamp: int | None = None
        path, bytes_max = self.path, config.segment_index_bytes
        self.offset_index = OffsetIndex(disk, path(file_names.OFFSET_INDEX), base_offset, bytes_max)
        self.time_index = TimeIndex(disk, path(file_names.TIME_INDEX), base_offset, bytes_max)
        self.transaction_index = TransactionIndex(disk, path(file_names.TRANSACTION_INDEX), base_offset)

    def path(self, kind: str) -> str:
        """The path of one of its files."""
        return within(self._directory, LogFile(self.base_offset, kind, self._stage).name)

    @property
    def log_path(self) -> str:
        """The path of the file that holds the batches."""
        return self.path(file_names.LOG)

    @property
    def max_timestamp(self) -> int:
        """The largest timestamp of all records; -1 without any."""
        return self._largest.timestamp

    @property
    def first_timestamp(self) -> int:
        """The largest timestamp of the first batch, from which the time to roll counts; -1 without any."""
        if self._first_timestamp is None:
            first = next(self.batches(), None)
            self._first_timestamp = NO_TIMESTAMP if first is None else first.header.max_timestamp
        return self._first_timestamp

    def create(self, now: int) -> None:
        """Make the file of the batches, in place of one left over. Its name lasts once the directory is flushed."""
        if self._disk.exists(self.log_path):
            self._disk.remove(self.log_path)
        self._disk.create(self.log_path)
        self.created_ms = now

    def load_size(self, now: int) -> None:
        """Take the file of the batches as it is; its indexes are yet to be loaded or rebuilt."""
        self.size_bytes = self._disk.size(self.log_path)
        self.created_ms = now

    def load_indexes(self) -> None:
        """Read the indexes. Raises CorruptIndex if one is missing or can't be right in itself."""
        self.offset_index.load()
        self.time_index.load()
        self.transaction_index.load()
        self._largest = self.time_index.last

    def clear_indexes(self) -> None:
        """Forget all entries, to `note` the batches again."""
        self.offset_index.truncate_to_entries(0)
        self.time_index.truncate_to_entries(0)
        self.transaction_index.truncate_to(self.base_offset)
        self._largest = TimestampOffset(NO_TIMESTAMP, self.base_offset)

    def append(self, header: BatchHeader, data: bytes) -> None:
        """Write a batch at the end. It lasts once `flush_log` returns."""
        assert self.holds(header), (self.log_path, header.base_offset)
        self._disk.write(self.log_path, self.size_bytes, data)
        position, self.size_bytes = self.size_bytes, self.size_bytes + len(data)
        self.note(header, position)

    def note(self, header: BatchHeader, position: int) -> None:
        """Have the offset and time index know of a batch, the next one after those that they know of."""
        if header.max_timestamp > self._largest.timestamp:
            self._largest = TimestampOffset(header.max_timestamp, header.last_offset)
        full = self.offset_index.is_full or self.time_index.is_full
        if not full and position - self.offset_index.last.position > self.config.index_interval_bytes:
            self.offset_index.append(header.last_offset, position)
            self.time_index.append_if_later(self._largest)

    def holds(self, header: BatchHeader) -> bool:
        """Whether the batch's offsets lie near enough to the base offset for the indexes."""
        return self.base_offset <= header.base_offset and self.offset_index.holds(header.last_offset)

    def should_roll(self, header: BatchHeader, now: int) -> bool:
        """Whether a batch needs a new segment: for size, time, full indexes, or an offset too far from the base."""
        if not self.offset_index.holds(header.last_offset):
            return True
        if not self.size_bytes:
            return False
        full = self.size_bytes > self.config.segment_bytes - header.size_bytes
        first = self.first_timestamp
        waited_ms = header.max_timestamp - first if first >= 0 else now - self.created_ms
        return full or waited_ms > self.config.segment_ms or self.offset_index.is_full or self.time_index.is_full

    def batches(self, position: int = 0, chunk_bytes: int = CHUNK_BYTES) -> Iterator[StoredBatch]:
        """The batches from the one at `position` on, CRCs not checked. Raises CorruptBatch where one can't be read."""
        chunk, start = memoryview(b""), position
        while position < self.size_bytes:
            left = self.size_bytes - position
            if len(chunk) - (position - start) < min(HEADER_BYTES, left):
                chunk, start = self._chunk(position, chunk_bytes), position
            try:
                header = peek_header(chunk, position - start)
                if header.size_bytes > left:
                    there = f"at most {left - LENGTH_END}, which the file has,"
                    raise CorruptBatch("the batch length", header.batch_length, there, position - start + LENGTH_AT)
            except CorruptBatch as error:
                raise error.moved(start, self.log_path) from None
            if len(chunk) - (position - start) < header.size_bytes:
                chunk, start = self._chunk(position, max(chunk_bytes, header.size_bytes)), position
            at = position - start
            yield StoredBatch(position, header, chunk[at : at + header.size_bytes])
            position += header.size_bytes

    def _chunk(self, position: int, length: int) -> memoryview:
        return memoryview(self._disk.read(self.log_path, position, min(length, self.size_bytes - position)))

    def batches_from(self, offset: int) -> Iterator[StoredBatch]:
        """The batches from the one on that holds `offset`, or else the first one past it."""
        found = self._batches_near(self.offset_index.lookup(offset))
        return (stored for stored in found if stored.header.last_offset >= offset)

    def _batches_near(self, entry: OffsetPosition) -> Iterator[StoredBatch]:
        """The batches from the one of an entry on, or all, if there is no such batch."""
        if not entry.position:
            return self.batches()
        found = self.batches(entry.position)
        try:
            first = next(found, None)
        except CorruptBatch:
            first = None
        return chain([first], found) if first is not None and is_of(first, entry) else self.batches()

    def has(self, entry: OffsetPosition) -> bool:
        """Whether there is the batch of an entry."""
        try:
            first = next(self.batches(entry.position, HEADER_BYTES), None)
        except CorruptBatch:
            return False
        return first is not None and is_of(first, entry)

    def end_offset(self) -> int:
        """The offset after the last batch; the base offset without any."""
        end = self.base_offset
        for stored in self._batches_near(self.offset_index.last):
            end = stored.header.next_offset
        return end

    def offset_for_time(self, timestamp: int, start_offset: int) -> TimestampOffset | None:
        """The first record from `start_offset` on that is at least as late as `timestamp`."""
        if self.max_timestamp < timestamp:
            return None
        for stored in self.batches_from(max(self.time_index.start_for(timestamp), start_offset)):
            if stored.header.max_timestamp >= timestamp:
                for record in records(stored.data):
                    if record.timestamp >= timestamp and record.offset >= start_offset:
                        return TimestampOffset(record.timestamp, record.offset)
        return None

    def truncate_to(self, position: int, end_offset: int) -> None:
        """Cut the batches from `position` on, of `end_offset` and later; what is left lasts once this returns.

        Otherwise a crash could bring a cut batch back, behind one that took the place of its predecessor.
        """
        self._disk.truncate(self.log_path, position)
        # From here on readers must not look for what was cut, even if the flush fails.
        self.size_bytes = position
        self.offset_index.truncate_to(position)
        self.transaction_index.truncate_to(end_offset)
        if not position:
            self._first_timestamp = None
        self.reopen()
        self._disk.flush(self.log_path)

    def reopen(self) -> None:
        """Go on appending after a time when the segment was complete, or cut. Raises CorruptBatch."""
        while (slots := len(self.offset_index)) and not self.has(self.offset_index.last):
            self.offset_index.truncate_to_entries(slots - 1)
        self.time_index.truncate_to(self.offset_index.last.offset + 1 if slots else self.base_offset)
        self._largest = self.time_index.last_but_one
        for stored in self.batches_from(self._largest.offset):
            if stored.header.max_timestamp > self._largest.timestamp:
                self._largest = TimestampOffset(stored.header.max_timestamp, stored.header.last_offset)
        self.time_index.drop_last_unless(self._largest)

    def complete(self) -> None:
        """No batch is to follow: have the time index end with the largest timestamp."""
        self.time_index.append_if_later(self._largest)

    def flush_log(self) -> None:
        """All batches last once this returns, if the name of the file does."""
        self._disk.flush(self.log_path)

    def flush_all(self) -> None:
        """The batches and the indexes last once this returns and the directory is flushed."""
        self.flush_log()
        self.transaction_index.flush()
        self.time_index.flush()
        self.offset_index.flush()

    def flush_rebuilt(self) -> None:
        """As `flush_all`, where indexes that were not right were rebuilt: a crash leaves no offset index or all of it.

        A segment without an offset index is known not to have been flushed.
        """
        self.flush_log()
        self.transaction_index.flush()
        self.time_index.flush()
        self._disk.flush_directory(self._directory)
        self.offset_index.replace()

    def move_to_stage(self, stage: str) -> None:
        """Rename its files, the one of the batches first; the names last once the directory is flushed.

        If the disk fails, the batches can be read under the name that their file has.
        """
        log, *indexes = [self.path(kind) for kind in file_names.SEGMENT_KINDS]
        self._disk.rename(log, within(self._directory, LogFile(self.base_offset, file_names.LOG, stage).name))
        self._stage = stage
        for kind, path in zip(file_names.SEGMENT_KINDS[1:], indexes, strict=True):
            if self._disk.exists(path):
                self._disk.rename(path, self.path(kind))
        self.offset_index.path = self.path(file_names.OFFSET_INDEX)
        self.time_index.path = self.path(file_names.TIME_INDEX)
        self.transaction_index.path = self.path(file_names.TRANSACTION_INDEX)

    def remove(self) -> None:
        """Remove its files; they are gone for certain once the directory is flushed."""
        for kind in file_names.SEGMENT_KINDS:
            if self._disk.exists(self.path(kind)):
                self._disk.remove(self.path(kind))


def is_of(stored: StoredBatch, entry: OffsetPosition) -> bool:
    """Whether a batch is the one that an entry of the offset index was made for."""
    return stored.header.last_offset == entry.offset

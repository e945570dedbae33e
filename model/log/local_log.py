"""The segments of a log in order, and how files are added, cut and removed so that every crash leaves a prefix.

What a crash may do: lose or tear any write that was not flushed, and keep or lose any change of a directory that was
not flushed, each on its own. So
- a segment is flushed with its indexes before the next one is made: only the last one can be torn;
- segments are removed from the end one by one, each for certain before the next: no gap is left between two of them;
- what takes the place of segments is complete under other names before they go.

Source: Apache Kafka's LocalLog, LogSegments. It flushes a segment some time after the next one was begun, and leaves
the order of removals to the file system.
Left out: deletion a minute later, for readers that still have the file open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from model.log.batch import BatchHeader
from model.log.config import LogConfig
from model.log.disk import Disk
from model.log.file_names import CLEANED, SWAP
from model.log.segment import Segment, StoredBatch


class LocalLog:
    """One or more segments; the last one is appended to."""

    def __init__(self, disk: Disk, directory: str, config: LogConfig, segments: Sequence[Segment]) -> None:
        self.disk = disk
        self.directory = directory
        self.config = config
        self.segments = list(segments)
        self.log_end_offset = self.active.end_offset()
        self._directory_changed = True

    @property
    def active(self) -> Segment:
        """The last segment."""
        return self.segments[-1]

    @property
    def size_bytes(self) -> int:
        """All batches together."""
        return sum(segment.size_bytes for segment in self.segments)

    def floor(self, offset: int) -> int:
        """The index of the last segment that starts at the offset or before; 0 below the first one."""
        return floor(self.segments, offset)

    def end_of(self, index: int) -> int:
        """Where a segment ends: the base offset of the next one, or the end of the log."""
        return self.segments[index + 1].base_offset if index + 1 < len(self.segments) else self.log_end_offset

    def append(self, header: BatchHeader, data: bytes) -> None:
        """Write a batch at the end of the last segment."""
        assert header.base_offset >= self.log_end_offset, (header.base_offset, self.log_end_offset)
        self.active.append(header, data)
        self.log_end_offset = header.next_offset

    def flush(self) -> None:
        """All that was appended lasts once this returns: former segments were flushed when the last one was made."""
        self.active.flush_log()
        self._flush_directory()

    def _flush_directory(self) -> None:
        if self._directory_changed:
            self.disk.flush_directory(self.directory)
            self._directory_changed = False

    def flush_all(self) -> None:
        """All lasts once this returns, indexes and new names included."""
        self.active.complete()
        self.active.flush_all()
        self.disk.flush_directory(self.directory)
        self._directory_changed = False

    def roll(self, base_offset: int, now: int) -> None:
        """Begin a segment. The one before it lasts once this returns; the name of the new one, once it is flushed."""
        assert base_offset > self.active.base_offset, (base_offset, self.active.base_offset)
        self.flush_all()
        self._add(base_offset, now)

    def _add(self, base_offset: int, now: int) -> None:
        segment = Segment(self.disk, self.directory, base_offset, self.config)
        segment.create(now)
        self.segments.append(segment)
        self.log_end_offset = base_offset
        self._directory_changed = True

    def batches_from(self, offset: int) -> Iterator[StoredBatch]:
        """The batches from the one on that holds the offset, or else the first one past it."""
        for segment in self.segments[self.floor(offset) :]:
            yield from segment.batches_from(offset)

    def truncate_to(self, offset: int, now: int) -> None:
        """Cut the batches that hold `offset` or a later one; it lasts once this returns.

        The log ends at `offset`, or where the batch starts that holds it and earlier ones. What is left may end before
        that, because compaction has dropped records; then an empty segment keeps the end of the log.
        """
        while self.active.base_offset > offset:
            self._remove(self.segments.pop())
        cut = next(self.active.batches_from(offset), None)
        end = offset if cut is None else min(offset, cut.header.base_offset)
        if cut is None:
            self.active.reopen()
        else:
            self.active.truncate_to(cut.position, end)
        self.log_end_offset = self.active.end_offset()
        if self.log_end_offset < end:
            self.roll(end, now)
            self._flush_directory()

    def start_at(self, offset: int, now: int) -> None:
        """Remove all segments and begin one at `offset`; it lasts once this returns."""
        while self.segments:
            self._remove(self.segments.pop())
        self._add(offset, now)
        self._flush_directory()

    def _remove(self, segment: Segment) -> None:
        """Remove a segment for certain."""
        segment.remove()
        self.disk.flush_directory(self.directory)

    def remove_first(self, count: int) -> None:
        """Remove segments before the start of the log, where a gap does no harm, once what stays is certain."""
        self._flush_directory()
        removed, self.segments = self.segments[:count], self.segments[count:]
        for segment in removed:
            segment.remove()
        self._directory_changed = True

    def replace(self, old: Sequence[Segment], new: Segment) -> None:
        """Put a segment that was written as `.cleaned` in the place of adjoining ones before the last one.

        A crash leaves the old ones or the new one: all of it is named `.swap` before the first old one goes, and a log
        that is opened completes the swap if nothing is named `.cleaned` any more.
        """
        at = self.segments.index(old[0])
        assert list(old) == self.segments[at : at + len(old)], "adjoining segments are replaced"
        assert self.active not in old, "the last segment is never replaced"
        assert new.base_offset == old[0].base_offset, (new.base_offset, old[0].base_offset)
        new.complete()
        new.flush_all()
        self.disk.flush_directory(self.directory)
        new.move_to_stage(SWAP)
        self.disk.flush_directory(self.directory)
        # From here on readers need the new one: if the disk fails, the old ones may be gone.
        self.segments[at : at + len(old)] = [new]
        for segment in old:
            segment.remove()
        self.disk.flush_directory(self.directory)
        new.move_to_stage("")
        self.disk.flush_directory(self.directory)

    def cleaned_segment(self, base_offset: int, now: int) -> Segment:
        """An empty segment to write and then hand to `replace`."""
        segment = Segment(self.disk, self.directory, base_offset, self.config, stage=CLEANED)
        segment.create(now)
        return segment


def floor(segments: Sequence[Segment], offset: int) -> int:
    """The index of the last segment that starts at the offset or before; 0 below the first one."""
    return max(0, bisect_right(segments, offset, key=lambda segment: segment.base_offset) - 1)

"""The cleaner of a log: what is dirty, how much of it may be cleaned, and the segments that take the place of others.

    0 .. log start offset .. first dirty .. first uncleanable .. log end
         |------ clean ------|--- cleanable ---|

The first uncleanable offset is the start of the segment that holds the last stable offset (so what is above the high
watermark, or part of an open transaction, supersedes nothing), of a segment with a record younger than the compaction
lag, or of the last segment, which is appended to.

Segments are cleaned in groups that fit one segment, from the first on, each put in its place before the next: a crash
leaves the log cleaned up to some group, which is as good as cleaned or not, and the next cleaning begins anew. A batch
that is written anew may be larger than it was (its delete horizon lies far from its timestamps, or another library has
compressed it better): a group ends before the segment that would take it over `segment_bytes`.

Source: Apache Kafka's LogCleanerManager.cleanableOffsets, Cleaner.doClean, groupSegmentsBySize.
Left out: several logs and threads; throttling; max.compaction.lag.ms; giving up a log that can't be cleaned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from model.log.checkpoints import CLEANER, OffsetCheckpoint
from model.log.cleaned_transactions import CleanedTransactions
from model.log.compaction import Compaction, Round
from model.log.config import RELATIVE_OFFSET_MAX, LogConfig
from model.log.disk import Disk
from model.log.file_names import CLEANED, files, parent, topic_partition, within
from model.log.local_log import floor
from model.log.offset_map import OffsetMap
from model.log.partition_log import PartitionLog
from model.log.segment import FILE_BYTES_MAX, Segment, StoredBatch

MAP_KEYS_MAX = 5_000_000
"""About what Apache Kafka's buffer of 128 MiB takes, at 24 bytes a key."""


class SegmentTooLarge(ValueError):  # noqa: N818 - what is wrong says more
    """A segment of which more would be left than a file may hold; the log is as good as before."""


@dataclass(frozen=True, slots=True)
class Cleanable:
    """Where a cleaning would begin and end, and how much there is; sizes in bytes."""

    first_dirty: int
    end: int
    clean_bytes: int
    dirty_bytes: int

    @property
    def dirty_ratio(self) -> float:
        """The dirty part of what a cleaning would read; 0 if that is nothing."""
        total = self.clean_bytes + self.dirty_bytes
        return self.dirty_bytes / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a cleaning did: how far it came, how many segments it read and left, and their sizes in bytes."""

    end: int
    segments_before: int
    segments_after: int
    bytes_before: int
    bytes_after: int


class LogCleaner:
    """Compacts one log. `now` is the time in ms."""

    def __init__(self, disk: Disk, log: PartitionLog, *, map_keys_max: int = MAP_KEYS_MAX) -> None:
        """The log must be the one that was opened on this disk."""
        self._disk = disk
        self._log = log
        self._map_keys_max = map_keys_max
        self._partition = topic_partition(log.directory)
        self._checkpoint = OffsetCheckpoint(disk, parent(log.directory), CLEANER)

    @property
    def cleaned_to(self) -> int:
        """The first dirty offset. A checkpoint outside the log is of another one, and all of this one is dirty."""
        start = self._log.segments[0].base_offset
        there = self._checkpoint.get(self._partition)
        return start if there is None or not start <= there <= self._log.log_end_offset else there

    def cleanable(self, now: int) -> Cleanable:
        """What a cleaning would find."""
        first_dirty, end = self.cleaned_to, self.first_uncleanable(now)
        clean, dirty = 0, 0
        for segment, following in pairwise(self._log.segments):
            if following.base_offset <= first_dirty:
                clean += segment.size_bytes
            elif segment.base_offset < first_dirty:
                rest = sum(stored.header.size_bytes for stored in segment.batches_from(first_dirty))
                clean, dirty = clean + segment.size_bytes - rest, dirty + rest
            elif segment.base_offset < end:
                dirty += segment.size_bytes
        return Cleanable(first_dirty, max(end, first_dirty), clean, dirty)

    def first_uncleanable(self, now: int) -> int:
        """The start of the first segment of which something may not be cleaned yet."""
        lag = self._log.config.min_compaction_lag_ms
        for segment, following in pairwise(self._log.segments):
            is_young = lag > 0 and segment.max_timestamp > now - lag
            if is_young or following.base_offset > self._log.last_stable_offset:
                return segment.base_offset
        return self._log.segments[-1].base_offset

    def is_due(self, now: int) -> bool:
        """Whether the log is one that is compacted, and enough of it is dirty."""
        found = self.cleanable(now)
        config = self._log.config
        return config.compacts and found.dirty_bytes > 0 and found.dirty_ratio > config.min_cleanable_dirty_ratio

    def clean(self, now: int, cleaned_to_elsewhere: int | None = None) -> Cleaned:
        """Clean up to the first uncleanable offset, or as far as the map of keys has room.

        `cleaned_to_elsewhere` is the least offset up to which another replica has cleaned: tombstones and markers from
        there on stay. None if there is no other replica. Raises CorruptBatch, SegmentTooLarge, DiskError or LogStopped;
        the log is then as good as before.
        """
        self._log.flush()  # What a producer has sent last must last before what it sent earlier goes.
        self._remove_leftovers()
        found = self.cleanable(now)
        aborted = [entry for segment in self._log.segments for entry in segment.transaction_index.entries]
        offsets = OffsetMap(found.first_dirty, self._map_keys_max)
        offsets.fill(self._batches_from(found.first_dirty), found.end, CleanedTransactions(aborted))
        here = found.first_dirty
        cleaning = Round(
            offsets=offsets,
            producers=self._log.producers.entries,
            now=now,
            delete_retention_ms=self._log.config.delete_retention_ms,
            removable_before=here if cleaned_to_elsewhere is None else min(here, cleaned_to_elsewhere),
        )
        result = self._replace(Compaction(cleaning, CleanedTransactions(aborted)), now)
        self._checkpoint.put(self._partition, offsets.end)
        return result

    def _batches_from(self, offset: int) -> Iterator[StoredBatch]:
        """The batches from the one on that holds an offset, or else the first one past it."""
        segments = self._log.segments
        for segment in segments[floor(segments, offset) :]:
            yield from segment.batches_from(offset)

    def _replace(self, compaction: Compaction, now: int) -> Cleaned:
        """Put what is left of each group of segments in its place."""
        end = compaction.round.end
        old = [segment for segment in self._log.segments[:-1] if segment.base_offset < end]
        before, after = sum(segment.size_bytes for segment in old), list[int]()
        for each in group(old, self._log.segments[len(old)].base_offset, self._log.config):
            while each:
                new, count = self._clean_first(each, compaction, now)
                self._log.replace(each[:count], new)
                after.append(new.size_bytes)
                del each[:count]
        return Cleaned(end, len(old), len(after), before, sum(after))

    def _clean_first(self, segments: Sequence[Segment], compaction: Compaction, now: int) -> tuple[Segment, int]:
        """What is left of the first segments, as many as fit one, and how many they are."""
        new = self._log.cleaned_segment(segments[0].base_offset, now)
        fill(new, segments[0], compaction, FILE_BYTES_MAX)
        for count, segment in enumerate(segments[1:], start=1):
            size_bytes, with_data = new.size_bytes, compaction.transactions.with_data
            try:
                fill(new, segment, compaction, self._log.config.segment_bytes)
            except SegmentTooLarge:
                new.truncate_to(size_bytes, segment.base_offset)
                compaction.transactions.go_back(with_data)
                return new, count
        return new, len(segments)

    def _remove_leftovers(self) -> None:
        """Remove what a cleaning that failed has left; recovery would take it for a sign that a swap is incomplete."""
        left = [file.name for file in files(self._disk, self._log.directory) if file.stage == CLEANED]
        for name in left:
            self._disk.remove(within(self._log.directory, name))
        if left:
            self._disk.flush_directory(self._log.directory)


def fill(new: Segment, old: Segment, compaction: Compaction, bytes_max: int) -> None:
    """Write what compaction leaves of a segment into another one. Raises SegmentTooLarge."""
    for left in compaction.compact(old.batches()):
        if new.size_bytes + len(left.data) > bytes_max:
            raise SegmentTooLarge(f"{old.log_path}: with what is left of it, a segment has more than {bytes_max} bytes")
        new.append(left.header, left.data)
        if left.aborted is not None:
            new.transaction_index.append(left.aborted)


def group(segments: Sequence[Segment], end: int, config: LogConfig) -> list[list[Segment]]:
    """Adjoining segments that fit one, by their sizes, the sizes of their indexes, and how far their offsets lie apart.

    `end` is where the last segment ends.
    """
    groups = list[list[Segment]]()
    ends = [*(segment.base_offset for segment in segments), end][1:]
    for segment, next_base in zip(segments, ends, strict=True):
        if groups and fits([*groups[-1], segment], next_base, config):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return groups


def fits(segments: Sequence[Segment], end: int, config: LogConfig) -> bool:
    """Whether adjoining segments that end before `end` would fit one."""
    indexes = [(segment.offset_index, segment.time_index) for segment in segments]
    return (
        sum(segment.size_bytes for segment in segments) <= config.segment_bytes
        and sum(len(offsets) * offsets.entry_bytes for offsets, _ in indexes) <= config.segment_index_bytes
        and sum(len(times) * times.entry_bytes for _, times in indexes) <= config.segment_index_bytes
        and end - 1 - segments[0].base_offset <= RELATIVE_OFFSET_MAX
    )

"""How a log is opened: finish or undo what a crash cut short, and bring back all that is kept in memory only.

1. Files of operations that were under way are removed; a swap of segments that was complete is finished.
2. Segments wholly below the log start offset are removed.
3. Segments below the recovery point were flushed with their indexes: these are read, and rebuilt if they don't go with
   the batches (see index_checks.py). A batch that can't be read then is damage that no crash does, and the log is not
   opened.
4. The other segments are read through: every CRC is checked, their indexes are rebuilt, and the first batch that is not
   right ends the log. After a clean shutdown there are none.
5. The state of the producers comes from the latest snapshot that can be read, and from the batches after it.

Source: Apache Kafka's LogLoader, LogSegment.recover, UnifiedLog.rebuildProducerState.
Left out: splitting segments of old versions; logs in remote storage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from model.log import file_names
from model.log.batch import CorruptBatch, check
from model.log.checkpoints import PartitionCheckpoints
from model.log.config import RELATIVE_OFFSET_MAX, LogConfig
from model.log.disk import Disk
from model.log.epochs import LeaderEpochs
from model.log.file_names import ancestors, files, parent, topic_partition
from model.log.index_checks import indexes_are_right
from model.log.leftovers import sweep
from model.log.local_log import LocalLog, floor
from model.log.producer_snapshot import latest_producers, remove_all_snapshots, remove_stray_snapshots, replay
from model.log.producer_state import ProducerStates, end_of_transaction
from model.log.segment import Segment, StoredBatch

CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Repairs:
    """What was done to a log when it was opened."""

    swept: tuple[str, ...] = ()
    """The files that were removed or renamed first."""
    rebuilt: list[int] = field(default_factory=list)
    """The base offsets of the segments whose indexes were rebuilt."""
    cut_bytes: int = 0
    """How much of the log was cut off, with all segments after the cut."""
    cut_for: str = ""
    """What was wrong there."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A log as it was found."""

    log: LocalLog
    producers: ProducerStates
    epochs: LeaderEpochs
    log_start_offset: int
    repairs: Repairs


class LogLoader:
    """Opens one log."""

    def __init__(self, disk: Disk, directory: str, config: LogConfig, now: int) -> None:
        self._disk = disk
        self._directory = directory
        self._config = config
        self._now = now
        self._checkpoints = PartitionCheckpoints(disk, parent(directory), topic_partition(directory))
        disk.make_directory(directory)
        for above in ancestors(directory):
            disk.flush_directory(above)
        self._epochs = LeaderEpochs(disk, directory)
        self._repairs = Repairs()
        self._producers = ProducerStates()

    def load(self, *, was_clean: bool) -> Loaded:
        """Do all of the above. Raises BadFileName, CorruptCheckpoint, or CorruptBatch for damage that no crash does."""
        self._repairs.swept = tuple(sweep(self._disk, self._directory, self._config))
        start = self._checkpoints.log_start
        segments = self._found(start)
        start = max(start, segments[0].base_offset) if segments else start
        if segments:
            self._restore(segments, len(segments) if was_clean else floor(segments, self._checkpoints.recovery_point))
            segments = self._finish(segments, start)
        if not segments:
            segments = [Segment(self._disk, self._directory, start, self._config)]
            segments[0].create(self._now)
            self._producers = ProducerStates()
            remove_all_snapshots(self._disk, self._directory)
        log = LocalLog(self._disk, self._directory, self._config, segments)
        remove_stray_snapshots(self._disk, log)
        self._epochs.truncate_from_start(start)
        self._epochs.truncate_from_end(log.log_end_offset)
        self._checkpoints.cut(log.log_end_offset)
        return Loaded(log, self._producers, self._epochs, start, self._repairs)

    def _found(self, start: int) -> list[Segment]:
        """The segments that there are, but those wholly below the log start offset, which are removed."""
        offsets = sorted(f.offset for f in files(self._disk, self._directory) if f.kind == file_names.LOG)
        segments = [Segment(self._disk, self._directory, offset, self._config) for offset in offsets]
        below = floor(segments, start) if segments else 0
        if below:
            self._disk.flush_directory(self._directory)  # The name of a segment that stays may not last yet.
        self._remove(segments[:below])
        for segment in segments[below:]:
            segment.load_size(self._now)
        return segments[below:]

    def _restore(self, segments: list[Segment], unflushed: int) -> None:
        """Load or rebuild the indexes and the state of the producers; segments from `unflushed` on may be torn."""
        stale = [index for index in range(unflushed) if not indexes_are_right(segments[index])]
        for index in stale:
            self._remove_index(segments[index])
        first = min([*stale, unflushed])
        least = segments[0].base_offset
        last = segments[first].base_offset if first < len(segments) else segments[-1].end_offset()
        self._producers, after = latest_producers(self._disk, self._directory, least, last)
        index = floor(segments, after)
        while index < len(segments):
            if index in stale or index >= unflushed:
                self._rebuild(segments, index, after, may_be_torn=index >= unflushed)
            else:
                replay(self._producers, segments[index].batches_from(after), after)
            index += 1

    def _rebuild(self, segments: list[Segment], index: int, after: int, *, may_be_torn: bool) -> None:
        """Read a segment through, and rebuild its indexes; one that may be torn is cut at the first wrong batch."""
        segment = segments[index]
        segment.clear_indexes()
        self._repairs.rebuilt.append(segment.base_offset)
        end, expected = 0, segment.base_offset
        is_last = index + 1 == len(segments)
        limit = segment.base_offset + RELATIVE_OFFSET_MAX + 1 if is_last else segments[index + 1].base_offset
        try:
            for stored in segment.batches(chunk_bytes=CHUNK_BYTES):
                check_stored(segment, stored, expected, limit)
                self._take(segment, stored, after)
                end, expected = stored.position + stored.header.size_bytes, stored.header.next_offset
        except CorruptBatch as error:
            if not may_be_torn:
                raise
            self._cut(segments, index, end, error)

    def _remove_index(self, segment: Segment) -> None:
        """Have the segment's indexes be rebuilt also if that is cut short by another crash."""
        if self._disk.exists(segment.offset_index.path):
            self._disk.remove(segment.offset_index.path)
            self._disk.flush_directory(self._directory)

    def _take(self, segment: Segment, stored: StoredBatch, after: int) -> None:
        """Have the indexes, the epochs and the producers' state take account of a batch."""
        header = stored.header
        segment.note(header, stored.position)
        if header.leader_epoch > (-1 if self._epochs.latest is None else self._epochs.latest):
            self._epochs.assign(header.leader_epoch, header.base_offset)
        if header.base_offset >= after and header.producer_id >= 0:
            aborted = self._producers.update(header, end_of_transaction(header, stored.data))
            if aborted is not None:
                segment.transaction_index.append(aborted)

    def _cut(self, segments: list[Segment], index: int, position: int, error: CorruptBatch) -> None:
        """End the log at a position: first go the segments after it, so that another crash can't leave a gap."""
        segment = segments[index]
        self._repairs.cut_bytes = sum(later.size_bytes for later in segments[index:]) - position
        self._repairs.cut_for = str(error)
        self._remove(segments[index + 1 :])
        del segments[index + 1 :]
        self._disk.truncate(segment.log_path, position)
        segment.size_bytes = position
        self._disk.flush(segment.log_path)

    def _remove(self, segments: Iterable[Segment]) -> None:
        """Remove segments from the last one to the first, each for certain."""
        for segment in reversed(list(segments)):
            segment.remove()
            self._disk.flush_directory(self._directory)

    def _finish(self, segments: list[Segment], start: int) -> list[Segment]:
        """All segments, complete but the last one; none if they end before the log starts."""
        if segments[-1].end_offset() < start:
            self._remove(segments)
            return []
        for segment in segments[:-1]:
            if segment.base_offset in self._repairs.rebuilt:
                segment.complete()
                segment.flush_rebuilt()
        self._disk.flush_directory(self._directory)
        segments[-1].reopen()
        return segments


def check_stored(segment: Segment, stored: StoredBatch, expected: int, limit: int) -> None:
    """Whether a batch is what it was when it was written, and in its place. Raises CorruptBatch."""
    header, place = stored.header, segment.log_path
    try:
        check(stored.data)
    except CorruptBatch as error:
        raise error.moved(stored.position, place) from None
    if header.base_offset < expected:
        raise CorruptBatch("the base offset", header.base_offset, f"at least {expected}", stored.position, place)
    if header.last_offset >= limit:
        raise CorruptBatch("the last offset", header.last_offset, f"below {limit}", stored.position, place)

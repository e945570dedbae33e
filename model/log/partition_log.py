"""The log of a partition: batches appended in order of their offsets, read up to a bound, cut at both ends.

    log start offset   the first that can be read; grows by retention and by deleting records
    last stable offset where the first transaction begins that is open or not replicated
    high watermark     where what all in-sync replicas have ends: it is never lost
    log end offset     the next one to be appended

What lasts: what `flush` found appended survives every crash, and a crash leaves a prefix of what was appended. An
error while something is changed stops the log (see fail_stop.py): what was acknowledged can be read, and nothing can be
changed until the log is opened anew. What a caller does wrong is refused before anything is changed.

Source: Apache Kafka's UnifiedLog; KIP-98, KIP-101, KIP-107, KIP-279.
Left out: remote storage; timestamps that the leader sets; conversion between message formats and codecs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.log.batch import BatchHeader, check, peek_header, with_position
from model.log.checkpoints import PartitionCheckpoints
from model.log.config import LogConfig
from model.log.control import EndTransaction
from model.log.disk import Disk
from model.log.epochs import EpochEnd
from model.log.fail_stop import FailStop, LogStopped
from model.log.file_names import parent, topic_partition
from model.log.producer_snapshot import reload_producers, remove_all_snapshots, remove_stray_snapshots, write_snapshot
from model.log.producer_state import ProducerStates, end_of_transaction
from model.log.reading import Isolation, OffsetOutOfRange, aborted_between, find_time, read_batches
from model.log.recovery import Loaded, LogLoader
from model.log.retention import deletable
from model.log.segment import Segment
from model.log.time_index import TimestampOffset
from model.log.transaction_index import AbortedTransaction
from model.log.validation import check_epoch, check_follow, check_new, split

__all__ = ["Appended", "Isolation", "LogStopped", "OffsetOutOfRange", "PartitionLog"]


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a batch is in the log; a duplicate has been there before and was not appended again."""

    first_offset: int
    last_offset: int
    is_duplicate: bool = False


class PartitionLog:
    """See the module. `now` is the time in ms."""

    def __init__(self, disk: Disk, directory: str, config: LogConfig, loaded: Loaded) -> None:
        """Use `open`."""
        partition = topic_partition(directory)
        self.config = config
        self.directory = directory
        self.repairs = loaded.repairs
        self.epochs = loaded.epochs
        self.producers = loaded.producers
        self._disk = disk
        self._local = loaded.log
        self._log_start_offset = self._high_watermark = loaded.log_start_offset
        self._checkpoints = PartitionCheckpoints(disk, parent(directory), partition)
        self._fail_stop = FailStop(directory)

    @classmethod
    def open(cls, disk: Disk, directory: str, config: LogConfig, now: int, *, was_clean: bool = False) -> PartitionLog:
        """Open a log, or make an empty one; `was_clean` promises that it was closed and not touched since.

        The high watermark is the log start offset until it is advanced. Raises what `LogLoader.load` raises.
        """
        loaded = LogLoader(disk, directory, config, now).load(was_clean=was_clean)
        return cls(disk, directory, config, loaded)

    @property
    def log_start_offset(self) -> int:
        """The first offset that can be read."""
        return self._log_start_offset

    @property
    def log_end_offset(self) -> int:
        """The next offset to be appended."""
        return self._local.log_end_offset

    @property
    def high_watermark(self) -> int:
        """Where what all in-sync replicas have ends."""
        return self._high_watermark

    @property
    def last_stable_offset(self) -> int:
        """Where the first transaction begins that is open or not replicated; the high watermark if there is none."""
        unstable = self.producers.first_unstable_offset
        if unstable is None or unstable >= self._high_watermark:
            return self._high_watermark
        return max(unstable, self._log_start_offset)

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments in order; the last one is appended to."""
        return tuple(self._local.segments)

    @property
    def size_bytes(self) -> int:
        """All batches together."""
        return self._local.size_bytes

    def append_as_leader(self, data: bytes, leader_epoch: int, now: int) -> Appended:
        """Append one batch of a producer or coordinator at the end; its offsets and leader epoch are set.

        Raises CorruptBatch, InvalidRecord or ProducerRefused, and then has appended nothing.
        """
        self._fail_stop.check()
        header = check(data)
        check_new(header, data, self.config)
        check_epoch(leader_epoch, self.epochs.latest)
        sent = self.producers.duplicate_of(header)
        if sent is not None:
            return Appended(sent.first_offset, sent.last_offset, is_duplicate=True)
        marker = end_of_transaction(header, data)
        self.producers.validate(header, marker)
        data = with_position(data, self.log_end_offset, leader_epoch)
        header = peek_header(data)
        with self._fail_stop.changing():
            return self._append(header, data, marker, now)

    def append_as_follower(self, data: bytes, now: int) -> Appended | None:
        """Append the batches that a leader sent, with the offsets that they have; None if there are none.

        Offsets may be left out, as compaction does. An empty log may start inside the first batch. Raises CorruptBatch,
        UnexpectedOffset or InvalidRecord, and then has appended nothing.
        """
        self._fail_stop.check()
        batches = [(header, encoded, end_of_transaction(header, encoded)) for header, encoded in split(data)]
        if not batches:
            return None
        first = batches[0][0]
        is_inside = first.base_offset < self.log_end_offset <= first.last_offset
        starts_inside = is_inside and self._log_start_offset == self.log_end_offset
        end = first.base_offset if starts_inside else self.log_end_offset
        check_follow((h for h, _, _ in batches), self.config, end, self.epochs.last_before(self.log_end_offset))
        with self._fail_stop.changing():
            if starts_inside:
                self._start_at(end, self._log_start_offset, now)
            for header, encoded, marker in batches:
                self._append(header, encoded, marker, now)
            return Appended(first.base_offset, self.log_end_offset - 1)

    def _append(self, header: BatchHeader, data: bytes, marker: EndTransaction | None, now: int) -> Appended:
        """Write a batch, which is a marker if one is given, and take account of it."""
        if header.leader_epoch >= 0:
            self.epochs.assign(header.leader_epoch, header.base_offset)
        if self._local.active.should_roll(header, now):
            self._roll(header.base_offset, now)
        self._local.append(header, data)
        if header.producer_id >= 0:
            aborted = self.producers.update(header, marker)
            if aborted is not None:
                self._local.active.transaction_index.append(aborted)
        return Appended(header.base_offset, header.last_offset)

    def roll(self, now: int) -> None:
        """Begin a new segment at the end of the log, unless the last one is empty."""
        with self._fail_stop.changing():
            if self._local.active.size_bytes:
                self._roll(self.log_end_offset, now)

    def _roll(self, base_offset: int, now: int) -> None:
        """Begin a new segment; all before it lasts once this returns, and the next recovery starts there."""
        write_snapshot(self._disk, self.directory, base_offset, self.producers)
        self._local.roll(base_offset, now)
        self._checkpoints.put_recovery_point(base_offset)

    def flush(self) -> None:
        """All that was appended lasts once this returns."""
        with self._fail_stop.changing():
            self._local.flush()

    def close(self) -> None:
        """Flush all: if nothing touches the log before it is opened, `was_clean` holds. Nothing more is changed."""
        with self._fail_stop.changing():
            write_snapshot(self._disk, self.directory, self.log_end_offset, self.producers)
            self._local.flush_all()
            self._checkpoints.put_recovery_point(self.log_end_offset)
            self._fail_stop.stop("it is closed")

    def read(self, offset: int, bytes_max: int, isolation: Isolation = Isolation.LOG_END) -> list[bytes]:
        """The batches from the one on that holds `offset` or the next one there is, up to the bound of the reader.

        At most `bytes_max` bytes, but one batch at least. The first batch may start before `offset`. Raises
        OffsetOutOfRange.
        """
        if not self._log_start_offset <= offset <= self.log_end_offset:
            bounds = f"{self._log_start_offset}..{self.log_end_offset}"
            raise OffsetOutOfRange(f"{self.directory}: offset {offset} is read; the log has {bounds}")
        return read_batches(self._local, offset, bytes_max, self.end_for(isolation))

    def end_for(self, isolation: Isolation) -> int:
        """Where a reader has to stop (exclusive)."""
        if isolation is Isolation.LOG_END:
            return self.log_end_offset
        return self._high_watermark if isolation is Isolation.HIGH_WATERMARK else self.last_stable_offset

    def aborted_transactions(self, start: int, end: int) -> list[AbortedTransaction]:
        """The aborted transactions in `start..end-1`, for an `end` up to the last stable offset."""
        return aborted_between(self._local, start, end)

    def offset_for_time(self, timestamp: int, isolation: Isolation = Isolation.LOG_END) -> TimestampOffset | None:
        """The first record that is at least as late as `timestamp` and can be read."""
        return find_time(self._local, timestamp, self._log_start_offset, self.end_for(isolation))

    def start_epoch(self, epoch: int) -> None:
        """The leader of a new epoch goes on at the end of this log. Raises StaleLeaderEpoch."""
        self._fail_stop.check()
        check_epoch(epoch, self.epochs.latest)
        with self._fail_stop.changing():
            self.epochs.assign(epoch, self.log_end_offset)

    def end_offset_for_epoch(self, epoch: int) -> EpochEnd | None:
        """Where the log ends for a replica whose last epoch is this one; see LeaderEpochs.end_offset_for."""
        return self.epochs.end_offset_for(epoch, self.log_end_offset)

    def advance_high_watermark(self, offset: int) -> None:
        """The high watermark is at least `offset` now, as far as the log reaches. It never goes back."""
        self._high_watermark = max(self._high_watermark, min(offset, self.log_end_offset))
        self.producers.replicated_to(self._high_watermark)

    def truncate_to(self, offset: int, now: int) -> None:
        """Cut the records of `offset` and later; it lasts once this returns.

        If `offset` lies inside of a batch, the whole batch goes, so that no record is left out: see `log_end_offset`.
        Apache Kafka's log would end at `offset`, without the batch.
        """
        with self._fail_stop.changing():
            start = self._log_start_offset
            if offset < self.log_end_offset and offset <= start:
                self._start_at(offset, offset, now)
            elif offset < self.log_end_offset:
                self._local.truncate_to(offset, now)
                self._checkpoints.cut(self.log_end_offset)
                if self.log_end_offset < start:
                    self._start_at(start, start, now)
                self._high_watermark = min(self._high_watermark, self.log_end_offset)
                self._reload_producers()
                if not self._local.active.size_bytes:
                    write_snapshot(self._disk, self.directory, self.log_end_offset, self.producers)
            self.epochs.truncate_from_end(self.log_end_offset)

    def _reload_producers(self) -> None:
        """Have the state of the producers be that of the batches that are left."""
        decided = {start: end for start, end in self.producers.unreplicated.items() if end < self.log_end_offset}
        self.producers = reload_producers(self._disk, self._local)
        self.producers.unreplicated |= decided
        self.producers.replicated_to(self._high_watermark)

    def truncate_fully_and_start_at(self, offset: int, now: int) -> None:
        """Remove all records and go on at `offset`, which is what a replica does whose leader has nothing before."""
        with self._fail_stop.changing():
            self._start_at(offset, offset, now)

    def _start_at(self, offset: int, log_start_offset: int, now: int) -> None:
        """An empty log that ends at `offset` and can be read from `log_start_offset` on."""
        self._checkpoints.cut(0)
        self.epochs.clear()
        self.producers = ProducerStates()
        remove_all_snapshots(self._disk, self.directory)
        if offset < self._log_start_offset:
            self._set_start(offset)
        self._local.start_at(offset, now)
        self._set_start(log_start_offset)
        self._high_watermark = max(offset, log_start_offset)

    def delete_records_before(self, offset: int) -> None:
        """No record before `offset` can be read any more, also after a crash. Segments go with `apply_retention`.

        Raises OffsetOutOfRange above the high watermark.
        """
        self._fail_stop.check()
        if offset > self._high_watermark:
            raise OffsetOutOfRange(f"{self.directory}: {offset} is above the high watermark {self._high_watermark}")
        with self._fail_stop.changing():
            if offset > self._log_start_offset:
                self._set_start(offset)
                self.epochs.truncate_from_start(offset)

    def apply_retention(self, now: int) -> int:
        """Remove the first segments as far as they are too old or too many; returns how many."""
        with self._fail_stop.changing():
            count = deletable(self._local, self._log_start_offset, self._high_watermark, now)
            if count == len(self._local.segments):
                self._roll(self.log_end_offset, now)
            if count:
                start = self._local.segments[count].base_offset
                if start > self._log_start_offset:
                    self._set_start(start)
                    self.epochs.truncate_from_start(start)
                self._local.remove_first(count)
                remove_stray_snapshots(self._disk, self._local)
            return count

    def _set_start(self, offset: int) -> None:
        """The log can be read from `offset` on, also after a crash."""
        self._checkpoints.put_log_start(offset)
        self._log_start_offset = offset

    def expire_producers(self, now: int) -> None:
        """Forget the producers that have sent nothing for `producer_id_expiration_ms`."""
        self.producers.expire(now, self.config.producer_id_expiration_ms)

    def cleaned_segment(self, base_offset: int, now: int) -> Segment:
        """An empty segment for a compaction to fill, and then to hand to `replace`."""
        with self._fail_stop.changing():
            return self._local.cleaned_segment(base_offset, now)

    def replace(self, old: Sequence[Segment], new: Segment) -> None:
        """Put a segment in the place of adjoining ones before the last one; a crash leaves these or that."""
        with self._fail_stop.changing():
            self._local.replace(old, new)

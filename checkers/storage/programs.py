"""The operations of short programs carried out on a log, and what may be found after a crash in each of them.

Of each operation it is said beforehand what a crash in it may leave: a prefix of one of some lineages, down to some
offset. Once the operation is done, there is one lineage.

Source: Apache Kafka's UnifiedLog, for the operations.
Left out: more than one partition on a disk.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace

from checkers.simulate.disk import SimulatedDisk
from checkers.storage.lineage import Allowed, Lineage, Prefix, SeenProducer, below, empty, exactly, producers_of
from checkers.storage.operations import CONFIG, DIRECTORY, NOW, Operation
from checkers.storage.recovered import Recovery, contents
from checkers.storage.retained import start_after_retention
from model.log.batch import Batch, Producer, encode, peek_header, with_position
from model.log.cleaner import LogCleaner, group
from model.log.control import ControlType, EndTransaction, encode_control
from model.log.partition_log import PartitionLog
from model.log.record import Record

IDEMPOTENT, TRANSACTIONAL = 1, 2
"""The ids of the two producers."""
GAP = 1
"""How many offsets a follower's batch leaves out."""
NOTHING = Lineage()
JUMP = 5
"""How far beyond its end a log starts again after it was truncated fully."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a log must have, which leader it has, and up to where all is committed, so that it is never truncated."""

    lineage: Lineage = NOTHING
    epoch: int = 0
    compacted_to: int = 0

    def come_down_to(self, lineage: Lineage) -> Known:
        """What is known of the log once a crash has left a lineage of it."""
        return Known(lineage, self.epoch, min(self.compacted_to, lineage.end))


@dataclass(frozen=True, slots=True)
class Step:
    """An operation about to be done."""

    act: Callable[[], object]
    meanwhile: Allowed
    after: Callable[[], Lineage]


class Writer:
    """A log that operations are done to, and what it must have kept."""

    def __init__(self, disk: SimulatedDisk, recovery: Recovery, known: Known | None = None) -> None:
        """Open a log of which something is known. Raises what opening it raises."""
        known = known or Known()
        self.lineage = known.lineage
        self.allowed: Allowed = exactly(known.lineage)
        """What a crash at this moment may leave."""
        self.log = recovery.open(disk)
        self._disk, self._recovery = disk, recovery
        self._epoch, self._compacted_to = known.epoch, known.compacted_to

    @property
    def known(self) -> Known:
        """What is known of the log."""
        return Known(self.lineage, self._epoch, self._compacted_to)

    def do(self, operation: Operation) -> bool:
        """Do an operation; False, and nothing done, if there is nothing that it could change."""
        step = _STEPS[operation](self)
        if step is None:
            return False
        self.allowed = step.meanwhile
        step.act()
        self.lineage = step.after()
        self.allowed = exactly(self.lineage)
        assert self.log.log_end_offset == self.lineage.end, (operation, self.log.log_end_offset, self.lineage.end)
        return True

    # ---------------------------------------------------------------------------------------------------------- appends

    def _append(self, producer: int, *, is_transactional: bool = False) -> Step:
        known = self._known(producer)
        sequence = known.batches[-1][0] + 1 if known and known.batches else 0
        records = [Record(n, NOW + sequence + n, b"key%d" % producer, b"%d" % (sequence + n)) for n in range(2)]
        batch = Batch(0, records, producer=Producer(producer, 0, sequence), is_transactional=is_transactional)
        return self._leading(encode(batch))

    def fetch(self) -> Step | None:
        """The next batch but for a gap, as its leader's log has where compaction has dropped a batch.

        No leader leaves a gap at the start of its epoch, and an empty log may have forgotten where that was.
        """
        lineage = self.lineage
        if not lineage.batches or lineage.end == lineage.start:
            return None
        if peek_header(lineage.batches[-1]).leader_epoch != self._epoch:
            return None
        records = [Record(0, NOW, b"key", b"fetched")]
        data = with_position(encode(Batch(0, records)), lineage.end + GAP, self._epoch)
        return self._appending(lambda: self.log.append_as_follower(data, NOW), data)

    def _known(self, producer: int) -> SeenProducer | None:
        return next((known for known in producers_of(self.lineage.history) if known.id == producer), None)

    def _leading(self, data: bytes) -> Step:
        epoch = self._epoch
        appended = with_position(data, self.lineage.end, epoch)
        return self._appending(lambda: self.log.append_as_leader(data, epoch, NOW), appended)

    def _appending(self, act: Callable[[], object], data: bytes) -> Step:
        after = self.lineage.appended(data)
        return Step(
            act,
            exactly(after),
            lambda: replace(after, flushed=max(after.flushed, self.log.segments[-1].base_offset)),
        )

    def append(self) -> Step:
        """The next batch of a producer."""
        return self._append(IDEMPOTENT)

    def elect(self) -> Step:
        """The first batch of a new leader."""
        self._epoch += 1
        epoch = self._epoch
        step = self._append(IDEMPOTENT)

        def act() -> None:
            self.log.start_epoch(epoch)
            step.act()

        return replace(step, act=act)

    def send(self) -> Step:
        """A batch of a transaction, which it begins if none is open."""
        return self._append(TRANSACTIONAL, is_transactional=True)

    def abort(self) -> Step | None:
        """The marker that ends the open transaction."""
        known = self._known(TRANSACTIONAL)
        if known is None or known.transaction_start is None:
            return None
        key, value = encode_control(EndTransaction(ControlType.ABORT, 0))
        producer = Producer(TRANSACTIONAL, 0, -1)
        marker = Batch(0, [Record(0, NOW, key, value)], producer=producer, is_transactional=True, is_control=True)
        return self._leading(encode(marker))

    # ----------------------------------------------------------------------------------------------- flushing, segments

    def flush(self) -> Step | None:
        """All that was appended."""
        return None if self.lineage.flushed == self.lineage.end else self._flushing(self.log.flush)

    def roll(self) -> Step | None:
        """A new segment, which has the former ones flushed."""
        return self._flushing(lambda: self.log.roll(NOW)) if self.log.segments[-1].size_bytes else None

    def _flushing(self, act: Callable[[], object]) -> Step:
        before = self.lineage
        return Step(act, exactly(before), lambda: replace(before, flushed=before.end))

    def restart(self) -> Step:
        """A clean shutdown and a start."""

        def act() -> None:
            self.log.close()
            self.log = PartitionLog.open(self._disk, DIRECTORY, CONFIG, NOW, was_clean=True)

        return self._flushing(act)

    def reopen(self) -> Step:
        """A crash of the process alone: what was written is still there."""

        def act() -> None:
            self.log = self._recovery.open(self._disk)

        return Step(act, exactly(self.lineage), lambda: self.lineage)

    # -------------------------------------------------------------------------------------------------- cutting the end

    def truncate(self) -> Step | None:
        """The later half of the batches."""
        before = self.lineage
        least = max(before.start, self._compacted_to)
        present = [data for data in before.batches if peek_header(data).next_offset > least]
        if not present:
            return None
        offset = max(peek_header(present[len(present) // 2]).base_offset, before.start)
        return self._cutting(before.cut(offset), lambda: self.log.truncate_to(offset, NOW))

    def truncate_fully(self) -> Step:
        """All of it; the log goes on further ahead."""
        offset = self.lineage.end + JUMP
        return self._cutting(empty(offset), lambda: self.log.truncate_fully_and_start_at(offset, NOW))

    def _cutting(self, after: Lineage, act: Callable[[], object]) -> Step:
        before = self.lineage
        if after.batches:
            least_end = min(before.flushed, after.end)
            return Step(act, (Prefix(before, least_end, before.start, before.start),), lambda: after)
        low, high = min(before.start, after.start), max(before.start, after.start)
        # Once all is removed, the log may be found where an older checkpoint says that it starts, or none.
        going = (Prefix(before, low, low, high, is_going=True), Prefix(NOTHING, 0, 0, high, is_going=True))
        meanwhile = (*going, *exactly(after))
        return Step(act, meanwhile, lambda: after)

    # ------------------------------------------------------------------------------------------------ cutting the start

    def delete_records(self) -> Step | None:
        """One record, which leaves the log starting inside of a batch or after it."""
        return self._deleting(self.lineage.start + 1) if self.lineage.start < self.lineage.end else None

    def delete_all(self) -> Step | None:
        """All records; their segments stay until retention comes."""
        return self._deleting(self.lineage.end) if self.lineage.start < self.lineage.end else None

    def _deleting(self, offset: int) -> Step:
        before = self.lineage
        after = replace(before, start=offset)

        def act() -> None:
            self.log.advance_high_watermark(self.log.log_end_offset)
            self.log.delete_records_before(offset)

        return Step(act, (Prefix(before, before.flushed, before.start, offset),), lambda: after)

    def retention(self) -> Step | None:
        """The first segments, as far as the log is too large or starts after them."""
        before = self.lineage
        self.log.advance_high_watermark(before.end)
        start = start_after_retention(self.log, NOW)
        if all(segment.base_offset > start for segment in self.log.segments[1:]) and start == before.start:
            return None
        # A start that retention moves is where a segment begins, so all before it was flushed.
        flushed = max(before.flushed, start) if start > before.start else before.flushed
        after = replace(before, start=start, flushed=flushed)
        meanwhile = Prefix(before, before.flushed, before.start, start)
        return Step(lambda: self.log.apply_retention(NOW), (meanwhile,), lambda: after)

    # ------------------------------------------------------------------------------------------------------- compaction

    def compact(self) -> Step | None:
        """All segments but the last, group by group; each group is there as it was or compacted."""
        before, old = self.lineage, self.log.segments
        if len(old) < 2:
            return None
        self.log.advance_high_watermark(before.end)
        ends = [taken[-1].base_offset for taken in group(old[:-1], old[-1].base_offset, CONFIG)]
        kept = self._compacted_elsewhere()
        self._compacted_to = before.end
        steps = [before]
        for last in ends:
            end = next(segment.base_offset for segment in old if segment.base_offset > last)
            rest = before.batches[len(below(before.batches, end)) :]
            steps.append(replace(before, batches=(*below(kept, end), *rest)))
        meanwhile = tuple(prefix for lineage in dict.fromkeys(steps) for prefix in exactly(lineage))
        return Step(lambda: LogCleaner(self._disk, self.log).clean(NOW), meanwhile, lambda: steps[-1])

    def _compacted_elsewhere(self) -> tuple[bytes, ...]:
        """What is left of the batches once they are compacted in a copy of the log on a copy of the disk."""
        watch, self._disk.watch = self._disk.watch, None
        disk, log = deepcopy((self._disk, self.log))
        self._disk.watch = watch
        disk.crash_at = disk.error_at = disk.capacity = None
        LogCleaner(disk, log).clean(NOW)
        return contents(log).batches


_STEPS: dict[Operation, Callable[[Writer], Step | None]] = {
    Operation.APPEND: Writer.append,
    Operation.ELECT: Writer.elect,
    Operation.FETCH: Writer.fetch,
    Operation.SEND: Writer.send,
    Operation.ABORT: Writer.abort,
    Operation.FLUSH: Writer.flush,
    Operation.ROLL: Writer.roll,
    Operation.TRUNCATE: Writer.truncate,
    Operation.TRUNCATE_FULLY: Writer.truncate_fully,
    Operation.DELETE_RECORDS: Writer.delete_records,
    Operation.DELETE_ALL: Writer.delete_all,
    Operation.RETENTION: Writer.retention,
    Operation.COMPACT: Writer.compact,
    Operation.RESTART: Writer.restart,
    Operation.REOPEN: Writer.reopen,
}

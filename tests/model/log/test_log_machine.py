"""A log against a list of batches as its model: whatever is done to it and however the disk fails, they agree."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from checkers.simulate.disk import SimulatedDisk
from checkers.simulate.drawn import drawn
from checkers.simulate.medium import Journal, Medium, NameOrder
from checkers.storage.judge import complaint_of
from checkers.storage.lineage import Allowed, Lineage, Prefix, SeenProducer, aborted_of, empty, exactly, producers_of
from checkers.storage.recovered import Recovered, contents
from model.log.batch import Batch, Compression, Producer, encode, peek_header, records, with_position
from model.log.cleaner import LogCleaner
from model.log.config import CleanupPolicy, LogConfig
from model.log.control import ControlType, EndTransaction, encode_control
from model.log.disk import DiskError, ReadFailed
from model.log.partition_log import Appended, Isolation, LogStopped, OffsetOutOfRange, PartitionLog
from model.log.producer_state import OutOfOrderSequence
from model.log.record import Record
from model.log.time_index import TimestampOffset

DIRECTORY = "orders-0"
PLAIN = st.sampled_from((1, 2))
TRANSACTIONAL = st.sampled_from((3, 4))
SIZES = st.integers(1, 3)
SOME = st.integers(0, 12)


class _LogMachine(RuleBasedStateMachine):
    """The log, the disk under it, and the lineage of batches that it must have."""

    @initialize(
        sector_bytes=st.sampled_from((64, 512)),
        journal=st.sampled_from(Journal),
        order=st.sampled_from(NameOrder),
        interval=st.sampled_from((0, 150, 4096)),
        segment_bytes=st.sampled_from((300, 700)),
    )
    def begin(self, sector_bytes: int, journal: Journal, order: NameOrder, interval: int, segment_bytes: int) -> None:
        medium = Medium(sector_bytes, journal, order)
        self.config = LogConfig(
            segment_bytes=segment_bytes,
            index_interval_bytes=interval,
            segment_index_bytes=48,
            retention_bytes=segment_bytes,
            retention_ms=500,
            cleanup_policy=CleanupPolicy.COMPACT_DELETE,
            delete_retention_ms=50,
        )
        self.disk = SimulatedDisk(medium)
        self.lineage = Lineage()
        self.high_watermark = 0
        self.epoch = 0
        self.elected_at = 0
        self.compacted_to = 0  # What is compacted is committed: it is not truncated.
        self.now = 1_000
        self.log = self.opened()

    def opened(self, *, was_clean: bool = False) -> PartitionLog:
        return PartitionLog.open(self.disk, DIRECTORY, self.config, self.now, was_clean=was_clean)

    def known(self, producer: int) -> SeenProducer | None:
        return next((seen for seen in producers_of(self.lineage.history) if seen.id == producer), None)

    def made(self, size: int, producer: int | None, *, transactional: bool = False, skipped: int = 0) -> bytes:
        """The next batch of a producer, or the one after some that are `skipped`."""
        self.now += 10
        seen = None if producer is None else self.known(producer)
        sequence = (seen.batches[-1][0] + 1 if seen and seen.batches else 0) + skipped
        sent = None if producer is None else Producer(producer, 0, sequence)
        late = self.now % 7 * 13
        found = [Record(n, self.now - late + 3 * n, b"key%d" % (n % 2), b"value%d" % self.now) for n in range(size)]
        codec = Compression.ZSTD if self.now % 50 == 0 else Compression.NONE
        return encode(Batch(0, found, producer=sent, compression=codec, is_transactional=transactional))

    def append(self, data: bytes) -> None:
        after = self.lineage.appended(with_position(data, self.lineage.end, self.epoch))
        assert Appended(self.lineage.end, after.end - 1) == self.log.append_as_leader(data, self.epoch, self.now)
        self.grown(after)

    def grown(self, after: Lineage) -> None:
        """Former segments are flushed."""
        self.lineage = replace(after, flushed=max(after.flushed, self.log.segments[-1].base_offset))

    # -------------------------------------------------------------------------------------------------------- appending

    @rule(size=SIZES)
    def append_without_a_producer(self, size: int) -> None:
        self.append(self.made(size, None))

    @rule(producer=PLAIN, batches=st.integers(2, 4))
    def append_much(self, producer: int, batches: int) -> None:
        for _ in range(batches):
            self.append_idempotently(producer, 3)

    @rule(producer=PLAIN, size=SIZES)
    def append_idempotently(self, producer: int, size: int) -> None:
        self.append(self.made(size, producer))

    @rule(producer=TRANSACTIONAL, size=SIZES)
    def append_in_a_transaction(self, producer: int, size: int) -> None:
        self.append(self.made(size, producer, transactional=True))

    @rule(producer=TRANSACTIONAL, commits=st.booleans())
    def end_a_transaction(self, producer: int, commits: bool) -> None:  # noqa: FBT001 - drawn
        seen = self.known(producer)
        if seen is not None and seen.transaction_start is not None:
            key, value = encode_control(EndTransaction(ControlType.COMMIT if commits else ControlType.ABORT, 0))
            marker = [Record(0, self.now, key, value)]
            sent = Producer(producer, 0, -1)
            self.append(encode(Batch(0, marker, producer=sent, is_transactional=True, is_control=True)))

    @rule(producer=PLAIN)
    def send_again(self, producer: int) -> None:
        """The last batch as it was sent: compaction may have rewritten it, but the producer still has it."""
        seen = self.known(producer)
        sent = [data for data in self.lineage.history if peek_header(data).producer_id == producer]
        if seen is not None and seen.batches and sent and peek_header(sent[-1]).last_offset == seen.batches[-1][1]:
            header = peek_header(sent[-1])
            again = Appended(header.base_offset, header.last_offset, is_duplicate=True)
            assert again == self.log.append_as_leader(sent[-1], self.epoch, self.now)

    @rule(producer=PLAIN, skipped=SIZES)
    def send_out_of_order(self, producer: int, skipped: int) -> None:
        if self.known(producer) is not None:
            with pytest.raises(OutOfOrderSequence):
                self.log.append_as_leader(self.made(1, producer, skipped=skipped), self.epoch, self.now)

    @rule(size=SIZES, gap=st.integers(0, 3))
    def append_as_a_follower(self, size: int, gap: int) -> None:
        if self.lineage.end in (self.elected_at, self.lineage.start):
            gap = 0  # No leader leaves a gap at the start of its epoch; an empty log may have forgotten where that was.
        data = with_position(self.made(size, None), self.lineage.end + gap, self.epoch)
        self.log.append_as_follower(data, self.now)
        self.grown(self.lineage.appended(data))

    @rule()
    def elect(self) -> None:
        self.epoch += 1
        self.elected_at = self.lineage.end
        self.log.start_epoch(self.epoch)

    @rule(ahead=SOME)
    def advance_the_high_watermark(self, ahead: int) -> None:
        self.log.advance_high_watermark(self.high_watermark + ahead)
        self.high_watermark = min(self.high_watermark + ahead, self.lineage.end)

    # ----------------------------------------------------------------------------------------------- flushing, crashing

    @rule()
    def flush(self) -> None:
        self.log.flush()
        self.lineage = replace(self.lineage, flushed=self.lineage.end)

    @rule()
    def roll(self) -> None:
        self.log.roll(self.now)
        self.grown(self.lineage)

    @rule(data=st.data(), after=st.sampled_from(("nothing", "flush", "roll", "both")))
    def crash(self, data: st.DataObject, after: str) -> None:
        if after in {"roll", "both"}:
            self.roll()
            self.append_idempotently(producer=1, size=1)
        if after in {"flush", "both"}:
            self.flush()
        self.disk = self.disk.crash(drawn(data))
        self.recover(exactly(self.lineage))

    @rule(data=st.data(), after=st.integers(1, 12))
    def crash_in_recovery(self, data: st.DataObject, after: int) -> None:
        self.disk = self.disk.crash(drawn(data))
        self.disk.error_at = after
        with suppress(DiskError):
            self.opened()
        self.disk = self.disk.crash(drawn(data))
        self.recover(exactly(self.lineage))

    @rule()
    def die_alone(self) -> None:
        allowed = replace(self.lineage, flushed=self.lineage.end)
        flushed = self.lineage.flushed
        self.recover(exactly(allowed))
        self.lineage = replace(self.lineage, flushed=flushed)

    def recover(self, allowed: Allowed) -> None:
        """Open the log; it must be one of those that are allowed, which then is all that there is."""
        self.log = self.opened()
        found = contents(self.log)
        accept(found, allowed)
        lineage = allowed[0].lineage.cut_at_end(found.end)
        origin = lineage.origin if lineage.end == found.end else found.end
        self.lineage = replace(lineage, start=found.start, origin=origin, flushed=found.end)
        self.high_watermark = found.start

    @rule()
    def restart(self) -> None:
        self.log.close()
        with pytest.raises(LogStopped):
            self.log.flush()
        self.log = self.opened(was_clean=True)
        self.lineage = replace(self.lineage, flushed=self.lineage.end)
        self.high_watermark = self.lineage.start

    # ---------------------------------------------------------------------------------------------------------- cutting

    @rule(back=SOME)
    def truncate(self, back: int) -> None:
        offset = max(self.lineage.end - back, min(self.compacted_to, self.lineage.end))
        self.log.truncate_to(offset, self.now)
        if offset < self.lineage.end:
            self.cut(self.lineage.cut(offset))

    @rule(ahead=st.integers(-5, 5))
    def truncate_fully(self, ahead: int) -> None:
        offset = max(self.lineage.end + ahead, 0)
        self.log.truncate_fully_and_start_at(offset, self.now)
        self.compacted_to = 0
        self.cut(empty(offset))

    def cut(self, after: Lineage) -> None:
        self.lineage = after
        self.high_watermark = after.end if after.start == after.end else min(self.high_watermark, after.end)

    @rule(ahead=SOME)
    def delete_records(self, ahead: int) -> None:
        offset = self.lineage.start + ahead
        if offset > self.high_watermark:
            with pytest.raises(OffsetOutOfRange):
                self.log.delete_records_before(offset)
        else:
            self.log.delete_records_before(offset)
            self.lineage = replace(self.lineage, start=offset)

    @rule(later=st.sampled_from((0, 600)))
    def retain(self, later: int) -> None:
        self.now += later
        before = self.lineage.start
        self.log.apply_retention(self.now)
        start = self.log.log_start_offset
        assert before <= start <= self.high_watermark or start == before
        self.lineage = replace(self.lineage, start=start)
        self.grown(self.lineage)

    @rule(later=st.sampled_from((0, 100)))
    def compact(self, later: int) -> None:
        """What compaction may drop is checked elsewhere; it makes nothing up, and all else is as it was."""
        self.now += later
        self.advance_the_high_watermark(self.lineage.end)
        self.compacted_to = self.lineage.end
        LogCleaner(self.disk, self.log).clean(self.now)
        left = contents(self.log).batches
        before = [peek_header(data).last_offset for data in self.lineage.batches]
        assert set(before) >= {peek_header(data).last_offset for data in left}
        origin = self.lineage.origin if left else self.lineage.end
        self.lineage = replace(self.lineage, batches=left, origin=origin)

    # ---------------------------------------------------------------------------------------------------------- reading

    @rule(at=SOME, bytes_max=st.integers(1, 400), isolation=st.sampled_from(Isolation))
    def read(self, at: int, bytes_max: int, isolation: Isolation) -> None:
        offset = self.lineage.start + at
        if offset > self.lineage.end:
            with pytest.raises(OffsetOutOfRange):
                self.log.read(offset, bytes_max, isolation)
            return
        expected: list[bytes] = []
        for data in self.below(self.bound(isolation), offset):
            bytes_max -= len(data)
            if expected and bytes_max < 0:
                break
            expected.append(data)
        assert expected == self.log.read(offset, bytes_max if not expected else 10**6, isolation)[: len(expected)]

    def below(self, end: int, offset: int) -> list[bytes]:
        """The batches with an offset from `offset` on, all of them below an end."""
        headers = [(data, peek_header(data)) for data in self.lineage.batches]
        return [data for data, header in headers if header.last_offset >= offset and header.last_offset < end > offset]

    def bound(self, isolation: Isolation) -> int:
        if isolation is Isolation.LOG_END:
            return self.lineage.end
        if isolation is Isolation.HIGH_WATERMARK:
            return self.high_watermark
        return min(self.high_watermark, max(self.first_unstable(), self.lineage.start))

    def first_unstable(self) -> int:
        """Where the first transaction begins whose marker is not below the high watermark."""
        open_since: dict[int, int] = {}
        unstable = [self.lineage.end]
        for data in self.lineage.history:
            header = peek_header(data)
            if header.is_control:
                start = open_since.pop(header.producer_id)
                unstable += [start] if header.last_offset >= self.high_watermark else []
            elif header.is_transactional:
                open_since.setdefault(header.producer_id, header.base_offset)
        return min(*unstable, *open_since.values(), self.lineage.end)

    @rule(before=st.integers(-20, 200), isolation=st.sampled_from(Isolation))
    def read_by_time(self, before: int, isolation: Isolation) -> None:
        expected = None
        for data in self.below(self.lineage.end, self.lineage.start):
            for record in records(data):
                late = record.timestamp >= self.now - before and record.offset >= self.lineage.start
                if expected is None and late:
                    expected = TimestampOffset(record.timestamp, record.offset)
        if expected is not None and expected.offset >= self.bound(isolation):
            expected = None
        assert expected == self.log.offset_for_time(self.now - before, isolation)

    # ------------------------------------------------------------------------------------------------ a disk that fails

    @rule(producer=PLAIN, room=st.integers(0, 150), data=st.data())
    def fill_the_disk(self, producer: int, room: int, data: st.DataObject) -> None:
        self.disk.capacity = sum(len(content or b"") for _, content in self.disk.image) + room
        self.append_to_failing_disk(producer, data)

    @rule(producer=PLAIN, after=st.integers(1, 8), data=st.data())
    def fail_a_write(self, producer: int, after: int, data: st.DataObject) -> None:
        self.disk.error_at = self.disk.operations + after
        self.append_to_failing_disk(producer, data)

    def append_to_failing_disk(self, producer: int, data: st.DataObject) -> None:
        """Nothing acknowledged is lost, and after an error nothing is appended before the log is opened anew."""
        self.disk.choices = drawn(data)
        batch = self.made(2, producer)
        tried = self.lineage.appended(with_position(batch, self.lineage.end, self.epoch))
        try:
            self.append(batch)
        except DiskError:
            with pytest.raises(LogStopped):
                self.log.append_as_leader(batch, self.epoch, self.now)
            self.agrees(exactly(replace(tried, flushed=self.lineage.end)))
            self.disk.capacity = self.disk.error_at = None
            flushed, end = self.lineage.flushed, self.lineage.end
            self.recover((Prefix(tried, end, self.lineage.start, self.lineage.start),))
            self.lineage = replace(self.lineage, flushed=flushed)
        self.disk.capacity = self.disk.error_at = None

    @rule(at=SOME, sector=st.integers(0, 5))
    def fail_a_read(self, at: int, sector: int) -> None:
        segment = self.log.segments[at % len(self.log.segments)]
        self.disk.fail_reads(segment.log_path, sector * self.disk.medium.sector_bytes)
        with suppress(ReadFailed):
            self.log.read(min(self.lineage.start + at, self.lineage.end), 10**6)
        self.disk.mend_reads(segment.log_path)

    # ------------------------------------------------------------------------------------------------ what always holds

    @invariant()
    def nothing_is_lost_or_made_up(self) -> None:
        self.agrees(exactly(replace(self.lineage, flushed=self.lineage.end)))

    def agrees(self, allowed: Allowed) -> None:
        found = contents(self.log)
        written = tuple(entry for entry in found.epochs if entry[1] < found.end)
        accept(replace(found, epochs=written), allowed)

    @invariant()
    def the_offsets_are_in_order(self) -> None:
        log = self.log
        assert self.high_watermark == log.high_watermark
        assert self.bound(Isolation.TRANSACTIONS_COMMITTED) == log.last_stable_offset
        assert log.log_start_offset <= log.last_stable_offset <= log.high_watermark <= log.log_end_offset

    @invariant()
    def the_aborted_transactions_are_found(self) -> None:
        stable = self.log.last_stable_offset
        expected = {a for a in aborted_of(self.lineage.history) if a[2] >= self.lineage.start and a[1] < stable}
        entries = self.log.aborted_transactions(self.lineage.start, stable)
        found = {(entry.producer_id, entry.first_offset, entry.last_offset) for entry in entries}
        assert expected - found == set()


def accept(found: Recovered, allowed: Allowed) -> None:
    complaint = complaint_of(found, allowed)
    assert complaint is None, complaint


def test_a_log_agrees_with_a_list_of_batches() -> None:
    quick = settings(
        max_examples=15,
        derandomize=True,
        database=None,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(_LogMachine, settings=quick)


def test_a_batch_that_compaction_has_emptied_is_known_when_it_is_sent_again() -> None:
    machine = _LogMachine()
    machine.begin(64, Journal.ORDERED, NameOrder.FREE, interval=0, segment_bytes=700)
    machine.append_idempotently(producer=1, size=3)
    machine.append_without_a_producer(size=1)
    machine.roll()
    machine.compact(later=0)
    assert peek_header(machine.lineage.batches[0]).record_count < 3
    machine.send_again(producer=1)
    machine.nothing_is_lost_or_made_up()


@pytest.mark.deep
def test_a_log_agrees_with_a_list_of_batches_for_long() -> None:
    deep = settings(
        max_examples=2_000,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(_LogMachine, settings=deep)

"""Compaction of drawn logs against plain dicts: what readers see stays, records stay where they were, and it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.refinement.compacted_replica import committed
from checkers.simulate.choices import seeded
from model.log import compaction
from model.log.batch import Batch, TimestampType, peek_header, records
from model.log.compaction import CleanedBatch
from model.log.config import CleanupPolicy, LogConfig
from model.log.partition_log import Isolation
from model.log.record import Record
from model.log.transaction_index import AbortedTransaction
from tests.model.log.compacted import RETENTION_MS, Compacted

CONFIG = LogConfig(
    cleanup_policy=CleanupPolicy.COMPACT, segment_bytes=400, index_interval_bytes=0, delete_retention_ms=RETENTION_MS
)
PAIR = st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "2", None]))
PRODUCER = st.sampled_from([None, 0, 1])
WRITE = st.tuples(st.just("write"), st.lists(PAIR, min_size=1, max_size=3), PRODUCER)
OTHER = st.tuples(
    st.sampled_from(["commit", "abort", "clean", "restart", "wait"]), st.just([]), st.sampled_from([0, 1])
)
Operation = tuple[str, list[tuple[str, str | None]], int | None]
OPERATIONS = st.lists(st.one_of(WRITE, WRITE, OTHER, OTHER), min_size=3, max_size=25)
Timed = tuple[Record, TimestampType]
"""A record, and whose time it has."""


@dataclass(slots=True)
class Written:
    """A log without compaction: what was written at each offset, and what became of it."""

    records: dict[int, Timed] = field(default_factory=dict)
    open: dict[int, list[int]] = field(default_factory=dict)
    """Producer -> the offsets of its transaction."""
    aborted: set[int] = field(default_factory=set)

    def view(self, end: int) -> dict[str, str]:
        """The last committed value of each key below an end, deleted ones left out."""
        return latest({o: timed for o, timed in self.records.items() if o < end and o not in self.aborted})


def latest(records: dict[int, Timed]) -> dict[str, str]:
    """The last value of each key, deleted ones left out."""
    seen = {record.key: record.value for _, (record, _) in sorted(records.items())}
    return {(key or b"").decode(): value.decode() for key, value in seen.items() if value is not None}


def drawn_up(pairs: list[tuple[str, str | None]], base: int) -> list[Timed]:
    """Records of keys and values, which differ in time and header; of some batches the leader has set the time."""
    append_time = base % 3 == 0
    return [
        (
            Record(
                offset,
                500 + (base if append_time else -offset),
                key.encode(),
                None if value is None else value.encode(),
                (("at", b"%d" % offset), ("none", None)),
            ),
            TimestampType.LOG_APPEND_TIME if append_time else TimestampType.CREATE_TIME,
        )
        for offset, (key, value) in enumerate(pairs, start=base)
    ]


def run(c: Compacted, operations: list[Operation]) -> Written:
    """Do all operations on a log, and note what it would be without compaction."""
    written, now = Written(), 0
    for name, pairs, producer in operations:
        if name == "write":
            timed = drawn_up(pairs, c.log.log_end_offset)
            c.put_records([record for record, _ in timed], producer=producer, timestamp_type=timed[0][1])
            offsets = [record.offset for record, _ in timed]
            written.records |= dict(zip(offsets, timed, strict=True))
            if producer is not None:
                written.open.setdefault(producer, []).extend(offsets)
        elif name in {"commit", "abort"} and producer in written.open:
            assert producer is not None
            c.end(producer, committed=name == "commit")
            written.aborted |= set(written.open.pop(producer) if name == "abort" else ())
            written.open.pop(producer, None)
        elif name == "clean":
            c.clean(now)
        elif name == "wait":
            now += RETENTION_MS // 2
        elif name == "restart":
            c.log.flush()
            c.disk = c.disk.crash(seeded(len(written.records)))
            c.open()
    return written


def held(c: Compacted) -> dict[int, Timed]:
    """The records that are left, by offset."""
    found = dict[int, Timed]()
    for data in c.log.read(0, 1 << 20):
        header, there = peek_header(data), records(data)
        if there:
            assert max(record.timestamp for record in there) == header.max_timestamp, "readers look for times by it"
        if not header.is_control:
            found |= {record.offset: (record, header.timestamp_type) for record in there}
    return found


def visible(c: Compacted) -> dict[int, Timed]:
    """The records that a reader of committed records gets, by offset."""
    end, there = c.log.last_stable_offset, held(c)
    batches = c.log.read(0, 1 << 20, Isolation.TRANSACTIONS_COMMITTED)
    return {o: there[o] for o in committed(batches, c.log.aborted_transactions(0, end)) if o in there}


def view(c: Compacted) -> dict[str, str]:
    """What such a reader makes of it."""
    return latest(visible(c))


def clean_all(c: Compacted, now: int) -> None:
    """Clean until nothing is dirty, however few keys the map takes."""
    c.clean(now)
    while c.cleaner.cleanable(now).dirty_bytes:
        c.clean(now)


def readers_see_what_they_would_see_without_compaction(operations: list[Operation], map_keys_max: int) -> None:
    """Readers of committed records, before and after one more cleaning."""
    c = Compacted(CONFIG, map_keys_max)
    written = run(c, operations)
    stable = min((offsets[0] for offsets in written.open.values()), default=c.log.log_end_offset)
    assert stable == c.log.last_stable_offset
    assert written.view(stable) == view(c)
    c.clean()
    assert written.view(stable) == view(c)


def what_is_left_is_as_it_was_written(operations: list[Operation], map_keys_max: int) -> None:
    """Records at their offsets, none of them aborted; the end of the log."""
    c = Compacted(CONFIG, map_keys_max)
    written = run(c, operations)
    end = c.log.log_end_offset
    c.clean()
    assert {o: written.records[o] for o in held(c)} == held(c)
    assert written.aborted.isdisjoint(visible(c))
    assert (c.log.log_end_offset, c.cleaner.cleaned_to <= c.log.last_stable_offset) == (end, True)


def compacting_twice_changes_nothing(operations: list[Operation], map_keys_max: int) -> None:
    """A second cleaning at the same time removes nothing, but a marker may get its horizon; a third changes no byte."""
    c = Compacted(CONFIG, map_keys_max)
    run(c, operations)
    clean_all(c, 0)
    once = held(c)
    c.clean(0)
    assert once == held(c)
    left = c.log.read(0, 1 << 20)
    c.clean(0)
    assert left == c.log.read(0, 1 << 20)


def all_that_is_superseded_or_deleted_goes_in_the_end(operations: list[Operation], map_keys_max: int) -> None:
    """Once every transaction is over and every horizon has passed."""
    c = Compacted(CONFIG, map_keys_max)
    written = run(c, operations)
    for producer in list(written.open):
        c.end(producer, committed=True)
    for times in range(1, 5):
        clean_all(c, 100 * times * RETENTION_MS)
    last = {record.key: o for o, (record, _) in sorted(written.records.items()) if o not in written.aborted}
    assert held(c) == {o: written.records[o] for o in last.values() if written.records[o][0].value is not None}


CHECKS = (
    readers_see_what_they_would_see_without_compaction,
    what_is_left_is_as_it_was_written,
    compacting_twice_changes_nothing,
    all_that_is_superseded_or_deleted_goes_in_the_end,
)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("examples", [15, pytest.param(1000, marks=pytest.mark.deep)])
def test_compaction(check: Callable[[list[Operation], int], None], examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(OPERATIONS, st.sampled_from([1, 2, 100]))(check))()


ENCODED = compaction.encoded
Change = Callable[[Batch], Batch]


def no_headers(batch: Batch) -> Batch:
    """Headers are lost."""
    return replace(batch, records=tuple(replace(record, headers=()) for record in batch.records))


def later(batch: Batch) -> Batch:
    """Timestamps are changed."""
    records = tuple(replace(record, timestamp=record.timestamp + 7) for record in batch.records)
    return replace(batch, records=records, max_timestamp=None)


def of_the_producer(batch: Batch) -> Batch:
    """It is lost whose time it is."""
    return replace(batch, timestamp_type=TimestampType.CREATE_TIME)


def first_alone(batch: Batch) -> Batch:
    """Of each batch only one record is kept."""
    return replace(batch, records=batch.records[:1], max_timestamp=None)


def too_late(batch: Batch) -> Batch:
    """The greatest time is that of no record."""
    is_left = batch.records and batch.timestamp_type is TimestampType.CREATE_TIME
    return replace(batch, max_timestamp=10_000) if is_left else batch


BATCHES: list[Operation] = [
    ("write", [("a", "1"), ("d", "1"), ("e", "1")], None),
    ("write", [("a", "2")], None),
    ("write", [("a", "1"), ("b", "2"), ("c", None)], None),
    ("write", [("a", "2")], None),
    ("write", [("b", "1"), ("a", "1")], None),
]


def test_batches_of_which_a_part_is_left_keep_all_that_they_say_of_it() -> None:
    what_is_left_is_as_it_was_written(BATCHES, 100)
    all_that_is_superseded_or_deleted_goes_in_the_end(BATCHES, 100)


@pytest.mark.parametrize("change", [no_headers, later, of_the_producer, first_alone, too_late])
def test_a_change_to_what_is_left_of_a_batch_is_found(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    def encoded(batch: Batch, aborted: AbortedTransaction | None = None) -> CleanedBatch:
        return ENCODED(change(batch), aborted)

    monkeypatch.setattr(compaction, "encoded", encoded)
    with pytest.raises(AssertionError):
        test_batches_of_which_a_part_is_left_keep_all_that_they_say_of_it()

"""Compaction of drawn logs against plain dicts: what readers see stays, records stay where they were, and it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.refinement.compacted_replica import committed
from checkers.simulate.choices import seeded
from model.log.batch import peek_header, records
from model.log.config import CleanupPolicy, LogConfig
from model.log.partition_log import Isolation
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


@dataclass(slots=True)
class Written:
    """A log without compaction: what was written at each offset, and what became of it."""

    records: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    open: dict[int, list[int]] = field(default_factory=dict)
    """Producer -> the offsets of its transaction."""
    aborted: set[int] = field(default_factory=set)

    def view(self, end: int) -> dict[str, str]:
        """The last committed value of each key below an end, deleted ones left out."""
        seen = {key: value for o, (key, value) in sorted(self.records.items()) if o < end and o not in self.aborted}
        return {key: value for key, value in seen.items() if value is not None}


def run(c: Compacted, operations: list[Operation]) -> Written:
    """Do all operations on a log, and note what it would be without compaction."""
    written, now = Written(), 0
    for name, pairs, producer in operations:
        if name == "write":
            last = c.put(*pairs, producer=producer)
            offsets = range(last - len(pairs) + 1, last + 1)
            written.records |= dict(zip(offsets, pairs, strict=True))
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


def held(c: Compacted) -> dict[int, tuple[str, str | None]]:
    """The records that are left, by offset."""
    return {
        r.offset: ((r.key or b"").decode(), None if r.value is None else r.value.decode())
        for data in c.log.read(0, 1 << 20)
        if not peek_header(data).is_control
        for r in records(data)
    }


def visible(c: Compacted) -> dict[int, tuple[str, str | None]]:
    """The records that a reader of committed records gets, by offset."""
    end, there = c.log.last_stable_offset, held(c)
    batches = c.log.read(0, 1 << 20, Isolation.TRANSACTIONS_COMMITTED)
    return {o: there[o] for o in committed(batches, c.log.aborted_transactions(0, end)) if o in there}


def view(c: Compacted) -> dict[str, str]:
    """What such a reader makes of it."""
    seen = {key: value for _, (key, value) in sorted(visible(c).items())}
    return {key: value for key, value in seen.items() if value is not None}


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
    assert held(c).items() <= written.records.items()
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
    last = {key: o for o, (key, _) in sorted(written.records.items()) if o not in written.aborted}
    assert held(c) == {o: written.records[o] for o in sorted(last.values()) if written.records[o][1] is not None}


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

"""The cleaner: what it leaves of small logs, how far it goes, and what becomes of the files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkers.simulate.choices import plainest
from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Compression, decode, records
from model.log.checkpoints import PartitionCheckpoints
from model.log.cleaner import Cleanable, fits, group
from model.log.config import CleanupPolicy, LogConfig
from model.log.disk import DiskError, DiskFull
from model.log.file_names import CLEANED, SWAP
from model.log.segment import Segment
from tests.model.log.compacted import DIRECTORY, RETENTION_MS, Compacted, batches_in

SMALL = LogConfig(
    cleanup_policy=CleanupPolicy.COMPACT, segment_bytes=150, index_interval_bytes=0, delete_retention_ms=RETENTION_MS
)
"""Two batches a segment."""


# --------------------------------------------------------------------------------------------------------- what is left


def test_the_last_record_of_each_key_is_left_at_its_offset() -> None:
    c = Compacted()
    c.put(("a", "1"), ("b", "1"), ("c", "1"))
    c.put(("b", "2"))
    c.put(("a", "2"), ("a", "3"))
    c.clean()
    assert c.left == ["0-2 2:c=1", "3 3:b=2", "4-5 5:a=3"]
    assert c.log.log_end_offset == 6


def test_a_tombstone_goes_once_its_horizon_has_passed() -> None:
    c = Compacted()
    c.put(("a", "1"))
    c.put(("a", None))
    c.put(("b", "1"))
    c.clean(now=5)
    assert c.left == ["1~ 1:a=x", "2 2:b=1"]
    c.clean(now=5 + RETENTION_MS - 1)
    assert c.left == ["1~ 1:a=x", "2 2:b=1"]
    c.clean(now=5 + RETENTION_MS)
    assert c.left == ["2 2:b=1"]


def test_a_tombstone_stays_until_every_replica_has_cleaned_beyond_it() -> None:
    c = Compacted()
    c.put(("a", None))
    c.put(("b", "1"))
    c.clean()
    for elsewhere, left in ((0, ["0~ 0:a=x", "1 1:b=1"]), (1, ["1 1:b=1"])):
        c.clean(now=RETENTION_MS, cleaned_to_elsewhere=elsewhere)
        assert c.left == left


def test_the_last_batch_of_a_cleaning_stays_empty() -> None:
    c = Compacted()
    c.put(("a", None))
    c.clean()
    c.clean(now=RETENTION_MS)
    assert c.left == ["0 _"]
    c.put(("b", "1"))
    c.clean(now=RETENTION_MS)
    assert c.left == ["1 1:b=1"]


def test_aborted_records_go_and_the_marker_goes_after_them() -> None:
    c = Compacted()
    c.put(("a", "1"))
    c.put(("a", "2"), producer=7)
    c.end(7, committed=False)
    c.put(("b", "1"), producer=7)
    c.end(7, committed=True)
    lefts = []
    for now in (0, 0, RETENTION_MS):
        c.clean(now)
        lefts.append(c.left)
    assert lefts == [
        ["0 0:a=1", "2 !", "3 3:b=1", "4 !"],
        ["0 0:a=1", "2~ !", "3 3:b=1", "4 !"],
        ["0 0:a=1", "3 3:b=1", "4 !"],
    ]


def test_a_producer_goes_on_after_its_records_were_compacted_away() -> None:
    c = Compacted()
    c.put(("a", "1"), producer=7)
    c.end(7, committed=True)
    c.put(("a", "2"))
    c.clean()
    assert c.left == ["0 _", "1 !", "2 2:a=2"]
    c.disk = SimulatedDisk.holding(tuple(f for f in c.disk.image if not f[0].endswith(".snapshot")))
    c.open()
    entry = c.log.producers.entries[7]
    assert (entry.last_sequence, entry.batches[-1].last_offset, entry.transaction_start) == (0, 0, None)
    c.put(("a", "3"), producer=7)


def test_compressed_batches_stay_compressed() -> None:
    c = Compacted()
    c.put(("a", "1" * 100), ("b", "1" * 100))
    first = c.log.read(0, 1)[0]
    c = Compacted()
    c.append(replace(decode(first), compression=Compression.ZSTD))
    c.put(("a", "2"))
    c.clean()
    assert c.left == [f"0-1 1:b={'1' * 100}", "2 2:a=2"]
    assert decode(c.log.read(0, 1)[0]).compression is Compression.ZSTD


# ---------------------------------------------------------------------------------------------------- how far it goes


def test_nothing_of_an_open_transaction_is_cleaned() -> None:
    c = Compacted(SMALL)
    c.put(("a", "1"))
    c.put(("a", "2"))
    c.put(("a", "3"), producer=7)
    c.put(("a", "4"))
    assert c.clean().end == 2
    assert c.left == ["1 1:a=2", "2 2:a=3", "3 3:a=4"]


def test_nothing_above_the_high_watermark_is_cleaned() -> None:
    c = Compacted(SMALL)
    for n in range(6):
        c.put(("a", str(n)))
    c.log.roll(0)
    c.log._high_watermark = 3
    assert c.cleaner.first_uncleanable(0) == 2


def test_young_segments_are_left_alone() -> None:
    c = Compacted(replace(SMALL, min_compaction_lag_ms=10))
    c.put(("a", "1"))
    c.log.roll(0)
    assert [c.cleaner.first_uncleanable(now) for now in (9, 10)] == [0, 1]


def test_the_dirty_ratio_says_when_a_cleaning_is_due() -> None:
    c = Compacted(SMALL)
    assert (c.cleaner.cleanable(0).dirty_ratio, c.cleaner.is_due(0)) == (0.0, False)
    c.put(("a", "1"))
    c.put(("b", "1"))
    c.put(("c", "1"))
    found = c.cleaner.cleanable(0)
    assert (found, found.dirty_ratio, c.cleaner.is_due(0)) == (Cleanable(0, 2, 0, 140), 1.0, True)
    c.clean()
    c.put(("d", "1"))
    c.log.roll(0)
    found = c.cleaner.cleanable(0)
    assert (found.clean_bytes, found.dirty_bytes, c.cleaner.is_due(0)) == (210, 70, False)


def test_a_full_map_ends_the_cleaning_inside_a_segment() -> None:
    c = Compacted(map_keys_max=1)
    for pair in (("a", "1"), ("a", "2"), ("b", "1"), ("a", "3"), ("b", "2")):
        c.put(pair)
    ends, lefts = [], []
    for _ in range(5):
        ends.append(c.clean().end)
        lefts.append([text.partition(" ")[2] for text in c.left])
    assert ends == [2, 3, 4, 5, 5]
    assert lefts[0] == ["1:a=2", "2:b=1", "3:a=3", "4:b=2"]
    assert lefts[3] == lefts[4] == ["3:a=3", "4:b=2"]


def test_a_checkpoint_of_another_log_counts_for_nothing() -> None:
    c = Compacted()
    for value in "12":
        c.put(("a", value))
    assert (c.clean().end, c.cleaner.cleaned_to) == (2, 2)
    c.log.truncate_fully_and_start_at(0, 0)
    assert c.cleaner.cleaned_to == 0
    for value in "345":
        c.put(("a", value))
    c.clean()
    assert c.left == ["2 2:a=5"]


def test_a_checkpoint_that_is_not_cut_hides_records(monkeypatch: pytest.MonkeyPatch) -> None:
    c = Compacted()
    for value in "12":
        c.put(("a", value))
    c.clean()
    monkeypatch.setattr(PartitionCheckpoints, "cut", lambda _self, _offset: None)
    c.log.truncate_fully_and_start_at(0, 0)
    c.put(("a", "3"))
    c.put(("a", "4"))
    c.clean()
    assert c.left == ["0 0:a=3", "1 1:a=4"]


# -------------------------------------------------------------------------------------------------------------- files


def test_small_segments_are_cleaned_into_one() -> None:
    c = Compacted(SMALL)
    for n in range(8):
        c.put((f"k{n % 2}", str(n)))
    cleaned = c.clean()
    assert (cleaned.segments_before, cleaned.segments_after) == (4, 4)
    again = c.clean()
    assert (again.segments_before, again.segments_after) == (4, 1)
    assert [(s.base_offset, batches_in(s)) for s in c.log.segments] == [(0, ["6 6:k0=6", "7 7:k1=7"]), (8, [])]


@pytest.mark.parametrize(
    ("sizes", "gap", "counts"), [([50, 50, 50], 1, [3]), ([100, 50, 50], 1, [2, 1]), ([50, 50, 50], 2**30, [2, 1])]
)
def test_groups_fit_a_segment(sizes: list[int], gap: int, counts: list[int]) -> None:
    segments = [Segment(SimulatedDisk(), "", n * gap, SMALL) for n in range(len(sizes))]
    for segment, size in zip(segments, sizes, strict=True):
        segment.size_bytes = size
    groups = group(segments, len(sizes) * gap, SMALL)
    assert [len(each) for each in groups] == counts
    assert all(fits(each, (each[-1].base_offset + gap), SMALL) for each in groups)


def test_a_log_that_was_cleaned_recovers_as_it_was() -> None:
    c = Compacted(SMALL)
    for n in range(6):
        c.put((f"k{n % 2}", str(n)))
    c.clean()
    left = c.left
    c.disk = c.disk.crash(plainest())
    c.open()
    assert (c.left, c.log.log_end_offset, c.cleaner.cleaned_to) == (left, 6, 6)


def test_a_full_disk_leaves_the_log_as_it_was_and_the_next_cleaning_begins_anew() -> None:
    c = Compacted()
    for n in range(6):
        c.put((f"k{n % 3}", str(n)))
    c.log.roll(0)
    left = c.left
    c.disk.capacity = sum(len(data or b"") for _, data in c.disk.image) + 100
    with pytest.raises(DiskFull):
        c.clean()
    assert c.left == left
    assert any(name.endswith(CLEANED) for name in c.disk.names(DIRECTORY))
    c.disk.capacity = None
    c.clean()
    assert len(c.left) == 3
    assert not any(name.endswith((CLEANED, SWAP)) for name in c.disk.names(DIRECTORY))


def unique_keys() -> Compacted:
    """A log of two segments that can be cleaned, of which nothing goes."""
    c = Compacted(SMALL)
    for n in range(4):
        c.put((f"k{n}", str(n)))
    c.log.roll(0)
    return c


def test_all_can_be_read_wherever_the_disk_fails_in_a_cleaning() -> None:
    whole = unique_keys()
    before, start = whole.left, whole.disk.operations
    whole.cleaner.clean(0)
    assert before == whole.left
    for at in range(start + 1, whole.disk.operations + 1):
        c = unique_keys()
        c.disk.error_at = at
        with pytest.raises(DiskError):
            c.cleaner.clean(0)
        read = [record.offset for data in c.log.read(0, 1 << 20) for record in records(data)]
        assert (before, [0, 1, 2, 3]) == (c.left, read), f"operation {at - start} of the cleaning"

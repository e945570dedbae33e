"""The cleaner: what it leaves of small logs, how far it goes, and what becomes of the files."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from checkers.simulate.choices import plainest
from checkers.simulate.disk import Crashed, SimulatedDisk
from model.log import cleaner
from model.log.batch import Batch, Compression, Producer, decode, encode, records
from model.log.checkpoints import PartitionCheckpoints
from model.log.cleaner import Cleanable, SegmentTooLarge, fits, group
from model.log.config import CleanupPolicy, LogConfig
from model.log.control import ControlType, EndTransaction, LeaderChange, Voter, encode_control
from model.log.disk import DiskError, DiskFull
from model.log.file_names import CLEANED, SWAP
from model.log.partition_log import PartitionLog
from model.log.producer_state import InvalidProducerEpoch
from model.log.record import Record
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


def test_a_producer_stays_fenced_after_the_marker_that_fenced_it_was_compacted_away() -> None:
    c = Compacted()
    c.put(("a", "1"), producer=7)
    key, value = encode_control(EndTransaction(ControlType.ABORT, 0))
    fenced = Producer(7, 1, -1)
    c.append(Batch(0, [Record(0, 0, key, value)], producer=fenced, is_transactional=True, is_control=True))
    c.put(("b", "2"))
    for now in (0, 0, RETENTION_MS):
        c.clean(now)
    assert c.left == ["1 _", "2 2:b=2"]
    c.disk = SimulatedDisk.holding(tuple(f for f in c.disk.image if not f[0].endswith(".snapshot")))
    c.open()
    with pytest.raises(InvalidProducerEpoch, match="producer 7 has epoch 0; the latest is 1"):
        c.put(("a", "zombie"), producer=7)


def test_markers_of_no_transaction_stay() -> None:
    c = Compacted()
    change = LeaderChange(1, (Voter(1),), (Voter(1),))
    for key, value in (encode_control(change), (bytes.fromhex("0000 0003"), b"unknown")):
        for producer in (None, Producer(7, 0, -1)):
            c.append(Batch(0, [Record(0, 0, key, value)], producer=producer, is_control=True))
    c.put(("a", "1"))
    for now in (0, 0, RETENTION_MS, 9 * RETENTION_MS):
        c.clean(now)
    assert c.left == ["0 !", "1 !", "2 !", "3 !", "4 4:a=1"]


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
    ("timestamps", "entries", "bytes_least"),
    [([[-1, -1, -1], [-1, -1, -1]], (4, 0), 32), ([[1, 2], [3, 4], [5, 6]], (3, 3), 36)],
    ids=["offsets", "times"],
)
def test_the_indexes_of_a_group_fit_those_of_a_segment(
    timestamps: list[list[int]], entries: tuple[int, int], bytes_least: int
) -> None:
    config = LogConfig(index_interval_bytes=0)
    log = PartitionLog.open(SimulatedDisk(), DIRECTORY, config, 0)
    for each in timestamps:
        for timestamp in each:
            log.append_as_leader(encode(Batch(0, [Record(0, timestamp, b"k", b"v")])), 0, 0)
        log.roll(0)
    segments, end = log.segments[:-1], log.log_end_offset
    assert entries == (sum(len(s.offset_index) for s in segments), sum(len(s.time_index) for s in segments))
    assert fits(segments, end, replace(config, segment_index_bytes=bytes_least))
    assert not fits(segments, end, replace(config, segment_index_bytes=bytes_least - 1))


def growing() -> Compacted:
    """Two segments that together fit one, until their tombstones get a horizon that lies far from their timestamps.

    A transaction has its records in the first and its marker in the second one.
    """
    c = Compacted(replace(SMALL, segment_bytes=400))
    c.put(*((f"k{n}", None) for n in range(10)), producer=7)
    c.log.roll(0)
    c.end(7, committed=True)
    c.put(*((f"l{n}", None) for n in range(10)))
    c.log.roll(0)
    return c


def test_a_group_ends_before_the_segment_that_grows_over_the_limit() -> None:
    c = growing()
    cleaned = c.cleaner.clean(1 << 40)
    assert (2, 2) == (cleaned.segments_before, cleaned.segments_after)
    assert (380, 480) == (cleaned.bytes_before, cleaned.bytes_after)
    assert ["0-9~", "10", "11-20~"] == [left.split()[0] for left in c.left]
    assert [0, 10, 21] == [segment.base_offset for segment in c.log.segments]
    assert cleaned.bytes_after == sum(segment.size_bytes for segment in c.log.segments)
    before = c.left
    c.open()
    assert before == c.left


def test_a_segment_that_would_grow_over_the_end_of_positions_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    c = growing()
    before = c.left
    monkeypatch.setattr(cleaner, "FILE_BYTES_MAX", 200)
    with pytest.raises(SegmentTooLarge, match="with what is left of it, a segment has more than 200 bytes"):
        c.cleaner.clean(1 << 40)
    assert before == c.left
    monkeypatch.undo()
    assert 2 == c.cleaner.clean(1 << 40).segments_after


def test_what_is_clean_is_read_once() -> None:
    c = Compacted(SMALL)
    for n in range(5):
        c.put((f"k{n}", str(n)))
    c.clean()
    c.put(("k5", "5"))
    c.log.roll(0)
    read, asked = c.disk.read, list[str]()

    def noted(path: str, position: int, length: int) -> bytes:
        asked.append(path)
        return read(path, position, length)

    c.disk.read = noted  # type: ignore[method-assign]
    c.cleaner.clean(0)
    logs = [path.removeprefix(f"{DIRECTORY}/").lstrip("0") for path in asked if path.endswith(".log")]
    assert [".log", "2.log", "4.log", "5.log"] == sorted(logs)[:4]


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


def test_what_a_failed_cleaning_has_left_does_not_spoil_the_next_one() -> None:
    """Its file would say that what is named .swap behind it is not complete: recovery would remove it."""
    seen = set[str]()
    for at in range(1, 40):
        c = Compacted(SMALL)
        for n in range(6):
            c.put((f"k{n}", str(n)))
        c.log.roll(0)
        c.disk.capacity = sum(len(data or b"") for _, data in c.disk.image) + 30
        with pytest.raises(DiskFull):
            c.cleaner.clean(0)
        c.disk.capacity = None
        c.log.delete_records_before(2)
        assert 1 == c.log.apply_retention(0)
        c.disk.crash_at = c.disk.operations + at
        with suppress(Crashed):
            c.cleaner.clean(0)
        seen |= {name[-5:] for name in SimulatedDisk.holding(c.disk.crash(plainest()).image).names(DIRECTORY)}
        log = PartitionLog.open(c.disk.crash(plainest()), DIRECTORY, SMALL, 0)
        read = [record.offset for data in log.read(2, 1 << 20) for record in records(data)]
        assert (at, [2, 3, 4, 5]) == (at, read)
    assert ".swap" in seen


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

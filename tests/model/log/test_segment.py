"""Segments: when they are full, where reading starts, what is cut. Lookups are checked exhaustively elsewhere."""

from __future__ import annotations

import pytest

from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Batch, CorruptBatch, encode, peek_header
from model.log.config import LogConfig
from model.log.record import Record
from model.log.segment import Segment
from tests.model.log.logs import SIZE, stored


def segment(*encoded: bytes, base: int = 0, config: LogConfig | None = None) -> Segment:
    """A segment of these batches."""
    made = Segment(SimulatedDisk(), "", base, config or LogConfig(index_interval_bytes=0))
    made.create(now=1000)
    for data in encoded:
        made.append(peek_header(data), data)
    return made


def timed(offset: int, timestamp: int) -> bytes:
    """A batch of one record."""
    return encode(Batch(offset, [Record(offset, timestamp, None, b"v")]))


@pytest.mark.parametrize(
    ("config", "held", "new", "now", "rolls"),
    [
        (LogConfig(segment_bytes=2 * SIZE), [stored(0)], stored(1), 0, False),
        (LogConfig(segment_bytes=2 * SIZE - 1), [stored(0)], stored(1), 0, True),
        (LogConfig(segment_bytes=1), [], stored(0), 0, False),
        (LogConfig(segment_ms=10), [timed(0, 5)], timed(1, 15), 0, False),
        (LogConfig(segment_ms=10), [timed(0, 5)], timed(1, 16), 0, True),
        (LogConfig(segment_ms=10), [timed(0, 5), timed(1, 1)], timed(2, 15), 0, False),
        (LogConfig(segment_ms=10), [timed(0, -1)], timed(1, -1), 1010, False),
        (LogConfig(segment_ms=10), [timed(0, -1)], timed(1, -1), 1011, True),
        (LogConfig(), [stored(0)], stored(2**31 - 1), 0, False),
        (LogConfig(), [stored(0)], stored(2**31), 0, True),
        (LogConfig(), [], stored(2**31), 0, True),
    ],
)
def test_a_segment_rolls_for_size_time_and_far_offsets(
    config: LogConfig, held: list[bytes], new: bytes, now: int, *, rolls: bool
) -> None:
    assert rolls == segment(*held, config=config).should_roll(peek_header(new), now)


def test_a_segment_rolls_when_an_index_is_full() -> None:
    config = LogConfig(index_interval_bytes=0, segment_index_bytes=24)
    by_time = segment(timed(0, 1), timed(1, 2), config=config)
    assert (1, 1) == (len(by_time.offset_index), len(by_time.time_index))
    assert by_time.should_roll(peek_header(timed(2, 3)), 0)
    by_offset = segment(*(timed(offset, -1) for offset in range(3)), config=config)
    assert not by_offset.should_roll(peek_header(timed(3, -1)), 0)
    by_offset = segment(*(timed(offset, -1) for offset in range(4)), config=config)
    assert by_offset.should_roll(peek_header(timed(4, -1)), 0)


def test_a_batch_that_is_larger_than_what_is_read_at_once_is_read_whole() -> None:
    large = stored(1, bytes(70_000))
    held = segment(stored(0), large, stored(2))
    for chunk_bytes in (61, 100, 1 << 16):
        assert [0, 1, 2] == [found.header.base_offset for found in held.batches(chunk_bytes=chunk_bytes)]
        assert [large] == [bytes(found.data) for found in held.batches(SIZE, chunk_bytes)][:1]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ((8, b"\xff\xff\xff\xff"), f"byte {SIZE + 8} of 00000000000000000000.log: the batch length is -1"),
        ((8, b"\x7f\xff\xff\xff"), f"byte {SIZE + 8} of 00000000000000000000.log: the batch length is 2147483647"),
        ((16, b"\1"), f"byte {SIZE + 16} of 00000000000000000000.log: the magic is 1"),
    ],
)
def test_a_batch_that_can_not_be_read_is_named_with_its_place(damage: tuple[int, bytes], complaint: str) -> None:
    disk = SimulatedDisk()
    held = Segment(disk, "", 0, LogConfig())
    held.create(0)
    for data in (stored(0), stored(1)):
        held.append(peek_header(data), data)
    disk.write(held.log_path, SIZE + damage[0], damage[1])
    with pytest.raises(CorruptBatch) as caught:
        list(held.batches())
    assert str(caught.value).startswith(complaint)


def test_times_are_found_behind_earlier_ones_and_past_the_start() -> None:
    held = segment(timed(0, 5), timed(1, 3), timed(2, 9), timed(3, 7))
    found = [held.offset_for_time(time, start) for time, start in ((4, 0), (6, 0), (6, 3), (10, 0), (4, 1))]
    assert [0, 2, 3, None, 2] == [at and at.offset for at in found]


def test_a_cut_lasts_when_it_returns() -> None:
    disk = SimulatedDisk()
    held = Segment(disk, "", 0, LogConfig())
    held.create(0)
    for offset in range(3):
        held.append(peek_header(stored(offset)), stored(offset))
    held.truncate_to(SIZE, 1)
    assert {"create": 1, "write": 3, "truncate": 1, "flush": 1} == disk.counts
    assert (SIZE, 1) == (held.size_bytes, held.end_offset())


def test_its_files_are_renamed_together() -> None:
    disk = SimulatedDisk()
    held = Segment(disk, "", 7, LogConfig(), stage=".cleaned")
    held.create(0)
    held.flush_all()
    held.move_to_stage(".swap")
    base = "00000000000000000007"
    assert [f"{base}.index.swap", f"{base}.log.swap", f"{base}.timeindex.swap"] == disk.names("")
    held.move_to_stage("")
    held.flush_all()
    assert [f"{base}.index", f"{base}.log", f"{base}.timeindex"] == disk.names("")
    held.remove()
    assert [] == disk.names("")

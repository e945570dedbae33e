"""LOG-5 on all small segments: indexes find what a scan finds, and one that is rebuilt equals the one that was lost.

A layout is a list of batches: how many offsets are left out before each, what records it has, how long it is. The
layouts are all lists of up to some number of batches, each with all intervals between entries; records come in any
order of time, and a compaction may have dropped the last one of a batch. Each is written as a log writes it; then
- every offset and every time, from every start, is looked up with the index and by a scan;
- the indexes are forgotten and rebuilt, written to files and read again, and cut after each batch.

Source: GUARANTEES LOG-5; the rules are those of `model.log.segment` and its indexes.
Left out: full indexes and offsets too far from the base, after which a log begins another segment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Batch, encode, peek_header, with_position
from model.log.config import LogConfig
from model.log.disk import Disk
from model.log.offset_index import OffsetPosition
from model.log.record import Record
from model.log.segment import Segment
from model.log.time_index import TimestampOffset

BASE_OFFSET = 5
DIRECTORY = "indexes-0"
TIMESTAMP_MAX = 4

MakeSegment = Callable[[Disk, str, int, LogConfig], Segment]


@dataclass(frozen=True, slots=True)
class Shape:
    """A batch: offsets left out before it, the timestamps of its records, offsets dropped after them, bytes more."""

    gap: int
    timestamps: tuple[int, ...]
    dropped: int = 0
    padding_bytes: int = 0

    def batch(self) -> bytes:
        """Its bytes, at offset 0."""
        value = bytes(self.padding_bytes)
        records = [Record(offset, timestamp, None, value) for offset, timestamp in enumerate(self.timestamps)]
        return encode(Batch(0, records, last_offset=len(records) - 1 + self.dropped))


@dataclass(frozen=True, slots=True)
class Layout:
    """A segment: its batches, and how many bytes lie between two entries of its offset index."""

    batches: tuple[Shape, ...]
    index_interval_bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Where an index is wrong."""

    layout: Layout
    what: str


@dataclass(frozen=True, slots=True)
class IndexesChecked:
    """How much was checked up to the first finding."""

    layouts: int
    lookups: int
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Domain:
    """What the layouts are made of."""

    batches_max: int
    shapes: tuple[Shape, ...]
    intervals: tuple[int, ...]

    def layouts(self) -> Iterator[Layout]:
        """All of them, the small ones first."""
        for count in range(self.batches_max + 1):
            for batches in product(self.shapes, repeat=count):
                for interval in self.intervals:
                    yield Layout(batches, interval)


SHAPES = tuple(
    Shape(gap, timestamps, dropped, padding)
    for gap, padding in ((0, 0), (2, 0), (0, 40))
    for timestamps, dropped in (((0,), 0), ((2,), 0), ((4,), 0), ((4, 1), 0), ((2,), 1))
)
"""No gap or a gap, a short or a long batch; early, middle and late ones, times that fall, and a dropped last record."""
FEW_SHAPES = (Shape(0, (0,)), Shape(2, (2,), dropped=1), Shape(0, (4, 1)), Shape(0, (4,), padding_bytes=40))
SMALL = Domain(3, FEW_SHAPES, (0, 100))
LARGE = Domain(3, SHAPES, (0, 70, 130, 200, 1000))
LONG = Domain(4, FEW_SHAPES, (0, 70, 100, 1000))
"""The intervals: an entry for each batch but the first, after one batch or two by their lengths, and none."""


def check_indexes(domain: Domain = SMALL, make: MakeSegment = Segment) -> IndexesChecked:
    """Check all layouts of a domain, with segments that `make` makes."""
    encoded = {shape: shape.batch() for shape in domain.shapes}
    layouts = lookups = 0
    for layout in domain.layouts():
        layouts += 1
        for what in _faults(layout, [(shape, encoded[shape]) for shape in layout.batches], make):
            if what:
                return IndexesChecked(layouts, lookups, Finding(layout, what))
            lookups += 1
    return IndexesChecked(layouts, lookups, None)


@dataclass(frozen=True, slots=True)
class _Written:
    """A batch where it was written, and its records as (timestamp, offset)."""

    position: int
    end_offset: int
    records: tuple[tuple[int, int], ...]


class _World:
    """Segments of one layout, each on a disk of its own."""

    def __init__(self, layout: Layout, batches: Sequence[tuple[Shape, bytes]], make: MakeSegment) -> None:
        self._config = LogConfig(index_interval_bytes=layout.index_interval_bytes)
        self._make = make
        self.encoded = list[bytes]()
        self.written = list[_Written]()
        position, offset = 0, BASE_OFFSET
        for shape, data in batches:
            offset += shape.gap
            self.encoded.append(with_position(data, offset, 0))
            records = tuple((timestamp, offset + delta) for delta, timestamp in enumerate(shape.timestamps))
            offset += len(records) + shape.dropped
            self.written.append(_Written(position, offset, records))
            position += len(data)

    def empty(self, disk: Disk) -> Segment:
        """A segment whose files are not touched yet."""
        return self._make(disk, DIRECTORY, BASE_OFFSET, self._config)

    def segment(self, count: int) -> tuple[Segment, Disk]:
        """A segment of the first batches, and its disk."""
        disk = SimulatedDisk()
        disk.make_directory(DIRECTORY)
        segment = self.empty(disk)
        segment.create(0)
        for data in self.encoded[:count]:
            segment.append(peek_header(data), data)
        return segment, disk


def _faults(layout: Layout, batches: Sequence[tuple[Shape, bytes]], make: MakeSegment) -> Iterator[str]:
    """One answer for each lookup or comparison: nothing, or what is wrong."""
    world = _World(layout, batches, make)
    count = len(batches)
    segment, disk = world.segment(count)
    yield from _lookups(segment, world.written)
    open_ended = indexes(segment)
    segment.complete()
    complete = indexes(segment)
    yield from _lookups(segment, world.written)
    segment.flush_all()
    again = world.empty(disk)
    again.load_size(0)
    again.load_indexes()
    yield from _difference("read from files, they are", indexes(again), complete)
    again.reopen()
    yield from _difference("read to go on appending, they are", indexes(again), open_ended)
    again.clear_indexes()
    for stored in again.batches():
        again.note(stored.header, stored.position)
    yield from _difference("rebuilt, they are", indexes(again), open_ended)
    for kept in range(count):
        cut, _ = world.segment(count)
        cut.complete()
        cut.truncate_to(world.written[kept].position, world.written[kept - 1].end_offset if kept else BASE_OFFSET)
        expected = indexes(world.segment(kept)[0])
        yield from _difference(f"cut after {kept} batches, they are", indexes(cut), expected)


def indexes(segment: Segment) -> tuple[list[OffsetPosition], list[TimestampOffset], int]:
    """All that follows from the batches: the entries of the two indexes, and the largest timestamp."""
    offsets, times = segment.offset_index, segment.time_index
    return [offsets[i] for i in range(len(offsets))], [times[i] for i in range(len(times))], segment.max_timestamp


def _difference(what: str, found: object, expected: object) -> Iterator[str]:
    yield "" if found == expected else f"{what} {found}, not {expected}"


def _lookups(segment: Segment, written: Sequence[_Written]) -> Iterator[str]:
    """All offsets and times, looked up and scanned for."""
    end = written[-1].end_offset if written else BASE_OFFSET
    entries = indexes(segment)[0]
    for offset in range(BASE_OFFSET, end + 2):
        found = next(segment.batches_from(offset), None)
        scanned = next((batch.position for batch in written if batch.end_offset > offset), None)
        position = None if found is None else found.position
        yield "" if position == scanned else f"offset {offset} is found in the batch at {position}, not {scanned}"
        nearest = max((entry.position for entry in entries if entry.offset <= offset), default=0)
        start = segment.offset_index.lookup(offset).position
        yield "" if start == nearest else f"offset {offset} is looked for from {start} on, not {nearest}"
    records = [record for batch in written for record in batch.records]
    for start, timestamp in product(range(BASE_OFFSET, end + 1), range(TIMESTAMP_MAX + 2)):
        at = segment.offset_for_time(timestamp, start)
        first = next(((time, offset) for time, offset in records if time >= timestamp and offset >= start), None)
        seen = None if at is None else (at.timestamp, at.offset)
        yield "" if seen == first else f"time {timestamp} from offset {start} on is found at {seen}, not {first}"

"""LOG-5 on all small segments, and the faults that are found there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checkers.storage.indexes import (
    FEW_SHAPES,
    LARGE,
    LONG,
    SMALL,
    Domain,
    Finding,
    IndexesChecked,
    Layout,
    Shape,
    check_indexes,
)
from model.log import offset_index, time_index
from model.log.batch import BatchHeader
from model.log.offset_index import OffsetIndex
from model.log.segment import Segment
from model.log.time_index import TimeIndex, TimestampOffset

TINY = Domain(3, FEW_SHAPES, (0,))


def test_indexes_find_what_a_scan_finds_in_all_small_segments() -> None:
    assert IndexesChecked(layouts=170, lookups=18_958, finding=None) == check_indexes(SMALL)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("domain", "layouts", "lookups"), [(LONG, 1_364, 196_636), (LARGE, 18_080, 2_219_670)], ids=["long", "large"]
)
def test_indexes_find_what_a_scan_finds_in_more_segments(domain: Domain, layouts: int, lookups: int) -> None:
    assert IndexesChecked(layouts, lookups, None) == check_indexes(domain)


def off_by_one(target: int, length: int, key: Callable[[int], int]) -> int:
    """The first slot past the target, where the last one up to it is wanted."""
    return next((slot for slot in range(length) if key(slot) > target), length - 1)


def strict(target: int, length: int, key: Callable[[int], int]) -> int:
    """The last slot below the target."""
    return max((slot for slot in range(length) if key(slot) < target), default=-1)


@pytest.mark.parametrize(
    ("module", "search", "what"),
    [
        (offset_index, off_by_one, "offset 5 is found in the batch at 68, not 0"),
        (offset_index, strict, "offset 6 is looked for from 0 on, not 68"),
        (time_index, off_by_one, "read to go on appending, they are ([], [TimestampOffset(timestamp=0, offset=5)], 0)"),
    ],
)
def test_a_wrong_search_is_found(
    monkeypatch: pytest.MonkeyPatch, module: object, search: Callable[..., int], what: str
) -> None:
    monkeypatch.setattr(module, "last_at_most", search)
    found = check_indexes(TINY).finding
    assert found is not None
    assert found.what.startswith(what)


def test_a_lookup_of_a_time_that_starts_too_late_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimeIndex, "lookup", lambda index, _timestamp: index.last)
    found = check_indexes(TINY).finding
    assert found is not None
    assert (2, "time 0 from offset 5 on is found at (2, 8), not (0, 5)") == (len(found.layout.batches), found.what)


class WrongPosition(Segment):
    """Has entries that point behind their batch."""

    def note(self, header: BatchHeader, position: int) -> None:
        """As in Segment, but for the fault."""
        super().note(header, position)
        slots = len(self.offset_index)
        if slots and self.offset_index[slots - 1].position == position:
            offset = self.offset_index[slots - 1].offset
            self.offset_index.truncate_to_entries(slots - 1)
            self.offset_index.append(offset, position + header.size_bytes)


class NoMaximum(Segment):
    """Has the time index tell of the last batch instead of the latest."""

    def note(self, header: BatchHeader, position: int) -> None:
        """As in Segment, but for the fault."""
        self._largest = TimestampOffset(header.max_timestamp, header.last_offset)
        super().note(header, position)


class NoLastTime(Segment):
    """Does not end with its largest timestamp."""

    def complete(self) -> None:
        """As in Segment, but for the fault."""


class KeepsTimes(Segment):
    """Keeps the times of what was cut."""

    def reopen(self) -> None:
        """As in Segment, but for the fault."""


class CountsFromTheStart(Segment):
    """Rebuilds the offset index with another interval than it was written with."""

    def clear_indexes(self) -> None:
        """As in Segment, but for the fault."""
        super().clear_indexes()
        object.__setattr__(self.config, "index_interval_bytes", self.config.index_interval_bytes + 80)


@pytest.mark.parametrize(
    ("make", "batches", "what"),
    [
        (WrongPosition, 2, "read to go on appending, they are"),
        (NoMaximum, 2, "read to go on appending, they are"),
        (NoLastTime, 1, "read from files, they are ([], [], -1), not ([], [], 0)"),
        (KeepsTimes, 1, "read to go on appending, they are"),
        (CountsFromTheStart, 2, "rebuilt, they are"),
    ],
)
def test_a_wrong_index_is_found_in_a_smallest_segment(make: type[Segment], batches: int, what: str) -> None:
    finding = check_indexes(TINY, make).finding
    assert finding is not None
    assert batches == len(finding.layout.batches)
    assert finding.what.startswith(what), finding


def test_a_finding_is_the_first_one() -> None:
    expected = Finding(Layout((Shape(0, (0,)),), 0), "read from files, they are ([], [], -1), not ([], [], 0)")
    assert expected == check_indexes(TINY, NoLastTime).finding


def test_the_indexes_that_are_checked_are_the_logs() -> None:
    segment = Segment.__init__.__code__.co_names
    assert {OffsetIndex.__name__, TimeIndex.__name__} <= set(segment)

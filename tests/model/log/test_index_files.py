"""Offset, time and transaction index: entries, lookups, files. Small segments are checked exhaustively elsewhere."""

from __future__ import annotations

import pytest

from checkers.simulate.disk import SimulatedDisk
from model.log.index_file import CorruptIndex
from model.log.offset_index import OffsetIndex, OffsetPosition
from model.log.time_index import TimeIndex, TimestampOffset
from model.log.transaction_index import ENTRY, AbortedTransaction, TransactionIndex

BASE = 100


def offset_index(*entries: tuple[int, int], bytes_max: int = 32) -> OffsetIndex:
    index = OffsetIndex(SimulatedDisk(), "x.index", BASE, bytes_max)
    for offset, position in entries:
        index.append(offset, position)
    return index


def time_index(*entries: tuple[int, int], bytes_max: int = 48) -> TimeIndex:
    index = TimeIndex(SimulatedDisk(), "x.timeindex", BASE, bytes_max)
    for timestamp, offset in entries:
        index.append_if_later(TimestampOffset(timestamp, offset))
    return index


def test_the_entries_are_apache_kafkas() -> None:
    assert (
        bytes.fromhex("00000001 00001000 7fffffff 00002000")
        == offset_index((BASE + 1, 4096), (BASE + 2**31 - 1, 8192)).data
    )
    assert bytes.fromhex("0000018bcfe56800 00000005") == time_index((1_700_000_000_000, BASE + 5)).data
    aborted = TransactionIndex(SimulatedDisk(), "x.txnindex", BASE)
    aborted.append(AbortedTransaction(7, 90, 101, 102))
    expected = "0000 0000000000000007 000000000000005a 0000000000000065 0000000000000066"
    assert bytes.fromhex(expected) == aborted.data


def test_an_offset_is_looked_for_from_the_last_entry_on_that_is_not_past_it() -> None:
    index = offset_index((102, 50), (105, 90))
    found = [index.lookup(offset).position for offset in (99, 100, 101, 102, 104, 105, 2**40)]
    assert [0, 0, 0, 50, 50, 90, 90] == found
    assert OffsetPosition(BASE, 0) == index.lookup(101)


def test_a_time_is_looked_for_after_the_last_entry_that_is_not_later() -> None:
    index = time_index((1000, 102), (1000, 103), (900, 104), (2000, 105))
    assert [TimestampOffset(1000, 102), TimestampOffset(2000, 105)] == [index[0], index[1]]
    assert [BASE, 102, 102, 105] == [index.lookup(time).offset for time in (999, 1000, 1999, 2000)]


def test_an_index_is_full_by_its_bytes() -> None:
    index = offset_index((101, 1), (102, 2), (103, 3))
    assert (4, False) == (index.entries_max, index.is_full)
    index.append(104, 4)
    assert index.is_full


def test_the_time_index_keeps_an_entry_for_the_end() -> None:
    index = time_index((1, 101), (2, 102))
    assert (4, False) == (index.entries_max, index.is_full)
    index.append_if_later(TimestampOffset(3, 103))
    assert index.is_full
    index.append_if_later(TimestampOffset(4, 104))
    assert 4 == len(index)


def test_offsets_must_lie_within_32_bits_of_the_base() -> None:
    index = offset_index()
    assert [False, True, True, False] == [index.holds(BASE + delta) for delta in (-1, 0, 2**31 - 1, 2**31)]


def test_an_index_is_written_once_and_then_only_what_is_new() -> None:
    disk = SimulatedDisk()
    index = OffsetIndex(disk, "x.index", BASE, 32)
    index.append(101, 10)
    index.flush()
    index.append(102, 20)
    index.flush()
    assert (index.data, 2) == (dict(disk.image)["x.index"], disk.counts["write"])
    index.truncate_to_entries(1)
    index.append(103, 30)
    index.flush()
    assert index.data == dict(disk.image)["x.index"]
    again = OffsetIndex(disk, "x.index", BASE, 32)
    again.load()
    assert index.data == again.data
    index.truncate_to_entries(1)
    index.flush()
    assert index.data == dict(disk.image)["x.index"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("0000000100000010 00", "it has 9 bytes, not a multiple of 8"),
        ("0000000100000010 0000000100000020", "entry 1 is (1, 32), after (1, 16); both numbers must rise"),
        ("0000000100000010 0000000200000010", "entry 1 is (2, 16), after (1, 16)"),
        ("ffffffff00000010", "entry 0 is (-1, 16), after (-1, 0)"),
        ("0000000100000010 0000000000000000", "entry 1 is (0, 0), after (1, 16)"),
    ],
)
def test_an_offset_index_that_does_not_rise_is_refused(data: str, complaint: str) -> None:
    index = OffsetIndex(SimulatedDisk.holding((("x.index", bytes.fromhex(data)),)), "x.index", BASE, 64)
    with pytest.raises(CorruptIndex) as caught:
        index.load()
    assert str(caught.value).startswith(f"x.index: {complaint}")


@pytest.mark.parametrize("data", ["00" * 11, "00" * 7 + "0500000001" + "00" * 7 + "0500000002", "ff" * 8 + "00000001"])
def test_a_time_index_that_does_not_rise_is_refused(data: str) -> None:
    index = TimeIndex(SimulatedDisk.holding((("x.timeindex", bytes.fromhex(data)),)), "x.timeindex", BASE, 64)
    with pytest.raises(CorruptIndex, match=r"x\.timeindex: "):
        index.load()


def test_a_missing_index_is_corrupt_but_for_that_of_transactions() -> None:
    with pytest.raises(CorruptIndex, match=r"x\.index: it is missing"):
        offset_index().load()
    aborted = TransactionIndex(SimulatedDisk(), "x.txnindex", BASE)
    aborted.load()
    assert () == aborted.entries


def test_aborted_transactions_are_kept_in_a_file_and_cut_by_their_markers() -> None:
    disk = SimulatedDisk()
    aborted = TransactionIndex(disk, "x.txnindex", BASE)
    aborted.flush()
    assert not disk.exists("x.txnindex")
    first, second = AbortedTransaction(7, 90, 101, 102), AbortedTransaction(8, 95, 105, 106)
    aborted.append(first)
    aborted.append(second)
    aborted.flush()
    again = TransactionIndex(disk, "x.txnindex", BASE)
    again.load()
    assert (first, second) == again.entries
    again.truncate_to(105)
    again.flush()
    aborted.load()
    assert (first,) == aborted.entries


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ((1, 7, 90, 101, 102), "entry 0 of version 1 is"),
        ((0, -1, 90, 101, 102), "entry 0 of version 0 is"),
        ((0, 7, 101, 101, 102), "entry 0 of version 0 is"),
        ((0, 7, 90, 99, 102), "entry 0 ends at 99; at least 100 is right"),
    ],
)
def test_a_transaction_index_of_other_entries_is_refused(fields: tuple[int, ...], complaint: str) -> None:
    disk = SimulatedDisk.holding((("x.txnindex", ENTRY.pack(*fields)),))
    with pytest.raises(CorruptIndex, match=complaint):
        TransactionIndex(disk, "x.txnindex", BASE).load()

"""A bit that flips in the file of an index: no read, time or log end is another one, whether it is found or not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from checkers.simulate.disk import Image, SimulatedDisk
from model.log.batch import Batch, Producer, encode, peek_header
from model.log.config import LogConfig
from model.log.control import ControlType
from model.log.partition_log import PartitionLog
from model.log.record import Record
from tests.model.log.logs import DIRECTORY, batch, marker, opened

SPARSE = LogConfig(index_interval_bytes=100)
"""About every second batch has index entries."""
TIMES = (10, 15, 10, 10, 20, 20, 19, 20, 21, 30, 5, 30)
"""Of twelve batches with a record each."""
ASKED = (4, 10, 11, 15, 16, 20, 21, 25, 30, 31)
AGAIN = encode(Batch(0, [Record(0, 25, b"again", b"")]))
Answers = tuple[int, list[int], list[tuple[int, int] | None]]


@cache
def written(*, was_clean: bool) -> Image:
    """A disk with these batches and two aborted transactions, in the only segment or in one that another follows."""
    disk = SimulatedDisk()
    log = opened(disk, SPARSE)
    for number, timestamp in enumerate(TIMES):
        log.append_as_leader(encode(Batch(0, [Record(0, timestamp, b"k", b"%d" % number)])), 0, 0)
    for producer in (7, 8):
        log.append_as_leader(batch(b"x", producer=Producer(producer, 0, 0), transactional=True), 0, 0)
        log.append_as_leader(batch(b"between"), 0, 0)
        log.append_as_leader(marker(ControlType.ABORT, producer), 0, 0)
    if was_clean:
        log.close()
    else:
        log.roll(0)
        log.append_as_leader(batch(b"next"), 0, 0)
        log.flush()
    return disk.image


def rotten(image: Image, ending: str) -> Iterator[tuple[tuple[int, int], SimulatedDisk]]:
    """The disk with each bit of a file of the first segment flipped, and which one it is."""
    (name,) = (path for path, _ in image if path == f"{DIRECTORY}/{0:020}{ending}")
    files = dict(image)
    data = files[name]
    assert data
    for at in range(len(data)):
        for bit in range(8):
            files[name] = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            yield (at, bit), SimulatedDisk.holding(tuple(files.items()))


def answers(log: PartitionLog) -> Answers:
    """The log end, where reads of all offsets begin, and the first record of all times."""
    reads = [log.read(offset, 1) for offset in range(log.log_end_offset)]
    times = [log.offset_for_time(timestamp) for timestamp in ASKED]
    return (
        log.log_end_offset,
        [peek_header(found[0]).base_offset if found else -1 for found in reads],
        [None if found is None else (found.timestamp, found.offset) for found in times],
    )


def answers_while_cut(log: PartitionLog, offset: int) -> list[Answers]:
    """The answers of a log at first, after a cut at an offset, and after appends and a roll."""
    found = [answers(log)]
    log.truncate_to(offset, 0)
    found.append(answers(log))
    for _ in range(3):
        log.append_as_leader(AGAIN, 0, 0)
    log.roll(0)
    return [*found, answers(log)]


@pytest.mark.parametrize(("ending", "found"), [(".index", 448), (".timeindex", 372)])
def test_a_flipped_bit_changes_no_answer(ending: str, found: int) -> None:
    image = written(was_clean=False)
    expected = answers(opened(SimulatedDisk.holding(image), SPARSE))
    assert (19, (10, 0), (15, 1), (20, 4)) == (expected[0], expected[2][0], expected[2][2], expected[2][4])
    rebuilt = 0
    for where, disk in rotten(image, ending):
        log = opened(disk, SPARSE)
        assert (where, expected) == (where, answers(log))
        rebuilt += 0 in log.repairs.rebuilt
    assert found == rebuilt


@pytest.mark.deep
@pytest.mark.parametrize("offset", range(2, 16))
@pytest.mark.parametrize("ending", [".index", ".timeindex"])
def test_a_flipped_bit_changes_no_answer_after_a_cut(ending: str, offset: int) -> None:
    image = written(was_clean=True)
    expected = answers_while_cut(opened(SimulatedDisk.holding(image), SPARSE), offset)
    for where, disk in rotten(image, ending):
        log = opened(disk, SPARSE, was_clean=True)
        assert (where, expected) == (where, answers_while_cut(log, offset))


def test_flipped_bits_of_a_transaction_index_are_found_but_for_those_that_nothing_else_tells() -> None:
    disks = rotten(written(was_clean=True), ".txnindex")
    missed = {at for (at, _), disk in disks if not opened(disk, SPARSE, was_clean=True).repairs.rebuilt}
    last_bytes_of_last_stable_offsets = {33, 67}
    assert last_bytes_of_last_stable_offsets == missed


@pytest.mark.parametrize("wrong", [28, 31], ids=["too early", "too late"])
def test_a_wrong_time_that_a_cut_brings_to_the_end_of_the_index_is_replaced(wrong: int) -> None:
    dense = LogConfig(index_interval_bytes=0)
    disk = SimulatedDisk()
    log = opened(disk, dense)
    for timestamp in (10, 20, 30, 40):
        log.append_as_leader(batch(b"v", timestamp=timestamp), 0, 0)
    log.close()
    at = 12 + 7  # the last byte of the timestamp of the second entry
    path = f"{DIRECTORY}/{0:020}.timeindex"
    data = disk.read(path, 0, 36)
    assert 30 == data[at]
    disk.write(path, at, bytes([wrong]))
    log = opened(disk, dense, was_clean=True)
    assert [] == log.repairs.rebuilt
    log.truncate_to(3, 0)
    log.roll(0)
    index = log.segments[0].time_index
    assert [(20, 1), (30, 2)] == [(index[slot].timestamp, index[slot].offset) for slot in range(len(index))]
    assert 30 == log.segments[0].max_timestamp

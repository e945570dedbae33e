"""What a crash leaves of operations that were under way; segments replaced by others, at any moment of it."""

from __future__ import annotations

import pytest

from checkers.simulate.choices import EveryPath
from checkers.simulate.disk import Crashed, Image, SimulatedDisk
from checkers.simulate.medium import Medium
from model.log.batch import Producer, peek_header
from model.log.control import ControlType
from model.log.leftovers import sweep
from model.log.partition_log import PartitionLog
from tests.model.log.logs import DIRECTORY, SMALL, batch, content, filled, marker, opened

A, B, C = ("00000000000000000000", "00000000000000000003", "00000000000000000006")


def directory(*names: str, batches: int = 1) -> SimulatedDisk:
    """A disk with empty files of these names, but for logs, which hold batches from their base offset on."""
    log, _ = filled(9)
    image: Image = ((DIRECTORY, None),)
    for name in sorted(names):
        start = int(name[:20])
        held = b"".join(content(log)[start : start + batches]) if ".log" in name else b""
        image = (*image, (f"{DIRECTORY}/{name}", held))
    return SimulatedDisk.holding(image)


@pytest.mark.parametrize(
    ("there", "left"),
    [
        ([f"{A}.log", f"{A}.index"], [f"{A}.index", f"{A}.log"]),
        ([f"{A}.log", f"{B}.index", f"{B}.txnindex"], [f"{A}.log"]),
        ([f"{A}.log", f"{B}.log.deleted", f"{B}.snapshot.deleted"], [f"{A}.log"]),
        ([f"{A}.log", f"{A}.log.cleaned", f"{A}.index.cleaned"], [f"{A}.log"]),
        ([f"{A}.log", f"{A}.log.swap", f"{A}.index.cleaned"], [f"{A}.log"]),
        ([f"{A}.log", f"{A}.index", f"{A}.txnindex", f"{A}.log.swap"], [f"{A}.log"]),
        ([f"{A}.log.swap", f"{A}.index.swap", f"{A}.txnindex.swap"], [f"{A}.log"]),
        ([f"{A}.log", f"{A}.index", f"{A}.timeindex.swap"], [f"{A}.log"]),
        (
            [f"{A}.log", f"{A}.snapshot", "leader-epoch-checkpoint"],
            [f"{A}.log", f"{A}.snapshot", "leader-epoch-checkpoint"],
        ),
        ([f"{A}.log", f"{A}.snapshot", f"{A}.snapshot.tmp"], [f"{A}.log", f"{A}.snapshot"]),
        ([f"{A}.log", f"{A}.index.tmp"], [f"{A}.log"]),
        ([f"{A}.log.swap", f"{B}.log", f"{B}.log.cleaned"], [f"{A}.log", f"{B}.log"]),
    ],
)
def test_what_is_begun_goes_and_what_is_complete_is_finished(there: list[str], left: list[str]) -> None:
    metadata = [name for name in there if name == "leader-epoch-checkpoint"]
    disk = directory(*(name for name in there if name not in metadata))
    for name in metadata:
        disk.create(f"{DIRECTORY}/{name}")
    sweep(disk, DIRECTORY, SMALL)
    assert left == disk.names(DIRECTORY)
    assert [] == sweep(disk, DIRECTORY, SMALL)


def test_swap_files_that_are_not_complete_go_before_what_tells_that_they_are_not() -> None:
    disk = directory(f"{A}.log", f"{A}.log.swap", f"{A}.index.cleaned")
    seen = list[str]()
    disk.watch = seen.append
    sweep(disk, DIRECTORY, SMALL)
    flush = f"flush_directory of {DIRECTORY!r}"
    removals = [f"remove of {DIRECTORY}/{A}{kind}" for kind in (".log.swap", ".index.cleaned")]
    assert [removals[0], flush, removals[1], flush] == seen


def test_a_complete_segment_takes_the_place_of_all_that_it_covers() -> None:
    disk = directory(f"{A}.log.swap", f"{A}.log", f"{B}.log", f"{C}.log", batches=6)
    sweep(disk, DIRECTORY, SMALL)
    assert [f"{A}.log", f"{C}.log"] == disk.names(DIRECTORY)


def compacted(log: PartitionLog) -> None:
    """Replace the first two segments by one without the second batch."""
    old = log.segments[:2]
    new = log.cleaned_segment(0, 0)
    for segment in old:
        for stored in segment.batches():
            if stored.header.base_offset != 1:
                new.append(stored.header, bytes(stored.data))
        for entry in segment.transaction_index.entries:
            new.transaction_index.append(entry)
    log.replace(old, new)


def aborting() -> tuple[PartitionLog, SimulatedDisk]:
    """A log of three segments with a transaction that is aborted in the second one."""
    log, disk = filled(2)
    disk.medium = Medium(tears_max=0, mixed_files_max=0)
    log.append_as_leader(batch(b"x", producer=Producer(7, 0, 0), transactional=True), 0, 0)
    log.append_as_leader(marker(ControlType.ABORT, 7), 0, 0)
    for _ in range(3):
        log.append_as_leader(batch(b"y"), 0, 0)
    log.flush()
    return log, disk


def test_a_replaced_segment_is_there_at_once_and_after_a_restart() -> None:
    log, disk = aborting()
    before = content(log)
    compacted(log)
    expected = [data for data in before if peek_header(data).base_offset != 1]
    for found in (log, opened(SimulatedDisk.holding(disk.image))):
        assert expected == content(found)
        assert [0, 6] == [segment.base_offset for segment in found.segments]
        assert 1 == len(found.aborted_transactions(0, 7))
    assert not [path for path, _ in disk.image if path.endswith((".swap", ".cleaned", ".deleted"))]


def test_a_crash_leaves_the_old_segments_or_the_new_one_and_every_abort() -> None:
    """In each flush of the directory all subsets of the changes before it may survive, and so all of former crashes."""
    log, disk = aborting()
    before = content(log)
    flushes = list[int]()
    disk.watch = lambda what: flushes.append(disk.operations) if what.startswith("flush_directory") else None
    compacted(log)
    after = content(log)
    aborted = log.aborted_transactions(0, 7)
    seen = set[int]()
    for at in flushes:
        log, crashed = aborting()
        crashed.crash_at = at
        with pytest.raises(Crashed):
            compacted(log)
        for path in EveryPath(crashed.crash, 2000):
            found = opened(path.result)
            assert content(found) in (before, after)
            assert aborted == found.aborted_transactions(0, 7)
            seen.add(len(content(found)))
    assert {6, 7} == seen

"""Crash points: LOG-4 holds for the log, and not for logs with a bug planted in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import pytest

from checkers.simulate.choices import ChoicesDiffer
from checkers.simulate.disk import SimulatedDisk
from checkers.simulate.medium import Journal, Medium, NameOrder
from checkers.storage.check import CRASHES
from checkers.storage.crash_points import LARGE_SECTORS, SMALL_SECTORS, CrashBounds, crash_points, replay_crash
from checkers.storage.operations import Operation, Program
from model.log import checkpoints, epochs, leftovers, partition_log, producer_snapshot, recovery
from model.log.checkpoints import PartitionCheckpoints
from model.log.disk import Disk
from model.log.epochs import LeaderEpochs
from model.log.file_names import parent
from model.log.index_file import IndexFile
from model.log.local_log import LocalLog
from model.log.partition_log import PartitionLog
from model.log.recovery import LogLoader
from model.log.segment import Segment
from model.log.transaction_index import TransactionIndex

APPEND, SEND, ABORT, FLUSH = Operation.APPEND, Operation.SEND, Operation.ABORT, Operation.FLUSH
ROLL, TRUNCATE, COMPACT = Operation.ROLL, Operation.TRUNCATE, Operation.COMPACT
DELETE_RECORDS, DELETE_ALL = Operation.DELETE_RECORDS, Operation.DELETE_ALL
TRUNCATE_FULLY = Operation.TRUNCATE_FULLY
RETENTION, RESTART = Operation.RETENTION, Operation.RESTART
Plant = Callable[[pytest.MonkeyPatch], None]


def careless(owner: object, function: str, *skipped: str) -> Plant:
    """Have some operations of the disk do nothing while a function runs."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        careful = getattr(owner, function)

        def runs(first: object, *arguments: object) -> object:
            disk = first if isinstance(first, SimulatedDisk) else getattr(first, "disk", getattr(first, "_disk", None))
            for name in skipped:
                vars(disk)[name] = lambda _path: None
            try:
                return careful(first, *arguments)
            finally:
                for name in skipped:
                    vars(disk).pop(name, None)

        patch.setattr(owner, function, runs)

    return plant


def forgotten(function: str, *owners: object) -> Plant:
    """Have a function do nothing."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        for owner in owners:
            patch.setattr(owner, function, lambda *_arguments: None)

    return plant


def epochs_written_in_place(patch: pytest.MonkeyPatch) -> None:
    """L04: the file of the leader epochs is overwritten."""

    def in_place(disk: Disk, path: str, lines: list[str]) -> None:
        data = "".join(f"{line}\n" for line in (0, len(lines), *lines)).encode()
        if disk.exists(path):
            disk.truncate(path, 0)
        else:
            disk.create(path)
        disk.write(path, 0, data)
        disk.flush(path)
        disk.flush_directory(parent(path))

    patch.setattr(epochs, "write_lines", in_place)


def snapshot_written_in_place(patch: pytest.MonkeyPatch) -> None:
    """A snapshot of the producers is removed, and then written anew."""

    def in_place(disk: Disk, path: str, data: bytes) -> None:
        if disk.exists(path):
            disk.remove(path)
        disk.create(path)
        disk.write(path, 0, data)
        disk.flush(path)

    patch.setattr(producer_snapshot, "replace_file", in_place, raising=False)


def all_goes(patch: pytest.MonkeyPatch) -> None:
    """Retention removes all segments, whatever is to be kept."""
    patch.setattr(partition_log, "deletable", lambda log, *_: len(log.segments))


def checkpoint_far_ahead(patch: pytest.MonkeyPatch) -> None:
    """Recovery takes all that it finds to be flushed."""
    patch.setattr(PartitionCheckpoints, "recovery_point", property(lambda _self: 1 << 60))


def segments_go_before_the_start_moves(patch: pytest.MonkeyPatch) -> None:
    """Retention removes segments, and only then keeps where the log starts."""
    careful = PartitionLog.apply_retention

    def apply_retention(self: PartitionLog, now: int) -> int:
        moves = list[int]()
        vars(self)["_set_start"] = moves.append
        count = careful(self, now)
        del vars(self)["_set_start"]
        for offset in moves:
            self._set_start(offset)
        return count

    patch.setattr(PartitionLog, "apply_retention", apply_retention)


def any_snapshot_will_do(patch: pytest.MonkeyPatch) -> None:
    """Producers come from a snapshot past the end."""
    careful = producer_snapshot.latest_producers
    for module in (recovery, producer_snapshot):
        patch.setattr(module, "latest_producers", lambda disk, path, least, _last: careful(disk, path, least, 1 << 60))
    patch.setattr(producer_snapshot, "remove_stray_snapshots", lambda *_: None)
    patch.setattr(recovery, "remove_stray_snapshots", lambda *_: None)


def old_segments_stay_in_a_swap(patch: pytest.MonkeyPatch) -> None:
    """A swap that a crash cut short is finished without removing what it replaces."""
    careful = leftovers._remove

    def remove(disk: Disk, directory: str, gone: Iterable[str]) -> None:
        careful(disk, directory, [name for name in gone if not name.endswith(".log")])

    patch.setattr(leftovers, "_remove", remove)


@dataclass(frozen=True)
class Bug:
    """What is wrong, the shortest program that shows it, and a part of what is said of it."""

    name: str
    plant: Plant
    program: Program
    complaint: str
    prepared: Program = ()
    """What the program begins with, in which power need not fail."""
    afterwards: Program | None = None
    """What is done after the first crash, if there is a second one."""
    medium: Medium = LARGE_SECTORS


ROLLED = (APPEND, APPEND, APPEND, FLUSH)
SWAP = (APPEND, ROLL, COMPACT)
CUT = (APPEND, ROLL, TRUNCATE)
LARGE = (APPEND, ROLL, APPEND, APPEND)
DELETED = (APPEND, ROLL, DELETE_ALL)
TWO = (APPEND, ROLL, APPEND, ROLL)
THREE = (APPEND, ROLL, APPEND, ROLL, APPEND, APPEND)
BUGS = [
    Bug("no CRC check in recovery", forgotten("check", recovery), (APPEND,), "the CRC is"),
    Bug("checkpoint without a flush", careless(LocalLog, "roll", "flush"), (APPEND, ROLL), "batches 0-1"),
    Bug("index not flushed", careless(IndexFile, "flush", "flush"), (APPEND, ROLL), "rebuilt from its batches"),
    Bug("log not flushed", careless(Segment, "flush_log", "flush"), (APPEND, FLUSH), "but all up to 2 was flushed"),
    Bug("all is taken to be flushed", checkpoint_far_ahead, CUT, "rebuilt from its batches"),
    Bug("name not flushed", forgotten("_flush_directory", LocalLog), ROLLED, "but all up to 6 was flushed"),
    Bug("directory not flushed in a swap", careless(LocalLog, "replace", "flush_directory"), SWAP, "the log start"),
    Bug("swap not flushed", careless(LocalLog, "replace", "flush"), SWAP, "it can't be opened"),
    Bug("cut not flushed", careless(LocalLog, "truncate_to", "flush"), (APPEND, APPEND, TRUNCATE), "a prefix of 0-1"),
    Bug("epochs written in place", epochs_written_in_place, (APPEND,), "line 1 is"),
    Bug("renamed before flushed", careless(checkpoints, "replace_file", "flush"), (APPEND,), "line 1 is"),
    Bug("epochs past the end", forgotten("truncate_from_end", LeaderEpochs), (APPEND,), "its leader epochs are"),
    Bug("checkpoint past the end", forgotten("cut", PartitionCheckpoints), CUT, "rebuilt from its batches"),
    Bug("start not kept", forgotten("put_log_start", PartitionCheckpoints), (APPEND, DELETE_RECORDS), "epochs are"),
    Bug("aborts not indexed", forgotten("append", TransactionIndex), (SEND, ABORT), "its aborted transactions are"),
    Bug("retention of nothing", all_goes, (*LARGE, RETENTION), "the log start offset is 6; it was 0 to 2", LARGE),
    Bug("snapshot written in place", snapshot_written_in_place, (*DELETED, RESTART), "its producers are ()", DELETED),
    Bug("start moves late", segments_go_before_the_start_moves, (*THREE, RETENTION), "epochs are ((0, 4),)", THREE),
    Bug("no snapshot", forgotten("write_snapshot", partition_log), (APPEND, ROLL, DELETE_ALL), "its producers are ()"),
    Bug("any snapshot", any_snapshot_will_do, (APPEND, ROLL), "those of its batches are ()"),
    Bug(
        "epochs before the start",
        forgotten("truncate_from_start", LeaderEpochs),
        (APPEND, DELETE_ALL),
        "its leader epochs are",
    ),
    Bug("swapped beside the old", old_segments_stay_in_a_swap, (*TWO, COMPACT), "where below 2 would", TWO),
    Bug(
        "tail stays",
        careless(LogLoader, "_cut", "flush"),
        (APPEND, APPEND),
        "a prefix of 0-1",
        (),
        (APPEND,),
        SMALL_SECTORS,
    ),
    Bug("epochs not rebuilt", forgotten("assign", LeaderEpochs), (APPEND,), "epochs are ()"),
    Bug(
        "checkpoints stay",
        forgotten("cut", PartitionCheckpoints),
        (APPEND, ROLL, TRUNCATE_FULLY),
        "rebuilt from its batches",
    ),
]
QUICK = {
    "no CRC check in recovery",
    "checkpoint without a flush",
    "log not flushed",
    "epochs written in place",
    "directory not flushed in a swap",
    "cut not flushed",
    "retention of nothing",
    "snapshot written in place",
    "start moves late",
    "tail stays",
}
BEYOND_CHECK = {"name not flushed", "checkpoints stay", "swapped beside the old"}
"""What only programs show that are longer than those of the check."""


def caught(bug: Bug, patch: pytest.MonkeyPatch) -> None:
    """Find the bug among the programs made of the same operations, and then by replay, also once it is gone."""
    varied = bug.program[len(bug.prepared) :]
    after = bug.afterwards
    second = None if after is None else CrashBounds(len(after), after)
    bounds = CrashBounds(len(varied), tuple(dict.fromkeys(varied)), bug.medium, bug.prepared, second)
    with patch.context() as planted:
        bug.plant(planted)
        finding = crash_points(bounds).finding
        assert finding is not None
        assert [bug.program, *([] if after is None else [after])] == [life.program for life in finding.lives]
        assert bug.complaint in finding.complaint
        assert finding.complaint == replay_crash(finding, bounds.medium)
    with suppress(ChoicesDiffer):
        assert None is replay_crash(finding, bounds.medium)


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.name in QUICK], ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    caught(bug, monkeypatch)


@pytest.mark.deep
@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.name not in QUICK], ids=lambda bug: bug.name)
def test_each_planted_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    caught(bug, monkeypatch)


def covers(program: Program, bounds: CrashBounds) -> bool:
    """Whether a program is among those within bounds."""
    fixed, varied = program[: len(bounds.prepared)], program[len(bounds.prepared) :]
    return fixed == bounds.prepared and len(varied) <= bounds.length_max and set(varied) <= set(bounds.operations)


def shows(bug: Bug, bounds: CrashBounds) -> bool:
    """Whether a bug's programs are among those within bounds, also the one after the first crash."""
    if bug.afterwards is None:
        return covers(bug.program, bounds)
    second = bounds.afterwards
    return covers(bug.program, bounds) and second is not None and covers(bug.afterwards, second)


def test_the_check_runs_the_programs_that_show_a_planted_bug() -> None:
    assert BEYOND_CHECK == {bug.name for bug in BUGS if not any(map(partial(shows, bug), CRASHES))}


def counts(bounds: CrashBounds) -> tuple[int, int, int, int]:
    """Programs, points, outcomes and images, if the log is what it may be after all crashes."""
    found = crash_points(bounds)
    assert ("holds", None, "") == (found.verdict, found.finding, found.reason)
    return found.programs, found.points, found.outcomes, found.images


def test_a_log_is_what_it_may_be_after_every_crash_of_a_short_program() -> None:
    assert (62, 291) == counts(CrashBounds(2, medium=LARGE_SECTORS))[:2]


def test_also_if_power_fails_again_in_the_recovery() -> None:
    assert (78, 161) == counts(CrashBounds(1, medium=LARGE_SECTORS, afterwards=CrashBounds(0)))[:2]


def test_more_outcomes_than_are_tried_leave_it_unknown() -> None:
    found = crash_points(CrashBounds(1, medium=LARGE_SECTORS, outcomes_max=5))
    assert ("unknown", "a crash of append has more than 5 outcomes") == (found.verdict, found.reason)


ELECT, FETCH = Operation.ELECT, Operation.FETCH
CUTS = (RETENTION, DELETE_RECORDS, DELETE_ALL, RESTART, TRUNCATE)
WRITES = (APPEND, ELECT, FLUSH)
JOURNALED = Medium(64, Journal.ORDERED, NameOrder.KEPT, tears_max=2)
DEEP = {
    "3 operations, small sectors": (CrashBounds(3, medium=SMALL_SECTORS), (626, 2_786, 409_151, 146_309)),
    "sectors torn at three points": (CrashBounds(2, medium=Medium(64, tears_max=3)), (62, 291, 45_387, 19_536)),
    "a journal": (CrashBounds(2, medium=JOURNALED), (62, 291, 1_203, 288)),
    "segments that are cut": (CrashBounds(2, CUTS, LARGE_SECTORS, LARGE), (25, 205, 11_205, 4_444)),
    "4 operations": (CrashBounds(4, medium=LARGE_SECTORS), (6_620, 25_314, 437_423, 98_264)),
    "a crash in the recovery": (
        CrashBounds(2, medium=SMALL_SECTORS, afterwards=CrashBounds(0)),
        (4_436, 9_352, 27_955, 5_302),
    ),
    "a step after the recovery": (
        CrashBounds(2, medium=LARGE_SECTORS, afterwards=CrashBounds(1)),
        (7_282, 13_233, 53_715, 12_331),
    ),
    "two steps after the recovery": (
        CrashBounds(2, WRITES, SMALL_SECTORS, afterwards=CrashBounds(2, WRITES)),
        (8_982, 2_840, 28_882, 9_189),
    ),
    "truncated once compacted": (
        CrashBounds(3, (APPEND, FETCH, ROLL, TRUNCATE, COMPACT, RESTART), LARGE_SECTORS, (*TWO, COMPACT)),
        (128, 699, 5_150, 1_920),
    ),
}
"""Programs, points, outcomes and images of each."""


@pytest.mark.deep
@pytest.mark.parametrize(("bounds", "expected"), DEEP.values(), ids=DEEP)
def test_a_log_is_what_it_may_be_after_every_crash(bounds: CrashBounds, expected: tuple[int, int, int, int]) -> None:
    assert expected == counts(bounds)


FIRST = {
    APPEND: 15_851,
    ELECT: 15_851,
    SEND: 20_567,
    TRUNCATE_FULLY: 6_619,
    RESTART: 6_619,
    Operation.REOPEN: 6_619,
}
"""What can be done to an empty log, and how many programs of two to five operations begin with it."""


@pytest.mark.deep
@pytest.mark.parametrize(("first", "programs"), FIRST.items(), ids=lambda value: str(getattr(value, "value", value)))
def test_a_log_is_what_it_may_be_after_every_crash_of_five_operations(first: Operation, programs: int) -> None:
    found = crash_points(CrashBounds(4, medium=LARGE_SECTORS, prepared=(first,)))
    assert ("holds", None, "") == (found.verdict, found.finding, found.reason)
    assert programs == found.programs

"""Leader epochs: what replicas ask, what stays known, and what a file may hold."""

from __future__ import annotations

import pytest

from checkers.simulate.disk import SimulatedDisk
from model.log.checkpoints import CorruptCheckpoint
from model.log.epochs import EpochEnd, EpochStart, LeaderEpochs

END = 100


def known(*entries: tuple[int, int]) -> LeaderEpochs:
    """The epochs that were assigned one after the other."""
    disk = SimulatedDisk()
    disk.make_directory("t-0")
    epochs = LeaderEpochs(disk, "t-0")
    for epoch, start in entries:
        epochs.assign(epoch, start)
    again = LeaderEpochs(disk, "t-0")
    assert epochs.entries == again.entries, "the file holds what is in memory"
    return epochs


def pairs(epochs: LeaderEpochs) -> list[tuple[int, int]]:
    return [(entry.epoch, entry.start_offset) for entry in epochs.entries]


@pytest.mark.parametrize(
    ("assigned", "kept"),
    [
        ([(0, 0), (2, 10), (5, 20)], [(0, 0), (2, 10), (5, 20)]),
        ([(0, 0), (0, 5)], [(0, 0)]),
        ([(1, 5), (1, 3)], [(1, 3)]),
        ([(1, 5), (2, 5)], [(2, 5)]),
        ([(1, 5), (2, 7), (3, 6)], [(1, 5), (3, 6)]),
        ([(1, 5), (4, 7), (2, 9)], [(1, 5), (2, 9)]),
        ([(3, 4), (5, 6), (2, 2)], [(2, 2)]),
    ],
)
def test_epochs_and_offsets_rise_and_the_new_entry_wins(
    assigned: list[tuple[int, int]], kept: list[tuple[int, int]]
) -> None:
    assert kept == pairs(known(*assigned))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (-1, None),
        (0, EpochEnd(0, 10)),
        (1, EpochEnd(1, 10)),
        (2, EpochEnd(2, 30)),
        (3, EpochEnd(2, 30)),
        (4, EpochEnd(2, 30)),
        (5, EpochEnd(5, END)),
        (6, None),
    ],
)
def test_an_epoch_ends_where_the_next_one_starts(asked: int, answer: EpochEnd | None) -> None:
    assert answer == known((2, 10), (5, 30)).end_offset_for(asked, END)


def test_without_epochs_there_is_no_answer() -> None:
    assert known().end_offset_for(0, END) is None
    assert known().latest is None
    assert known().epoch_of(3) is None


def test_the_epoch_of_an_offset_is_the_last_that_starts_there_or_before() -> None:
    epochs = known((2, 10), (5, 30))
    assert [None, 2, 2, 5, 5] == [epochs.epoch_of(offset) for offset in (9, 10, 29, 30, 31)]


def test_epochs_are_cut_at_both_ends() -> None:
    epochs = known((0, 0), (2, 10), (5, 30))
    epochs.truncate_from_end(30)
    assert [(0, 0), (2, 10)] == pairs(epochs)
    epochs.truncate_from_start(12)
    assert [(2, 12)] == pairs(epochs)
    epochs.truncate_from_start(5)
    assert [(2, 12)] == pairs(epochs)
    epochs.clear()
    assert [] == pairs(epochs)


def test_only_a_change_is_written() -> None:
    disk = SimulatedDisk.holding((("t-0", None), ("t-0/leader-epoch-checkpoint", b"0\n1\n3 7\n")))
    epochs = LeaderEpochs(disk, "t-0")
    epochs.assign(3, 9)
    epochs.truncate_from_end(8)
    epochs.truncate_from_start(7)
    assert (0, (EpochStart(3, 7),)) == (disk.operations, epochs.entries)


@pytest.mark.parametrize("lines", ["5 30\n2 40", "2 30\n5 30", "2 30\n2 40", "2 10\n5 x", "2 10\n5 -1", "1 2 3\n4 5"])
def test_a_file_of_other_entries_is_refused(lines: str) -> None:
    content = f"0\n{len(lines.splitlines())}\n{lines}\n".encode()
    disk = SimulatedDisk.holding((("t-0", None), ("t-0/leader-epoch-checkpoint", content)))
    with pytest.raises(CorruptCheckpoint, match=r"t-0/leader-epoch-checkpoint: line [34] is "):
        LeaderEpochs(disk, "t-0")

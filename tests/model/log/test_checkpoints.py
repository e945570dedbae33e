"""Checkpoint files: what they hold, what they survive, and what is refused."""

from __future__ import annotations

import pytest

from checkers.simulate.choices import EveryPath
from checkers.simulate.disk import Crashed, SimulatedDisk
from model.log.checkpoints import CorruptCheckpoint, OffsetCheckpoint, PartitionCheckpoints, replace_file
from model.log.file_names import TopicPartition

A, B = TopicPartition("a-b", 3), TopicPartition("orders", 10)
PATH = "recovery-point-offset-checkpoint"


def holding(text: str) -> OffsetCheckpoint:
    """A checkpoint whose file has this text."""
    return OffsetCheckpoint(SimulatedDisk.holding(((PATH, text.encode("latin-1")),)), "", PATH)


def test_the_file_is_apache_kafkas() -> None:
    disk = SimulatedDisk()
    checkpoint = OffsetCheckpoint(disk, "", PATH)
    checkpoint.put(B, 7)
    checkpoint.put(A, 2**63 - 1)
    assert ((PATH, b"0\n2\na-b 3 9223372036854775807\norders 10 7\n"),) == disk.image
    assert {A: 2**63 - 1, B: 7} == checkpoint.read()


def test_no_file_and_an_empty_one_hold_nothing() -> None:
    assert OffsetCheckpoint(SimulatedDisk(), "", PATH).get(A) is None
    assert {} == holding("").read()


def test_an_offset_is_only_lowered() -> None:
    checkpoint = holding("0\n1\norders 10 7\n")
    checkpoint.lower(B, 9)
    assert 7 == checkpoint.get(B)
    checkpoint.lower(B, 3)
    checkpoint.lower(A, 1)
    assert {B: 3} == checkpoint.read()


def test_an_offset_that_is_there_is_not_written_again() -> None:
    disk = SimulatedDisk.holding(((PATH, b"0\n1\norders 10 7\n"),))
    OffsetCheckpoint(disk, "", PATH).put(B, 7)
    assert 0 == disk.operations


def test_a_cut_lowers_the_recovery_point_and_what_is_compacted() -> None:
    disk = SimulatedDisk()
    for name in ("recovery-point-offset-checkpoint", "cleaner-offset-checkpoint", "log-start-offset-checkpoint"):
        OffsetCheckpoint(disk, "", name).put(B, 9)
    checkpoints = PartitionCheckpoints(disk, "", B)
    checkpoints.cut(4)
    cleaner = OffsetCheckpoint(disk, "", "cleaner-offset-checkpoint").get(B)
    assert (4, 4, 9) == (checkpoints.recovery_point, cleaner, checkpoints.log_start)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1\n0\n", "line 1 is '1'; it should be the version, 0"),
        ("x\n0\n", "line 1 is 'x'; it should be the version, 0"),
        ("0\n", "line 2 is missing; it should be the number of lines"),
        ("0\n-1\n", "line 2 is '-1'; it should be the number of lines"),
        ("0\n2\norders 10 7\n", "it has 1 entries, and line 2 says 2"),
        ("0\n1\norders 10\n", "line 3 is 'orders 10'; it should end in 2 numbers from 0 on"),
        ("0\n1\norders 10 -7\n", "line 3 is 'orders 10 -7'; it should end in 2 numbers from 0 on"),
        ("0\n1\norders 10 9223372036854775808\n", "line 3 is 'orders 10 9223372036854775808'; it should end in"),
        ("0\n1\n10 7\n", "line 3 has 2 words; it should be a topic, a partition, an offset"),
        ("0\n1\n\xff 1 7\n", "byte 4 is no UTF-8"),
    ],
)
def test_garbage_is_refused_with_its_place(text: str, complaint: str) -> None:
    with pytest.raises(CorruptCheckpoint) as caught:
        holding(text).read()
    assert str(caught.value).startswith(f"{PATH}: {complaint}")


def test_a_crash_leaves_the_old_content_or_the_new_one() -> None:
    def left(at: int) -> set[bytes]:
        """What any crash in that operation may leave."""
        disk = SimulatedDisk.holding((("file", b"old"),))
        disk.crash_at = at
        with pytest.raises(Crashed):
            replace_file(disk, "file", b"new!")
        return {path.result for path in EveryPath(lambda c: dict(disk.crash(c).image)["file"] or b"", 1000)}

    disk = SimulatedDisk.holding((("file", b"old"),))
    replace_file(disk, "file", b"new!")
    assert 5 == disk.operations
    assert [{b"old"}, {b"old"}, {b"old"}, {b"old", b"new!"}, {b"old", b"new!"}] == [left(at) for at in range(1, 6)]


def test_what_a_crash_left_half_written_is_in_nobodys_way() -> None:
    disk = SimulatedDisk.holding((("file", b"old"), ("file.tmp", b"n")))
    replace_file(disk, "file", b"new!")
    assert (("file", b"new!"),) == disk.image

"""The simulated disk: what a crash may leave is exactly what is promised, and a missing flush is found out."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.simulate.choices import (
    Choices,
    EveryPath,
    PathsChecked,
    check_every_path,
    read_record,
    replay,
    seeded,
    written,
)
from checkers.simulate.disk import Crashed, Image, SimulatedDisk
from checkers.simulate.drawn import drawn
from checkers.simulate.medium import Journal, Medium, NameOrder
from checkers.simulate.page_cache import GARBAGE, tearing_points
from model.log.disk import DiskError, DiskFull, ReadFailed

SMALL = Medium(sector_bytes=4)
Program = Callable[[SimulatedDisk], None]


def disk_with(content: bytes, medium: Medium = SMALL) -> SimulatedDisk:
    """A disk with one flushed file."""
    return SimulatedDisk.holding((("a", content),), medium)


def images(disk: SimulatedDisk) -> set[Image]:
    """All that a crash may leave."""
    paths = EveryPath(lambda choices: disk.crash(choices).image, 10**6)
    found = {path.result for path in paths}
    assert paths.complete
    return found


def contents(disk: SimulatedDisk) -> set[bytes | None]:
    """All that a crash may leave of the file a."""
    return {dict(image).get("a") for image in images(disk)}


# ------------------------------------------------------------------------------------------------------ data of a file


def test_what_is_flushed_survives() -> None:
    disk = disk_with(b"0123")
    disk.write("a", 4, b"4567")
    disk.flush("a")
    assert {b"01234567"} == contents(disk)


def test_an_overwritten_sector_is_old_new_or_torn_anywhere() -> None:
    disk = disk_with(b"0123")
    disk.write("a", 0, b"abcd")
    assert {b"0123", b"a123", b"ab23", b"abc3", b"abcd"} == contents(disk)


def test_sectors_survive_without_each_other() -> None:
    disk = disk_with(b"01234567", Medium(sector_bytes=4, tears_max=0))
    disk.write("a", 0, b"abcdefgh")
    assert {b"01234567", b"abcd4567", b"0123efgh", b"abcdefgh"} == contents(disk)


def test_every_version_since_the_last_flush_may_survive_and_tear() -> None:
    disk = disk_with(b"00", Medium(sector_bytes=2))
    disk.write("a", 0, b"11")
    disk.write("a", 0, b"22")
    assert {b"00", b"11", b"22", b"10", b"20", b"21"} == contents(disk)


def test_what_was_there_before_the_last_flush_is_gone() -> None:
    disk = disk_with(b"0123456789")
    disk.write("a", 0, b"wxyz")
    disk.write("a", 0, b"abcd")
    disk.truncate("a", 4)
    disk.flush("a")
    disk.write("a", 0, b"x")
    assert {b"abcd", b"xbcd"} == contents(disk)


def test_files_may_be_bounded_to_survive_as_wholes() -> None:
    content = {"kept": b"abcd", "lost": b"0123", "mixed": b"ab23"}
    expected = {
        0: [("kept", "kept"), ("kept", "lost"), ("lost", "kept"), ("lost", "lost")],
        1: [("kept", "mixed"), ("lost", "mixed"), ("mixed", "kept"), ("mixed", "lost")],
        2: [("mixed", "mixed")],
    }
    for files_max in expected:
        medium = Medium(sector_bytes=4, tears_max=1, mixed_files_max=files_max)
        disk = SimulatedDisk.holding((("a", b"0123"), ("b", b"0123")), medium)
        disk.write("a", 0, b"abcd")
        disk.write("b", 0, b"abcd")
        found = {(dict(image)["a"], dict(image)["b"]) for image in images(disk)}
        all_fates = [pair for least, pairs in expected.items() if least <= files_max for pair in pairs]
        assert {(content[a], content[b]) for a, b in all_fates} == found


def test_a_length_survives_without_its_data() -> None:
    disk = disk_with(b"01", Medium(sector_bytes=4, tears_max=0))
    disk.write("a", 2, b"23")
    assert {b"01", b"0123", b"01\0\0", b"01" + 2 * bytes([GARBAGE])} == contents(disk)


def test_a_length_that_is_ordered_comes_with_its_data() -> None:
    disk = disk_with(b"01", Medium(sector_bytes=4, journal=Journal.ORDERED))
    disk.write("a", 2, b"23")
    assert {b"01", b"0123"} == contents(disk)


def test_an_ordered_length_comes_with_data_as_new_as_itself_or_newer() -> None:
    disk = disk_with(b"", Medium(sector_bytes=4, journal=Journal.ORDERED, tears_max=0))
    disk.write("a", 0, b"01")
    disk.write("a", 0, b"xy")
    disk.write("a", 2, b"23")
    assert {b"", b"01", b"xy", b"xy23"} == contents(disk)


def test_a_file_grows_sector_by_sector() -> None:
    disk = disk_with(b"", Medium(sector_bytes=2, journal=Journal.ORDERED))
    disk.write("a", 0, b"01234")
    assert {b"", b"01", b"0123", b"01234"} == contents(disk)


def test_a_cut_is_lost_or_leaves_zeros_where_the_length_is_the_old_one() -> None:
    disk = disk_with(b"0123", Medium(sector_bytes=4, tears_max=0))
    disk.truncate("a", 2)
    assert {b"0123", b"01", b"01\0\0"} == contents(disk)


def test_what_was_cut_off_may_be_back_under_what_was_written_since() -> None:
    disk = disk_with(b"01234567", Medium(sector_bytes=4, tears_max=0))
    disk.truncate("a", 4)
    disk.write("a", 4, b"xyz")
    assert {b"01234567", b"0123456", b"0123", b"0123xyz", b"0123xyz\0"} == contents(disk)


@pytest.mark.parametrize(
    ("begin", "end", "at_most", "points"),
    [
        (b"abcdef", b"uvwxyz", None, [1, 2, 3, 4, 5]),
        (b"abcdef", b"abwxef", None, [3]),
        (b"abcdef", b"abcxef", None, []),
        (b"abc", b"abc", None, []),
        (b"abcdef", b"uvwxyz", 1, [3]),
        (b"abcdef", b"uvwxyz", 2, [2, 4]),
        (b"abcdef", b"uvwxyz", 0, []),
    ],
)
def test_tears_are_where_versions_differ(begin: bytes, end: bytes, at_most: int | None, points: list[int]) -> None:
    assert points == list(tearing_points(begin, end, at_most))


# --------------------------------------------------------------------------------------------------------------- names


def renamed(order: NameOrder) -> SimulatedDisk:
    """A disk on which a new file, flushed, replaces an old one; none of its names is flushed."""
    disk = disk_with(b"old", Medium(name_order=order))
    disk.create("new")
    disk.write("new", 0, b"new")
    disk.flush("new")
    disk.rename("new", "a")
    return disk


@pytest.mark.parametrize("order", NameOrder)
def test_a_rename_is_atomic(order: NameOrder) -> None:
    before, between, after = (("a", b"old"),), (("a", b"old"), ("new", b"new")), (("a", b"new"),)
    assert {before, between, after} == images(renamed(order))


@pytest.mark.parametrize("order", NameOrder)
def test_flushed_names_survive(order: NameOrder) -> None:
    disk = renamed(order)
    disk.flush_directory("")
    assert {(("a", b"new"),)} == images(disk)


@pytest.mark.parametrize(("order", "survivors"), [(NameOrder.FREE, 4), (NameOrder.KEPT, 3)])
def test_changes_of_other_names_survive_on_their_own_unless_a_journal_keeps_their_order(
    order: NameOrder, survivors: int
) -> None:
    disk = SimulatedDisk(Medium(name_order=order))
    disk.create("a")
    disk.create("b")
    assert survivors == len(images(disk))


@pytest.mark.parametrize("order", NameOrder)
def test_changes_of_one_name_keep_their_order(order: NameOrder) -> None:
    disk = SimulatedDisk.holding((("a", b"1"), ("c", b"3")), Medium(name_order=order))
    disk.rename("a", "b")
    disk.rename("c", "a")
    assert {(("a", b"1"), ("c", b"3")), (("b", b"1"), ("c", b"3")), (("a", b"3"), ("b", b"1"))} == images(disk)


def test_a_flushed_change_comes_with_the_former_changes_of_its_names() -> None:
    disk = SimulatedDisk.holding((("d", None), ("e", None)), SMALL)
    disk.create("d/a")
    disk.rename("d/a", "e/a")
    disk.flush_directory("e")
    assert {(("d", None), ("e", None), ("e/a", b""))} == images(disk)


def test_a_removed_file_may_be_back_with_what_was_not_flushed() -> None:
    disk = disk_with(b"01", Medium(tears_max=0))
    disk.write("a", 0, b"xy")
    disk.remove("a")
    assert {None, b"01", b"xy"} == contents(disk)


def test_a_name_in_a_lost_directory_is_lost() -> None:
    disk = SimulatedDisk(SMALL)
    disk.make_directory("d")
    disk.create("d/a")
    disk.flush_directory("d")
    assert {(), (("d", None), ("d/a", b""))} == images(disk)


def test_a_rename_between_directories_is_flushed_with_either() -> None:
    for flushed in ("d", "e"):
        disk = SimulatedDisk.holding((("d", None), ("d/a", b"1"), ("e", None)), SMALL)
        disk.rename("d/a", "e/a")
        disk.flush_directory(flushed)
        assert {(("d", None), ("e", None), ("e/a", b"1"))} == images(disk)


# ------------------------------------------------------------------------------- controls: programs that forget a flush


def commit(disk: SimulatedDisk, *, without: str = "") -> None:
    """Replace a file as a whole: write another, flush it, rename it, flush the directory."""
    disk.create("new")
    disk.write("new", 0, b"new content")
    if without != "flush":
        disk.flush("new")
    disk.rename("new", "a")
    if without != "flush_directory":
        disk.flush_directory("")


def crashes(program: Program, image: Image, medium: Medium = SMALL) -> list[SimulatedDisk]:
    """The disk after a crash in each operation of a program, and, last, after its end."""
    found: list[SimulatedDisk] = []
    while True:
        disk = SimulatedDisk.holding(image, medium)
        disk.crash_at = len(found) + 1
        found.append(disk)
        try:
            program(disk)
        except Crashed:
            continue
        return found


def lasting(program: Program, good: set[bytes | None], medium: Medium = SMALL) -> PathsChecked:
    """Whether, in every crash, the file has some good content, and once the program is done has the new one."""
    disks = crashes(program, (("a", b"old content"),), medium)

    def crash(choices: Choices) -> str | None:
        at = choices.choose(len(disks), "operation to crash in")
        content = dict(disks[at].crash(choices).image).get("a")
        if at == len(disks) - 1:
            return None if content == b"new content" else f"done, but {content!r}"
        return None if content in good else f"{content!r}"

    return check_every_path(crash, 10**6)


OLD_OR_NEW: set[bytes | None] = {b"old content", b"new content"}


@pytest.mark.parametrize("order", NameOrder)
@pytest.mark.parametrize("journal", Journal)
def test_a_program_that_flushes_everything_loses_nothing(order: NameOrder, journal: Journal) -> None:
    medium = Medium(sector_bytes=4, name_order=order, journal=journal)
    checked = lasting(commit, OLD_OR_NEW, medium)
    assert ("holds", "") == (checked.verdict, checked.reason)


def test_a_program_that_forgets_a_flush_loses_data() -> None:
    checked = lasting(lambda disk: commit(disk, without="flush"), OLD_OR_NEW)
    assert ("violated", r"b'new cont\x00\x00\x00'") == (checked.verdict, checked.reason)


def test_a_program_that_forgets_to_flush_the_directory_loses_the_new_name() -> None:
    checked = lasting(lambda disk: commit(disk, without="flush_directory"), OLD_OR_NEW)
    assert ("violated", "done, but b'old content'") == (checked.verdict, checked.reason)


def test_a_program_that_writes_in_place_tears_what_is_there() -> None:
    def in_place(disk: SimulatedDisk) -> None:
        disk.write("a", 0, b"new content")
        disk.flush("a")

    assert "violated" == lasting(in_place, OLD_OR_NEW).verdict


# --------------------------------------------------------------------------------------------- crashes and other faults


def test_power_fails_in_the_operation_that_it_is_told_to_and_stays_off() -> None:
    disk = disk_with(b"old")
    disk.crash_at = 3
    with pytest.raises(Crashed, match="in operation 3, flush of new"):
        commit(disk)
    with pytest.raises(Crashed, match="the disk is off"):
        disk.exists("a")
    assert {"create": 1, "write": 1, "flush": 1} == disk.counts


def test_a_crash_leaves_the_crashed_disk_as_it_was() -> None:
    disk = renamed(NameOrder.FREE)
    assert images(disk) == images(disk)


def test_what_survived_survives_another_crash() -> None:
    disk = renamed(NameOrder.FREE)
    disk.write("a", 0, b"unflushed")
    for path in EveryPath(disk.crash, 10**4):
        assert {path.result.image} == images(path.result)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_crash_is_replayed_by_its_record_whoever_chose(data: st.DataObject) -> None:
    disk = renamed(NameOrder.FREE)
    disk.write("a", 0, bytes(range(250)) * 30)
    for choices in (drawn(data), seeded(data.draw(st.integers(0, 1 << 70), label="seed"))):
        image = disk.crash(choices).image
        record = read_record(written(choices.record))
        assert image == replay(lambda again: disk.crash(again).image, record)


def test_chance_also_keeps_or_loses_a_large_file_as_a_whole() -> None:
    disk = disk_with(bytes(40), Medium(sector_bytes=2, tears_max=0))
    disk.write("a", 0, b"x" * 40)
    found = {dict(disk.crash(seeded(seed)).image)["a"] for seed in range(20)}
    assert found > {bytes(40), b"x" * 40}
    assert len(found) > 5


def test_a_full_disk_takes_any_part_of_a_write_and_says_so() -> None:
    def fill(choices: Choices) -> bytes:
        disk = SimulatedDisk(SMALL, choices)
        disk.capacity = 4
        disk.create("a")
        disk.write("a", 0, b"01")
        with pytest.raises(DiskFull) as raised:
            disk.write("a", 1, b"abcd")
        assert (errno.ENOSPC, "a") == (raised.value.errno, raised.value.filename)
        return disk.read("a", 0, 9)

    assert [b"01", b"0a", b"0ab", b"0abc"] == [path.result for path in EveryPath(fill, 99)]


def test_room_comes_back() -> None:
    disk = SimulatedDisk.holding((("a", b"012"), ("b", b"3456"), ("c", b"78")), SMALL)
    disk.capacity = 9
    disk.truncate("a", 1)
    disk.write("a", 1, b"xy")
    disk.remove("b")
    disk.write("a", 3, b"zzzz")
    disk.rename("a", "c")
    disk.write("c", 0, b"012345678")
    with pytest.raises(DiskFull):
        disk.write("c", 9, b"9")
    disk.truncate("c", 5)
    disk.flush("c")
    disk.flush_directory("")
    disk = disk.crash(seeded(3))
    disk.write("c", 5, b"5678")
    with pytest.raises(DiskFull):
        disk.write("c", 9, b"9")


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        (lambda disk: disk.write("a", 0, b"xy"), {b"01", b"x1", b"xy"}),
        (lambda disk: disk.truncate("a", 0), {b"01"}),
        (lambda disk: disk.remove("a"), {b"01"}),
        (lambda disk: disk.flush("a"), {b"01"}),
        (lambda disk: disk.flush_directory(""), {b"01"}),
    ],
)
def test_an_operation_that_fails_may_only_have_written_a_part(program: Program, kept: set[bytes]) -> None:
    def fail(choices: Choices) -> bytes:
        disk = SimulatedDisk(SMALL, choices)
        disk.create("a")
        disk.write("a", 0, b"01")
        disk.error_at = 3
        with pytest.raises(DiskError):
            program(disk)
        return disk.read("a", 0, 9)

    assert kept == {path.result for path in EveryPath(fail, 99)}


def dropped(content: bytes) -> SimulatedDisk:
    """A disk with a file whose flush failed, so that what was written to it is taken to be on the disk."""
    disk = disk_with(content)
    disk.write("a", len(content), b"new")
    disk.error_at, disk.failed_flush_drops = 2, True
    with pytest.raises(DiskError, match="flush failed"):
        disk.flush("a")
    disk.error_at = None
    return disk


def test_a_failed_flush_may_drop_what_it_should_have_written_and_readers_see_it_until_the_next_crash() -> None:
    disk = dropped(b"0123")
    assert b"0123new" == disk.read("a", 0, 9)
    assert {b"0123\0\0\0"} == contents(disk)
    disk.flush("a")
    assert {b"0123\0\0\0"} == contents(disk)


def test_a_sector_that_was_dropped_is_written_with_the_next_write_to_it() -> None:
    disk = dropped(b"0123")
    disk.write("a", 7, b"er")
    disk.flush("a")
    assert {b"0123newer"} == contents(disk)
    disk = dropped(b"01234567")
    disk.write("a", 0, b"x")
    disk.flush("a")
    assert {b"x1234567\0\0\0"} == contents(disk)


def test_a_failed_flush_of_a_disk_that_drops_nothing_can_be_done_again() -> None:
    disk = disk_with(b"0123")
    disk.write("a", 4, b"new")
    disk.error_at = 2
    with pytest.raises(DiskError):
        disk.flush("a")
    disk.flush("a")
    assert {b"0123new"} == contents(disk)


def test_a_failing_sector_can_not_be_read_until_it_is_written_as_a_whole_or_cut_off() -> None:
    disk = disk_with(b"0123456789ab")
    disk.fail_reads("a", 5)
    assert b"0123" == disk.read("a", 0, 4)
    assert b"89ab" == disk.read("a", 8, 4)
    for position, length in ((0, 12), (3, 2), (7, 1)):
        with pytest.raises(ReadFailed):
            disk.read("a", position, length)
    disk.write("a", 4, b"xyz")
    with pytest.raises(ReadFailed):
        disk.crash(seeded(1)).read("a", 4, 1)
    disk.write("a", 4, b"wxyz")
    assert b"0123wxyz89ab" == disk.read("a", 0, 12)
    disk.fail_reads("a", 8)
    disk.truncate("a", 8)
    disk.write("a", 8, b"89ab")
    assert b"89ab" == disk.read("a", 8, 4)


def test_a_rotten_bit_is_seen_and_survives() -> None:
    disk = disk_with(b"0123")
    disk.rot("a", 2, 0)
    assert b"0133" == disk.read("a", 0, 4)
    assert {b"0133"} == contents(disk)
    with pytest.raises(ValueError, match="bit 0 of byte 4; the file has 4 bytes"):
        disk.rot("a", 4, 0)


def test_a_medium_that_can_not_be_is_refused() -> None:
    with pytest.raises(ValueError, match="sectors of 0 bytes"):
        Medium(sector_bytes=0)
    with pytest.raises(ValueError, match="tear at -1 points"):
        Medium(tears_max=-1)


def test_a_mended_file_is_read_again() -> None:
    disk = disk_with(b"0123")
    disk.fail_reads("a", 0)
    disk.mend_reads("a")
    assert b"0123" == disk.read("a", 0, 4)


def test_a_watcher_sees_each_operation_before_a_flush_has_its_effect() -> None:
    disk, seen = SimulatedDisk(SMALL), list[tuple[str, int, int]]()
    disk.watch = lambda what: seen.append((what, disk.done, len(images(disk))))
    disk.create("a")
    disk.flush_directory("")
    disk.write("a", 0, b"1")
    assert [("create of a", 1, 2), ("flush_directory of ''", 1, 2), ("write of 1 bytes at 0 to a", 3, 4)] == seen

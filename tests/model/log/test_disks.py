"""The two disks are one: the same operations give the same bytes, names and errors."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checkers.simulate.disk import SimulatedDisk
from checkers.simulate.medium import Medium
from model.log.disk import Disk, DiskError, DiskFull, FlushFailed, ReadFailed
from model.log.fail_stop import LogStopped
from model.log.file_disk import FileDisk
from tests.model.log.logs import batch, content, opened, values

PATHS = ("a", "b", "a/x", "a/y", "a/x/deep", "b/x", "")
Call = tuple[str, tuple[object, ...]]

paths = st.sampled_from(PATHS)
positions = st.integers(-1, 12)
calls: st.SearchStrategy[Call] = st.one_of(
    st.tuples(
        st.sampled_from(
            ("names", "exists", "size", "make_directory", "create", "remove", "flush", "flush_directory"),
        ),
        st.tuples(paths),
    ),
    st.tuples(st.just("rename"), st.tuples(paths, paths)),
    st.tuples(st.just("truncate"), st.tuples(paths, positions)),
    st.tuples(st.just("read"), st.tuples(paths, positions, positions)),
    st.tuples(st.just("write"), st.tuples(paths, positions, st.binary(max_size=9))),
)


def outcome(disk: Disk, call: Call) -> object:
    """What a call returns, or the kind of its error."""
    name, arguments = call
    try:
        return getattr(disk, name)(*arguments)
    except (OSError, ValueError) as error:
        return type(error), getattr(error, "errno", None)


def everything(disk: Disk, path: str = "") -> Iterator[tuple[str, bytes | None]]:
    """All that is on a disk, by path."""
    for name in disk.names(path):
        below = f"{path}/{name}" if path else name
        try:
            content: bytes | None = disk.read(below, 0, 1000)
        except IsADirectoryError:
            content = None
        yield below, content
        if content is None:
            yield from everything(disk, below)


@given(st.lists(calls, max_size=30))
@settings(max_examples=50, deadline=None)
@example([("create", ("a",)), ("rename", ("a", "a/x"))])
@example([("make_directory", ("a/x",)), ("rename", ("a/x", "a"))])
@example([("make_directory", ("a/x",)), ("rename", ("a/x", "a/x/deep"))])
@example([("make_directory", ("a/x",)), ("create", ("b",)), ("rename", ("b", "a")), ("rename", ("a", "b"))])
@example([("make_directory", ("a/x",)), ("make_directory", ("b",)), ("rename", ("b", "a")), ("rename", ("a", "b"))])
@example([("create", ("a",)), ("write", ("a", 0, b"12")), ("create", ("b",)), ("rename", ("b", "a")), ("size", ("a",))])
@example([("make_directory", ("a",)), ("create", ("a/x",)), ("rename", ("a", "b")), ("read", ("a/x", 0, 1))])
def test_both_disks_answer_alike(made: list[Call]) -> None:
    agree(made)


@given(st.lists(calls, max_size=120))
@settings(max_examples=3000, deadline=None)
@pytest.mark.deep
def test_both_disks_answer_alike_for_long(made: list[Call]) -> None:
    agree(made)


def agree(made: list[Call]) -> None:
    """Make the same calls on both disks."""
    simulated = SimulatedDisk(Medium(sector_bytes=4))
    with tempfile.TemporaryDirectory() as root:
        real = FileDisk(Path(root), open_files_max=2)
        for call in made:
            assert (call, outcome(real, call)) == (call, outcome(simulated, call))
        real.close()
        assert list(everything(real)) == list(everything(simulated)) == list(simulated.image)
        real.close()


@pytest.mark.parametrize("path", ["/etc/passwd", "..", "a/../../b", ".", "a//b", "a/", "a\0b"])
def test_no_path_leaves_the_root(path: str, tmp_path: Path) -> None:
    for disk in (FileDisk(tmp_path), SimulatedDisk()):
        for call in (("read", (path, 0, 1)), ("create", (path,)), ("rename", ("a", path)), ("exists", (path,))):
            assert (ValueError, None) == outcome(disk, call)


@pytest.mark.parametrize("call", [("create", ("",)), ("remove", ("",)), ("rename", ("", "a")), ("rename", ("a", ""))])
def test_the_root_stays(call: Call, tmp_path: Path) -> None:
    for disk in (FileDisk(tmp_path), SimulatedDisk()):
        disk.make_directory("a")
        assert (ValueError, None) == outcome(disk, call)


# ------------------------------------------------------------------------------------------------------ the real disk


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "file").symlink_to(tmp_path / "secret")
    (tmp_path / "root" / "directory").symlink_to(tmp_path)
    disk = FileDisk(tmp_path / "root")
    for path in ("file", "directory/secret"):
        assert (OSError, errno.ELOOP) == outcome(disk, ("read", (path, 0, 6)))
        assert (OSError, errno.ELOOP) == outcome(disk, ("remove", (path,)))


def test_few_files_stay_open(tmp_path: Path) -> None:
    disk = FileDisk(tmp_path, open_files_max=3)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for number in range(20):
        disk.create(str(number))
        disk.write(str(number), 0, b"%d" % number)
    assert 3 == len(os.listdir("/proc/self/fd")) - before  # noqa: PTH208
    assert [b"%d" % n for n in range(20)] == [disk.read(str(n), 0, 9) for n in range(20)]
    disk.close()
    assert before == len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.parametrize(
    ("function", "call", "error"),
    [
        ("pwrite", ("write", ("a", 0, b"1")), DiskFull(errno.ENOSPC, "", "a")),
        ("pwrite", ("write", ("a", 0, b"1")), DiskFull(errno.EDQUOT, "", "a")),
        ("pwrite", ("write", ("a", 0, b"1")), DiskError(errno.EIO, "", "a")),
        ("pread", ("read", ("a", 0, 1)), ReadFailed(errno.EIO, "", "a")),
        ("fsync", ("flush", ("a",)), FlushFailed(errno.EIO, "", "a")),
        ("fsync", ("flush", ("a",)), FlushFailed(errno.ENOSPC, "", "a")),
        ("fsync", ("flush_directory", ("",)), FlushFailed(errno.EIO, "", "")),
        ("ftruncate", ("truncate", ("a", 0)), DiskError(errno.EIO, "", "a")),
    ],
)
def test_errors_of_the_medium_name_the_path(
    function: str, call: Call, error: DiskError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FileDisk(tmp_path)
    disk.create("a")

    def fails(*_arguments: object) -> None:
        raise OSError(error.errno, "refused")

    monkeypatch.setattr(os, function, fails)
    with pytest.raises(DiskError) as raised:
        getattr(disk, call[0])(*call[1])
    found = raised.value
    assert (type(error), error.errno, error.filename) == (type(found), found.errno, found.filename)


CHANGES: list[Call] = [
    ("flush", ("a",)),
    ("flush", ("b",)),
    ("flush_directory", ("",)),
    ("write", ("b", 0, b"2")),
    ("truncate", ("b", 0)),
    ("create", ("c",)),
    ("make_directory", ("d",)),
    ("rename", ("b", "c")),
    ("remove", ("b",)),
]


@pytest.mark.parametrize("failing", [("flush", ("a",)), ("flush_directory", ("",))])
def test_after_a_failed_flush_a_disk_changes_nothing_and_is_read(
    failing: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FileDisk(tmp_path)
    for name in ("a", "b"):
        disk.create(name)
        disk.write(name, 0, b"1")

    def fails(*_arguments: object) -> None:
        raise OSError(errno.EIO, "refused")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(FlushFailed):
            getattr(disk, failing[0])(*failing[1])
    for name, arguments in CHANGES:
        with pytest.raises(FlushFailed, match=f"a flush of '{failing[1][0]}' failed: refused"):
            getattr(disk, name)(*arguments)
    assert (["a", "b"], b"1") == (disk.names(""), disk.read("b", 0, 9))


def test_after_a_failed_flush_a_log_is_not_opened_on_the_same_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FileDisk(tmp_path)
    log = opened(disk)
    log.append_as_leader(batch(b"x"), 0, 0)

    def fails(*_arguments: object) -> None:
        raise OSError(errno.EIO, "refused")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(FlushFailed):
            log.flush()
    with pytest.raises(LogStopped):
        log.flush()
    assert [b"x"] == values(content(log))
    with pytest.raises(FlushFailed):
        opened(disk)


def test_short_writes_and_reads_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pwrite, pread = os.pwrite, os.pread
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: pwrite(file, data[:3], at))
    monkeypatch.setattr(os, "pread", lambda file, length, at: pread(file, min(length, 2), at))
    disk = FileDisk(tmp_path)
    disk.create("a")
    disk.write("a", 0, b"0123456789")
    assert b"123456789" == disk.read("a", 1, 99)


def test_a_full_file_system_is_a_full_disk() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    disk = FileDisk(Path("/dev"))
    with pytest.raises(DiskFull):
        disk.write("full", 0, b"1")
    disk.close()

"""A search that was killed goes on from its checkpoint, and a checkpoint that can't be used is refused."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkers.explore import checkpoint
from checkers.explore import search as search_module
from checkers.explore.checkpoint import Checkpoint
from checkers.explore.compile import cache_folder
from checkers.explore.search import Search
from checkers.verdict import UserError, Violated
from specs import log_order
from specs.instance import at
from tests.checkers.explore.searches import (
    BREAKS_STRONG_ISR,
    SMALL,
    counterexample,
    figures,
    found,
    replication,
    search,
)

SAVEZ = np.savez
pytestmark = pytest.mark.usefixtures("saved_often")


@pytest.fixture
def saved_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches of many small rounds, saved after nearly each."""
    monkeypatch.setattr(checkpoint, "SAVE_AT_LEAST", 20)
    monkeypatch.setattr(checkpoint, "SAVE_AFTER", 0.0)
    monkeypatch.setattr(search_module, "PIECE", 8)
    monkeypatch.setattr(search_module, "TASKS", 2)


def in_child(work: Callable[[], object]) -> int:
    """Do some work in a process of its own; returns its exit code, or minus the signal that ended it."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        except UserError:
            os._exit(2)
        finally:
            os._exit(3)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at_call(number: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but the process is killed at its call of that number."""
    calls = 0

    def counted(*arguments: Any) -> Any:  # noqa: ANN401
        nonlocal calls
        calls += 1
        if calls == number:
            die()
        return function(*arguments)

    return counted


def torn(file: Any, **arrays: Any) -> None:  # noqa: ANN401
    """Write the first part of a checkpoint only."""
    if arrays["states1"].shape[0] > 20:
        file.write(b"PK\x03\x04 and a part of the rest")
        file.flush()
        die()
    SAVEZ(file, **arrays)


KILLED: dict[str, tuple[Any, str, Any]] = {
    "in its third round": (Search, "round", at_call(3, Search.round)),
    "in its fortieth round": (Search, "round", at_call(40, Search.round)),
    "between two saves": (Checkpoint, "save", at_call(9, Checkpoint.save)),
    "while it writes": (np, "savez", torn),
    "before the new file takes its place": (Path, "replace", at_call(7, Path.replace)),
    "in the middle of a store": (Search, "fill", at_call(300, Search.fill)),
}


@pytest.mark.parametrize("moment", KILLED)
@pytest.mark.parametrize("variant", ["fixed", BREAKS_STRONG_ISR])
def test_a_search_that_was_killed_ends_as_if_it_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, variant: str
) -> None:
    path, instance = tmp_path / "saved", replication(SMALL, variant)
    search(instance, max_states=1)  # so that all is loaded before the process forks
    with monkeypatch.context() as patch:
        patch.setattr(*KILLED[moment])
        assert in_child(lambda: search(instance, checkpoint=path)) == -signal.SIGKILL
    first = moment == "in its third round"
    assert path.exists() or first
    ends_the_same(instance, path)


def ends_the_same(instance: Any, path: Path, **options: Any) -> None:  # noqa: ANN401
    whole, resumed = search(instance)[1], search(instance, checkpoint=path, **options)[1]
    assert figures(whole) == figures(resumed)
    if isinstance(whole.verdict, Violated) and not options:
        assert counterexample(instance, whole) == counterexample(instance, resumed)


@pytest.mark.parametrize("options", [{}, {"hash_bits": 64}, {"hash_bits": 128}], ids=str)
def test_a_search_that_is_killed_again_and_again_comes_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    # A compact search that finds something would be killed again while it searches backwards, which is not saved.
    variant = "fixed" if options else BREAKS_STRONG_ISR
    path, instance = tmp_path / "saved", replication(SMALL, variant)
    search(instance, max_states=1, **options)
    ends: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(Search, "round", at_call(12, Search.round))
        while len(ends) < 40 and (not ends or ends[-1] == -signal.SIGKILL):
            ends.append(in_child(lambda: search(instance, checkpoint=path, **options)))
    assert len(ends) > 3
    assert ends[-1] == 0
    ends_the_same(instance, path, **options)


@pytest.mark.parametrize("workers", [1, 3])
def test_another_number_of_workers_may_go_on(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "saved"
    search(replication(), checkpoint=path, max_states=400)
    assert figures(found(SMALL)) == figures(search(replication(), checkpoint=path, workers=workers)[1])


def test_a_search_that_was_stopped_by_its_limit_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "saved"
    stopped = search(replication(), checkpoint=path, max_states=400)[1]
    assert stopped.verdict.verdict == "unknown"
    before = path.stat().st_size
    assert figures(found(SMALL)) == figures(search(replication(), checkpoint=path)[1])
    assert path.stat().st_size > before
    assert figures(found(SMALL)) == figures(search(replication(), checkpoint=path)[1])


@pytest.mark.deep
def test_the_program_itself_may_be_killed_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # rounds and saves as they are
    path = tmp_path / "saved"
    bounds = (3, 2, 2, 2)
    command = [sys.executable, "-m", "reports.console", "explore", "replication", "--no-symmetry"]
    command += ["--set", "max_leader_epoch=2", "--checkpoint", str(path), "--json"]
    whole = search(replication(bounds), memory_bytes=None)[1]
    environment = os.environ | {"LOGPROOF_CACHE": str(cache_folder())}
    for size in (1, 3_000_000, 9_000_000):
        child = subprocess.Popen(command, cwd=Path(__file__).parents[3], env=environment, stdout=subprocess.DEVNULL)  # noqa: S603
        while child.poll() is None and not (path.exists() and path.stat().st_size >= size):
            os.sched_yield()
        child.kill()
        assert child.wait() == -signal.SIGKILL
    resumed = search(replication(bounds), checkpoint=path, memory_bytes=None)[1]
    assert figures(whole) == figures(resumed)


# ----------------------------------------------------------------------------------------------- what can't be used


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A checkpoint of replication, half-way."""
    path = tmp_path_factory.mktemp("checkpoint") / "saved"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "SAVE_AT_LEAST", 20)
        patch.setattr(search_module, "PIECE", 8)
        patch.setattr(search_module, "TASKS", 2)
        search(replication(), checkpoint=path, max_states=200)
    return path.read_bytes()


def refused(path: Path, variant: str = "fixed", **options: Any) -> str:  # noqa: ANN401
    """What is said about a checkpoint, which stays as it is."""
    before = path.read_bytes()
    with pytest.raises(UserError) as caught:
        search(replication(SMALL, variant), checkpoint=path, **options)
    assert before == path.read_bytes()
    return str(caught.value)


def array_file() -> bytes:
    return b"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (0,), }".ljust(127) + b"\n"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"not a checkpoint",
        b'{"format": "logproof-counterexample"}',
        b"PK\x05\x06" + bytes(18),
        array_file(),
    ],
    ids=["empty", "a line", "text", "json", "an empty zip", "an array"],
)
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "saved"
    path.write_bytes(content)
    assert refused(path).startswith(f"--checkpoint {path}: not a checkpoint, or damaged (")
    assert refused(path).endswith("); delete it to start afresh")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_part_of_a_checkpoint_is_refused(tmp_path: Path, saved: bytes, share: float) -> None:
    path = tmp_path / "saved"
    path.write_bytes(saved[: int(len(saved) * share)])
    assert "not a checkpoint, or damaged (" in refused(path)


def test_a_damaged_checkpoint_is_refused_or_makes_no_difference(tmp_path: Path, saved: bytes) -> None:
    path = tmp_path / "saved"
    engine = search(replication(), max_states=1)[0]
    path.write_bytes(saved)
    whole = Search(engine.properties, engine.compiled, engine.options)
    Checkpoint(whole, path).attach()
    known, damaged = [p.known for p in whole.store.partitions], 0
    for position in range(0, len(saved), len(saved) // 150):
        path.write_bytes(saved[:position] + bytes([saved[position] ^ 0x55]) + saved[position + 1 :])
        fresh = Search(engine.properties, engine.compiled, engine.options)
        try:
            Checkpoint(fresh, path).attach()
        except UserError:
            damaged += 1
        else:
            assert [p.known for p in fresh.store.partitions] == known
    assert damaged > 120


@pytest.mark.parametrize(
    ("variant", "options", "message"),
    [
        (BREAKS_STRONG_ISR, {}, f"its variant is 'fixed', this search's is '{BREAKS_STRONG_ISR}'"),
        ("fixed", {"properties": ("weak_isr",)}, "its properties is ["),
        ("fixed", {"deadlock": True}, "its deadlock is False, this search's is True"),
        ("fixed", {"hash_bits": 64}, "its hash_bits is 0, this search's is 64"),
    ],
    ids=["variant", "properties", "deadlock", "hash_bits"],
)
def test_a_checkpoint_of_another_search_is_refused(
    tmp_path: Path, saved: bytes, variant: str, options: dict[str, Any], message: str
) -> None:
    path = tmp_path / "saved"
    path.write_bytes(saved)
    said = refused(path, variant, **options)
    assert said.startswith(f"--checkpoint {path}: {message}")
    assert said.endswith("; use the same arguments, or another file")


def test_a_checkpoint_of_another_spec_is_refused(tmp_path: Path, saved: bytes) -> None:
    path = tmp_path / "saved"
    path.write_bytes(saved)
    with pytest.raises(UserError, match=r"its source is 'replication_[0-9a-f]*', this search's is 'log_order_"):
        search(at(log_order.SPEC), checkpoint=path)
    assert saved == path.read_bytes()


# ------------------------------------------------------------------------------------------------ what can't be written


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "saved"
    with pytest.raises(UserError, match=f"--checkpoint {path}: the folder {path.parent} does not exist"):
        search(replication(), checkpoint=path)


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"--checkpoint {tmp_path}: .*[Dd]irectory"):
        search(replication(), checkpoint=tmp_path)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a disk that is full: the system refuses to make a file larger."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 0.5, 0.99])
def test_a_disk_that_is_full_leaves_the_last_checkpoint(tmp_path: Path, saved: bytes, room: float) -> None:
    path = tmp_path / "saved"
    path.write_bytes(saved)
    with pytest.raises(UserError) as caught, files_no_larger_than(int(len(saved) * room)):
        search(replication(), checkpoint=path)
    assert str(caught.value).startswith(f"--checkpoint {path}: can't be written (File too large")
    assert saved == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())
    assert figures(found(SMALL)) == figures(search(replication(), checkpoint=path)[1])

"""A service runs only on free ports, takes its faults, and is gone when it is stopped."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers.verdict import UserError
from systems.service import LOOPBACK, Service, free_ports

SLEEPS = "print('up', flush=True); import signal; signal.pause()"
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Service]:
    service = Service("sleeper", [sys.executable, "-c", SLEEPS], free_ports(1), tmp_path / "log")
    service.start()
    yield service
    service.kill()


def state_of(service: Service) -> str:
    """The state that the system tells of a process: S sleeps, T is stopped."""
    assert service.pid is not None
    return Path(f"/proc/{service.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def test_a_service_is_killed_and_starts_again(sleeper: Service) -> None:
    first = sleeper.pid
    sleeper.kill()
    assert not sleeper.running
    sleeper.start()
    assert sleeper.running
    assert first != sleeper.pid


def test_starting_what_runs_does_nothing(sleeper: Service) -> None:
    first = sleeper.pid
    sleeper.start()
    assert first == sleeper.pid


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the state of a process from /proc")
def test_a_service_is_paused_and_resumed(sleeper: Service) -> None:
    sleeper.pause()
    for _ in range(1000):
        if "T" == state_of(sleeper):
            break
        os.sched_yield()
    assert "T" == state_of(sleeper)
    sleeper.resume()
    for _ in range(1000):
        if "T" != state_of(sleeper):
            break
        os.sched_yield()
    assert "T" != state_of(sleeper)


def test_a_paused_service_can_be_stopped(sleeper: Service) -> None:
    sleeper.pause()
    sleeper.stop()
    assert not sleeper.running


def test_a_service_that_does_not_heed_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("systems.service.STOP_SECONDS", 0.05)
    service = Service("deaf", [sys.executable, "-c", IGNORES_TERM], (), tmp_path / "log")
    service.start()
    service.stop()
    assert not service.running


def test_a_port_in_use_is_refused_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        service = Service("node 1", [sys.executable, "-c", SLEEPS], (port,), tmp_path / "log")
        with pytest.raises(UserError, match=f"port {port} of 127.0.0.1 is not free for node 1 .*in use"):
            service.start()
        assert not service.running


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    service = Service("x", [str(tmp_path / "no-program")], (), tmp_path / "log")
    with pytest.raises(UserError, match="no-program can't be run: No such file or directory"):
        service.start()


def test_the_log_says_why_it_ended(tmp_path: Path) -> None:
    service = Service("x", [sys.executable, "-c", "raise SystemExit('no disk')"], (), tmp_path / "log")
    service.start()
    service.wait()
    assert f"{tmp_path / 'log'} ends with:\n  no disk" == service.last_words()
    assert not service.running

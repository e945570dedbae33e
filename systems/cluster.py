"""A cluster that the user runs: recorded as it is, under names of our own, which are removed afterwards.

Left out: faults; whoever runs the cluster can make them while it is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from systems.kafka_client import connect
from systems.kafka_library import Endpoint, make_topics, remove_topics, wait_for_brokers
from systems.system import Client, ClientSettings, Topics

ANSWER_SECONDS = 20.0
TOKEN_BYTES = 4


class Cluster:
    """See `systems.system.System`. `settings` are librdkafka's, such as security.protocol."""

    faults: Sequence[str] = ()

    def __init__(self, bootstrap: str, settings: Mapping[str, str]) -> None:
        self.name = bootstrap
        # Topics of an earlier recording would show values that this one has not sent.
        self._endpoint = Endpoint(bootstrap, settings, f"logproof-{os.urandom(TOKEN_BYTES).hex()}-")
        self._made: tuple[str, ...] = ()

    def start(self) -> None:
        """See that it answers."""
        wait_for_brokers(self._endpoint, 1, ANSWER_SECONDS)

    def stop(self) -> None:
        """Remove the topics that were made."""
        made, self._made = self._made, ()
        if made:
            remove_topics(self._endpoint, made)

    def prepare(self, topics: Topics) -> None:
        """Make the topics."""
        self._made = topics.names
        make_topics(self._endpoint, topics)

    def client(self, settings: ClientSettings) -> Client:
        """A client."""
        return connect(self._endpoint, settings)

    def inject(self, fault: str, key: str) -> str:
        """Never called: there are no faults."""
        raise AssertionError(f"{fault} at {key}: there are no faults for {self.name}")

    def heal(self) -> None:
        """Nothing to heal."""

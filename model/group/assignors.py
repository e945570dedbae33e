"""The assignors by name: those of consumers, in which a member of the group decides, and those of the coordinator.

Source: ConsumerPartitionAssignor and ConsumerGroupPartitionAssignor of Apache Kafka 4.0.
Left out: assignors of Kafka Streams, of Connect and of share groups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from model.group.assignment import Assignment, Group
from model.group.range import assign_range, assign_server_range
from model.group.round_robin import assign_round_robin
from model.group.sticky import assign_cooperative_sticky, assign_sticky
from model.group.uniform import assign_uniform

Assignor = Callable[[Group], Assignment]

ASSIGNORS: Final[Mapping[str, Assignor]] = MappingProxyType(
    {
        "range": assign_range,
        "roundrobin": assign_round_robin,
        "sticky": assign_sticky,
        "cooperative-sticky": assign_cooperative_sticky,
        "server-range": assign_server_range,
        "server-uniform": assign_uniform,
    }
)
"""By Kafka's names; those of the group coordinator with `server-` before theirs."""

"""The moves of one sticky assignment, by topic and by the two members between whom they went.

Source: AbstractStickyAssignor.PartitionMovements of Apache Kafka.
"""

from __future__ import annotations

from collections import defaultdict

from model.group.assignment import TopicPartition
from model.group.hash_order import HashedPartitions

Way = tuple[str, str, str]
"""A topic, and the members from whom and to whom its partitions went."""


class Movements:
    """Where each partition that has moved came from and went to, all its moves taken together."""

    def __init__(self) -> None:
        self._way: dict[TopicPartition, Way] = {}
        self._moved: defaultdict[Way, HashedPartitions] = defaultdict(HashedPartitions)

    def record(self, partition: TopicPartition, source: str, target: str) -> None:
        """A partition moves; one that comes back to where it was at first has not moved."""
        if partition in self._way:
            way = self._way.pop(partition)
            self._moved[way].remove(partition)
            if not self._moved[way]:
                del self._moved[way]
            source = way[1]
        if source != target:
            way = (partition.topic, source, target)
            self._way[partition] = way
            self._moved[way].add(partition)

    def instead_of(self, partition: TopicPartition, source: str, target: str) -> TopicPartition:
        """What to move instead of a partition: one of its topic that went the opposite way, if there is any."""
        if partition in self._way:
            source = self._way[partition][1]
        opposite = (partition.topic, target, source)
        return self._moved[opposite].first() if opposite in self._moved else partition

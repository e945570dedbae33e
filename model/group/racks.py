"""Racks of members and of replicas, for the assignors that would have a member read from its own rack (KIP-881).

Source: AbstractPartitionAssignor.useRackAwareAssignment and AbstractStickyAssignor.RackInfo of Apache Kafka.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from model.group.assignment import Group, TopicPartition


def worth_it(members: Collection[str], partitions: Collection[frozenset[str]]) -> bool:
    """Whether racks are regarded: some member is where some replica is, and not every rack has every partition."""
    everywhere = frozenset[str]().union(*partitions)
    return not everywhere.isdisjoint(members) and any(racks != everywhere for racks in partitions)


@dataclass(frozen=True, slots=True)
class Racks:
    """Where members and replicas are; both mappings are empty where racks are not regarded."""

    of_member: Mapping[str, str]
    of_partition: Mapping[TopicPartition, frozenset[str]]
    members_near: Mapping[TopicPartition, int]
    """How many members are in the racks of a partition; kept even where racks are not regarded, as Kafka does."""

    @staticmethod
    def of(group: Group) -> Racks:
        """The racks of a group."""
        members = {member.id: member.rack for member in group.members if member.rack}
        if not members:
            return Racks({}, {}, {})
        partitions = {p: t.racks_of(p.partition) for t in group.subscribed_topics() for p in t.each_partition()}
        living = Counter(members.values())
        near = {p: sum(count for rack, count in living.items() if rack in racks) for p, racks in partitions.items()}
        if worth_it(members.values(), partitions.values()):
            return Racks(members, partitions, near)
        return Racks({}, {}, near)

    def mismatch(self, member: str, partition: TopicPartition) -> bool:
        """Whether a member would have to read a partition from another rack than its own."""
        rack = self.of_member.get(member)
        return rack is not None and rack not in self.of_partition.get(partition, frozenset())

    def by_members_near(self, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
        """Those first that fewest members are near, otherwise as they are."""
        return sorted(partitions, key=lambda p: self.members_near.get(p, 0))

    def next_near(self, partition: TopicPartition, members: Sequence[str], start: int) -> int | None:
        """The index of the first member, from one on and round, that is in a rack of a partition."""
        racks = self.of_partition.get(partition, frozenset())
        turns = ((start + i) % len(members) for i in range(len(members)))
        return next((i for i in turns if self.of_member.get(members[i]) in racks), None)

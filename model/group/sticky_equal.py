"""The sticky assignment where all members subscribe to the same topics.

Everyone gets the quota, and as many as there must be one more. In the members' hash order each keeps what it owns, up
to one above the quota as long as that is still to be had; what is free then goes round those below, and last to those
at the quota. With racks, a member keeps only what is near it, and a first round gives only what is near.

Source: AbstractStickyAssignor.ConstrainedAssignmentBuilder of Apache Kafka.
"""

from __future__ import annotations

from model.group.assignment import Group, TopicPartition
from model.group.claims import Claims
from model.group.hash_order import hash_order, string_hash
from model.group.racks import Racks


def room_for(owned: int, quota: int, longer_left: int) -> int:
    """How many of its partitions a member may keep: one above the quota as long as somebody still may have that."""
    return quota + 1 if owned > quota and longer_left > 0 else quota


class EqualSubscriptions:
    """One run of the algorithm; `moving` tells afterwards which partitions go from one member to another."""

    def __init__(self, group: Group, racks: Racks, claims: Claims) -> None:
        self.racks, self.claims = racks, claims
        self.partitions = [p for topic in group.subscribed_topics() for p in topic.each_partition()]
        members = len(group.members)
        self.quota = len(self.partitions) // members
        self.longest = -(-len(self.partitions) // members)
        self.above_expected = len(self.partitions) % members
        self.above = 0
        """How many members have more than the quota."""
        self.assigned: dict[str, list[TopicPartition]] = {member.id: [] for member in group.members}
        self.below: list[str] = []
        self.at_quota: list[str] = []
        """Those at the quota that may still get one more."""
        self.given_up: dict[TopicPartition, str] = {}
        self.moving: set[TopicPartition] = set()

    def assign(self) -> dict[str, list[TopicPartition]]:
        """Each member's partitions."""
        for member in hash_order(self.claims.owned, string_hash):
            self.keep(member)
        kept = {p for partitions in self.assigned.values() for p in partitions}
        self.below.sort()
        self.at_quota.sort()
        free = self.racks.by_members_near([p for p in self.partitions if p not in kept])
        if self.racks.of_member:
            free = self.fill_within_racks(free)
        self.fill(free)
        return self.assigned

    def keep(self, member: str) -> None:
        """Leave a member what it owns, up to its share."""
        own: list[TopicPartition] = []
        for partition in sorted(self.claims.owned[member], key=lambda p: (p.partition, p.topic)):
            if self.racks.mismatch(member, partition):
                self.given_up[partition] = member
            elif partition not in self.claims.disputed:
                own.append(partition)
        room = room_for(len(own), self.quota, self.above_expected - self.above)
        self.assigned[member] += own[:room]
        self.given_up.update(dict.fromkeys(own[room:], member))
        if len(own) < self.quota:
            self.below.append(member)
        elif room > self.quota:
            self.count_above()
        elif self.above < self.above_expected:
            self.at_quota.append(member)

    def count_above(self) -> None:
        """One more member is above the quota; after the last, those at the quota have all they may get."""
        self.above += 1
        if self.above == self.above_expected:
            self.at_quota.clear()

    def fill_within_racks(self, free: list[TopicPartition]) -> list[TopicPartition]:
        """Give what is near to those below the quota in turn, or to the first at it; returns what is left."""
        left: list[TopicPartition] = []
        turn = 0
        for partition in free:
            near = self.racks.next_near(partition, self.below, turn)
            if near is not None:
                turn = self.give_to_one_below(partition, near)
            elif (index := self.racks.next_near(partition, self.at_quota, 0)) is not None:
                self.give(partition, self.at_quota[index])
                if len(self.assigned[self.at_quota[index]]) == self.longest:
                    self.at_quota.pop(index)
                    self.count_above()
            else:
                left.append(partition)
        return left

    def give_to_one_below(self, partition: TopicPartition, index: int) -> int:
        """Give a partition to a member below the quota; returns whose turn is next."""
        member = self.below[index]
        self.give(partition, member)
        following = index + 1
        if len(self.assigned[member]) >= self.quota:
            self.below.pop(index)
            following = index
            if self.quota < self.longest and self.above < self.above_expected:
                self.at_quota.append(member)
        return following % len(self.below) if self.below else 0

    def fill(self, free: list[TopicPartition]) -> None:
        """Give what is free to those below the quota in turn, then to those at it, each one."""
        turn = 0
        for partition in free:
            if not self.below:
                assert self.at_quota, "every member has its share, and there are partitions left"
                self.give(partition, self.at_quota.pop(0))
                continue
            turn %= len(self.below)
            member = self.below[turn]
            self.give(partition, member)
            if len(self.assigned[member]) == self.quota:
                self.at_quota.append(self.below.pop(turn))
            else:
                turn += 1
        assert not self.below, "a member is below the quota, and nothing is left"

    def give(self, partition: TopicPartition, member: str) -> None:
        """Assign a partition, and note whether another has to give it up."""
        self.assigned[member].append(partition)
        if self.given_up.get(partition, member) != member or partition in self.claims.disputed:
            self.moving.add(partition)

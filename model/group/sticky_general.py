"""The sticky assignment where members subscribe to different topics.

Members keep what they own and still want. What is free goes, partition by partition, to the member with the fewest
that subscribes to it. Then partitions move one at a time as long as a move evens things out, first only those that were
free; and if the whole has become no more even by it, it is taken back. A partition that has moved from A to B is not
followed by another of its topic from B to A; that one stays and the first goes back.

Source: AbstractStickyAssignor.GeneralAssignmentBuilder of Apache Kafka.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.group.assignment import AssignorFault, Group, TopicPartition
from model.group.claims import NO_GENERATION, Claims, generation_of
from model.group.movements import Movements
from model.group.racks import Racks


class GeneralSubscriptions:
    """One run of the algorithm."""

    def __init__(self, group: Group, racks: Racks, claims: Claims) -> None:
        self.group, self.racks = group, racks
        self.sizes = {topic.name: topic.partitions for topic in group.subscribed_topics()}
        self.wanted = {m.id: [name for name in m.topics if name in self.sizes] for m in group.members}
        self.subscribers = {t: [m for m, topics in self.wanted.items() if t in topics] for t in self.sizes}
        self.assigned = {member: list(owned) for member, owned in claims.owned.items()}
        self.owner = {p: member for member, owned in self.assigned.items() for p in owned}
        self.former = former_owners(group, claims.newest)
        self.movements = Movements()
        self.partitions = [
            TopicPartition(topic, p)
            for topic in sorted(self.sizes, key=lambda t: (len(self.subscribers[t]), t))
            for p in range(self.sizes[topic])
        ]

    def assign(self) -> dict[str, list[TopicPartition]]:
        """Each member's partitions."""
        dropped = self.drop_what_is_not_wanted()
        kept = {p for owned in self.assigned.values() for p in owned}
        free = [p for p in self.partitions if p not in kept]
        fresh = not self.assigned[self.by_load()[-1]]
        self.place(free)
        fixed = {m: self.assigned.pop(m) for m in self.wanted if not self.may_take_part(m)}
        self.even_out(free, dropped=dropped, fresh=fresh)
        return {**self.assigned, **fixed}

    def drop_what_is_not_wanted(self) -> bool:
        """Free what members no longer subscribe to, or are not near; returns whether there was any."""
        dropped = False
        for member, owned in self.assigned.items():
            kept = [p for p in owned if p.topic in self.wanted[member] and not self.racks.mismatch(member, p)]
            dropped = dropped or len(kept) < len(owned)
            owned[:] = kept
        return dropped

    def by_load(self) -> list[str]:
        """The members that may gain or lose, by how much they have, then by id."""
        return sorted(self.assigned, key=lambda member: (len(self.assigned[member]), member))

    def load(self, member: str) -> int:
        """How many partitions a member has."""
        if member not in self.assigned:
            raise AssignorFault(f"the load of {member} is asked for, who can neither gain nor lose")
        return len(self.assigned[member])

    def capacity(self, member: str) -> int:
        """How many partitions a member could have at all."""
        return sum(self.sizes[topic] for topic in self.wanted[member])

    def place(self, free: Sequence[TopicPartition]) -> None:
        """Give each free partition to the least loaded subscriber, one that is near if there is one at all."""
        if self.racks.of_member:
            free = [p for p in free if not self.place_one(p, near=True)]
        for partition in free:
            self.place_one(partition, near=False)

    def place_one(self, partition: TopicPartition, *, near: bool) -> bool:
        """Give a partition to the least loaded subscriber, or to none if all are too far."""
        for member in self.by_load():
            if partition.topic in self.wanted[member] and not (near and self.racks.mismatch(member, partition)):
                self.assigned[member].append(partition)
                self.owner[partition] = member
                return True
        return False

    def shared(self, topic: str) -> bool:
        """Whether more than one member subscribes to a topic."""
        return len(self.subscribers[topic]) > 1

    def may_take_part(self, member: str) -> bool:
        """Whether a member could have more, or could give something to another."""
        owned = self.assigned[member]
        return len(owned) < self.capacity(member) or any(self.shared(p.topic) for p in owned)

    def even_out(self, free: Sequence[TopicPartition], *, dropped: bool, fresh: bool) -> None:
        """Move partitions as long as that helps; take all moves back if the whole is no more even for them."""
        before = {member: list(owned) for member, owned in self.assigned.items()}
        if not dropped:
            self.move_all([p for p in free if self.shared(p.topic)])
        moved = self.move_all([p for p in self.partitions if self.shared(p.topic)])
        if not fresh and moved and unevenness(self.assigned) >= unevenness(before):
            self.assigned = before

    def move_all(self, partitions: Sequence[TopicPartition]) -> bool:
        """Go through the partitions again and again until none moves; returns whether any did."""
        moved_any = False
        while True:
            moved = False
            for partition in partitions:
                if self.is_balanced():
                    break
                moved = self.move_if_better(partition) or moved
            moved_any = moved_any or moved
            if not moved:
                return moved_any

    def is_balanced(self) -> bool:
        """Whether no single partition could go to a member that would still have fewer than its owner has now."""
        order = self.by_load()
        if self.load(order[0]) >= self.load(order[-1]) - 1:
            return True
        owner = {p: member for member, owned in self.assigned.items() for p in owned}
        for member in order:
            if self.load(member) == self.capacity(member):
                continue
            for partition in (TopicPartition(t, p) for t in self.wanted[member] for p in range(self.sizes[t])):
                if self.load(member) + 1 < self.load(owner[partition]):
                    return False
        return True

    def move_if_better(self, partition: TopicPartition) -> bool:
        """Move a partition to its former owner, or to the least loaded subscriber, if that has fewer by two."""
        owner = self.owner[partition]
        former = self.former.get(partition)
        if former is not None and self.load(owner) > self.load(former) + 1:
            self.move(partition, former)
            return True
        if any(self.load(owner) > self.load(member) + 1 for member in self.subscribers[partition.topic]):
            self.move(partition, next(m for m in self.by_load() if partition.topic in self.wanted[m]))
            return True
        return False

    def move(self, partition: TopicPartition, target: str) -> None:
        """Move a partition, or rather one of its topic that came the opposite way before."""
        instead = self.movements.instead_of(partition, self.owner[partition], target)
        source = self.owner[instead]
        self.movements.record(instead, source, target)
        self.assigned[source].remove(instead)
        self.assigned[target].append(instead)
        self.owner[instead] = target


def former_owners(group: Group, newest: int) -> dict[TopicPartition, str]:
    """Who owned each partition in the latest generation before the newest."""
    found: dict[TopicPartition, tuple[int, str]] = {}
    for member in group.members:
        generation = generation_of(member)
        if generation < newest or (member.generation is None and newest > NO_GENERATION):
            for partition in member.owned:
                if partition not in found or generation > found[partition][0]:
                    found[partition] = (generation, member.id)
    return {partition: member for partition, (_, member) in found.items()}


def unevenness(assigned: dict[str, list[TopicPartition]]) -> int:
    """The sum of the differences in load over all pairs of members."""
    loads = sorted(len(owned) for owned in assigned.values())
    return sum((2 * i - len(loads) + 1) * load for i, load in enumerate(loads))

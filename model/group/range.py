"""Range: for each topic, its subscribers in order get stretches of partitions that differ by one at most.

With racks (KIP-881) a first round gives only partitions that have a replica in their member's rack, and topics with
as many partitions and the same subscribers are kept aligned: a member gets the same numbers of each. What is left goes
out without regard to racks, within the same shares.

The group coordinator's range (KIP-848) has no racks and takes no account of former owners. Its results are those of
Apache Kafka 4.0.0 (`tests/model/group`); other versions may give others.

Source: org.apache.kafka.clients.consumer.RangeAssignor; KIP-881; org.apache.kafka.coordinator.group.assignor's
RangeAssignor of Apache Kafka 4.0.0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from model.group.assignment import Assignment, Group, Member, Topic, TopicPartition, join_order
from model.group.racks import worth_it


def range_share(members: int, partitions: int, position: int) -> tuple[int, int]:
    """The first partition, and how many, that the member at a position (from 0) of so many gets of a topic.

    The first `partitions % members` get one more than the others.
    """
    quota = partitions // members
    longer = partitions % members
    if position < longer:
        return position * (quota + 1), quota + 1
    return position * quota + longer, quota


def topic_ranges(subscribers: Sequence[Member], partitions: int) -> list[tuple[Member, int, int]]:
    """Each subscriber of a topic, in order, with the first partition that it gets and how many."""
    ordered = join_order(subscribers)
    return [(member, *range_share(len(ordered), partitions, i)) for i, member in enumerate(ordered)]


def assign_server_range(group: Group) -> Assignment:
    """Range as the group coordinator of Apache Kafka 4.0.0 has it.

    Raises ValueError for a subscription to a topic that there isn't.
    """
    require_topics(group)
    return assign_without_racks(group)


def require_topics(group: Group) -> None:
    """The group coordinator's assignors take no group whose members subscribe to topics that there aren't."""
    known = {topic.name for topic in group.topics}
    for member in group.members:
        for name in member.topics:
            if name not in known:
                raise ValueError(f"{member.id} subscribes to {name!r}, which there is not")


def assign_without_racks(group: Group) -> Assignment:
    """Range for members and partitions whose racks are not known or of no use."""
    owned: dict[str, list[TopicPartition]] = {member.id: [] for member in group.members}
    for topic in group.subscribed_topics():
        for member, first, count in topic_ranges(subscribers(group, topic), topic.partitions):
            owned[member.id] += (TopicPartition(topic.name, p) for p in range(first, first + count))
    return Assignment.of(owned)


def assign_range(group: Group) -> Assignment:
    """Range as consumers have it."""
    shares = [TopicShares.of(topic, subscribers(group, topic)) for topic in group.subscribed_topics()]
    if not any(share.racks_matter for share in shares):
        return assign_without_racks(group)
    owned: dict[str, list[TopicPartition]] = {member.id: [] for member in group.members}
    assign_within_racks(shares)
    for share in shares:
        share.take_in_order(within_racks=False)
        for member, partitions in share.taken.items():
            owned[member] += (TopicPartition(share.topic.name, p) for p in partitions)
    return Assignment.of(owned)


def subscribers(group: Group, topic: Topic) -> list[Member]:
    """The members that subscribe to a topic."""
    return [member for member in group.members if topic.name in member.topics]


@dataclass(slots=True)
class TopicShares:
    """A topic on its way to its subscribers, who are in order; nobody ever takes more than its share."""

    topic: Topic
    racks: dict[str, str | None]
    """The rack of each subscriber."""
    racks_matter: bool
    quota: int
    longer: int
    """How many more members may get one above the quota."""
    left: list[int]
    taken: dict[str, list[int]] = field(default_factory=dict)

    @staticmethod
    def of(topic: Topic, members: Sequence[Member]) -> TopicShares:
        """Nothing taken yet."""
        racks = {member.id: member.rack or None for member in join_order(members)}
        replicas = [topic.racks_of(p) for p in range(topic.partitions)]
        matter = worth_it([rack for rack in racks.values() if rack], replicas)
        quota, longer = divmod(topic.partitions, len(racks))
        left = list(range(topic.partitions))
        return TopicShares(topic, racks, matter, quota, longer, left, {member: [] for member in racks})

    def aligned_with(self) -> tuple[tuple[tuple[str, str | None], ...], int]:
        """What topics have in common that are assigned together."""
        return tuple(self.racks.items()), self.topic.partitions if any(self.racks.values()) else 0

    def room(self, member: str) -> int:
        """How many more partitions a member may take."""
        return max(0, self.quota + (1 if self.longer > 0 else 0) - len(self.taken[member]))

    def near(self, member: str, partition: int) -> bool:
        """Whether a member may read a partition within its rack, or has none."""
        rack = self.racks[member]
        return rack is None or rack in self.topic.racks_of(partition)

    def take(self, member: str, partitions: Iterable[int]) -> None:
        """Give a member some of what is left."""
        chosen = list(partitions)
        self.taken[member] += chosen
        if len(self.taken[member]) > self.quota:
            self.longer -= 1
        self.left = [p for p in self.left if p not in chosen]

    def take_in_order(self, *, within_racks: bool) -> None:
        """Each subscriber takes the first partitions left, of its rack or of any, up to its share."""
        for member in self.racks:
            offered = [p for p in self.left if not within_racks or self.near(member, p)]
            chosen = offered[: self.room(member)]
            if chosen:
                self.take(member, chosen)


def assign_within_racks(shares: Sequence[TopicShares]) -> None:
    """The round that regards racks: aligned topics together, another topic alone if racks matter to it."""
    alike: dict[tuple[tuple[tuple[str, str | None], ...], int], list[TopicShares]] = {}
    for share in shares:
        alike.setdefault(share.aligned_with(), []).append(share)
    for (_, partitions), together in alike.items():
        if len(together) > 1:
            assign_aligned(together, partitions)
        elif together[0].racks_matter:
            together[0].take_in_order(within_racks=True)


def assign_aligned(together: Sequence[TopicShares], partitions: int) -> None:
    """Give each number to the first member that has room for it and a replica near, in every one of the topics."""
    for p in range(partitions):
        for member in together[0].racks:
            if all(share.near(member, p) and share.room(member) > 0 for share in together):
                for share in together:
                    share.take(member, [p])
                break

"""The uniform assignment where members subscribe to different topics.

Members keep what they own and still want. Topic by topic, those with most partitions to a subscriber first, what is
free goes to the least loaded subscribers in turn, and then partitions go from the most loaded to the least loaded. This
is repeated until nothing moves, or sixteen times.

Source: UniformHeterogeneousAssignmentBuilder (org.apache.kafka.coordinator.group.assignor).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from model.group.assignment import Group, Topic, TopicPartition
from model.group.hash_order import uuid_order

ROUNDS_MAX = 16


class MixedSubscriptions:
    """One run of the algorithm; members go by their position in the group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.subscribers = {
            topic.name: [i for i, member in enumerate(group.members) if topic.name in member.topics]
            for topic in group.topics
        }
        self.owners: dict[str, list[int | None]] = {
            topic.name: [None] * topic.partitions for topic in group.topics if self.subscribers[topic.name]
        }
        self.loads = [0] * len(group.members)

    def assign(self) -> dict[str, list[TopicPartition]]:
        """Each member's partitions."""
        self.keep()
        topics = sorted((t for t in self.group.topics if t.name in self.owners), key=self.urgency)
        for topic in topics:
            self.place(topic)
        self.even_out([topic for topic in topics if len(self.subscribers[topic.name]) > 1])
        assigned: dict[str, list[TopicPartition]] = {member.id: [] for member in self.group.members}
        for topic in topics:
            for p, owner in enumerate(self.owners[topic.name]):
                assert owner is not None
                assigned[self.group.members[owner].id].append(TopicPartition(topic.name, p))
        return assigned

    def urgency(self, topic: Topic) -> tuple[Fraction, int, tuple[int, int]]:
        """A key that sorts topics: most partitions to a subscriber, then fewest subscribers, then by id."""
        subscribers = len(self.subscribers[topic.name])
        return -Fraction(topic.partitions, subscribers), subscribers, uuid_order(topic.uuid)

    def keep(self) -> None:
        """Leave the members what they own and still want."""
        for i, member in enumerate(self.group.members):
            for partition in member.owned:
                if partition.topic in member.topics:
                    self.owners[partition.topic][partition.partition] = i
                    self.loads[i] += 1

    def place(self, topic: Topic) -> None:
        """Give what is free of a topic to its least loaded subscribers in turn."""
        free = [p for p, owner in enumerate(self.owners[topic.name]) if owner is None]
        if free:
            low = LowEnd.of(self.by_load(topic), self.loads)
            for partition in free:
                self.give(topic, partition, low.take())

    def by_load(self, topic: Topic) -> list[int]:
        """The subscribers of a topic, the least loaded first."""
        return sorted(self.subscribers[topic.name], key=lambda i: (self.loads[i], i))

    def give(self, topic: Topic, partition: int, member: int) -> None:
        """Make a member the owner of a partition."""
        former = self.owners[topic.name][partition]
        if former is not None:
            self.loads[former] -= 1
        self.owners[topic.name][partition] = member
        self.loads[member] += 1

    def even_out(self, topics: Sequence[Topic]) -> None:
        """Balance one topic after another, until a whole round of them has come to nothing."""
        last: str | None = None
        for _ in range(ROUNDS_MAX):
            for topic in topics:
                if topic.name == last:
                    return
                if self.balance(topic) or last is None:
                    last = topic.name

    def balance(self, topic: Topic) -> bool:
        """Move a topic's partitions from its most to its least loaded subscribers; returns whether any moved."""
        members = self.by_load(topic)
        if self.loads[members[-1]] - self.loads[members[0]] <= 1:
            return False
        owned: dict[int, list[int]] = {}
        for p, owner in enumerate(self.owners[topic.name]):
            assert owner is not None
            owned.setdefault(owner, []).append(p)
        low, high = LowEnd.of(members, self.loads), HighEnd.of(members, self.loads)
        moved = False
        while high.level - low.level > 1:
            giver = high.take()
            while giver is not None and not owned.get(giver):
                high.exclude_last()
                giver = high.take()
            if giver is None:
                break
            partition = owned[giver].pop()
            receiver = low.take()
            if high.level - low.level <= 1:
                break
            self.give(topic, partition, receiver)
            moved = True
        return moved


@dataclass(slots=True)
class LowEnd:
    """The least loaded members, who take one partition each in turn; when all have, those of that load join them."""

    members: list[int]
    loads: list[int]
    level: int
    """What each of them has before it takes one more."""
    end: int = 0
    """How many of the members belong here."""
    turn: int = 0

    @staticmethod
    def of(members: Sequence[int], loads: list[int]) -> LowEnd:
        """Nobody has taken any. The members are in order of their loads, which are those of the run itself."""
        return LowEnd(list(members), loads, loads[members[0]] - 1)

    def take(self) -> int:
        """The next member to take a partition."""
        if self.turn >= self.end:
            self.level += 1
            while self.end < len(self.members) and self.loads[self.members[self.end]] == self.level:
                self.end += 1
            self.turn = 0
        self.turn += 1
        return self.members[self.turn - 1]


@dataclass(slots=True)
class HighEnd:
    """The most loaded members, who give one partition each in turn, the last first; those without any are shut out."""

    members: list[int]
    loads: list[int]
    level: int
    """What each of them has before it gives one more."""
    start: int
    end: int
    turn: int

    @staticmethod
    def of(members: Sequence[int], loads: list[int]) -> HighEnd:
        """Nobody has given any. The members are in order of their loads, which are those of the run itself."""
        count = len(members)
        return HighEnd(list(members), loads, loads[members[-1]] + 1, count, count, count - 1)

    def take(self) -> int | None:
        """The next member to give a partition; None if nobody is left."""
        if self.turn < self.start:
            empty = self.end <= self.start and self.start > 0
            self.level = self.loads[self.members[self.start - 1]] if empty else self.level - 1
            while self.start > 0 and self.loads[self.members[self.start - 1]] == self.level:
                self.start -= 1
            self.turn = self.end - 1
        if self.turn < 0:
            return None
        self.turn -= 1
        return self.members[self.turn + 1]

    def exclude_last(self) -> None:
        """Shut out the member that was taken last."""
        last = self.turn + 1
        self.members[last], self.members[self.end - 1] = self.members[self.end - 1], self.members[last]
        self.end -= 1

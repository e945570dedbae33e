"""What an assignor is given, and what it returns: plain frozen values.

Source: ConsumerPartitionAssignor.Subscription, Cluster, MemberSubscription and GroupAssignment of Apache Kafka.
Left out: user data of custom assignors; topic names beyond Unicode's basic plane, which Java orders by code units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """A partition, by its topic's name and its number from 0."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic: `racks` holds, for each partition, the racks of its replicas; it is empty where none is known.

    `uuid` is the topic's 128-bit id, by which the assignors of the group coordinator know it.
    """

    name: str
    partitions: int
    racks: tuple[tuple[str, ...], ...] = ()
    uuid: int = 0

    def each_partition(self) -> Iterator[TopicPartition]:
        """Its partitions in order."""
        return (TopicPartition(self.name, p) for p in range(self.partitions))

    def racks_of(self, partition: int) -> frozenset[str]:
        """The racks that hold a replica of a partition."""
        return frozenset(self.racks[partition]) if self.racks else frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """A member: the topics that it subscribes to, and what it says that it owns, as of which generation.

    `instance` is the group.instance.id of a static member.
    """

    id: str
    topics: tuple[str, ...]
    owned: tuple[TopicPartition, ...] = ()
    generation: int | None = None
    instance: str | None = None
    rack: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The members, in the order in which Kafka's own map of them iterates (see `hash_order`), and all topics there are.

    Raises ValueError for two members of one id, or two topics of one name.
    """

    members: tuple[Member, ...]
    topics: tuple[Topic, ...]

    def __post_init__(self) -> None:
        for names in ([m.id for m in self.members], [t.name for t in self.topics]):
            doubled = sorted(name for name in names if names.count(name) > 1)
            if doubled:
                raise ValueError(f"{doubled[0]!r} is there twice; a group has each member and each topic once")

    def subscribed_topics(self) -> tuple[Topic, ...]:
        """The topics by name that somebody subscribes to and that have partitions."""
        wanted = {name for member in self.members for name in member.topics}
        return tuple(sorted((t for t in self.topics if t.name in wanted and t.partitions), key=lambda t: t.name))


@dataclass(frozen=True, slots=True)
class Assignment:
    """Each member with its partitions, both sorted, so that equal values mean the same assignment."""

    owned: tuple[tuple[str, tuple[TopicPartition, ...]], ...]

    @staticmethod
    def of(owned: Mapping[str, Iterable[TopicPartition]]) -> Assignment:
        """The assignment that gives each member these partitions."""
        return Assignment(tuple((member, tuple(sorted(owned[member]))) for member in sorted(owned)))

    def by_member(self) -> dict[str, tuple[TopicPartition, ...]]:
        """Each member's partitions."""
        return dict(self.owned)

    def owners(self) -> dict[TopicPartition, tuple[str, ...]]:
        """Who owns each partition that anyone owns; more than one is a fault of the assignor."""
        found: dict[TopicPartition, tuple[str, ...]] = {}
        for member, partitions in self.owned:
            for partition in partitions:
                found[partition] = (*found.get(partition, ()), member)
        return found


class AssignorFault(Exception):  # noqa: N818 - a finding about the algorithm, not an error of ours
    """The algorithm as Apache Kafka has it fails on this group."""


def join_order(members: Iterable[Member]) -> list[Member]:
    """Static members by instance id, then dynamic ones by member id: the order of range and round robin."""
    return sorted(members, key=lambda m: (0, m.instance) if m.instance is not None else (1, m.id))

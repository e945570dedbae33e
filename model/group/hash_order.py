"""The order in which Java's hash tables iterate, on which some of Kafka's assignments hang.

A table goes through its buckets in turn, and through a bucket in the order in which its keys came in. A bucket is the
key's hash, its upper half folded onto the lower, modulo the table's size; the table doubles when it is three quarters
full, which keeps the order within buckets.

Source: java.util.HashMap and String.hashCode as documented; Uuid.hashCode and TopicPartition.hashCode of Apache Kafka.
Left out: buckets of eight keys and more, which Java turns into trees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from model.group.assignment import Group, Member, TopicPartition

K = TypeVar("K")

WORD = 0xFFFFFFFF
LONG = 0xFFFFFFFFFFFFFFFF
SMALLEST_TABLE = 16


def string_hash(text: str) -> int:
    """String.hashCode, unsigned."""
    units = text.encode("utf-16-be")
    total = 0
    for i in range(0, len(units), 2):
        total = (31 * total + int.from_bytes(units[i : i + 2], "big")) & WORD
    return total


def uuid_hash(uuid: int) -> int:
    """Uuid.hashCode, unsigned, of a 128-bit id."""
    both = (uuid >> 64) ^ (uuid & LONG)
    return (both >> 32 ^ both) & WORD


def partition_hash(partition: TopicPartition) -> int:
    """TopicPartition.hashCode, unsigned."""
    return (31 * (31 + partition.partition) + string_hash(partition.topic)) & WORD


def uuid_order(uuid: int) -> tuple[int, int]:
    """A key that sorts ids as Uuid.compareTo does: by two signed halves."""
    return signed(uuid >> 64), signed(uuid & LONG)


def signed(half: int) -> int:
    """A 64-bit word as Java's long."""
    return half - (1 << 64) if half >> 63 else half


def table_size(keys: int, room: int = SMALLEST_TABLE) -> int:
    """The size of a table made for `room` slots that has held up to so many keys."""
    size = 1
    while size < room or 4 * keys > 3 * size:
        size *= 2
    return size


def hash_order(keys: Iterable[K], hash_of: Callable[[K], int], size: int | None = None) -> list[K]:
    """Different keys, in the order in which they came in, as a table (of the given size) iterates over them."""
    known = list(keys)
    mask = (size or table_size(len(known))) - 1
    return sorted(known, key=lambda key: bucket(hash_of(key)) & mask)


def copied_order(keys: Sequence[K], hash_of: Callable[[K], int]) -> list[K]:
    """The order of a set that is made as a copy of a collection, for which Java makes room beforehand."""
    return hash_order(keys, hash_of, table_size(len(keys), max(SMALLEST_TABLE, int(len(keys) / 0.75) + 1)))


def bucket(code: int) -> int:
    """A hash with its upper half folded in."""
    return code ^ code >> 16


class HashedPartitions:
    """A HashSet of partitions, of which only the first in its order is of interest."""

    def __init__(self) -> None:
        self._held: dict[TopicPartition, None] = {}
        self._most = 0

    def __bool__(self) -> bool:
        return bool(self._held)

    def add(self, partition: TopicPartition) -> None:
        """Put one in."""
        self._held[partition] = None
        self._most = max(self._most, len(self._held))

    def remove(self, partition: TopicPartition) -> None:
        """Take one out."""
        del self._held[partition]

    def first(self) -> TopicPartition:
        """The one that an iteration meets first."""
        return hash_order(self._held, partition_hash, table_size(self._most))[0]


def as_coordinator_keeps_it(group: Group) -> Group:
    """The group as the coordinator hands it to its assignors: members, owned topics and partitions in hash order."""
    uuids = {topic.name: topic.uuid for topic in group.topics}
    members = {member.id: member for member in group.members}
    return Group(
        tuple(_hashed(members[name], uuids) for name in hash_order(members, string_hash)),
        group.topics,
    )


def _hashed(member: Member, uuids: dict[str, int]) -> Member:
    by_topic: dict[str, list[int]] = {}
    for partition in member.owned:
        by_topic.setdefault(partition.topic, []).append(partition.partition)
    topics = hash_order(by_topic, lambda name: uuid_hash(uuids[name]))
    owned = tuple(TopicPartition(t, p) for t in topics for p in copied_order(by_topic[t], lambda p: p))
    return Member(member.id, member.topics, owned, member.generation, member.instance, member.rack)

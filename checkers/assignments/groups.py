"""Groups to try assignors on: every small one, and random ones from a seed.

Members are called a, b, c, ..., which is also their hash order; what a member owned is claimed by nobody else, but for
`groups_with_claims`.

Left out: racks, static members, members without topics.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.group.assignment import Group, Member, Topic, TopicPartition

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many members, topics and partitions in all a group has at most."""

    members: int
    topics: int
    partitions: int


def every_group(sizes: Sizes) -> Iterator[Group]:
    """Every group of these sizes and below, the smaller ones first.

    All subscriptions to at least one topic, and all former owners: for each partition any member, or none. Topics are
    ordered by their partitions, as it makes no difference how they are called.
    """
    for members, shape in shapes_up_to(sizes):
        yield from groups_of_shape(members, shape)


def shapes_up_to(sizes: Sizes) -> list[tuple[int, tuple[int, ...]]]:
    """Numbers of members with the partitions of each topic, the smaller first."""
    shapes = [
        (members, shape)
        for members in range(1, sizes.members + 1)
        for topics in range(1, sizes.topics + 1)
        for shape in itertools.combinations_with_replacement(range(1, sizes.partitions + 1), topics)
        if sum(shape) <= sizes.partitions
    ]
    return sorted(shapes, key=lambda s: (s[0] + sum(s[1]), s))


def groups_of_shape(members: int, shape: Sequence[int]) -> Iterator[Group]:
    """Every group of so many members, and topics of so many partitions."""
    topics = tuple(Topic(f"t{i}", count, uuid=i) for i, count in enumerate(shape))
    names = [topic.name for topic in topics]
    partitions = [p for topic in topics for p in topic.each_partition()]
    for wanted in itertools.product(wishes_for(names), repeat=members):
        for owners in itertools.product(range(-1, members), repeat=len(partitions)):
            yield Group(tuple(members_of(wanted, owners, partitions)), topics)


def groups_with_claims(sizes: Sizes, *, equal: bool) -> Iterator[Group]:
    """Every group of these sizes and below in which any member claims any partitions, as of generation 1 or 2.

    `equal`: all members subscribe to the same topics. Groups of generation 2 only are those of generation 1.
    """
    for members, shape in shapes_up_to(sizes):
        topics = tuple(Topic(f"t{i}", count, uuid=i) for i, count in enumerate(shape))
        partitions = [p for topic in topics for p in topic.each_partition()]
        wishes = wishes_for([topic.name for topic in topics])
        wanted = [(wish,) * members for wish in wishes] if equal else itertools.product(wishes, repeat=members)
        generations = [g for g in itertools.product((1, 2), repeat=members) if min(g) == 1]
        claims = [claim for n in range(len(partitions) + 1) for claim in itertools.combinations(partitions, n)]
        for wish, owned, of in itertools.product(wanted, itertools.product(claims, repeat=members), generations):
            yield Group(tuple(map(Member, LETTERS, wish, owned, of)), topics)


def wishes_for(names: Sequence[str]) -> list[tuple[str, ...]]:
    """All subscriptions to at least one topic."""
    return [wish for n in range(1, len(names) + 1) for wish in itertools.combinations(names, n)]


def members_of(
    wanted: Sequence[tuple[str, ...]], owners: Sequence[int], partitions: Sequence[TopicPartition]
) -> Iterator[Member]:
    """Members with these wishes, who owned what `owners` says of each partition."""
    for i, topics in enumerate(wanted):
        owned = tuple(p for p, owner in zip(partitions, owners, strict=True) if owner == i)
        yield Member(LETTERS[i], topics, owned, generation=1)


def random_group(chance: np.random.Generator, sizes: Sizes, *, equal: bool) -> Group:
    """Some group of these sizes at most; `equal`: all members subscribe to the same topics."""
    members = int(chance.integers(1, sizes.members + 1))
    topics = tuple(
        Topic(f"t{i}", int(chance.integers(1, max(2, sizes.partitions // sizes.topics + 1))), uuid=i)
        for i in range(int(chance.integers(1, sizes.topics + 1)))
    )
    names = [topic.name for topic in topics]
    all_wanted = [some(chance, names) for _ in range(members)]
    wanted = [all_wanted[0]] * members if equal else all_wanted
    partitions = [p for topic in topics for p in topic.each_partition()]
    free = float(chance.choice([0.0, 0.3, 1.0]))
    present = int(chance.integers(1, members + 1))
    owners = [-1 if chance.random() < free else int(chance.integers(0, present)) for _ in partitions]
    return Group(tuple(members_of(wanted, owners, partitions)), topics)


def some(chance: np.random.Generator, names: Sequence[str]) -> tuple[str, ...]:
    """At least one of the names."""
    chosen = [name for name in names if chance.random() < 0.5]
    return tuple(chosen) if chosen else (names[int(chance.integers(0, len(names)))],)


def groups_without_owners(sizes: Sizes) -> Iterator[Group]:
    """Every group of these sizes and below of which nobody owned anything."""
    for members, shape in shapes_up_to(sizes):
        topics = tuple(Topic(f"t{i}", count, uuid=i) for i, count in enumerate(shape))
        for wanted in itertools.product(wishes_for([topic.name for topic in topics]), repeat=members):
            yield Group(tuple(members_of(wanted, (), ())), topics)

"""Groups of which little is known: who subscribes to what, who owned what, as of which generation, in which racks.

Such a group is handed to the assignors' own code. Whatever the code or a promise asks of it is decided when it is
asked, with a path for each answer that there can be; what nobody asks stays open. Generations are unbounded integers.

Left out: numbers of members, topics and partitions, which are known; names, of which only the order matters, and that
is the order of the letters, whatever the order in which the members come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, partial
from itertools import combinations
from typing import Any, Generic, TypeVar

import z3

from checkers.assignments.groups import LETTERS
from checkers.prove.claims import between, numbers, unknown_truth
from checkers.prove.terms import Number, Truth
from model.group.assignment import Group, Member, Topic, TopicPartition
from model.group.claims import NO_GENERATION

T = TypeVar("T")

RACKS = (("x",), ("y",), ("x", "y"))
"""Where a partition's replicas may be, if racks are unknown: each alone and both; a member is in one, or in none."""


class Former(Enum):
    """What is said of who owned what before."""

    NOTHING = "no former owners"
    ONE = "any former owners, one each at most"
    ORDERLY = "any claims of any generations, but none of a topic no longer wanted and no two as of one generation"
    ANY = "any claims of any generations"


@dataclass(frozen=True, slots=True)
class Unknown:
    """How many members there are and how many partitions each topic has, and what is not known of them."""

    members: int
    partitions: tuple[int, ...]
    former: Former = Former.NOTHING
    equal: bool = False
    """Whether all members subscribe to the same topics."""
    idle: bool = False
    """Whether members may subscribe to nothing."""
    instances: bool = False
    """Whether any members may be static; their instances are ordered the other way round."""
    racks: bool = False
    """Whether members and replicas may be in any racks."""

    def __str__(self) -> str:
        named = (self.former.value, *(name for name in ("equal", "idle", "instances", "racks") if getattr(self, name)))
        return f"{self.size}: {', '.join(named)}"

    @property
    def size(self) -> str:
        """The numbers of members and of the partitions of each topic."""
        return f"{self.members} x ({', '.join(map(str, self.partitions))})"

    @property
    def topics(self) -> tuple[str, ...]:
        """The names of the topics."""
        return tuple(f"t{i}" for i in range(len(self.partitions)))

    @property
    def all_partitions(self) -> tuple[TopicPartition, ...]:
        """All partitions there are."""
        return tuple(TopicPartition(t, p) for t, n in zip(self.topics, self.partitions, strict=True) for p in range(n))

    @property
    def generations(self) -> list[Number]:
        """The generation of each member."""
        return numbers("generation of ", self.members)

    def wish(self, member: int, topic: str) -> Truth:
        """Whether a member subscribes to a topic."""
        return unknown_truth(f"all want {topic}" if self.equal else f"{LETTERS[member]} wants {topic}")

    def assumed(self) -> tuple[z3.BoolRef, ...]:
        """What is known of all that is unknown."""
        wanting = [z3.Or(*(self.wish(m, t).term for t in self.topics)) for m in range(self.members)]
        return (*([] if self.idle else wanting), *self._assumed_of_former())

    def _assumed_of_former(self) -> list[z3.BoolRef]:
        everyone, everything = range(self.members), self.all_partitions
        if self.former is Former.NOTHING:
            return []
        if self.former is Former.ONE:
            return list(between(-1, [owner(p) for p in everything], self.members - 1))
        known = [g.term >= NO_GENERATION for g in self.generations]
        if self.former is Former.ORDERLY:
            known += [z3.Implies(claim(m, p).term, self.wish(m, p.topic).term) for m in everyone for p in everything]
            for m, n in combinations(everyone, 2):
                alike = (self.generations[m] == self.generations[n]).term
                known += [z3.Not(z3.And(claim(m, p).term, claim(n, p).term, alike)) for p in everything]
        return known

    def group(self) -> Group:
        """The group, for one path: what is asked of it is remembered."""
        topics = tuple(
            Topic(name, count, self._racks_of(name, count), uuid=i)
            for i, (name, count) in enumerate(zip(self.topics, self.partitions, strict=True))
        )
        owner_of = cache(partial(former_owner, self.members))
        return Group(tuple(self._member(m, owner_of) for m in range(self.members)), topics)

    def _racks_of(self, topic: str, count: int) -> tuple[tuple[str, ...], ...]:
        return tuple(RACKS[chosen(f"racks of {topic}-{p}", 3)] for p in range(count)) if self.racks else ()

    def _member(self, m: int, owner_of: Callable[[TopicPartition], int | None]) -> Member:
        says: dict[Former, Callable[[TopicPartition], bool]] = {
            Former.NOTHING: lambda _: False,
            Former.ONE: lambda p: owner_of(p) == m,
        }
        owned: Any = Picked(self.all_partitions, says.get(self.former, lambda p: bool(claim(m, p))))
        wishes: Any = Picked(self.topics, lambda topic: bool(self.wish(m, topic)))
        generation: Any = 1 if self.former in says else self.generations[m]
        instance = LETTERS[-1 - m] if self.instances and unknown_truth(f"{LETTERS[m]} is static") else None
        rack = ("x", "y", None)[chosen(f"rack of {LETTERS[m]}", 3)] if self.racks else None
        return Member(LETTERS[m], wishes, owned, generation, instance, rack)


def claim(member: int, partition: TopicPartition) -> Truth:
    """Whether a member says that it owned a partition."""
    return unknown_truth(f"{LETTERS[member]} claims {partition.topic}-{partition.partition}")


def owner(partition: TopicPartition) -> Number:
    """The former owner of a partition; -1 if there is none."""
    return Number(z3.Int(f"owner of {partition.topic}-{partition.partition}"))


def former_owner(members: int, partition: TopicPartition) -> int | None:
    """The former owner of a partition, if there is one, on a path for each."""
    return next((m for m in range(members) if owner(partition) == m), None)


def chosen(name: str, count: int) -> int:
    """A number from 0 to `count` - 1, with a path for each."""
    return next((k for k in range(count - 1) if Number(z3.Int(name)) == k), count - 1)


class Picked(Generic[T]):
    """Those of some things that are picked, in order, as a tuple of them would be to code that only reads it.

    Whether a thing is picked is asked once, when somebody needs to know.
    """

    def __init__(self, things: Sequence[T], is_picked: Callable[[T], bool]) -> None:
        self._things, self._is_picked = things, is_picked
        self._known: dict[T, bool] = {}

    def _picks(self, thing: T) -> bool:
        if thing not in self._known:
            self._known[thing] = self._is_picked(thing)
        return self._known[thing]

    def __iter__(self) -> Iterator[T]:
        return (thing for thing in self._things if self._picks(thing))

    def __contains__(self, thing: T) -> bool:
        return thing in self._things and self._picks(thing)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, part: slice) -> Picked[T]:
        return Picked(self._things[part], self._picks)

"""Assignors broken on purpose, each in one place, and the promise that each must be seen to break.

They are the negative controls of `checkers.prove.whole_assignors`, and what random groups must find as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from checkers.prove.assignors import (
    range_one_too_early,
    range_one_too_few,
    ranges_as_they_come,
    turn_after_next,
    turn_without_regard,
)
from model.group.assignment import Assignment, TopicPartition
from model.group.sticky_equal import EqualSubscriptions
from model.group.sticky_general import GeneralSubscriptions
from model.group.uniform_mixed import MixedSubscriptions


def keep_nothing(self: EqualSubscriptions, member: str) -> None:
    """What a member owned does not matter."""
    (self.below if self.quota else self.at_quota).append(member)


def keep_without_bound(self: EqualSubscriptions, member: str) -> None:
    """A member keeps everything."""
    self.assigned[member] += self.claims.owned[member]
    if len(self.assigned[member]) < self.quota:
        self.below.append(member)


def fill_all_but_the_last(self: EqualSubscriptions, free: list[TopicPartition]) -> None:
    """The last free partition is forgotten."""
    for partition in free[:-1]:
        self.give(partition, min(self.assigned, key=lambda m: len(self.assigned[m])))


def fill_twice(self: EqualSubscriptions, free: list[TopicPartition]) -> None:
    """Every free partition goes to two members."""
    for partition in free:
        for member in sorted(self.assigned, key=lambda m: len(self.assigned[m]))[:2]:
            self.give(partition, member)


def drop_nothing(_self: GeneralSubscriptions) -> bool:
    """Members keep what they no longer subscribe to."""
    return False


def drop_everything(self: GeneralSubscriptions) -> bool:
    """Members keep nothing."""
    for owned in self.assigned.values():
        owned.clear()
    return True


def withhold_nothing(target: dict[str, list[TopicPartition]], _partitions: Iterable[TopicPartition]) -> Assignment:
    """What is to move is assigned at once."""
    return Assignment.of(target)


def withhold_everything_new(
    target: dict[str, list[TopicPartition]], _partitions: Iterable[TopicPartition]
) -> Assignment:
    """Nothing is ever assigned anew."""
    return Assignment.of(dict.fromkeys(target, ()))


def keep_the_unwanted(self: MixedSubscriptions) -> None:
    """Members keep what they no longer subscribe to."""
    for i, member in enumerate(self.group.members):
        for partition in member.owned:
            if partition.topic in self.owners:
                self.owners[partition.topic][partition.partition] = i
                self.loads[i] += 1


def keep_nothing_mixed(_self: MixedSubscriptions) -> None:
    """What members owned does not matter."""


def first_come(members: Iterable[Any]) -> list[Any]:
    """The members as they come."""
    return list(members)


@dataclass(frozen=True, slots=True)
class Mutant:
    """What is put in the place of a function, in which assignor, and the promise that must break."""

    place: str
    instead: Callable[..., Any]
    assignor: str
    breaks: str
    partitions: tuple[int, ...] = (1,)
    """Of each topic, for two members: the smallest groups of which some show it."""

    @property
    def name(self) -> str:
        """What it is called where many are listed."""
        return f"{self.assignor}-{self.instead.__name__}"


MUTANTS = (
    Mutant("model.group.range.range_share", range_one_too_early, "range", "ASSIGN-1", (2,)),
    Mutant("model.group.range.range_share", range_one_too_few, "range", "ASSIGN-1"),
    Mutant("model.group.range.topic_ranges", ranges_as_they_come, "range", "ASSIGN-4"),
    Mutant("model.group.range.range_share", range_one_too_early, "server-range", "ASSIGN-1", (2,)),
    Mutant("model.group.range.range_share", range_one_too_few, "server-range", "ASSIGN-1"),
    Mutant("model.group.round_robin.next_turn", turn_without_regard, "roundrobin", "ASSIGN-1", (1, 1)),
    Mutant("model.group.round_robin.next_turn", turn_after_next, "roundrobin", "ASSIGN-2", (2,)),
    Mutant("model.group.round_robin.join_order", first_come, "roundrobin", "ASSIGN-4"),
    Mutant("model.group.sticky.EqualSubscriptions.keep", keep_nothing, "sticky", "ASSIGN-3"),
    Mutant("model.group.sticky.EqualSubscriptions.keep", keep_without_bound, "sticky", "ASSIGN-2"),
    Mutant("model.group.sticky.EqualSubscriptions.fill", fill_all_but_the_last, "sticky", "ASSIGN-1"),
    Mutant("model.group.sticky.EqualSubscriptions.fill", fill_twice, "sticky", "ASSIGN-1"),
    Mutant(
        "model.group.sticky.GeneralSubscriptions.drop_what_is_not_wanted", drop_nothing, "sticky", "ASSIGN-1", (1, 1)
    ),
    Mutant(
        "model.group.sticky.GeneralSubscriptions.drop_what_is_not_wanted",
        drop_everything,
        "sticky",
        "ASSIGN-3 balanced",
        (2, 1),
    ),
    Mutant("model.group.sticky.withheld", withhold_nothing, "cooperative-sticky", "ASSIGN-5", (2,)),
    Mutant("model.group.sticky.withheld", withhold_everything_new, "cooperative-sticky", "ASSIGN-5 then"),
    Mutant("model.group.uniform.range_share", range_one_too_few, "server-uniform", "ASSIGN-1"),
    Mutant("model.group.uniform.MixedSubscriptions.keep", keep_the_unwanted, "server-uniform", "ASSIGN-1", (1, 1)),
    Mutant(
        "model.group.uniform.MixedSubscriptions.keep", keep_nothing_mixed, "server-uniform", "ASSIGN-3 balanced", (2, 1)
    ),
)

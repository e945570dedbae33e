"""Who owned what before a sticky assignment, as far as the members' claims agree.

Source: AbstractStickyAssignor.allSubscriptionsEqual of Apache Kafka.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from model.group.assignment import Group, Member, TopicPartition

NO_GENERATION = -1
"""Kafka's generation of a member that knows of none."""


@dataclass(slots=True)
class Claims:
    """The former owners. `equal` tells whether all members subscribe to the same topics."""

    owned: dict[str, list[TopicPartition]] = field(default_factory=dict)
    """What each member keeps of what it claims of topics that there are."""
    disputed: set[TopicPartition] = field(default_factory=set)
    """What two members of one generation claim."""
    equal: bool = True
    newest: int = NO_GENERATION


def generation_of(member: Member) -> int:
    """A member's generation."""
    return NO_GENERATION if member.generation is None else member.generation


def settled_claims(group: Group) -> Claims:
    """The claims of all members, taken one after another."""
    claims = Claims(equal=subscriptions_equal(group))
    there = {topic.name for topic in group.subscribed_topics()}
    claimant: dict[TopicPartition, Member] = {}
    for member in group.members:
        claims.owned[member.id] = []
        claims.newest = max(claims.newest, generation_of(member))
        for partition in member.owned:
            if partition.topic in there:
                settle(claims, claimant, member, partition)
    return claims


def settle(claims: Claims, claimant: dict[TopicPartition, Member], member: Member, partition: TopicPartition) -> None:
    """Take a claim, which may void an earlier one."""
    other = claimant.get(partition)
    if other is not None and generation_of(member) < generation_of(other):
        return
    claimant[partition] = member
    if other is not None:
        claims.owned[other.id] = [p for p in claims.owned[other.id] if p != partition]
    if other is not None and generation_of(member) == generation_of(other):
        claims.disputed.add(partition)
    else:
        claims.owned[member.id].append(partition)


def subscriptions_equal(group: Group) -> bool:
    """Whether the members subscribe to the same topics, as Kafka decides it.

    It compares with the first subscription that is not empty, so members without any that come before count as equal
    and get partitions of what they don't subscribe to.
    """
    wanted = [frozenset(member.topics) for member in group.members]
    while wanted and not wanted[0]:
        wanted.pop(0)
    return all(topics == wanted[0] for topics in wanted)

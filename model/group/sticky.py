"""Sticky: as balanced as it gets, with as many partitions as possible left where they are (KIP-54, KIP-341, KIP-429).

Which members owned what is taken from what they say; of two who claim the same partition the later generation wins, and
neither of two of one generation. Where all members subscribe to the same topics a quick algorithm does
(`model.group.sticky_equal`), otherwise a general one (`model.group.sticky_general`).

Source: StickyAssignor and AbstractStickyAssignor of Apache Kafka (org.apache.kafka.clients.consumer).
Left out: an assignor that lives on from one rebalance to the next and remembers the newest generation; user data of
versions before 2 of the consumer protocol, in which generations of subscription and user data may differ.
"""

from __future__ import annotations

from collections.abc import Iterable

from model.group.assignment import Assignment, Group, Member, TopicPartition
from model.group.claims import settled_claims
from model.group.racks import Racks
from model.group.sticky_equal import EqualSubscriptions
from model.group.sticky_general import GeneralSubscriptions


def assign_sticky(group: Group) -> Assignment:
    """Sticky as consumers have it with the eager protocol."""
    if not group.members:
        return Assignment(())
    claims = settled_claims(group)
    if claims.equal:
        return Assignment.of(EqualSubscriptions(group, Racks.of(group), claims).assign())
    return Assignment.of(GeneralSubscriptions(group, Racks.of(group), claims).assign())


def assign_cooperative_sticky(group: Group) -> Assignment:
    """Sticky as consumers have it with the cooperative protocol: without what must be given up first.

    A partition that is to move is nobody's in this assignment. Its owner gives it up and rejoins, and the next
    rebalance finds it free.
    """
    if not group.members:
        return Assignment(())
    claims = settled_claims(group)
    if claims.equal:
        equal = EqualSubscriptions(group, Racks.of(group), claims)
        return withheld(equal.assign(), equal.moving)
    target = GeneralSubscriptions(group, Racks.of(group), claims).assign()
    return withheld(target, moving(group.members, target))


def withheld(target: dict[str, list[TopicPartition]], partitions: Iterable[TopicPartition]) -> Assignment:
    """An assignment without some partitions."""
    gone = set(partitions)
    return Assignment.of({member: [p for p in owned if p not in gone] for member, owned in target.items()})


def moving(members: Iterable[Member], target: dict[str, list[TopicPartition]]) -> set[TopicPartition]:
    """The partitions that one member gains and another loses."""
    gained, lost = set[TopicPartition](), set[TopicPartition]()
    for member in members:
        gained |= set(target[member.id]) - set(member.owned)
        lost |= set(member.owned) - set(target[member.id])
    return gained & lost

"""What is wrong with an assignment, and how even and how sticky it is.

A partition's former owner is the member that claims it, as of the latest generation in which anyone does: who claims it
as of an earlier one has lost it since. Where several claim it as of that one, or where the member no longer subscribes
to the topic, there is none to regard.

Source: ASSIGN-1 to ASSIGN-5 of `specs.guarantees`.
"""

from __future__ import annotations

from collections import Counter

from model.group.assignment import Assignment, Group, TopicPartition
from model.group.claims import generation_of


def ownership_faults(group: Group, assignment: Assignment) -> tuple[str, ...]:
    """ASSIGN-1: what has no owner or several, or one that doesn't subscribe to it; what there isn't."""
    faults: list[str] = []
    owners = assignment.owners()
    for topic in group.subscribed_topics():
        for partition in topic.each_partition():
            of = owners.get(partition, ())
            if len(of) != 1:
                faults.append(f"{shown(partition)} has {len(of)} owners")
    return (*faults, *unwanted(group, assignment))


def unwanted(group: Group, assignment: Assignment) -> tuple[str, ...]:
    """ASSIGN-1: what members own without subscribing to it, and members that there are not."""
    faults: list[str] = []
    there = {partition for topic in group.topics for partition in topic.each_partition()}
    topics = {member.id: member.topics for member in group.members}
    for member, owned in assignment.owned:
        if member not in topics:
            faults.append(f"{member} is no member")
        faults += [
            f"{member} owns {shown(partition)}, which it doesn't subscribe to"
            for partition in owned
            if partition not in there or partition.topic not in topics.get(member, ())
        ]
    return tuple(faults)


def handover_faults(group: Group, assignment: Assignment) -> tuple[str, ...]:
    """ASSIGN-5: what is assigned to a member while another says that it owns it, as of no earlier generation."""
    claimants = claims(group)
    return tuple(
        f"{shown(partition)} goes to {member}, while {', '.join(others)} has not given it up"
        for member, owned in assignment.owned
        for partition in owned
        if (others := [other for other in claimants.get(partition, ()) if other != member])
    )


def withheld(group: Group, assignment: Assignment) -> tuple[TopicPartition, ...]:
    """The partitions that nobody owns although somebody subscribes to them, in order."""
    owners = assignment.owners()
    wanted = (partition for topic in group.subscribed_topics() for partition in topic.each_partition())
    return tuple(partition for partition in wanted if partition not in owners)


def claims(group: Group) -> dict[TopicPartition, tuple[str, ...]]:
    """Who claims each partition that anyone claims, as of the latest generation in which anyone does."""
    latest: dict[TopicPartition, int] = {}
    found: dict[TopicPartition, tuple[str, ...]] = {}
    for member in group.members:
        generation = generation_of(member)
        for partition in member.owned:
            if partition not in found or generation > latest[partition]:
                latest[partition], found[partition] = generation, (member.id,)
            elif generation == latest[partition]:
                found[partition] = (*found[partition], member.id)
    return found


def former_owners(group: Group) -> dict[TopicPartition, str]:
    """The former owner of each partition that has one who could keep it."""
    topics = {member.id: member.topics for member in group.members}
    return {p: of[0] for p, of in claims(group).items() if len(of) == 1 and p.topic in topics[of[0]]}


def moves(group: Group, assignment: Assignment) -> int:
    """ASSIGN-3: how many partitions go from a member that could keep them to another."""
    owners = assignment.owners()
    return sum(owners.get(p, (member,))[0] != member for p, member in former_owners(group).items())


def loads(group: Group, assignment: Assignment) -> tuple[int, ...]:
    """How many partitions the members have, in ascending order."""
    owned = assignment.by_member()
    return tuple(sorted(len(owned.get(member.id, ())) for member in group.members))


def squares(loads_: tuple[int, ...]) -> int:
    """The sum of the squares of the loads: the smaller, the more even, for as many partitions."""
    return sum(load * load for load in loads_)


def spread_by_topic(group: Group, assignment: Assignment) -> int:
    """ASSIGN-2 of range: the greatest difference between two subscribers' partitions of one topic."""
    greatest = 0
    owned = assignment.by_member()
    for topic in group.subscribed_topics():
        of = [m.id for m in group.members if topic.name in m.topics]
        counts = Counter({member: sum(p.topic == topic.name for p in owned.get(member, ())) for member in of})
        greatest = max(greatest, max(counts.values()) - min(counts.values()))
    return greatest


def equal_subscriptions(group: Group) -> bool:
    """Whether all members subscribe to the same topics."""
    return len({frozenset(member.topics) for member in group.members}) <= 1


def shown(partition: TopicPartition) -> str:
    """A partition as Kafka writes it."""
    return f"{partition.topic}-{partition.partition}"

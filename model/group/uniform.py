"""Uniform: the group coordinator's own assignor (KIP-848), as even as it gets, with few moves.

Where all members subscribe to the same topics everyone has a quota, one more for the first members in hash order; what
a member has beyond it goes to those below theirs. Otherwise see `model.group.uniform_mixed`. Both go by the order of
the members, and of what each owns, as the group hands them over (`hash_order.as_coordinator_keeps_it`).

Source: UniformAssignor and UniformHomogeneousAssignmentBuilder (org.apache.kafka.coordinator.group.assignor).
"""

from __future__ import annotations

from model.group.assignment import Assignment, Group, Topic, TopicPartition
from model.group.hash_order import copied_order, uuid_hash
from model.group.range import range_share, require_topics
from model.group.uniform_mixed import MixedSubscriptions


def assign_uniform(group: Group) -> Assignment:
    """Uniform as the group coordinator has it. Raises ValueError for a subscription to a topic that there isn't."""
    require_topics(group)
    known = {topic.name: topic for topic in group.topics}
    if not any(member.topics for member in group.members):
        return Assignment(())
    if len({frozenset(member.topics) for member in group.members}) == 1:
        wanted = copied_order(group.members[0].topics, lambda name: uuid_hash(known[name].uuid))
        return Assignment.of(assign_same_subscriptions(group, [known[name] for name in wanted]))
    return Assignment.of(MixedSubscriptions(group).assign())


def assign_same_subscriptions(group: Group, topics: list[Topic]) -> dict[str, list[TopicPartition]]:
    """Each member's partitions, where all subscribe to these topics, in the order in which they are given out."""
    owned_before = {p for member in group.members for p in member.owned}
    free = [p for topic in topics for p in topic.each_partition() if p not in owned_before]
    total = sum(topic.partitions for topic in topics)
    wanted = {topic.name for topic in topics}
    assigned: dict[str, list[TopicPartition]] = {}
    room: dict[str, int] = {}
    for position, member in enumerate(group.members):
        _, room[member.id] = range_share(len(group.members), total, position)
        assigned[member.id] = []
        for name in dict.fromkeys(p.topic for p in member.owned if p.topic in wanted):
            own = [p for p in member.owned if p.topic == name]
            kept = own[: room[member.id]]
            assigned[member.id] += kept
            room[member.id] -= len(kept)
            free += own[len(kept) :]
    for name, places in room.items():
        assigned[name] += free[:places]
        del free[:places]
    assert not free, "every member has its share, and there are partitions left"
    return assigned

"""Round robin: all partitions, topic by topic, go round the members, past those that don't subscribe to the topic.

Source: org.apache.kafka.clients.consumer.RoundRobinAssignor.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.group.assignment import Assignment, Group, TopicPartition, join_order


def next_turn(start: int, members: int, subscribed: Sequence[bool]) -> int:
    """The first position from a start on, going round the members, that is subscribed. Somebody must be."""
    turn = start % members
    while not subscribed[turn]:
        turn = (turn + 1) % members
    return turn


def assign_round_robin(group: Group) -> Assignment:
    """Round robin as consumers have it."""
    ordered = join_order(group.members)
    owned: dict[str, list[TopicPartition]] = {member.id: [] for member in ordered}
    start = 0
    for topic in group.subscribed_topics():
        subscribed = [topic.name in member.topics for member in ordered]
        for partition in topic.each_partition():
            turn = next_turn(start, len(ordered), subscribed)
            owned[ordered[turn].id].append(partition)
            start = turn + 1
    return Assignment.of(owned)

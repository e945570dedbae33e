"""The best that any assignment could do: the most even loads, and of those with them the fewest moves.

Partitions flow over members that subscribe to them. A member's n-th partition costs 2n - 1, which adds up to the square
of its load, so that a flow of least cost is as even as can be; and what a partition costs that leaves the member that
could keep it is so little that all of them together weigh less than any unevenness. Partitions of one topic and one
former owner are interchangeable, so they are one node.

Source: Ahuja, Magnanti and Orlin, Network Flows (1993), for convex costs as parallel arcs; network simplex of networkx.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import networkx as nx

from checkers.assignments.judge import former_owners
from model.group.assignment import Group


@dataclass(frozen=True, slots=True)
class Optimum:
    """The least sum of squares of the loads, and the fewest moves with which it can be had."""

    squares: int
    moves: int


def optimum(group: Group) -> Optimum:
    """The best for a group, whatever assignor it has."""
    former = former_owners(group)
    partitions = [p for topic in group.subscribed_topics() for p in topic.each_partition()]
    kinds = Counter((p.topic, former.get(p)) for p in partitions)
    weight = len(partitions) + 1
    network: nx.DiGraph[object] = nx.DiGraph()
    network.add_node("sink", demand=len(partitions))
    for member in group.members:
        subscribed = [kind for kind in kinds if kind[0] in member.topics]
        for n in range(1, sum(kinds[kind] for kind in subscribed) + 1):
            network.add_edge(("member", member.id), ("place", member.id, n), capacity=1, weight=weight * (2 * n - 1))
            network.add_edge(("place", member.id, n), "sink", capacity=1, weight=0)
        for kind in subscribed:
            network.add_node(kind, demand=-kinds[kind])
            network.add_edge(kind, ("member", member.id), weight=int(kind[1] not in (None, member.id)))
    cost, _ = nx.network_simplex(network)
    return Optimum(*divmod(int(cost), weight))


def least_moves_of_equal_subscriptions(group: Group) -> int:
    """The fewest moves where all members subscribe to the same topics, without a flow.

    Everyone keeps what it has up to the quota, and as many as may have one more keep one more if they have it.
    """
    quota, longer = divmod(sum(t.partitions for t in group.subscribed_topics()), len(group.members))
    had = Counter(former_owners(group).values())
    kept = sum(min(count, quota) for count in had.values())
    return sum(had.values()) - kept - min(longer, sum(count > quota for count in had.values()))

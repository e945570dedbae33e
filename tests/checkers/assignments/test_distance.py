"""The best assignment, and how far Kafka's assignors stay from it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from checkers.assignments.distance import Distance, distance
from checkers.assignments.exhaustive import described, shown_assignment
from checkers.assignments.groups import Sizes, every_group, random_group
from checkers.assignments.judge import equal_subscriptions, loads, moves, squares
from checkers.assignments.optimum import Optimum, least_moves_of_equal_subscriptions, optimum
from model.group.assignment import Assignment, Group, Member, Topic
from model.group.assignors import ASSIGNORS

WORLD = Sizes(members=6, topics=3, partitions=18)


def sample(count: int, *, equal: bool) -> list[Group]:
    """Random groups of one seed."""
    chance = np.random.Generator(np.random.PCG64(1))
    return [random_group(chance, WORLD, equal=equal) for _ in range(count)]


def by_brute_force(group: Group) -> Optimum:
    """The best of all assignments there are."""
    partitions = [p for topic in group.subscribed_topics() for p in topic.each_partition()]
    choices = [[m.id for m in group.members if p.topic in m.topics] for p in partitions]
    found = []
    for owners in itertools.product(*choices):
        owned = {m.id: [p for p, o in zip(partitions, owners, strict=True) if o == m.id] for m in group.members}
        assignment = Assignment.of(owned)
        found.append((squares(loads(group, assignment)), moves(group, assignment)))
    return Optimum(*min(found))


def test_the_flow_finds_the_best_of_all_assignments() -> None:
    small = list(every_group(Sizes(members=3, topics=2, partitions=4)))[::921]
    assert [by_brute_force(g) for g in small] == [optimum(g) for g in small]


def test_with_equal_subscriptions_the_fewest_moves_need_no_flow() -> None:
    groups = sample(100, equal=True)
    assert [optimum(g).moves for g in groups] == [least_moves_of_equal_subscriptions(g) for g in groups]


def test_equal_samples_are_equal() -> None:
    assert {True} == {equal_subscriptions(g) for g in sample(50, equal=True)}


def figures(found: Distance) -> tuple[int, int, int, int]:
    """Uneven groups, by how much at most; restless groups, by how much at most."""
    return len(found.uneven), found.squares_max, len(found.restless), found.moves_max


@pytest.mark.parametrize(
    ("assignor", "equal", "expected"),
    [
        ("sticky", True, (0, 0, 0, 0)),
        ("server-uniform", True, (0, 0, 13, 1)),
        ("sticky", False, (1, 2, 2, 1)),
        ("server-uniform", False, (2, 2, 8, 1)),
    ],
)
def test_how_far_from_the_best_on_random_groups(assignor: str, *, equal: bool, expected: tuple[int, ...]) -> None:
    assert expected == figures(distance(ASSIGNORS[assignor], sample(150, equal=equal)))


@pytest.mark.deep
@pytest.mark.parametrize(
    ("assignor", "equal", "expected"),
    [
        ("range", True, (487, 12, 1111, 11)),
        ("roundrobin", True, (0, 0, 1357, 10)),
        ("sticky", True, (0, 0, 0, 0)),
        ("server-uniform", True, (0, 0, 458, 2)),
        ("sticky", False, (96, 4, 61, 2)),
        ("server-uniform", False, (113, 4, 229, 2)),
    ],
)
def test_how_far_from_the_best_on_thousands_of_groups(assignor: str, *, equal: bool, expected: tuple[int, ...]) -> None:
    assert expected == figures(distance(ASSIGNORS[assignor], sample(4000, equal=equal)))


CHAIN = Group(
    (
        Member("a", ("t0",)),
        Member("b", ("t1",)),
        Member("c", ("t0", "t1"), (next(Topic("t0", 1).each_partition()),), generation=1),
    ),
    (Topic("t0", 1, uuid=0), Topic("t1", 2, uuid=1)),
)


@pytest.mark.parametrize("assignor", ["sticky", "server-uniform"])
def test_a_chain_of_two_moves_is_the_smallest_that_no_assignor_finds(assignor: str) -> None:
    """It takes two: c would have to give t0-0 to a, so that b can give t1-1 to c; one move alone evens out nothing."""
    (short,) = distance(ASSIGNORS[assignor], [CHAIN]).uneven
    assert "a=none b=t1-0,t1-1 c=t0-0" == shown_assignment(short.assignment)
    assert (Optimum(squares=3, moves=1), 2) == (short.best, short.squares)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("assignor", "uneven", "restless"),
    [
        ("sticky", CHAIN, "t0:1 t1:3; a wants t0; b wants t0,t1 t0-0 t1-1 t1-2; c wants t0,t1"),
        ("server-uniform", CHAIN, "t0:1; a wants t0; b wants t0 t0-0"),
    ],
)
def test_the_smallest_groups_that_are_not_assigned_best(assignor: str, uneven: Group, restless: str) -> None:
    found = distance(ASSIGNORS[assignor], every_group(Sizes(members=3, topics=2, partitions=4)))
    assert described(uneven) == described(found.uneven[0].group)
    assert restless == described(found.restless[0].group)

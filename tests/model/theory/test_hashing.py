"""Adding a node moves keys only to it, removing one moves only its keys; bounded loads promise less, and keep that."""

from __future__ import annotations

from itertools import islice, pairwise, permutations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.theory.hashing import (
    bounded_loads,
    capacity_of,
    jump,
    last_below,
    leaps,
    owner_on_ring,
    probes,
    rendezvous,
    with_node,
    without_node,
)

HASHES = st.integers(0, 9)
"""Few, so that some are equal."""


@given(st.lists(HASHES, min_size=2, max_size=6))
@settings(max_examples=25, deadline=None)
def test_rendezvous_moves_keys_only_to_the_new_node(scores: list[int]) -> None:
    scored = [(score, node) for node, score in enumerate(scores)]
    assert rendezvous(scored) in (rendezvous(scored[:-1]), len(scores) - 1)
    assert {rendezvous(order) for order in permutations(scored)} == {rendezvous(scored)}


@given(st.lists(st.lists(HASHES, min_size=1, max_size=3), min_size=2, max_size=4), HASHES)
@settings(max_examples=25, deadline=None)
def test_a_ring_moves_keys_only_to_the_new_node_and_back(points: list[list[int]], key: int) -> None:
    ring: list[tuple[int, int]] = []
    for node, positions in enumerate(points[:-1]):
        ring = with_node(ring, node, positions)
    newest = len(points) - 1
    grown = with_node(ring, newest, points[-1])
    assert owner_on_ring(grown, key) in (owner_on_ring(ring, key), newest)
    assert without_node(grown, newest) == ring


@pytest.mark.parametrize(("position", "owner"), [(0, 7), (10, 7), (11, 8), (20, 8), (21, 9), (30, 9), (31, 7)])
def test_a_key_belongs_to_the_first_point_from_its_position_on(position: int, owner: int) -> None:
    ring = with_node(with_node(with_node([], 8, [20]), 9, [30, 20]), 7, [10])
    assert ring == [(10, 7), (20, 8), (20, 9), (30, 9)]
    assert owner_on_ring(ring, position) == owner == probes(ring, position)[0]


GUAVA_100 = (0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83)
GUAVA = {
    (10863919174838991, 11): 6,
    (2016238256797177309, 11): 3,
    (1673758223894951030, 11): 5,
    (2, 100001): 80343,
    (2201, 100001): 22152,
    (2202, 100001): 15018,
}
"""HashingTest.testConsistentHash_linearCongruentialGeneratorCompatibility of Guava: keys, buckets and bucket."""


def test_jump_is_that_of_other_languages() -> None:
    assert tuple(jump(key, 100) for key in range(20)) == GUAVA_100
    assert {(key, buckets): jump(key, buckets) for key, buckets in GUAVA} == GUAVA


@given(st.integers(0, (1 << 64) - 1), st.integers(1, 3000))
@settings(max_examples=25, deadline=None)
def test_jump_moves_keys_only_to_the_new_bucket(key: int, buckets: int) -> None:
    assert jump(key, buckets + 1) in (jump(key, buckets), buckets)


@given(st.integers(0, (1 << 64) - 1))
@settings(max_examples=25, deadline=None)
def test_leaps_increase(key: int) -> None:
    first = list(islice(leaps(key), 20))
    assert first[0] == 0
    assert all(a < b for a, b in pairwise(first))


def test_the_last_leap_below_the_number_of_buckets_counts() -> None:
    assert [last_below(iter([0, 2, 5, 9]), n) for n in range(1, 8)] == [0, 0, 2, 2, 2, 5, 5]


# -------------------------------------------------------------------------------------------------------- bounded loads


@pytest.mark.parametrize(
    ("keys", "nodes", "percent_over", "expected"), [(10, 5, 0, 2), (10, 5, 25, 3), (10, 4, 0, 3), (1, 9, 10, 1)]
)
def test_capacity_is_rounded_up(keys: int, nodes: int, percent_over: int, expected: int) -> None:
    assert expected == capacity_of(keys, nodes, percent_over)


def around(nodes: int, home: int, *, newest: int | None = None) -> list[int]:
    """The nodes from a key's home on, around the ring; without the newest, if one is named."""
    return [node for k in range(nodes) if (node := (home + k) % nodes) != newest]


def test_bounded_loads_may_move_keys_between_old_nodes() -> None:
    # Nodes 0 and 1 take two keys each; with 2 come, one each is enough: 0's second key goes on to 1, 1's on to 2.
    homes = (0, 0, 1)
    before = bounded_loads([around(3, home, newest=2) for home in homes], capacity_of(3, 2, 0))
    after = bounded_loads([around(3, home) for home in homes], capacity_of(3, 3, 0))
    assert (before, after) == ([0, 0, 1], [0, 1, 2])
    # Nor is it otherwise at the same capacity: 2 takes a key from 0, and that makes room for the one that 0 sent to 1.
    homes = (2, 0)
    before = bounded_loads([around(3, home, newest=2) for home in homes], 1)
    after = bounded_loads([around(3, home) for home in homes], 1)
    assert (before, after) == ([0, 1], [2, 0])


@pytest.mark.parametrize("capacity", [1, 2])
def test_at_the_same_capacity_no_key_goes_further_from_home(capacity: int) -> None:
    moved_between_old = 0
    for newest, homes in product(range(3), product(range(3), repeat=2 * capacity)):
        before = bounded_loads([around(3, home, newest=newest) for home in homes], capacity)
        after = bounded_loads([around(3, home) for home in homes], capacity)
        for home, old, new in zip(homes, before, after, strict=True):
            assert (new - home) % 3 <= (old - home) % 3
            moved_between_old += new not in (old, newest)
    assert moved_between_old > 0


def test_no_room_is_an_error_of_the_caller() -> None:
    with pytest.raises(AssertionError, match="no node has room"):
        bounded_loads([[0], [0]], 1)

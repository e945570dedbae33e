"""Consistent hashing: rings with virtual nodes, bounded loads, jump, rendezvous.

What they promise is monotonicity: when a node comes, keys move only to it; when it goes, only its keys move. The
functions take hash values, never keys, so that they can be run on any values, symbolic ones included. A hash function
is whatever the caller has.

Source: Karger et al., Consistent Hashing and Random Trees (1997); Thaler and Ravishankar, Using Name-Based Mappings to
Increase Hit Rates (1998); Lamping and Veach, A Fast, Minimal Memory, Consistent Hash Algorithm (2014); Mirrokni, Thorup
and Zadimoghaddam, Consistent Hashing with Bounded Loads (2018).
Left out: weights of nodes other than by the number of their points; keys that leave again under bounded loads.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from math import floor

# ---------------------------------------------------------------------------------------------------------- rendezvous

Scored = tuple[int, int]
"""The hash of a key with a node, and the node."""


def rendezvous(scores: Sequence[Scored]) -> int:
    """The node of the highest score; of two such nodes the higher one. Takes as many steps as there are nodes."""
    best = scores[0]
    for scored in scores[1:]:
        best = higher(best, scored)
    return best[1]


def higher(left: Scored, right: Scored) -> Scored:
    """The higher of two scores: a choice that neither order nor grouping changes, for any number of nodes."""
    if left[0] != right[0]:
        return left if left[0] > right[0] else right
    return left if left[1] > right[1] else right


# ---------------------------------------------------------------------------------------------------------------- rings

Point = tuple[int, int]
"""A position on the ring and the node that it belongs to."""


def with_node(ring: Sequence[Point], node: int, positions: Sequence[int]) -> list[Point]:
    """The ring with the points of one more node. A ring is sorted; of equal positions the lower node comes first."""
    points = list(ring)
    for position in positions:
        insort(points, (position, node))
    return points


def without_node(ring: Sequence[Point], node: int) -> list[Point]:
    """The ring without a node's points."""
    return [point for point in ring if point[1] != node]


def owner_on_ring(ring: Sequence[Point], position: int) -> int:
    """The node of the first point at a key's position or after it, around the end. Takes a binary search."""
    return ring[first_point(ring, position) % len(ring)][1]


def first_point(ring: Sequence[Point], position: int) -> int:
    """The index of the first point at a position or after it; the ring's length past the last."""
    return bisect_left(ring, position, key=lambda point: point[0])


def probes(ring: Sequence[Point], position: int) -> list[int]:
    """All nodes in the order in which a key at a position comes to them, around the ring."""
    start = first_point(ring, position)
    return list(dict.fromkeys(ring[(start + k) % len(ring)][1] for k in range(len(ring))))


# -------------------------------------------------------------------------------------------------------- bounded loads


def capacity_of(keys: int, nodes: int, percent_over: int) -> int:
    """How many keys a node may have: the average and `percent_over` percent more, rounded up."""
    return -(-keys * (100 + percent_over) // (nodes * 100))


def first_with_room(probed: Sequence[int], loads: Sequence[int], capacity: int) -> int:
    """The first node, in the order of the key's probes, that has room. Asserts that there is one."""
    for node in probed:
        if loads[node] < capacity:
            return node
    raise AssertionError("no node has room: capacity times nodes must be at least the number of keys")


def bounded_loads(probed_by_key: Sequence[Sequence[int]], capacity: int) -> list[int]:
    """The node of every key, the keys taken in order: each goes to the first node that it probes and that has room."""
    loads = [0] * (1 + max((node for probed in probed_by_key for node in probed), default=0))
    owners = []
    for probed in probed_by_key:
        node = first_with_room(probed, loads, capacity)
        loads[node] += 1
        owners.append(node)
    return owners


# ----------------------------------------------------------------------------------------------------------------- jump

WORD = 1 << 64
MULTIPLIER = 2862933555777941757
"""Of the linear congruential generator that Lamping and Veach use."""
DRAWS = 1 << 31
"""How many numbers may be drawn, the upper bits of a key."""


def jump(key: int, buckets: int) -> int:
    """The bucket, 0 to `buckets` - 1, of a 64-bit key. Takes about ln(buckets) steps."""
    return last_below(leaps(key), buckets)


def leaps(key: int) -> Iterator[int]:
    """The buckets that a 64-bit key jumps to as buckets are added, from bucket 0 on, without end."""
    bucket = 0
    while True:
        yield bucket
        key = (key * MULTIPLIER + 1) % WORD
        bucket = next_leap(bucket, key // (WORD // DRAWS))


def next_leap(bucket: int, drawn: int) -> int:
    """The bucket after one, by a number drawn from 0 to 2^31 - 1; in double precision, as Lamping and Veach have it."""
    return floor((bucket + 1) * (DRAWS / (drawn + 1)))


def last_below(increasing: Iterator[int], buckets: int) -> int:
    """The last of some increasing numbers, the first being 0, that is below the number of buckets."""
    bucket = 0
    for leap in increasing:
        if leap >= buckets:
            break
        bucket = leap
    return bucket

"""How evenly each scheme of consistent hashing spreads keys, and how many it moves when a node comes: figures to plot.

Source: Karger et al. (1997) for what is expected of rings: with v points a node, the loads' standard deviation is about
1/sqrt(v) of the mean; Pearson's chi-square test; Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators
(2014), for the hash.
Left out: real keys; these are numbers in a row, hashed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.special import chdtrc

from model.theory.hashing import (
    Point,
    bounded_loads,
    capacity_of,
    jump,
    owner_on_ring,
    probes,
    rendezvous,
    with_node,
)

WORD = 1 << 64
PERCENT_OVER = 25
"""The room that bounded loads leave above the average."""
Owners = Callable[[Sequence[int], int], list[int]]
"""The node of each key, given their hashes and the number of nodes."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How a scheme spreads keys over `nodes` nodes, and what the next node takes."""

    scheme: str
    nodes: int
    keys_by_node: tuple[int, ...]
    p_value: float
    """The chance that keys thrown at nodes at random are spread as unevenly, by Pearson's chi-square test."""
    moved_to_new: int
    """Keys that move to the next node when it comes; keys / (nodes + 1) are expected."""
    moved_between_old: int
    """Keys that move, but not to it: none, unless loads are bounded."""

    @property
    def peak_to_mean(self) -> float:
        """The fullest node's keys over the average."""
        return max(self.keys_by_node) * self.nodes / sum(self.keys_by_node)


def hash_of(*parts: int) -> int:
    """A 64-bit hash of some numbers: each is added and mixed as SplitMix64 does."""
    state = 0
    for part in parts:
        state = (state + part + 1) * 0x9E3779B97F4A7C15 % WORD
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % WORD
        state = (state ^ state >> 27) * 0x94D049BB133111EB % WORD
        state ^= state >> 31
    return state


def chi_square_p_value(counts: Sequence[int]) -> float:
    """The chance of counts that are at least as uneven, were all equally likely."""
    expected = sum(counts) / len(counts)
    statistic = sum((n - expected) ** 2 / expected for n in counts)
    return float(chdtrc(len(counts) - 1, statistic))


def ring_of(nodes: int, points: int) -> list[Point]:
    """A ring of nodes with so many points each."""
    ring: list[Point] = []
    for node in range(nodes):
        ring = with_node(ring, node, [hash_of(node, k) for k in range(points)])
    return ring


def by_rendezvous(keys: Sequence[int], nodes: int) -> list[int]:
    """Owners by rendezvous hashing."""
    return [rendezvous([(hash_of(key, node), node) for node in range(nodes)]) for key in keys]


def by_jump(keys: Sequence[int], nodes: int) -> list[int]:
    """Owners by jump consistent hashing."""
    return [jump(key, nodes) for key in keys]


def by_ring(points: int) -> Owners:
    """Owners on a ring with so many points a node."""

    def owners(keys: Sequence[int], nodes: int) -> list[int]:
        ring = ring_of(nodes, points)
        return [owner_on_ring(ring, key) for key in keys]

    return owners


def by_bounded_ring(points: int) -> Owners:
    """Owners on a ring with bounded loads."""

    def owners(keys: Sequence[int], nodes: int) -> list[int]:
        ring = ring_of(nodes, points)
        return bounded_loads([probes(ring, key) for key in keys], capacity_of(len(keys), nodes, PERCENT_OVER))

    return owners


SCHEMES: dict[str, Owners] = {
    "rendezvous": by_rendezvous,
    "jump": by_jump,
    "ring, 1 point": by_ring(1),
    "ring, 64 points": by_ring(64),
    "ring, 4 points, bounded loads": by_bounded_ring(4),
}


def balance_of(scheme: str, keys: int, nodes: int) -> Balance:
    """The figures of one scheme."""
    hashes = [hash_of(key) for key in range(keys)]
    before = SCHEMES[scheme](hashes, nodes)
    after = SCHEMES[scheme](hashes, nodes + 1)
    found = Counter(before)
    counts = tuple(found[node] for node in range(nodes))
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    to_new = moved.count(nodes)
    return Balance(scheme, nodes, counts, chi_square_p_value(counts), to_new, len(moved) - to_new)


def balance_by_nodes(scheme: str, keys: int, nodes: Sequence[int]) -> list[Balance]:
    """The figures for several numbers of nodes: a curve of each of them."""
    return [balance_of(scheme, keys, n) for n in nodes]

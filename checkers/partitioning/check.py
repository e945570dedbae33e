"""Partitioning and placement as evidence: the model's own, tried at random and measured."""

from __future__ import annotations

from checkers.partitioning.trials import uneven_partitions, uneven_turns, wrong_hashes, wrong_moves, wrong_placement
from checkers.trial import TrialCheck, Tried
from model.client.partitioner import StickyBytes, murmur2, partition_of
from model.replica_placement import StripedPlacer
from model.theory.hash_balance import balance_of
from specs.evidence import Evidence

KEYS, NODES = 1000, 7
UNBOUNDED_SCHEMES = ("rendezvous", "jump", "ring, 64 points")
"""Where loads are bounded, keys do move between old nodes: see the proof `bounded_loads`."""


def keys_hash_as_kafkas() -> Tried:
    """Random keys of up to 40 bytes."""
    return Tried("2,050 random keys", wrong_hashes(murmur2, range(41), 50))


def keys_are_spread() -> Tried:
    """Numbered keys."""
    return Tried("4,000 keys over 12 partitions", uneven_partitions(partition_of, 4_000, 12))


def sticky_bytes_are_bounded() -> Tried:
    """Records without a key."""
    return Tried("4,000 records over 6 partitions", uneven_turns(StickyBytes(1000, 0), 4_000, 6))


def keys_move_only_to_the_new_node() -> Tried:
    """One node more."""
    wrong = (wrong_moves(balance_of(scheme, KEYS, NODES)) for scheme in UNBOUNDED_SCHEMES)
    return Tried(f"{KEYS:,} keys on {NODES} nodes", "; ".join(filter(None, wrong)))


def replicas_are_spread() -> Tried:
    """One rack, and three."""
    place = StripedPlacer.place
    return Tried("5 brokers, and 3 racks of 2", wrong_placement(place, 1, 5, 10) or wrong_placement(place, 3, 2, 12))


CHECKS = (
    TrialCheck("PART-1", "S", "partitioning", "keys_hash_as_kafkas", keys_hash_as_kafkas),
    TrialCheck("PART-2", "M", "partitioning", "keys_are_spread", keys_are_spread),
    TrialCheck("PART-2", "S", "partitioning", "sticky_bytes_are_bounded", sticky_bytes_are_bounded),
    TrialCheck("PART-3", "S", "partitioning", "keys_move_only_to_the_new_node", keys_move_only_to_the_new_node),
    TrialCheck("PART-4", "S", "partitioning", "replicas_are_spread", replicas_are_spread),
)


def partitioning_checks() -> tuple[TrialCheck, ...]:
    """All of them."""
    return CHECKS


def partitioning_evidence() -> tuple[Evidence, ...]:
    """What they say on guarantees."""
    return tuple(check.evidence for check in CHECKS)

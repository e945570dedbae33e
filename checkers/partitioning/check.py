"""Partitioning and placement as evidence: the model's own, tried at random and measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checkers.check import Outcome
from checkers.partitioning.trials import uneven_partitions, uneven_turns, wrong_hashes, wrong_moves, wrong_placement
from model.client.partitioner import StickyBytes, murmur2, partition_of
from model.replica_placement import StripedPlacer
from model.theory.hash_balance import balance_of
from specs.evidence import Evidence
from specs.guarantees import Kind

KEYS, NODES = 1000, 7
UNBOUNDED_SCHEMES = ("rendezvous", "jump", "ring, 64 points")
"""Where loads are bounded, keys do move between old nodes: see the proof `bounded_loads`."""


@dataclass(frozen=True, slots=True)
class PartitioningCheck:
    """A trial of the model's code, which says what is wrong, or nothing."""

    guarantee: str
    kind: Kind
    promise: str
    tried: str
    """What is tried, in a few words."""
    trial: Callable[[], str]

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""
        return f"partitioning-{self.promise}"

    @property
    def group(self) -> str:
        """All are tried by one process."""
        return "partitioning"

    @property
    def command(self) -> str:
        """The command that does the same."""
        return f"logproof verify {self.guarantee}"

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""
        return (evidence.subject, evidence.property) == ("partitioning", self.promise)

    def run(self) -> Outcome:
        """Try it."""
        wrong = self.trial()
        return Outcome(self, "violated" if wrong else "holds", f"holds for {self.tried}", wrong or None)


def keys_hash_as_kafkas() -> str:
    """Random keys of up to 40 bytes."""
    return wrong_hashes(murmur2, range(41), 50)


def keys_are_spread() -> str:
    """Numbered keys."""
    return uneven_partitions(partition_of, 4_000, 12)


def sticky_bytes_are_bounded() -> str:
    """Records without a key."""
    return uneven_turns(StickyBytes(1000, 0), 4_000, 6)


def keys_move_only_to_the_new_node() -> str:
    """One node more."""
    return "; ".join(filter(None, (wrong_moves(balance_of(scheme, KEYS, NODES)) for scheme in UNBOUNDED_SCHEMES)))


def replicas_are_spread() -> str:
    """One rack, and three."""
    return wrong_placement(StripedPlacer.place, 1, 5, 10) or wrong_placement(StripedPlacer.place, 3, 2, 12)


CHECKS = (
    PartitioningCheck("PART-1", "S", "keys_hash_as_kafkas", "2,050 random keys", keys_hash_as_kafkas),
    PartitioningCheck("PART-2", "M", "keys_are_spread", "4,000 keys over 12 partitions", keys_are_spread),
    PartitioningCheck(
        "PART-2", "S", "sticky_bytes_are_bounded", "4,000 records, 6 partitions", sticky_bytes_are_bounded
    ),
    PartitioningCheck(
        "PART-3",
        "S",
        "keys_move_only_to_the_new_node",
        f"{KEYS:,} keys on {NODES} nodes",
        keys_move_only_to_the_new_node,
    ),
    PartitioningCheck("PART-4", "S", "replicas_are_spread", "5 brokers, and 3 racks of 2", replicas_are_spread),
)


def partitioning_checks() -> tuple[PartitioningCheck, ...]:
    """All of them."""
    return CHECKS


def partitioning_evidence() -> tuple[Evidence, ...]:
    """What they say on guarantees."""
    return tuple(Evidence(check.guarantee, check.kind, "partitioning", check.promise) for check in CHECKS)

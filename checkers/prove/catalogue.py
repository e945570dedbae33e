"""All proofs by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from checkers.prove.proof import Proof
from checkers.verdict import UserError

MODULES = (
    "checkers.prove.quorums",
    "checkers.prove.replication",
    "checkers.prove.committed_offsets",
    "checkers.prove.cooperative_rebalance",
    "checkers.prove.partitioning",
    "checkers.prove.leaps",
    "checkers.prove.placement",
    "checkers.prove.assignors",
    "checkers.prove.whole_assignors",
    "checkers.prove.stickiness",
    "checkers.prove.index_search",
)
"""Each has PROOFS."""


def proofs() -> Mapping[str, Proof]:
    """Every proof, in the order in which they are shown; a module is imported when proofs are asked for."""
    found: dict[str, Proof] = {}
    for module in MODULES:
        for proof in import_module(module).PROOFS:
            assert proof.name not in found, f"two proofs are named {proof.name}"
            found[proof.name] = proof
    return found


def find_proofs(names: list[str], *, deep: bool) -> list[Proof]:
    """Those named, or all; those that are only deep if named or if `deep`. UserError for a name that is none."""
    known = proofs()
    for name in names:
        if name not in known:
            raise UserError(f"there is no proof {name!r}; there are {', '.join(known)}")
    return [proof for proof in known.values() if (proof.name in names if names else deep or not proof.deep_only)]

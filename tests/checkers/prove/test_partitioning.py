"""The proofs of partitioning stand, and each falls for what was broken on purpose, and for mutants of the code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import z3

from checkers.prove.claims import Claim, checked
from checkers.prove.partitioning import (
    PROOFS,
    bounded_step,
    jump_moves,
    placement_claims,
    rendezvous_claims,
    ring_moves,
    turn_claims,
)
from checkers.prove.proof import Proof
from checkers.prove.terms import Number, truth
from model.client.partitioner import turn_is_over
from model.replica_placement import replica_index
from model.theory.hashing import higher, last_below

X = Number(z3.Int("x"))


def named(proof: Proof) -> str:
    """Its name, for pytest."""
    return proof.name


@pytest.mark.parametrize("proof", PROOFS, ids=named)
def test_proof_stands(proof: Proof) -> None:
    result = proof.run(deep=False)
    assert (result.verdict, result.detail) == ("holds", "")
    assert result.stands


@pytest.mark.deep
@pytest.mark.parametrize("proof", PROOFS, ids=named)
def test_proof_stands_at_larger_sizes(proof: Proof) -> None:
    result = proof.run(deep=True)
    assert (result.verdict, result.detail) == ("holds", "")
    assert result.stands


# -------------------------------------------------------------------------------------------------------------- mutants


def lower(left: Any, right: Any) -> Any:  # noqa: ANN401 - unknown numbers
    return right if higher(left, right) is left else left


def always_left(left: Any, right: Any) -> Any:  # noqa: ANN401 - unknown numbers
    del right
    return left


def first_point_of_the_middle(ring: Any, key: Any) -> int:  # noqa: ANN401 - unknown numbers
    return int(ring[len(ring) // 2][1]) if ring[0][0] < key else int(ring[0][1])


def late(turn: Any, batch: Any, *, may_switch: Any) -> Any:  # noqa: ANN401 - unknown numbers
    return may_switch and turn > batch


def early(turn: Any, batch: Any, *, may_switch: Any) -> Any:  # noqa: ANN401 - unknown numbers
    return may_switch and turn_is_over(turn + 1, batch, may_switch=True)


def stuck_leader(partition: Any, number: int, brokers: int, rounds: Any) -> Any:  # noqa: ANN401 - unknown numbers
    return replica_index(partition - partition % brokers, number, brokers, rounds)


def same_distance(partition: Any, number: int, brokers: int, rounds: Any) -> Any:  # noqa: ANN401 - unknown numbers
    return replica_index(partition, 0 if number == 0 else 1, brokers, rounds)


MUTANTS = {
    "rendezvous, always the left": rendezvous_claims(always_left)[1],
    "ring, the middle": ring_moves(2, 1, first_point_of_the_middle, 2),
    "jump, by twos": jump_moves(3, lambda leaps, n: last_below(leaps, n + n % 2)),
    "bounded, only to the new node": bounded_step(2, 1, only_to_new=True),
    "turns, late": turn_claims(late)[1],
    "turns, early": turn_claims(early)[0],
    "placement, stuck leader": placement_claims(2, stuck_leader)[1],
    "placement, same distance": placement_claims(3, same_distance)[0],
}


@pytest.mark.parametrize("claim", MUTANTS.values(), ids=MUTANTS)
def test_mutant_is_caught(claim: Claim) -> None:
    assert checked(claim).verdict == "violated"


def test_the_lowest_score_would_do_as_well() -> None:
    # Monotonicity doesn't say which node wins: what tells these two apart are their results.
    assert [checked(claim).verdict for claim in rendezvous_claims(lower)] == ["holds"] * 3


# --------------------------------------------------------------------------------------------------------------- claims


def asserted(condition: object) -> bool:
    assert condition
    return True


@pytest.mark.parametrize(
    ("says", "assumed", "verdict"),
    [
        (lambda: X > 0, (truth(X > 1),), "holds"),
        (lambda: X > 1, (truth(X > 0),), "violated"),
        (lambda: X > 0 or False, (), "violated"),
        (lambda: asserted(X > 0), (truth(X > -1),), "violated"),
        (lambda: asserted(X > 0), (truth(X > 0),), "holds"),
        (lambda: True, (truth(X > 0), truth(X < 0)), "unknown"),
    ],
)
def test_a_claim_is_what_holds_of_all_numbers(
    says: Callable[[], object], assumed: tuple[z3.BoolRef, ...], verdict: str
) -> None:
    assert verdict == checked(Claim("x", says, assumed)).verdict


def test_the_proofs_name_what_they_prove() -> None:
    assert {proof.name: proof.guarantees for proof in PROOFS} == {
        "rendezvous": ("PART-3",),
        "ring": ("PART-3",),
        "jump": ("PART-3",),
        "bounded_loads": ("PART-3",),
        "sticky_turns": ("PART-2",),
        "placement": ("PART-4",),
    }

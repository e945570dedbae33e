"""The proofs of partitioning stand, and each falls for what was broken on purpose, and for mutants of the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import z3

from checkers.prove import leaps, partitioning, placement
from checkers.prove.claims import Claim, checked
from checkers.prove.leaps import jump_moves
from checkers.prove.partitioning import bounded_step, rendezvous_claims, ring_moves, turn_claims, turns_by
from checkers.prove.placement import index_claims
from checkers.prove.proof import Proof
from checkers.prove.replaced import replaced
from checkers.prove.terms import Number, truth
from model.client.partitioner import turn_is_over
from model.replica_placement import replica_index
from model.theory.hashing import higher, last_below

PROOFS = (*partitioning.PROOFS, *leaps.PROOFS, *placement.PROOFS)
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
    "turns, late": turns_by(late, turn_claims()[1]),
    "turns, early": turns_by(early, turn_claims()[0]),
    "placement, stuck leader": index_claims(2, stuck_leader)[1],
    "placement, same distance": index_claims(3, same_distance)[0],
}


@pytest.mark.parametrize("claim", MUTANTS.values(), ids=MUTANTS)
def test_mutant_is_caught(claim: Claim) -> None:
    assert checked(claim).verdict == "violated"


def test_the_lowest_score_would_do_as_well() -> None:
    # Monotonicity doesn't say which node wins: what tells these two apart are their results.
    assert [checked(claim).verdict for claim in rendezvous_claims(lower)] == ["holds"] * 3


# ------------------------------------------------------------------------------------------------------------- nonsense


def up_and_down(key: Any) -> Iterator[Any]:  # noqa: ANN401 - an unknown number
    bucket = 0
    while True:
        yield bucket
        bucket = bucket + 2 if key % 2 else bucket - 1


HASHING, PARTITIONER, PLACEMENT = "model.theory.hashing.", "model.client.partitioner.", "model.replica_placement."
MODULES = (HASHING, PARTITIONER, PLACEMENT)
NONSENSE: list[tuple[str, str, Callable[..., Any]]] = [
    ("rendezvous", HASHING + "higher", lambda left, _right: left),
    ("rendezvous", HASHING + "rendezvous", lambda scores: scores[0][1]),
    ("ring", HASHING + "owner_on_ring", lambda ring, _key: ring[0][1]),
    ("ring", HASHING + "with_node", lambda ring, _node, _positions: ring[::-1]),
    ("jump", HASHING + "next_leap", lambda bucket, _drawn: bucket),
    ("jump", HASHING + "leaps", up_and_down),
    ("jump", HASHING + "last_below", lambda _leaps, _buckets: 0),
    ("jump", HASHING + "jump", lambda _key, buckets: buckets // 2),
    ("bounded_loads", HASHING + "first_with_room", lambda probed, _loads, _capacity: probed[0]),
    ("bounded_loads", HASHING + "bounded_loads", lambda probed, _capacity: [0] * len(probed)),
    ("sticky_turns", PARTITIONER + "StickyBytes.after_append", lambda sticky, *_, **_named: sticky),
    ("placement", PLACEMENT + "replica_index", lambda partition, _number, brokers, _rounds: partition % brokers),
    ("placement", PLACEMENT + "placed_in_rounds", lambda brokers, n, factor, _rounds: [[brokers[0]] * factor] * n),
    ("placement_over_racks", PLACEMENT + "alternated", lambda racks: [0] * len(racks)),
    ("placement_over_racks", PLACEMENT + "placed_over_racks_once", lambda brokers, _racks, n, _at: brokers[:1] * n),
    ("placement_over_racks", PLACEMENT + "placed_over_racks", lambda racks, n, factor, _: [list(racks)[:factor]] * n),
    ("placement_striped", PLACEMENT + "StripedPlacer.place", lambda _placer, factor: [0] * factor),
]
"""A proof, what its statement names, and nonsense in the place of that."""


@pytest.mark.parametrize(("name", "place", "nonsense"), NONSENSE, ids=lambda v: v if isinstance(v, str) else "")
def test_nonsense_in_place_of_what_a_statement_names_breaks_the_proof(
    name: str, place: str, nonsense: Callable[..., Any]
) -> None:
    (proof,) = (proof for proof in PROOFS if proof.name == name)
    with replaced(place, nonsense):
        assert "violated" == proof.run(deep=False).verdict


def test_nonsense_is_tried_for_everything_that_a_statement_names() -> None:
    named = {(proof.name, name) for proof in PROOFS for name in re.findall("`(.+?)`", proof.statement)}
    assert named == {
        (name, place.partition(module)[2]) for name, place, _ in NONSENSE for module in MODULES if module in place
    }


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
        "bounded_loads": ("PART-3",),
        "sticky_turns": ("PART-2",),
        "jump": ("PART-3",),
        "placement": ("PART-4",),
        "placement_over_racks": ("PART-4",),
        "placement_striped": ("PART-4",),
    }

"""The proofs of quorums."""

from __future__ import annotations

import pytest
import z3

from checkers.prove.proof import Proof
from checkers.prove.quorums import (
    BOTH,
    COUNT,
    FIRST,
    PROOFS,
    SECOND,
    VOTERS,
    Election,
    answers,
    election_questions,
    is_majority,
    quorums_by_count,
    share_a_voter,
)


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_it_holds_for_any_number_of_voters_and_fails_where_it_must(proof: Proof) -> None:
    proved = proof.run(deep=False)
    assert "holds" == proved.verdict
    assert proved.stands
    assert all(control.detail for control in proved.controls)


def test_one_question_leads_from_counting_to_what_the_election_assumes() -> None:
    names = [name for name, _ in election_questions(is_majority, Election())]
    assert ["counted at first", "counted with one voter more", "any two quorums share a voter"] == names[:3]
    (assumed,) = Election().axioms()
    assert quorums_by_count(is_majority).arg(1).eq(assumed)


def test_counting_must_lead_to_voters() -> None:
    """Without the second half of what is counted, nothing follows of voters."""
    large = z3.And(VOTERS >= 1, *(is_majority(COUNT(quorum, VOTERS), VOTERS) for quorum in (FIRST, SECOND)))
    overlap = COUNT(FIRST, VOTERS) + COUNT(SECOND, VOTERS) <= VOTERS + BOTH(FIRST, SECOND, VOTERS)
    ((_, answer),) = answers([("no voters", z3.And(large, overlap, z3.Not(share_a_voter(FIRST, SECOND))))])
    assert z3.sat == answer

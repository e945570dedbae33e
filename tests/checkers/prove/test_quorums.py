"""The proofs of quorums."""

from __future__ import annotations

import pytest

from checkers.prove.proof import Proof
from checkers.prove.quorums import PROOFS, intersection_questions, is_majority, lemmas


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_it_holds_for_any_number_of_voters_and_fails_where_it_must(proof: Proof) -> None:
    proved = proof.run(deep=False)
    assert "holds" == proved.verdict
    assert proved.stands
    assert all(control.detail for control in proved.controls)


def test_each_lemma_is_asked_at_first_and_for_one_voter_more() -> None:
    names = [name for name, _ in intersection_questions(is_majority, 0)]
    assert [f"{lemma.name} {when}" for lemma in lemmas() for when in ("at first", "kept")] == names[:-1]

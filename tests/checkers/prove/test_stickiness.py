"""The proof that sticky assignment moves no more than it must falls for rooms that are too large or too small."""

from __future__ import annotations

import pytest

from checkers.prove.claims import checked
from checkers.prove.stickiness import PROOFS, Room, bound_claims, keeping_claims, room_for_all, room_without_one_more
from model.group.sticky_equal import room_for


def test_proof_stands() -> None:
    proved = PROOFS[0].run(deep=False)
    assert ("holds", "", True) == (proved.verdict, proved.detail, proved.stands)


@pytest.mark.parametrize("room", [room_without_one_more, room_for_all])
def test_another_room_breaks_the_step(room: Room) -> None:
    assert ["holds", "violated"] == [checked(claim).verdict for claim in keeping_claims(room)]


def test_each_claim_asks_something() -> None:
    assert all(checked(claim).obligations > 0 for claim in (*keeping_claims(room_for), *bound_claims()))

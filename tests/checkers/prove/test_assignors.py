"""The assignors' code on symbolic values: proofs hold, and each broken version fails where it must."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from checkers.prove.assignors import (
    PROOFS,
    range_for_any_size,
    range_of_few_members,
    range_one_too_early,
    range_one_too_few,
    ranges_as_they_come,
    round_robin_for_any_size,
    round_robin_of_few_members,
    turn_after_next,
    turn_without_regard,
)
from checkers.prove.claims import Claim, checked
from checkers.prove.proof import Proof
from model.group.assignment import Member
from model.group.range import range_share, topic_ranges
from model.group.round_robin import next_turn


def ranges_one_short(subscribers: Sequence[Member], partitions: Any) -> list[tuple[Member, Any, Any]]:  # noqa: ANN401
    """The last partition of each subscriber is lost."""
    return [(m, first, count - 1) for m, first, count in topic_ranges(subscribers, partitions)]


def ranges_doubled(subscribers: Sequence[Member], partitions: Any) -> list[tuple[Member, Any, Any]]:  # noqa: ANN401
    """Every subscriber gets one partition more than its share."""
    return [(m, first, count + 1) for m, first, count in topic_ranges(subscribers, partitions)]


@pytest.mark.parametrize(
    "claim",
    [
        *range_for_any_size(range_share).values(),
        *round_robin_for_any_size(next_turn).values(),
        range_of_few_members(topic_ranges, 3, ("a",)),
        round_robin_of_few_members(next_turn, 4),
    ],
    ids=lambda claim: claim.name,
)
def test_claim_holds(claim: Claim) -> None:
    assert "holds" == checked(claim).verdict


@pytest.mark.parametrize(
    "claim",
    [
        range_for_any_size(range_one_too_early)["no partition has two owners"],
        range_for_any_size(range_one_too_early)["the next begins where one ends"],
        range_for_any_size(range_one_too_few)["the last ends with the last partition"],
        round_robin_for_any_size(turn_after_next)["the first turn is that of the first"],
        round_robin_for_any_size(turn_after_next)["each takes its turn"],
        round_robin_for_any_size(turn_after_next)["loads stay the quota, and one more for those before"],
        range_of_few_members(ranges_as_they_come, 2, ("a",)),
        range_of_few_members(ranges_one_short, 2, ("a",)),
        range_of_few_members(ranges_doubled, 2, ("a",)),
        round_robin_of_few_members(turn_without_regard, 3),
        round_robin_of_few_members(turn_after_next, 3),
    ],
    ids=lambda claim: claim.name,
)
def test_claim_about_broken_code_is_violated(claim: Claim) -> None:
    assert "violated" == checked(claim).verdict


def test_range_of_three_members_takes_a_path_for_each_subscription_order_and_remainder() -> None:
    found = checked(range_of_few_members(topic_ranges, 3, ("a",)))
    assert (34, 34) == (found.paths, found.obligations)


@pytest.mark.deep
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_every_proof_stands_with_its_negative_controls(proof: Proof, *, deep: bool) -> None:
    found = proof.run(deep=deep)
    assert found.stands, found

"""Whole assignors are proved on every path, and whatever replaces a part of one, or all of it, makes the proof fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkers.assignments.exhaustive import PROMISES, try_all
from checkers.prove.broken_assignors import MUTANTS, Mutant
from checkers.prove.claims import checked
from checkers.prove.groups import Former, Unknown
from checkers.prove.proof import Proof
from checkers.prove.replaced import replaced
from checkers.prove.whole_assignors import PARTS, PROOFS, Part, broken_claim
from model.group import assignors, sticky
from model.group import range as ranges
from model.group.assignment import Assignment, Group, Member, Topic, TopicPartition
from model.group.assignors import ASSIGNORS

SMALL = Part(Unknown(2, (2,), Former.ONE))


def nothing_to_anyone(group: Group) -> Assignment:
    return Assignment.of({member.id: () for member in group.members})


def everything_to_everyone(group: Group) -> Assignment:
    everything = [p for topic in group.topics for p in topic.each_partition()]
    return Assignment.of({member.id: everything for member in group.members})


def everything_to_the_first(group: Group) -> Assignment:
    everything = [p for topic in group.subscribed_topics() for p in topic.each_partition()]
    return Assignment.of({member.id: everything if i == 0 else () for i, member in enumerate(group.members)})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_assignor_is_caught_by_its_proof(mutant: Mutant) -> None:
    assert "violated" == checked(broken_claim(mutant)).verdict


def test_every_assignor_has_mutants_as_controls() -> None:
    assert set(ASSIGNORS) == {mutant.assignor for mutant in MUTANTS} == set(PARTS)


@pytest.mark.parametrize("assignor", ASSIGNORS)
@pytest.mark.parametrize("nonsense", [nothing_to_anyone, everything_to_everyone, everything_to_the_first])
def test_nonsense_in_place_of_an_assignor_breaks_its_proof(
    assignor: str, nonsense: Callable[[Group], Assignment], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "holds" == checked(SMALL.claim(assignor)).verdict
    monkeypatch.setattr(assignors, "ASSIGNORS", {assignor: nonsense})
    assert "violated" == checked(SMALL.claim(assignor)).verdict


def keeps_nobody(*_arguments: Any) -> Any:  # noqa: ANN401 - what some method returns
    """Nonsense that returns nothing."""


@pytest.mark.parametrize(
    ("place", "instead", "assignor", "size"),
    [
        ("model.group.range.assign_without_racks", nothing_to_anyone, "range", (1,)),
        ("model.group.range.topic_ranges", lambda _members, _partitions: [], "server-range", (1,)),
        ("model.group.sticky.EqualSubscriptions.assign", lambda run: dict(run.claims.owned), "sticky", (1,)),
        ("model.group.sticky.GeneralSubscriptions.place", keeps_nobody, "sticky", (1, 1)),
        ("model.group.sticky.moving", lambda _members, _target: set(), "cooperative-sticky", (2, 1)),
        ("model.group.uniform.assign_same_subscriptions", lambda _group, _topics: {}, "server-uniform", (1,)),
        ("model.group.uniform_mixed.MixedSubscriptions.place", keeps_nobody, "server-uniform", (1, 1)),
    ],
)
def test_nonsense_in_place_of_a_part_breaks_the_proof(
    place: str, instead: Callable[..., Any], assignor: str, size: tuple[int, ...]
) -> None:
    claim = Part(Unknown(2, size, Former.ONE)).claim(assignor)
    with replaced(place, instead):
        assert "violated" == checked(claim).verdict


def test_what_was_planted_is_gone_afterwards() -> None:
    share, keep = ranges.range_share, sticky.EqualSubscriptions.keep
    for mutant in MUTANTS:
        with pytest.raises(ZeroDivisionError), replaced(mutant.place, mutant.instead):
            assert 1 // 0
    assert (share, keep) == (ranges.range_share, sticky.EqualSubscriptions.keep)


@pytest.mark.parametrize(
    ("assignor", "unknown", "paths"),
    [
        ("range", Unknown(3, (2, 1), Former.ANY, idle=True), 2**6),
        ("roundrobin", Unknown(2, (1, 1), instances=True), 3**2 * 2**2),
        ("sticky", Unknown(2, (1, 1), Former.ONE), 3**2 * 3**2),
        ("sticky", Unknown(2, (1,), Former.ANY), 2**2 * 6),
        ("server-uniform", Unknown(2, (1,), Former.ONE, idle=True), 2**2 * 3),
        ("range", Unknown(2, (1,), racks=True), 3 * 3**2),
    ],
)
def test_there_is_a_path_for_each_group_that_an_assignor_tells_apart(
    assignor: str, unknown: Unknown, paths: int
) -> None:
    found = checked(Part(unknown).claim(assignor))
    assert ("holds", paths) == (found.verdict, found.paths)


@pytest.mark.deep
@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.name)
def test_every_proof_stands_at_larger_sizes(proof: Proof) -> None:
    found = proof.run(deep=True)
    assert found.stands, found


# ------------------------------------------------------------------------- what Apache Kafka's algorithms don't promise


def claiming(name: str, topics: tuple[str, ...], generation: int, *owned: tuple[str, int]) -> Member:
    """A member with claims."""
    return Member(name, topics, tuple(TopicPartition(*p) for p in owned), generation)


def test_cooperative_gives_at_once_what_a_member_claimed_before_another_owned_it() -> None:
    """Apache Kafka 4.0.0 does, too: what a member says that it owns counts as not gained, of whatever generation."""
    members = (
        claiming("a", ("t0", "t1"), 2, ("t0", 0), ("t1", 0)),
        claiming("b", ("t0",), 1, ("t0", 0)),
    )
    group = Group(members, (Topic("t0", 1), Topic("t1", 1)))
    found = try_all(ASSIGNORS["cooperative-sticky"], PROMISES["cooperative-sticky"], [group]).broken
    assert found is not None
    assert ("ASSIGN-5", "t0-0 goes to b, while a has not given it up") == (found.promise, found.what)


def test_sticky_goes_by_the_order_of_three_who_claim_the_same() -> None:
    """Apache Kafka 4.0.0 does, too: what two of one generation dispute stays disputed when a later claim comes."""
    a, b, c = (
        claiming(name, ("t0",), generation, ("t0", 0)) for name, generation in zip("abc", (0, 1, 0), strict=True)
    )
    topics = (Topic("t0", 1),)
    owners = [ASSIGNORS["sticky"](Group(order, topics)).owners() for order in ((a, b, c), (a, c, b))]
    assert [{TopicPartition("t0", 0): ("b",)}, {TopicPartition("t0", 0): ("a",)}] == owners

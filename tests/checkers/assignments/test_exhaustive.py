"""Every small group keeps what its assignor promises, and every broken assignor is caught."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from checkers.assignments.check import AssignorCheck
from checkers.assignments.exhaustive import PROMISES, described, try_all
from checkers.assignments.groups import (
    LETTERS,
    Sizes,
    every_group,
    groups_with_claims,
    groups_without_owners,
    members_of,
)
from checkers.prove.broken_assignors import MUTANTS, Mutant
from model.group.assignment import Group, Member, Topic, TopicPartition
from model.group.assignors import ASSIGNORS
from model.group.sticky import assign_sticky
from tests.checkers.assignments.mutants import breaks

SMALL = Sizes(members=2, topics=2, partitions=3)


@st.composite
def groups(draw: st.DrawFn) -> Group:
    """Some group of up to 4 members and 3 topics, of any former owners or of those that sticky would have chosen."""
    members = draw(st.integers(1, 4))
    topics = tuple(Topic(f"t{i}", draw(st.integers(1, 4)), uuid=i) for i in range(draw(st.integers(1, 3))))
    names = [topic.name for topic in topics]
    same = draw(st.booleans())
    wishes = st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple)
    first = draw(wishes)
    wanted = [first if same else draw(wishes) for _ in range(members)]
    partitions = [p for topic in topics for p in topic.each_partition()]
    owners = draw(st.lists(st.integers(-1, members - 1), min_size=len(partitions), max_size=len(partitions)))
    group = Group(tuple(members_of(wanted, owners, partitions)), topics)
    if draw(st.booleans()):
        owned = assign_sticky(group).by_member()
        group = replace(group, members=tuple(replace(m, owned=owned[m.id]) for m in group.members))
    return group


@pytest.mark.parametrize("assignor", ASSIGNORS)
def test_every_small_group_keeps_every_promise(assignor: str) -> None:
    tried = try_all(ASSIGNORS[assignor], PROMISES[assignor], every_group(SMALL))
    assert (413, None) == (tried.groups, tried.broken)


@pytest.mark.parametrize(("assignor", "equal", "groups"), [("sticky", False, 2462), ("cooperative-sticky", True, 1022)])
def test_every_small_group_with_claims_keeps_every_promise(assignor: str, *, equal: bool, groups: int) -> None:
    tried = try_all(ASSIGNORS[assignor], PROMISES[assignor], groups_with_claims(SMALL, equal=equal))
    assert (groups, None) == (tried.groups, tried.broken)


def test_cooperative_gives_what_one_claims_as_of_any_generation_where_subscriptions_differ() -> None:
    """Apache Kafka 4.0.0 does, too; see `checkers.prove.whole_assignors`."""
    promise = {"ASSIGN-5": PROMISES["cooperative-sticky"]["ASSIGN-5"]}
    tried = try_all(ASSIGNORS["cooperative-sticky"], promise, groups_with_claims(SMALL, equal=False))
    assert "ASSIGN-5: t0-0 goes to a, while b has not given it up (t0:1 t1:1; a wants t0 t0-0; b wants t1 t0-0)" == str(
        tried.broken
    )


def test_a_check_says_which_groups_were_tried() -> None:
    assert (
        "holds for all 2,064 groups of up to 2 members, 2 topics, 4 partitions, owned by one each at most; "
        "and for 1,022 of equal subscriptions of up to 2 members, 2 topics, 3 partitions with any claims of 2 "
        "generations; without racks and static members"
    ) == AssignorCheck("cooperative-sticky").run().says


@pytest.mark.deep
@pytest.mark.parametrize("assignor", ASSIGNORS)
def test_every_group_of_three_members_keeps_every_promise(assignor: str) -> None:
    tried = try_all(ASSIGNORS[assignor], PROMISES[assignor], every_group(Sizes(members=3, topics=2, partitions=4)))
    assert (18388, None) == (tried.groups, tried.broken)


@pytest.mark.deep
@pytest.mark.parametrize("assignor", ["range", "roundrobin", "server-range"])
def test_every_group_of_four_members_and_six_partitions_keeps_every_promise(assignor: str) -> None:
    sizes = Sizes(members=4, topics=2, partitions=6)
    tried = try_all(ASSIGNORS[assignor], PROMISES[assignor], groups_without_owners(sizes))
    assert (1104, None) == (tried.groups, tried.broken)


@pytest.mark.parametrize("assignor", ASSIGNORS)
@settings(max_examples=25, derandomize=True, database=None, deadline=None)
@given(group=groups())
def test_any_group_keeps_every_promise(assignor: str, group: Group) -> None:
    tried = try_all(ASSIGNORS[assignor], PROMISES[assignor], [group])
    assert tried.broken is None, str(tried.broken)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_assignor_is_caught_by_some_small_group(mutant: Mutant) -> None:
    assert any(breaks(mutant, group) for group in every_group(Sizes(members=3, topics=2, partitions=4)))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_broken_assignor_is_caught_by_hypothesis(mutant: Mutant) -> None:
    quick = settings(max_examples=500, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    find(groups(), lambda group: breaks(mutant, group), settings=quick)


def test_uniform_moves_an_odd_partition_to_the_first_member() -> None:
    """KIP-848's quota goes by position: the smallest group in which a partition moves for nothing."""
    promise = {"ASSIGN-3": PROMISES["sticky"]["ASSIGN-3"]}
    tried = try_all(ASSIGNORS["server-uniform"], promise, every_group(SMALL))
    assert "ASSIGN-3: 1 partitions move, 0 must (t0:1; a wants t0; b wants t0 t0-0)" == str(tried.broken)


def test_uniform_goes_by_the_order_of_the_members() -> None:
    promise = {"ASSIGN-4": PROMISES["sticky"]["ASSIGN-4"]}
    tried = try_all(ASSIGNORS["server-uniform"], promise, every_group(SMALL))
    assert "ASSIGN-4: a=t0-0 b=none, or a=none b=t0-0 if ['b', 'a'] come so (t0:1; a wants t0; b wants t0)" == str(
        tried.broken
    )


STALE = Group(
    (
        Member("a", ("t0",), (TopicPartition("t1", 1),), generation=1),
        Member("b", ("t0", "t1"), (TopicPartition("t0", 0),), generation=1),
        Member("c", ("t0", "t1"), (), generation=2),
    ),
    (Topic("t0", 1), Topic("t1", 2)),
)


@pytest.mark.parametrize("assignor", ["sticky", "cooperative-sticky"])
def test_sticky_gives_back_to_an_owner_of_an_earlier_generation_what_it_no_longer_wants(assignor: str) -> None:
    """Apache Kafka 4.0.0 does, too: former owners of older generations are not asked what they subscribe to."""
    tried = try_all(ASSIGNORS[assignor], {"ASSIGN-1": PROMISES[assignor]["ASSIGN-1"]}, [STALE])
    assert tried.broken is not None
    assert "a owns t1-1, which it doesn't subscribe to" == tried.broken.what


@pytest.mark.parametrize("assignor", ["sticky", "cooperative-sticky"])
def test_sticky_takes_leading_members_without_topics_for_subscribers_of_everything(assignor: str) -> None:
    """Apache Kafka 4.0.0 does, too: subscriptions are compared with the first that is not empty."""
    nobody, somebody = Member("a", ()), Member("b", ("t0",))
    tried = try_all(ASSIGNORS[assignor], PROMISES[assignor], [Group((nobody, somebody), (Topic("t0", 1),))])
    assert tried.broken is not None
    assert "a owns t0-0, which it doesn't subscribe to" == tried.broken.what


def test_a_group_is_described_on_one_line() -> None:
    assert "t0:1 t1:2; a wants t0 t1-1; b wants t0,t1 t0-0; c wants t0,t1" == described(STALE)


def test_members_have_letters_for_names_in_hash_order() -> None:
    assert LETTERS == "".join(sorted(LETTERS))

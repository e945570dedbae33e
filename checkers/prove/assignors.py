"""Proofs about parts of range and round robin, run on symbolic values, for any number of partitions.

With any number of members the claims are the steps of an induction over members or over partitions. With few members
they are about whole topics, whichever of the members subscribe and in whatever order they come. The assignors as a
whole are run in `checkers.prove.whole_assignors`, for known numbers of members and partitions.

Source: ASSIGN-1, ASSIGN-2 and ASSIGN-4 of `specs.guarantees`; `model.group`.
Left out: what range and round robin do around these parts; static members, who are sorted by the same comparison of
names. Of the sticky assignors, what they keep is in `checkers.prove.stickiness`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import z3

from checkers.prove.claims import Claim, all_of, any_of, negation, numbers, proved, unknown_truth
from checkers.prove.proof import Proof, Proved
from checkers.prove.terms import Number, Truth
from model.group.assignment import Member
from model.group.range import range_share, topic_ranges
from model.group.round_robin import next_turn

Share = Callable[[Any, Any, Any], tuple[Any, Any]]
Turn = Callable[[Any, Any, Any], Any]
Ranges = Callable[[Sequence[Member], Any], Sequence[tuple[Member, Any, Any]]]

FEW = 4
"""Members of the groups that are run as a whole."""


# ------------------------------------------------------------------------------------ range, for any number of members

DIVISOR, QUOTIENT, REMAINDER = z3.Ints("members quota longer")
WHOLE = QUOTIENT * DIVISOR + REMAINDER
"""What is to be divided, written as what division must give, so that Z3 need not divide by an unknown."""
IN_RANGE = (DIVISOR >= 1, QUOTIENT >= 0, REMAINDER >= 0, REMAINDER < DIVISOR)
DIVIDED = (*IN_RANGE, WHOLE / DIVISOR == QUOTIENT, WHOLE % DIVISOR == REMAINDER)
"""With what the claim `division_gives_back` says."""


def division_gives_back() -> Truth:
    """Quotient and remainder are those of the number that is made of them."""
    whole, divisor = Number(WHOLE), Number(DIVISOR)
    return all_of([whole // divisor == Number(QUOTIENT), whole % divisor == Number(REMAINDER)])


def range_for_any_size(share: Share) -> dict[str, Claim]:
    """The stretches of all positions follow one another from the first partition to the last, and differ by one.

    So each partition has an owner, by induction over the positions; and none has two.
    """
    members, partitions, quota = Number(DIVISOR), Number(WHOLE), Number(QUOTIENT)
    here, there, partition = (Number(term) for term in z3.Ints("here there partition"))
    inside = (*DIVIDED, here.term >= 0, here.term < DIVISOR)
    apart = (*inside, there.term > here.term, there.term < DIVISOR)

    def end(position: Number) -> Any:  # noqa: ANN401 - a symbolic value
        first, count = share(members, partitions, position)
        return first + count

    def begin(position: Number) -> Any:  # noqa: ANN401 - a symbolic value
        return share(members, partitions, position)[0]

    def quota_or_one_more() -> Truth:
        count = share(members, partitions, here)[1]
        return any_of([count == quota, count == quota + 1])

    def two_owners() -> Truth:
        return all_of([begin(here) <= partition, partition < end(here), begin(there) <= partition])

    last = (*inside, here.term == DIVISOR - 1)
    followed = (*inside, here.term + 1 < DIVISOR)
    claims = (
        Claim("division gives back what a number is made of", division_gives_back, IN_RANGE),
        Claim("the first begins with partition 0", lambda: begin(Number(z3.IntVal(0))) == 0, DIVIDED),
        Claim("nobody begins before partition 0", lambda: begin(here) >= 0, inside),
        Claim("the next begins where one ends", lambda: begin(here + 1) == end(here), followed),
        Claim("the last ends with the last partition", lambda: end(here) == partitions, last),
        Claim("everyone has the quota or one more", quota_or_one_more, inside),
        Claim("no partition has two owners", lambda: negation(two_owners()), apart),
    )
    return {claim.name: claim for claim in claims}


def range_one_too_early(members: Any, partitions: Any, position: Any) -> tuple[Any, Any]:  # noqa: ANN401 - symbolic
    """Broken on purpose: the first of the shorter stretches but one begins one partition too early."""
    first, count = range_share(members, partitions, position)
    return (first - 1, count) if position == partitions % members + 1 else (first, count)


def range_one_too_few(members: Any, partitions: Any, position: Any) -> tuple[Any, Any]:  # noqa: ANN401 - symbolic
    """Broken on purpose: what the division leaves over is lost."""
    return position * (partitions // members), partitions // members


# ------------------------------------------------------------------------------ round robin, for any number of members


class Everyone:
    """A subscription of any number of members: all of them subscribe."""

    def __getitem__(self, position: object) -> bool:
        return True


def round_robin_for_any_size(turn: Turn) -> dict[str, Claim]:
    """Where all subscribe, the n-th partition goes to position n modulo members, so loads differ by one at most.

    By induction over the partitions. After n of them, n = quota * members + longer, it is the turn of position
    `longer`, and those before it have one more than the quota; so it is again with one partition more.
    """
    members, turns, nobody = Number(DIVISOR), Number(REMAINDER), Number(z3.IntVal(0))
    position = z3.Int("position")
    inside = (*IN_RANGE, position >= 0, position < DIVISOR)

    def taken() -> Any:  # noqa: ANN401 - a symbolic value
        return turn(turns, members, Everyone())

    def load_follows() -> Truth:
        more = z3.If((taken() == Number(position)).term, 1, 0)
        around = REMAINDER + 1 == DIVISOR
        quota, longer = z3.If(around, QUOTIENT + 1, QUOTIENT), z3.If(around, 0, REMAINDER + 1)
        return Truth(load(position, QUOTIENT, REMAINDER) + more == load(position, quota, longer))

    claims = (
        Claim("the first turn is that of the first", lambda: turn(nobody, members, Everyone()) == 0, IN_RANGE),
        Claim("after the last it is the first again", lambda: turn(members, members, Everyone()) == 0, IN_RANGE),
        Claim("each takes its turn", lambda: taken() == turns, IN_RANGE),
        Claim("loads stay the quota, and one more for those before", load_follows, inside),
    )
    return {claim.name: claim for claim in claims}


def load(position: z3.ArithRef, quota: z3.ArithRef, longer: z3.ArithRef) -> z3.ArithRef:
    """What a position has after quota * members + longer partitions; two of them differ by one at most."""
    return quota + z3.If(position < longer, 1, 0)


def turn_after_next(start: Any, members: Any, subscribed: Any) -> Any:  # noqa: ANN401 - symbolic values
    """Broken on purpose: every turn passes over one member."""
    return next_turn(start + 1, members, subscribed)


# ---------------------------------------------------------------- few members, any subscriptions, any order, any sizes


class Wishes:
    """The topics of a member, each of which it may or may not subscribe to."""

    def __init__(self, of: dict[str, Truth]) -> None:
        self.of = of

    def __contains__(self, topic: str) -> bool:
        return bool(self.of[topic])


def symbolic_members(ids: Sequence[Number], topics: Sequence[str]) -> list[Member]:
    """Members of unknown subscriptions."""
    return [
        Member(
            name,  # type: ignore[arg-type]
            Wishes({t: unknown_truth(f"member {m} wants {t}") for t in topics}),  # type: ignore[arg-type]
        )
        for m, name in enumerate(ids)
    ]


def range_of_few_members(ranges: Ranges, members: int, topics: Sequence[str]) -> Claim:
    """Each topic, of any size, is as it must be, whoever subscribes to it and in whatever order."""
    ids, sizes = numbers("id", members), numbers("partitions", len(topics))
    partition = Number(z3.Int("partition"))

    def every_topic_is_right() -> Truth:
        group = symbolic_members(ids, topics)
        holds: list[Truth] = []
        for topic, size in zip(topics, sizes, strict=True):
            wanting = [member for member in group if topic in member.topics]
            if wanting:
                holds.append(topic_is_right(ranges(wanting, size), size, partition))
                holds.append(same_ranges(ranges(wanting, size), ranges(wanting[::-1], size)))
        return all_of(holds)

    distinct = z3.Distinct(*(name.term for name in ids))
    name = f"range is right for {members} members of {len(topics)} topics"
    return Claim(name, every_topic_is_right, (distinct, partition.term >= 0, *(size.term >= 0 for size in sizes)))


def topic_is_right(ranges: Sequence[tuple[Member, Any, Any]], size: Number, partition: Number) -> Truth:
    """Any partition that there is has one owner, none that there isn't has any, and shares differ by one at most."""
    owns = [(first <= partition) & (partition < first + count) for _, first, count in ranges]
    counts = [count for _, _, count in ranges]
    return all_of(
        (
            (partition < size) == any_of(owns),
            *(negation(a & b) for a, b in itertools.combinations(owns, 2)),
            *(a - b <= 1 for a, b in itertools.permutations(counts, 2)),
        )
    )


def same_ranges(some: Sequence[tuple[Member, Any, Any]], others: Sequence[tuple[Member, Any, Any]]) -> Truth:
    """Everyone has the same in both."""
    of = {id(member): (first, count) for member, first, count in others}
    return all_of((first == of[id(m)][0]) & (count == of[id(m)][1]) for m, first, count in some)


def ranges_as_they_come(subscribers: Sequence[Member], partitions: Any) -> list[tuple[Member, Any, Any]]:  # noqa: ANN401
    """Broken on purpose: the members are taken in the order in which they came."""
    return [(m, *range_share(len(subscribers), partitions, i)) for i, m in enumerate(subscribers)]


def round_robin_of_few_members(turn: Turn, members: int) -> Claim:
    """Wherever a turn begins and whoever subscribes: the owner does, and nobody who does is passed over.

    Each partition of an assignment begins where the one before left off, so this is a step of every assignment, of any
    number of topics and partitions.
    """
    wanted = [unknown_truth(f"member {m} subscribes") for m in range(members)]
    start = Number(z3.Int("start"))

    def next_subscriber() -> Truth:
        owner = turn(start, members, wanted)
        holds = [any_of((owner == m) & wanted[m] for m in range(members))]
        for m in range(members):
            passed = wanted[m] & ((m - start) % members < (owner - start) % members)
            holds.append(negation(passed))
        return all_of(holds)

    somebody = z3.Or(*(w.term for w in wanted))
    return Claim(f"the next of {members} members that subscribes", next_subscriber, (start.term >= 0, somebody))


def turn_without_regard(start: Any, members: Any, subscribed: Any) -> Any:  # noqa: ANN401, ARG001 - symbolic values
    """Broken on purpose: the next member gets the partition whether it subscribes or not."""
    return start % members


# ---------------------------------------------------------------------------------------------------------- the proofs


def range_any_size(*, deep: bool) -> Proved:  # noqa: ARG001 - there is nothing to deepen
    """See `PROOFS`."""
    early, few = range_for_any_size(range_one_too_early), range_for_any_size(range_one_too_few)
    broken = [
        ("range_one_too_early", early["no partition has two owners"]),
        ("range_one_too_few", few["the last ends with the last partition"]),
    ]
    return proved(list(range_for_any_size(range_share).values()), broken)


def round_robin_any_size(*, deep: bool) -> Proved:  # noqa: ARG001 - there is nothing to deepen
    """See `PROOFS`."""
    broken = round_robin_for_any_size(turn_after_next)["each takes its turn"]
    return proved(list(round_robin_for_any_size(next_turn).values()), [("turn_after_next", broken)])


def range_few_members(*, deep: bool) -> Proved:
    """See `PROOFS`; deep: two topics at once, as well."""
    claims = [range_of_few_members(topic_ranges, FEW, ("a",))]
    if deep:
        claims.append(range_of_few_members(topic_ranges, FEW - 1, ("a", "b")))
    return proved(claims, [("ranges_as_they_come", range_of_few_members(ranges_as_they_come, FEW - 1, ("a",)))])


def round_robin_few_members(*, deep: bool) -> Proved:
    """See `PROOFS`; deep: with two members more."""
    broken = [
        ("turn_without_regard", round_robin_of_few_members(turn_without_regard, FEW)),
        ("turn_after_next", round_robin_of_few_members(turn_after_next, FEW)),
    ]
    return proved([round_robin_of_few_members(next_turn, FEW + 2 if deep else FEW)], broken)


PROOFS = (
    Proof(
        "range_any_size",
        ("ASSIGN-1", "ASSIGN-2"),
        "`range_share`: the stretches of all positions take each partition exactly once, and differ by one at most.",
        {"members": "any", "partitions": "any"},
        range_any_size,
    ),
    Proof(
        "round_robin_any_size",
        ("ASSIGN-1", "ASSIGN-2"),
        "`next_turn` where all subscribe: the n-th turn is that of position n modulo members, so loads are within one.",
        {"members": "any", "partitions": "any"},
        round_robin_any_size,
    ),
    Proof(
        "range_any_subscriptions",
        ("ASSIGN-1", "ASSIGN-2", "ASSIGN-4"),
        "`topic_ranges`, whoever subscribes: one owner for each partition, the same in whatever order members come.",
        {"members": FEW, "partitions": "any", "topics": "any, each by itself"},
        range_few_members,
        bounds_deep={"topics": f"any, each by itself; and two together of {FEW - 1} members"},
    ),
    Proof(
        "round_robin_any_subscriptions",
        ("ASSIGN-1",),
        "`next_turn`, whoever subscribes: the turn is that of the next subscriber, and none is passed over.",
        {"members": FEW, "partitions": "any", "topics": "any"},
        round_robin_few_members,
        bounds_deep={"members": FEW + 2},
    ),
)

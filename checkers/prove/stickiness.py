"""The proof that sticky assignment has room for as much to be kept as can be, where all subscribe to the same topics.

Each of n members gets the quota, and `longer` of them one more, as there are quota * n + longer partitions. By
induction over the members, in whatever order they come, on the code that decides how much a member keeps:
- what is kept is the sum of min(owned, quota), and one for each of the first `longer` members that own more;
- no assignment with such loads keeps more.
So as many as can be may stay where they are, and only the others need move. That they do stay is proved of the whole
assignor, for small groups (`checkers.prove.whole_assignors`).

Source: ASSIGN-3 of `specs.guarantees`; KIP-54; `model.group.sticky_equal`.
Left out: that a member does keep as many as `room_for` lets it, and that loads come out as said: the proof runs
`room_for` alone. Partitions claimed by two members, and racks, which nobody keeps on purpose; different subscriptions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3

from checkers.prove.claims import Claim, all_of, proved
from checkers.prove.proof import Proof, Proved
from checkers.prove.terms import Number, Truth
from model.group.sticky_equal import room_for

Room = Callable[[Any, Any, Any], Any]

QUOTA, LONGER, OWNED, SURE, OVER, TAKEN = (Number(t) for t in z3.Ints("quota longer owned sure over taken"))
"""Of the members so far: SURE, the sum of min(owned, quota); OVER, who owns more; TAKEN, who was let keep one more."""
KNOWN = tuple((n >= 0).term for n in (QUOTA, LONGER, OWNED, SURE, OVER, TAKEN))


def keeping_claims(room: Room) -> list[Claim]:
    """What members keep by the code: TAKEN is min(longer, OVER), and it stays so with one member more."""

    def with_one_more() -> Truth:
        may_keep = room(OWNED, QUOTA, LONGER - TAKEN)
        taken = TAKEN + 1 if OWNED >= QUOTA and may_keep > QUOTA else TAKEN
        over = OVER + 1 if OWNED > QUOTA else OVER
        kept, sure = min(OWNED, may_keep), min(OWNED, QUOTA)
        return all_of([taken == min(LONGER, over), kept == sure + (taken - TAKEN)])

    so_far = z3.If(LONGER.term < OVER.term, LONGER.term, OVER.term)
    return [
        Claim("before the first member nothing is kept", lambda: min(LONGER, Number(z3.IntVal(0))) == 0, KNOWN),
        Claim("a member more keeps as much as may be", with_one_more, (*KNOWN, TAKEN.term == so_far)),
    ]


def bound_claims() -> list[Claim]:
    """What members keep in any assignment whose loads are the quota, or one more for `longer` of them."""
    kept, all_kept, used = (Number(t) for t in z3.Ints("kept all_kept used"))
    is_longer = Truth(z3.Bool("is_longer"))
    load = z3.If(is_longer.term, QUOTA.term + 1, QUOTA.term)

    def with_one_more() -> Truth:
        uses = is_longer and OWNED > QUOTA
        over = OVER + 1 if OWNED > QUOTA else OVER
        used_now = used + 1 if uses else used
        return all_of([all_kept + kept <= SURE + min(OWNED, QUOTA) + used_now, used_now <= over])

    at_most = (kept.term <= OWNED.term, kept.term <= load, kept.term >= 0)
    so_far = (all_kept.term <= SURE.term + used.term, used.term <= OVER.term, used.term >= 0)
    in_the_end = (*so_far, used.term <= LONGER.term)
    return [
        Claim("no assignment lets a member more keep more", with_one_more, (*KNOWN, *at_most, *so_far)),
        Claim("so none keeps more", lambda: all_kept <= SURE + min(LONGER, OVER), (*KNOWN, *in_the_end)),
    ]


def room_without_one_more(owned: Any, quota: Any, longer_left: Any) -> Any:  # noqa: ANN401, ARG001 - symbolic values
    """Broken on purpose: nobody keeps more than the quota."""
    return quota


def room_for_all(owned: Any, quota: Any, longer_left: Any) -> Any:  # noqa: ANN401, ARG001 - symbolic values
    """Broken on purpose: everyone who owns more keeps one more."""
    return quota + 1 if owned > quota else quota


def prove_stickiness(*, deep: bool) -> Proved:
    """Any number of members and partitions."""
    del deep
    broken = [(room.__name__, keeping_claims(room)[1]) for room in (room_without_one_more, room_for_all)]
    return proved([*keeping_claims(room_for), *bound_claims()], broken)


PROOFS = (
    Proof(
        "sticky_moves",
        ("ASSIGN-3",),
        "`room_for`: the room that it leaves to one member after another is room for as many partitions as any "
        "assignment with the same loads could leave where they are.",
        {"members": "any", "partitions": "any"},
        prove_stickiness,
    ),
)

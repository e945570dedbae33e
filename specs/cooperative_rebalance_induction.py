"""Why cooperative rebalances never share a partition: the conjuncts of their inductive invariant, each with its reason.

With `specs.cooperative_rebalance`'s own promises they are kept by every action, from any state in which all of them
hold, so after any number of rebalances. Each is also an invariant of the explored spec below, since one that is false
in a reachable state is none.

Source: as `specs.cooperative_rebalance`; the conjuncts were found from counterexamples to induction.
"""

from __future__ import annotations

from dataclasses import replace

from specs import cooperative_rebalance
from specs.cooperative_rebalance import (
    MAX_GENERATION,
    MEMBERS,
    PARTITIONS,
    State,
    assigned_is_free,
    claims_are_true,
    one_owner,
)
from specs.language import contains, is_subset


def outsiders_take_no_part(s: State) -> bool:
    """Who is no member has neither joined nor an assignment to come."""
    return is_subset(s.joined, s.members) and is_subset(s.waiting, s.members)


def outsiders_are_assigned_nothing(s: State) -> bool:
    """A new member starts without an assignment: the one it had as a former member was dropped with it."""
    return all(contains(s.members, m) or s.assignment[m] == 0 for m in range(MEMBERS))


def joined_await_no_assignment(s: State) -> bool:
    """Whoever has rejoined will not take the assignment of the generation before."""
    return all(not (contains(s.joined, m) and contains(s.waiting, m)) for m in range(MEMBERS))


def joining_is_for_a_rebalance(s: State) -> bool:
    """Members join only while the group rebalances, and only if there is a generation left for them."""
    return s.joined == 0 or (s.rebalancing and s.generation < MAX_GENERATION)


def leader_waits_for_all(s: State) -> bool:
    """While the leader assigns, everyone has joined, so everyone's claim is known."""
    return s.undecided == 0 or (s.rebalancing and s.joined == s.members)


def undecided_is_unassigned(s: State) -> bool:
    """The leader has given nobody a partition that it has not come to."""
    return s.undecided == 0 or all(
        not (contains(s.undecided, p) and contains(s.assignment[m], p))
        for p in range(PARTITIONS)
        for m in range(MEMBERS)
    )


def decided_is_free(s: State) -> bool:
    """What the leader has given to a member no other one owns, or is given."""
    return s.undecided == 0 or all(
        contains(s.undecided, p)
        or not contains(s.assignment[a], p)
        or not (contains(s.owned[b], p) or contains(s.assignment[b], p))
        for p in range(PARTITIONS)
        for a in range(MEMBERS)
        for b in range(MEMBERS)
        if a != b and contains(s.members, a) and contains(s.members, b)
    )


CONJUNCTS = (
    one_owner,
    claims_are_true,
    assigned_is_free,
    outsiders_take_no_part,
    outsiders_are_assigned_nothing,
    joined_await_no_assignment,
    joining_is_for_a_rebalance,
    leader_waits_for_all,
    undecided_is_unassigned,
    decided_is_free,
)
"""What is inductive, the promises among it."""
UNBOUNDED = ("max_generation",)

SPEC = replace(cooperative_rebalance.SPEC, invariants=CONJUNCTS)
"""The spec with every conjunct as an invariant to be explored."""

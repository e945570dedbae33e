"""Cooperative rebalances: members keep what they own while they rejoin, and nothing goes over before it is given up.

What is modelled: one group under a coordinator that never fails. A member joins with its claim, what it owns. When all
have joined, the leader, who sees only the claims, picks a member for each partition, any of them; but a partition that
another member claims is withheld, so that this generation has no owner for it. Members take their assignments each in
its own time, in one step: what is not in it is given up, what is new is taken. One that has not when it rejoins never
does. Members join, rejoin and leave at any time, and leave with nothing. A member that the coordinator expels goes on
for a while without knowing; it counts no more, and before it rejoins it has let go of everything.

The smallest way to go wrong: A owns p; B joins, and A rejoins with its claim to p; the leader gives p to B at once; B
takes its assignment first, and both own p.

Source: KIP-429; CooperativeStickyAssignor, ConsumerCoordinator and AbstractCoordinator of Apache Kafka; KAFKA-12984.
Left out: how even the assignments are and how many partitions move (see `model.group`), so the rejoin that follows a
revocation is any member's; claims with a generation (KIP-792), by which a leader tells old ones from new; commits of
expelled members, which are fenced (see `specs.offsets`).
"""

from __future__ import annotations

from specs.language import (
    Array,
    Bool,
    Expect,
    Id,
    Int,
    Record,
    SetOf,
    Spec,
    ablation,
    action,
    bound,
    contains,
    insert,
    is_subset,
    remove,
)

MEMBERS = bound("members", 3, low=2, high=4, doc="consumers that may be in the group")
PARTITIONS = bound("partitions", 2, low=1, high=3, doc="partitions that all of them subscribe to")
MAX_GENERATION = bound("max_generation", 4, low=1, high=5, doc="rebalances that are carried through")

MEMBER = Id("member", MEMBERS)
PARTITION = Id("partition", PARTITIONS)
OWNED = SetOf(PARTITION)


# ------------------------------------------------------------------------------------------------------------ the state


class State(Record):
    """The coordinator's group, and what each consumer owns, member or not."""

    members = SetOf(MEMBER)
    rebalancing = Bool()
    joined = SetOf(MEMBER)
    """The members that have joined the rebalance that is under way."""
    undecided = SetOf(PARTITION)
    """The partitions for which the leader, once all have joined, still picks a member."""
    generation = Int(0, MAX_GENERATION)
    claims = Array(OWNED, MEMBER)
    assignment = Array(OWNED, MEMBER)
    waiting = SetOf(MEMBER)
    """The members that may still take their latest assignment."""
    owned = Array(OWNED, MEMBER)


def initial(s: State) -> None:
    """Nobody is there."""
    s.rebalancing = False


# -------------------------------------------------------------------------------------------------------- the ablations

ASSIGNED_AT_ONCE = ablation(
    "assigned_at_once",
    "The leader gives a partition to its new owner in the same generation that takes it from the old one.",
    Expect("one_owner", 7, {"members": 2, "partitions": 1, "max_generation": 3}),
)
STALE_ASSIGNMENT_TAKEN = ablation(
    "stale_assignment_taken",
    "G12: a member that has rejoined still takes the assignment of the generation before, which it has not claimed.",
    Expect("one_owner", 7, {"members": 2, "partitions": 1, "max_generation": 3}),
)
CLAIMS_WHAT_WAS_ASSIGNED = ablation(
    "claims_what_was_assigned",
    "G02: a member claims its latest assignment, also one that it has missed, while it owns what it had before.",
    Expect("one_owner", 10, {"members": 2, "partitions": 1, "max_generation": 3}),
)
EXPELLED_KEEPS_PARTITIONS = ablation(
    "expelled_keeps_partitions",
    "G02, KAFKA-12984: a member that was expelled rejoins with what it owned, which may be another's by now.",
    Expect("one_owner", 8, {"members": 2, "partitions": 1, "max_generation": 3}),
)


# ---------------------------------------------------------------------------------------------------------- the members


def begin_rebalance(s: State) -> None:
    """Unless one is under way, everyone who is there has to join again."""
    if not s.rebalancing:
        s.rebalancing = True
        s.joined = 0


@action(member=MEMBER)
def join(s: State, member: int) -> bool:
    """A new member joins, or one that is there rejoins, with its claim; it will not take an older assignment."""
    if s.undecided != 0 or s.generation >= MAX_GENERATION or contains(s.joined, member):
        return False
    begin_rebalance(s)
    if not contains(s.members, member) and not EXPELLED_KEEPS_PARTITIONS:
        s.owned[member] = 0
    s.members = insert(s.members, member)
    s.joined = insert(s.joined, member)
    s.claims[member] = s.assignment[member] if CLAIMS_WHAT_WAS_ASSIGNED else s.owned[member]
    if not STALE_ASSIGNMENT_TAKEN:
        s.waiting = remove(s.waiting, member)
    return True


@action(member=MEMBER)
def take_assignment(s: State, member: int) -> bool:
    """The answer with its assignment reaches a member, before it has rejoined."""
    if not contains(s.waiting, member):
        return False
    s.owned[member] = s.assignment[member]
    s.waiting = remove(s.waiting, member)
    return True


@action(member=MEMBER)
def leave(s: State, member: int) -> bool:
    """A member gives up everything and goes."""
    if s.undecided != 0 or not contains(s.members, member):
        return False
    s.owned[member] = 0
    drop_member(s, member)
    return True


# ------------------------------------------------------------------------------------------------------ the coordinator


def drop_member(s: State, member: int) -> None:
    """A member is in the group no more; the others rebalance, if there are any."""
    begin_rebalance(s)
    s.members = remove(s.members, member)
    s.joined = remove(s.joined, member)
    s.waiting = remove(s.waiting, member)
    s.claims[member] = 0
    s.assignment[member] = 0
    if s.members == 0:
        s.rebalancing = False


@action(member=MEMBER)
def expel(s: State, member: int) -> bool:
    """A member has not been heard of for too long, or has not joined in time. It goes on owning what it does."""
    if s.undecided != 0 or not contains(s.members, member) or contains(s.joined, member):
        return False
    drop_member(s, member)
    return True


def claimed_by_another(s: State, partition: int, member: int) -> bool:
    """Whether some other member says that it owns a partition."""
    return any(contains(s.claims[m], partition) for m in range(MEMBERS) if m != member and contains(s.members, m))


@action(partition=PARTITION, member=MEMBER)
def leader_assign(s: State, partition: int, member: int) -> bool:
    """Everyone has joined, and the leader picks a member for a partition; after the last one the generation begins."""
    if not s.rebalancing or s.joined != s.members or not contains(s.members, member):
        return False
    if s.undecided == 0:
        for p in range(PARTITIONS):
            s.undecided = insert(s.undecided, p)
        for m in range(MEMBERS):
            s.assignment[m] = 0
    if not contains(s.undecided, partition):
        return False
    s.undecided = remove(s.undecided, partition)
    if ASSIGNED_AT_ONCE or not claimed_by_another(s, partition, member):
        s.assignment[member] = insert(s.assignment[member], partition)
    if s.undecided == 0:
        s.rebalancing = False
        s.joined = 0
        s.generation = s.generation + 1
        s.waiting = s.members
    return True


# ------------------------------------------------------------------------------------------------------- what must hold


def one_owner(s: State) -> bool:
    """ASSIGN-5: no two members own the same partition."""
    return all(
        not (contains(s.owned[a], p) and contains(s.owned[b], p))
        for p in range(PARTITIONS)
        for a in range(MEMBERS)
        for b in range(a)
        if contains(s.members, a) and contains(s.members, b)
    )


def claims_are_true(s: State) -> bool:
    """Why that is so: whoever has joined owns just what it claims until it takes its next assignment."""
    return all(s.claims[m] == s.owned[m] for m in range(MEMBERS) if contains(s.joined, m))


def assigned_is_free(s: State) -> bool:
    """And nobody waits for, or shares in, what another member owns or is assigned."""
    return all(
        not contains(s.assignment[a], p) or not (contains(s.owned[b], p) or contains(s.assignment[b], p))
        for p in range(PARTITIONS)
        for a in range(MEMBERS)
        for b in range(MEMBERS)
        if a != b and contains(s.waiting, a) and contains(s.members, b)
    )


def given_up_first(before: State, after: State) -> bool:
    """ASSIGN-5: a member that comes to own a partition takes it from nobody who was a member before."""
    return all(
        contains(before.owned[a], p) or not contains(after.owned[a], p) or not contains(before.owned[b], p)
        for p in range(PARTITIONS)
        for a in range(MEMBERS)
        for b in range(MEMBERS)
        if a != b and contains(before.members, b)
    )


def partition_is_withheld(s: State) -> bool:
    """A generation has begun in which a partition is nobody's, since it is to move; its owner waits to hear of it."""
    return any(
        not s.rebalancing
        and contains(s.owned[m], p)
        and contains(s.waiting, m)
        and not any(contains(s.assignment[other], p) for other in range(MEMBERS))
        for p in range(PARTITIONS)
        for m in range(MEMBERS)
    )


def rebalance_overtakes(s: State) -> bool:
    """A member that has not taken its assignment, and is owner of something else, is asked to rejoin."""
    return s.rebalancing and any(
        contains(s.waiting, m) and s.owned[m] != 0 and not is_subset(s.owned[m], s.assignment[m])
        for m in range(MEMBERS)
    )


def expelled_member_lingers(s: State) -> bool:
    """A member owns what an expelled one still thinks is its own; this takes two generations."""
    return MAX_GENERATION < 2 or any(
        contains(s.owned[a], p) and contains(s.members, a) and contains(s.owned[b], p) and not contains(s.members, b)
        for p in range(PARTITIONS)
        for a in range(MEMBERS)
        for b in range(MEMBERS)
    )


SPEC = Spec(
    name="cooperative_rebalance",
    doc="Cooperative rebalances: members keep what they own, and a partition that moves is first given up.",
    state=State,
    initial=initial,
    actions=(join, take_assignment, leave, expel, leader_assign),
    bounds=(MEMBERS, PARTITIONS, MAX_GENERATION),
    invariants=(one_owner, claims_are_true, assigned_is_free),
    step_properties=(given_up_first,),
    reachable=(partition_is_withheld, rebalance_overtakes, expelled_member_lingers),
    ablations=(ASSIGNED_AT_ONCE, STALE_ASSIGNMENT_TAKEN, CLAIMS_WHAT_WAS_ASSIGNED, EXPELLED_KEEPS_PARTITIONS),
)

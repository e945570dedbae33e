"""Why committed offsets are safe: the conjuncts of their inductive invariant, each with its reason.

With the promises of `specs.offsets` themselves they are kept by every action, from any state in which all of them
hold: for any number of records, generations, epochs of the coordinator, and any retention time and clock. Each conjunct
is also an invariant of the explored spec below, since one that is false in a reachable state is none.

Source: as `specs.offsets`; the conjuncts were found from counterexamples to induction.
"""

from __future__ import annotations

from dataclasses import replace

from specs import offsets
from specs.language import NONE
from specs.offsets_properties import (
    coordinator_serves_the_committed_offset,
    handover_is_exact,
    nothing_is_seen_twice,
    nothing_is_skipped,
)
from specs.offsets_state import (
    BROKERS,
    MAX_COORDINATOR_EPOCH,
    MAX_RECORDS,
    MEMBERS,
    OUT,
    OWNER,
    REVOKED,
    REVOKING,
    State,
    acting_coordinator,
    presumes_to_coordinate,
)

# ------------------------------------------------------------------------------------------- coordinators and their log


def every_epoch_has_a_coordinator(s: State) -> bool:
    """Epochs up to the present one were won by a broker."""
    return all(s.elections[e].coordinator != NONE for e in range(MAX_COORDINATOR_EPOCH + 1) if e <= s.coordinator_epoch)


def brokers_hear_of_past_epochs(s: State) -> bool:
    """No broker is ahead of the elections."""
    return all(s.brokers[b].epoch <= s.coordinator_epoch for b in range(BROKERS))


def coordinator_knows_the_log(s: State) -> bool:
    """The acting coordinator has loaded all that the log says: it was the only one to append since."""
    coordinator = acting_coordinator(s)
    if coordinator == NONE:
        return True
    group = s.brokers[coordinator].group
    return (
        group.generation == s.log.generation
        and group.owner == s.log.owner
        and group.empty_since == s.log.empty_since
        and group.committed == s.log.committed
        and group.commit_time == s.log.commit_time
    )


def group_has_an_owner_or_is_empty(s: State) -> bool:
    """A group without an owner is empty since a time that has passed, and one with an owner is not."""
    if s.log.owner != NONE:
        return s.log.empty_since == NONE and s.log.generation > 0
    return 0 <= s.log.empty_since <= s.now


def generations_are_in_the_log(s: State) -> bool:
    """No member and no broker is in a generation that has yet to begin."""
    return all(s.members[m].generation <= s.log.generation for m in range(MEMBERS)) and all(
        s.brokers[b].group.generation <= s.log.generation for b in range(BROKERS)
    )


def stale_coordinator_knows_the_owner(s: State) -> bool:
    """A coordinator that has passed, but knows the generation that stands, knows its owner.

    Until that member has fetched it, it knows the committed offset, too: nobody else can commit in this generation.
    """
    return all(
        s.brokers[b].group.owner == s.log.owner
        and (
            s.brokers[b].group.committed == s.log.committed
            or any(s.log.owner == m and s.members[m].generation == s.log.generation for m in range(MEMBERS))
            or s.log.owner == NONE
        )
        for b in range(BROKERS)
        if presumes_to_coordinate(s, b) and s.brokers[b].group.generation == s.log.generation
    )


# ---------------------------------------------------------------------------------------------------------- the members


def only_the_owner_is_in_the_generation(s: State) -> bool:
    """A member in the generation that stands owns the partition, unless it never was in any."""
    return all(
        s.log.owner == m if s.members[m].generation > 0 else s.members[m].phase == OUT
        for m in range(MEMBERS)
        if s.members[m].generation == s.log.generation or s.members[m].generation == 0
    )


def request_is_of_the_phase(s: State) -> bool:
    """Only an owner has a commit in flight, and one that gives up its partition has one until it is rid of it."""
    return all(
        s.members[m].phase == OWNER
        or (s.members[m].phase == REVOKING and s.members[m].request == s.members[m].position and not s.at_most_once)
        or (s.members[m].phase != REVOKING and s.members[m].request == NONE)
        for m in range(MEMBERS)
    )


def at_least_once_commits_what_is_processed(s: State) -> bool:
    """At least once: a commit in flight is not past the position, and the owner's not below the committed offset."""
    return s.at_most_once or all(
        s.members[m].request <= s.members[m].position
        and (
            s.members[m].generation < s.log.generation
            or s.members[m].generation == 0
            or s.log.committed <= (s.members[m].position if s.members[m].request == NONE else s.members[m].request)
        )
        for m in range(MEMBERS)
    )


def at_most_once_is_one_ahead(s: State) -> bool:
    """At most once: a member has leave for the next record at most, and asks for it only when it has none.

    What the owner has committed is not past that record; where the offset has expired, it has none to process.
    """
    return not s.at_most_once or all(
        s.members[m].position <= s.members[m].acknowledged <= s.members[m].position + 1
        and s.members[m].phase != REVOKED
        and (
            s.members[m].request == NONE
            or (
                s.members[m].request == s.members[m].position + 1 and s.members[m].acknowledged == s.members[m].position
            )
        )
        and (
            s.members[m].generation < s.log.generation
            or s.members[m].generation == 0
            or s.members[m].acknowledged <= s.log.committed <= s.members[m].position + 1
            or (s.log.committed == NONE and s.members[m].position == MAX_RECORDS)
        )
        for m in range(MEMBERS)
    )


# ---------------------------------------------------------------------------------------------------------- the records


def positions_are_processed(s: State) -> bool:
    """At least once: what is below any position, or any broker's committed offset, stale or not, is processed."""
    return all(
        s.consumed[o].times > 0
        for o in range(MAX_RECORDS)
        for m in range(MEMBERS)
        for b in range(BROKERS)
        if not s.at_most_once and (o < s.log.committed or o < s.members[m].position or o < s.brokers[b].group.committed)
    )


def processed_is_committed(s: State) -> bool:
    """At most once: what is processed is below the committed offset, unless that has expired."""
    return all(
        o < s.log.committed
        for o in range(MAX_RECORDS)
        if s.at_most_once and s.log.committed != NONE and s.consumed[o].times > 0
    )


def leave_is_committed(s: State) -> bool:
    """At most once: a record that a member has leave for is below the committed offset, and not processed yet."""
    return all(
        s.consumed[o].times == 0 and (s.log.committed == NONE or o < s.log.committed)
        for o in range(MAX_RECORDS)
        for m in range(MEMBERS)
        if s.at_most_once and o == s.members[m].position and o < s.members[m].acknowledged
    )


def leave_is_for_one(s: State) -> bool:
    """At most once: no two members have leave for the same record."""
    return all(
        s.members[a].position != s.members[b].position
        for a in range(MEMBERS)
        for b in range(MEMBERS)
        if s.at_most_once
        and a != b
        and s.members[a].position < s.members[a].acknowledged
        and s.members[b].position < s.members[b].acknowledged
    )


def owner_is_ahead(s: State) -> bool:
    """At most once: from the owner's position on nothing is processed, and nobody else has leave for any of it."""
    return all(
        s.consumed[o].times == 0
        and all(a == m or o != s.members[a].position or o >= s.members[a].acknowledged for a in range(MEMBERS))
        for o in range(MAX_RECORDS)
        for m in range(MEMBERS)
        if s.at_most_once
        and s.members[m].generation == s.log.generation
        and s.members[m].generation > 0
        and o >= s.members[m].position
    )


CONJUNCTS = (
    every_epoch_has_a_coordinator,
    brokers_hear_of_past_epochs,
    coordinator_knows_the_log,
    group_has_an_owner_or_is_empty,
    generations_are_in_the_log,
    stale_coordinator_knows_the_owner,
    only_the_owner_is_in_the_generation,
    request_is_of_the_phase,
    at_least_once_commits_what_is_processed,
    at_most_once_is_one_ahead,
    positions_are_processed,
    processed_is_committed,
    leave_is_committed,
    leave_is_for_one,
    owner_is_ahead,
    nothing_is_seen_twice,
    handover_is_exact,
)
"""What is inductive. `coordinator_serves_the_committed_offset` and `nothing_is_skipped` follow from it."""
SAFETY = (coordinator_serves_the_committed_offset, nothing_is_skipped)
UNBOUNDED = ("max_records", "max_generation", "max_coordinator_epoch", "max_time", "retention")

SPEC = replace(offsets.SPEC, invariants=(*SAFETY, *CONJUNCTS))
"""The spec with every conjunct as an invariant to be explored."""

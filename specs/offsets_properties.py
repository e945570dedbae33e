"""What must hold of committed offsets, and what must be possible.

Source: as `specs.offsets`; OFF-1 to OFF-3 of the guarantees.
"""

from __future__ import annotations

from specs.language import NONE
from specs.offsets_state import (
    BROKERS,
    MAX_RECORDS,
    MEMBERS,
    OUT,
    OWNER,
    RETENTION,
    REVOKED,
    State,
    acting_coordinator,
    presumes_to_coordinate,
)


def coordinator_serves_the_committed_offset(s: State) -> bool:
    """OFF-1: the coordinator answers with the last committed offset, whoever coordinated when it was committed."""
    coordinator = acting_coordinator(s)
    return coordinator == NONE or s.brokers[coordinator].group.committed == s.log.committed


def fenced_commits_change_nothing(before: State, after: State) -> bool:
    """OFF-1: the committed offset becomes only what the owner in the generation that stands has asked for."""
    if after.log.committed == before.log.committed or after.log.committed == NONE:
        return True
    return any(
        before.log.owner == m
        and before.members[m].generation == before.log.generation
        and before.members[m].request == after.log.committed
        for m in range(MEMBERS)
    )


def committed_offset_never_regresses(before: State, after: State) -> bool:
    """OFF-1: a committed offset is followed by none that is lower, short of expiry."""
    return after.log.committed == NONE or after.log.committed >= before.log.committed


def nothing_is_skipped(s: State) -> bool:
    """OFF-2: at least once: every record below the committed offset, or a member's position, has been processed."""
    return all(
        s.consumed[o].times > 0
        for o in range(MAX_RECORDS)
        if not s.at_most_once and (o < s.log.committed or any(o < s.members[m].position for m in range(MEMBERS)))
    )


def nothing_is_seen_twice(s: State) -> bool:
    """OFF-2: at most once: no record is processed again."""
    return all(s.consumed[o].times < 2 for o in range(MAX_RECORDS) if s.at_most_once)


def handover_is_exact(s: State) -> bool:
    """OFF-2: a member that gave up its partition in time has processed what is committed and nothing beyond it.

    So the next owner repeats nothing: duplicates are for those alone that are fenced or lose a commit.
    """
    return all(
        s.members[m].position == s.log.committed
        for m in range(MEMBERS)
        if s.members[m].phase == REVOKED and s.members[m].generation == s.log.generation
    )


def offsets_expire_only_when_empty_and_old(before: State, after: State) -> bool:
    """OFF-3: an offset goes only from a group that has been empty for the retention time and that nobody is joining."""
    if after.log.committed != NONE or before.log.committed == NONE:
        return True
    coordinator = acting_coordinator(before)
    return (
        before.log.owner == NONE
        and before.now - before.log.empty_since >= RETENTION
        and not before.brokers[coordinator].rebalancing
    )


# ------------------------------------------------------------------------------------------------ what must be possible


def commit_is_late(s: State) -> bool:
    """A commit of a fenced generation is under way and would set the committed offset back."""
    return any(
        s.members[m].generation < s.log.generation and NONE < s.members[m].request < s.log.committed
        for m in range(MEMBERS)
    )


def coordinator_has_failed_over(s: State) -> bool:
    """A second coordinator serves what was committed at the first."""
    return s.coordinator_epoch > 0 and acting_coordinator(s) != NONE and s.log.committed > 0


def coordinator_is_stale(s: State) -> bool:
    """A member owns the partition of a generation that has passed, by the word of a coordinator that has passed."""
    return any(
        presumes_to_coordinate(s, b)
        and s.brokers[b].group.generation < s.log.generation
        and any(
            s.brokers[b].group.owner == m
            and s.members[m].phase == OWNER
            and s.members[m].generation == s.brokers[b].group.generation
            for m in range(MEMBERS)
        )
        for b in range(BROKERS)
    )


def partition_is_handed_over(s: State) -> bool:
    """A member gave up its partition in time after it had processed a record, and another owns it."""
    return any(s.members[m].phase == REVOKED and s.members[m].position > 0 and s.log.owner != m for m in range(MEMBERS))


def offset_has_expired(s: State) -> bool:
    """The offset is gone, and a member starts without one."""
    return s.log.committed == NONE and any(s.members[m].phase == OWNER for m in range(MEMBERS))


def record_is_repeated(s: State) -> bool:
    """At least once: a record is processed twice."""
    return any(s.consumed[o].times == 2 for o in range(MAX_RECORDS))


def record_is_lost(s: State) -> bool:
    """At most once: a record is committed, has not been processed, and nobody is left who would."""
    return s.at_most_once and any(
        o < s.log.committed and s.consumed[o].times == 0 and all(s.members[m].phase == OUT for m in range(MEMBERS))
        for o in range(MAX_RECORDS)
    )

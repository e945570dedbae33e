"""Why ISR replication is safe: the conjuncts of its inductive invariant, each with its reason.

`specs.replication_properties` says what must hold; this says what holds besides, so that every action keeps it and
safety follows. Each conjunct is held against the explored states as an invariant of the spec below, and proved
inductive for any number of steps, epochs and records.

The spec is `specs.replication` with one history variable more: the epoch of the last advance of a high watermark by a
leader, which no action reads. With it, "committed" has an epoch, and the argument is that of Raft's leader
completeness: a leader of epoch e advances only while every member of the ISR it believes in is in e. Every later
request names an ISR within that one, or one of its members is past e, which stops the advance; so all who may ever
lead after e have the record.

Source: the proof idea of leader completeness in Ongaro and Ousterhout (2014), section 5.4.3; history variables after
Abadi and Lamport, The Existence of Refinement Mappings (1991). The conjuncts were
derived by hand from that argument.
Left out: liveness, and whatever `specs.replication` leaves out.
"""

from __future__ import annotations

from dataclasses import replace

from specs import replication
from specs.language import NONE, Maybe, action, contains, is_subset
from specs.replica_log import same_entry
from specs.replication import leader_advance_high_watermark as advance_high_watermark
from specs.replication_properties import follower_prefix, leader_completeness, one_leader_an_epoch, strong_isr
from specs.replication_state import (
    EPOCH,
    LOG_SIZE,
    REPLICA,
    REPLICAS,
    Replica,
    State,
    follows,
    is_true_leader,
    presumes_leadership,
)


class StateWithHistory(State):
    """The partition, with the epoch in which a leader last advanced its high watermark."""

    commit_epoch = Maybe(EPOCH)


@action(leader=REPLICA)
def leader_advance_high_watermark(s: StateWithHistory, leader: int) -> bool:
    """The action itself; its epoch is written down."""
    if not advance_high_watermark(s, leader):
        return False
    s.commit_epoch = s.replicas[leader].leader_epoch
    return True


# ------------------------------------------------------------------------------------------------- epochs and requests


def epochs_are_numbered(s: StateWithHistory) -> bool:
    """The quorum is in the epoch of the last request, which named its leader; no replica is past it."""
    epoch = s.quorum.leader_epoch
    if s.next_leader_epoch != epoch + 1:
        return False
    if epoch != NONE and s.quorum.leader != s.requests[epoch].leader:
        return False
    if epoch == NONE and s.quorum.leader != NONE:
        return False
    return all(s.replicas[r].leader_epoch <= epoch for r in range(REPLICAS))


def replicas_obey_requests(s: StateWithHistory) -> bool:
    """A replica believes in the leader that the request of its epoch named; before its first, in none."""
    return all(obeys_its_request(s, r) for r in range(REPLICAS))


def obeys_its_request(s: StateWithHistory, replica: int) -> bool:
    """Whether one replica does."""
    epoch = s.replicas[replica].leader_epoch
    if epoch == NONE:
        return s.replicas[replica].leader == NONE
    leader = s.replicas[replica].leader
    return epoch < s.next_leader_epoch and leader != NONE and leader == s.requests[epoch].leader


def leaders_come_first(s: StateWithHistory) -> bool:
    """The leader that a replica follows has itself obeyed that epoch, since nobody can follow it before."""
    return all(
        s.replicas[s.replicas[r].leader].leader_epoch >= s.replicas[r].leader_epoch
        for r in range(REPLICAS)
        if s.replicas[r].leader != NONE
    )


# ------------------------------------------------------------------------------------------------------------- the ISR


def requests_name_members(s: StateWithHistory) -> bool:
    """The leader of a request is a member of the ISR of that request."""
    return all(
        s.requests[epoch].leader == NONE or contains(s.requests[epoch].isr, s.requests[epoch].leader)
        for epoch in range(s.next_leader_epoch)
    )


def presumed_leaders_are_members(s: StateWithHistory) -> bool:
    """A presumed leader is in the ISR it believes in, and the quorum's leader in the true one."""
    if s.quorum.leader != NONE and not contains(s.quorum.isr, s.quorum.leader):
        return False
    return all(contains(s.replicas[r].isr, r) for r in range(REPLICAS) if presumes_leadership(s, r))


def quorum_isr_is_known(s: StateWithHistory) -> bool:
    """The true ISR is what the true leader believes or, until that has obeyed, what the last request said."""
    leader = s.quorum.leader
    if leader != NONE and s.replicas[leader].leader_epoch == s.quorum.leader_epoch:
        return s.quorum.isr == s.replicas[leader].isr
    return s.quorum.leader_epoch == NONE or s.quorum.isr == s.requests[s.quorum.leader_epoch].isr


def overtaken(s: StateWithHistory, isr: int, epoch: int) -> bool:
    """Whether some member of an ISR is past an epoch, so that the epoch's leader never again advances."""
    return any(contains(isr, r) and s.replicas[r].leader_epoch > epoch for r in range(REPLICAS))


def true_isr_is_within_leaders(s: StateWithHistory) -> bool:
    """The true ISR is within that of any presumed leader, or that leader has been overtaken."""
    return all(
        is_subset(s.quorum.isr, s.replicas[r].isr) or overtaken(s, s.replicas[r].isr, s.replicas[r].leader_epoch)
        for r in range(REPLICAS)
        if presumes_leadership(s, r)
    )


def later_isrs_are_within_leaders(s: StateWithHistory) -> bool:
    """The ISR of each request after a presumed leader's is within that leader's, or it has been overtaken."""
    return all(
        is_subset(s.requests[later].isr, s.replicas[r].isr)
        or overtaken(s, s.replicas[r].isr, s.replicas[r].leader_epoch)
        for later in range(s.next_leader_epoch)
        for r in range(REPLICAS)
        if presumes_leadership(s, r) and s.replicas[r].leader_epoch < later
    )


def is_pending(s: StateWithHistory, epoch: int) -> bool:
    """Whether a request names a leader that has yet to obey it."""
    leader = s.requests[epoch].leader
    return leader != NONE and s.replicas[leader].leader_epoch < epoch


def true_isr_is_within_pending(s: StateWithHistory) -> bool:
    """The same of a request that its leader has yet to obey: nobody but that leader could have grown its ISR."""
    return all(
        is_subset(s.quorum.isr, s.requests[epoch].isr) or overtaken(s, s.requests[epoch].isr, epoch)
        for epoch in range(s.next_leader_epoch)
        if is_pending(s, epoch)
    )


def later_isrs_are_within_pending(s: StateWithHistory) -> bool:
    """And of the ISR of each request after such a one."""
    return all(
        is_subset(s.requests[later].isr, s.requests[epoch].isr) or overtaken(s, s.requests[epoch].isr, epoch)
        for epoch in range(s.next_leader_epoch)
        for later in range(s.next_leader_epoch)
        if epoch < later and is_pending(s, epoch)
    )


# ------------------------------------------------------------------------------------------------------------ the logs


def logs_are_filled(s: StateWithHistory) -> bool:
    """A log has records up to its end and nothing after; its high watermark is not past its end."""
    return all(is_filled(s.replicas[r]) for r in range(REPLICAS))


def is_filled(log: Replica) -> bool:
    """Whether one log is."""
    if log.high_watermark > log.log_end_offset:
        return False
    for offset in range(LOG_SIZE):
        if (offset < log.log_end_offset) != (log.entries[offset].epoch != NONE):
            return False
        if (offset < log.log_end_offset) != (log.entries[offset].id != NONE):
            return False
    return True


def records_have_writers(s: StateWithHistory) -> bool:
    """The epoch of a record is none that its holder has yet to reach, and its leader has obeyed it."""
    return all(
        has_writer(s, r, s.replicas[r].entries[offset].epoch)
        for r in range(REPLICAS)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[r].log_end_offset
    )


def has_writer(s: StateWithHistory, holder: int, epoch: int) -> bool:
    """Whether a record of that epoch may be in a replica's log."""
    if epoch == NONE or epoch > s.replicas[holder].leader_epoch or epoch >= s.next_leader_epoch:
        return False
    writer = s.requests[epoch].leader
    return writer != NONE and s.replicas[writer].leader_epoch >= epoch


def records_identify_prefixes(s: StateWithHistory) -> bool:
    """LOG-3: two logs that hold a record of the same epoch at the same offset agree on it and on all before it."""
    return all(
        agree_up_to(s.replicas[a], s.replicas[b], offset)
        for a in range(REPLICAS)
        for b in range(REPLICAS)
        if a < b
        for offset in range(LOG_SIZE)
        if offset < s.replicas[a].log_end_offset
        and offset < s.replicas[b].log_end_offset
        and s.replicas[a].entries[offset].epoch == s.replicas[b].entries[offset].epoch
    )


def agree_up_to(a: Replica, b: Replica, last: int) -> bool:
    """Whether two logs hold the same records up to an offset, inclusive."""
    return all(same_entry(a, b, offset) for offset in range(LOG_SIZE) if offset <= last)


def leaders_hold_their_records(s: StateWithHistory) -> bool:
    """A presumed leader has every record of its epoch that there is anywhere."""
    return all(
        same_entry(s.replicas[leader], s.replicas[r], offset)
        for leader in range(REPLICAS)
        if presumes_leadership(s, leader)
        for r in range(REPLICAS)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[r].log_end_offset
        and s.replicas[r].entries[offset].epoch == s.replicas[leader].leader_epoch
    )


def followers_are_behind(s: StateWithHistory) -> bool:
    """A follower in its leader's epoch has no more records than the leader."""
    return all(
        s.replicas[follower].log_end_offset <= s.replicas[leader].log_end_offset
        for leader in range(REPLICAS)
        for follower in range(REPLICAS)
        if follows(s, follower, leader, unfenced=False)
    )


# --------------------------------------------------------------------------------------------------- what is committed


def commits_have_an_epoch(s: StateWithHistory) -> bool:
    """Nothing is committed before the first advance; the leader that last advanced has reached its epoch."""
    epoch = s.commit_epoch
    if epoch == NONE:
        return all(s.replicas[r].high_watermark == 0 for r in range(REPLICAS))
    if epoch >= s.next_leader_epoch or s.requests[epoch].leader == NONE:
        return False
    return s.replicas[s.requests[epoch].leader].leader_epoch >= epoch


def members_reached_commits(s: StateWithHistory) -> bool:
    """Every member of the true ISR has reached the epoch of the last advance."""
    return all(s.replicas[r].leader_epoch >= s.commit_epoch for r in range(REPLICAS) if contains(s.quorum.isr, r))


def later_members_reached_commits(s: StateWithHistory) -> bool:
    """So has every member of the ISR of a request that is later than the last advance."""
    return all(
        s.replicas[r].leader_epoch >= s.commit_epoch
        for epoch in range(s.next_leader_epoch)
        if epoch > s.commit_epoch
        for r in range(REPLICAS)
        if contains(s.requests[epoch].isr, r)
    )


def later_members_hold_commits(s: StateWithHistory) -> bool:
    """And each of these has every committed record: whoever may lead from now on has them all."""
    return all(
        holds_commits(s, r)
        for epoch in range(s.next_leader_epoch)
        if epoch > s.commit_epoch
        for r in range(REPLICAS)
        if contains(s.requests[epoch].isr, r)
    )


def holds_commits(s: StateWithHistory, replica: int) -> bool:
    """Whether a replica has every record below any replica's high watermark."""
    return all(
        same_entry(s.replicas[replica], s.replicas[r], offset)
        for r in range(REPLICAS)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[r].high_watermark
    )


def true_leader_exposes_its_commits(s: StateWithHistory) -> bool:
    """A committed record of the true leader's own epoch is below its own high watermark."""
    return all(
        offset < s.replicas[leader].high_watermark
        for leader in range(REPLICAS)
        if is_true_leader(s, leader)
        for r in range(REPLICAS)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[r].high_watermark
        and s.replicas[r].entries[offset].epoch == s.replicas[leader].leader_epoch
    )


CONJUNCTS = (
    epochs_are_numbered,
    replicas_obey_requests,
    leaders_come_first,
    requests_name_members,
    presumed_leaders_are_members,
    quorum_isr_is_known,
    true_isr_is_within_leaders,
    later_isrs_are_within_leaders,
    true_isr_is_within_pending,
    later_isrs_are_within_pending,
    logs_are_filled,
    records_have_writers,
    records_identify_prefixes,
    leaders_hold_their_records,
    follower_prefix,
    followers_are_behind,
    commits_have_an_epoch,
    members_reached_commits,
    later_members_reached_commits,
    later_members_hold_commits,
    true_leader_exposes_its_commits,
    leader_completeness,
)
"""The inductive invariant, together with the declared ranges."""

ELECTION_CONJUNCTS = (replicas_obey_requests, logs_are_filled)
"""What is enough for one leader an epoch; the second keeps every index within the logs."""

SPEC = replace(
    replication.SPEC,
    name="replication_induction",
    doc="ISR replication with the epoch of the last advance of a high watermark, and its inductive invariant.",
    state=StateWithHistory,
    actions=tuple(
        leader_advance_high_watermark if a is advance_high_watermark else a for a in replication.SPEC.actions
    ),
    invariants=(*CONJUNCTS, one_leader_an_epoch, strong_isr),
    variants=(),
)

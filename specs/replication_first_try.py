"""The first design of KIP-320, kept with the reason why it fails.

Followers do not truncate when they learn of a new epoch: they fetch, the leader checks the epoch of the last record
they have, and they truncate when it is the wrong one. What the leader can't tell is which epoch a follower is in. So it
counts, for its high watermark and its ISR, a follower that still obeys an older epoch, and whose log another leader of
that time may yet cut: the record was committed, and a member of the ISR loses it.

Source: Kip320FirstTry of Gustafson's published specs in TLA+; the drafts of KIP-320. Trunk does truncate while fetching
(KIP-595, KAFKA-10554), with both epochs in the request.
Left out: as in `specs.replication`, of which these are the actions that differ.
"""

from __future__ import annotations

from specs.language import NONE, action, contains, insert, remove
from specs.replication_state import (
    EPOCH,
    REPLICA,
    REPLICAS,
    State,
    fetch_one,
    follows,
    high_watermark_is_of_own_epoch,
    is_true_leader,
    obey,
    presumes_leadership,
    truncate,
    update_isr,
)
from specs.truncation import matching_end_offset


def caught_up(s: State, follower: int, leader: int, end_offset: int) -> bool:
    """Whether a follower of whatever epoch has the leader's log up to an offset, going by the last record's epoch."""
    if not follows(s, follower, leader, unfenced=True):
        return False
    if end_offset == 0:
        return True
    last = end_offset - 1
    if last >= s.replicas[leader].log_end_offset or last >= s.replicas[follower].log_end_offset:
        return False
    return s.replicas[leader].entries[last].epoch == s.replicas[follower].entries[last].epoch


@action(leader=REPLICA)
def leader_advance_high_watermark(s: State, leader: int) -> bool:
    """One further, once every member of the leader's ISR has a record of the same epoch there."""
    high_watermark = s.replicas[leader].high_watermark
    if not presumes_leadership(s, leader) or high_watermark >= s.replicas[leader].log_end_offset:
        return False
    for r in range(REPLICAS):
        if contains(s.replicas[leader].isr, r) and not caught_up(s, r, leader, high_watermark + 1):
            return False
    s.replicas[leader].high_watermark = high_watermark + 1
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_shrink_isr(s: State, leader: int, follower: int) -> bool:
    """The leader removes a follower that has not caught up with its log end."""
    isr = s.replicas[leader].isr
    if leader == follower or not is_true_leader(s, leader) or not contains(isr, follower):
        return False
    if caught_up(s, follower, leader, s.replicas[leader].log_end_offset):
        return False
    update_isr(s, leader, remove(isr, follower))
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_expand_isr(s: State, leader: int, follower: int) -> bool:
    """The leader admits a follower that has caught up with its high watermark, if that is of its own epoch."""
    isr = s.replicas[leader].isr
    if not is_true_leader(s, leader) or contains(isr, follower):
        return False
    if not caught_up(s, follower, leader, s.replicas[leader].high_watermark):
        return False
    if not high_watermark_is_of_own_epoch(s.replicas[leader]):
        return False
    update_isr(s, leader, insert(isr, follower))
    return True


@action(follower=REPLICA, epoch=EPOCH)
def become_follower(s: State, follower: int, epoch: int) -> bool:
    """A replica obeys a request that names another leader, and begins to fetch with the log that it has."""
    if epoch >= s.next_leader_epoch or epoch <= s.replicas[follower].leader_epoch:
        return False
    leader = s.requests[epoch].leader
    if leader == NONE or leader == follower:
        return False
    obey(s, follower, epoch)
    return True


@action(follower=REPLICA, leader=REPLICA)
def follower_fetch(s: State, follower: int, leader: int) -> bool:
    """A follower whose last record has the right epoch fetches one record."""
    return caught_up(s, follower, leader, s.replicas[follower].log_end_offset) and fetch_one(s, follower, leader)


@action(follower=REPLICA, leader=REPLICA)
def follower_truncate(s: State, follower: int, leader: int) -> bool:
    """A follower that fetched past the leader's log end, or with a last record of another epoch, truncates."""
    replica = s.replicas[follower]
    end = replica.log_end_offset
    if not follows(s, follower, leader, unfenced=True) or end == 0:
        return False
    beyond = end > s.replicas[leader].log_end_offset
    if not beyond and s.replicas[leader].entries[end - 1].epoch == replica.entries[end - 1].epoch:
        return False
    cut = matching_end_offset(replica, s.replicas[leader])
    truncate(replica, cut)
    replica.high_watermark = min(cut, replica.high_watermark)
    return True

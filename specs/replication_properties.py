"""What ISR replication must guarantee, and what must be able to happen.

Source: WeakIsr and StrongIsr of Gustafson's published specs in TLA+; the Raft paper (Ongaro and Ousterhout 2014) for
log matching and leader completeness.
"""

from __future__ import annotations

from specs.language import contains
from specs.replica_log import same_entry
from specs.replication_state import LOG_SIZE, REPLICAS, State, follows, presumes_leadership


def strong_isr(s: State) -> bool:
    """REP-3: every record below a presumed leader's high watermark is on every member of the true ISR."""
    return all(
        same_entry(s.replicas[leader], s.replicas[member], offset)
        for leader in range(REPLICAS)
        if presumes_leadership(s, leader)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].high_watermark
        for member in range(REPLICAS)
        if contains(s.quorum.isr, member)
    )


def weak_isr(s: State) -> bool:
    """REP-3: the same over the ISR that the presumed leader believes in, which may lag the true one."""
    return all(
        same_entry(s.replicas[leader], s.replicas[member], offset)
        for leader in range(REPLICAS)
        if presumes_leadership(s, leader)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].high_watermark
        for member in range(REPLICAS)
        if contains(s.replicas[leader].isr, member)
    )


def log_matching(s: State) -> bool:
    """LOG-3: two replicas agree on every record below the lower of their high watermarks."""
    return all(
        same_entry(s.replicas[a], s.replicas[b], offset)
        for a in range(REPLICAS)
        for b in range(REPLICAS)
        if a < b
        for offset in range(LOG_SIZE)
        if offset < s.replicas[a].high_watermark and offset < s.replicas[b].high_watermark
    )


def follower_prefix(s: State) -> bool:
    """REP-4: a follower in its leader's epoch agrees with it on every record that both have."""
    return all(
        same_entry(s.replicas[leader], s.replicas[follower], offset)
        for leader in range(REPLICAS)
        for follower in range(REPLICAS)
        if follows(s, follower, leader, unfenced=False)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].log_end_offset and offset < s.replicas[follower].log_end_offset
    )


def leader_completeness(s: State) -> bool:
    """REP-1: every record below any replica's high watermark is on every member of the true ISR: on any next leader."""
    return all(
        same_entry(s.replicas[r], s.replicas[member], offset)
        for r in range(REPLICAS)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[r].high_watermark
        for member in range(REPLICAS)
        if contains(s.quorum.isr, member)
    )


def one_leader_an_epoch(s: State) -> bool:
    """REP-7: no two replicas presume leadership in the same epoch."""
    return all(
        s.replicas[a].leader_epoch != s.replicas[b].leader_epoch
        for a in range(REPLICAS)
        if presumes_leadership(s, a)
        for b in range(REPLICAS)
        if b != a and presumes_leadership(s, b)
    )


def high_watermark_never_regresses(before: State, after: State) -> bool:
    """REP-2: the high watermark of a leader does not go back while its epoch lasts.

    A follower's may: it takes over that of a newly elected leader, which can lag its own.
    """
    return all(
        after.replicas[r].high_watermark >= before.replicas[r].high_watermark
        for r in range(REPLICAS)
        if presumes_leadership(after, r) and after.replicas[r].leader_epoch == before.replicas[r].leader_epoch
    )


def record_is_committed(s: State) -> bool:
    """A leader's high watermark has advanced."""
    return any(s.replicas[r].high_watermark > 0 for r in range(REPLICAS))


def zombie_leader(s: State) -> bool:
    """Two replicas presume leadership at once."""
    return any(presumes_leadership(s, a) and presumes_leadership(s, b) for a in range(REPLICAS) for b in range(a))

"""What `specs.replication_messages` must keep, what must be reachable in it, and what it looks like from above.

Source: KIP-966; Vanlightly's prose on the correctness of Kafka replication (leader candidate completeness, replication
quorum superset, unclean exclusion); Gustafson's published specs for the log properties.
Left out: liveness (an ISR that grows back, a record that is acknowledged at last).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specs.language import NONE, contains, count, is_subset
from specs.replica_log import same_entry
from specs.replication_messages_state import (
    DIVERGING,
    LOG_SIZE,
    MIN_INSYNC_REPLICAS,
    REFUSED,
    REPLICAS,
    State,
    current,
    holds,
    leads,
    maximal_isr,
    view,
)

if TYPE_CHECKING:
    from specs import log_order


def is_electable(s: State, replica: int) -> bool:
    """A member of the controller's ISR or ELR: it may lead next, at once or when its broker is back."""
    return contains(current(s).isr | s.controller.elr, replica)


def leader_completeness(s: State) -> bool:
    """REP-1: every replica that can be elected cleanly holds every acknowledged record."""
    return all(
        holds(s.replicas[r], offset, s.acknowledged[offset])
        for r in range(REPLICAS)
        if is_electable(s, r)
        for offset in range(LOG_SIZE)
        if s.acknowledged[offset] != NONE
    )


def no_acknowledged_record_lost(s: State) -> bool:
    """REP-6: with fewer lossy restarts than min.insync.replicas, some log still holds each acknowledged record."""
    return s.lossy_restarts >= MIN_INSYNC_REPLICAS or all(
        s.acknowledged[offset] == NONE
        or any(holds(s.replicas[r], offset, s.acknowledged[offset]) for r in range(REPLICAS))
        for offset in range(LOG_SIZE)
    )


def exposed_is_acknowledged(s: State) -> bool:
    """REP-2: below a leader's high watermark stands what was acknowledged last, so all leaders expose the same."""
    return all(
        holds(s.replicas[leader], offset, s.acknowledged[offset])
        for leader in range(REPLICAS)
        if leads(s, leader)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].high_watermark
    )


def logs_agree_below_high_watermark(s: State) -> bool:
    """LOG-3: two replicas agree on every record below the lower of their high watermarks."""
    return all(
        same_entry(s.replicas[a], s.replicas[b], offset)
        for a in range(REPLICAS)
        for b in range(REPLICAS)
        if a < b
        for offset in range(LOG_SIZE)
        if offset < s.replicas[a].high_watermark and offset < s.replicas[b].high_watermark
    )


def log_matching(s: State) -> bool:
    """LOG-3: two replicas with records of one epoch at an offset hold the same records up to it."""
    return all(
        same_entry(s.replicas[a], s.replicas[b], earlier)
        for a in range(REPLICAS)
        for b in range(REPLICAS)
        if a < b
        for offset in range(LOG_SIZE)
        if offset < s.replicas[a].log_end_offset
        and offset < s.replicas[b].log_end_offset
        and s.replicas[a].entries[offset].epoch == s.replicas[b].entries[offset].epoch
        for earlier in range(LOG_SIZE)
        if earlier <= offset
    )


def epochs_never_decrease(s: State) -> bool:
    """LOG-3: along a log, leader epochs never go down; every lookup of where they part rests on it."""
    return all(
        s.replicas[r].entries[offset - 1].epoch <= s.replicas[r].entries[offset].epoch
        for r in range(REPLICAS)
        for offset in range(LOG_SIZE)
        if offset > 0 and offset < s.replicas[r].log_end_offset
    )


def follower_prefix(s: State) -> bool:
    """REP-4: what a leader counts as fetched, in the follower's present session and epoch, is the same in both logs."""
    return all(
        same_entry(s.replicas[leader], s.replicas[follower], offset)
        for leader in range(REPLICAS)
        if leads(s, leader)
        for follower in range(REPLICAS)
        if view(s, follower).leader_epoch == view(s, leader).leader_epoch
        and s.replicas[leader].followers[follower].broker_epoch == s.replicas[follower].broker_epoch
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].followers[follower].log_end_offset
    )


def replication_quorum_covers_election_quorum(s: State) -> bool:
    """REP-6: a leader that is not stale, and may commit, waits for everyone that can be elected.

    It may commit while the ISR that it has read of reaches min.insync.replicas. Below that the ELR, which leaders don't
    know of, may hold a replica that the maximal ISR lacks.
    """
    return all(
        is_subset(current(s).isr | s.controller.elr, maximal_isr(s, leader))
        for leader in range(REPLICAS)
        if leads(s, leader)
        and view(s, leader).leader_epoch == current(s).leader_epoch
        and count(view(s, leader).isr) >= MIN_INSYNC_REPLICAS
    )


def isr_and_elr_are_valid(s: State) -> bool:
    """REP-6: ISR and ELR have no member in common, and with min.insync.replicas in the ISR the ELR is empty."""
    return current(s).isr & s.controller.elr == 0 and (
        s.controller.elr == 0 or count(current(s).isr) < MIN_INSYNC_REPLICAS
    )


def isr_is_unfenced(s: State) -> bool:
    """REP-5: no fenced replica is in the ISR, so whoever is elected from it is up."""
    return current(s).isr & s.controller.fenced == 0


def leader_is_in_isr(s: State) -> bool:
    """REP-1: the controller's leader, if there is one, is in its ISR."""
    return current(s).leader == NONE or contains(current(s).isr, current(s).leader)


def one_leader_an_epoch(s: State) -> bool:
    """REP-7: no two brokers believe to lead in the same epoch."""
    return all(
        view(s, a).leader_epoch != view(s, b).leader_epoch
        for a in range(REPLICAS)
        if leads(s, a)
        for b in range(REPLICAS)
        if b != a and leads(s, b)
    )


def high_watermark_never_regresses(before: State, after: State) -> bool:
    """REP-2: while a replica leads in one epoch, its high watermark does not go back."""
    return all(
        after.replicas[r].high_watermark >= before.replicas[r].high_watermark
        for r in range(REPLICAS)
        if leads(before, r) and leads(after, r) and view(before, r).leader_epoch == view(after, r).leader_epoch
    )


def acknowledged_is_final(before: State, after: State) -> bool:
    """LOG-1: what was acknowledged at an offset stays what it is."""
    return all(
        before.acknowledged[offset] == NONE or after.acknowledged[offset] == before.acknowledged[offset]
        for offset in range(LOG_SIZE)
    )


# ------------------------------------------------------------------------------------------------- what must be met


def record_is_acknowledged(s: State) -> bool:
    """A leader's high watermark has advanced."""
    return s.acknowledged[0] != NONE


def zombie_leader(s: State) -> bool:
    """Two brokers believe to lead at once."""
    return any(leads(s, a) and leads(s, b) for a in range(REPLICAS) for b in range(a))


def log_diverges(s: State) -> bool:
    """A leader has told a follower that their logs part."""
    return any(s.fetches[r].stage == DIVERGING for r in range(REPLICAS))


def isr_is_empty(s: State) -> bool:
    """The controller has fenced the last member of the ISR."""
    return current(s).isr == 0


def replica_is_in_elr(s: State) -> bool:
    """A replica has left the ISR, and is still trusted to be complete."""
    return s.controller.elr != 0


def isr_change_is_refused(s: State) -> bool:
    """The controller has refused a member that a leader proposed."""
    return any(s.requests[r].stage == REFUSED for r in range(REPLICAS))


# ------------------------------------------------------------------------------------------------------ seen from above


def committed_log(s: State, log: log_order.State) -> None:
    """LOG-1, LOG-2: What users were promised is at each offset the record that a leader's high watermark passed."""
    log.produced = s.next_record_id
    for offset in range(LOG_SIZE):
        log.committed[offset] = s.acknowledged[offset]
        if s.acknowledged[offset] != NONE:
            log.high_watermark = offset + 1

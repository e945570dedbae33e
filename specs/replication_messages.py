"""ISR replication of one partition as brokers and a KRaft controller do it, by messages (KIP-966).

What is modelled: fetch requests and responses with leader epochs, broker epochs and diverging epochs; the high
watermark, which followers learn late; AlterPartition requests with leader epoch, partition epoch and broker epoch; the
controller's ISR and eligible leader replicas (ELR), fencing, elections; brokers that read the metadata log late, so
that zombies lead on; restarts, of which the unclean ones lose any part of a log's end. Producers ask for acks=all: a
record is acknowledged once its leader's high watermark passes it.

The guarantee: no replica that lacks an acknowledged record can be elected, however many restarts lose something; and
with fewer of these than min.insync.replicas, no acknowledged record is lost.

Source: KIP-966, KIP-903, KIP-841, KIP-595, KIP-497, KIP-279; kafka.cluster.Partition, kafka.server.ReplicaManager and
kafka.server.AbstractFetcherThread of Apache Kafka; Vanlightly's published spec of KIP-966 in TLA+.
Left out: acks other than all, and that a leader refuses writes while its ISR is below min.insync.replicas (here it
takes them, and can't acknowledge them); more than one record a fetch; log start offsets; what
`specs.replication_messages_state` and `specs.replication_messages_controller` leave out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from specs import log_order
from specs.language import NONE, Expect, Refinement, Spec, ablation, action, contains, count, insert, remove
from specs.replica_log import append, epoch_before, first_offset_above_epoch, last_epoch
from specs.replication_messages_controller import (
    ALTER_PARTITION_WITHOUT_PARTITION_EPOCH,
    FENCED_REPLICA_REJOINS_ISR,
    LAST_REPLICA_STANDING,
    STALE_BROKER_EPOCH_JOINS_ISR,
    broker_restart,
    broker_restart_uncleanly,
    controller_alter_partition,
    controller_elect_leader,
    controller_fence,
    controller_readd_replica,
    controller_unfence,
)
from specs.replication_messages_properties import (
    acknowledged_is_final,
    committed_log,
    epochs_never_decrease,
    exposed_is_acknowledged,
    follower_prefix,
    high_watermark_never_regresses,
    isr_and_elr_are_valid,
    isr_change_is_refused,
    isr_is_empty,
    isr_is_unfenced,
    leader_completeness,
    leader_is_in_isr,
    log_diverges,
    log_matching,
    logs_agree_below_high_watermark,
    no_acknowledged_record_lost,
    one_leader_an_epoch,
    record_is_acknowledged,
    replica_is_in_elr,
    replication_quorum_covers_election_quorum,
    zombie_leader,
)
from specs.replication_messages_state import (
    DIVERGING,
    LOG_SIZE,
    MAX_CLEAN_RESTARTS,
    MAX_FENCES,
    MAX_LEADER_EPOCH,
    MAX_LOSSY_RESTARTS,
    MAX_PARTITION_EPOCH,
    MAX_REASSIGNMENTS,
    MAX_RECORDS,
    MIN_INSYNC_REPLICAS,
    NOTHING,
    REFUSED,
    REPLICA,
    REPLICAS,
    REQUEST,
    RESPONSE,
    State,
    awaits_controller,
    drop_answered_request,
    drop_fetch,
    drop_read_metadata,
    drop_request,
    follows,
    forget_followers,
    initial,
    leads,
    maximal_isr,
    request_isr,
    truncate,
    view,
)

TWO_RECORDS: Final[Mapping[str, int]] = {
    "log_size": 2,
    "max_records": 2,
    "max_partition_epoch": 3,
    "max_fences": 0,
    "max_lossy_restarts": 0,
    "max_clean_restarts": 0,
    "max_reassignments": 0,
}

HIGH_WATERMARK_BELOW_MIN_ISR = ablation(
    "high_watermark_below_min_isr",
    "R14, KAFKA-15583: the high watermark advances although the ISR is below min.insync.replicas.",
    Expect("leader_completeness", 6, {"min_insync_replicas": 2, "max_reassignments": 0}),
)
FOLLOWER_STATE_KEPT_ON_READD = ablation(
    "follower_state_kept_on_readd",
    "R16: a leader that leads on in a new leader epoch keeps what it knew of its followers, whatever became of them.",
    Expect("follower_prefix", 11, {}),
    Expect("leader_completeness", 14, {}),
)
STALE_FETCH_RESPONSE = ablation(
    "stale_fetch_response",
    "R19: a follower takes a fetch response of another leader epoch, or to another offset than its log end.",
    Expect("epochs_never_decrease", 12, TWO_RECORDS),
    Expect("leader_completeness", 26, TWO_RECORDS),
)


# --------------------------------------------------------------------------------------------------------- every broker


@action(replica=REPLICA)
def broker_read_metadata(s: State, replica: int) -> bool:
    """A broker reads the next record of the metadata log, as late as it likes.

    In a new leader epoch a leader notes where it starts, and has to hear from each follower anew: what it knew of them
    is worth nothing, not even if it led before, since they may have followed another in between. Any record settles
    what it has asked of the controller. A follower turns to its leader, and cuts its log when that leader tells it to.
    """
    broker = s.replicas[replica]
    if broker.partition_epoch >= s.controller.partition_epoch:
        return False
    led = leads(s, replica)
    leader_epoch = view(s, replica).leader_epoch
    broker.partition_epoch = broker.partition_epoch + 1
    if leader_epoch != view(s, replica).leader_epoch:
        broker.epoch_start_offset = broker.log_end_offset if leads(s, replica) else 0
        if not (FOLLOWER_STATE_KEPT_ON_READD and led and leads(s, replica)):
            forget_followers(s, replica)
    drop_answered_request(s, replica)
    drop_read_metadata(s)
    return True


# ----------------------------------------------------------------------------------------------------------- the leader


@action(leader=REPLICA)
def leader_append(s: State, leader: int) -> bool:
    """A leader takes a write, zombies too: it is replication that must fail for them."""
    log = s.replicas[leader]
    if not leads(s, leader) or s.next_record_id >= MAX_RECORDS or log.log_end_offset >= LOG_SIZE:
        return False
    append(log, s.next_record_id, view(s, leader).leader_epoch)
    s.next_record_id = s.next_record_id + 1
    return True


@action(leader=REPLICA)
def leader_advance_high_watermark(s: State, leader: int) -> bool:
    """One further, once every member of the maximal ISR has fetched past it: the record there is acknowledged.

    The maximal ISR, since the controller may have taken the leader's request already, or not yet. Never while the ISR
    is below min.insync.replicas: the controller may elect from the ELR then, of which the leader knows nothing.
    """
    replica = s.replicas[leader]
    offset = replica.high_watermark
    if not leads(s, leader) or offset >= replica.log_end_offset:
        return False
    if count(view(s, leader).isr) < MIN_INSYNC_REPLICAS and not HIGH_WATERMARK_BELOW_MIN_ISR:
        return False
    for r in range(REPLICAS):
        if r != leader and contains(maximal_isr(s, leader), r) and replica.followers[r].log_end_offset <= offset:
            return False
    replica.high_watermark = offset + 1
    s.acknowledged[offset] = replica.entries[offset].id
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_request_isr_shrink(s: State, leader: int, follower: int) -> bool:
    """A follower has not caught up for replica.lag.time.max.ms, which may be at any time: the leader wants it out."""
    if leader == follower or not leads(s, leader) or awaits_controller(s, leader):
        return False
    if not contains(view(s, leader).isr, follower):
        return False
    if s.replicas[leader].followers[follower].log_end_offset == s.replicas[leader].log_end_offset:
        return False
    request_isr(s, leader, remove(view(s, leader).isr, follower), 0)
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_request_isr_expand(s: State, leader: int, follower: int) -> bool:
    """A follower has fetched in this leader epoch, at the high watermark and at the epoch's start or beyond: let it in.

    A new leader's high watermark may lag what an earlier leader has acknowledged; the start of its own epoch does not.
    The request tells in which session of its broker the follower fetched.
    """
    if not leads(s, leader) or awaits_controller(s, leader) or contains(view(s, leader).isr, follower):
        return False
    known = s.replicas[leader].followers[follower]
    if known.log_end_offset < max(s.replicas[leader].high_watermark, s.replicas[leader].epoch_start_offset):
        return False
    request_isr(s, leader, insert(view(s, leader).isr, follower), known.broker_epoch)
    return True


@action(leader=REPLICA)
def leader_give_up_isr_change(s: State, leader: int) -> bool:
    """The controller's refusal comes back, and the leader returns to the ISR that it has read of."""
    if s.requests[leader].stage != REFUSED:
        return False
    drop_request(s.requests[leader])
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_handle_fetch(s: State, leader: int, follower: int) -> bool:
    """A leader answers a fetch of its own leader epoch; any other it refuses, which is as good as loss.

    If the follower's last record is not in its log, it answers with where that record's epoch ends there, and counts
    nothing. Otherwise the follower holds all before its offset, and gets the record there, if there is one.
    """
    fetch = s.fetches[follower]
    if fetch.stage != REQUEST or not leads(s, leader) or view(s, leader).leader_epoch != fetch.leader_epoch:
        return False
    log = s.replicas[leader]
    end = log.log_end_offset if fetch.epoch == NONE else first_offset_above_epoch(log, fetch.epoch)
    if end < fetch.offset or epoch_before(log, end) < fetch.epoch:
        fetch.stage = DIVERGING
        fetch.epoch = epoch_before(log, end)
        fetch.end_offset = end
        return True
    log.followers[follower].log_end_offset = fetch.offset
    log.followers[follower].broker_epoch = fetch.broker_epoch
    fetch.stage = RESPONSE
    fetch.end_offset = log.high_watermark
    fetch.epoch = NONE
    if fetch.offset < log.log_end_offset:
        fetch.epoch = log.entries[fetch.offset].epoch
        fetch.id = log.entries[fetch.offset].id
    return True


# -------------------------------------------------------------------------------------------------------- the followers


@action(follower=REPLICA)
def follower_fetch(s: State, follower: int) -> bool:
    """A follower asks for the record at its log end, and says what it has before that: the epoch of its last record.

    It gives its leader epoch, so that no zombie answers, and its broker epoch, so that nobody later takes what it was
    before a restart for what it is. Fenced followers fetch too.
    """
    fetch = s.fetches[follower]
    if fetch.stage != NOTHING or not follows(s, follower):
        return False
    log = s.replicas[follower]
    fetch.stage = REQUEST
    fetch.leader_epoch = view(s, follower).leader_epoch
    fetch.broker_epoch = log.broker_epoch
    fetch.offset = log.log_end_offset
    fetch.epoch = last_epoch(log)
    return True


@action(follower=REPLICA)
def fetch_is_lost(s: State, follower: int) -> bool:
    """The connection broke, or the leader refused the fetch, or the follower has no use for the response."""
    if s.fetches[follower].stage == NOTHING:
        return False
    drop_fetch(s.fetches[follower])
    return True


def is_answer_now(s: State, follower: int) -> bool:
    """Whether the response under way answers the fetch that the follower would send now."""
    fetch = s.fetches[follower]
    return fetch.leader_epoch == view(s, follower).leader_epoch and fetch.offset == s.replicas[follower].log_end_offset


@action(follower=REPLICA)
def follower_take_response(s: State, follower: int) -> bool:
    """A follower appends the record and takes over the leader's high watermark, or it cuts its diverging log.

    It keeps what lies before the end, in both logs, of the epoch in the response; if it has none of that epoch, what
    lies before it in its own. Then it fetches again, and may have to cut again: KIP-279's lookup, a round a fetch.
    """
    fetch = s.fetches[follower]
    if fetch.stage < RESPONSE or not follows(s, follower):
        return False
    if not STALE_FETCH_RESPONSE and not is_answer_now(s, follower):
        return False
    log = s.replicas[follower]
    if fetch.stage == DIVERGING:
        end = first_offset_above_epoch(log, fetch.epoch)
        truncate(log, min(end, fetch.end_offset) if epoch_before(log, end) == fetch.epoch else end)
    else:
        if fetch.id != NONE and log.log_end_offset < LOG_SIZE:
            append(log, fetch.id, fetch.epoch)
        log.high_watermark = min(fetch.end_offset, log.log_end_offset)
    drop_fetch(fetch)
    return True


SPEC = Spec(
    name="replication_messages",
    doc="ISR replication of one partition by messages, with eligible leader replicas and lossy restarts, KIP-966.",
    state=State,
    initial=initial,
    actions=(
        controller_elect_leader,
        controller_fence,
        controller_unfence,
        controller_readd_replica,
        controller_alter_partition,
        broker_read_metadata,
        broker_restart,
        broker_restart_uncleanly,
        leader_append,
        leader_advance_high_watermark,
        leader_request_isr_shrink,
        leader_request_isr_expand,
        leader_give_up_isr_change,
        leader_handle_fetch,
        follower_fetch,
        follower_take_response,
        fetch_is_lost,
    ),
    bounds=(
        REPLICAS,
        LOG_SIZE,
        MAX_RECORDS,
        MAX_LEADER_EPOCH,
        MAX_PARTITION_EPOCH,
        MIN_INSYNC_REPLICAS,
        MAX_FENCES,
        MAX_LOSSY_RESTARTS,
        MAX_CLEAN_RESTARTS,
        MAX_REASSIGNMENTS,
    ),
    invariants=(
        leader_completeness,
        no_acknowledged_record_lost,
        exposed_is_acknowledged,
        logs_agree_below_high_watermark,
        log_matching,
        epochs_never_decrease,
        follower_prefix,
        replication_quorum_covers_election_quorum,
        isr_and_elr_are_valid,
        isr_is_unfenced,
        leader_is_in_isr,
        one_leader_an_epoch,
    ),
    step_properties=(high_watermark_never_regresses, acknowledged_is_final),
    reachable=(
        record_is_acknowledged,
        zombie_leader,
        log_diverges,
        isr_is_empty,
        replica_is_in_elr,
        isr_change_is_refused,
    ),
    refines=(Refinement(log_order.SPEC, committed_log, {"log_size": LOG_SIZE, "max_records": MAX_RECORDS}),),
    ablations=(
        LAST_REPLICA_STANDING,
        HIGH_WATERMARK_BELOW_MIN_ISR,
        STALE_BROKER_EPOCH_JOINS_ISR,
        FOLLOWER_STATE_KEPT_ON_READD,
        FENCED_REPLICA_REJOINS_ISR,
        ALTER_PARTITION_WITHOUT_PARTITION_EPOCH,
        STALE_FETCH_RESPONSE,
    ),
    needs=(
        (controller_fence, MAX_FENCES),
        (controller_unfence, MAX_FENCES),
        (broker_restart, MAX_FENCES),
        (broker_restart, MAX_CLEAN_RESTARTS),
        (broker_restart_uncleanly, MAX_FENCES),
        (broker_restart_uncleanly, MAX_LOSSY_RESTARTS),
        (controller_readd_replica, MAX_REASSIGNMENTS),
        (leader_give_up_isr_change, MAX_FENCES),
        (isr_is_empty, MAX_FENCES),
        (replica_is_in_elr, MAX_FENCES),
        (isr_change_is_refused, MAX_FENCES),
    ),
    columns="replicas",
)

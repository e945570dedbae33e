"""ISR replication of one partition as brokers and a KRaft controller do it, by messages (KIP-966).

What is modelled: fetch requests and responses with leader epochs, broker epochs and diverging epochs; the high
watermark, which followers learn late; AlterPartition requests, fenced by leader epoch, partition epoch and broker epoch;
the controller's ISR and eligible leader replicas (ELR), fencing, elections; brokers that read the metadata log late, so
that zombies lead on; restarts, of which the unclean ones lose any part of a log's end. Producers ask for acks=all: a
record is acknowledged once its leader's high watermark passes it.

The guarantee: with fewer lossy restarts than min.insync.replicas, no acknowledged record is lost; with any number, no
replica that lacks one is elected.

Source: KIP-966, KIP-903, KIP-841, KIP-497, KIP-595; kafka.cluster.Partition, kafka.server.AbstractFetcherThread and
org.apache.kafka.controller.ReplicationControlManager of Apache Kafka; Vanlightly's published spec of KIP-966 in TLA+.
Left out: acks=1 (a leader takes writes whatever its ISR), the last known ELR and unclean recovery, log start offsets,
heartbeats and sessions (the controller fences whom it likes), controlled shutdown, the controller's own replication. A
broker registers and restarts in one step, since nothing that it does in between can be told from being slow.
"""

from __future__ import annotations

from specs import log_order
from specs.language import (
    NONE,
    Expect,
    Maybe,
    Refinement,
    Spec,
    ablation,
    action,
    contains,
    count,
    insert,
    remove,
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
    replication_quorum_covers_election_quorum,
    zombie_leader,
)
from specs.replication_messages_state import (
    ACCEPTED,
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
    OFFSET,
    REFUSED,
    REPLICA,
    REPLICAS,
    REQUEST,
    RESPONSE,
    AlterPartition,
    Fetch,
    State,
    append,
    awaits_controller,
    current,
    epoch_before,
    first_offset_above_epoch,
    follows,
    initial,
    leads,
    maximal_isr,
    truncate,
    view,
)

# -------------------------------------------------------------------------------------------------------- the ablations

LAST_REPLICA_STANDING = ablation(
    "last_replica_standing",
    "R13, before KIP-966: the last member never leaves the ISR, not even for an unclean restart.",
)
HIGH_WATERMARK_BELOW_MIN_ISR = ablation(
    "high_watermark_below_min_isr",
    "R14, KAFKA-15583: the high watermark advances although the ISR is below min.insync.replicas.",
)
STALE_BROKER_EPOCH_JOINS_ISR = ablation(
    "stale_broker_epoch_joins_isr",
    "R15, KIP-903, KAFKA-14617: the controller does not ask in which session of its broker a new member fetched.",
)
FOLLOWER_STATE_KEPT_ON_READD = ablation(
    "follower_state_kept_on_readd",
    "R16: a leader that goes on in a new leader epoch keeps what it knew of its followers, whatever became of them.",
)
FENCED_REPLICA_REJOINS_ISR = ablation(
    "fenced_replica_rejoins_isr",
    "R17, KIP-841, KAFKA-13916: the controller takes a fenced replica into the ISR.",
)
ALTER_PARTITION_WITHOUT_PARTITION_EPOCH = ablation(
    "alter_partition_without_partition_epoch",
    "R18: the controller takes an AlterPartition request that was made from an older state of the partition.",
)
STALE_FETCH_RESPONSE = ablation(
    "stale_fetch_response",
    "R19: a follower takes a fetch response of another leader epoch, or for another offset than its log end.",
)


# ------------------------------------------------------------------------------------------------------- the controller


def can_change_partition(s: State, leader_epoch: int) -> bool:
    """Whether the bounds leave room for one more record in the metadata log."""
    return s.controller.partition_epoch < MAX_PARTITION_EPOCH and leader_epoch <= MAX_LEADER_EPOCH


def change_partition(s: State, leader: int, leader_epoch: int, isr: int) -> None:
    """Write a record to the metadata log, which takes the next partition epoch, and bring the ELR up to date.

    Once the ISR is below min.insync.replicas nothing more can be acknowledged, so whoever leaves it from then on stays
    complete and goes to the ELR. The ELR ends as soon as the ISR is back to that size.
    """
    elr = (s.controller.elr | current(s).isr) & ~isr
    s.controller.elr = 0 if count(isr) >= MIN_INSYNC_REPLICAS else elr
    s.controller.partition_epoch = s.controller.partition_epoch + 1
    record = current(s)
    record.leader = leader
    record.leader_epoch = leader_epoch
    record.isr = isr


def isr_without(s: State, replica: int) -> int:
    """The ISR after a replica is gone: it may be empty."""
    rest = remove(current(s).isr, replica)
    return current(s).isr if LAST_REPLICA_STANDING and rest == 0 else rest


def candidates(isr: int, elr: int, fenced: int) -> int:
    """Who can be elected cleanly: the unfenced members of the ISR or else of the ELR."""
    return elr & ~fenced if isr & ~fenced == 0 else isr & ~fenced


@action(leader=REPLICA)
def controller_elect_leader(s: State, leader: int) -> bool:
    """The first election, or the preferred leader's: another member of the ISR takes over though nobody failed."""
    leader_epoch = current(s).leader_epoch + 1
    if current(s).leader == leader or not can_change_partition(s, leader_epoch):
        return False
    if not contains(current(s).isr & ~s.controller.fenced, leader):
        return False
    change_partition(s, leader, leader_epoch, current(s).isr)
    return True


@action(replica=REPLICA, successor=Maybe(REPLICA))
def controller_fence(s: State, replica: int, successor: int) -> bool:
    """No heartbeat came in time, be the broker dead, slow or cut off. It leaves the ISR, even as its last member.

    A leader is replaced in the same breath: by an unfenced member of the ISR, else by one of the ELR, who thereby joins
    the ISR; or by none. A change of leader takes the next leader epoch; a mere change of the ISR does not (KAFKA-15021).
    """
    if contains(s.controller.fenced, replica) or s.fences >= MAX_FENCES:
        return False
    fenced = insert(s.controller.fenced, replica)
    leader = current(s).leader
    leader_epoch = current(s).leader_epoch
    isr = isr_without(s, replica)
    if leader == replica:
        eligible = candidates(isr, s.controller.elr, fenced)
        if not contains(eligible, successor) and not (eligible == 0 and successor == NONE):
            return False
        leader = successor
        leader_epoch = leader_epoch + 1
        isr = isr if successor == NONE else insert(isr, successor)
    elif successor != NONE:
        return False
    if isr != current(s).isr or leader != current(s).leader:
        if not can_change_partition(s, leader_epoch):
            return False
        change_partition(s, leader, leader_epoch, isr)
    s.controller.fenced = fenced
    s.fences = s.fences + 1
    return True


@action(replica=REPLICA)
def controller_unfence(s: State, replica: int) -> bool:
    """Heartbeats come again, from the same session of the broker or a new one. It is not in the ISR, and has to catch up.

    Unless there is no leader, and it can be elected: then it is.
    """
    if not contains(s.controller.fenced, replica):
        return False
    fenced = remove(s.controller.fenced, replica)
    isr = current(s).isr
    if current(s).leader == NONE and contains(candidates(isr, s.controller.elr, fenced), replica):
        leader_epoch = current(s).leader_epoch + 1
        if not can_change_partition(s, leader_epoch):
            return False
        change_partition(s, replica, leader_epoch, insert(isr, replica))
    s.controller.fenced = fenced
    return True


@action(replica=REPLICA)
def controller_readd_replica(s: State, replica: int) -> bool:
    """Two reassignments in a row take a follower out of the partition and put it back; it deletes its log in between.

    Only while the others keep min.insync.replicas in the ISR. Both changes are one record here, as they are for a
    broker that reads them at one go: to such a leader its follower never was away, and the leader epoch alone tells that
    something happened. The replica itself is the first to know.
    """
    if s.reassignments >= MAX_REASSIGNMENTS or current(s).leader == NONE or current(s).leader == replica:
        return False
    leader_epoch = current(s).leader_epoch + 1
    isr = remove(current(s).isr, replica)
    if count(isr) < MIN_INSYNC_REPLICAS or not can_change_partition(s, leader_epoch):
        return False
    change_partition(s, current(s).leader, leader_epoch, isr)
    truncate(s.replicas[replica], 0)
    begin_session(s, replica)
    s.reassignments = s.reassignments + 1
    return True


def is_eligible_isr(s: State, leader: int) -> bool:
    """Whether the controller takes a proposed ISR: all are up, and a new member is still in the session that it fetched in.

    A replica that restarted since may have lost what it had when it fetched.
    """
    request = s.requests[leader]
    if request.isr & s.controller.fenced != 0 and not FENCED_REPLICA_REJOINS_ISR:
        return False
    return STALE_BROKER_EPOCH_JOINS_ISR or all(
        s.replicas[r].broker_epoch == request.broker_epoch
        for r in range(REPLICAS)
        if contains(request.isr, r) and not contains(current(s).isr, r)
    )


@action(leader=REPLICA)
def controller_alter_partition(s: State, leader: int) -> bool:
    """The controller decides on a leader's request to change the ISR.

    It takes none but the present leader's, in the present leader epoch, and only if nothing has changed since the state
    that the leader made it from: partition epochs make it a compare-and-set. What is refused for its epochs changes
    nothing anywhere, so it may as well be still under way; the leader learns from the metadata log what it missed.
    """
    request = s.requests[leader]
    if request.stage != REQUEST or current(s).leader != leader or current(s).leader_epoch != request.leader_epoch:
        return False
    if request.partition_epoch != s.controller.partition_epoch and not ALTER_PARTITION_WITHOUT_PARTITION_EPOCH:
        return False
    if not is_eligible_isr(s, leader):
        request.stage = REFUSED
        return True
    if not can_change_partition(s, request.leader_epoch):
        return False
    change_partition(s, leader, request.leader_epoch, request.isr)
    request.stage = ACCEPTED
    return True


# ---------------------------------------------------------------------------------------------------------- the brokers


def forget_followers(s: State, replica: int) -> None:
    """Nothing is known of any follower in this leader epoch."""
    for r in range(REPLICAS):
        s.replicas[replica].followers[r].log_end_offset = NONE
        s.replicas[replica].followers[r].broker_epoch = 0


def drop_read_metadata(s: State) -> None:
    """Blank the records of the metadata log that every broker is past."""
    oldest = s.controller.partition_epoch
    for r in range(REPLICAS):
        oldest = min(oldest, s.replicas[r].partition_epoch)
    for epoch in range(MAX_PARTITION_EPOCH + 1):
        if epoch < oldest:
            s.metadata[epoch].leader = NONE
            s.metadata[epoch].leader_epoch = NONE
            s.metadata[epoch].isr = 0


def drop_request(request: AlterPartition) -> None:
    """Nothing is under way any more."""
    request.stage = NOTHING
    request.isr = 0
    request.partition_epoch = 0
    request.leader_epoch = 0
    request.broker_epoch = 0


def drop_answered_request(s: State, replica: int) -> None:
    """What the controller answered is of no use to a leader that has read of something newer."""
    if s.requests[replica].stage != REQUEST and not awaits_controller(s, replica):
        drop_request(s.requests[replica])


def begin_session(s: State, replica: int) -> None:
    """Start as a follower, or leaderless, with all metadata read and nothing in memory."""
    s.replicas[replica].partition_epoch = s.controller.partition_epoch
    s.replicas[replica].epoch_start_offset = 0
    forget_followers(s, replica)
    drop_answered_request(s, replica)
    if s.fetches[replica].stage != REQUEST:
        drop_fetch(s.fetches[replica])
    drop_read_metadata(s)


@action(replica=REPLICA)
def broker_read_metadata(s: State, replica: int) -> bool:
    """A broker reads the next record of the metadata log, as late as it likes.

    In a new leader epoch a leader notes where it starts, and must hear from each follower anew: what it knew of them is
    worth nothing, not even if it led before. A new ISR settles what it has asked for. A follower only turns to its
    leader; it truncates when that leader tells it to.
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


def restart(s: State, replica: int) -> None:
    """A broker that the controller has fenced registers anew: its broker epoch tells this session from all before."""
    s.replicas[replica].broker_epoch = s.replicas[replica].broker_epoch + 1
    begin_session(s, replica)


@action(replica=REPLICA)
def broker_restart(s: State, replica: int) -> bool:
    """A clean restart: all was flushed before, so whatever the replica was trusted to hold it still holds."""
    sessions = 0
    for r in range(REPLICAS):
        sessions += s.replicas[r].broker_epoch
    if not contains(s.controller.fenced, replica) or sessions - s.lossy_restarts >= MAX_CLEAN_RESTARTS:
        return False
    restart(s, replica)
    return True


@action(replica=REPLICA, kept=OFFSET)
def broker_restart_uncleanly(s: State, replica: int, kept: int) -> bool:
    """The machine failed, and the log lost what was not flushed: any part of its end, or nothing.

    The broker finds no mark of a clean shutdown and says so when it registers. The controller trusts it no longer: it
    leaves the ELR, and, were it there, the ISR. It has to catch up with a leader first.
    """
    if not contains(s.controller.fenced, replica) or s.lossy_restarts >= MAX_LOSSY_RESTARTS:
        return False
    if kept > s.replicas[replica].log_end_offset:
        return False
    isr = isr_without(s, replica)
    if isr != current(s).isr or contains(s.controller.elr, replica):
        if not can_change_partition(s, 0):
            return False
        change_partition(s, current(s).leader, current(s).leader_epoch, isr)
        s.controller.elr = remove(s.controller.elr, replica)
    truncate(s.replicas[replica], kept)
    restart(s, replica)
    s.lossy_restarts = s.lossy_restarts + 1
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

    The maximal ISR, since the controller may have taken the leader's request already, or not yet. Never while the
    ISR is below min.insync.replicas: the controller may then elect from an ELR that the leader knows nothing of.
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


def request_isr(s: State, leader: int, isr: int, broker_epoch: int) -> None:
    """Send an AlterPartition request, made from what the leader has read of the partition."""
    request = s.requests[leader]
    request.stage = REQUEST
    request.isr = isr
    request.partition_epoch = s.replicas[leader].partition_epoch
    request.leader_epoch = view(s, leader).leader_epoch
    request.broker_epoch = broker_epoch


@action(leader=REPLICA, follower=REPLICA)
def leader_request_isr_shrink(s: State, leader: int, follower: int) -> bool:
    """A follower has not caught up for replica.lag.time.max.ms, which may be any time."""
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
    """A follower has fetched, in this leader epoch, from the high watermark and from the epoch's start or beyond.

    A new leader's high watermark may lag what an earlier leader acknowledged; the start of its own epoch does not.
    """
    if not leads(s, leader) or awaits_controller(s, leader) or contains(view(s, leader).isr, follower):
        return False
    known = s.replicas[leader].followers[follower]
    end = max(s.replicas[leader].high_watermark, s.replicas[leader].epoch_start_offset)
    if known.log_end_offset < end:
        return False
    request_isr(s, leader, insert(view(s, leader).isr, follower), known.broker_epoch)
    return True


@action(leader=REPLICA)
def leader_give_up_isr_change(s: State, leader: int) -> bool:
    """The refusal comes back, and the leader returns to the ISR that it has read of."""
    if s.requests[leader].stage != REFUSED:
        return False
    drop_request(s.requests[leader])
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_handle_fetch(s: State, leader: int, follower: int) -> bool:
    """A leader answers a fetch in its own leader epoch; to any other it answers with an error, which is as good as loss.

    If the follower's last record is not in the leader's log, it answers with where that epoch ends there. Else the
    fetch tells that the follower holds all before its offset, and is answered with the record there, if any.
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


# --------------------------------------------------------------------------------------------------------- the followers


def drop_fetch(fetch: Fetch) -> None:
    """Nothing is under way any more."""
    fetch.stage = NOTHING
    fetch.leader_epoch = 0
    fetch.broker_epoch = 0
    fetch.offset = 0
    fetch.epoch = NONE
    fetch.id = NONE
    fetch.end_offset = 0


@action(follower=REPLICA)
def follower_fetch(s: State, follower: int) -> bool:
    """A follower asks for the record at its log end, and tells what it has before that: the epoch of its last record.

    It gives its leader epoch, so that no zombie can answer, and its broker epoch, so that nobody mistakes it later for
    what it was in another session. Fenced followers fetch too.
    """
    fetch = s.fetches[follower]
    if fetch.stage != NOTHING or not follows(s, follower):
        return False
    log = s.replicas[follower]
    fetch.stage = REQUEST
    fetch.leader_epoch = view(s, follower).leader_epoch
    fetch.broker_epoch = log.broker_epoch
    fetch.offset = log.log_end_offset
    fetch.epoch = epoch_before(log, log.log_end_offset)
    return True


@action(follower=REPLICA)
def fetch_is_lost(s: State, follower: int) -> bool:
    """The connection broke, or the leader answered with an error, or the follower has no use for the answer."""
    if s.fetches[follower].stage == NOTHING:
        return False
    drop_fetch(s.fetches[follower])
    return True


def is_answer_to(s: State, follower: int) -> bool:
    """Whether the response under way answers the fetch that the follower would make now."""
    fetch = s.fetches[follower]
    return (
        fetch.leader_epoch == view(s, follower).leader_epoch and fetch.offset == s.replicas[follower].log_end_offset
    )


@action(follower=REPLICA)
def follower_take_response(s: State, follower: int) -> bool:
    """A follower appends the record and takes over the leader's high watermark, or else truncates a diverging log.

    It cuts its log where the leader's epoch ends in the shorter of both logs, and where its own largest epoch below
    ends if it has none of that epoch; then it fetches again, and may have to cut again (KIP-279, now on each fetch).
    """
    fetch = s.fetches[follower]
    if (fetch.stage != RESPONSE and fetch.stage != DIVERGING) or not follows(s, follower):
        return False
    if not STALE_FETCH_RESPONSE and not is_answer_to(s, follower):
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
    reachable=(record_is_acknowledged, zombie_leader, log_diverges, isr_is_empty, isr_change_is_refused),
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
    columns="replicas",
)

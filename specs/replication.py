"""ISR replication of one partition, with leader epochs (KIP-101, KIP-279, KIP-320).

What is modelled: the log of each replica, record by record; what each replica believes (leader, leader epoch, ISR, high
watermark); the controller's view, which is the truth (the quorum); and the LeaderAndIsr requests it ever sent, which
may arrive late, again, in any order or never. A replica that the controller has given up on may go on as a zombie: a
failure is nothing but a removal from the ISR.

Source: Gustafson's published specs in TLA+ (KafkaReplication, Kip101, Kip279, Kip320FirstTry, Kip320); KIP-101, KIP-279,
KIP-320; kafka.cluster.Partition and kafka.server.ReplicaFetcherThread of Apache Kafka.
Left out: fetch messages (a follower reads its leader's state atomically; see `specs.replication_messages`), crashes and
lost disks, min.insync.replicas, unclean election, log start offsets, reassignment. ISR changes of the leader
are a compare-and-set on the quorum and seen at once (see `specs.alter_partition` for the real thing).
"""

from __future__ import annotations

from specs import log_order
from specs.language import (
    NONE,
    Array,
    Expect,
    Id,
    Int,
    Maybe,
    Nested,
    Record,
    Refinement,
    SetOf,
    Spec,
    Variant,
    ablation,
    action,
    bound,
    contains,
    insert,
    remove,
)

REPLICAS = bound("replicas", 3, low=1, high=6, doc="replicas of the partition")
LOG_SIZE = bound("log_size", 2, low=1, high=8, doc="records that fit a log")
MAX_RECORDS = bound("max_records", 2, low=1, high=8, doc="records ever written")
MAX_LEADER_EPOCH = bound("max_leader_epoch", 1, low=0, high=8, doc="the last leader epoch; the first is 0")

REPLICA = Id("replica", REPLICAS)
EPOCH = Int(0, MAX_LEADER_EPOCH)
OFFSET = Int(0, LOG_SIZE)


# ------------------------------------------------------------------------------------------------------------ the state


class Entry(Record):
    """A record in a log; ids tell records apart that the protocol itself can't."""

    id = Maybe(Int(0, MAX_RECORDS - 1))
    epoch = Maybe(EPOCH)


class Replica(Record):
    """A replica's log and its beliefs. `high_watermark` and `log_end_offset` are exclusive ends."""

    entries = Array(Entry, LOG_SIZE)
    log_end_offset = OFFSET
    high_watermark = OFFSET
    leader_epoch = Maybe(EPOCH)
    leader = Maybe(REPLICA)
    isr = SetOf(REPLICA)


class Quorum(Record):
    """The controller's view of the partition: the true leader and ISR."""

    leader_epoch = Maybe(EPOCH)
    leader = Maybe(REPLICA)
    isr = SetOf(REPLICA)


class Request(Record):
    """A LeaderAndIsr request. Its epoch is its index, since every request takes the next one."""

    leader = Maybe(REPLICA)
    isr = SetOf(REPLICA)


class State(Record):
    """The partition. Requests below `next_leader_epoch` have been sent."""

    replicas = Array(Replica, REPLICA)
    quorum = Nested(Quorum)
    requests = Array(Request, MAX_LEADER_EPOCH + 1)
    next_record_id = Int(0, MAX_RECORDS)
    next_leader_epoch = Int(0, MAX_LEADER_EPOCH + 1)


def initial(s: State) -> None:
    """Empty logs; nobody knows a leader; the true ISR is everyone."""
    for r in range(REPLICAS):
        s.quorum.isr = insert(s.quorum.isr, r)


# -------------------------------------------------------------------------------------------------------- the ablations

UNFENCED_HIGH_WATERMARK_ADVANCE = ablation(
    "unfenced_high_watermark_advance",
    "R05, KIP-320 rule 3: the leader counts followers of another epoch when it advances its high watermark.",
    Expect("strong_isr", 12, {"replicas": 3, "log_size": 1, "max_records": 1, "max_leader_epoch": 2}),
)
UNFENCED_FETCH = ablation(
    "unfenced_fetch",
    "R06, KIP-320: a follower fetches from a leader that is in another epoch.",
    Expect("weak_isr", 12, {"replicas": 3, "log_size": 1, "max_records": 1, "max_leader_epoch": 2}),
)
UNFENCED_ISR_EXPAND = ablation(
    "unfenced_isr_expand",
    "R07, KIP-320: the leader admits a follower of another epoch to the ISR.",
    Expect("strong_isr", 12, {"replicas": 3, "log_size": 1, "max_records": 1, "max_leader_epoch": 2}),
)
UNFENCED_ISR_SHRINK = ablation(
    "unfenced_isr_shrink",
    "The leader keeps a follower of another epoch in the ISR. By itself safe: fewer removals, nothing else.",
)
ISR_JOIN_AT_LAGGING_HIGH_WATERMARK = ablation(
    "isr_join_at_lagging_high_watermark",
    "R10, KAFKA-7128: a follower joins the ISR at the leader's high watermark, although that may lag the true one.",
    Expect("strong_isr", 11, {"replicas": 3, "log_size": 1, "max_records": 1, "max_leader_epoch": 1}),
)
UNFENCED_TRUNCATION_LOOKUP = ablation(
    "unfenced_truncation_lookup",
    "R08, KIP-320 rule 2: a new follower truncates against a leader that is still in another epoch.",
    Expect("follower_prefix", 12, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)
TRUNCATE_TO_OWN_HIGH_WATERMARK = ablation(
    "truncate_to_own_high_watermark",
    "R01, KIP-101, KAFKA-1211: a new follower truncates to its own high watermark.",
    Expect("strong_isr", 10, {"replicas": 2, "log_size": 1, "max_records": 1, "max_leader_epoch": 2}),
)
KIP_101_LOOKUP = ablation(
    "kip_101_lookup",
    "R02, KIP-279, KAFKA-6361: a new follower truncates to the leader's end offset for the follower's last epoch.",
    Expect("follower_prefix", 10, {"replicas": 2, "log_size": 2, "max_records": 3, "max_leader_epoch": 3}),
)
UNDEFINED_EPOCH_USES_HIGH_WATERMARK = ablation(
    "undefined_epoch_uses_high_watermark",
    "R03, KAFKA-6857: where the leader has no larger epoch to answer with, the follower truncates to its high watermark.",
    Expect("strong_isr", 12, {"replicas": 2, "log_size": 2, "max_records": 2, "max_leader_epoch": 2}),
)
SINGLE_ROUND_LOOKUP = ablation(
    "single_round_lookup",
    "R04: the lookup of KIP-279 asked once, not until follower and leader agree on an epoch.",
    Expect("follower_prefix", 13, {"replicas": 2, "log_size": 2, "max_records": 3, "max_leader_epoch": 3}),
)
NO_TRUNCATION_FOR_SAME_LEADER = ablation(
    "no_truncation_for_same_leader",
    "R11, KAFKA-7164: a follower does not truncate when a new epoch names the leader that it follows already.",
    Expect("follower_prefix", 12, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)


# ----------------------------------------------------------------------------------------- what replicas know and share


def presumes_leadership(s: State, replica: int) -> bool:
    """A replica that believes itself the leader, be it true or a zombie."""
    return s.replicas[replica].leader == replica


def is_true_leader(s: State, leader: int) -> bool:
    """The leader that the quorum names, in the quorum's own epoch."""
    return (
        s.quorum.leader == leader
        and presumes_leadership(s, leader)
        and s.replicas[leader].leader_epoch == s.quorum.leader_epoch
    )


def follows(s: State, follower: int, leader: int, unfenced: bool) -> bool:
    """Whether a replica (the leader itself included) acknowledges a presumed leader, in the leader's epoch unless unfenced."""
    return (
        presumes_leadership(s, leader)
        and s.replicas[follower].leader == leader
        and (unfenced or s.replicas[follower].leader_epoch == s.replicas[leader].leader_epoch)
    )


def same_entry(a: Replica, b: Replica, offset: int) -> bool:
    """Whether two logs both reach past an offset and hold the same record there."""
    return (
        offset < a.log_end_offset
        and offset < b.log_end_offset
        and a.entries[offset].id == b.entries[offset].id
        and a.entries[offset].epoch == b.entries[offset].epoch
    )


def append(log: Replica, id: int, epoch: int) -> None:
    """Write one record at the log end."""
    entry = log.entries[log.log_end_offset]
    entry.id = id
    entry.epoch = epoch
    log.log_end_offset = log.log_end_offset + 1


def truncate(log: Replica, end_offset: int) -> None:
    """Drop every record at or above an offset."""
    for offset in range(LOG_SIZE):
        if offset >= end_offset:
            log.entries[offset].id = NONE
            log.entries[offset].epoch = NONE
    log.log_end_offset = end_offset


# ------------------------------------------------------------------------------------------------------- the controller


def send_leader_and_isr(s: State, leader: int, isr: int) -> None:
    """Take the next leader epoch, write the quorum and send a request that says so."""
    epoch = s.next_leader_epoch
    s.requests[epoch].leader = leader
    s.requests[epoch].isr = isr
    s.quorum.leader_epoch = epoch
    s.quorum.leader = leader
    s.quorum.isr = isr
    s.next_leader_epoch = epoch + 1


@action(leader=REPLICA)
def controller_elect_leader(s: State, leader: int) -> bool:
    """Clean election: any member of the true ISR but the leader itself, after a failure or to balance leaders."""
    if s.next_leader_epoch > MAX_LEADER_EPOCH or s.quorum.leader == leader or not contains(s.quorum.isr, leader):
        return False
    send_leader_and_isr(s, leader, s.quorum.isr)
    return True


@action(replica=REPLICA)
def controller_shrink_isr(s: State, replica: int) -> bool:
    """A broker failed or was shut down, leader or not. The last member of the ISR stays in it, leaderless."""
    if s.next_leader_epoch > MAX_LEADER_EPOCH:
        return False
    rest = remove(s.quorum.isr, replica)
    if s.quorum.leader == replica:
        send_leader_and_isr(s, NONE, s.quorum.isr if rest == 0 else rest)
        return True
    if not contains(s.quorum.isr, replica):
        return False
    send_leader_and_isr(s, s.quorum.leader, rest)
    return True


# ------------------------------------------------------------------------------------------------------------ the leader


@action(epoch=EPOCH)
def become_leader(s: State, epoch: int) -> bool:
    """A replica obeys a request that names it leader. Its high watermark stays, which usually lags the true one."""
    if epoch >= s.next_leader_epoch or s.requests[epoch].leader == NONE:
        return False
    leader = s.requests[epoch].leader
    replica = s.replicas[leader]
    if epoch <= replica.leader_epoch:
        return False
    replica.leader_epoch = epoch
    replica.leader = leader
    replica.isr = s.requests[epoch].isr
    return True


@action(leader=REPLICA)
def leader_append(s: State, leader: int) -> bool:
    """A presumed leader takes a write, zombies too: it is replication that must fail for them."""
    log = s.replicas[leader]
    if not presumes_leadership(s, leader) or s.next_record_id >= MAX_RECORDS or log.log_end_offset >= LOG_SIZE:
        return False
    append(log, s.next_record_id, log.leader_epoch)
    s.next_record_id = s.next_record_id + 1
    return True


@action(leader=REPLICA)
def leader_advance_high_watermark(s: State, leader: int) -> bool:
    """One further, once every member of the leader's own ISR, itself included, has the record and acknowledges the epoch."""
    high_watermark = s.replicas[leader].high_watermark
    if not presumes_leadership(s, leader) or high_watermark >= s.replicas[leader].log_end_offset:
        return False
    for r in range(REPLICAS):
        if contains(s.replicas[leader].isr, r) and not (
            follows(s, r, leader, UNFENCED_HIGH_WATERMARK_ADVANCE) and high_watermark < s.replicas[r].log_end_offset
        ):
            return False
    s.replicas[leader].high_watermark = high_watermark + 1
    return True


def update_isr(s: State, leader: int, isr: int) -> None:
    """The true leader's compare-and-set on the quorum, which takes no new epoch."""
    s.quorum.isr = isr
    s.replicas[leader].isr = isr


@action(leader=REPLICA, follower=REPLICA)
def leader_shrink_isr(s: State, leader: int, follower: int) -> bool:
    """The leader removes a follower that lags or is not in its epoch, at once or as late as it likes."""
    isr = s.replicas[leader].isr
    if leader == follower or not is_true_leader(s, leader) or not contains(isr, follower):
        return False
    lags = s.replicas[follower].log_end_offset < s.replicas[leader].log_end_offset
    if follows(s, follower, leader, UNFENCED_ISR_SHRINK) and not lags:
        return False
    update_isr(s, leader, remove(isr, follower))
    return True


def high_watermark_is_of_own_epoch(replica: Replica) -> bool:
    """Whether a leader's high watermark is past all records of earlier leaders: KIP-320 rule 4.

    Until then it may lag what an earlier leader exposed, so a follower that has reached it may lack committed records.
    """
    if replica.high_watermark == replica.log_end_offset:
        return True
    return replica.entries[replica.high_watermark].epoch == replica.leader_epoch


@action(leader=REPLICA, follower=REPLICA)
def leader_expand_isr(s: State, leader: int, follower: int) -> bool:
    """The leader admits a follower of its epoch that has reached its high watermark, if that is no lagging one."""
    isr = s.replicas[leader].isr
    if not is_true_leader(s, leader) or contains(isr, follower):
        return False
    if not follows(s, follower, leader, UNFENCED_ISR_EXPAND):
        return False
    if s.replicas[follower].log_end_offset < s.replicas[leader].high_watermark:
        return False
    if not (ISR_JOIN_AT_LAGGING_HIGH_WATERMARK or high_watermark_is_of_own_epoch(s.replicas[leader])):
        return False
    update_isr(s, leader, insert(isr, follower))
    return True


# --------------------------------------------------------------------------------------------------------- the followers


def matching_end_offset(follower: Replica, leader: Replica) -> int:
    """One past the largest offset at which both logs hold the same record; 0 if there is none."""
    end = 0
    for offset in range(LOG_SIZE):
        if same_entry(follower, leader, offset):
            end = offset + 1
    return end


def first_offset_above_epoch(log: Replica, epoch: int) -> int:
    """The first offset that holds a record of a larger epoch; the log end if there is none."""
    for offset in range(LOG_SIZE):
        if offset < log.log_end_offset and log.entries[offset].epoch > epoch:
            return offset
    return log.log_end_offset


def last_epoch(log: Replica) -> int:
    """The epoch of the last record; NONE for an empty log."""
    return NONE if log.log_end_offset == 0 else log.entries[log.log_end_offset - 1].epoch


def epoch_end_offset(follower: Replica, leader: Replica, undefined_uses_high_watermark: bool) -> int:
    """KIP-101: where the epoch of the follower's last record ends in the leader's log."""
    epoch = last_epoch(follower)
    if epoch == NONE:
        return 0
    if leader.log_end_offset == 0:
        return follower.high_watermark if undefined_uses_high_watermark else 0
    end = first_offset_above_epoch(leader, epoch)
    if end == leader.log_end_offset and last_epoch(leader) != epoch and undefined_uses_high_watermark:
        return follower.high_watermark
    return end


def single_round_end_offset(follower: Replica, leader: Replica) -> int:
    """KIP-279 without its repetition: the leader's largest epoch up to the follower's, and its end, asked once."""
    epoch = last_epoch(follower)
    if epoch == NONE or leader.log_end_offset == 0:
        return 0
    end = first_offset_above_epoch(leader, epoch)
    floor_epoch = NONE if end == 0 else leader.entries[end - 1].epoch
    return min(end, first_offset_above_epoch(follower, floor_epoch))


def truncation_offset(follower: Replica, leader: Replica) -> int:
    """Where a new follower cuts its log before it fetches: the fixed protocol's answer, or an ablation's."""
    end = matching_end_offset(follower, leader)
    if TRUNCATE_TO_OWN_HIGH_WATERMARK:
        end = follower.high_watermark
    elif KIP_101_LOOKUP:
        end = epoch_end_offset(follower, leader, UNDEFINED_EPOCH_USES_HIGH_WATERMARK)
    elif UNDEFINED_EPOCH_USES_HIGH_WATERMARK:
        answer = epoch_end_offset(follower, leader, True)
        if answer == follower.high_watermark and answer < end:
            end = answer
    elif SINGLE_ROUND_LOOKUP:
        end = single_round_end_offset(follower, leader)
    return min(end, follower.log_end_offset)


@action(follower=REPLICA, epoch=EPOCH)
def become_follower(s: State, follower: int, epoch: int) -> bool:
    """A replica obeys a request that names another leader and truncates its log to what it shares with that leader.

    Only while that leader leads in exactly that epoch: a leader that has yet to learn of the epoch may itself still
    truncate, and its answer would be worth nothing.
    """
    replica = s.replicas[follower]
    if epoch >= s.next_leader_epoch or epoch <= replica.leader_epoch:
        return False
    leader = s.requests[epoch].leader
    if leader == NONE or leader == follower:
        return False
    if not UNFENCED_TRUNCATION_LOOKUP and not (
        presumes_leadership(s, leader) and s.replicas[leader].leader_epoch == epoch
    ):
        return False
    if not (NO_TRUNCATION_FOR_SAME_LEADER and replica.leader == leader):
        end = truncation_offset(replica, s.replicas[leader])
        truncate(replica, end)
        replica.high_watermark = min(end, replica.high_watermark)
    replica.leader_epoch = epoch
    replica.leader = leader
    replica.isr = s.requests[epoch].isr
    return True


def fetch_one(s: State, follower: int, leader: int) -> bool:
    """Copy the record at the follower's log end and the leader's high watermark, as far as the log reaches."""
    replica = s.replicas[follower]
    offset = replica.log_end_offset
    if offset >= s.replicas[leader].log_end_offset:
        return False
    append(replica, s.replicas[leader].entries[offset].id, s.replicas[leader].entries[offset].epoch)
    replica.high_watermark = min(s.replicas[leader].high_watermark, offset + 1)
    return True


@action(follower=REPLICA, leader=REPLICA)
def follower_fetch(s: State, follower: int, leader: int) -> bool:
    """A follower in its leader's epoch fetches one record."""
    return follows(s, follower, leader, UNFENCED_FETCH) and fetch_one(s, follower, leader)


# -------------------------------------------------------------------------------------------------------- what must hold


def strong_isr(s: State) -> bool:
    """REP-3: every record below a presumed leader's high watermark is on every member of the true ISR."""
    return all(
        same_entry(s.replicas[leader], s.replicas[member], offset)
        for leader in range(REPLICAS)
        if presumes_leadership(s, leader)
        for member in range(REPLICAS)
        if contains(s.quorum.isr, member)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].high_watermark
    )


def weak_isr(s: State) -> bool:
    """The same over the ISR that the presumed leader believes in."""
    return all(
        same_entry(s.replicas[leader], s.replicas[member], offset)
        for leader in range(REPLICAS)
        if presumes_leadership(s, leader)
        for member in range(REPLICAS)
        if contains(s.replicas[leader].isr, member)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].high_watermark
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
        if follows(s, follower, leader, False)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[leader].log_end_offset and offset < s.replicas[follower].log_end_offset
    )


def leader_completeness(s: State) -> bool:
    """REP-1: every record below any replica's high watermark is on every member of the true ISR, so on any next leader."""
    return all(
        same_entry(s.replicas[r], s.replicas[member], offset)
        for r in range(REPLICAS)
        for member in range(REPLICAS)
        if contains(s.quorum.isr, member)
        for offset in range(LOG_SIZE)
        if offset < s.replicas[r].high_watermark
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


def committed_log(s: State, log: log_order.State) -> None:
    """What users were promised: the log of the replica with the largest high watermark, up to that."""
    log.produced = s.next_record_id
    for r in range(REPLICAS):
        if s.replicas[r].high_watermark > log.high_watermark:
            log.high_watermark = s.replicas[r].high_watermark
            for offset in range(LOG_SIZE):
                if offset < log.high_watermark:
                    log.committed[offset] = s.replicas[r].entries[offset].id


SPEC = Spec(
    name="replication",
    doc="ISR replication of one partition with leader epochs, KIP-320; peers' state is read atomically.",
    state=State,
    initial=initial,
    actions=(
        controller_elect_leader,
        controller_shrink_isr,
        become_leader,
        leader_expand_isr,
        leader_shrink_isr,
        leader_append,
        leader_advance_high_watermark,
        become_follower,
        follower_fetch,
    ),
    bounds=(REPLICAS, LOG_SIZE, MAX_RECORDS, MAX_LEADER_EPOCH),
    invariants=(strong_isr, weak_isr, log_matching, follower_prefix, leader_completeness, one_leader_an_epoch),
    step_properties=(high_watermark_never_regresses,),
    reachable=(record_is_committed, zombie_leader),
    refines=(Refinement(log_order.SPEC, committed_log, {"log_size": LOG_SIZE, "max_records": MAX_RECORDS}),),
    ablations=(
        TRUNCATE_TO_OWN_HIGH_WATERMARK,
        KIP_101_LOOKUP,
        UNDEFINED_EPOCH_USES_HIGH_WATERMARK,
        SINGLE_ROUND_LOOKUP,
        UNFENCED_HIGH_WATERMARK_ADVANCE,
        UNFENCED_FETCH,
        UNFENCED_ISR_EXPAND,
        UNFENCED_ISR_SHRINK,
        UNFENCED_TRUNCATION_LOOKUP,
        ISR_JOIN_AT_LAGGING_HIGH_WATERMARK,
        NO_TRUNCATION_FOR_SAME_LEADER,
    ),
    columns="replicas",
)

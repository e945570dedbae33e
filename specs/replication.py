"""ISR replication of one partition, with leader epochs (KIP-101, KIP-279, KIP-320).

What is modelled: the log of each replica, record by record; what each replica believes (leader, leader epoch, ISR, high
watermark); the controller's view, which is the truth (the quorum); and the LeaderAndIsr requests it ever sent, which
may arrive late, again, in any order or never. A replica that the controller has given up on may go on as a zombie: a
failure is nothing but a removal from the ISR.

Source: Gustafson's published specs in TLA+ (KafkaReplication, Kip101, Kip279, Kip320FirstTry, Kip320); KIP-101,
KIP-279, KIP-320; kafka.cluster.Partition and kafka.server.ReplicaFetcherThread of Apache Kafka.
Left out: fetch messages (a follower reads its leader's state atomically; see `specs.replication_messages`), crashes and
lost disks, min.insync.replicas, unclean election, log start offsets, reassignment. ISR changes of the leader
are a compare-and-set on the quorum and seen at once (see `specs.alter_partition` for the real thing).
"""

from __future__ import annotations

from specs import replication_first_try as first_try
from specs.language import NONE, Expect, Spec, Variant, action, contains, insert, remove
from specs.replica_log import append
from specs.replication_ablations import (
    ISR_JOIN_AT_LAGGING_HIGH_WATERMARK,
    KIP_101_LOOKUP,
    NO_TRUNCATION_FOR_SAME_LEADER,
    SINGLE_ROUND_LOOKUP,
    TRUNCATE_TO_OWN_HIGH_WATERMARK,
    UNDEFINED_EPOCH_USES_HIGH_WATERMARK,
    UNFENCED_FETCH,
    UNFENCED_HIGH_WATERMARK_ADVANCE,
    UNFENCED_ISR_EXPAND,
    UNFENCED_ISR_SHRINK,
    UNFENCED_TRUNCATION_LOOKUP,
)
from specs.replication_properties import (
    follower_prefix,
    high_watermark_never_regresses,
    leader_completeness,
    log_matching,
    one_leader_an_epoch,
    record_is_committed,
    strong_isr,
    weak_isr,
    zombie_leader,
)
from specs.replication_state import (
    EPOCH,
    LOG_SIZE,
    MAX_LEADER_EPOCH,
    MAX_RECORDS,
    REPLICA,
    REPLICAS,
    State,
    fetch_one,
    follows,
    high_watermark_is_of_own_epoch,
    initial,
    is_true_leader,
    obey,
    presumes_leadership,
    truncate,
    update_isr,
)
from specs.truncation import truncation_offset

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
    """A broker failed or was shut down, leader or not. A leader that is the last of the ISR stays in it, leaderless.

    Any other is taken out, as in the published spec: without a leader, the last one too, and then the ISR is empty.
    """
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


# ----------------------------------------------------------------------------------------------------------- the leader


@action(epoch=EPOCH)
def become_leader(s: State, epoch: int) -> bool:
    """A replica obeys a request that names it leader. Its high watermark stays, which usually lags the true one."""
    if epoch >= s.next_leader_epoch or s.requests[epoch].leader == NONE:
        return False
    leader = s.requests[epoch].leader
    if epoch <= s.replicas[leader].leader_epoch:
        return False
    obey(s, leader, epoch)
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
    """One further, once every member of the leader's own ISR, itself included, has the record in the same epoch."""
    high_watermark = s.replicas[leader].high_watermark
    if not presumes_leadership(s, leader) or high_watermark >= s.replicas[leader].log_end_offset:
        return False
    for r in range(REPLICAS):
        if contains(s.replicas[leader].isr, r) and not (
            follows(s, r, leader, unfenced=UNFENCED_HIGH_WATERMARK_ADVANCE)
            and high_watermark < s.replicas[r].log_end_offset
        ):
            return False
    s.replicas[leader].high_watermark = high_watermark + 1
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_shrink_isr(s: State, leader: int, follower: int) -> bool:
    """The leader removes a follower that lags or is not in its epoch, at once or as late as it likes."""
    isr = s.replicas[leader].isr
    if leader == follower or not is_true_leader(s, leader) or not contains(isr, follower):
        return False
    lags = s.replicas[follower].log_end_offset < s.replicas[leader].log_end_offset
    if follows(s, follower, leader, unfenced=UNFENCED_ISR_SHRINK) and not lags:
        return False
    update_isr(s, leader, remove(isr, follower))
    return True


@action(leader=REPLICA, follower=REPLICA)
def leader_expand_isr(s: State, leader: int, follower: int) -> bool:
    """The leader admits a follower of its epoch that has reached its high watermark, if that is no lagging one."""
    isr = s.replicas[leader].isr
    if not is_true_leader(s, leader) or contains(isr, follower):
        return False
    if not follows(s, follower, leader, unfenced=UNFENCED_ISR_EXPAND):
        return False
    if s.replicas[follower].log_end_offset < s.replicas[leader].high_watermark:
        return False
    if not (ISR_JOIN_AT_LAGGING_HIGH_WATERMARK or high_watermark_is_of_own_epoch(s.replicas[leader])):
        return False
    update_isr(s, leader, insert(isr, follower))
    return True


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
    obey(s, follower, epoch)
    return True


@action(follower=REPLICA, leader=REPLICA)
def follower_fetch(s: State, follower: int, leader: int) -> bool:
    """A follower in its leader's epoch fetches one record."""
    return follows(s, follower, leader, unfenced=UNFENCED_FETCH) and fetch_one(s, follower, leader)


# -------------------------------------------------------------------------------------------------------- the versions

UNFENCED = (
    UNFENCED_HIGH_WATERMARK_ADVANCE,
    UNFENCED_FETCH,
    UNFENCED_ISR_SHRINK,
    UNFENCED_ISR_EXPAND,
    ISR_JOIN_AT_LAGGING_HIGH_WATERMARK,
    UNFENCED_TRUNCATION_LOOKUP,
)
"""What no version before KIP-320 had."""

VERSIONS = (
    Variant(
        "truncate_to_high_watermark",
        "Kafka before KIP-101: a new follower truncates to its own high watermark.",
        ablations=(*UNFENCED, TRUNCATE_TO_OWN_HIGH_WATERMARK),
        expects=(Expect("strong_isr", 8, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),),
    ),
    Variant(
        "kip_101",
        "Kafka with KIP-101: leader epochs in the log, and one lookup of where the follower's last epoch ends.",
        ablations=(*UNFENCED, KIP_101_LOOKUP, UNDEFINED_EPOCH_USES_HIGH_WATERMARK),
        expects=(Expect("strong_isr", 10, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),),
    ),
    Variant(
        "kip_279",
        "Kafka with KIP-279: truncation is right, but nothing fences replicas of another epoch.",
        ablations=UNFENCED,
        expects=(Expect("strong_isr", 10, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),),
    ),
    Variant(
        "kip_320_first_try",
        "The first design of KIP-320: followers truncate while they fetch; only the last record's epoch is checked.",
        replaces=(
            (become_follower, first_try.become_follower),
            (leader_expand_isr, first_try.leader_expand_isr),
            (leader_shrink_isr, first_try.leader_shrink_isr),
            (leader_advance_high_watermark, first_try.leader_advance_high_watermark),
            (follower_fetch, first_try.follower_fetch),
        ),
        adds=(first_try.follower_truncate,),
        expects=(Expect("strong_isr", 12, {"replicas": 3, "log_size": 1, "max_records": 1, "max_leader_epoch": 2}),),
    ),
)


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
    variants=VERSIONS,
    columns="replicas",
)

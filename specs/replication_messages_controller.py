"""The controller of `specs.replication_messages`: elections, fencing, registration, reassignment, AlterPartition.

A single decider: the quorum behind it is left out. Every change of the partition is one record of the metadata log and
takes the next partition epoch; a change of leader takes the next leader epoch as well.

Source: KIP-966, KIP-903, KIP-841, KIP-497; ReplicationControlManager, PartitionChangeBuilder and ClusterControlManager
in org.apache.kafka.controller of Apache Kafka.
Left out: the last known ELR and unclean recovery (without a candidate the partition stays leaderless), controlled
shutdown, heartbeats (a broker may be fenced at any time), requests that change more than one member of the ISR.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from specs.language import NONE, Expect, Maybe, ablation, action, contains, count, insert, remove
from specs.replication_messages_state import (
    ACCEPTED,
    MAX_CLEAN_RESTARTS,
    MAX_FENCES,
    MAX_LEADER_EPOCH,
    MAX_LOSSY_RESTARTS,
    MAX_PARTITION_EPOCH,
    MAX_REASSIGNMENTS,
    MIN_INSYNC_REPLICAS,
    OFFSET,
    REFUSED,
    REPLICA,
    REPLICAS,
    REQUEST,
    State,
    current,
    start_anew,
    truncate,
)

THREE_REPLICAS: Final[Mapping[str, int]] = {
    "replicas": 3,
    "max_leader_epoch": 0,
    "max_partition_epoch": 3,
    "max_fences": 1,
    "max_lossy_restarts": 0,
    "max_clean_restarts": 0,
    "max_reassignments": 0,
}

LAST_REPLICA_STANDING = ablation(
    "last_replica_standing",
    "R13, before KIP-966: the last member never leaves the ISR, not even when its broker restarts uncleanly.",
    Expect("leader_completeness", 13, {"min_insync_replicas": 2, "max_reassignments": 0}),
    Expect("no_acknowledged_record_lost", 19, {"min_insync_replicas": 2, "max_reassignments": 0}),
)
STALE_BROKER_EPOCH_JOINS_ISR = ablation(
    "stale_broker_epoch_joins_isr",
    "R15, KIP-903, KAFKA-14617: the controller does not ask in which session of its broker a new member has fetched.",
    Expect("leader_completeness", 16, {}),
)
FENCED_REPLICA_REJOINS_ISR = ablation(
    "fenced_replica_rejoins_isr",
    "R17, KIP-841, KAFKA-13916: the controller takes a fenced replica into the ISR.",
    Expect("isr_is_unfenced", 9, {}),
)
ALTER_PARTITION_WITHOUT_PARTITION_EPOCH = ablation(
    "alter_partition_without_partition_epoch",
    "R18: the controller takes an AlterPartition request that was made from an older state of the partition.",
    Expect("replication_quorum_covers_election_quorum", 7, THREE_REPLICAS),
    Expect("leader_completeness", 15, THREE_REPLICAS),
)


def can_change_partition(s: State, leader_epoch: int) -> bool:
    """Whether the bounds leave room for one more record in the metadata log."""
    return s.controller.partition_epoch < MAX_PARTITION_EPOCH and leader_epoch <= MAX_LEADER_EPOCH


def change_partition(s: State, leader: int, leader_epoch: int, isr: int) -> None:
    """Write a record to the metadata log, and bring the ELR up to date.

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
    """The ISR after a replica has left it, which may be empty."""
    rest = remove(current(s).isr, replica)
    return current(s).isr if LAST_REPLICA_STANDING and rest == 0 else rest


def candidates(isr: int, elr: int, fenced: int) -> int:
    """Who can be elected cleanly now: the unfenced members of the ISR, or else those of the ELR."""
    return elr & ~fenced if isr & ~fenced == 0 else isr & ~fenced


@action(leader=REPLICA)
def controller_elect_leader(s: State, leader: int) -> bool:
    """The first election, or a preferred one: another member of the ISR takes over though nobody failed."""
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

    A leader is replaced in the same breath: by an unfenced member of the ISR, or else by one of the ELR, who thereby
    joins the ISR, or by none. Where the leader stays, the leader epoch stays too (KAFKA-15021). Before the first
    election, which comes with the creation of the partition, nobody is fenced.
    """
    if contains(s.controller.fenced, replica) or s.fences >= MAX_FENCES or current(s).leader_epoch == NONE:
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
    """Heartbeats come again, from the same session of the broker or from a new one, which makes it no more trusted.

    It has to catch up to join the ISR; unless there is no leader and it can be elected, in which case it is, at once.
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

    Only while the others keep min.insync.replicas in the ISR. Both changes are one record here, as they are to a
    broker that reads them at one go: for such a leader the follower never was away, and the new leader epoch alone says
    that something happened. The replica itself is the first to know.
    """
    if s.reassignments >= MAX_REASSIGNMENTS or current(s).leader == NONE or current(s).leader == replica:
        return False
    leader_epoch = current(s).leader_epoch + 1
    isr = remove(current(s).isr, replica)
    if count(isr) < MIN_INSYNC_REPLICAS or not can_change_partition(s, leader_epoch):
        return False
    change_partition(s, current(s).leader, leader_epoch, isr)
    truncate(s.replicas[replica], 0)
    start_anew(s, replica)
    s.reassignments = s.reassignments + 1
    return True


def register(s: State, replica: int) -> None:
    """A broker comes back, and its new broker epoch tells this session from all before. It stays fenced for now.

    It was fenced before: the controller registers no broker whose last session it has not given up. What it did between
    its end and its start is nothing, like that of a slow broker, so both are one step.
    """
    s.replicas[replica].broker_epoch = s.replicas[replica].broker_epoch + 1
    start_anew(s, replica)


@action(replica=REPLICA)
def broker_restart(s: State, replica: int) -> bool:
    """A clean restart: all was flushed before, so what the replica was trusted to hold it still holds."""
    sessions = 0
    for r in range(REPLICAS):
        sessions += s.replicas[r].broker_epoch
    if not contains(s.controller.fenced, replica) or sessions - s.lossy_restarts >= MAX_CLEAN_RESTARTS:
        return False
    register(s, replica)
    return True


@action(replica=REPLICA, kept=OFFSET)
def broker_restart_uncleanly(s: State, replica: int, kept: int) -> bool:
    """The machine failed, and the log lost what was not flushed: any part of its end, all of it or nothing.

    The broker finds no mark of a clean shutdown, and says so when it registers. The controller trusts it no longer: it
    leaves the ELR, and the ISR if it is still there. It has to catch up with a leader first.
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
    register(s, replica)
    s.lossy_restarts = s.lossy_restarts + 1
    return True


def is_eligible_isr(s: State, leader: int) -> bool:
    """Whether all members of a proposed ISR are up, and a new one is still in the session in which it has fetched.

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

    It takes the present leader's only, in the present leader epoch, and only if nothing has changed since the state
    that the leader made it from: partition epochs make it a compare-and-set. A request that fails this changes nothing
    anywhere, so it may as well be still under way; its leader finds in the metadata log what it has missed.
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

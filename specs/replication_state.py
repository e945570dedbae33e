"""The state of ISR replication, and the words in which the protocol is told: who leads, who follows, what logs share.

Source: KafkaReplication and FiniteReplicatedLog of Gustafson's published specs in TLA+; kafka.cluster.Partition of
Apache Kafka.
Left out: see `specs.replication`.
"""

from __future__ import annotations

from specs.drawn import Drawn
from specs.language import NONE, Array, Id, Int, Maybe, Nested, Record, SetOf, bound, insert
from specs.replica_log import append

REPLICAS = bound("replicas", 3, low=1, high=6, doc="replicas of the partition")
LOG_SIZE = bound("log_size", 2, low=1, high=8, doc="records that fit a log")
MAX_RECORDS = bound("max_records", 2, low=1, high=8, doc="records ever written")
MAX_LEADER_EPOCH = bound("max_leader_epoch", 2, low=0, high=8, doc="the last leader epoch; the first is 0")

REPLICA = Id("replica", REPLICAS)
EPOCH = Int(0, MAX_LEADER_EPOCH)
OFFSET = Int(0, LOG_SIZE)


class Entry(Record):
    """A record in a log; ids tell records apart that the protocol itself can't."""

    id = Maybe(Int(0, MAX_RECORDS - 1))
    epoch = Maybe(EPOCH)


def log_text(log: Replica) -> str:
    """A log as it is drawn: id@epoch for each record, with a bar at the high watermark."""
    shown = [f"{log.entries[o].id}@e{log.entries[o].epoch}" for o in range(log.log_end_offset)]
    return f"[{' '.join(shown[: log.high_watermark])}|{' '.join(shown[log.high_watermark :])}]"


class Replica(Record):
    """A replica's log and its beliefs. `high_watermark` and `log_end_offset` are exclusive ends."""

    entries = Array(Entry, LOG_SIZE)
    log_end_offset = OFFSET
    high_watermark = OFFSET
    leader_epoch = Maybe(EPOCH)
    leader = Maybe(REPLICA)
    isr = SetOf(REPLICA)
    drawn = (Drawn("log", ("entries", "log_end_offset", "high_watermark"), log_text),)


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


def follows(s: State, follower: int, leader: int, *, unfenced: bool) -> bool:
    """Whether a replica, maybe the leader itself, acknowledges a presumed leader: in the same epoch unless unfenced."""
    return (
        presumes_leadership(s, leader)
        and s.replicas[follower].leader == leader
        and (unfenced or s.replicas[follower].leader_epoch == s.replicas[leader].leader_epoch)
    )


def truncate(log: Replica, end_offset: int) -> None:
    """Drop every record at or above an offset."""
    for offset in range(LOG_SIZE):
        if offset >= end_offset:
            log.entries[offset].id = NONE
            log.entries[offset].epoch = NONE
    log.log_end_offset = end_offset


def update_isr(s: State, leader: int, isr: int) -> None:
    """The true leader's compare-and-set on the quorum, which takes no new epoch."""
    s.quorum.isr = isr
    s.replicas[leader].isr = isr


def high_watermark_is_of_own_epoch(replica: Replica) -> bool:
    """Whether a leader's high watermark is past all records of earlier leaders: KIP-320 rule 4.

    Until then it may lag what an earlier leader exposed, so a follower that has reached it may lack committed records.
    """
    if replica.high_watermark == replica.log_end_offset:
        return True
    return replica.entries[replica.high_watermark].epoch == replica.leader_epoch


def fetch_one(s: State, follower: int, leader: int) -> bool:
    """Copy the record at the follower's log end and the leader's high watermark, as far as the log reaches."""
    replica = s.replicas[follower]
    offset = replica.log_end_offset
    if offset >= s.replicas[leader].log_end_offset:
        return False
    append(replica, s.replicas[leader].entries[offset].id, s.replicas[leader].entries[offset].epoch)
    replica.high_watermark = min(s.replicas[leader].high_watermark, offset + 1)
    return True


def obey(s: State, replica: int, epoch: int) -> None:
    """Believe what the request of an epoch says: the epoch, the leader and the ISR."""
    believer = s.replicas[replica]
    believer.leader_epoch = epoch
    believer.leader = s.requests[epoch].leader
    believer.isr = s.requests[epoch].isr

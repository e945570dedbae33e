"""The state of `specs.replication_messages`: the metadata log, the brokers, their messages, and how they are read.

What a broker knows of the partition is nothing but how far it has read the controller's metadata log, so its view is a
record of that log. Messages are slots: a replica has one fetch and one AlterPartition request under way at the most,
as Kafka's fetcher threads and its AlterPartition manager have. An older fetch that a newer one overtakes would be
refused by its fetch session (KIP-227), so it is as good as lost.

Source: KIP-966 (eligible leader replicas), KIP-903 (broker epochs in fetches), KIP-497 (AlterPartition), KIP-595
(diverging epochs in fetch responses); kafka.cluster.Partition, kafka.cluster.Replica and
org.apache.kafka.controller.ReplicationControlManager of Apache Kafka; Vanlightly's published spec of KIP-966 in TLA+.
Left out: which broker a fetch is sent to. It names a leader epoch, and one broker at the most leads in that.
"""

from __future__ import annotations

from typing import Final

from specs.language import NONE, Array, Id, Int, Maybe, Nested, Record, SetOf, bound, insert

REPLICAS = bound("replicas", 2, low=1, high=5, doc="replicas of the partition")
LOG_SIZE = bound("log_size", 1, low=1, high=6, doc="records that fit a log")
MAX_RECORDS = bound("max_records", 1, low=1, high=6, doc="records ever written")
MAX_LEADER_EPOCH = bound("max_leader_epoch", 2, low=0, high=6, doc="the last leader epoch; the first is 0")
MAX_PARTITION_EPOCH = bound("max_partition_epoch", 4, low=1, high=14, doc="the last partition epoch; the first is 0")
MIN_INSYNC_REPLICAS = bound("min_insync_replicas", 1, low=1, high=5, doc="min.insync.replicas of the topic")
MAX_FENCES = bound("max_fences", 2, low=0, high=6, doc="how often the controller gives a broker up")
MAX_LOSSY_RESTARTS = bound("max_lossy_restarts", 1, low=0, high=3, doc="unclean restarts, which may lose records")
MAX_CLEAN_RESTARTS = bound("max_clean_restarts", 1, low=0, high=3, doc="restarts that lose nothing")
MAX_REASSIGNMENTS = bound("max_reassignments", 1, low=0, high=3, doc="replicas taken away and given back, emptied")

REPLICA = Id("replica", REPLICAS)
EPOCH = Int(0, MAX_LEADER_EPOCH)
PARTITION_EPOCH = Int(0, MAX_PARTITION_EPOCH)
BROKER_EPOCH = Int(0, MAX_LOSSY_RESTARTS + MAX_CLEAN_RESTARTS)
OFFSET = Int(0, LOG_SIZE)
RECORD = Int(0, MAX_RECORDS - 1)

NOTHING: Final = 0
REQUEST: Final = 1
"""A fetch, or an AlterPartition request, that its receiver has not handled yet."""
RESPONSE: Final = 2
"""A fetch response with one record or none, and with the leader's high watermark."""
DIVERGING: Final = 3
"""A fetch response that tells where the follower's log parts from the leader's at the latest."""
ACCEPTED: Final = 2
"""An AlterPartition request that was taken: the leader learns of it from the response or from the metadata log."""
REFUSED: Final = 3
"""An AlterPartition request that was refused, since a member is not eligible; the answer is on its way."""


class Entry(Record):
    """A record in a log; ids tell records apart that the protocol itself can't. Past the end of a log all is 0."""

    id = RECORD
    epoch = EPOCH


class Follower(Record):
    """What a leader knows of a replica: where it last fetched in this leader epoch, in which session of its broker."""

    log_end_offset = Maybe(OFFSET)
    broker_epoch = BROKER_EPOCH


class Replica(Record):
    """A broker and its replica. `partition_epoch` is how far it has read the metadata log.

    `epoch_start_offset` is, while it leads, its log end of when it became leader.
    """

    entries = Array(Entry, LOG_SIZE)
    log_end_offset = OFFSET
    high_watermark = OFFSET
    broker_epoch = BROKER_EPOCH
    partition_epoch = PARTITION_EPOCH
    epoch_start_offset = OFFSET
    followers = Array(Follower, REPLICA)


class Fetch(Record):
    """A follower's fetch. On its way there, `offset` is the follower's log end and `epoch` that of its last record.

    On its way back, `epoch` is that of the record `id`, and `end_offset` the leader's high watermark; if the logs
    diverge, `epoch` is the leader's largest up to the one that it was sent, and `end_offset` where that one ends.
    """

    stage = Int(NOTHING, DIVERGING)
    leader_epoch = EPOCH
    broker_epoch = BROKER_EPOCH
    offset = OFFSET
    epoch = Maybe(EPOCH)
    id = Maybe(RECORD)
    end_offset = OFFSET


class AlterPartition(Record):
    """A leader's request to change the ISR; `broker_epoch` is that of the member that it adds, if it adds one."""

    stage = Int(NOTHING, REFUSED)
    isr = SetOf(REPLICA)
    partition_epoch = PARTITION_EPOCH
    leader_epoch = EPOCH
    broker_epoch = BROKER_EPOCH


class Partition(Record):
    """A record of the metadata log: the partition from one partition epoch on. Brokers have no use for its ELR."""

    leader = Maybe(REPLICA)
    leader_epoch = Maybe(EPOCH)
    isr = SetOf(REPLICA)


class Controller(Record):
    """What the controller knows beside its metadata log. The broker epochs it gave out are those that brokers have."""

    partition_epoch = PARTITION_EPOCH
    elr = SetOf(REPLICA)
    fenced = SetOf(REPLICA)


class State(Record):
    """The partition. A record of `metadata`, indexed by partition epoch, is blank once every broker is past it.

    `acknowledged[offset]`, the record there that a leader's high watermark passed last, is no part of the protocol.
    """

    replicas = Array(Replica, REPLICA)
    fetches = Array(Fetch, REPLICA)
    requests = Array(AlterPartition, REPLICA)
    controller = Nested(Controller)
    metadata = Array(Partition, MAX_PARTITION_EPOCH + 1)
    next_record_id = Int(0, MAX_RECORDS)
    acknowledged = Array(Maybe(RECORD), LOG_SIZE)
    fences = Int(0, MAX_FENCES)
    lossy_restarts = Int(0, MAX_LOSSY_RESTARTS)
    reassignments = Int(0, MAX_REASSIGNMENTS)


def initial(s: State) -> None:
    """A new partition: empty logs, no leader yet, everyone in the ISR."""
    for r in range(REPLICAS):
        s.metadata[0].isr = insert(s.metadata[0].isr, r)


# ------------------------------------------------------------------------------------------------------- who knows what


def current(s: State) -> Partition:
    """The partition as the controller has it, which is the truth."""
    return s.metadata[s.controller.partition_epoch]


def view(s: State, replica: int) -> Partition:
    """The partition as a broker has read of it."""
    return s.metadata[s.replicas[replica].partition_epoch]


def leads(s: State, replica: int) -> bool:
    """A broker that believes itself the leader, be it true or a zombie."""
    return view(s, replica).leader == replica


def follows(s: State, replica: int) -> bool:
    """A broker that has read of a leader other than itself."""
    return view(s, replica).leader != NONE and view(s, replica).leader != replica


def request_isr(s: State, leader: int, isr: int, broker_epoch: int) -> None:
    """Send an AlterPartition request, made from what the leader has read of the partition."""
    request = s.requests[leader]
    request.stage = REQUEST
    request.isr = isr
    request.partition_epoch = s.replicas[leader].partition_epoch
    request.leader_epoch = view(s, leader).leader_epoch
    request.broker_epoch = broker_epoch


def awaits_controller(s: State, leader: int) -> bool:
    """Whether a leader has asked for another ISR and read of nothing newer since: an answer may still come."""
    request = s.requests[leader]
    return request.stage != NOTHING and request.partition_epoch == s.replicas[leader].partition_epoch


def maximal_isr(s: State, leader: int) -> int:
    """KIP-497: the ISR that a leader has read of, and with it, while it awaits an answer, the one that it asked for."""
    if awaits_controller(s, leader):
        return view(s, leader).isr | s.requests[leader].isr
    return view(s, leader).isr


# ------------------------------------------------------------------------------------------------------------- the logs


def truncate(log: Replica, end_offset: int) -> None:
    """Drop every record at or above an offset; the high watermark stays within the log."""
    for offset in range(LOG_SIZE):
        if offset >= end_offset:
            log.entries[offset].id = 0
            log.entries[offset].epoch = 0
    log.log_end_offset = min(log.log_end_offset, end_offset)
    log.high_watermark = min(log.high_watermark, log.log_end_offset)


def holds(log: Replica, offset: int, record: int) -> bool:
    """Whether a log has a given record at an offset."""
    return offset < log.log_end_offset and log.entries[offset].id == record


# --------------------------------------------------------------------------------------------------- what is forgotten


def drop_fetch(fetch: Fetch) -> None:
    """Nothing is under way any more."""
    fetch.stage = NOTHING
    fetch.leader_epoch = 0
    fetch.broker_epoch = 0
    fetch.offset = 0
    fetch.epoch = NONE
    fetch.id = NONE
    fetch.end_offset = 0


def drop_request(request: AlterPartition) -> None:
    """Nothing is under way any more."""
    request.stage = NOTHING
    request.isr = 0
    request.partition_epoch = 0
    request.leader_epoch = 0
    request.broker_epoch = 0


def drop_answered_request(s: State, replica: int) -> None:
    """The controller's answer is of no use to a broker that has read of something newer."""
    if s.requests[replica].stage != REQUEST and not awaits_controller(s, replica):
        drop_request(s.requests[replica])


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


def forget_followers(s: State, replica: int) -> None:
    """Nothing is known of any follower in this leader epoch."""
    for r in range(REPLICAS):
        s.replicas[replica].followers[r].log_end_offset = NONE
        s.replicas[replica].followers[r].broker_epoch = 0


def start_anew(s: State, replica: int) -> None:
    """A broker that leads nothing, has read all metadata, and waits for no answer; its requests may still arrive."""
    s.replicas[replica].partition_epoch = s.controller.partition_epoch
    s.replicas[replica].epoch_start_offset = 0
    forget_followers(s, replica)
    drop_answered_request(s, replica)
    if s.fetches[replica].stage != REQUEST:
        drop_fetch(s.fetches[replica])
    drop_read_metadata(s)

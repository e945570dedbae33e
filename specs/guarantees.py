"""The catalogue that the whole suite hangs on: what Kafka guarantees, and which kinds of evidence each must carry.

Ids are stable. A guarantee whose evidence is missing stays in the catalogue and is shown as missing; how evidence
finds its guarantee is in `specs.evidence`.

Source: named with each guarantee: a KIP, a paper, or the class of Apache Kafka that implements it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["E", "P", "S", "H", "M"]
KINDS: Mapping[Kind, str] = {
    "E": "explored exhaustively within bounds",
    "P": "proved by Z3",
    "S": "simulated: the reference implementation under faults, the spec as oracle",
    "H": "judged on histories of any system",
    "M": "a mathematical model held against simulation or measurement",
}
AREAS: Mapping[str, str] = {
    "LOG": "the distributed log",
    "PART": "partitioning",
    "ASSIGN": "assignment of partitions to consumers",
    "REP": "replication",
    "QUO": "the controller quorum",
    "GRP": "group membership and rebalance",
    "OFF": "offsets",
    "TXN": "idempotent producer and transactions",
    "CLI": "client algorithms",
    "THEORY": "the mathematics",
}


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One guarantee: its id, its area, what it says, where it comes from, and the kinds of evidence it needs."""

    id: str
    area: str
    statement: str
    source: str
    needed: frozenset[Kind]


def _area(area: str, *rows: tuple[str, str, str, str]) -> tuple[Guarantee, ...]:
    """Guarantees of one area from (id, kinds, statement, source)."""
    return tuple(
        Guarantee(name, area, statement, source, frozenset(kind for kind in KINDS if kind in kinds))
        for name, kinds, statement, source in rows
    )


# fmt: off
_LOG = _area(
    "LOG",
    ("LOG-1", "EPSH",
     ("Offsets of a partition only grow; a record below the high watermark never changes, moves or disappears "
      "(short of retention and compaction)."),
     "Apache Kafka documentation, Replication; kafka.log.UnifiedLog"),
    ("LOG-2", "ESH",
     ("One total order a partition; across partitions only the causal (happens-before) order, which vector "
      "clocks characterise exactly."),
     "Lamport, Time, Clocks, and the Ordering of Events; Mattern, Virtual Time and Global States"),
    ("LOG-3", "EPS",
     ("Log matching: two replicas that hold the same (offset, epoch) hold the same prefix; replicas agree "
      "below the lowest high watermark."),
     "KIP-101, KIP-279, KIP-320; Ongaro and Ousterhout, Raft, 5.3"),
    ("LOG-4", "S",
     ("Crash recovery: after a crash at any point, with any unflushed write lost or torn, the log is a prefix "
      "of what was appended, holds all that was flushed, and has only batches with a right CRC."),
     "kafka.log.LogLoader, kafka.log.LogSegment.recover"),
    ("LOG-5", "PS",
     ("Index: a lookup by offset or time finds the right batch for every segment layout; a rebuilt index "
      "equals the lost one."),
     "org.apache.kafka.storage.internals.log.OffsetIndex, TimeIndex"),
    ("LOG-6", "ESH",
     ("Compaction: the last value of each key survives, offsets and order are kept, tombstones and transaction "
      "markers live as long as any replica or reader needs them; compacting twice changes nothing."),
     "Apache Kafka documentation, Log Compaction; kafka.log.LogCleaner; KIP-534"),
    ("LOG-7", "ES",
     "Retention: the log start offset never goes back and never passes the high watermark.",
     "KIP-107; kafka.log.UnifiedLog.deleteOldSegments"),
    ("LOG-8", "S",
     ("Format: record batch v2 (varints, deltas, CRC-32C, gzip/snappy/lz4/zstd) round-trips, equals published "
      "bytes, and rejects each flipped bit."),
     "KIP-98; org.apache.kafka.common.record.DefaultRecordBatch; RFC 3720 (CRC-32C)"),
    ("LOG-9", "EH",
     ("Consistency models: reads at the leader's high watermark with acks=all are linearizable; follower reads "
      "are a prefix, monotonic a session; each weaker mode is placed in the hierarchy with a history that "
      "shows the difference."),
     "Herlihy and Wing, Linearizability; Terry et al., Session Guarantees; KIP-392"),
)

_PART = _area(
    "PART",
    ("PART-1", "SH",
     "The default partitioner is murmur2 exactly; equal keys go to equal partitions while the count stands.",
     "org.apache.kafka.clients.producer.internals.BuiltInPartitioner, common.utils.Utils.murmur2"),
    ("PART-2", "MS",
     ("Balance of hashed keys passes a chi-square test; the uniform sticky partitioner's imbalance stays "
      "within its bound (KIP-480, KIP-794)."),
     "KIP-480, KIP-794; BuiltInPartitioner"),
    ("PART-3", "PS",
     ("Consistent hashing (ring, bounded loads, jump, rendezvous): adding a node moves keys only to it, about "
      "K/n of them; removing one moves only its keys."),
     ("Karger et al., Consistent Hashing; Mirrokni et al., Bounded Loads; Lamping and Veach, Jump; Thaler and "
      "Ravishankar")),
    ("PART-4", "PS",
     "Replica placement: no broker twice in a replica list, leaders and racks balanced within one.",
     "org.apache.kafka.metadata.placement.StripedReplicaPlacer; KIP-36"),
)

_ASSIGN = _area(
    "ASSIGN",
    ("ASSIGN-1", "PS",
     "Every subscribed partition has exactly one owner; no one owns what it isn't subscribed to.",
     "org.apache.kafka.clients.consumer.ConsumerPartitionAssignor and its assignors"),
    ("ASSIGN-2", "PS",
     ("Balance: the assignor's own bound (range by topic, round robin and uniform within one where "
      "subscriptions are equal, sticky never worse than it must be)."),
     "RangeAssignor, RoundRobinAssignor, StickyAssignor (KIP-54), UniformAssignor (KIP-848)"),
    ("ASSIGN-3", "PS",
     ("Stickiness: no partition moves between two members that both stay, unless balance asks for it; the "
      "number of moves is the least (compared with a min-cost flow)."),
     "KIP-54, KIP-341; AbstractStickyAssignor"),
    ("ASSIGN-4", "PS",
     "The result depends on neither the order of members nor that of partitions, where the algorithm promises so.",
     "RangeAssignor, RoundRobinAssignor, UniformAssignor; KIP-881"),
    ("ASSIGN-5", "EPS",
     "Cooperative rebalance: a partition is never handed to a new owner before the old one has given it up.",
     "KIP-429; CooperativeStickyAssignor"),
)

_REP = _area(
    "REP",
    ("REP-1", "EPSH",
     ("Leader completeness: an acknowledged record (acks=all, ISR at least min.insync.replicas) is in the log "
      "of every replica that can be elected cleanly."),
     "Apache Kafka documentation, Replication; kafka.cluster.Partition; Gustafson's specs in TLA+"),
    ("REP-2", "EPSH",
     ("The high watermark never regresses for a leader epoch; a consumer never sees a record at or above it, "
      "nor one that is later gone."),
     "KIP-101, KIP-207; kafka.cluster.Partition.maybeIncrementLeaderHW"),
    ("REP-3", "EPS",
     "Every record below a presumed leader's high watermark is on every member of the true ISR.",
     "Gustafson's specs in TLA+ (StrongIsr); KIP-320"),
    ("REP-4", "ES",
     "After truncation a follower's log is a prefix of its leader's.",
     "KIP-101, KIP-279, KIP-320; kafka.server.AbstractFetcherThread"),
    ("REP-5", "ESH",
     "Fencing: requests with a stale leader epoch, broker epoch or partition epoch change nothing.",
     "KIP-320, KIP-380, KIP-497; kafka.cluster.Partition"),
    ("REP-6", "ESH",
     ("min.insync.replicas: no acknowledgement and no high watermark advance below it; eligible leader "
      "replicas (KIP-966)."),
     "KIP-966; kafka.cluster.Partition.checkEnoughReplicasReachOffset"),
    ("REP-7", "EPS",
     "At most one leader a leader epoch.",
     "org.apache.kafka.controller.PartitionChangeBuilder; Gustafson's specs in TLA+"),
    ("REP-8", "ES",
     "Liveness: once faults stop, an accepted write is acknowledged or rejected, and the ISR grows back.",
     "kafka.server.DelayedProduce; kafka.cluster.Partition.maybeExpandIsr"),
    ("REP-9", "ESH",
     "Unclean election: exactly what it may lose and what it may not.",
     "KIP-106, KIP-966; org.apache.kafka.controller.PartitionChangeBuilder"),
    ("REP-10", "MS",
     "Durability and availability as a function of replication factor, min.insync.replicas and failure rates.",
     "Gifford, Weighted Voting; birth-death chains, as in Trivedi, Probability and Statistics"),
)

_QUO = _area(
    "QUO",
    ("QUO-1", "EPS",
     "Election safety: one leader an epoch. Quorum intersection is proved for every cluster size.",
     "KIP-595; Ongaro and Ousterhout, Raft, 5.2; org.apache.kafka.raft.KafkaRaftClient"),
    ("QUO-2", "EPS",
     ("Log matching, leader completeness and state machine safety of the metadata log; durability of "
      "acknowledged entries."),
     "KIP-595; Ongaro and Ousterhout, Raft, 5.3 and 5.4; Vanlightly's specs in TLA+"),
    ("QUO-3", "ES",
     ("Pre-vote (KIP-996) and check quorum: a partitioned voter can't depose a working leader; a partitioned "
      "leader steps down."),
     "KIP-996; Ongaro, dissertation, 6.2 and 9.6; org.apache.kafka.raft.LeaderState"),
    ("QUO-4", "EPS",
     "Reconfiguration one voter at a time (KIP-853) never yields two disjoint majorities.",
     "KIP-853; Ongaro, dissertation, 4.1, and its published erratum"),
    ("QUO-5", "ES",
     "Snapshots replace exactly the prefix they summarise.",
     "KIP-630; org.apache.kafka.raft.KafkaRaftClient"),
    ("QUO-6", "ES",
     "Liveness: with a majority up and connected, a leader is elected and entries commit.",
     "KIP-595; Ongaro and Ousterhout, Raft, 5.6"),
)

_GRP = _area(
    "GRP",
    ("GRP-1", "EPSH",
     "At most one member owns a partition in a generation (member epoch); a fenced member's actions change nothing.",
     "KIP-848; org.apache.kafka.coordinator.group; GroupCoordinator"),
    ("GRP-2", "ES",
     "Eager: everything is revoked before anything is assigned. Cooperative and KIP-848: only what moves is revoked.",
     "KIP-429, KIP-848; ConsumerCoordinator"),
    ("GRP-3", "ES",
     "Static members keep their partitions across a restart within the session timeout.",
     "KIP-345; ClassicGroup"),
    ("GRP-4", "ES",
     "Coordinator fail-over loses no acknowledged state.",
     "KIP-848; org.apache.kafka.coordinator.group.GroupCoordinatorShard"),
    ("GRP-5", "ES",
     "Liveness: with no more changes, the group becomes stable and every partition is owned.",
     "KIP-62, KIP-429, KIP-848"),
)

_OFF = _area(
    "OFF",
    ("OFF-1", "ESH",
     ("The committed offset of (group, partition) is a linearizable register, fenced by generation or member "
      "epoch; it survives coordinator fail-over."),
     "OffsetMetadataManager; Herlihy and Wing, Linearizability"),
    ("OFF-2", "ESH",
     ("Commit after processing gives at-least-once: nothing is skipped. Commit before gives at-most-once: "
      "nothing is seen twice."),
     "Apache Kafka documentation, Message Delivery Semantics; KafkaConsumer"),
    ("OFF-3", "ES",
     "Offsets expire only when the group is empty and the retention time has passed.",
     "KIP-186, KIP-211; OffsetMetadataManager"),
    ("OFF-4", "ESH",
     "The position of a consumer is contiguous: no poll skips or repeats inside one ownership.",
     "org.apache.kafka.clients.consumer.internals.SubscriptionState, Fetcher"),
)

_TXN = _area(
    "TXN",
    ("TXN-1", "EPSH",
     ("Each (producer id, epoch, sequence) is appended at most once and in order, through retries, fail-over "
      "and up to five requests in flight."),
     "KIP-98, KIP-360; org.apache.kafka.storage.internals.log.ProducerStateManager"),
    ("TXN-2", "ESH",
     "Fencing: a producer with an old epoch changes nothing.",
     "KIP-98, KIP-588, KIP-890; kafka.coordinator.transaction.TransactionCoordinator"),
    ("TXN-3", "ESH",
     ("Atomic visibility: read-committed consumers see all of a committed transaction in order of the log and "
      "nothing of an aborted or open one; the last stable offset is exact."),
     "KIP-98; ProducerStateManager, TransactionIndex; Adya, Weak Consistency"),
    ("TXN-4", "ESH",
     "Consume-transform-produce is exactly once: offsets commit if and only if the outputs do (KIP-447).",
     "KIP-98, KIP-447; org.apache.kafka.streams"),
    ("TXN-5", "ES",
     "No hanging transaction, no record of one transaction in another (KIP-890).",
     "KIP-890; kafka.coordinator.transaction.TransactionCoordinator"),
    ("TXN-6", "ES",
     "Liveness: each transaction ends, at the latest by its timeout; each client gets its producer id.",
     "KIP-98; TransactionStateManager"),
)

_CLI = _area(
    "CLI",
    ("CLI-1", "MS",
     ("Batching: a batch is sent when batch.size or linger.ms is reached, never later; order within a "
      "partition is kept."),
     "org.apache.kafka.clients.producer.internals.RecordAccumulator"),
    ("CLI-2", "PS",
     "Retries: exponential backoff with jitter stays within its bounds (KIP-580) and within delivery.timeout.ms.",
     "KIP-91, KIP-580; org.apache.kafka.common.utils.ExponentialBackoff"),
    ("CLI-3", "S",
     ("Backpressure: buffered bytes never pass buffer.memory; a full buffer blocks for max.block.ms at the "
      "most, then fails clearly; nothing accepted is dropped silently."),
     "org.apache.kafka.clients.producer.internals.BufferPool"),
)

_THEORY = _area(
    "THEORY",
    ("CAP-1", "EP",
     ("Under a partition no read/write protocol is both available and linearizable (found by exhaustive search "
      "over small protocols); which side each Kafka setting takes."),
     "Gilbert and Lynch, Brewer's Conjecture; Brewer, CAP Twelve Years Later"),
    ("VC-1", "PS",
     "Vector clocks: e happens before f if and only if V(e) < V(f); Lamport clocks only one way.",
     "Fidge, Timestamps in Message-Passing Systems; Mattern, Virtual Time; Lamport 1978"),
    ("QUE-1", "MS",
     ("Little's law on every sample path; M/M/1, M/M/c, M/G/1 formulas against discrete-event simulation with "
      "confidence intervals."),
     "Little, A Proof for L = lambda W; Kleinrock, Queueing Systems"),
    ("QUE-2", "MS",
     ("Throughput of producer, consumer and broker, and end-to-end, replication and network latency, as closed "
      "forms held against the simulated cluster."),
     "Kleinrock, Queueing Systems; Apache Kafka documentation, Design"),
    ("INF-1", "MS",
     "Compression never beats entropy; ratio and throughput as a function of batch size.",
     "Shannon, A Mathematical Theory of Communication"),
)

# fmt: on

GUARANTEES: Mapping[str, Guarantee] = {
    g.id: g for g in (*_LOG, *_PART, *_ASSIGN, *_REP, *_QUO, *_GRP, *_OFF, *_TXN, *_CLI, *_THEORY)
}
"""All of them by id, in the order of the catalogue."""

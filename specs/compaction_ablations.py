"""The guards of compaction that can be switched off, each a published bug, and what must break without it.

All expectations are at the default bounds, so that one compiled form serves the fixed spec and every ablation.

Source: the bugs C01, C08, C09, C11 and C12 of the published catalogue, as named below; the others were found here.
"""

from __future__ import annotations

from specs.language import Expect, ablation

BOUNDS = {
    "replicas": 2, "keys": 1, "log_size": 3, "max_leader_epoch": 1, "max_failures": 1, "retention": 1,
}  # fmt: skip

TOMBSTONE_REMOVED_ALONE = ablation(
    "tombstone_removed_alone",
    "C01, Apache Kafka 3.9 to 4.2: a cleaner removes a tombstone past its horizon, whatever other replicas still hold.",
    Expect("no_resurrection", 10, BOUNDS),
)
TOMBSTONE_REMOVED_ONCE_REPLICATED = ablation(
    "tombstone_removed_once_replicated",
    "C01, half mended: a tombstone goes once every log reaches past it, if only with records yet to be truncated.",
    Expect("no_resurrection", 13, BOUNDS),
)
UNCOMMITTED_RECORDS_SUPERSEDE = ablation(
    "uncommitted_records_supersede",
    "C08, KAFKA-13194: without transactions nothing but the log end bounds the cleaner, not the high watermark.",
    Expect("cleaned_is_committed", 2, BOUNDS),
    Expect("latest_committed_value_retained", 4, BOUNDS),
)
HORIZON_FROM_APPEND = ablation(
    "horizon_from_append",
    "C09, KAFKA-4529: the delete horizon counts from the time at which the tombstone was written.",
    Expect("tombstone_seen_by_full_scan", 11, BOUNDS),
)
HORIZON_RESET_BY_CLEANING = ablation(
    "horizon_reset_by_cleaning",
    "C09, KAFKA-8522: each cleaning sets the delete horizon anew; where retention is 2, tombstones stay forever.",
)
INHERITED_HORIZON = ablation(
    "inherited_horizon",
    "KIP-534 as it stands: a follower takes over the delete horizon of the leader, for which it may still hold values.",
    Expect("tombstone_seen_by_full_scan", 13, BOUNDS),
)
SCAN_MOVES_ON = ablation(
    "scan_moves_on",
    "A scan goes on at another replica where it left off; each replica counts delete.retention.ms on its own.",
    Expect("tombstone_seen_by_full_scan", 12, BOUNDS),
)
LAST_BATCH_REMOVED = ablation(
    "last_batch_removed",
    "C11, KAFKA-17076: the cleaner does not keep the last batch of what it cleans, empty if need be.",
    Expect("log_end_offset_preserved", 7, BOUNDS),
    Expect("survivors_are_as_written", 8, BOUNDS),
)
CHECKPOINT_OUTLIVES_THE_LOG = ablation(
    "checkpoint_outlives_the_log",
    "C12, KAFKA-3330, KAFKA-1641: a log that is truncated or made anew keeps the checkpoint of its cleaner.",
    Expect("checkpoint_is_in_the_log", 5, BOUNDS),
    Expect("compacting_twice_changes_nothing", 9, BOUNDS),
)

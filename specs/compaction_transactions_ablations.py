"""The guards of compaction with transactions that can be switched off, each a published bug, and what must break.

All expectations are at the default bounds, so that one compiled form serves the fixed spec and every ablation.

Source: the bugs C02 to C07 and C10 of the published catalogue, as named below.
"""

from __future__ import annotations

from specs.language import Expect, ablation

BOUNDS = {
    "replicas": 2, "producers": 2, "keys": 1, "log_size": 5, "segment_records": 2, "max_failures": 1,
}  # fmt: skip

ABORT_MARKER_REMOVED_ALONE = ablation(
    "abort_marker_removed_alone",
    "C02, Apache Kafka 3.9 to 4.2: a cleaner removes an ABORT marker whatever other replicas still hold of its data.",
    Expect("marker_not_before_data", 8, BOUNDS),
    Expect("no_aborted_read", 11, BOUNDS),
)
COMMIT_MARKER_REMOVED_ALONE = ablation(
    "commit_marker_removed_alone",
    "C03, C04, Apache Kafka 3.9 to 4.2: a cleaner removes a COMMIT marker whatever other replicas still hold.",
    Expect("last_stable_offset_is_not_pinned", 11, BOUNDS),
    Expect("no_committed_record_is_hidden", 12, BOUNDS),
)
MARKER_KEYS_COLLIDE = ablation(
    "marker_keys_collide",
    "C05, KAFKA-14055: a marker is removed as if it were a record, once one with the marker's key comes after it.",
    Expect("marker_not_before_data", 4, BOUNDS),
)
PARTIAL_SEGMENT_LOSES_ABORTS = ablation(
    "partial_segment_loses_aborts",
    "C06, KAFKA-13727: aborted transactions are known up to the end of the cleaning, markers judged to the segment's.",
    Expect("marker_not_before_data", 3, BOUNDS),
    Expect("no_aborted_read", 5, BOUNDS),
)
OPEN_TRANSACTION_FORGOTTEN = ablation(
    "open_transaction_forgotten",
    "C07, KAFKA-8351: what is known of a transaction ends with the segment, so that its marker seems to have no data.",
    Expect("marker_not_before_data", 6, BOUNDS),
)
LAST_SEQUENCE_REMOVED = ablation(
    "last_sequence_removed",
    "C10, KAFKA-5490: the last batch of a producer goes with its records, and with it the last sequence.",
    Expect("last_sequence_retained", 3, BOUNDS),
)

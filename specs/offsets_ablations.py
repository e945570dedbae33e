"""The guards of committed offsets that can be switched off, each a published bug, and what must break without it.

All expectations are at the default bounds, so that one compiled form serves the fixed spec and every ablation.

Source: the bugs O01, O02, O04, O05 and O06 of the published catalogue, by JIRA issue as named below.
"""

from __future__ import annotations

from specs.language import Expect, ablation

BOUNDS = {
    "members": 2, "brokers": 2, "max_records": 1, "max_generation": 2, "max_coordinator_epoch": 2, "max_time": 1,
    "retention": 1,
}  # fmt: skip

UNFENCED_COMMIT = ablation(
    "unfenced_commit",
    "O04, KAFKA-2596: the coordinator takes commits of members that it does not know, and of former generations.",
    Expect("fenced_commits_change_nothing", 7, BOUNDS),
    Expect("committed_offset_never_regresses", 11, BOUNDS),
    Expect("nothing_is_seen_twice", 12, BOUNDS),
)
LATE_UNLOAD = ablation(
    "late_unload",
    "O06, KAFKA-10614: a broker that coordinates again runs the unload of the epoch before, and serves what is left.",
    Expect("coordinator_serves_the_committed_offset", 3, BOUNDS),
)
LOAD_KEEPS_STALE_CACHE = ablation(
    "load_keeps_stale_cache",
    "O06, KAFKA-5600: a load that comes before the unload of the epoch before keeps the group that it finds.",
    Expect("coordinator_serves_the_committed_offset", 6, BOUNDS),
)
EXPIRY_WHILE_REBALANCING = ablation(
    "expiry_while_rebalancing",
    "O05, KAFKA-13636: while a rebalance is prepared, offsets expire by the time of their commit.",
    Expect("offsets_expire_only_when_empty_and_old", 3, BOUNDS),
)
EMPTY_SINCE_LOST_ON_LOAD = ablation(
    "empty_since_lost_on_load",
    "O05, KAFKA-8069: a coordinator that has just loaded counts the retention time from the commit.",
    Expect("offsets_expire_only_when_empty_and_old", 6, BOUNDS),
)
PROCESSING_WHILE_REVOKING = ablation(
    "processing_while_revoking",
    "O02, KAFKA-14196: a member goes on with what it has fetched while its last commit is in flight.",
    Expect("handover_is_exact", 7, BOUNDS),
)
COMMIT_OF_PREFETCHED_RECORDS = ablation(
    "commit_of_prefetched_records",
    "O01, KAFKA-2942: what is committed is how far the member has fetched, not how far it has processed.",
    Expect("nothing_is_skipped", 5, BOUNDS),
)

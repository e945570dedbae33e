"""The guards of ISR replication that can be switched off, each a published bug, and what must break without it.

The expectations share two sets of bounds, so that the default tests compile two forms of the spec and not six; most of
these bugs show at smaller ones already, as in `logproof explore replication --ablate unfenced_fetch --set log_size=1
--set max_records=1`.

Source: the bugs R01-R11 of the published catalogue, by KIP and JIRA issue as named below.
"""

from __future__ import annotations

from specs.language import Expect, ablation

UNFENCED_HIGH_WATERMARK_ADVANCE = ablation(
    "unfenced_high_watermark_advance",
    "R05, KIP-320 rule 3: the leader counts followers of another epoch when it advances its high watermark.",
    Expect("strong_isr", 12, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)
UNFENCED_FETCH = ablation(
    "unfenced_fetch",
    "R06, KIP-320: a follower fetches from a leader that is in another epoch.",
    Expect("weak_isr", 12, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)
UNFENCED_ISR_EXPAND = ablation(
    "unfenced_isr_expand",
    "R07, KIP-320: the leader admits a follower of another epoch to the ISR.",
    Expect("strong_isr", 14, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)
UNFENCED_ISR_SHRINK = ablation(
    "unfenced_isr_shrink",
    "The leader keeps a follower of another epoch in the ISR. By itself safe: fewer removals, nothing else.",
)
ISR_JOIN_AT_LAGGING_HIGH_WATERMARK = ablation(
    "isr_join_at_lagging_high_watermark",
    "R10, KAFKA-7128: a follower joins the ISR at the leader's high watermark, although that may lag the true one.",
    Expect("strong_isr", 11, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)
UNFENCED_TRUNCATION_LOOKUP = ablation(
    "unfenced_truncation_lookup",
    "R08, KIP-320 rule 2: a new follower truncates against a leader that is still in another epoch.",
    Expect("follower_prefix", 11, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)
TRUNCATE_TO_OWN_HIGH_WATERMARK = ablation(
    "truncate_to_own_high_watermark",
    "R01, KIP-101, KAFKA-1211: a new follower truncates to its own high watermark.",
    Expect("strong_isr", 10, {"replicas": 2, "log_size": 2, "max_records": 3, "max_leader_epoch": 3}),
)
KIP_101_LOOKUP = ablation(
    "kip_101_lookup",
    "R02, KIP-279, KAFKA-6361: a new follower truncates to the leader's end offset for the follower's last epoch.",
    Expect("follower_prefix", 10, {"replicas": 2, "log_size": 2, "max_records": 3, "max_leader_epoch": 3}),
)
UNDEFINED_EPOCH_USES_HIGH_WATERMARK = ablation(
    "undefined_epoch_uses_high_watermark",
    "R03, KAFKA-6857: where the leader has no answer to the lookup, the follower truncates to its own high watermark.",
    Expect("strong_isr", 12, {"replicas": 2, "log_size": 2, "max_records": 3, "max_leader_epoch": 3}),
)
SINGLE_ROUND_LOOKUP = ablation(
    "single_round_lookup",
    "R04: the lookup of KIP-279 asked once, not until follower and leader agree on an epoch.",
    Expect("follower_prefix", 12, {"replicas": 2, "log_size": 2, "max_records": 3, "max_leader_epoch": 3}),
)
NO_TRUNCATION_FOR_SAME_LEADER = ablation(
    "no_truncation_for_same_leader",
    "R11, KAFKA-7164: a follower does not truncate when a new epoch names the leader that it follows already.",
    Expect("follower_prefix", 12, {"replicas": 3, "log_size": 1, "max_records": 2, "max_leader_epoch": 2}),
)

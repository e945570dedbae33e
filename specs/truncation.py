"""Where a new follower cuts its log before it fetches: the fixed protocol's answer and those of Kafka's history.

A follower may hold records that its new leader never had. What it keeps must be a prefix of the leader's log and must
not lack anything committed. Kafka asked, in turn: what is my high watermark (before KIP-101); where does my last epoch
end at the leader (KIP-101); the same, repeated until both agree on an epoch (KIP-279).

Source: KIP-101, KIP-279; kafka.server.epoch.LeaderEpochFileCache, kafka.server.AbstractFetcherThread of Apache Kafka.
Left out: the epoch cache (records are compared themselves), log start offsets.
"""

from __future__ import annotations

from specs.language import NONE
from specs.replica_log import epoch_before, first_offset_above_epoch, last_epoch, same_entry
from specs.replication_ablations import (
    KIP_101_LOOKUP,
    SINGLE_ROUND_LOOKUP,
    TRUNCATE_TO_OWN_HIGH_WATERMARK,
    UNDEFINED_EPOCH_USES_HIGH_WATERMARK,
)
from specs.replication_state import LOG_SIZE, Replica


def matching_end_offset(follower: Replica, leader: Replica) -> int:
    """One past the largest offset at which both logs hold the same record; 0 if there is none."""
    end = 0
    for offset in range(LOG_SIZE):
        if same_entry(follower, leader, offset):
            end = offset + 1
    return end


def leader_has_no_answer(follower: Replica, leader: Replica) -> bool:
    """Whether KIP-101's lookup is undefined: the leader has neither the follower's last epoch nor a larger one."""
    epoch = last_epoch(follower)
    if epoch == NONE or last_epoch(leader) == epoch:
        return False
    return first_offset_above_epoch(leader, epoch) == leader.log_end_offset


def single_round_end_offset(follower: Replica, leader: Replica) -> int:
    """KIP-279 without its repetition: the leader's largest epoch up to the follower's, and its end, asked once."""
    epoch = last_epoch(follower)
    if epoch == NONE or leader.log_end_offset == 0:
        return 0
    end = first_offset_above_epoch(leader, epoch)
    return min(end, first_offset_above_epoch(follower, epoch_before(leader, end)))


def truncation_offset(follower: Replica, leader: Replica) -> int:
    """The fixed protocol's answer, or that of the ablation that is switched on."""
    end = matching_end_offset(follower, leader)
    if TRUNCATE_TO_OWN_HIGH_WATERMARK:
        end = follower.high_watermark
    elif SINGLE_ROUND_LOOKUP:
        end = single_round_end_offset(follower, leader)
    elif leader_has_no_answer(follower, leader):
        if UNDEFINED_EPOCH_USES_HIGH_WATERMARK:
            end = follower.high_watermark
    elif KIP_101_LOOKUP:
        end = first_offset_above_epoch(leader, last_epoch(follower))
    return min(end, follower.log_end_offset)

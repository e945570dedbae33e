"""What compaction must keep, and what must be possible.

Source: as `specs.compaction`; LOG-6 of the guarantees.
"""

from __future__ import annotations

from specs.compaction_state import (
    KEYS,
    LOG_SIZE,
    REPLICAS,
    State,
    is_on_isr_below_high_watermark,
    latest_committed,
)
from specs.language import NONE, contains


def latest_committed_value_retained(s: State) -> bool:
    """LOG-6: every member of the ISR holds the last committed value of each key, at its offset."""
    return all(
        s.committed[o].tombstone or s.replicas[r].entries[o].key == k
        for r in range(REPLICAS)
        if contains(s.isr, r)
        for k in range(KEYS)
        for o in range(LOG_SIZE)
        if latest_committed(s, k, LOG_SIZE) == o
    )


def no_resurrection(s: State) -> bool:
    """LOG-6: no member of the ISR shows a value of a key that was deleted after it."""
    return all(
        s.replicas[r].entries[o].tombstone
        or s.replicas[r].entries[o].key != k
        or s.replicas[r].entries[latest_committed(s, k, LOG_SIZE)].key == k
        for r in range(REPLICAS)
        for k in range(KEYS)
        for o in range(LOG_SIZE)
        if is_on_isr_below_high_watermark(s, r, o) and latest_committed(s, k, LOG_SIZE) != NONE
    )


def survivors_are_as_written(s: State) -> bool:
    """LOG-1, LOG-6: what is left of the committed records is as it was written, at the offset that it was given."""
    return all(
        s.replicas[r].entries[o].key == NONE
        or (
            s.replicas[r].entries[o].key == s.committed[o].key
            and s.replicas[r].entries[o].tombstone == s.committed[o].tombstone
        )
        for r in range(REPLICAS)
        for o in range(LOG_SIZE)
        if is_on_isr_below_high_watermark(s, r, o)
    )


def log_end_offset_preserved(s: State) -> bool:
    """LOG-6: however much is compacted away, the log of an ISR member goes up to the high watermark."""
    return all(s.replicas[r].log_end_offset >= s.high_watermark for r in range(REPLICAS) if contains(s.isr, r))


def checkpoint_is_in_the_log(s: State) -> bool:
    """LOG-6: the cleaner's checkpoint is not past the log end, else it would pass over records yet to come."""
    return all(s.replicas[r].cleaned_to <= s.replicas[r].log_end_offset for r in range(REPLICAS))


def cleaned_is_committed(s: State) -> bool:
    """LOG-6: the cleaner stays below the high watermark."""
    return all(s.replicas[r].cleaned_to <= s.high_watermark for r in range(REPLICAS))


def compacting_twice_changes_nothing(s: State) -> bool:
    """LOG-6: below the checkpoint every key has one record, so that a second pass finds nothing to remove."""
    return all(
        s.replicas[r].entries[a].key == NONE or s.replicas[r].entries[a].key != s.replicas[r].entries[b].key
        for r in range(REPLICAS)
        for a in range(LOG_SIZE)
        for b in range(LOG_SIZE)
        if a < b < s.replicas[r].cleaned_to and b < s.replicas[r].log_end_offset
    )


def tombstone_seen_by_full_scan(s: State) -> bool:
    """LOG-6: a scan that ends within the retention of tombstones has the last committed value of each key."""
    if s.reader.replica == NONE or s.reader.position < s.high_watermark:
        return True
    return all(
        s.reader.seen[k] == (NONE if o == NONE or s.committed[o].tombstone else o)
        for k in range(KEYS)
        for o in range(-1, LOG_SIZE)
        if latest_committed(s, k, LOG_SIZE) == o
    )


def no_tombstone_is_left(s: State) -> bool:
    """LOG-6: tombstones are removed in the end, once nothing is written any more, from every replica."""
    return all(not s.replicas[r].entries[o].tombstone for r in range(REPLICAS) for o in range(LOG_SIZE))


# ------------------------------------------------------------------------------------------------ what must be possible


def tombstone_is_removed_everywhere(s: State) -> bool:
    """A key was deleted, and no replica has a trace of it."""
    return (
        s.high_watermark > 1
        and s.committed[s.high_watermark - 1].tombstone
        and s.committed[s.high_watermark - 2].key == s.committed[s.high_watermark - 1].key
        and all(
            s.replicas[r].entries[o].key == NONE and s.replicas[r].log_end_offset == s.high_watermark
            for r in range(REPLICAS)
            for o in range(LOG_SIZE)
        )
    )


def follower_has_a_gap(s: State) -> bool:
    """A follower in sync has fetched past offsets at which nothing was left, and holds what was before them."""
    return any(
        contains(s.isr, r)
        and s.replicas[r].entries[0].key != NONE
        and s.replicas[r].cleaned_to == 0
        and any(o < s.replicas[r].log_end_offset and not s.replicas[r].entries[o].batch for o in range(LOG_SIZE))
        for r in range(REPLICAS)
    )


def scan_outruns_the_cleaner(s: State) -> bool:
    """A reader has a value that the cleaner has removed since, and its tombstone is yet to come."""
    return s.reader.replica != NONE and any(
        s.reader.seen[k] != NONE
        and s.replicas[s.reader.replica].entries[s.reader.seen[k]].key == NONE
        and s.reader.position < s.high_watermark
        and s.committed[s.high_watermark - 1].tombstone
        for k in range(KEYS)
    )


def divergent_record_is_truncated(s: State) -> bool:
    """A former leader is yet to give up a record that was never committed."""
    return s.leader != NONE and any(
        s.replicas[r].epoch < s.leader_epoch
        and s.replicas[r].log_end_offset > s.high_watermark
        and s.replicas[s.leader].log_end_offset == s.high_watermark
        for r in range(REPLICAS)
    )

"""Compaction of one replicated partition: keys, tombstones, cleaners that work on their own, and a reader.

What is modelled: the log of each replica and what its own cleaner has left of it, batch by batch; replication with an
offline replica that returns, maybe without its disk, and fetches over the gaps that compaction has left; clean election
and truncation; a reader that scans one replica from the start; the delete horizon of tombstones (KIP-534) against a
clock that only says how many ticks are left.

A cleaning takes the last offset of each key from the dirty part, between the checkpoint and the end of what may be
cleaned, and removes every record below that end whose key has a later one there. That end is any offset up to the high
watermark, since a segment may be rolled anywhere. A tombstone gets its horizon from the first cleaning that meets it,
and goes when the horizon has passed and every replica has cleaned beyond it.

The smallest way to go wrong without the last condition: key k has a value at offset 0 on both replicas; one goes
offline; k is deleted at offset 1; the other cleans twice, and neither record is left of it; the first returns, fetches
from offset 1, finds an empty batch there and is in sync: its value of k is back.

Source: org.apache.kafka.storage.internals.log.Cleaner and LogCleanerManager of Apache Kafka; KIP-534; the Apache Kafka
documentation, "Log Compaction"; Redpanda, "A compaction bug in Kafka and its fix" (2026) for the condition on all
replicas, which Apache Kafka lacks.
Left out: transactions (see `specs.compaction_transactions`), dirty ratio and lag (a cleaning may come at any time),
zombies (a replica that has yet to hear of the leader's epoch neither cleans nor serves), the order of messages
between replicas (a follower reads its leader's log atomically; see `specs.replication_messages`).
"""

from __future__ import annotations

from specs.compaction_ablations import (
    CHECKPOINT_OUTLIVES_THE_LOG,
    HORIZON_FROM_APPEND,
    HORIZON_RESET_BY_CLEANING,
    INHERITED_HORIZON,
    LAST_BATCH_REMOVED,
    SCAN_MOVES_ON,
    TOMBSTONE_REMOVED_ALONE,
    TOMBSTONE_REMOVED_ONCE_REPLICATED,
    UNCOMMITTED_RECORDS_SUPERSEDE,
)
from specs.compaction_properties import (
    checkpoint_is_in_the_log,
    cleaned_is_committed,
    compacting_twice_changes_nothing,
    divergent_record_is_truncated,
    follower_has_a_gap,
    latest_committed_value_retained,
    log_end_offset_preserved,
    no_resurrection,
    no_tombstone_is_left,
    scan_outruns_the_cleaner,
    survivors_are_as_written,
    tombstone_is_removed_everywhere,
    tombstone_seen_by_full_scan,
)
from specs.compaction_state import (
    KEY,
    KEYS,
    LOG_SIZE,
    MAX_FAILURES,
    MAX_LEADER_EPOCH,
    OFFSET,
    REPLICA,
    REPLICAS,
    RETENTION,
    Replica,
    State,
    clear,
    initial,
    is_current,
    next_batch,
    readable_end,
    truncate,
)
from specs.language import NONE, Bool, Eventually, Fair, Spec, action, contains, insert, remove

# -------------------------------------------------------------------------------------------------------- replication


@action(key=KEY, tombstone=Bool())
def append(s: State, key: int, tombstone: bool) -> bool:  # noqa: FBT001 - a parameter of an action
    """The leader takes a record: a value of a key, or a tombstone that deletes it."""
    if s.leader == NONE or s.replicas[s.leader].log_end_offset >= LOG_SIZE:
        return False
    log = s.replicas[s.leader]
    entry = log.entries[log.log_end_offset]
    entry.epoch = s.leader_epoch
    entry.batch = True
    entry.key = key
    entry.tombstone = tombstone
    if HORIZON_FROM_APPEND and tombstone:
        entry.horizon = RETENTION
    log.log_end_offset = log.log_end_offset + 1
    commit(s)
    return True


@action(follower=REPLICA)
def fetch(s: State, follower: int) -> bool:
    """A follower takes the leader's next batch, which may lie past a gap."""
    if s.leader == NONE or s.leader == follower or not is_current(s, follower):
        return False
    log = s.replicas[follower]
    leader = s.replicas[s.leader]
    offset = next_batch(leader, log.log_end_offset, leader.log_end_offset)
    if offset == NONE:
        return False
    for o in range(LOG_SIZE):
        if log.log_end_offset <= o <= offset:
            log.entries[o].epoch = leader.entries[o].epoch
    log.entries[offset] = leader.entries[offset]
    if not (INHERITED_HORIZON or HORIZON_FROM_APPEND):
        log.entries[offset].horizon = NONE
    log.log_end_offset = offset + 1
    commit(s)
    return True


def commit(s: State) -> None:
    """Offsets are committed as soon as every member of the ISR has them, in the leader's epoch."""
    if s.leader == NONE:
        return
    end = s.replicas[s.leader].log_end_offset
    for r in range(REPLICAS):
        if contains(s.isr, r):
            end = min(end, s.replicas[r].log_end_offset if is_current(s, r) else s.high_watermark)
    for o in range(LOG_SIZE):
        if s.high_watermark <= o < end:
            s.committed[o].key = s.replicas[s.leader].entries[o].key
            s.committed[o].tombstone = s.replicas[s.leader].entries[o].tombstone
    s.high_watermark = max(s.high_watermark, end)


@action(replica=REPLICA)
def go_offline(s: State, replica: int) -> bool:
    """A broker stops and leaves the ISR, in which somebody must stay; a leader only while there is an epoch left."""
    if s.failures >= MAX_FAILURES or not s.replicas[replica].online or remove(s.isr, replica) == 0:
        return False
    if s.leader == replica and s.leader_epoch == MAX_LEADER_EPOCH:
        return False
    s.failures = s.failures + 1
    s.replicas[replica].online = False
    s.isr = remove(s.isr, replica)
    if s.leader == replica:
        s.leader = NONE
    if s.reader.replica == replica:
        end_scan(s)
    commit(s)
    return True


@action(replica=REPLICA, disk_lost=Bool())
def come_back(s: State, replica: int, disk_lost: bool) -> bool:  # noqa: FBT001 - a parameter of an action
    """It returns with the log that it had, or with none at all."""
    if s.replicas[replica].online:
        return False
    s.replicas[replica].online = True
    if disk_lost:
        cut(s.replicas[replica], 0)
    return True


def cut(log: Replica, end_offset: int) -> None:
    """Truncate a log, and lower the checkpoint of its cleaner with it."""
    truncate(log, end_offset)
    if not CHECKPOINT_OUTLIVES_THE_LOG:
        log.cleaned_to = min(log.cleaned_to, end_offset)


@action(replica=REPLICA)
def reload(s: State, replica: int) -> bool:
    """A replica restarts at once: it takes its log end from the last batch that is there."""
    if not s.replicas[replica].online:
        return False
    end = 0
    for o in range(LOG_SIZE):
        if s.replicas[replica].entries[o].batch:
            end = o + 1
    cut(s.replicas[replica], end)
    return True


@action(leader=REPLICA)
def elect(s: State, leader: int) -> bool:
    """Any other member of the ISR leads in the next epoch."""
    if s.leader_epoch >= MAX_LEADER_EPOCH or s.leader == leader or not contains(s.isr, leader):
        return False
    s.leader_epoch = s.leader_epoch + 1
    s.leader = leader
    s.replicas[leader].epoch = s.leader_epoch
    commit(s)
    return True


@action(replica=REPLICA)
def follow(s: State, replica: int) -> bool:
    """A replica hears of the leader's epoch and truncates to what their logs share, as their epochs tell."""
    log = s.replicas[replica]
    if s.leader == NONE or not log.online or log.epoch == s.leader_epoch:
        return False
    leader = s.replicas[s.leader]
    end = min(log.log_end_offset, leader.log_end_offset)
    for o in range(LOG_SIZE):
        if o < end and log.entries[o].epoch != leader.entries[o].epoch:
            end = o
    cut(log, end)
    log.epoch = s.leader_epoch
    commit(s)
    return True


@action(replica=REPLICA)
def join_isr(s: State, replica: int) -> bool:
    """A follower that has reached the high watermark is in sync."""
    if s.leader == NONE or contains(s.isr, replica) or not is_current(s, replica):
        return False
    if s.replicas[replica].log_end_offset < s.high_watermark:
        return False
    s.isr = insert(s.isr, replica)
    return True


# ------------------------------------------------------------------------------------------------------- the cleaners


def is_superseded(log: Replica, offset: int, end_offset: int) -> bool:
    """Whether the dirty part, up to where the cleaning ends, has a later record of the key."""
    return any(
        log.entries[o].key == log.entries[offset].key
        for o in range(LOG_SIZE)
        if offset < o < end_offset and log.cleaned_to <= o
    )


def may_go(s: State, replica: int, offset: int) -> bool:
    """Whether a tombstone has outlived its horizon, and all values before it everywhere."""
    if s.replicas[replica].entries[offset].horizon != 0:
        return False
    if TOMBSTONE_REMOVED_ALONE:
        return True
    if TOMBSTONE_REMOVED_ONCE_REPLICATED:
        return all(s.replicas[r].log_end_offset > offset for r in range(REPLICAS))
    return all(s.replicas[r].cleaned_to > offset for r in range(REPLICAS))


def remove_record(log: Replica, offset: int, end_offset: int) -> None:
    """Remove a record, and its batch unless it is the last one of the cleaning: that keeps the log end."""
    clear(log.entries[offset])
    if offset < end_offset - 1 or LAST_BATCH_REMOVED:
        log.entries[offset].batch = False


@action(replica=REPLICA, end_offset=OFFSET)
def clean(s: State, replica: int, end_offset: int) -> bool:
    """A replica's cleaner works up to an offset at which a segment ends."""
    log = s.replicas[replica]
    limit = log.log_end_offset if UNCOMMITTED_RECORDS_SUPERSEDE else readable_end(s, replica)
    if not is_current(s, replica) or end_offset < log.cleaned_to or not 0 < end_offset <= limit:
        return False
    for o in range(LOG_SIZE):
        if o < end_offset:
            if log.entries[o].key == NONE or is_superseded(log, o, end_offset) or may_go(s, replica, o):
                remove_record(log, o, end_offset)
            elif log.entries[o].tombstone and (HORIZON_RESET_BY_CLEANING or log.entries[o].horizon == NONE):
                log.entries[o].horizon = RETENTION
    log.cleaned_to = end_offset
    return True


@action()
def tick(s: State) -> bool:
    """Time passes, for every replica and for the reader. A scan as old as the retention is promised nothing more."""
    passes = s.reader.replica != NONE
    if passes and s.reader.age == RETENTION - 1:
        end_scan(s)
    elif passes:
        s.reader.age = s.reader.age + 1
    for r in range(REPLICAS):
        for o in range(LOG_SIZE):
            if s.replicas[r].entries[o].horizon > 0:
                s.replicas[r].entries[o].horizon = s.replicas[r].entries[o].horizon - 1
                passes = True
    return passes


# --------------------------------------------------------------------------------------------------------- the reader


def end_scan(s: State) -> None:
    """Forget all that was read."""
    s.reader.replica = NONE
    s.reader.position = 0
    s.reader.age = 0
    for k in range(KEYS):
        s.reader.seen[k] = NONE


@action(replica=REPLICA)
def start_scan(s: State, replica: int) -> bool:
    """A reader starts from the earliest offset of a replica, leader or not (KIP-392)."""
    if s.reader.replica != NONE or not is_current(s, replica):
        return False
    s.reader.replica = replica
    return True


@action(replica=REPLICA)
def stop_or_move_scan(s: State, replica: int) -> bool:
    """A reader turns to another replica, where it has to begin again."""
    if s.reader.replica == NONE or s.reader.replica == replica or not is_current(s, replica):
        return False
    if not SCAN_MOVES_ON:
        end_scan(s)
    s.reader.replica = replica
    return True


@action()
def scan(s: State) -> bool:
    """The reader takes the next batch, or comes to the end over nothing but a gap."""
    replica = s.reader.replica
    if replica == NONE or not is_current(s, replica) or s.reader.position >= readable_end(s, replica):
        return False
    log = s.replicas[replica]
    offset = next_batch(log, s.reader.position, readable_end(s, replica))
    if offset == NONE:
        s.reader.position = readable_end(s, replica)
        return True
    if log.entries[offset].key != NONE:
        s.reader.seen[log.entries[offset].key] = NONE if log.entries[offset].tombstone else offset
    s.reader.position = offset + 1
    return True


EVERY = (come_back, elect, fetch, follow, join_isr, tick)

SPEC = Spec(
    name="compaction",
    doc="Compaction of a replicated partition: tombstones, cleaners of their own, a returning replica, a reader.",
    state=State,
    initial=initial,
    actions=(
        append,
        fetch,
        go_offline,
        come_back,
        reload,
        elect,
        follow,
        join_isr,
        clean,
        tick,
        start_scan,
        stop_or_move_scan,
        scan,
    ),
    bounds=(REPLICAS, KEYS, LOG_SIZE, MAX_LEADER_EPOCH, MAX_FAILURES, RETENTION),
    invariants=(
        latest_committed_value_retained,
        no_resurrection,
        survivors_are_as_written,
        log_end_offset_preserved,
        checkpoint_is_in_the_log,
        cleaned_is_committed,
        compacting_twice_changes_nothing,
        tombstone_seen_by_full_scan,
    ),
    reachable=(
        tombstone_is_removed_everywhere,
        follower_has_a_gap,
        scan_outruns_the_cleaner,
        divergent_record_is_truncated,
    ),
    liveness=(
        Eventually(
            "tombstones_eventually_removed",
            no_tombstone_is_left,
            fairness=(*(Fair((one,)) for one in EVERY), Fair((clean,), each=True)),
        ),
    ),
    ablations=(
        TOMBSTONE_REMOVED_ALONE,
        TOMBSTONE_REMOVED_ONCE_REPLICATED,
        UNCOMMITTED_RECORDS_SUPERSEDE,
        HORIZON_FROM_APPEND,
        HORIZON_RESET_BY_CLEANING,
        INHERITED_HORIZON,
        SCAN_MOVES_ON,
        LAST_BATCH_REMOVED,
        CHECKPOINT_OUTLIVES_THE_LOG,
    ),
    columns="replicas",
)

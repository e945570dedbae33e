"""Compaction of a log with transactions: what is committed stays so, what is aborted too, on every replica.

What is modelled: transactional producers and records outside transactions; markers; replicas that each tell open,
committed and aborted records apart by the markers in their own log, as they do when they load it or fetch it; cleaners
of their own, which keep a marker as long as a batch of its transaction is left, the last batch of each producer for its
sequence, and the last batch of what they clean for the log end; a replica that falls behind and fetches over the gaps.

The smallest way to go wrong without regard for other replicas: a producer writes record 0 and aborts, its marker at 1;
a replica has fetched the record and not the marker; the leader cleans twice, and neither is left; the producer writes
record 2 and commits. The replica fetches on from offset 1: to it, record 0 belongs to the transaction of record 2.

Source: org.apache.kafka.storage.internals.log.Cleaner and CleanedTransactionMetadata of Apache Kafka; KIP-98;
Redpanda, "A compaction bug in Kafka and its fix" (2026); KAFKA-14055, KAFKA-13727, KAFKA-8351, KAFKA-5490.
Left out: tombstones, elections with divergent logs (see `specs.compaction`: here an append is on all replicas in sync
at once, so that any of them may lead), the time until the delete horizon of a marker, producers that expire.
"""

from __future__ import annotations

from specs.compaction_transactions_ablations import (
    ABORT_MARKER_REMOVED_ALONE,
    COMMIT_MARKER_REMOVED_ALONE,
    LAST_SEQUENCE_REMOVED,
    MARKER_KEYS_COLLIDE,
    OPEN_TRANSACTION_FORGOTTEN,
    PARTIAL_SEGMENT_LOSES_ABORTS,
)
from specs.compaction_transactions_properties import (
    cleaned_is_stable,
    cleaning_stops_at_an_open_transaction,
    compacting_twice_changes_nothing,
    last_sequence_is_all_that_is_left,
    last_sequence_retained,
    last_stable_offset_is_not_pinned,
    latest_committed_value_retained,
    marker_is_removed_everywhere,
    marker_not_before_data,
    no_aborted_read,
    no_committed_record_is_hidden,
    replica_has_a_record_that_others_removed,
)
from specs.compaction_transactions_state import (
    ABORT,
    COMMIT,
    DATA,
    KEY,
    KEYS,
    LOG_SIZE,
    MAX_FAILURES,
    OFFSET,
    OPEN,
    PRODUCER,
    PRODUCERS,
    REPLICA,
    REPLICAS,
    SEGMENT_RECORDS,
    Replica,
    State,
    initial,
    is_data,
    is_last_of_producer,
    last_stable_offset_at,
    marker_of,
    outcome,
    outcome_at,
    same_segment,
)
from specs.language import NONE, Bool, Maybe, Spec, action, contains, insert, remove

MARKER_KEY = 0
"""The key of a record that has, byte for byte, the key of markers."""

# -------------------------------------------------------------------------------------------------------- replication


def append(s: State, kind: int, producer: int, key: int) -> None:
    """Write at the log end of every replica in sync."""
    offset = s.log_end_offset
    s.written[offset].kind = kind
    s.written[offset].producer = producer
    s.written[offset].key = key
    s.log_end_offset = offset + 1
    for r in range(REPLICAS):
        if s.replicas[r].in_sync:
            s.replicas[r].batches = insert(s.replicas[r].batches, offset)
            s.replicas[r].records = insert(s.replicas[r].records, offset)
            s.replicas[r].log_end_offset = offset + 1


def is_open(s: State, producer: int) -> bool:
    """Whether a producer has a transaction with records."""
    return any(is_data(s, o) and s.written[o].producer == producer and outcome(s, o) == OPEN for o in range(LOG_SIZE))


@action(producer=Maybe(PRODUCER), key=KEY)
def write(s: State, producer: int, key: int) -> bool:
    """A producer writes a record in its transaction, or somebody writes one outside."""
    if s.log_end_offset >= LOG_SIZE:
        return False
    append(s, DATA, producer, key)
    return True


@action(producer=PRODUCER, committed=Bool())
def end_transaction(s: State, producer: int, committed: bool) -> bool:  # noqa: FBT001 - a parameter of an action
    """The coordinator writes the marker of a transaction."""
    if s.log_end_offset >= LOG_SIZE or not is_open(s, producer):
        return False
    append(s, COMMIT if committed else ABORT, producer, NONE)
    return True


@action(replica=REPLICA)
def fall_behind(s: State, replica: int) -> bool:
    """A replica goes offline, or is slow, and leaves the ISR, in which somebody must stay."""
    if s.failures >= MAX_FAILURES or not s.replicas[replica].in_sync:
        return False
    if not any(s.replicas[r].in_sync for r in range(REPLICAS) if r != replica):
        return False
    s.failures = s.failures + 1
    s.replicas[replica].in_sync = False
    return True


@action(follower=REPLICA, leader=REPLICA)
def fetch(s: State, follower: int, leader: int) -> bool:
    """A replica that is behind takes the next batch of one in sync; at the log end it is in sync itself."""
    log = s.replicas[follower]
    if log.in_sync or not s.replicas[leader].in_sync:
        return False
    if log.log_end_offset == s.log_end_offset:
        log.in_sync = True
        return True
    for o in range(LOG_SIZE):
        if o >= log.log_end_offset and contains(s.replicas[leader].batches, o):
            log.batches = insert(log.batches, o)
            if contains(s.replicas[leader].records, o):
                log.records = insert(log.records, o)
            log.log_end_offset = o + 1
            return True
    return False


# ------------------------------------------------------------------------------------------------------- the cleaners


def is_known_aborted(s: State, replica: int, offset: int, end_offset: int) -> bool:
    """Whether the cleaner takes a record for aborted."""
    if PARTIAL_SEGMENT_LOSES_ABORTS and marker_of(s, offset) >= end_offset:
        return False
    return outcome_at(s, replica, offset) == ABORT


def is_superseded(s: State, replica: int, key: int, offset: int, end_offset: int) -> bool:
    """Whether the dirty part, up to where the cleaning ends, has a later record of the key that is not aborted."""
    log = s.replicas[replica]
    return any(
        contains(log.records, o)
        and is_data(s, o)
        and s.written[o].key == key
        and not is_known_aborted(s, replica, o, end_offset)
        for o in range(LOG_SIZE)
        if offset < o < end_offset and log.cleaned_to <= o
    )


def has_data(s: State, batches: int, marker: int) -> bool:
    """Whether a batch of a marker's transaction is among some batches, be it empty."""
    return any(
        contains(batches, o)
        and is_data(s, o)
        and s.written[o].producer == s.written[marker].producer
        and marker_of(s, o) == marker
        and not (OPEN_TRANSACTION_FORGOTTEN and not same_segment(o, marker))
        for o in range(LOG_SIZE)
    )


def is_clean_everywhere(s: State, offset: int) -> bool:
    """Whether every replica has cleaned beyond an offset: none has, or will ever fetch, what was removed before it."""
    return all(s.replicas[r].cleaned_to > offset for r in range(REPLICAS))


def is_bare(s: State, replica: int, offset: int) -> bool:
    """Whether a marker has no data left on a replica."""
    return s.written[offset].kind != DATA and not has_data(s, s.replicas[replica].batches, offset)


def marker_may_go(s: State, replica: int, marker: int, end_offset: int) -> bool:
    """Whether a marker had no data in an earlier cleaning, and has none anywhere."""
    if MARKER_KEYS_COLLIDE and is_superseded(s, replica, MARKER_KEY, marker, end_offset):
        return True
    if not contains(s.replicas[replica].with_horizon, marker):
        return False
    kind = s.written[marker].kind
    if (ABORT_MARKER_REMOVED_ALONE and kind == ABORT) or (COMMIT_MARKER_REMOVED_ALONE and kind == COMMIT):
        return True
    return is_clean_everywhere(s, marker)


def may_go(s: State, replica: int, offset: int, end_offset: int) -> bool:
    """Whether the cleaner drops what is at an offset."""
    if not is_data(s, offset):
        return marker_may_go(s, replica, offset, end_offset)
    if is_known_aborted(s, replica, offset, end_offset):
        return True
    return is_superseded(s, replica, s.written[offset].key, offset, end_offset)


def keeps_batch(s: State, replica: int, offset: int, end_offset: int) -> bool:
    """Whether a batch stays without its record: for the log end, or for the sequence of its producer."""
    if offset == end_offset - 1:
        return True
    if LAST_SEQUENCE_REMOVED or not is_data(s, offset):
        return False
    return is_last_of_producer(s, offset, s.replicas[replica].batches)


def lose_markers(s: State, log: Replica, end_offset: int) -> int:
    """What is left of a segment that a cleaning has cut in two: ABORT markers without a known transaction go."""
    records = log.records
    for o in range(LOG_SIZE):
        if end_offset <= o < log.log_end_offset and s.written[o].kind == ABORT and same_segment(o, end_offset - 1):
            records = remove(records, o)
    return records


@action(replica=REPLICA, end_offset=OFFSET)
def clean(s: State, replica: int, end_offset: int) -> bool:
    """A replica's cleaner works up to an offset that is stable. What it removes, it decides on the log as it was."""
    log = s.replicas[replica]
    if not 0 < end_offset <= last_stable_offset_at(s, replica) or end_offset < log.cleaned_to:
        return False
    batches = log.batches
    records = log.records
    with_horizon = log.with_horizon
    if PARTIAL_SEGMENT_LOSES_ABORTS:
        records = lose_markers(s, log, end_offset)
    for o in range(LOG_SIZE):
        if o < end_offset and contains(log.batches, o):
            if contains(log.records, o) and may_go(s, replica, o, end_offset):
                records = remove(records, o)
                with_horizon = remove(with_horizon, o)
            elif contains(log.records, o) and is_bare(s, replica, o):
                with_horizon = insert(with_horizon, o)
            if not contains(records, o) and not keeps_batch(s, replica, o, end_offset):
                batches = remove(batches, o)
    log.batches = batches
    log.records = records
    log.with_horizon = with_horizon
    log.cleaned_to = end_offset
    return True


SPEC = Spec(
    name="compaction_transactions",
    doc="Compaction of a log with transactions: markers, aborted records and last sequences, on every replica.",
    state=State,
    initial=initial,
    actions=(write, end_transaction, fall_behind, fetch, clean),
    bounds=(REPLICAS, PRODUCERS, KEYS, LOG_SIZE, SEGMENT_RECORDS, MAX_FAILURES),
    invariants=(
        marker_not_before_data,
        no_aborted_read,
        no_committed_record_is_hidden,
        last_stable_offset_is_not_pinned,
        latest_committed_value_retained,
        last_sequence_retained,
        cleaned_is_stable,
        compacting_twice_changes_nothing,
    ),
    reachable=(
        marker_is_removed_everywhere,
        last_sequence_is_all_that_is_left,
        replica_has_a_record_that_others_removed,
        cleaning_stops_at_an_open_transaction,
    ),
    ablations=(
        ABORT_MARKER_REMOVED_ALONE,
        COMMIT_MARKER_REMOVED_ALONE,
        MARKER_KEYS_COLLIDE,
        PARTIAL_SEGMENT_LOSES_ABORTS,
        OPEN_TRANSACTION_FORGOTTEN,
        LAST_SEQUENCE_REMOVED,
    ),
    columns="replicas",
)

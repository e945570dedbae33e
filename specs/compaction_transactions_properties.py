"""What compaction must keep of transactions, and what must be possible.

Source: as `specs.compaction_transactions`; LOG-6 of the guarantees.
"""

from __future__ import annotations

from specs.compaction_transactions_state import (
    ABORT,
    COMMIT,
    DATA,
    KEYS,
    LOG_SIZE,
    OPEN,
    REPLICAS,
    State,
    is_data,
    is_last_of_producer,
    last_stable_offset,
    last_stable_offset_at,
    marker_of,
    outcome,
    outcome_at,
)
from specs.language import NONE, contains


def marker_not_before_data(s: State) -> bool:
    """LOG-6: a replica that has a batch of a transaction, and has come past its marker, has the marker."""
    return all(
        not contains(s.replicas[r].batches, o)
        or marker_of(s, o) == NONE
        or marker_of(s, o) >= s.replicas[r].log_end_offset
        or contains(s.replicas[r].records, marker_of(s, o))
        for r in range(REPLICAS)
        for o in range(LOG_SIZE)
        if is_data(s, o)
    )


def no_aborted_read(s: State) -> bool:
    """LOG-6: no replica in sync takes a record for committed that was aborted."""
    return all(
        not contains(s.replicas[r].records, o) or outcome_at(s, r, o) != COMMIT or outcome(s, o) == COMMIT
        for r in range(REPLICAS)
        if s.replicas[r].in_sync
        for o in range(LOG_SIZE)
        if is_data(s, o)
    )


def no_committed_record_is_hidden(s: State) -> bool:
    """LOG-6: no replica in sync takes a record for aborted that was committed."""
    return all(
        not contains(s.replicas[r].records, o) or outcome_at(s, r, o) != ABORT or outcome(s, o) == ABORT
        for r in range(REPLICAS)
        if s.replicas[r].in_sync
        for o in range(LOG_SIZE)
        if is_data(s, o)
    )


def last_stable_offset_is_not_pinned(s: State) -> bool:
    """LOG-6: a replica in sync holds up no reader but for transactions that are open."""
    return all(last_stable_offset_at(s, r) == last_stable_offset(s) for r in range(REPLICAS) if s.replicas[r].in_sync)


def latest_committed_value_retained(s: State) -> bool:
    """LOG-6: every replica in sync holds the last committed record of each key."""
    return all(
        contains(s.replicas[r].records, o)
        for r in range(REPLICAS)
        if s.replicas[r].in_sync
        for k in range(KEYS)
        for o in range(LOG_SIZE)
        if is_latest_committed(s, k, o)
    )


def is_latest_committed(s: State, key: int, offset: int) -> bool:
    """Whether no committed record of the key comes after this one."""
    return (
        is_data(s, offset)
        and s.written[offset].key == key
        and outcome(s, offset) == COMMIT
        and not any(
            offset < o and is_data(s, o) and s.written[o].key == key and outcome(s, o) == COMMIT
            for o in range(LOG_SIZE)
        )
    )


def last_sequence_retained(s: State) -> bool:
    """LOG-6: a replica in sync has a batch, maybe empty, with the last sequence of every producer."""
    return all(
        contains(s.replicas[r].batches, o)
        for r in range(REPLICAS)
        if s.replicas[r].in_sync
        for o in range(LOG_SIZE)
        if is_data(s, o) and is_last_of_producer(s, o, (1 << LOG_SIZE) - 1)
    )


def cleaned_is_stable(s: State) -> bool:
    """LOG-6: the cleaner stays below the last stable offset."""
    return all(s.replicas[r].cleaned_to <= last_stable_offset(s) for r in range(REPLICAS))


def compacting_twice_changes_nothing(s: State) -> bool:
    """LOG-6: below the checkpoint nothing aborted is left, and every key has one record."""
    return all(
        not contains(s.replicas[r].records, a)
        or (
            outcome_at(s, r, a) != ABORT
            and not any(
                a < b < s.replicas[r].cleaned_to
                and contains(s.replicas[r].records, b)
                and s.written[b].kind == DATA
                and s.written[b].key == s.written[a].key
                for b in range(LOG_SIZE)
            )
        )
        for r in range(REPLICAS)
        for a in range(LOG_SIZE)
        if a < s.replicas[r].cleaned_to and is_data(s, a)
    )


# ------------------------------------------------------------------------------------------------ what must be possible


def marker_is_removed_everywhere(s: State) -> bool:
    """A transaction has left no trace."""
    return any(
        is_data(s, o)
        and marker_of(s, o) != NONE
        and all(
            s.replicas[r].in_sync
            and not contains(s.replicas[r].batches, o)
            and not contains(s.replicas[r].batches, marker_of(s, o))
            for r in range(REPLICAS)
        )
        for o in range(LOG_SIZE)
    )


def last_sequence_is_all_that_is_left(s: State) -> bool:
    """The batch of an aborted record stays, empty, for the sequence in it; and so does the marker."""
    return any(
        is_data(s, o)
        and outcome(s, o) == ABORT
        and all(
            contains(s.replicas[r].batches, o)
            and not contains(s.replicas[r].records, o)
            and s.replicas[r].cleaned_to == s.log_end_offset
            for r in range(REPLICAS)
        )
        for o in range(LOG_SIZE)
    )


def replica_has_a_record_that_others_removed(s: State) -> bool:
    """A replica is back in sync with a record of a transaction of which the others have nothing left but the marker."""
    return any(
        is_data(s, o)
        and s.written[o].producer != NONE
        and s.replicas[r].in_sync
        and contains(s.replicas[r].records, o)
        and any(not contains(s.replicas[other].batches, o) for other in range(REPLICAS))
        for r in range(REPLICAS)
        for o in range(LOG_SIZE)
    )


def cleaning_stops_at_an_open_transaction(s: State) -> bool:
    """All that is stable is clean, and a transaction is open above it."""
    return last_stable_offset(s) > 0 and any(
        s.replicas[r].cleaned_to == last_stable_offset(s) and outcome(s, s.replicas[r].cleaned_to) == OPEN
        for r in range(REPLICAS)
        if s.replicas[r].cleaned_to < s.log_end_offset
    )

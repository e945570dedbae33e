"""The append-only log that a partition promises its users: a total order, of which a committed prefix is final.

The top of the tower: replication refines it. What is modelled: producers hand over records, and some of them are
committed, each at the next offset; nothing committed ever changes, moves or disappears.

Source: the Apache Kafka documentation, "Replication" and "Guarantees"; Kreps, The Log.
Left out: records that are never committed, consumers, retention and compaction, more than one partition.
"""

from __future__ import annotations

from specs.language import Array, Int, Maybe, Record, Spec, action, bound

LOG_SIZE = bound("log_size", 3, low=1, high=8, doc="records that fit the log")
MAX_RECORDS = bound("max_records", 4, low=1, high=8, doc="records ever handed over")

RECORD = Int(0, MAX_RECORDS - 1)


class State(Record):
    """Records `0..produced-1` were handed over; those below `high_watermark`, an exclusive end, are committed."""

    produced = Int(0, MAX_RECORDS)
    committed = Array(Maybe(RECORD), LOG_SIZE)
    high_watermark = Int(0, LOG_SIZE)


def initial(s: State) -> None:
    """Nothing was handed over."""


@action()
def produce(s: State) -> bool:
    """A producer hands over the next record. Whether it is ever committed is not promised."""
    if s.produced >= MAX_RECORDS:
        return False
    s.produced = s.produced + 1
    return True


@action(record=RECORD)
def commit(s: State, record: int) -> bool:
    """A record that was handed over, and not committed before, is committed at the next offset."""
    if record >= s.produced or s.high_watermark >= LOG_SIZE:
        return False
    if any(s.committed[offset] == record for offset in range(LOG_SIZE)):
        return False
    s.committed[s.high_watermark] = record
    s.high_watermark = s.high_watermark + 1
    return True


def committed_once(s: State) -> bool:
    """LOG-2: no record is committed at two offsets."""
    return all(
        s.committed[a] != s.committed[b] for a in range(LOG_SIZE) for b in range(LOG_SIZE) if a < b < s.high_watermark
    )


def dense(s: State) -> bool:
    """LOG-2: every offset below the high watermark holds a record that was handed over, and no other offset does."""
    return all((0 <= s.committed[offset] < s.produced) == (offset < s.high_watermark) for offset in range(LOG_SIZE))


def committed_is_final(before: State, after: State) -> bool:
    """LOG-1: offsets only grow, and what is committed neither changes nor disappears."""
    return after.high_watermark >= before.high_watermark and all(
        after.committed[offset] == before.committed[offset]
        for offset in range(LOG_SIZE)
        if offset < before.high_watermark
    )


def log_is_full(s: State) -> bool:
    """Every offset is committed."""
    return s.high_watermark == LOG_SIZE


def record_is_passed_over(s: State) -> bool:
    """A record is committed although an earlier one is not: the order of the log is not the order of production."""
    return s.high_watermark > 0 and s.committed[0] > 0


SPEC = Spec(
    name="log_order",
    doc="The append-only log with a committed prefix that users are promised.",
    state=State,
    initial=initial,
    actions=(produce, commit),
    bounds=(LOG_SIZE, MAX_RECORDS),
    invariants=(committed_once, dense),
    step_properties=(committed_is_final,),
    reachable=(log_is_full, record_is_passed_over),
)

"""What a history says of its logs: the entries that are known, who wrote them, and what each read saw and missed.

The logs of all keys are one sequence of entries, ordered by key and offset, so that an entry is a number and the
version order of a key is the order of numbers. An entry is a record, known from the answer to its send or from a poll,
or merely what stands before an end that somebody was told and of which nothing else is known (a transaction marker,
say). Offsets that nobody mentions are nothing: markers and retention leave holes.

A read is one of two:
- An answer to "where does the log end?" (an END row with the end e): it saw all entries below e and missed all others.
- A batch, which is what a poll returned of a key: it saw the records that it returned. It does not say what came
  behind them: a poll may return less than there is. It missed what it passed over (`Gaps`): records between those that
  it returned, and, where the position of the consumer is known, between that position and the first returned. The
  position is known while a process that has assigned the key itself polls on; it is not known after subscribe, where a
  rebalance may move it, nor after an assign or a poll that failed.

That a batch does not speak of the end is decided so that `send x 1 -> @0`, `send x 2 -> @1`, `poll x @0`, all of one
process, is no violation of read your writes: with max.poll.records=1 a log that does everything right gives it.

Sends that may have happened are placed where a poll found their value; what no answer and no poll places is left out
of the order, since nothing is known of it. Also left out: reads of operations that are not ok, records without an
offset, and retention that overtakes a consumer (it looks as if the consumer had skipped records).
"""

from __future__ import annotations

from dataclasses import dataclass

from checkers.history.consistency.columns import Bools, Ints
from checkers.history.history import History


@dataclass(frozen=True, eq=False, slots=True)
class Sends:
    """Every send, in the order of the recording."""

    event: Ints  # its invoke
    row: Ints
    key: Ints
    value: Ints
    offset: Ints  # NIL if no answer said it
    state: Ints  # OK, FAIL, or INFO if it may have happened
    entry: Ints  # NONE if it is not known


@dataclass(frozen=True, eq=False, slots=True)
class Records:
    """Every record that an ok poll returned, batch by batch, in the order of delivery."""

    batch: Ints  # the number of its read
    row: Ints
    key: Ints
    value: Ints
    entry: Ints


@dataclass(frozen=True, eq=False, slots=True)
class Entries:
    """What is known to stand in the logs, by key and offset."""

    key: Ints
    offset: Ints
    is_record: Bools
    send: Ints  # the send that wrote it; NONE if that is not known


@dataclass(frozen=True, eq=False, slots=True)
class Reads:
    """Batches first, ends after them."""

    event: Ints  # its invoke
    row: Ints
    session: Ints  # the process
    key: Ints
    seen: Ints  # the last entry that it saw; NONE if it saw none
    missing: Ints  # the first entry that an end leaves out; NONE if it leaves out none, and for batches
    batches: int  # how many of the reads are batches


@dataclass(frozen=True, eq=False, slots=True)
class Gaps:
    """Entries from `low` to `high`, exclusive, that a batch passed over; the first one is a record."""

    read: Ints
    low: Ints
    high: Ints


@dataclass(frozen=True, eq=False, slots=True)
class Observed:
    """A history as it shows its logs."""

    history: History
    sends: Sends
    records: Records
    entries: Entries
    reads: Reads
    gaps: Gaps

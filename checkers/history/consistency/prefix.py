"""Consistent prefix: what a reader sees is the log as it once was, in its order and without holes.

A batch shows its records in the order of their offsets and passes over none that is known to be there. It need not
begin at the start of the log, since a consumer may begin anywhere and retention removes the start; nor reach the end.
An end always shows a prefix.

Source: consistent prefix in Terry, Replicated data consistency explained through baseball (2013), of one key's log;
LOG-9. Across keys it would be a matter of causal consistency, since partitions are replicated apart.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checkers.history.consistency.evidence import Violation, operation, place, writer
from checkers.history.consistency.observed import Observed

LEVEL = "prefix"
SHOWN = 3
"""How many of the records that were passed over a sentence names."""


def prefix(observed: Observed) -> Iterator[Violation]:
    """Batches that are no stretch of the log."""
    yield from _out_of_order(observed)
    yield from _passed_over(observed)


def _out_of_order(observed: Observed) -> Iterator[Violation]:
    """Batches in which a record stands at or before the one that was delivered ahead of it; each batch once."""
    records, reads = observed.records, observed.reads
    back = np.flatnonzero((records.batch[1:] == records.batch[:-1]) & (records.entry[1:] <= records.entry[:-1]))
    _, firsts = np.unique(records.batch[back], return_index=True)
    for record in back[firsts]:
        event = int(reads.event[records.batch[record]])
        ahead, behind = (int(records.entry[at]) for at in (record, record + 1))
        offsets = tuple(int(observed.entries.offset[entry]) for entry in (ahead, behind))
        how = "again" if ahead == behind else f"after @{offsets[0]}"
        sentence = f"{operation(observed, event)} returned {place(observed, behind)} {how}"
        yield Violation(LEVEL, observed.history.shown_key(int(records.key[record])), offsets, (event,), sentence)


def _passed_over(observed: Observed) -> Iterator[Violation]:
    """Batches that passed over records."""
    entries, gaps = observed.entries, observed.gaps
    records_before = np.concatenate([[0], np.cumsum(entries.is_record)])
    record = np.flatnonzero(entries.is_record)
    for read, low, high in zip(gaps.read, gaps.low, gaps.high, strict=True):
        missed = record[records_before[low] : records_before[high]]
        shown = [int(entry) for entry in missed[:SHOWN]]
        event = int(observed.reads.event[read])
        writers = [one for entry in shown if (one := writer(observed, entry)) is not None]
        more = f" and {len(missed) - SHOWN} more" if len(missed) > SHOWN else ""
        wrote = "".join(f": {operation(observed, one)}" for one in writers[:1])
        places = ", ".join(place(observed, entry) for entry in shown)
        sentence = f"{operation(observed, event)} passed over {places}{more}{wrote}"
        offsets = tuple(int(entries.offset[entry]) for entry in shown)
        key = observed.history.shown_key(int(entries.key[low]))
        yield Violation(LEVEL, key, offsets, (event, *dict.fromkeys(writers)), sentence)

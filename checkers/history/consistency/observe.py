"""Reads off a history what it says of its logs, in columns; what that means is told in `consistency.observed`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from checkers.history.consistency.columns import Bools, Ints
from checkers.history.consistency.observed import Entries, Gaps, Observed, Reads, Records, Sends
from checkers.history.groups import tuple_numbers
from checkers.history.history import NIL, NONE, EventType, History, Kind


def observe(history: History) -> Observed:
    """What a history says of its logs. Cost: that of sorting its rows."""
    sends, rows, ends = _sends(history), _rows(history, Kind.RECORD), _rows(history, Kind.END)
    known = np.flatnonzero(sends.offset >= 0)
    key = np.concatenate([sends.key[known], history.key[rows], history.key[ends]]).astype(np.int64)
    offset = np.concatenate([sends.offset[known], history.offset[rows], history.offset[ends] - 1])
    told = offset >= 0
    entry = np.full(len(key), NONE, np.int64)
    entry[told] = tuple_numbers(key[told], offset[told])
    first, position = np.unique(entry[told], return_index=True)
    of_sends, of_records, of_ends = np.split(entry, [len(known), len(known) + len(rows)])
    is_record = np.zeros(len(first), np.bool_)
    is_record[of_sends], is_record[of_records] = True, True
    records = _records(history, rows, of_records)
    entry_of_send = np.full(len(sends.row), NONE, np.int64)
    entry_of_send[known] = of_sends
    sends = replace(sends, entry=entry_of_send)
    sends = replace(sends, entry=_placed_by_value(sends, records))
    entries = Entries(key[told][position], offset[told][position], is_record, _writers(sends, len(first)))
    reads = _reads(history, entries, records, ends, of_ends)
    return Observed(history, sends, records, entries, reads, _gaps(history, entries, records, reads))


def invoke_of(history: History, row: Ints) -> Ints:
    """The event that invoked what each row belongs to; its own event if nothing did."""
    event = history.event[row].astype(np.int64)
    return np.where(
        (history.type[event] == EventType.INVOKE) | (history.partner[event] == NONE), event, history.partner[event]
    )


def _rows(history: History, kind: Kind) -> Ints:
    """The rows of a kind that an ok operation answered with an offset."""
    ok = history.type[history.event] == EventType.OK
    return np.flatnonzero(ok & (history.kind == kind) & (history.offset >= 0))


def _sends(history: History) -> Sends:
    """Sends with their answers; of those without an answer, what was asked."""
    rows = np.flatnonzero(history.kind == Kind.SEND)
    event = history.event[rows]
    partner = history.partner[event]
    of_partner = np.where(partner == NONE, EventType.INFO, history.type[partner])
    invoked = history.type[event] == EventType.INVOKE
    counts = (history.type[event] == EventType.OK) | (invoked & (of_partner != EventType.OK))
    rows, state = rows[counts], np.where(invoked, of_partner, EventType.OK)[counts].astype(np.int64)
    return Sends(
        event=invoke_of(history, rows),
        row=rows,
        key=history.key[rows].astype(np.int64),
        value=history.value[rows],
        offset=np.where(state == EventType.OK, history.offset[rows], NIL),
        state=state,
        entry=np.full(len(rows), NONE, np.int64),
    )


def _records(history: History, rows: Ints, entry: Ints) -> Records:
    """Records in batches: what one poll returned of one key."""
    starts = history.kind == Kind.POLL
    starts[history.rows[:-1][np.diff(history.rows) > 0]] = True
    poll, key = np.cumsum(starts)[rows], history.key[rows].astype(np.int64)
    order = np.lexsort((key, poll))
    batch = tuple_numbers(poll[order], key[order])
    return Records(batch, rows[order], key[order], history.value[rows[order]], entry[order])


def _reads(history: History, entries: Entries, records: Records, ends: Ints, of_ends: Ints) -> Reads:
    first = np.flatnonzero(np.diff(records.batch, prepend=NONE))
    highest = np.maximum.reduceat(records.entry, first) if len(first) else first
    row = np.concatenate([records.row[first], ends])
    key = history.key[row].astype(np.int64)
    event = invoke_of(history, row)
    after = np.where(of_ends == NONE, np.searchsorted(entries.key, key[len(first) :]), of_ends + 1)
    padded = np.append(entries.key, NONE)
    missing = np.where(padded[after] == key[len(first) :], after, NONE)
    return Reads(
        event=event,
        row=row,
        session=history.process[event].astype(np.int64),
        key=key,
        seen=np.concatenate([highest, of_ends]),
        missing=np.concatenate([np.full(len(first), NONE, np.int64), missing]),
        batches=len(first),
    )


def _writers(sends: Sends, count: int) -> Ints:
    """The send that wrote each entry; the first one of the recording, if several were told the same offset."""
    writer = np.full(count, NONE, np.int64)
    placed = np.flatnonzero(sends.entry != NONE)[::-1]
    writer[sends.entry[placed]] = placed
    return writer


def _placed_by_value(sends: Sends, records: Records) -> Ints:
    """The entries of the sends; without an answer, where a poll found their value, if that leaves no choice."""
    lost = np.flatnonzero((sends.entry == NONE) & (sends.state != EventType.FAIL))
    claimed = np.isin(records.entry, sends.entry[sends.entry != NONE])
    entry, found = np.unique(records.entry[~claimed], return_index=True)
    key = np.concatenate([sends.key[lost], records.key[~claimed][found]])
    value = np.concatenate([sends.value[lost], records.value[~claimed][found]])
    of_sends, of_entries = np.split(tuple_numbers(key, value), [len(lost)])
    count = len(key) + 1
    single = (np.bincount(of_sends, minlength=count) == 1) & (np.bincount(of_entries, minlength=count) == 1)
    entry_of = np.full(count, NONE, np.int64)
    entry_of[of_entries] = entry
    placed = sends.entry.copy()
    placed[lost] = np.where(single[of_sends], entry_of[of_sends], NONE)
    return placed


def _gaps(history: History, entries: Entries, records: Records, reads: Reads) -> Gaps:
    """What batches passed over: within them, and between them where the position is known."""
    order = np.lexsort((records.entry, records.batch))
    batch, entry = records.batch[order], records.entry[order]
    within = np.flatnonzero(batch[1:] == batch[:-1])
    lowest = entry[np.flatnonzero(np.diff(batch, prepend=NONE))]
    earlier, later = _continued(history, reads)
    read = np.concatenate([batch[within], later])
    low = np.concatenate([entry[within], reads.seen[earlier]]) + 1
    high = np.concatenate([entry[within + 1], lowest[later]])
    records_before = np.concatenate([[0], np.cumsum(entries.is_record)])
    passed = np.flatnonzero((high > low) & (records_before[np.maximum(high, low)] > records_before[low]))
    passed = passed[np.lexsort((low[passed], read[passed]))]
    first_record = np.flatnonzero(entries.is_record)[records_before[low[passed]]]
    return Gaps(read[passed], first_record, high[passed])


def _continued(history: History, reads: Reads) -> tuple[Ints, Ints]:
    """Pairs of batches of a process and a key of which the second begins at the position where the first ended."""
    span, assigned = _spans(history)
    event, session, key = (column[: reads.batches] for column in (reads.event, reads.session, reads.key))
    order = np.lexsort((reads.row[: reads.batches], key, session))
    before, after = order[:-1], order[1:]
    same = (session[before] == session[after]) & (key[before] == key[after])
    same &= (span[event[before]] == span[event[after]]) & assigned[event[after]]
    return before[same], after[same]


def _spans(history: History) -> tuple[Ints, Bools]:
    """By event: the number of the span in which its process polls on undisturbed, and whether it is by assign.

    A span ends with an assign, a subscribe, and a poll that is not ok.
    """
    chooses = np.zeros(len(history), np.bool_)
    by_assign, disturbed = chooses.copy(), chooses.copy()
    assigning = history.kind == Kind.ASSIGN
    invoke = invoke_of(history, np.arange(len(history.event)))
    ok = history.type[history.event] == EventType.OK
    chooses[invoke[assigning | (history.kind == Kind.SUBSCRIBE)]] = True
    by_assign[invoke[assigning & ok]] = True
    disturbed[invoke[history.kind == Kind.POLL]] = True
    disturbed[invoke[(history.kind == Kind.POLL) & ok]] = False
    order = np.argsort(history.process, kind="stable")
    position = np.arange(len(order))
    first = np.flatnonzero(np.diff(history.process[order], prepend=NONE))
    start = np.repeat(first, np.diff(np.append(first, len(order))))
    latest = np.maximum.accumulate(np.where(chooses[order], position, NONE))
    span, assigned = np.empty(len(order), np.int64), np.empty(len(order), np.bool_)
    span[order] = np.cumsum((chooses | disturbed)[order])
    assigned[order] = (latest >= start) & by_assign[order][latest]
    return span, assigned

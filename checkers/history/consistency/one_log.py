"""The foot of the hierarchy: the log of each key is one log, and holds only what was sent.

Every offset holds one record, every send has an offset of its own, no value stands at more offsets than it was sent,
and nobody reads what nobody sent, or what a send that failed would have written. Without this there is no order of
versions that the other levels could speak of.

Source: return value consistency in Viotti and Vukolic, Consistency in non-transactional distributed storage systems
(2016), for the append-only log; LOG-1 and LOG-2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checkers.history.consistency.columns import Ints
from checkers.history.consistency.evidence import Violation, operation, place
from checkers.history.consistency.observed import Observed
from checkers.history.groups import begins, tuple_numbers
from checkers.history.history import NONE, EventType
from checkers.history.labels import shown_value

LEVEL = "one_log"


def one_log(observed: Observed) -> Iterator[Violation]:
    """Where the logs contradict themselves or hold what was not sent."""
    yield from _two_at_one_offset(observed)
    yield from _not_sent(observed)


def _two_at_one_offset(observed: Observed) -> Iterator[Violation]:
    """Entries that two sends were told, or of which two values are known."""
    sends, records = observed.sends, observed.records
    told = np.flatnonzero(sends.entry != NONE)
    entry = np.concatenate([sends.entry[told], records.entry])
    value = np.concatenate([sends.value[told], records.value])
    event = np.concatenate([sends.event[told], observed.reads.event[records.batch]])
    is_send = np.arange(len(entry)) < len(told)
    order = np.lexsort((value, ~is_send, entry))
    before, after = order[:-1], order[1:]
    differs = (value[before] != value[after]) | is_send[after]
    found = np.flatnonzero((entry[before] == entry[after]) & differs)
    _, firsts = np.unique(entry[before[found]], return_index=True)
    for pair in found[firsts]:
        one, other, where = int(event[before[pair]]), int(event[after[pair]]), int(entry[before[pair]])
        values = [shown_value(observed.history.shown_value(int(value[of]))) for of in (before[pair], after[pair])]
        what = "hold " + (" and ".join(values) if values[0] != values[1] else f"{values[0]} twice")
        sentence = f"{place(observed, where)} would {what}: {operation(observed, one)}; {operation(observed, other)}"
        key = observed.history.shown_key(int(observed.entries.key[where]))
        yield Violation(LEVEL, key, (int(observed.entries.offset[where]),), (one, other), sentence)


def _not_sent(observed: Observed) -> Iterator[Violation]:
    """Records of values that nobody sent, or that stand at more offsets than they were sent."""
    sends, records = observed.sends, observed.records
    code = tuple_numbers(np.concatenate([sends.key, records.key]), np.concatenate([sends.value, records.value]))
    of_sends, of_records = np.split(code, [len(sends.key)])
    count = int(code.max(initial=0)) + 1
    might, placed = sends.state != EventType.FAIL, sends.entry != NONE
    sent = np.bincount(of_sends[might], minlength=count)
    found, entry = _distinct(
        np.concatenate([of_sends[placed], of_records]), np.concatenate([sends.entry[placed], records.entry])
    )
    first = np.searchsorted(found, np.arange(count + 1))
    failed = np.full(count, NONE, np.int64)
    failed[of_sends[~might]] = sends.event[~might]
    over = np.flatnonzero(np.diff(first)[of_records] > sent[of_records])
    _, firsts = np.unique(of_records[over], return_index=True)
    for record in over[np.sort(firsts)]:
        number = int(of_records[record])
        entries = [int(one) for one in entry[first[number] : first[number + 1]]]
        yield _read_unsent(observed, int(record), entries, int(sent[number]), int(failed[number]))


def _distinct(code: Ints, entry: Ints) -> tuple[Ints, Ints]:
    """Each pair once, in ascending order."""
    order = np.lexsort((entry, code))
    code, entry = code[order], entry[order]
    new = begins(code, entry)
    return code[new], entry[new]


def _read_unsent(observed: Observed, record: int, entries: list[int], sent: int, failed: int) -> Violation:
    """What a record shows that was not sent so often; `failed` is the event of a send of it that failed, or NONE."""
    records, history = observed.records, observed.history
    reader = int(observed.reads.event[records.batch[record]])
    value = shown_value(history.shown_value(int(records.value[record])))
    who = operation(observed, reader)
    if sent:
        places = ", ".join(place(observed, entry) for entry in entries)
        sentence = f"{value} was sent {'once' if sent == 1 else f'{sent} times'} but stands at {places}: {who}"
    elif failed != NONE:
        sentence = f"{who} returned {value}, of which {operation(observed, failed)} says that it did not happen"
    else:
        sentence = f"{who} returned {value}, which nobody sent"
    offsets = tuple(int(observed.entries.offset[entry]) for entry in entries)
    key = history.shown_key(int(records.key[record]))
    return Violation(LEVEL, key, offsets, (reader,) if failed == NONE else (reader, failed), sentence)

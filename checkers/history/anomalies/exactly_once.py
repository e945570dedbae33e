"""Exactly once: what a group's transactions consume, transform and produce, once each.

Judged are the committed transactions of a group (f is txn, with a field group). A violation is one of
- consumed_twice: two of them polled the same message;
- output_duplicated: a message that one of them sent stands at two offsets;
- output_lost: one of them is committed, with its offsets, but a message that it sent is lost;
- aborted_offsets: a position was read that only a failed transaction of the group had committed.

Source: KIP-98, KIP-447; ours, Jepsen only counts how often a message is consumed.
Left out: inputs that no transaction of the group polled, which poll_skip is about; positions that go back, which
committed_offset_regression is about.
"""

from __future__ import annotations

import numpy as np

from checkers.history.anomalies.analysis import Analysis, rows_at_outcomes
from checkers.history.anomalies.columns import Evidence, Ints, number_pairs
from checkers.history.anomalies.said import said_name, saying
from checkers.history.anomalies.visibility import lost_messages
from checkers.history.history import NIL, NONE, Codes, EventType, Kind

COMMITTERS_MAX = 32
"""So many of the transactions that committed a position are shown."""


def transactions_of_groups(analysis: Analysis) -> tuple[Codes, Ints]:
    """The names of the groups, and the group of each event; NONE of all that are no committed transactions of one."""
    history, groups = analysis.history, Codes()
    of_event = np.full(len(history), NONE, np.int64)
    function = history.functions.find("txn")
    for event in saying(history, "group", analysis.outcome):
        if history.function[event] == function and analysis.committed[event]:
            of_event[event] = groups.code(said_name(history, event, "group"))
    return groups, of_event


def exactly_once_violation(analysis: Analysis) -> list[Evidence]:
    """The violations of exactly-once processing, kind by kind."""
    groups, of_event = analysis.once(transactions_of_groups)
    found: list[Evidence] = []
    if len(groups.names):
        found += consumed_twice(analysis, groups, of_event)
        found += spoilt_outputs(analysis, groups, of_event)
    return found + aborted_offsets(analysis)


def consumed_twice(analysis: Analysis, groups: Codes, of_event: Ints) -> list[Evidence]:
    """The messages that more than one transaction of a group polled."""
    reads = analysis.reads
    rows = np.flatnonzero(of_event[reads.event] != NONE)
    polled = number_pairs(of_event[reads.event[rows]], reads.message[rows])
    by_event = number_pairs(polled.number, reads.event[rows])
    times = np.bincount(by_event.major, minlength=len(polled))
    found: list[Evidence] = []
    for number in np.flatnonzero(times > 1).tolist():
        low, high = np.searchsorted(by_event.major, [number, number + 1])
        message = int(polled.minor[number])
        found.append(
            {
                "type": "consumed_twice",
                "group": groups.names[int(polled.major[number])],
                **about(analysis, message),
                "count": int(high - low),
                "operations": [analysis.index(int(event)) for event in by_event.minor[low:high]],
            }
        )
    return found


def spoilt_outputs(analysis: Analysis, groups: Codes, of_event: Ints) -> list[Evidence]:
    """The messages sent by transactions of groups that stand at two offsets, or are lost."""
    orders, writer = analysis.orders, analysis.writer_of
    count = np.bincount(orders.pair_message, minlength=len(analysis.messages))
    twice = np.flatnonzero(count > 1)
    lost, _ = analysis.once(lost_messages)
    found: list[Evidence] = []
    for kind, messages in (("output_duplicated", twice), ("output_lost", lost)):
        for message in messages[(writer[messages] != NONE) & (of_event[writer[messages]] != NONE)].tolist():
            event = int(writer[message])
            found.append(
                {
                    "type": kind,
                    "group": groups.names[int(of_event[event])],
                    **about(analysis, message),
                    "count": int(count[message]),
                    "operations": [analysis.index(event)],
                }
            )
    return found


def aborted_offsets(analysis: Analysis) -> list[Evidence]:
    """The positions that were read although only a failed transaction had committed them."""
    history = analysis.history
    rows, owner = rows_at_outcomes(history, [Kind.COMMIT])
    committers: dict[tuple[str | None, int, int], list[int]] = {}
    in_force = set()
    for row, event in zip(rows.tolist(), owner.tolist(), strict=True):
        position = (said_name(history, event, "group"), int(history.key[row]), int(history.offset[row]))
        committers.setdefault(position, []).append(event)
        if analysis.outcome[event] != EventType.FAIL:
            in_force.add(position)
    found: list[Evidence] = []
    fetched = np.flatnonzero((history.kind == Kind.FETCH) & (history.offset != NIL)) if committers else rows
    for row, event in zip(fetched.tolist(), history.event[fetched].tolist(), strict=True):
        group = said_name(history, event, "group")
        position = (group, int(history.key[row]), int(history.offset[row]))
        if position in committers and position not in in_force and analysis.outcome[event] == EventType.OK:
            by = committers[position][:COMMITTERS_MAX]
            found.append(
                {
                    "type": "aborted_offsets",
                    "group": group,
                    "key": analysis.key(int(history.key[row])),
                    "offset": int(history.offset[row]),
                    "operations": [*map(analysis.index, by), analysis.index(event)],
                }
            )
    return found


def about(analysis: Analysis, message: int) -> Evidence:
    """The key, the value and the first offset of a message."""
    slot = int(analysis.first_place[message])
    return {
        "key": analysis.key(int(analysis.messages.major[message])),
        "value": analysis.value(message),
        "offset": None if slot == NONE else int(analysis.orders.offset[slot]),
    }

"""Committed positions of groups that go back in real time.

A position goes back when it is lower than every position that can have been in force: those of the ok commits that no
later ok commit has replaced before the operation was invoked, and of all commits that may have taken effect since. A
commit that only may have happened never counts as over, unless an output of its transaction was polled.

Source: the offset store as a register a group and key (OFF-1); ours.
Left out: groups whose positions expire or are deleted; a null position that is read after a commit counts as going
back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from checkers.history.anomalies.analysis import Analysis, rows_at_outcomes
from checkers.history.anomalies.columns import Evidence, Ints
from checkers.history.anomalies.said import said_name
from checkers.history.history import NIL, NONE, EventType, Json, Kind

NOWHERE = -1
"""The position of a group that has none."""


@dataclass(slots=True, eq=False)
class Position:
    """A commit of a position, or the reading of one."""

    event: int
    begin: int
    end: int | None  # None: it may take effect at any time from its begin on
    offset: int
    commits: bool
    judged: bool


@dataclass(slots=True)
class Register:
    """What can be in force of one group and key, as the recording goes on."""

    settled: list[Position] = field(default_factory=list)
    pending: dict[int, Position] = field(default_factory=dict)  # commits under way, by event
    endless: Position | None = None  # the lowest commit that never is over
    watched: dict[int, Position] = field(default_factory=dict)  # operations under way: the lowest that can be in force

    def begin(self, operation: Position) -> None:
        """An operation is invoked."""
        if operation.judged and self.settled:
            possible = [*self.settled, *self.pending.values(), *([self.endless] if self.endless else [])]
            self.watched[operation.event] = min(possible, key=lambda other: other.offset)
        if operation.commits:
            for event, lowest in self.watched.items():
                if event != operation.event and operation.offset < lowest.offset:
                    self.watched[event] = operation
            if operation.end is not None:
                self.pending[operation.event] = operation
            elif self.endless is None or operation.offset < self.endless.offset:
                self.endless = operation

    def end(self, operation: Position) -> Position | None:
        """An operation is over: the position that it goes back from, if it does."""
        lowest = self.watched.pop(operation.event, None)
        if operation.commits:
            del self.pending[operation.event]
            self.settled = [other for other in self.settled if other.end is None or other.end >= operation.begin]
            self.settled.append(operation)
        return lowest if lowest is not None and operation.offset < lowest.offset else None


def positions(analysis: Analysis) -> Iterator[tuple[tuple[str | None, int], Position]]:
    """Every commit that may have happened and every reading that did, with its group and key."""
    history = analysis.history
    for kind in (Kind.COMMIT, Kind.FETCH):
        rows, owner = rows_at_outcomes(history, [kind])
        outcome = analysis.outcome[owner]
        kept = (outcome == EventType.OK) | ((outcome == EventType.INFO) & (kind == Kind.COMMIT))
        shown = first_readers(analysis) if kind == Kind.COMMIT and len(rows) else np.empty(0, np.int64)
        for row, event in zip(rows[kept].tolist(), owner[kept].tolist(), strict=True):
            begin = int(history.partner[event])
            ok = analysis.outcome[event] == EventType.OK
            offset = int(history.offset[row])
            begin = event if history.type[event] == EventType.INVOKE or begin == NONE else begin
            end = event if ok else max(begin, int(shown[event])) if shown[event] != NONE else None
            offset = NOWHERE if offset == NIL else offset
            of = (said_name(history, event, "group"), int(history.key[row]))
            yield of, Position(event, begin, end, offset, kind == Kind.COMMIT, bool(ok))


def first_readers(analysis: Analysis) -> Ints:
    """Of each event, the first ok outcome that is known to have polled a message it sent, or NONE."""
    shown = np.full(len(analysis.history), NONE, np.int64)
    reader = analysis.reader_of[analysis.sends.message]
    rows = np.flatnonzero(reader != NONE)
    rows = rows[np.argsort(-reader[rows], kind="stable")]
    shown[analysis.sends.event[rows]] = reader[rows]
    return shown


def committed_offset_regression(analysis: Analysis) -> list[Evidence]:
    """Positions that were committed, or read, lower than all that could be in force."""
    history = analysis.history
    by_register: dict[tuple[str | None, int], dict[int, Position]] = {}
    for of, operation in positions(analysis):
        by_register.setdefault(of, {})[operation.event] = operation
    found: list[tuple[int, Evidence]] = []
    for (group, key), operations in by_register.items():
        register = Register()
        for moment, ends, operation in moments([*operations.values()]):
            if not ends:
                register.begin(operation)
            elif (higher := register.end(operation)) is not None:
                later: Json = None if operation.offset == NOWHERE else operation.offset
                evidence: Evidence = {
                    "type": "commit" if operation.commits else "fetch",
                    "group": group,
                    "key": history.shown_key(key),
                    "offsets": [higher.offset, later],
                    "delta": operation.offset - higher.offset,
                    "operations": [analysis.index(higher.event), analysis.index(operation.event)],
                }
                found.append((moment, evidence))
    return [evidence for _, evidence in sorted(found, key=lambda item: item[0])]


def moments(operations: list[Position]) -> Iterator[tuple[int, bool, Position]]:
    """The begins and ends of operations in the order of the recording; at one event, begins first."""
    told = [(operation.begin, False, operation) for operation in operations]
    told += [(operation.end, True, operation) for operation in operations if operation.end is not None]
    yield from sorted(told, key=lambda item: (item[0], item[1]))

"""A recorded history in columns: what clients invoked, what came back, and the micro-operations inside.

An event is one line of a recording: a process invokes an operation, or the operation completes. Every event has rows,
one for each micro-operation; a poll is a POLL row followed by one RECORD row for each record that it returned. Names
(processes, functions, keys, errors) and values are numbers here, so that ten million events fit in 2 GiB and checkers
can work on whole columns; `History` gives the names back.

Source: the operations of Jepsen's histories (invoke, ok, fail, info).
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from checkers.history.columns import EventColumns, Pairs, RowColumns, pair
from checkers.verdict import UserError

NIL = -(1 << 63)
"""Absent: a null offset or value, or none at all."""
NONE = -1
"""Absent, in columns of codes and of event numbers."""
INTERNED = 1 << 61
"""Values from here on are codes of `History.values`; smaller ones (in absolute value) are the integers themselves."""

EVENTS_MAX = (1 << 31) - 1
FUNCTIONS_MAX = (1 << 15) - 1

Json = None | bool | int | float | str | list[Any] | dict[str, Any]


class EventType(IntEnum):
    """What an event says of its operation: ok happened, fail did not, info may or may not have."""

    INVOKE = 0
    OK = 1
    FAIL = 2
    INFO = 3


class Kind(IntEnum):
    """What a row is. Which of `key`, `offset` and `value` it has stands beside it; the others are NONE or NIL."""

    SEND = 0  # key, value; offset once known
    POLL = 1  # nothing: its records follow as rows
    RECORD = 2  # key, offset (NIL if not known), value
    ASSIGN = 3  # key; one row for each
    SUBSCRIBE = 4  # key; one row for each
    COMMIT = 5  # key, offset: the position that a group commits, exclusive
    FETCH = 6  # key, offset: the committed position that was read; NIL on invoke, or if there is none
    READ = 7  # key (of a register; NONE if there is only one), value once known (NIL: empty)
    WRITE = 8  # key, value
    EXPECT = 9  # key, value: what a compare-and-set expects; its WRITE row follows
    GET = 10  # key, value once known
    PUT = 11  # key, value
    APPEND = 12  # key, value
    ACQUIRE = 13  # key (of a mutex)
    RELEASE = 14  # key
    ENQUEUE = 15  # key (of a queue), value
    DEQUEUE = 16  # key, value once known (NIL: it was empty)
    END = 17  # key, offset once known: the exclusive end that a client was told (ListOffsets: the high watermark)
    OBSERVE = 18  # key, offset or value: something noted, not an operation; see `History.fields` of its event


class Codes:
    """Numbers for names, in the order in which they come up."""

    def __init__(self) -> None:
        self.names: list[Json] = []
        self._codes: dict[object, int] = {}

    def code(self, name: Json) -> int:
        """The number of a name; a new one if it has none yet."""
        hashable = name if type(name) in (int, str) else ("json", json.dumps(name, sort_keys=True))
        code = self._codes.get(hashable)
        if code is None:
            code = self._codes[hashable] = len(self.names)
            self.names.append(name)
        return code

    def find(self, name: Json) -> int:
        """The number of a name; NONE if it never came up."""
        return self._codes.get(name if type(name) in (int, str) else ("json", json.dumps(name, sort_keys=True)), NONE)

    def known(self, names: Iterable[int | str]) -> list[int]:
        """The numbers of names that have one; KeyError if one has none. A bool or a float must not be among them."""
        codes = self._codes
        return [codes[name] for name in names]


@dataclass(frozen=True, eq=False)
class History:
    """A recording. Arrays of one length belong together: `index` to `rows` by event, `event` to `value` by row.

    Events are numbered from 0 in the order of the recording; everything that refers to an event means that number,
    `index` is what the recording called it.
    """

    source: str
    index: NDArray[np.int64]
    time: NDArray[np.int64]  # in nanoseconds since any point; NIL if not recorded
    process: NDArray[np.int32]  # codes
    type: NDArray[np.int8]  # EventType
    function: NDArray[np.int16]  # codes
    error: NDArray[np.int32]  # codes; NONE without one
    partner: NDArray[np.int32]  # of an invoke, its completion; of a completion, its invoke; NONE if there is none
    rows: NDArray[np.int64]  # event e has the rows from rows[e] to rows[e + 1], exclusive
    event: NDArray[np.int32]
    kind: NDArray[np.int8]  # Kind
    key: NDArray[np.int32]  # codes
    offset: NDArray[np.int64]
    value: NDArray[np.int64]
    processes: Codes
    functions: Codes
    keys: Codes
    errors: Codes
    values: Codes
    fields: Mapping[int, Mapping[str, Json]]
    """What else events carry, such as a group, a generation, a producer id; only of events that carry something."""

    def __len__(self) -> int:
        return len(self.type)

    def shown_value(self, code: int) -> Json:
        """The value that a number stands for; None for NIL."""
        if code == NIL:
            return None
        return self.values.names[code - INTERNED] if code >= INTERNED else int(code)

    def shown_key(self, code: int) -> Json:
        """The key that a number stands for; None for NONE."""
        return None if code == NONE else self.keys.names[code]

    def function_name(self, event: int) -> str:
        """The function of an event."""
        return str(self.functions.names[self.function[event]])

    def rows_of(self, event: int) -> range:
        """The rows of an event."""
        return range(int(self.rows[event]), int(self.rows[event + 1]))

    def operations(self) -> Iterator[tuple[int, int]]:
        """Every operation: its invoke and its completion (NONE while it is open), in order of invocation."""
        for event in np.flatnonzero(self.type == EventType.INVOKE):
            yield int(event), int(self.partner[event])


@dataclass
class HistoryBuilder:
    """Makes a history event by event. `where` tells where the event stands, for errors.

    Call `event` for each, then `row` for each of its micro-operations, then `build` once.
    """

    source: str
    where: Callable[[], str] = lambda: "event"
    processes: Codes = field(default_factory=Codes)
    functions: Codes = field(default_factory=Codes)
    keys: Codes = field(default_factory=Codes)
    errors: Codes = field(default_factory=Codes)
    values: Codes = field(default_factory=Codes)
    fields: dict[int, Mapping[str, Json]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events = {name: array(code) for name, code in EVENT_COLUMNS}
        self.rows = {name: array(code) for name, code in ROW_COLUMNS}
        """The columns of all events and rows so far."""
        self._open: dict[int, int] = {}
        self._count = 0
        self._add_event = tuple(self.events[name].append for name, _ in EVENT_COLUMNS)
        self._add_row = tuple(self.rows[name].append for name, _ in ROW_COLUMNS)

    def __len__(self) -> int:
        return self._count

    def event(self, type: EventType, process: Json, function: str, *, index: int, time: int = NIL) -> None:  # noqa: A002
        """Begin an event. UserError for a second open invoke of a process, or a completion of another function."""
        number = self._count
        who, what = self.processes.code(process), self.functions.code(function)
        partner = NONE
        if number == EVENTS_MAX or what == FUNCTIONS_MAX:
            raise UserError(
                f"{self.where()}: more than {EVENTS_MAX:,} events or {FUNCTIONS_MAX:,} functions are not read"
            )
        if type == EventType.INVOKE:
            if who in self._open:
                self._refuse_second(process, function, index)
            self._open[who] = number
        else:
            partner = self._open.pop(who, NONE)
            if partner != NONE:
                if self.events["function"][partner] != what:
                    self._refuse_completion(process, function, partner)
                self.events["partner"][partner] = number
        add_index, add_time, add_process, add_type, add_function, add_error, add_partner, add_rows = self._add_event
        add_index(index)
        add_time(time)
        add_process(who)
        add_type(type)
        add_function(what)
        add_error(NONE)
        add_partner(partner)
        add_rows(len(self.rows["key"]))
        self._count = number + 1

    def _refuse_second(self, process: Json, function: str, index: int) -> NoReturn:
        before = self.events["index"][self._open[self.processes.find(process)]]
        raise UserError(
            f"{self.where()}: process = {json.dumps(process)}: invokes {json.dumps(function)} at index {index}, but "
            f"its operation invoked at index {before} is still open; a process has one operation at a time"
        )

    def _refuse_completion(self, process: Json, function: str, partner: int) -> NoReturn:
        name = self.functions.names[self.events["function"][partner]]
        raise UserError(
            f"{self.where()}: f = {json.dumps(function)}: process {json.dumps(process)} has {json.dumps(name)} open, "
            f"invoked at index {self.events['index'][partner]}; a completion has the f of its invoke"
        )

    def note(self, error: Json = None, fields: Mapping[str, Json] | None = None) -> None:
        """Say more of the event that was begun last."""
        if error is not None:
            self.events["error"][-1] = self.errors.code(error)
        if fields:
            self.fields[self._count - 1] = fields

    def row(self, kind: Kind, key: int = NONE, offset: int = NIL, value: int = NIL) -> None:
        """Add a micro-operation to the event that was begun last; key and value are codes."""
        event, kinds, keys, offsets, values = self._add_row
        event(self._count - 1)
        kinds(kind)
        keys(key)
        offsets(offset)
        values(value)

    def pair(self, columns: EventColumns) -> Pairs | None:
        """Who completes whom if these events come next; None if one would be refused; `event` tells which and why."""
        if self._count + len(columns.type) > EVENTS_MAX:
            return None
        return pair(columns, self._count, self._open, self.events["function"])

    def rows_of(self, event: int) -> range:
        """The rows of an event, so far."""
        starts = self.events["rows"]
        return range(starts[event], starts[event + 1] if event + 1 < self._count else len(self.rows["key"]))

    def extend(self, columns: EventColumns, rows: RowColumns, pairs: Pairs) -> None:
        """Add many events at once, as `pair` has paired them.

        Codes are those of this builder. `columns.rows` counts the rows of each event; `rows.event` is filled in here.
        """
        first, count = self._count, len(columns.type)
        pairs.settle(self._open)
        for invoke, completion in pairs.earlier:
            self.events["partner"][invoke] = completion
        ends = len(self.rows["key"]) + np.cumsum(columns.rows)
        cells = (
            columns.index,
            columns.time,
            columns.process,
            columns.type,
            columns.function,
            columns.error,
            pairs.partner,
        )
        for (name, _), column in zip(EVENT_COLUMNS, (*cells, ends - columns.rows), strict=True):
            _extend(self.events[name], column)
        event = np.repeat(np.arange(first, first + count), columns.rows)
        for (name, _), column in zip(ROW_COLUMNS, (event, rows.kind, rows.key, rows.offset, rows.value), strict=True):
            _extend(self.rows[name], column)
        self._count = first + count

    def value(self, value: Json) -> int:
        """The number of a value; NIL for None."""
        if type(value) is int and -INTERNED < value < INTERNED:
            return value
        return NIL if value is None else INTERNED + self.values.code(value)

    def build(self) -> History:
        """The history. The builder is spent then."""
        self.events["rows"].append(len(self.rows["key"]))
        arrays = {name: np.frombuffer(cells, cells.typecode) for name, cells in (self.events | self.rows).items()}
        return History(
            source=self.source,
            **arrays,
            processes=self.processes,
            functions=self.functions,
            keys=self.keys,
            errors=self.errors,
            values=self.values,
            fields=self.fields,
        )


EVENT_COLUMNS = (
    ("index", "q"),
    ("time", "q"),
    ("process", "i"),
    ("type", "b"),
    ("function", "h"),
    ("error", "i"),
    ("partner", "i"),
    ("rows", "q"),
)
ROW_COLUMNS = (("event", "i"), ("kind", "b"), ("key", "i"), ("offset", "q"), ("value", "q"))


def _extend(cells: array[int], column: NDArray[np.int64]) -> None:
    cells.frombytes(column.astype(cells.typecode).tobytes())

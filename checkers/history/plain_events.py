"""The commonest events of JSON Lines, thousands at a time: the same history as one by one, several times faster.

Plain are sends, polls and transactions of them, and what reads and writes one register, key or queue, as long as an
event has no other fields and its process, function and keys came up before. Lines are decoded together and turned
into columns list by list. Whatever is not plain makes `PlainEvents.add` change nothing and return False; the reader
of single events then has the last word, also on what is wrong.

Repeated names in an object are seen by counting colons: every name has one, so there are more colons than names if
one is repeated. (Or if a string has a colon, which is not plain for this reason alone.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from checkers.history.cells import Cells
from checkers.history.columns import EventColumns, RowColumns, integers
from checkers.history.completions import repeat_invokes
from checkers.history.history import NIL, NONE, EventType, Kind
from checkers.history.plain_operations import (
    NotPlainError,
    PlainOperations,
    demand,
    scalars,
    types_of,
    values,
)

ABSENT = -1
"""No index: a line can't give this one."""
TYPE_CODES = {kind.name.lower(): int(kind) for kind in EventType}
TRANSACTIONS = frozenset(("send", "poll", "txn"))
KINDS = {
    kind.name.lower(): int(kind)
    for kind in (
        Kind.READ,
        Kind.WRITE,
        Kind.GET,
        Kind.PUT,
        Kind.APPEND,
        Kind.ACQUIRE,
        Kind.RELEASE,
        Kind.ENQUEUE,
        Kind.DEQUEUE,
    )
}
FOUND = [Kind.READ, Kind.GET, Kind.DEQUEUE]
KEYED = [Kind.GET, Kind.PUT, Kind.APPEND]


class Line(msgspec.Struct, gc=False, kw_only=True):
    """What every plain line has."""

    process: int | str
    type: Literal["invoke", "ok", "fail", "info"]
    f: str
    index: int = ABSENT
    time: int = NIL
    error: Any = msgspec.UNSET


class Transaction(Line, gc=False, kw_only=True):
    """A line of micro-operations."""

    value: list[list[Any]]


class Access(Line, gc=False, kw_only=True):
    """A line of what reads or writes one register, key or queue, or takes or gives back a mutex."""

    value: Any = msgspec.UNSET
    key: int | str | msgspec.UnsetType = msgspec.UNSET


TRANSACTIONS_DECODER = msgspec.json.Decoder(Transaction)
ACCESSES_DECODER = msgspec.json.Decoder(Access)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a block: how many each event has, how many names the values have, and the columns."""

    counts: NDArray[np.int64]
    names: int
    columns: Callable[[], RowColumns]


class PlainEvents:
    """Adds blocks of plain events to a builder."""

    def __init__(self, cells: Cells) -> None:
        self._builder = cells.builder
        self._key_codes = cells.key_codes
        self._ways: list[tuple[Callable[[bytes], list[Any]], Callable[[list[Any], NDArray[np.int64]], Rows]]] = [
            (TRANSACTIONS_DECODER.decode_lines, self._transactions),
            (ACCESSES_DECODER.decode_lines, self._accesses),
        ]

    def add(self, block: bytes) -> bool:
        """Add all events of a block of whole lines, or none: False if some event is not plain."""
        colons = block.count(b":")
        for number, (decode, rows) in enumerate(self._ways):
            try:
                lines = decode(block)
                added = not lines or self._add(lines, colons, rows)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, NotPlainError, KeyError, OverflowError):
                continue
            if added:
                self._ways.insert(0, self._ways.pop(number))  # what follows is probably alike
                return True
        return False

    def _add(self, lines: Sequence[Line], colons: int, rows_of: Callable[[list[Any], NDArray[np.int64]], Rows]) -> bool:
        builder = self._builder
        type_codes = TYPE_CODES
        index, time = integers([line.index for line in lines]), integers([line.time for line in lines])
        types = integers([type_codes[line.type] for line in lines])
        functions = integers(builder.functions.known([line.f for line in lines]))
        processes = integers(builder.processes.known([line.process for line in lines]))
        errors = [line.error for line in lines]
        silent = errors.count(msgspec.UNSET)
        rows = rows_of(list(lines), types)
        names = 4 * len(lines) - silent + int(np.count_nonzero(index != ABSENT) + np.count_nonzero(time != NIL))
        if colons != names + rows.names or np.any(index < ABSENT):
            return False
        columns = EventColumns(
            index=np.where(index == ABSENT, np.arange(len(lines)) + len(builder), index),
            time=time,
            process=processes,
            type=types,
            function=functions,
            error=np.full(len(lines), NONE) if silent == len(lines) else self._errors(errors),
            rows=rows.counts,
        )
        pairs = builder.pair(columns)
        if pairs is None:
            return False
        added = rows.columns()
        if not repeat_invokes(builder, columns, added, pairs):
            return False
        builder.extend(columns, added, pairs)
        return True

    def _errors(self, errors: list[Any]) -> NDArray[np.int64]:
        demand(scalars(types_of(errors) - {msgspec.UnsetType}))
        code = self._builder.errors.code
        return integers([NONE if error is msgspec.UNSET or error is None else code(error) for error in errors])

    def _transactions(self, lines: list[Transaction], types: NDArray[np.int64]) -> Rows:
        demand(TRANSACTIONS.issuperset({line.f for line in lines}))
        counts = integers(list(map(len, [line.value for line in lines])))
        operations = list(chain.from_iterable([line.value for line in lines]))
        plain = PlainOperations(operations, np.repeat(types == EventType.INVOKE, counts), self._key_codes)
        starts = np.append(0, np.cumsum(plain.sizes))[np.append(0, np.cumsum(counts))]
        return Rows(np.diff(starts), plain.names + len(lines), lambda: plain.rows(self._builder))

    def _accesses(self, lines: list[Access], types: NDArray[np.int64]) -> Rows:
        kinds, key_codes = KINDS, self._key_codes
        kind = integers([kinds[line.f] for line in lines])
        keys = [NONE if line.key is msgspec.UNSET else key_codes[line.key] for line in lines]
        key = integers(keys)
        demand(not np.any((key == NONE) & np.isin(kind, KEYED)))
        given = [line.value for line in lines]
        names = 2 * len(lines) - given.count(msgspec.UNSET) - keys.count(NONE)
        found = [None if value is msgspec.UNSET else value for value in given]
        empty = np.fromiter((value is None for value in found), np.bool_, len(found))
        demand(not np.any(~empty & np.isin(kind, FOUND) & (types == EventType.INVOKE)))
        demand(not np.any(empty & (kind == Kind.ENQUEUE)) and scalars(types_of(found)))
        offset = np.full(len(lines), NIL)
        counts = np.ones(len(lines), np.int64)
        return Rows(counts, names, lambda: RowColumns(kind, key, offset, values(found, self._builder)))

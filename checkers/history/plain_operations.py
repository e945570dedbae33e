"""Plain micro-operations, thousands at a time: from lists to columns, list by list.

The same rows as `checkers.history.micro_operations` makes one by one, for sends and polls as they mostly are: keys that
came up before, records that are pairs. Anything else raises `NotPlainError`, before anything has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkers.history.columns import RowColumns, integers
from checkers.history.history import INTERNED, NIL, NONE, HistoryBuilder, Kind

OBJECT_OF_RECORDS, SEND_LENGTH = 2, 3
"""The lengths of ["poll", {...}] and ["send", key, value]."""
SCALARS = {int, str, NoneType, bool, float}


class NotPlainError(Exception):
    """Something isn't as it mostly is."""


class PlainOperations:
    """Some micro-operations, and whether an invoke has them."""

    def __init__(
        self, operations: list[list[Any]], invoked: NDArray[np.bool_], key_codes: Mapping[int | str, int]
    ) -> None:
        lengths = integers(list(map(len, operations)))
        self._sent = lengths == SEND_LENGTH
        sends = list(compress(operations, self._sent.tolist()))
        polls = list(compress(operations, (~self._sent).tolist()))
        demand([operation[0] for operation in sends].count("send") == len(sends))
        demand([operation[0] for operation in polls if operation].count("poll") == len(polls))
        answered = lengths == OBJECT_OF_RECORDS
        demand(not np.any(answered & invoked) and bool(np.all(lengths <= SEND_LENGTH)))
        found = [operation[1] for operation in compress(operations, answered.tolist())]
        demand(types_of(found) <= {dict})
        self._send(sends, invoked[self._sent], key_codes)
        self._find(found, key_codes)
        self.sizes = np.ones(len(operations), np.int64)
        """How many rows each micro-operation has."""
        self.sizes[answered] += integers([sum(map(len, of_key.values())) for of_key in found])

    def _send(self, sends: list[list[Any]], invoked: NDArray[np.bool_], key_codes: Mapping[int | str, int]) -> None:
        keys = [key for _, key, _ in sends]
        demand(types_of(keys) <= {int, str})
        self._send_keys = integers([key_codes[key] for key in keys])
        contents = [content for _, _, content in sends]
        # a list that is the value itself is no scalar, so a plain one is the offset and the value of a completion
        paired = np.fromiter([type(content) is list for content in contents], np.bool_, len(contents))
        pairs = [content for content in contents if type(content) is list]
        demand(not np.any(paired & invoked) and set(map(len, pairs)) <= {2})
        self._send_offsets = np.full(len(sends), NIL)
        self._send_offsets[paired] = _offsets([offset for offset, _ in pairs])
        self._sent_values = [content[1] if type(content) is list else content for content in contents]
        demand(scalars(types_of(self._sent_values)))

    def _find(self, found: list[dict[str, Any]], key_codes: Mapping[int | str, int]) -> None:
        keys = list(chain.from_iterable(found))
        self.names = len(keys)
        """How many names the objects among the micro-operations have."""
        lists = list(chain.from_iterable(of_key.values() for of_key in found))
        demand(types_of(lists) <= {list})
        records = list(chain.from_iterable(lists))
        demand(types_of(records) <= {list} and set(map(len, records)) <= {2})
        self._record_keys = np.repeat(integers([key_codes[key] for key in keys]), integers(list(map(len, lists))))
        self._record_offsets = _offsets([offset for offset, _ in records])
        self._record_values = [value for _, value in records]
        demand(scalars(types_of(self._record_values)))

    def rows(self, builder: HistoryBuilder) -> RowColumns:
        """The rows; values that are not plain integers get their codes from the builder, in the order of the rows."""
        length = int(self.sizes.sum())
        starts = np.cumsum(self.sizes) - self.sizes
        kind = np.full(length, Kind.RECORD, np.int64)
        kind[starts] = np.where(self._sent, Kind.SEND, Kind.POLL)
        sends, records = kind == Kind.SEND, kind == Kind.RECORD
        key, offset, value = np.full(length, NONE), np.full(length, NIL), np.full(length, NIL)
        key[sends], key[records] = self._send_keys, self._record_keys
        offset[sends], offset[records] = self._send_offsets, self._record_offsets
        if types_of(self._sent_values) | types_of(self._record_values) <= {int}:
            sent, found = values(self._sent_values, builder), values(self._record_values, builder)
            value[sends], value[records] = sent, found
        else:
            cells = np.full(length, None)
            cells[sends], cells[records] = _objects(self._sent_values), _objects(self._record_values)
            value = values(cells.tolist(), builder)
        return RowColumns(kind, key, offset, value)


def types_of(values: Iterable[Any]) -> set[type]:
    """All types among some values."""
    return set(map(type, values))


def scalars(types: set[type]) -> bool:
    """Whether no value of these types has others in it."""
    return types <= SCALARS


def values(found: Sequence[Any], builder: HistoryBuilder) -> NDArray[np.int64]:
    """The codes of values, new ones in their order."""
    if types_of(found) <= {int} and min(found, default=0) > -INTERNED and max(found, default=0) < INTERNED:
        return integers(found)
    return integers([builder.value(value) for value in found])


def demand(plain: bool) -> None:  # noqa: FBT001 - one condition, as in assert
    """Raise NotPlainError unless a condition holds."""
    if not plain:
        raise NotPlainError


def _objects(values: list[Any]) -> NDArray[np.object_]:
    return np.fromiter(values, np.object_, len(values))


def _offsets(offsets: list[Any]) -> NDArray[np.int64]:
    types = types_of(offsets)
    demand(types <= {int, NoneType})
    column = integers(offsets if NoneType not in types else [-1 if offset is None else offset for offset in offsets])
    demand(int(np.count_nonzero(column < 0)) == offsets.count(None))
    return np.where(column < 0, NIL, column)

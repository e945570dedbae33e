"""The rows of an event: what its function (f) and its value say, the same in every format.

Each function's values are documented in `checkers.history.json_lines`. A function that is not known is an observation,
never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from checkers.history.cells import Cells, key_name
from checkers.history.history import NIL, NONE, EventType, Json, Kind
from checkers.history.micro_operations import MicroOperations
from checkers.strict_json import MAX_INTEGER
from checkers.verdict import UserError


@dataclass(slots=True)
class Said:
    """What an event says: of its other fields, `key` and `version` belong to registers, keys and values, and others."""

    type: EventType
    value: Json
    fields: Mapping[str, Json]

    @property
    def nothing(self) -> bool:
        """Whether a completion that may not have happened leaves its value open."""
        return self.value is None and self.type in (EventType.FAIL, EventType.INFO)


Write = Callable[[Said], None]
OF_ONE_BATCH = ("producer_id", "producer_epoch", "base_sequence")
"""The fields of a "batch" event that say whose one batch is."""


class Operations:
    """Appends the rows of the event that a builder has begun last."""

    def __init__(self, cells: Cells) -> None:
        self._builder = builder = cells.builder
        self._cells = cells
        self._row = builder.row
        self._micro_operations = MicroOperations(cells)
        self._functions: dict[str, Write] = {
            "send": self._transaction,
            "poll": self._transaction,
            "txn": self._transaction,
            "assign": self._keys_of(Kind.ASSIGN),
            "subscribe": self._keys_of(Kind.SUBSCRIBE),
            "commit": self._commit,
            "fetch": self._positions_of(Kind.FETCH),
            "end_offset": self._positions_of(Kind.END),
            "read": self._found(Kind.READ),
            "write": self._given(Kind.WRITE),
            "cas": self._compare_and_set,
            "get": self._found(Kind.GET),
            "put": self._given(Kind.PUT),
            "append": self._given(Kind.APPEND),
            "acquire": self._given(Kind.ACQUIRE),
            "release": self._given(Kind.RELEASE),
            "enqueue": self._given(Kind.ENQUEUE),
            "dequeue": self._found(Kind.DEQUEUE),
            "batch": self._observed_batches,
            "record": self._observed_records,
            "high_watermark": self._observed_numbers,
            "last_stable_offset": self._observed_numbers,
            "leader": self._observed_numbers,
            "assigned": self._keys_of(Kind.OBSERVE),
            "revoked": self._keys_of(Kind.OBSERVE),
        }

    def write(self, function: str, said: Said) -> None:
        """Append the rows. Raises UserError if the function is known and the value is none of its values."""
        self._functions.get(function, self._observed)(said)

    # ------------------------------------------------------------------------------------------------------------- logs

    def _transaction(self, said: Said) -> None:
        if not said.nothing:
            self._micro_operations.transaction(said.type, said.value)

    def _keys_of(self, kind: Kind) -> Write:
        def write(said: Said) -> None:
            if not said.nothing:
                for key in self._cells.keys(said.value, "value"):
                    self._row(kind, key)

        return write

    def _commit(self, said: Said) -> None:
        if not said.nothing:
            for key, offset, place in self._cells.by_key(said.value, "value", "must be an object {key: offset}"):
                self._row(Kind.COMMIT, key, self._cells.offset(offset, place))

    def _positions_of(self, kind: Kind) -> Write:
        keys = self._keys_of(kind)

        def write(said: Said) -> None:
            if said.type == EventType.INVOKE or (said.type != EventType.OK and type(said.value) is not dict):
                keys(said)
                return
            right = "must be an object {key: offset or null}"
            for key, offset, place in self._cells.by_key(said.value, "value", right):
                self._row(kind, key, self._cells.offset_or_null(offset, place))

        return write

    # ------------------------------------------------------------------- registers, keys and values, mutexes and queues

    def _object(self, kind: Kind, fields: Mapping[str, Json]) -> int:
        """The code of the register, key, mutex or queue that an event names; NONE if there is only one."""
        key = fields.get("key")
        if key is not None:
            return self._cells.key(key, "key")
        if kind in (Kind.GET, Kind.PUT, Kind.APPEND):
            raise UserError(f'{self._builder.where()}: lacks the field "key"; a {kind.name.lower()} has one')
        return NONE

    def _given(self, kind: Kind) -> Write:
        def write(said: Said) -> None:
            if kind == Kind.ENQUEUE and said.value is None and not said.nothing:
                self._cells.refuse("value", None, "must not be null, which is what a dequeue finds in an empty queue")
            version = self._cells.offset_or_null(said.fields.get("version"), "version")
            self._row(kind, self._object(kind, said.fields), version, self._builder.value(said.value))

        return write

    def _found(self, kind: Kind) -> Write:
        given = self._given(kind)

        def write(said: Said) -> None:
            if said.type == EventType.INVOKE and said.value is not None:
                self._cells.refuse(
                    "value", said.value, f"must be null: the invoke of a {kind.name.lower()} has no value"
                )
            given(said)

        return write

    def _compare_and_set(self, said: Said) -> None:
        if said.nothing:
            return
        old, new = self._cells.elements_of(2, said.value, "value", "must be [old, new]")
        key = self._object(Kind.EXPECT, said.fields)
        version = self._cells.offset_or_null(said.fields.get("version"), "version")
        self._row(Kind.EXPECT, key, NIL, self._builder.value(old))
        self._row(Kind.WRITE, key, version, self._builder.value(new))

    # ----------------------------------------------------------------------------------------------------- observations

    def _observed_batches(self, said: Said) -> None:
        named = [name for name in OF_ONE_BATCH if name in said.fields]
        if named and type(said.value) is list and len(said.value) > 1:
            self._cells.refuse("value", said.value, f"must have one batch, as the event says {named[0]}")
        for key, base, (count, place) in self._triples(said.value, "must be [key, base_offset, count]"):
            if type(count) is not int or not 0 < count <= MAX_INTEGER:
                self._cells.refuse(place, count, "must be a count of records: an integer from 1")
            self._row(Kind.OBSERVE, key, base, count)

    def _observed_records(self, said: Said) -> None:
        for key, offset, (value, _) in self._triples(said.value, "must be [key, offset, value]"):
            self._row(Kind.OBSERVE, key, offset, self._builder.value(value))

    def _triples(self, value: Json, right: str) -> Iterator[tuple[int, int, tuple[Json, str]]]:
        """The elements of a list of [key, offset, anything]."""
        for number, triple in enumerate(self._cells.elements(value, "value", f"must be a list; an element {right}")):
            key, offset, last = self._cells.elements_of(3, triple, f"value[{number}]", right)
            code = self._cells.key(key, f"value[{number}][0]")
            yield code, self._cells.offset(offset, f"value[{number}][1]"), (last, f"value[{number}][2]")

    def _observed_numbers(self, said: Said) -> None:
        for key, number, place in self._cells.by_key(said.value, "value", "must be an object {key: number}"):
            self._row(Kind.OBSERVE, key, self._cells.offset(number, place))

    def _observed(self, said: Said) -> None:
        """Whatever else was noted: by key if it is in one of the two forms by key, otherwise as one value."""
        match said.value:
            case dict() as found if found:
                for name, item in found.items():
                    self._row(Kind.OBSERVE, self._cells.key(name, "value"), *self._number_or_value(item))
            case [_, *_] as triples if all(map(_is_triple, triples)):
                for name, number, item in triples:
                    offset = NIL if number is None else number
                    self._row(Kind.OBSERVE, self._cells.key(name, "value"), offset, self._builder.value(item))
            case value:
                self._row(Kind.OBSERVE, value=self._builder.value(value))

    def _number_or_value(self, item: Json) -> tuple[int, int]:
        """The offset and the value of a row: an integer of 64 bits is the offset."""
        if type(item) is int and abs(item) <= MAX_INTEGER:
            return item, NIL
        return NIL, self._builder.value(item)


def _is_triple(element: Json) -> bool:
    """Whether an element is [key, offset or null, anything]."""
    if type(element) is not list or len(element) != 3 or key_name(element[0]) is None:
        return False
    offset = element[1]
    return offset is None or (type(offset) is int and 0 <= offset <= MAX_INTEGER)

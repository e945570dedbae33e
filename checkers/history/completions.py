"""What a completion must repeat of its invoke: it says what became of what was asked, and asks nothing else.

Its micro-operations are those of its invoke in the same order, its sends have the same keys and values; those that a
transaction only makes of what it polls may follow. A register, key, queue or mutex is the same one, and what is written
to it the same value. Assigned and subscribed keys are the same; fetched positions and ends are those of keys that were
asked for; committed positions are the same if the invoke names any. Only a fail or an info may leave out everything.

Where it has null instead, its rows get what the invoke says. A send whose content is its invoke's value as it stands,
were that a list like [3, 5], has that value and no offset.

Source: the completions of jepsen.tests.kafka, which fill in the micro-operations of their invokes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from checkers.history.cells import Cells
from checkers.history.columns import EventColumns, Pairs, RowColumns, integers
from checkers.history.history import INTERNED, NIL, NONE, EventType, HistoryBuilder, Json, Kind
from checkers.history.micro_operations import has_offset
from checkers.strict_json import shown

GIVEN = (Kind.SEND, Kind.WRITE, Kind.EXPECT, Kind.PUT, Kind.APPEND, Kind.ENQUEUE)
"""What has its value from its invoke."""
FOUND = (Kind.POLL, Kind.READ, Kind.GET, Kind.DEQUEUE, Kind.ACQUIRE, Kind.RELEASE)
"""What has its value, if it has one, from its completion."""
OPERATIONS = (*GIVEN, *FOUND)
Ints = NDArray[np.int64]
ASSIGNED, ASKED, COMMITTED = (Kind.ASSIGN, Kind.SUBSCRIBE), (Kind.FETCH, Kind.END), (Kind.COMMIT,)


class Completions:
    """Holds the completions of a builder against their invokes, one by one."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._builder = cells.builder

    def repeat(self, event: Mapping[str, Json]) -> None:
        """Complete the rows of the event that was added last. UserError if it contradicts the invoke that it completes.

        `event` are its fields, to be shown where they are wrong.
        """
        builder = self._builder
        invoke, told = builder.events["partner"][-1], builder.rows_of(len(builder) - 1)
        if invoke == NONE or (not told and builder.events["type"][-1] != EventType.OK):
            return
        asked = builder.rows_of(invoke)
        self._repeat_operations(event, self._among(asked, OPERATIONS), self._among(told, OPERATIONS))
        self._repeat_keys(event, asked, told)

    def _among(self, rows: Sequence[int], kinds: Sequence[Kind]) -> list[int]:
        column = self._builder.rows["kind"]
        return [row for row in rows if column[row] in kinds]

    def _refuse(self, place: str, found: Json, right: str) -> NoReturn:
        events = self._builder.events
        index = events["index"][events["partner"][-1]]
        self._cells.refuse(place, found, f"must be {right}, as in its invoke at index {index}")

    def _repeat_operations(self, event: Mapping[str, Json], asked: list[int], told: list[int]) -> None:
        """What is given or found, in order."""
        rows, value = self._builder.rows, event.get("value")
        kinds, keys, values = rows["kind"], rows["key"], rows["value"]
        goes_on = event["f"] == "txn" and len(told) > len(asked)
        if len(asked) != len(told) and not goes_on:
            self._refuse("value", value, f"a list of {len(asked)} sends and polls")
        for number, (before, row) in enumerate(zip(asked, told, strict=not goes_on)):
            if kinds[row] != kinds[before]:
                self._refuse(*_operation(value, number), f"a {Kind(kinds[before]).name.lower()}")
            if keys[row] != keys[before]:
                self._repeat_key(event, number, (before, row))
            if values[row] != values[before] and kinds[row] in GIVEN:
                self._repeat_value(event, number, (before, row))

    def _repeat_key(self, event: Mapping[str, Json], number: int, rows: tuple[int, int]) -> None:
        before, row = rows
        kinds, keys, names = self._builder.rows["kind"], self._builder.rows["key"], self._builder.keys.names
        if keys[row] == NONE:
            keys[row] = keys[before]
            return
        place, found = "key", event.get("key")
        if kinds[row] == Kind.SEND:
            place, operation = _operation(event["value"], number)
            place, found = f"{place}[1]", operation[1]
        self._refuse(place, found, "null" if keys[before] == NONE else shown(names[keys[before]]))

    def _repeat_value(self, event: Mapping[str, Json], number: int, rows: tuple[int, int]) -> None:
        before, row = rows
        cells, value = self._builder.rows, event.get("value")
        place, found = "value", value
        if cells["kind"][row] == Kind.SEND:
            place, operation = _operation(value, number)
            place, found = f"{place}[2]", operation[2]
            if type(found) is list and INTERNED + self._builder.values.find(found) == cells["value"][before]:
                cells["offset"][row] = cells["value"][row] = NIL
            elif has_offset(found):
                place, found = f"{place}[1]", found[1]
        elif event["f"] == "cas":
            place, found = _operation(value, number)
        if cells["value"][row] != NIL:
            code = cells["value"][before]
            given = None if code == NIL else code if code < INTERNED else self._builder.values.names[code - INTERNED]
            self._refuse(place, found, f"{shown(given)}{'' if given is None else ' or null'}")
        cells["value"][row] = cells["value"][before]

    def _repeat_keys(self, event: Mapping[str, Json], asked: range, told: range) -> None:
        """Assigned keys, and those of positions and ends; none of them has an order."""
        names, builder = self._builder.keys.names, self._builder
        happened = builder.events["type"][-1] == EventType.OK
        for kinds in (ASSIGNED, ASKED, COMMITTED):
            before, found = (self._by_key(self._among(rows, kinds)) for rows in (asked, told))
            if kinds == ASSIGNED:
                fits = before == found
            elif kinds == ASKED:
                fits = found.keys() <= before.keys()
            else:
                fits = before == found or not before or not (found or happened)
            if not fits:
                positions = {names[key]: offset for key, offset in before.items()}
                right = shown(positions if kinds == COMMITTED else list(positions))
                self._refuse("value", event.get("value"), f"of {right}" if kinds == ASKED else right)

    def _by_key(self, rows: Sequence[int]) -> dict[int, int]:
        """The keys of some rows and the offsets that they have."""
        keys, offsets = self._builder.rows["key"], self._builder.rows["offset"]
        return {keys[row]: offsets[row] for row in rows}


def _operation(value: Json, number: int) -> tuple[str, Any]:
    """The place of a send or poll, or of one of the values of a compare-and-set, and what stands there."""
    assert isinstance(value, list)
    places = [
        place for place, operation in enumerate(value) if not (type(operation) is list and operation[0] == "commit")
    ]
    return f"value[{places[number]}]", value[places[number]]


# ------------------------------------------------------------------------------------------------------- many at once

IS_GIVEN, IS_OPERATION = (np.isin(np.arange(len(Kind)), kinds) for kinds in (GIVEN, OPERATIONS))


class _Operations:
    """The operations of new events, and after them of the invokes before them that they complete, in columns."""

    def __init__(self, builder: HistoryBuilder, columns: EventColumns, rows: RowColumns, pairs: Pairs) -> None:
        operation = rows.kind != Kind.RECORD
        self.row = np.flatnonzero(operation)
        begin = np.append(0, np.cumsum(operation))[np.append(0, np.cumsum(columns.rows))]
        earlier = [builder.rows_of(invoke) for invoke, _ in pairs.earlier]
        begin = np.append(begin, begin[-1] + np.cumsum(integers([*map(len, earlier)])))
        self._begin, self.count = begin[:-1], np.diff(begin)
        self.kind, self.key, self.value = (
            np.append(column[self.row], integers([builder.rows[name][row] for rows in earlier for row in rows]))
            for name, column in (("kind", rows.kind), ("key", rows.key), ("value", rows.value))
        )

    def of(self, events: Ints) -> Ints:
        """The places of the operations of some events, one after the other."""
        begin, count = self._begin[events], self.count[events]
        places: Ints = np.arange(int(count.sum())) + np.repeat(begin - np.cumsum(count) + count, count)
        return places


def repeat_invokes(builder: HistoryBuilder, columns: EventColumns, rows: RowColumns, pairs: Pairs) -> bool:
    """Complete the rows of plain events that are to be added. False, and no change, if one may contradict its invoke.

    The rows become what `Completions.repeat` makes of them one by one.
    """
    told = np.flatnonzero((columns.type != EventType.INVOKE) & (pairs.partner != NONE))
    operations, first = _Operations(builder, columns, rows, pairs), len(builder)
    asked = pairs.partner - first
    asked[integers([completion - first for _, completion in pairs.earlier])] = len(asked) + np.arange(
        len(pairs.earlier)
    )
    told = told[(operations.count[told] > 0) | (columns.type[told] == EventType.OK)]
    asked = asked[told]
    if np.any(operations.count[told] != operations.count[asked]) or not IS_OPERATION[operations.kind].all():
        return False
    here, before = operations.of(told), operations.of(asked)
    kind, key, value = operations.kind, operations.key, operations.value
    silent = key[here] == NONE
    differs = IS_GIVEN[kind[here]] & (value[here] != value[before])
    may_repeat_a_list = (kind[here] == Kind.SEND) & (value[before] >= INTERNED)
    if (
        np.any(kind[here] != kind[before])
        or np.any((key[here] != key[before]) & ~silent)
        or np.any(differs & ((value[here] != NIL) | may_repeat_a_list))
    ):
        return False
    rows.key[operations.row[here]] = key[before]
    rows.value[operations.row[here[differs]]] = value[before[differs]]
    return True

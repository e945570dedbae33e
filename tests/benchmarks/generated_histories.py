"""Large linearizable histories, generated as columns: clients that do one operation after the other, some overlapping.

Each operation takes effect at a random moment between its invocation and its completion; what it finds follows from
that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkers.history.history import NIL, NONE, Codes, EventType, History, Kind

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Schedule:
    """When operations are invoked and completed, as event numbers, and the order in which they take effect."""

    invoke: Ints
    complete: Ints
    order: Ints
    client: Ints

    @property
    def size(self) -> int:
        """How many operations."""
        return len(self.invoke)


def schedule(operations: int, clients: int, seed: int) -> Schedule:
    """Operations of clients that are never idle for long."""
    rng = np.random.default_rng(seed)
    each = -(-operations // clients)
    moments = np.cumsum(rng.exponential(1.0, (clients, 2 * each)), axis=1).reshape(-1, 2)
    begins, ends = moments[:, 0], moments[:, 1]
    effect = begins + (ends - begins) * rng.random(len(begins))
    numbers = np.empty(2 * len(begins), np.int64)
    numbers[np.argsort(np.concatenate([begins, ends]))] = np.arange(len(numbers))
    client = np.repeat(np.arange(clients), each)
    return Schedule(numbers[: len(begins)], numbers[len(begins) :], np.argsort(effect), client)


def codes(count: int) -> Codes:
    """The integers from 0 as names."""
    made = Codes()
    for number in range(count):
        made.code(number)
    return made


def history(plan: Schedule, keys: int, asked: dict[str, Any], answered: dict[str, Any]) -> History:
    """A history of one row an event: kind, key, offset and value on invocation and on completion."""
    events = 2 * plan.size

    def column(begins: Any, ends: Any, dtype: type[np.generic]) -> Any:  # noqa: ANN401 - arrays or numbers
        cells = np.empty(events, dtype)
        cells[plan.invoke], cells[plan.complete] = begins, ends
        return cells

    rows = {name: column(asked[name], answered[name], dtype) for name, dtype in ROWS.items()}
    function = Codes()
    function.code("generated")
    return History(
        source="generated",
        index=np.arange(events),
        time=np.full(events, NIL),
        process=column(plan.client, plan.client, np.int32),
        type=column(EventType.INVOKE, EventType.OK, np.int8),
        function=np.zeros(events, np.int16),
        error=np.full(events, NONE, np.int32),
        partner=column(plan.complete, plan.invoke, np.int32),
        rows=np.arange(events + 1),
        event=np.arange(events, dtype=np.int32),
        **rows,
        processes=codes(int(plan.client.max()) + 1),
        functions=function,
        keys=codes(keys),
        errors=Codes(),
        values=Codes(),
        fields={},
    )


ROWS: dict[str, type[np.generic]] = {"kind": np.int8, "key": np.int32, "offset": np.int64, "value": np.int64}


def found(plan: Schedule, writes: NDArray[np.bool_], value: Ints, key: Ints) -> Ints:
    """What each operation finds under its key when it takes effect, its own write included; NIL before the first."""
    order = plan.order[np.argsort(key[plan.order], kind="stable")]
    first = np.ones(len(order), bool)
    first[1:] = np.diff(key[order]) != 0
    begin = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    last = np.maximum.accumulate(np.where(writes[order], np.arange(len(order)), -1))
    result = np.empty(len(order), np.int64)
    result[order] = np.where(last >= begin, value[order][last], NIL)
    return result


def registers(plan: Schedule, seed: int, *, values: int | None, keys: int = 1, gets: bool = False) -> History:
    """Half reads, half writes of so many values, or (None) all of different ones; `gets` makes it gets and puts."""
    rng = np.random.default_rng(seed)
    writes = rng.random(plan.size) < 0.5
    value = np.arange(1, plan.size + 1) if values is None else rng.integers(1, values + 1, plan.size)
    key = rng.integers(0, keys, plan.size)
    read, write = (Kind.GET, Kind.PUT) if gets else (Kind.READ, Kind.WRITE)
    row = {"kind": np.where(writes, write, read), "key": key, "offset": NIL}
    given = np.where(writes, value, NIL)
    return history(plan, keys, row | {"value": given}, row | {"value": found(plan, writes, value, key)})


def logs(plan: Schedule, seed: int, keys: int) -> History:
    """Half sends, half polls that find the last record."""
    rng = np.random.default_rng(seed)
    sends = rng.random(plan.size) < 0.5
    key = rng.integers(0, keys, plan.size)
    number = np.arange(plan.size)
    last = found(plan, sends, number, key)
    order = plan.order[np.argsort(key[plan.order], kind="stable")]
    sent = order[sends[order]]
    offset = np.full(plan.size, NIL)
    offset[sent] = np.arange(len(sent)) - np.searchsorted(key[sent], key[sent])
    reads = ~sends & (last != NIL)
    offset[reads] = offset[last[reads]]
    kind = np.where(sends, Kind.SEND, Kind.POLL)
    asked = {"kind": kind, "key": key, "offset": NIL}
    answered = {"kind": np.where(reads, Kind.RECORD, kind), "key": key, "offset": offset, "value": last}
    return history(plan, keys, asked | {"value": np.where(sends, number, NIL)}, answered)

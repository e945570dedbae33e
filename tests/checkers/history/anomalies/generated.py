"""Large histories of a log that behaves, made column by column: rounds in which producers send and consumers poll.

In each round every producer runs a transaction with a message to each of two keys, and every consumer polls all that
earlier rounds sent to its key; all of them are invoked, then all of them complete. Chance decides which keys and in
which order they get their offsets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checkers.history.history import NIL, NONE, Codes, EventType, History, Kind

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """How large a history is."""

    rounds: int
    producers: int = 20
    keys: int = 10
    drained: bool = True

    @property
    def processes(self) -> int:
        """Producers first, then a consumer for each key."""
        return self.producers + self.keys


def names(*known: int | str) -> Codes:
    """Codes of these names, in order."""
    codes = Codes()
    for name in known:
        codes.code(name)
    return codes


def generated(shape: Shape, seed: int) -> History:
    """A history without any anomaly but messages of others between those of a transaction."""
    generator = np.random.default_rng(seed)
    sent = shape.rounds - 1 if shape.drained else shape.rounds
    first = generator.integers(0, shape.keys, (sent, shape.producers))
    second = (first + generator.integers(1, shape.keys, first.shape)) % shape.keys
    key = np.stack((first, second), axis=2).reshape(-1)
    round_of, producer = np.divmod(np.arange(len(key)) // 2, shape.producers)
    within = np.argsort(generator.random((sent, shape.producers)), axis=1).reshape(-1).repeat(2)
    offset = np.empty(len(key), np.int64)
    order = np.lexsort((within, round_of, key))
    begin = np.searchsorted(key[order], np.arange(shape.keys))
    offset[order] = np.arange(len(key)) - begin[key[order]]
    value = np.arange(len(key))
    width = 2 * shape.processes
    invoked, completed = round_of * width + producer, round_of * width + shape.processes + producer
    polls = np.arange(shape.rounds * shape.keys)
    poll = polls // shape.keys * width + shape.producers + polls % shape.keys
    polled = (round_of[order] + 1) * width + shape.processes + shape.producers + key[order]
    seen = polled < shape.rounds * width
    order, polled = order[seen], polled[seen]
    nothing = np.full(len(polls), NIL)
    rows = [
        (invoked, Kind.SEND, key, np.full(len(key), NIL), value),
        (completed, Kind.SEND, key, offset, value),
        (poll, Kind.POLL, np.full(len(polls), NONE), nothing, nothing),
        (poll + shape.processes, Kind.POLL, np.full(len(polls), NONE), nothing, nothing),
        (polled, Kind.RECORD, key[order], offset[order], value[order]),
    ]
    return assembled(shape, rows)


def assembled(shape: Shape, rows: list[tuple[Ints, Kind, Ints, Ints, Ints]]) -> History:
    """The history with these rows, in the order of their events."""
    event = np.concatenate([row[0] for row in rows])
    order = np.argsort(event, kind="stable")
    kind = np.concatenate([np.full(len(row[0]), row[1], np.int8) for row in rows])
    events = np.arange(shape.rounds * 2 * shape.processes)
    place = events % (2 * shape.processes)
    invoke, process = place < shape.processes, place % shape.processes
    return History(
        source="generated",
        index=events,
        time=events * 1000,
        process=process.astype(np.int32),
        type=np.where(invoke, EventType.INVOKE, EventType.OK).astype(np.int8),
        function=np.where(process < shape.producers, 0, 1).astype(np.int16),
        error=np.full(len(events), NONE, np.int32),
        partner=np.where(invoke, events + shape.processes, events - shape.processes).astype(np.int32),
        rows=np.searchsorted(event[order], np.arange(len(events) + 1)),
        event=event[order].astype(np.int32),
        kind=kind[order],
        key=np.concatenate([row[2] for row in rows])[order].astype(np.int32),
        offset=np.concatenate([row[3] for row in rows])[order],
        value=np.concatenate([row[4] for row in rows])[order],
        processes=names(*range(shape.processes)),
        functions=names("send", "poll", "assign", "subscribe"),
        keys=names(*(f"key-{number}" for number in range(shape.keys))),
        errors=Codes(),
        values=Codes(),
        fields={},
    )

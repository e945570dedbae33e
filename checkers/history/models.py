"""The kinds of objects that histories are judged as, and how each is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from checkers.history.calls import Calls, calls_of
from checkers.history.encoders import (
    Encoding,
    encode_key_value,
    encode_mutex,
    encode_offsets,
    encode_queue,
    encode_register,
    narrowed_key_value,
)
from checkers.history.history import INTERNED, NIL, History, Kind
from checkers.history.log_order import KINDS as LOG_KINDS
from checkers.history.wing_gong_lowe.encoded import Encoded

SEARCH, ZONES, LOG, VERSIONS, FIFO = "wing_gong_lowe", "zones", "log_order", "version_order", "fifo_order"
"""How an object is judged."""
Encode = Callable[[Calls, History], Encoding]


@dataclass(frozen=True, eq=False)
class Model:
    """A kind of object: the micro-operations on it, and the sequential specification in which they are put."""

    name: str
    doc: str
    kinds: tuple[Kind, ...]
    encode: Encode | None
    """None for the log, whose order is in the history."""
    calls: Callable[[History, tuple[Kind, ...]], Calls] = calls_of
    has_registers: bool = False
    """Whether an object on which calls only read and write is a register, so that zones may apply to it."""
    has_queues: bool = False
    """Whether what a call finds it takes away, first in, first out."""
    narrowed: Callable[[Encoded, Calls], Encoded] | None = None
    """Leaves out alternatives that can't matter where all calls are judged together."""
    sources_suffice: bool = True
    """Whether only calls that give what another needs can make that one possible, so that others never help."""


def offset_calls(history: History, kinds: tuple[Kind, ...]) -> Calls:
    """Commits and fetches, by group and key; the value of a commit is its generation, NIL for none."""
    calls = calls_of(history, kinds)
    groups: dict[object, int] = {}
    for position, event in enumerate(calls.event.tolist()):
        fields = history.fields.get(event, {})
        generation = fields.get("generation")
        calls.value[position] = generation if type(generation) is int and calls.kind[position] == Kind.COMMIT else NIL
        group = groups.setdefault(repr(fields.get("group")), len(groups))
        calls.object[position] = group * (len(history.keys.names) + 1) + calls.key[position]
    return calls


def texts(history: History, kinds: tuple[Kind, ...]) -> Calls:
    """Gets, puts and appends; the empty text is what a key holds that was never written."""
    calls = calls_of(history, kinds)
    calls.value[calls.value == INTERNED + history.values.find("")] = NIL
    return calls


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            "register",
            "Registers, by key: read and write.",
            (Kind.READ, Kind.WRITE, Kind.EXPECT),
            encode_register,
            has_registers=True,
        ),
        Model(
            "cas-register",
            "Registers, by key: read, write and compare-and-set. One that failed did not happen: that it found another "
            "value than it expected is not concluded.",
            (Kind.READ, Kind.WRITE, Kind.EXPECT),
            encode_register,
            has_registers=True,
        ),
        Model(
            "kv",
            "Keys of a store: get, put and append; a key that was not written is empty.",
            (Kind.GET, Kind.PUT, Kind.APPEND),
            encode_key_value,
            texts,
            has_registers=True,
            narrowed=narrowed_key_value,
        ),
        Model(
            "log",
            "Logs, by key: append at an offset, read at an offset, and be told the end.",
            LOG_KINDS,
            None,
        ),
        Model(
            "offsets",
            "The committed position of a group, by key, fenced by its generation: commit and fetch.",
            (Kind.COMMIT, Kind.FETCH),
            encode_offsets,
            offset_calls,
        ),
        Model(
            "mutex",
            "Mutexes, by key: acquire and release, which only the holder may.",
            (Kind.ACQUIRE, Kind.RELEASE),
            encode_mutex,
        ),
        Model(
            "queue",
            "First-in first-out queues, by key: enqueue and dequeue.",
            (Kind.ENQUEUE, Kind.DEQUEUE),
            encode_queue,
            has_queues=True,
            sources_suffice=False,
        ),
    )
}

"""What calls do to their objects, in the words of the sequential specifications.

Values, positions and processes are numbered from 0 as they come; 0 is what an object holds at first. Every effect says
what it needs another call to have given (a read its value, a release its lock) and what it gives: that is for the core
of a history that is not linearizable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls
from checkers.history.contents import Contents, contents_of
from checkers.history.history import NIL, NONE, History, Kind
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.wing_gong_lowe.encoded import Effects, Encoded
from checkers.history.wing_gong_lowe.kernel import NOTHING
from checkers.history.wing_gong_lowe.step import Stepper, stepper
from specs.instance import at
from specs.language import Record, Spec
from specs.sequential import key_value, mutex, offsets, queue, register

Ints = NDArray[np.int64]
MANY = 1 << 31
"""How many values there can be: one compilation serves all histories."""
CAPACITIES = (16, 256)
"""A queue is compiled for the least of these that its history needs."""
UNREAD = MANY - 1
"""The content that stands for all that no get returned."""


class TooLarge(Exception):  # noqa: N818 - it ends a check with a verdict
    """A history that the specification can't take at any bounds that can be compiled."""


@dataclass(frozen=True, eq=False)
class Encoding:
    """Calls as the search takes them, and how a state of theirs is told."""

    encoded: Encoded
    show: Callable[[Any], str]


@lru_cache(maxsize=16)
def compiled(spec_name: str, capacity: int = 0) -> Stepper:
    """A sequential specification, compiled at bounds that any history fits."""
    bounds: dict[str, tuple[Spec, dict[str, int]]] = {
        "register": (register.SPEC, {"values": MANY}),
        "key_value": (key_value.SPEC, {"contents": MANY}),
        "offsets": (offsets.SPEC, {"offsets": MANY - 1, "generations": MANY - 1}),
        "mutex": (mutex.SPEC, {"processes": MANY - 1}),
        "queue": (queue.SPEC, {"capacity": capacity or 1, "values": MANY - 1}),
    }
    spec, values = bounds[spec_name]
    return stepper(at(spec, **values))


def numbered(*columns: Ints) -> tuple[Ints, tuple[Ints, ...]]:
    """The distinct values of all columns, NIL first, and each column by their numbers."""
    values, numbers = np.unique(np.concatenate([[NIL], *columns]), return_inverse=True)
    ends = np.cumsum([len(column) for column in columns])
    return values, tuple(np.split(numbers[1:], ends[:-1]))


@dataclass(frozen=True, eq=False)
class Said:
    """The effect of each call where it has one alternative: action, parameters, what it needs and gives."""

    action: Ints
    first: Ints
    second: Ints
    needs: Ints
    gives: Ints


def encoded_as(machine: Stepper, calls: Calls, said: Said) -> Encoded:
    """Calls of one alternative each."""
    code = (said.action.astype(np.uint64) << np.uint64(62)) | ((said.first << 31) | said.second).astype(np.uint64)
    _, where, effect = np.unique(code, return_index=True, return_inverse=True)
    columns = [said.action[where], said.first[where], said.second[where]][: 1 + machine.parameters_max]
    rows = np.ascontiguousarray(np.stack(columns, axis=1))
    effects = Effects(np.arange(len(where)), np.arange(1, len(where) + 1), rows, said.needs[where], said.gives[where])
    return over(machine, calls, effects, effect)


def over(machine: Stepper, calls: Calls, effects: Effects, effect: Ints) -> Encoded:
    """Calls with given effects."""
    return Encoded(
        stepper=machine,
        effects=effects,
        deterministic=True,
        bounds=calls.bounds(),
        invoke=calls.invoke,
        complete=calls.complete,
        effect=effect,
        call=np.arange(len(calls)),
        optional=np.zeros(len(calls), bool),
    )


def encode_register(calls: Calls, history: History) -> Encoding:
    """Reads, writes and compare-and-sets."""
    machine = compiled("register")
    values, (value, expected) = numbered(calls.value, calls.expected)
    is_read = calls.kind == Kind.READ
    read, write, compare_and_set = (machine.number_of(name) for name in ("read", "write", "compare_and_set"))
    encoded = encoded_as(
        machine,
        calls,
        Said(
            action=np.where(is_read, read, np.where(calls.compares, compare_and_set, write)),
            first=np.where(calls.compares, expected, value),
            second=np.where(calls.compares, value, 0),
            needs=np.where(is_read, value, np.where(calls.compares, expected, NOTHING)),
            gives=np.where(is_read, NOTHING, value),
        ),
    )
    return Encoding(encoded, lambda s: f"the register holds {shown(history, values[s.value])}")


def shown(history: History, code: int) -> str:
    """A value as a sentence names it."""
    value = history.shown_value(int(code))
    return "nothing" if value is None else repr(value)


def encode_key_value(calls: Calls, history: History) -> Encoding:
    """Gets, puts and appends."""
    machine = compiled("key_value")
    contents: Contents = contents_of(calls, history, UNREAD)
    get, put, append = (machine.number_of(name) for name in ("get", "put", "append"))
    single = Said(
        action=np.where(calls.kind == Kind.GET, get, put),
        first=contents.number,
        second=np.zeros(len(calls), np.int64),
        needs=np.where(calls.kind == Kind.GET, contents.number, NOTHING),
        gives=np.where(calls.kind == Kind.GET, NOTHING, contents.number),
    )
    encoded = encoded_as(machine, calls, single)
    if contents.appends:
        encoded = with_appends(encoded, contents, append, put)
    return Encoding(encoded, lambda s: "the content is " + contents.told(s.content, UNREAD))


def with_appends(encoded: Encoded, contents: Contents, append: int, put: int) -> Encoded:
    """The same with the effects of appends: from each content where it leads; otherwise to one that nobody gets."""
    effects, effect = encoded.effects, encoded.effect.copy()
    rows: list[tuple[int, int, int]] = []
    ends = [len(effects.alternatives)]
    for number, (pairs, calls) in enumerate(contents.appends):
        rows += [(append, before, after) for before, after in pairs]
        rows.append((put, UNREAD, 0))
        ends.append(ends[0] + len(rows))
        effect[calls] = len(effects.first) + number
    new = np.array(rows, np.int64)
    leads = new[:, 0] == append
    joined = Effects(
        first=np.concatenate([effects.first, ends[:-1]]),
        end=np.concatenate([effects.end, ends[1:]]),
        alternatives=np.concatenate([effects.alternatives, new]),
        needs=np.concatenate([effects.needs, np.where(leads, new[:, 1], NOTHING)]),
        gives=np.concatenate([effects.gives, np.where(leads, new[:, 2], NOTHING)]),
    )
    return replace(encoded, effects=joined, effect=effect)


def narrowed_key_value(encoded: Encoded, calls: Calls) -> Encoded:
    """The same without alternatives of appends that could not be followed by a get that must come later.

    Only where all calls are judged together: no get can find what stands for all that no get returned, so an append
    does not lead there if some get is invoked after it completes, and every put completes before it is invoked.
    """
    objects = np.repeat(np.arange(len(encoded.bounds) - 1), np.diff(encoded.bounds))
    last_get, last_put = np.full(len(encoded.bounds), -1), np.full(len(encoded.bounds), -1)
    gets = (calls.kind == Kind.GET) & (calls.complete != OPEN)
    puts = calls.kind == Kind.PUT
    np.maximum.at(last_get, objects[gets], calls.invoke[gets])
    np.maximum.at(last_put, objects[puts], calls.complete[puts])
    narrow = (calls.kind == Kind.APPEND) & (calls.complete < last_get[objects]) & (last_put[objects] < calls.invoke)
    effects = encoded.effects
    chosen, number = np.unique(encoded.effect[narrow], return_inverse=True)
    effect = encoded.effect.copy()
    effect[narrow] = len(effects.first) + number
    shorter = replace(
        effects,
        first=np.concatenate([effects.first, effects.first[chosen]]),
        end=np.concatenate([effects.end, effects.end[chosen] - 1]),
    )
    return replace(encoded, effects=shorter, effect=effect)


def encode_offsets(calls: Calls, _history: History) -> Encoding:
    """Commits and fetches of a group's position; the object is a group's position in one partition."""
    machine = compiled("offsets")
    positions, (position,) = numbered(calls.offset)
    generations, (generation,) = numbered(calls.value)
    is_fetch = calls.kind == Kind.FETCH
    commit, fetch = (machine.number_of(name) for name in ("commit", "fetch"))
    said = Said(
        action=np.where(is_fetch, fetch, commit),
        first=position,
        second=np.where(is_fetch, 0, generation),
        needs=np.where(is_fetch, position, NOTHING),
        gives=np.where(is_fetch, NOTHING, position),
    )
    encoded = encoded_as(machine, calls, said)
    encoded.effects.alternatives[:, 1:] -= 1  # NIL was 0, and is NONE in this specification
    return Encoding(
        encoded,
        lambda s: (
            f"{'nothing' if s.committed == NONE else positions[s.committed + 1]} is committed"
            + ("" if s.generation == NONE else f" and generation {generations[s.generation + 1]} has committed")
        ),
    )


def encode_mutex(calls: Calls, history: History) -> Encoding:
    """Acquires and releases; the process is that of the event."""
    machine = compiled("mutex")
    process = history.process[calls.event].astype(np.int64)
    acquires = calls.kind == Kind.ACQUIRE
    said = Said(
        action=np.where(acquires, machine.number_of("acquire"), machine.number_of("release")),
        first=process,
        second=np.zeros(len(calls), np.int64),
        needs=np.where(acquires, 0, process + 1),
        gives=np.where(acquires, process + 1, 0),
    )

    def show(s: Record) -> str:
        holder = s.values["holder"]
        return (
            "nobody holds the mutex" if holder == NONE else f"process {history.processes.names[holder]} holds the mutex"
        )

    return Encoding(encoded_as(machine, calls, said), show)


def encode_queue(calls: Calls, history: History) -> Encoding:
    """Enqueues and dequeues. A dequeue that never returned takes whatever is at the front."""
    length = longest(calls)
    capacity = next((c for c in CAPACITIES if c >= length), None)
    if capacity is None:
        raise TooLarge(f"its queue may hold {length} values at a time; the search takes up to {CAPACITIES[-1]}")
    machine = compiled("queue", capacity)
    values, (value,) = numbered(calls.value)
    names = ("enqueue", "dequeue", "dequeue_nothing", "take")
    enqueue, dequeue, dequeue_nothing, take = (machine.number_of(name) for name in names)
    takes = np.where(calls.complete == OPEN, take, np.where(value == 0, dequeue_nothing, dequeue))
    enqueues = calls.kind == Kind.ENQUEUE
    action = np.where(enqueues, enqueue, takes)
    said = Said(
        action=action,
        first=np.where((action == take) | (action == dequeue_nothing), 0, value),
        second=0 * value,
        needs=np.where(action == dequeue, value, NOTHING),
        gives=np.where(enqueues, value, NOTHING),
    )

    def show(s: Record) -> str:
        items = [shown(history, values[v]) for v in s.values["items"].values[: s.values["length"]]]
        return f"the queue holds {', '.join(items) or 'nothing'}"

    return Encoding(encoded_as(machine, calls, said), show)


def longest(calls: Calls) -> int:
    """How many values a queue can hold at a time at most: those whose enqueue began, less those taken for sure."""
    begins = calls.invoke[calls.kind == Kind.ENQUEUE]
    taken = calls.complete[(calls.kind == Kind.DEQUEUE) & (calls.complete != OPEN) & (calls.value != NIL)]
    most = 0
    bounds = calls.bounds()
    if len(bounds) == 2:
        times = np.concatenate([begins, taken])
        change = np.concatenate([np.ones(len(begins), int), -np.ones(len(taken), int)])
        return int(np.cumsum(change[np.argsort(times, kind="stable")]).max(initial=0))
    for begin, end in pairwise(bounds):
        most = max(most, longest(calls.taken(np.arange(begin, end))))
    return most

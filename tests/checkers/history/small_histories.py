"""Small random histories of every kind of object, and whether they are linearizable by trying all orders.

The oracle knows nothing of the specifications: it has an object of its own for each kind, as plain as can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np

NEVER = 1 << 30
State = Any
UNKNOWN = "unknown"
T = TypeVar("T")


@dataclass(frozen=True)
class Operation:
    """An operation as its client saw it; one that has no `complete` stays open, one without `result` has none.

    One with an `invoke` of -1 has no event for it.
    """

    process: int
    f: str
    value: Any
    invoke: int
    complete: int
    outcome: str
    result: Any
    generation: int | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of object: at first, what an operation leads to with its result (all that can be), and a random one."""

    model: str
    initial: State
    steps: Callable[[State, Operation], Iterator[tuple[State, Any]]]
    draw: Callable[[np.random.Generator, int], tuple[str, Any]]
    results: Mapping[str, tuple[Any, ...]]
    """Results to plant, by function: wrong ones, or none for what did not happen."""


def register(state: State, operation: Operation) -> Iterator[tuple[State, Any]]:
    """A register."""
    if operation.f == "read":
        yield state, state
    elif operation.f == "write":
        yield operation.value, operation.value
    elif operation.value[0] == state:
        yield operation.value[1], operation.value


def versioned(state: State, operation: Operation) -> Iterator[tuple[State, Any]]:
    """A register that tells the version of what is written and read; versions may be skipped."""
    _, version = state
    if operation.f == "read":
        yield state, state
    else:
        yield from (((operation.value, higher),) * 2 for higher in range(version + 1, 6))


def key_value(state: State, operation: Operation) -> Iterator[tuple[State, Any]]:
    """A key of a store."""
    if operation.f == "get":
        yield state, state
    else:
        yield (operation.value if operation.f == "put" else state + operation.value), operation.value


def mutex(state: State, operation: Operation) -> Iterator[tuple[State, Any]]:
    """A mutex."""
    if operation.f == "acquire" and state is None:
        yield operation.process, None
    if operation.f == "release" and state == operation.process:
        yield None, None


def queue(state: State, operation: Operation) -> Iterator[tuple[State, Any]]:
    """A queue."""
    if operation.f == "enqueue":
        yield (*state, operation.value), operation.value
    else:
        yield state[1:], state[0] if state else None


def offsets(state: State, operation: Operation) -> Iterator[tuple[State, Any]]:
    """A committed position, and the newest generation that committed."""
    position, newest = state
    if operation.f == "fetch":
        yield state, position
    elif operation.generation is None:
        yield (operation.value, newest), operation.value
    elif operation.generation >= newest:
        yield (operation.value, operation.generation), operation.value


def log(state: State, operation: Operation) -> Iterator[tuple[State, Any]]:
    """A log: its records as (offset, value), and its end. Offsets may be skipped; a read finds one record.

    A record whose offset nobody is told may lie anywhere, even where the end leaves no room.
    """
    records, end = state
    if operation.f == "send":
        for offset in range(end, 6):
            after = ((*records, (offset, operation.value)), offset + 1)
            yield from ((after, told) for told in (offset, None))
        yield ((*records, (None, operation.value)), end), None
    elif operation.f == "poll":
        yield from ((state, record) for record in records)
        yield from ((state, (None, value)) for _, value in records)
        yield state, None
    else:
        yield from (((records, told), told) for told in range(end, 6))


def is_linearizable(kind: Kind, operations: tuple[Operation, ...]) -> bool:
    """Whether some order of the operations that happened, and of some that may have, explains all results.

    One whose outcome is "info" may take effect at any time from its invocation on, "maybe" until its completion.
    """

    def is_late(k: int, done: int) -> bool:
        """Whether something took effect that was invoked after an operation that had its time: it comes too late."""
        bound = operations[k].outcome == "maybe"
        return bound and any(done >> j & 1 and o.invoke > operations[k].complete for j, o in enumerate(operations))

    @cache
    def from_here(done: int, state: State) -> bool:
        left = [o for k, o in enumerate(operations) if o.outcome != "fail" and not done >> k & 1]
        deadline = min((o.complete for o in left if o.outcome == "ok"), default=NEVER)
        if deadline == NEVER:
            return True
        for k, operation in enumerate(operations):
            if operation in left and operation.invoke < deadline and not is_late(k, done):
                for after, result in kind.steps(state, operation):
                    if operation.result in (UNKNOWN, result) and from_here(done | 1 << k, after):
                        return True
        return False

    return from_here(0, kind.initial)


def drawn(kind: Kind, rng: np.random.Generator, most: int) -> tuple[Operation, ...]:
    """Up to so many operations of three processes on a real object; in half of the histories some result is planted."""
    clients: dict[int, list[Any]] = {}
    operations: list[Operation] = []
    state, clock, begun = kind.initial, 0, 0
    while begun < most or clients:
        client = int(rng.integers(3))
        clock += 1
        if client not in clients:
            if begun < most:
                f, value = kind.draw(rng, begun)
                generation = int(rng.integers(1, 3)) if f == "commit" and rng.random() < 0.8 else None
                clients[client] = [Operation(client, f, value, clock, NEVER, "info", UNKNOWN, generation), False]
                begun += 1
            continue
        operation, done = clients[client]
        if not done:
            ways = list(kind.steps(state, operation))
            if ways and rng.random() < 0.95:
                state, result = ways[int(rng.integers(len(ways)))] if rng.random() < 0.3 else ways[0]
                clients[client] = [Operation(*vars(operation).values()), True]
                clients[client][0].__dict__.update(result=result)
            else:
                clients[client] = [operation, True]
        elif rng.random() < 0.6:
            del clients[client]
            operations.append(finished(kind, operation, clock, rng))
    return tuple(sorted(operations, key=lambda o: o.invoke))


def finished(kind: Kind, operation: Operation, clock: int, rng: np.random.Generator) -> Operation:
    """The operation as its client sees it end."""
    values = vars(operation) | {"complete": clock}
    planted = kind.results.get(operation.f)
    if planted and rng.random() < 0.15:
        return Operation(
            **values | {"outcome": "ok", "result": operation.value if operation.f == "cas" else pick(rng, *planted)}
        )
    if operation.result == UNKNOWN:
        return Operation(**values | {"outcome": "fail" if rng.random() < 0.7 else "info"})
    if rng.random() < 0.15:
        return Operation(**values | {"outcome": "info", "result": UNKNOWN})
    return Operation(**values | {"outcome": "ok"})


def pick(rng: np.random.Generator, *choices: T) -> T:
    """One of some choices."""
    return choices[int(rng.integers(len(choices)))]


def draw_register(rng: np.random.Generator, _begun: int) -> tuple[str, Any]:
    """Of few values."""
    return pick(rng, ("read", None), ("write", 1), ("write", 2), ("read", None), ("write", None))


def draw_values(rng: np.random.Generator, _begun: int) -> tuple[str, Any]:
    """Of few values, never nothing."""
    return pick(rng, ("read", None), ("write", 1), ("write", 2))


def draw_unique(rng: np.random.Generator, begun: int) -> tuple[str, Any]:
    """Every value written once."""
    return pick(rng, ("read", None), ("read", None), ("write", begun + 1))


def draw_compare_and_set(rng: np.random.Generator, _begun: int) -> tuple[str, Any]:
    """Of few values."""
    return pick(rng, ("read", None), ("write", 1), ("cas", [1, 2]), ("cas", [2, 1]), ("cas", [2, 2]))


def draw_key_value(rng: np.random.Generator, _begun: int) -> tuple[str, Any]:
    """Of pieces that make the same texts in several ways."""
    f = pick(rng, "get", "append", "append", "put")
    return f, None if f == "get" else pick(rng, "a", "b", "ab", "ba", "")


def draw_puts(rng: np.random.Generator, begun: int) -> tuple[str, Any]:
    """Gets and puts of different texts."""
    return pick(rng, ("get", None), ("put", f"text {begun}"))


def draw_mutex(rng: np.random.Generator, _begun: int) -> tuple[str, Any]:
    """Acquire or release."""
    return pick(rng, ("acquire", None), ("release", None))


def draw_queue(rng: np.random.Generator, begun: int) -> tuple[str, Any]:
    """Values that may be the same."""
    return pick(rng, ("enqueue", int(begun % 3)), ("dequeue", None))


def draw_queue_of_different_values(rng: np.random.Generator, begun: int) -> tuple[str, Any]:
    """Every value put in once."""
    return pick(rng, ("enqueue", begun), ("dequeue", None))


def draw_full_queue(rng: np.random.Generator, begun: int) -> tuple[str, Any]:
    """Every value put in once, and mostly before any is taken."""
    return ("enqueue", begun) if rng.random() < (0.85 if begun < 3 else 0.3) else ("dequeue", None)


def draw_offsets(rng: np.random.Generator, _begun: int) -> tuple[str, Any]:
    """Few positions."""
    return pick(rng, ("fetch", None), ("commit", int(rng.integers(3))))


def draw_log(rng: np.random.Generator, begun: int) -> tuple[str, Any]:
    """Sends of different values."""
    return pick(rng, ("send", begun), ("send", begun), ("poll", None), ("poll", None), ("end_offset", None))


KINDS = {
    "register of few values": Kind("register", None, register, draw_register, {"read": (None, 1, 2)}),
    "register of different values": Kind("register", None, register, draw_unique, {"read": (None, 1, 2, 3)}),
    "versions": Kind("register", (None, 0), versioned, draw_values, {"read": ((1, 1), (2, 2), (1, 3), (None, 0))}),
    "compare-and-set": Kind(
        "cas-register", None, register, draw_compare_and_set, {"read": (None, 1, 2), "cas": (None,)}
    ),
    "appends": Kind("kv", "", key_value, draw_key_value, {"get": ("", "ab", "aba", "ba", "b")}),
    "puts": Kind("kv", "", key_value, draw_puts, {"get": ("", "text 0", "text 2")}),
    "log": Kind(
        "log",
        ((), 0),
        log,
        draw_log,
        {"send": (0, 1, 2), "poll": ((1, 1), (0, 2), (2, 1), (None, 1), (0, 0)), "end_offset": (0, 1, 2, 3)},
    ),
    "offsets": Kind("offsets", (None, 0), offsets, draw_offsets, {"fetch": (None, 0, 1, 2)}),
    "mutex": Kind("mutex", None, mutex, draw_mutex, {"acquire": (None,), "release": (None,)}),
    "queue": Kind("queue", (), queue, draw_queue, {"dequeue": (None, 0, 1, 2)}),
    "queue of different values": Kind(
        "queue", (), queue, draw_queue_of_different_values, {"dequeue": (None, 0, 1, 2, 3)}
    ),
    "queue that is filled first": Kind("queue", (), queue, draw_full_queue, {"dequeue": (None, 0, 1, 2)}),
}


def events_of(operations: tuple[Operation, ...], key: int) -> list[dict[str, Any]]:
    """The events of operations on a key, as a recording has them. Those with an unknown outcome may stay open."""
    return [event for _, _, event in timed_events_of(operations, key)]


def timed_events_of(operations: tuple[Operation, ...], key: int) -> list[tuple[int, int, dict[str, Any]]]:
    """The same, each with its moment and the number of its operation."""
    events: list[tuple[int, int, dict[str, Any]]] = []
    for number, operation in enumerate(operations):
        # A process whose operation stays open invokes nothing more, so every operation gets a process of its own,
        # unless the object looks at it.
        process = f"{key}.{operation.process}" if operation.f in ("acquire", "release") else f"{key}.{number}"
        said: dict[str, Any] = {"process": process, "f": operation.f, "key": key}
        if operation.generation is not None:
            said["generation"] = operation.generation
        if operation.invoke >= 0:
            events.append((operation.invoke, number, said | {"type": "invoke", "value": asked(operation, key)}))
        if operation.outcome != "info" or number % 2 or operation.f in ("acquire", "release"):
            value = answered(operation, key) if operation.outcome == "ok" or operation.f == "enqueue" else None
            if isinstance(operation.result, tuple) and operation.f in ("read", "write"):
                value, said["version"] = operation.result
            events.append((operation.complete, number, said | {"type": operation.outcome, "value": value}))
    return sorted(events, key=lambda event: event[0])


def asked(operation: Operation, key: int) -> Any:  # noqa: ANN401
    """The value of an invocation."""
    match operation.f:
        case "send":
            return [["send", key, operation.value]]
        case "poll":
            return [["poll"]]
        case "end_offset" | "fetch":
            return [key]
        case "commit":
            return {str(key): operation.value}
    return operation.value


def answered(operation: Operation, key: int) -> Any:  # noqa: ANN401
    """The value of a completion."""
    match operation.f:
        case "send":
            return [["send", key, [operation.result, operation.value]]]
        case "poll":
            return [["poll", {} if operation.result is None else {str(key): [list(operation.result)]}]]
        case "end_offset" | "fetch" | "commit":
            return {str(key): operation.result}
    return operation.result if operation.f in ("read", "get", "dequeue") else operation.value

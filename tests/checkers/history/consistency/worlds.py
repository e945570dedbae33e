"""Small worlds: a few operations on logs, as values that can be listed, drawn at random, and put into one history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from checkers.history.history import NIL, EventType, History, HistoryBuilder, Kind


@dataclass(frozen=True, slots=True)
class Send:
    """A send and the offset that it was given, if an answer said so."""

    key: str
    value: int
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll of one key and the records that it returned."""

    key: str
    records: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class End:
    """The exclusive end of a key's log that was told."""

    key: str
    end: int


@dataclass(frozen=True, slots=True)
class Assign:
    """The keys that a process polls from now on."""

    keys: tuple[str, ...]


Part = Send | Poll | End | Assign


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that a process did between two instants, all of which differ; `outcome` is ok, info or fail."""

    process: str
    parts: tuple[Part, ...]
    invoked: int
    completed: int
    outcome: str = "ok"


World = tuple[Operation, ...]
"""Operations in the order of their invocation."""


def one_by_one(*done: tuple[str, *tuple[Part, ...]], info: Iterable[int] = ()) -> World:
    """Operations of which each begins when the one before is over; those of some numbers have no answer."""
    return tuple(
        Operation(process, tuple(parts), 2 * number, 2 * number + 1, "info" if number in set(info) else "ok")
        for number, (process, *parts) in enumerate(done)
    )


def overlapping(world: World) -> World:
    """The same, but operations overlap with the neighbours that are another process's."""
    longer = []
    for number, operation in enumerate(world):
        after = world[number + 1 : number + 2]
        late = 2 if after and after[0].process != operation.process else 0
        longer.append(replace(operation, invoked=4 * number, completed=4 * number + 3 + late))
    return tuple(longer)


def without(world: World, number: int) -> World:
    """A world that lacks one operation."""
    return world[:number] + world[number + 1 :]


def history_of(worlds: Iterable[World]) -> History:
    """The worlds one after the other, each with keys and processes of its own: `3x` is key x of world 3."""
    builder = HistoryBuilder("worlds")
    for number, world in enumerate(worlds):
        moments = [(o.invoked, EventType.INVOKE, o) for o in world]
        moments += [(o.completed, EventType[o.outcome.upper()], o) for o in world]
        for _, type_, operation in sorted(moments, key=lambda moment: moment[0]):
            builder.event(type_, f"{number}{operation.process}", "txn", index=len(builder))
            for part in operation.parts:
                _row(builder, str(number), type_, part)
    return builder.build()


def _row(builder: HistoryBuilder, prefix: str, type_: EventType, part: Part) -> None:
    ok = type_ == EventType.OK
    keys = part.keys if isinstance(part, Assign) else (part.key,)
    codes = [builder.keys.code(prefix + key) for key in keys]
    match part:
        case Send(_, value, offset):
            builder.row(Kind.SEND, codes[0], offset if ok and offset is not None else NIL, value)
        case End(_, end):
            builder.row(Kind.END, codes[0], end if ok else NIL)
        case Poll(_, records):
            builder.row(Kind.POLL)
            for offset, value in records if ok else ():
                builder.row(Kind.RECORD, codes[0], offset, value)
        case Assign():
            for code in codes:
                builder.row(Kind.ASSIGN, code)


# ----------------------------------------------------------------------------------------------------------- all worlds


def every_world(size: int, keys: str = "x", processes: str = "pq") -> Iterator[World]:
    """Every world of so many operations, one after the other; the first one is the first process's, on the first key.

    Sends are given offsets 0 and 1, polls return one or two of the records, ends are 0, 1 and 2.
    """
    parts = {key: list(_every_part(key)) for key in keys}
    for of_keys, of_processes in product(_beginning(keys, size), _beginning(processes, size)):
        for done in product(*(parts[key] for key in of_keys)):
            yield one_by_one(*zip(of_processes, done, strict=True))


def _beginning(choices: str, size: int) -> Iterator[tuple[str, ...]]:
    """Sequences of choices in which each comes up after those before it; the others differ by names only."""
    for chosen in product(choices, repeat=size):
        firsts = "".join(dict.fromkeys(chosen))
        if choices.startswith(firsts):
            yield chosen


def _every_part(key: str) -> Iterator[Part]:
    yield from (Send(key, 0, 0), Send(key, 1, 1))
    yield from (Poll(key, tuple((o, o) for o in offsets)) for offsets in ((0,), (1,), (0, 1), (1, 0)))
    yield from (End(key, end) for end in range(3))


def random_world(chance: np.random.Generator) -> World:
    """Two or three processes on two keys. What is sent stands somewhere in the logs, and most polls are stretches."""
    count = int(chance.integers(2, 7))
    keys = [str(key) for key in chance.choice(["x", "y"], count)]
    is_send = chance.random(count) < 0.5
    is_send[0] = True
    logs = {key: [n for n in range(count) if is_send[n] and keys[n] == key] for key in "xy"}
    if chance.random() < 0.6:
        logs = {key: [int(n) for n in chance.permutation(values)] for key, values in logs.items()}
    parts = [
        Send(key, n, logs[key].index(n)) if is_send[n] else _random_read(chance, key, logs[key])
        for n, key in enumerate(keys)
    ]
    operations, busy = [], dict.fromkeys("pqr"[: chance.integers(1, 4)], 0)
    for number, part in enumerate(parts):
        process = str(chance.choice(list(busy)))
        invoked = max(busy[process], 3 * number) + 1
        completed = invoked + 1 + 3 * int(chance.integers(0, 3))
        busy[process] = completed
        outcome = str(chance.choice(["ok", "info", "fail"], p=[0.85, 0.12, 0.03])) if is_send[number] else "ok"
        operations.append(Operation(process, (part,), invoked, completed, outcome))
    return _apart(_with_pairs(chance, operations))


def _random_read(chance: np.random.Generator, key: str, log: list[int]) -> Part:
    shape = chance.random()
    if shape < 0.1:
        return Assign((key,))
    if not log or shape < 0.5:
        return End(key, int(chance.integers(0, len(log) + (2 if shape < 0.2 else 1))))
    first = int(chance.integers(0, len(log)))
    offsets = list(range(first, int(chance.integers(first, len(log))) + 1))
    if shape > 0.9:
        offsets = [int(o) for o in chance.choice(len(log), int(chance.integers(1, len(log) + 1)))]
    return Poll(key, tuple((offset, log[offset]) for offset in offsets))


def _with_pairs(chance: np.random.Generator, operations: list[Operation]) -> list[Operation]:
    """Now and then an operation takes over the part of the next one of its process, as a transaction."""
    if len(operations) < 2 or chance.random() < 0.7:
        return operations
    one, other = operations[-2:]
    plain = {one.outcome, other.outcome} == {"ok"} and not isinstance(one.parts[0], Assign)
    if one.process != other.process or not plain or isinstance(other.parts[0], Assign):
        return operations
    return [*operations[:-2], replace(one, parts=one.parts + other.parts, completed=other.completed)]


def _apart(operations: list[Operation]) -> World:
    """The operations with instants that all differ: completions after invocations at the same one."""
    instants = sorted(
        [(o.invoked, 0, n) for n, o in enumerate(operations)] + [(o.completed, 1, n) for n, o in enumerate(operations)]
    )
    number = {(n, is_end): at for at, (_, is_end, n) in enumerate(instants)}
    apart = [replace(o, invoked=number[n, 0], completed=number[n, 1]) for n, o in enumerate(operations)]
    return tuple(sorted(apart, key=lambda operation: operation.invoked))

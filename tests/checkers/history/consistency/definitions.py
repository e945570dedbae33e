"""The levels by their definitions: legal orders are searched for, and what reads saw and missed are sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tests.checkers.history.consistency.worlds import Assign, End, Poll, Send, World

Spot = tuple[str, int]
"""A key and an offset."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of an operation that took place: a write at a spot, or a read with what it saw and what it missed."""

    process: str
    operation: int
    number: int
    key: str
    invoked: int
    completed: int | None  # None if no answer came
    write: int | None = None
    sees: frozenset[int] = frozenset()
    misses: frozenset[int] = frozenset()
    end: int | None = None
    last: int | None = None
    in_order: bool = True


def levels_kept(world: World) -> set[str]:
    """The levels that a world keeps, implied ones included."""
    log = placed(world)
    if log is None:
        return set()
    steps = list(steps_of(world, log))
    held = {name for name, definition in SESSION_LEVELS.items() if definition(steps)}
    held.add("one_log")
    if all(step.in_order and not (step.last is not None and step.misses) for step in steps):
        held.add("prefix")
    for name, keeps in TOTAL_LEVELS.items():
        if keeps(steps):
            held.add(name)
    return held


def placed(world: World) -> dict[Spot, int] | None:
    """The value at each spot that is known; None if the logs contradict themselves."""
    log: dict[Spot, int] = {}
    sent = {(part.key, part.value) for o in world for part in o.parts if isinstance(part, Send) and o.outcome != "fail"}
    for operation in world:
        for part in operation.parts if operation.outcome == "ok" else ():
            if isinstance(part, Send) and part.offset is not None:
                if (part.key, part.offset) in log:
                    return None
                log[part.key, part.offset] = part.value
    polls = [part for o in world if o.outcome == "ok" for part in o.parts if isinstance(part, Poll)]
    for key, offset, value in [(poll.key, *record) for poll in polls for record in poll.records]:
        if log.setdefault((key, offset), value) != value or (key, value) not in sent:
            return None
    values = [(key, value) for (key, _), value in log.items()]
    return log if len(values) == len(set(values)) else None


def steps_of(world: World, log: dict[Spot, int]) -> Iterator[Step]:
    """What took place, as far as it is known."""
    spot_of = {(key, value): offset for (key, offset), value in log.items()}
    ends = {(p.key, p.end - 1) for o in world for p in o.parts if isinstance(p, End) and p.end and o.outcome == "ok"}
    position: dict[tuple[str, str], int] = {}
    assigned: set[str] = set()
    for number, operation in enumerate(world):
        ok = operation.outcome == "ok"
        for count, part in enumerate(operation.parts):
            who = (operation.process, number, count)
            span = (operation.invoked, operation.completed if ok else None)
            match part:
                case Send(key, value, _) if (key, value) in spot_of:
                    yield Step(*who, key, *span, write=spot_of[key, value])
                case Assign():
                    position = {of: at for of, at in position.items() if of[0] != operation.process}
                    assigned.add(operation.process)
                case End(key, end) if ok:
                    known = {o for k, o in {*log, *ends} if k == key}
                    below = frozenset(o for o in known if o < end)
                    yield Step(*who, key, *span, sees=below, misses=frozenset(known - below), end=end)
                case Poll(key, records) if ok and records:
                    returned = [offset for offset, _ in records]
                    first, last = min(returned), max(returned)
                    if operation.process in assigned:
                        first = min(first, position.get((operation.process, key), first))
                    position[operation.process, key] = last + 1
                    sees = frozenset(returned)
                    misses = frozenset(o for k, o in log if k == key and first <= o <= last) - sees
                    in_order = returned == sorted(sees)
                    yield Step(*who, key, *span, sees=sees, misses=misses, last=last, in_order=in_order)


# --------------------------------------------------------------------------------------------------- session guarantees


def before(one: Step, other: Step) -> bool:
    """The order of a session: of operations, and within one of sends to a key, and of reads of a key."""
    if one.process != other.process or one.completed is None:
        return False
    if one.operation != other.operation:
        return one.operation < other.operation
    alike = one.key == other.key and (one.write is None) == (other.write is None)
    return alike and one.number < other.number


def pairs(steps: list[Step]) -> Iterator[tuple[Step, Step]]:
    """Steps of a session and a key, in order."""
    yield from ((a, b) for a in steps for b in steps if a is not b and a.key == b.key and before(a, b))


def read_your_writes(steps: list[Step]) -> bool:
    return not any(a.write in b.misses for a, b in pairs(steps) if a.write is not None)


def monotonic_reads(steps: list[Step]) -> bool:
    return not any(a.sees & b.misses for a, b in pairs(steps))


def monotonic_writes(steps: list[Step]) -> bool:
    return not any(b.write < a.write for a, b in pairs(steps) if a.write is not None and b.write is not None)


def writes_follow_reads(steps: list[Step]) -> bool:
    return not any(seen >= b.write for a, b in pairs(steps) if b.write is not None for seen in a.sees)


SESSION_LEVELS: dict[str, Callable[[list[Step]], bool]] = {
    "read_your_writes": read_your_writes,
    "monotonic_reads": monotonic_reads,
    "monotonic_writes": monotonic_writes,
    "writes_follow_reads": writes_follow_reads,
}

# --------------------------------------------------------------------------------------------------------- total orders


def sequential(steps: list[Step]) -> bool:
    return has_legal_order(steps, {(a, b) for a in steps for b in steps if before(a, b)})


def linearizable(steps: list[Step]) -> bool:
    real_time = {(a, b) for a in steps for b in steps if a.completed is not None and a.completed < b.invoked}
    return has_legal_order(steps, real_time | {(a, b) for a in steps for b in steps if before(a, b)})


def causal(steps: list[Step]) -> bool:
    """For each process a legal order of all writes, those that only ends tell of included, and its own reads."""
    known = {(step.key, step.write) for step in steps if step.write is not None}
    seen = {(step.key, step.end - 1) for step in steps if step.end}
    ghosts = [Step("", -1, n, key, 0, None, write=at) for n, (key, at) in enumerate(sorted(seen - known))]
    everything = [*steps, *ghosts]
    edges = {(a, b) for a in everything for b in everything if before(a, b)}
    edges |= {(a, b) for a in everything for b in everything if a.key == b.key and a.write in b.sees}
    closed = closure(edges)
    if any(a == b for a, b in closed):
        return False
    return all(
        has_legal_order([s for s in everything if s.write is not None or s.process == process], closed)
        for process in {step.process for step in steps}
    )


def closure(edges: set[tuple[Step, Step]]) -> set[tuple[Step, Step]]:
    while more := {(a, d) for a, b in edges for c, d in edges if b == c} - edges:
        edges = edges | more
    return edges


TOTAL_LEVELS: dict[str, Callable[[list[Step]], bool]] = {
    "causal": causal,
    "sequential": sequential,
    "linearizable": linearizable,
}


def has_legal_order(steps: list[Step], edges: Iterable[tuple[Step, Step]]) -> bool:
    """Whether append-only logs can take the steps in some order that keeps the edges; all such orders are tried.

    The logs of a state: the records of each key, and the end, which markers that nobody sees may raise.
    """
    index = {step: n for n, step in enumerate(steps)}
    required = [0] * len(steps)
    for a, b in edges:
        if a in index and b in index:
            required[index[b]] |= 1 << index[a]
    tried = set()

    def search(done: int) -> bool:
        if done + 1 == 1 << len(steps):
            return True
        if done in tried:
            return False
        tried.add(done)
        taken = [step for n, step in enumerate(steps) if done >> n & 1]
        return any(
            not done >> n & 1 and not required[n] & ~done and legal(step, taken) and search(done | 1 << n)
            for n, step in enumerate(steps)
        )

    return search(0)


def legal(step: Step, taken: list[Step]) -> bool:
    """Whether a log can take a step after others. The end of a log is that of its last record, or one that was told."""
    own = [one for one in taken if one.key == step.key]
    records = {one.write for one in own if one.write is not None}
    end = max([0, *(offset + 1 for offset in records), *(one.end for one in own if one.end is not None)])
    if step.write is not None:
        return step.write >= end
    if step.end is not None:
        return step.end >= end
    return step.in_order and step.sees <= records and not step.misses & records

"""The order of operations as a graph: who must come before whom in every legal execution.

Since offsets give the order of the versions of each key, all that a legal execution must keep is known:

- log: an entry stands before the next one of its key
- seen: an entry was there before a read that saw it
- missed: an end was read before the first entry that it leaves out was there
- session: what a process had completed came before what it invoked next. Within one event nothing is ordered across
  keys, since the parts of a request go to several partitions at once, nor are reads and writes, since a transaction
  does not see itself. What it sent to a key one after the other is, and what it read of a key; but if monotonic writes
  and monotonic reads hold, which these levels imply, then the log's own edges say that already.
- real time: what had completed before another operation was invoked came before it

An operation whose answer was lost comes after what its process did before, and before nothing.

Source: Adya, Weak consistency (1999): dependencies as a graph; here for append-only logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from checkers.history.consistency.columns import Bools, Ints
from checkers.history.consistency.evidence import Violation, operation, place, writer
from checkers.history.consistency.graph import Graph
from checkers.history.consistency.observed import Observed
from checkers.history.history import NONE, EventType


@dataclass(frozen=True, eq=False, slots=True)
class _Operations:
    """The nodes that somebody did: entries with a writer, and reads."""

    node: Ints
    binding: Bools  # whether it comes before what its process did next
    event: Ints  # the invokes of all of them, each once
    number: Ints  # the position in `event` of each one's own


@dataclass(frozen=True, eq=False, slots=True)
class Order:
    """The graph. Its nodes: entries, then reads, then what an event has done, then moments at which one completed."""

    observed: Observed
    graph: Graph
    first_read: int
    first_event: int
    first_moment: int


def session_order(observed: Observed) -> Order:
    """The order without real time."""
    of = _operations(observed)
    return _order(observed, of, [*_answers(observed), *_session(observed, of)])


def real_time_order(observed: Observed) -> Order:
    """The order with real time."""
    of = _operations(observed)
    return _order(observed, of, [*_answers(observed), *_session(observed, of), *_real_time(observed, of)])


_Edges = tuple[Ints, Ints]


def _operations(observed: Observed) -> _Operations:
    entries, reads, sends = observed.entries, observed.reads, observed.sends
    written = np.flatnonzero(entries.send != NONE)
    send, count = entries.send[written], len(reads.event)
    event, number = np.unique(np.concatenate([sends.event[send], reads.event]), return_inverse=True)
    return _Operations(
        node=np.concatenate([written, len(entries.key) + np.arange(count)]),
        binding=np.concatenate([sends.state[send] == EventType.OK, np.ones(count, np.bool_)]),
        event=event,
        number=number,
    )


def _order(observed: Observed, of: _Operations, edges: list[_Edges]) -> Order:
    source, target = (np.concatenate(column) for column in zip(*edges, strict=True))
    first_read = len(observed.entries.key)
    first_event = first_read + len(observed.reads.event)
    first_moment = first_event + len(of.event)
    count = max(first_moment, int(source.max(initial=NONE)) + 1, int(target.max(initial=NONE)) + 1)
    return Order(observed, Graph(np.arange(count), source, target), first_read, first_event, first_moment)


def _answers(observed: Observed) -> Iterator[_Edges]:
    """Log, seen and missed."""
    entries, reads = observed.entries, observed.reads
    followed = np.flatnonzero(entries.key[1:] == entries.key[:-1])
    yield followed, followed + 1
    seeing, missing = np.flatnonzero(reads.seen != NONE), np.flatnonzero(reads.missing != NONE)
    yield reads.seen[seeing], len(entries.key) + seeing
    yield len(entries.key) + missing, reads.missing[missing]


def _session(observed: Observed, of: _Operations) -> Iterator[_Edges]:
    """Each event has a node that stands behind all that its process had completed by its end."""
    process = observed.history.process[of.event]
    done = len(observed.entries.key) + len(observed.reads.event) + np.arange(len(of.event))
    order = np.argsort(process, kind="stable")
    one, other = order[:-1], order[1:]
    followed = process[one] == process[other]
    yield done[one[followed]], done[other[followed]]
    before = np.full(len(of.event), NONE, np.int64)
    before[other[followed]] = done[one[followed]]
    after = before[of.number] != NONE
    yield before[of.number[after]], of.node[after]
    yield of.node[of.binding], done[of.number[of.binding]]


def _real_time(observed: Observed, of: _Operations) -> Iterator[_Edges]:
    """A moment for each completion, in a row: operations lead to their own, and from the last one before them."""
    first = len(observed.entries.key) + len(observed.reads.event) + len(of.event)
    event = of.event[of.number]
    partner = observed.history.partner[event]
    completion = np.where(partner == NONE, event, partner)
    times, number = np.unique(completion[of.binding], return_inverse=True)
    moment = first + np.arange(len(times))
    yield moment[:-1], moment[1:]
    yield of.node[of.binding], moment[number]
    latest = np.searchsorted(times, event) - 1
    yield first + latest[latest >= 0], of.node[latest >= 0]


# ------------------------------------------------------------------------------------------------------ cycles in words


def contradiction(order: Order, level: str, cycle: list[int]) -> Violation:
    """A cycle as evidence: why each of its operations must come before the next one, and the last before the first."""
    observed = order.observed
    steps = _steps(order, cycle)
    sentences = [f"{_words(order, node)} before {_words(order, other)}: {why}" for node, why, other in steps]
    nodes = [node for node, _, _ in steps]
    entries = [node for node in nodes if node < order.first_read]
    events = [_event(order, node) for node in nodes]
    key = observed.history.shown_key(int(observed.entries.key[entries[0]]))
    return Violation(
        level,
        key,
        tuple(int(observed.entries.offset[entry]) for entry in entries),
        tuple(dict.fromkeys(event for event in events if event is not None)),
        "; ".join(sentences),
    )


def _steps(order: Order, cycle: list[int]) -> list[tuple[int, str, int]]:
    """The cycle from operation to operation, from the one invoked first on; runs of the log are one step."""
    done = [(_event(order, node), at) for at, node in enumerate(cycle) if node < order.first_event]
    at = min((event, at) for event, at in done if event is not None)[1]
    turned = [*cycle[at:], *cycle[:at], cycle[at]]
    steps: list[tuple[int, str, int]] = []
    start, between = turned[0], list[int]()
    for node in turned[1:]:
        if node >= order.first_event:
            between.append(node)
            continue
        why = _why(order, start, node, between)
        if steps and why == steps[-1][1] == IN_THE_LOG:
            steps[-1] = (steps[-1][0], why, node)
        else:
            steps.append((start, why, node))
        start, between = node, []
    return steps


IN_THE_LOG = "log order"


def _why(order: Order, start: int, end: int, between: list[int]) -> str:
    if between:
        return "real time" if max(between) >= order.first_moment else "same process"
    if start < order.first_read:
        return IN_THE_LOG if end < order.first_read else "it was seen"
    return "it was missed"


def _event(order: Order, node: int) -> int | None:
    if node < order.first_read:
        return writer(order.observed, node)
    return int(order.observed.reads.event[node - order.first_read])


def _words(order: Order, node: int) -> str:
    event = _event(order, node)
    if event is not None:
        return operation(order.observed, event)
    return f"{place(order.observed, node)} (its writer is not known)"

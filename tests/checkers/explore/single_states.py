"""Compiled code one state at a time, and whole state graphs in plain Python: the two sides that tests compare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from checkers.explore import generate
from checkers.explore.compile import compile_spec
from checkers.explore.generate import Options
from checkers.explore.outcome import SearchOptions
from checkers.explore.properties import choose
from checkers.explore.search import Search
from checkers.explore.symmetry import renamed, symmetry_of
from checkers.explore.task import FAULT
from checkers.faults import FAULT_ERRORS
from specs.instance import FIXED, Instance, at
from specs.language import Record, Spec
from specs.packing import Words
from tests.checkers.explore.planted import COUNCIL, GAUGE, POST, TAPE

Found = tuple[frozenset[Words], tuple[int, ...]]
"""The states that a state leads to, and how often each action was taken."""
PLANTED: dict[str, tuple[Spec, dict[str, int]]] = {
    "gauge": (GAUGE, {}),
    "post": (POST, {}),
    "council": (COUNCIL, {}),
    "tape of 32 bits": (TAPE, {"scale": 100_000}),
    "tape of 64 bits": (TAPE, {"scale": 1 << 40}),
}
"""The planted specs whose whole graph is small enough for plain Python."""


@dataclass(frozen=True)
class Outcome:
    """What is known of a state: its first broken invariant, predicates met, and where it leads (None: to a fault)."""

    broken: str | None
    met: tuple[str, ...]
    found: Found | None


class SingleStates:
    """A compiled spec that is asked about one state at a time."""

    def __init__(self, instance: Instance, options: Options) -> None:
        self.instance = instance
        self.search = Search(choose(instance, None), compile_spec(instance, options), SearchOptions(memory_bytes=0))

    def outcome(self, words: Words) -> Outcome:
        """All about a state."""
        control, spec = self.search.control, self.instance.spec
        checked = control.copy()
        self.run(words)
        report = self.search.tasks[0].report
        broken = report[generate.REASON] == generate.BROKEN_INVARIANT
        name = spec.invariants[int(report[generate.PROPERTY])].__name__ if broken else None
        control[[generate.INVARIANTS, generate.STEP_PROPERTIES]] = 0
        found = self.run(words)
        met = tuple(p.__name__ for k, p in enumerate(spec.reachable) if int(report[generate.MET]) >> k & 1)
        control[:] = checked
        return Outcome(name, met, found)

    def run(self, words: Words) -> Found | None:
        """Where a state leads."""
        task = self.search.tasks[0]
        self.search.store.partitions[0].states[0] = np.array(words, np.uint64)
        task.run(self.search.store, self.search.control, (0, 0, 1))
        if task.report[generate.REASON] == FAULT:
            return None
        rows = [task.out[p, n, : len(words)] for p, count in enumerate(task.filled) for n in range(int(count))]
        return frozenset(tuple(int(w) for w in row) for row in rows), tuple(int(n) for n in task.fired)


def plain_outcome(instance: Instance, words: Words) -> Outcome:
    """All about a state, by plain Python."""
    spec, state = instance.spec, instance.packing.decode(words)
    broken = next((p.__name__ for p in spec.invariants if not instance.rebind(p)(state)), None)
    met = tuple(p.__name__ for p in spec.reachable if instance.rebind(p)(state))
    return Outcome(broken, met, plain_found(instance, state))


def plain_found(instance: Instance, state: Record) -> Found | None:
    """Where a state leads; None where a step meets a fault."""
    try:
        steps = [(step.action, instance.encode(after)) for step, after in instance.steps(state)]
    except FAULT_ERRORS:
        return None
    fired = tuple(sum(name == a.name for name, _ in steps) for a in instance.actions)
    return frozenset(words for _, words in steps), fired


@dataclass(frozen=True)
class Graph:
    """A whole state space: its levels, how often each action was taken, how soon predicates were met."""

    levels: tuple[frozenset[Words], ...]
    fired: tuple[int, ...]
    reached: dict[str, int | None]

    @property
    def states(self) -> frozenset[Words]:
        """Those of all levels."""
        return frozenset().union(*self.levels)


@cache
def planted(name: str) -> Instance:
    """One of them."""
    spec, bounds = PLANTED[name]
    return at(spec, FIXED, **bounds)


@cache
def graph(name: str) -> Graph:
    """Breadth first, in plain Python."""
    return graph_of(planted(name))


def graph_of(instance: Instance) -> Graph:
    """Breadth first, in plain Python."""
    known: set[Words] = set()
    levels: list[frozenset[Words]] = []
    fired = np.zeros(len(instance.actions), np.int64)
    reached: dict[str, int | None] = {p.__name__: None for p in instance.spec.reachable}
    level = frozenset(instance.encode(s) for s in instance.initial_states())
    while level:
        known |= level
        after: set[Words] = set()
        for words in level:
            outcome = plain_outcome(instance, words)
            assert outcome.found is not None
            after |= outcome.found[0]
            fired += np.array(outcome.found[1])
            reached |= {name: len(levels) for name in outcome.met if reached[name] is None}
        levels.append(level)
        level = frozenset(after - known)
    return Graph(tuple(levels), tuple(int(n) for n in fired), reached)


def orbit(instance: Instance, words: Words) -> Iterator[Words]:
    """The packed forms of a state under all renamings."""
    state = instance.packing.decode(words)
    for renaming in symmetry_of(instance.struct).renamings():
        yield instance.encode(renamed(instance.struct, state, renaming))


def representative(instance: Instance, words: Words) -> Words:
    """The least of them: one word for a state whatever its ids are called."""
    return min(orbit(instance, words))

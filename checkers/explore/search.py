"""Breadth-first search of a compiled spec.

Level by level; a level is cut into pieces of a fixed size, and a round expands a fixed number of pieces into buffers,
one for each piece and partition, and then fills each partition from its buffers, in order. Pieces and partitions are
shared out among the workers, but which states end up where does not depend on them, so counts and counterexamples are
the same for any number of workers. Properties of states are checked when a state is expanded, those of steps when the
step is taken; a broken step ends the search only after the rest of its level was checked, so that a counterexample is
always a shortest one.

Source: TLC's breadth-first search (Yu, Manolios, Lamport 1999) for what is reported.
"""

from __future__ import annotations

import hashlib
import inspect
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from checkers.clock import now
from checkers.explore import generate
from checkers.explore import symmetry as symmetry_module
from checkers.explore.compile import CompiledSpec, remembered
from checkers.explore.generate import PARTITIONS, Options
from checkers.explore.memory import peak_rss_bytes, usable_bytes
from checkers.explore.outcome import Progress, SearchOptions
from checkers.explore.properties import Properties
from checkers.explore.store import OutOfMemory, Store, state_id
from checkers.explore.symmetry import asymmetry, symmetry_of
from checkers.explore.task import FAULT, PIECE, Piece, Task, emitted
from checkers.verdict import Unknown
from specs.instance import Instance
from specs.packing import Words

TASKS = 8
"""The pieces of a round."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a search found a property broken: the state (packed and, in an exact store, by number), and what."""

    reason: int
    which: int
    words: Words
    number: int
    depth: int


@dataclass
class Counters:
    """What a search counts."""

    fired: Any
    depth: int = 0
    met: dict[int, int] = field(default_factory=dict)


class Search:
    """One search; `run` it once."""

    def __init__(self, properties: Properties, compiled: CompiledSpec, options: SearchOptions) -> None:
        """`compiled` must be of the same spec and bounds."""
        self.instance, self.properties, self.options = properties.instance, properties, options
        self.compiled = compiled
        self.tasks = [Task(compiled) for _ in range(TASKS)]
        buffers = sum(task.out.nbytes for task in self.tasks)
        limit = options.memory_bytes if options.memory_bytes is not None else usable_bytes()
        self.store = Store(compiled.instance.packing.words, max(limit - buffers, 0), options.hash_bits // 64)
        self.control = np.array(properties.control(deadlock=options.deadlock), np.int64)
        self.counters = Counters(np.zeros(len(compiled.generator.actions), np.int64))
        self.pieces: deque[Piece] = deque()
        self.broken_step: Broken | None = None
        self.on_round: Callable[[], None] | None = None
        self.watched: Callable[[Task], None] | None = None

    def warm_up(self) -> None:
        """Have everything compiled or loaded before the search is timed."""
        task, partition = self.tasks[0], self.store.partitions[0]
        emitted(self.compiled, task, np.zeros((0, self.compiled.instance.packing.words), np.uint64))
        task.run(self.store, self.control, (0, 0, 0))
        partition.insert(task.out[0], 0)
        partition.grow(partition.table.shape[0])

    # -- the search

    def run(self) -> Broken | Unknown | None:
        """Search to the end: what is broken, why there is no verdict, or None where everything holds."""
        with ThreadPoolExecutor(max(self.options.workers - 1, 1)) as pool:
            self.pool = pool
            try:
                if not self.store.count:
                    self.admit_initial()
                return self.levels()
            except OutOfMemory:
                return Unknown(self.out_of_memory())

    def levels(self) -> Broken | Unknown | None:
        """Level after level, from wherever the search stands."""
        while True:
            while self.pieces:
                stop = self.round()
                if stop is not None:
                    return stop
            if self.broken_step is not None:
                return self.broken_step
            if not self.next_level():
                return None

    def next_level(self) -> bool:
        """Cut the next level into pieces; False where there is none."""
        if not self.store.next_level():
            return False
        self.counters.depth += 1
        for number, partition in enumerate(self.store.partitions):
            for low in range(partition.begin, partition.end, PIECE):
                self.pieces.append((number, low, min(low + PIECE, partition.end)))
        return True

    def admit_initial(self) -> None:
        """Put the initial states into the store. They are level 0."""
        words = [self.instance.encode(s) for s in self.instance.initial_states()]
        for start in range(0, len(words), PIECE):
            rows = np.array(words[start : start + PIECE], np.uint64)
            self.insert([emitted(self.compiled, self.tasks[0], rows)])
        self.counters.depth = -1

    def round(self) -> Broken | Unknown | None:
        """Expand some pieces and store what is new."""
        pieces = [self.pieces.popleft() for _ in range(min(TASKS, len(self.pieces)))]
        tasks = self.tasks[: len(pieces)]
        self.parallel([partial(t.run, self.store, self.control, p) for t, p in zip(tasks, pieces, strict=True)])
        broken = self.judge(tasks)
        if broken is not None:
            return broken
        if self.watched is not None:
            for task in tasks:
                self.watched(task)
        self.insert(tasks)
        self.report_progress()
        if self.options.max_states is not None and self.store.count >= self.options.max_states:
            return Unknown(
                f"stopped at {self.store.count} states, the limit was {self.options.max_states} (--max-states)"
            )
        if self.on_round is not None:
            self.on_round()
        return None

    def judge(self, tasks: Sequence[Task]) -> Broken | None:
        """Add up what the tasks report; returns the first broken property of a state."""
        rest: list[Piece] = []
        first: Broken | None = None
        for task in tasks:
            self.counters.fired += task.fired
            self.meet(int(task.report[generate.MET]))
            reason = int(task.report[generate.REASON])
            partition, _, high = task.piece
            if reason in (generate.BROKEN_INVARIANT, generate.DEADLOCK):
                first = first or self.broken(task)
            elif reason in (FAULT, generate.BROKEN_STEP, generate.BROKEN_REFINEMENT):
                self.broken_step = self.broken_step or self.broken(task)
                self.control[generate.EXPAND] = 0
                rest.append((partition, task.stopped + 1, high))
            elif task.stopped < high:
                rest.append((partition, task.stopped, high))
        self.pieces.extendleft(reversed([piece for piece in rest if piece[1] < piece[2]]))
        return first

    def broken(self, task: Task) -> Broken:
        """What a stopped task found."""
        partition = task.piece[0]
        words = tuple(int(w) for w in self.store.partitions[partition].rows()[task.stopped])
        number = state_id(partition, task.stopped)
        return Broken(
            int(task.report[generate.REASON]), int(task.report[generate.PROPERTY]), words, number, self.counters.depth
        )

    def meet(self, bits: int) -> None:
        """Note the `reachable` predicates that were met."""
        new = bits & int(self.control[generate.WANTED])
        for k in range(new.bit_length()):
            if new >> k & 1:
                self.counters.met[k] = self.counters.depth
        self.control[generate.WANTED] &= ~new

    def insert(self, tasks: Sequence[Task]) -> None:
        """Store what the tasks emitted, partition by partition, in the order of the tasks."""
        incoming = [sum(int(t.filled[p]) for t in tasks) for p in range(PARTITIONS)]
        growing = self.store.make_room(incoming)
        self.parallel([partial(p.grow, length) for p, length in growing])
        self.parallel([partial(self.fill, number, tasks) for number in range(PARTITIONS)])

    def fill(self, number: int, tasks: Sequence[Task]) -> None:
        """Fill one partition."""
        for task in tasks:
            if task.filled[number]:
                self.store.partitions[number].insert(task.out[number], int(task.filled[number]))

    def parallel(self, jobs: Sequence[Callable[[], None]]) -> None:
        """Run jobs, shared out among the workers."""
        workers = self.options.workers
        if workers == 1 or len(jobs) < 2:
            run_all(jobs)
            return
        others = [self.pool.submit(run_all, jobs[k::workers]) for k in range(1, workers)]
        run_all(jobs[::workers])
        for other in others:
            other.result()

    # -- what it tells

    def queue(self) -> int:
        """How many states are known but not expanded."""
        found = sum(int(p.filled if self.options.hash_bits else p.known - p.end) for p in self.store.partitions)
        return found + sum(high - low for _, low, high in self.pieces)

    def report_progress(self) -> None:
        """Tell whoever wants to know."""
        if self.options.progress is not None:
            self.options.progress(
                Progress(self.store.count, self.counters.depth, self.queue(), now(), peak_rss_bytes())
            )

    def out_of_memory(self) -> str:
        """Why the search stopped and what to do."""
        hints = ["smaller bounds"]
        if self.options.hash_bits == 0:
            hints.insert(0, "--compact 64 (hashes only)")
        if not self.compiled.generator.options.symmetric and symmetry_of(self.instance.struct).kinds:
            hints.insert(0, "--symmetry")
        return (
            f"out of memory at {self.store.count} states ({self.queue()} of them not expanded): more than "
            f"{self.store.limit_bytes >> 20} MiB would be needed; try {', '.join(hints)}"
        )


def run_all(jobs: Sequence[Callable[[], None]]) -> None:
    """One after the other."""
    for job in jobs:
        job()


def decide_symmetry(instance: Instance, wanted: bool | None) -> tuple[bool, tuple[str, ...]]:  # noqa: FBT001
    """Whether to search under symmetry, and a word on why not."""
    symmetry = symmetry_of(instance.struct)
    if wanted is False or not symmetry.kinds:
        return False, ()
    how = inspect.getsource(symmetry_module)  # so that no answer of another version of it is taken for its own
    what = repr([how, sorted(instance.switched_off), *map(instance.encode, instance.initial_states())])
    off = hashlib.sha256(what.encode()).hexdigest()[:16]
    reason = remembered(
        instance, Options(symmetric=True), f"asymmetry_{off}", lambda: asymmetry(instance, symmetry) or ""
    )
    if reason:
        return False, (f"symmetry is off: {reason}",)
    return True, ()

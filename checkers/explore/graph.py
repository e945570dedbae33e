"""The state graph of a finite spec: every reachable state, and every step between two of them, in CSR arrays.

Built from the states of an exact search without symmetry: each state is expanded once more, now with the steps' names,
and each successor is looked up. Results don't depend on the number of workers. Memory, next to what the search itself
holds: for a state 8 bytes a word, 12 for the table and 8 for `indptr`; for an edge 6 bytes (8 beyond 65,536 steps).

Left out: graphs of 2^31 states or more; graphs on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checkers.explore import graph_kernel, kernel
from checkers.explore.compile import CompiledSpec
from checkers.explore.explore import explored
from checkers.explore.fair_components import Array, Graph
from checkers.explore.graph_source import all_steps, compile_graph
from checkers.explore.outcome import Exploration, SearchOptions
from checkers.explore.search import Search
from checkers.explore.store import FULLEST
from checkers.explore.task import FAULTS
from checkers.verdict import Moment, Run, UserError
from specs.instance import Instance, Step
from specs.language import Record

PIECE = 1 << 13
"""States of a piece."""
ROWS = 1 << 15
"""Edges of a buffer, besides room for those of one more state."""


@dataclass(frozen=True)
class StateGraph:
    """A graph with the states and steps that its numbers stand for."""

    instance: Instance
    compiled: CompiledSpec
    states: Array
    """The packed states, a row each."""
    steps: tuple[Step, ...]
    """What the labels stand for."""
    graph: Graph
    control: Array
    """What compiled code is told."""

    def state(self, node: int) -> Record:
        """The state of a node."""
        return self.instance.packing.decode(tuple(int(word) for word in self.states[node]))

    def moment(self, edge: int) -> Moment:
        """The step of an edge and the state that it leads to."""
        return Moment(self.steps[self.graph.labels[edge]], self.state(int(self.graph.targets[edge])))

    def run_to(self, node: int) -> Run:
        """A shortest run to a node."""
        start, edges = self.graph.path(node, self.graph.depths[1])
        return Run(self.state(start), tuple(self.moment(e) for e in edges))

    def holds(self) -> Array:
        """For each state the predicates that hold in it, as bits. Raises PredicateFault."""
        bits = np.zeros(len(self.states), np.int64)
        at = np.zeros(1, np.int64)
        try:
            states, _ = self.compiled.workspace()
            self.compiled.module.hold(self.states, 0, len(self.states), bits, at, states, self.control)
        except FAULTS as error:
            raise PredicateFault(int(at[0])) from error
        return bits


class PredicateFault(Exception):  # noqa: N818 - a finding
    """A predicate met a finding in a state."""

    def __init__(self, node: int) -> None:
        """`node` is the state."""
        self.node = node


def search_for_graph(instance: Instance, options: SearchOptions) -> tuple[Search, Exploration]:
    """An exact search without symmetry. Raises UserError for a compact one."""
    if options.hash_bits:
        raise UserError(f"--compact {options.hash_bits}: a state graph needs the states themselves; leave it out")
    return explored(instance, replace(options, symmetric=False))


def graph_bytes(search: Search) -> int:
    """The most memory that building the graph takes, next to the search."""
    states, edges = search.store.count, int(search.counters.fired.sum())
    return states * (8 * search.store.words + 20) + edges * 8


def state_graph(
    search: Search, predicates: tuple[Callable[..., Any], ...] = (), *, stutters: bool = False
) -> StateGraph:
    """The graph of a search that went to its end; with steps that change nothing if `stutters`."""
    instance = search.instance
    compiled = compile_graph(instance, predicates)
    states = np.concatenate([p.states[: p.known] for p in search.store.partitions])
    table = np.zeros(int(len(states) / FULLEST) + 1, np.uint64)
    kernel.rebuild(table, states, len(states))
    steps = all_steps(compiled.generator)
    builder = _Builder(compiled, states, table, search.control, stutters)
    arrays = builder.arrays(int(search.counters.fired.sum()), len(steps), search.options.workers)
    initial = builder.positions(np.array([instance.encode(s) for s in instance.initial_states()], np.uint64))
    graph = Graph(*arrays, np.unique(initial), len(steps))
    return StateGraph(instance, compiled, states, steps, graph, search.control)


@dataclass(frozen=True)
class _Builder:
    """Expands states and looks up where their steps lead."""

    compiled: CompiledSpec
    states: Array
    table: Array
    control: Array
    stutters: bool

    def arrays(self, most: int, labels: int, workers: int) -> tuple[Array, Array, Array]:
        """indptr, targets, labels; there are at most `most` edges."""
        indptr = np.zeros(len(self.states) + 1, np.int64)
        targets = np.empty(most, np.int32)
        names = np.empty(most, np.uint16 if labels <= 1 << 16 else np.uint32)
        low = edges = 0
        with ThreadPoolExecutor(workers) as pool:
            for degrees, to, by in pool.map(self.piece, range(0, len(self.states), PIECE)):
                indptr[low + 1 : low + 1 + len(degrees)] = degrees
                targets[edges : edges + len(to)] = to
                names[edges : edges + len(to)] = by
                low, edges = low + len(degrees), edges + len(to)
        np.cumsum(indptr, out=indptr)
        return indptr, targets[:edges], names[:edges]

    def piece(self, low: int) -> tuple[Array, Array, Array]:
        """How many edges leave each state of a piece, where they lead, and their labels."""
        high = min(low + PIECE, len(self.states))
        degrees = np.zeros(high - low, np.int32)
        found = list(self.expanded(low, high, degrees))
        return degrees, np.concatenate([to for to, _ in found]), np.concatenate([by for _, by in found])

    def expanded(self, low: int, high: int, degrees: Array) -> Iterator[tuple[Array, Array]]:
        """The edges of some states, a buffer at a time."""
        rows = ROWS + self.compiled.generator.successors_max()
        out = np.empty((rows, self.states.shape[1]), np.uint64)
        labels = np.empty(rows, np.int32)
        workspace = self.compiled.workspace()
        begin = low
        while begin < high:
            end = self.compiled.module.edges(
                self.states, begin, high, out, labels, degrees[begin - low :], self.stutters,
                *workspace, self.control,
            )  # fmt: skip
            count = int(degrees[begin - low : end - low].sum())
            yield self.positions(out[:count]), labels[:count].copy()
            begin = end

    def positions(self, rows: Array) -> Array:
        """The numbers of packed states."""
        found = np.empty(len(rows), np.int32)
        complete = graph_kernel.locate(rows, self.table, self.states, found)
        assert complete, "a step leads to a state that the search did not find"
        return found


def labels_of(graph: StateGraph, functions: tuple[Callable[..., bool], ...]) -> tuple[int, ...]:
    """The labels of the steps of some actions of the spec, as the instance's variant replaces them."""
    replaced = dict(graph.instance.variant.replaces)
    wanted = {replaced.get(function, function) for function in functions}
    sources = [a.source for a in graph.instance.actions for _ in a.bindings()]
    return tuple(label for label, source in enumerate(sources) if source in wanted)

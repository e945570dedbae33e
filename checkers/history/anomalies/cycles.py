"""Cycles of dependencies: operations of which each comes before the next, and the last before the first.

A class of cycles is searched in the graph of its kinds of edges. What it is about (`focus`) must lie on a cycle there
and on no cycle of the smaller graphs, so that a cycle through such an edge needs all the kinds that name the class. One
cycle is told for each strongly connected component: the shortest through such an edge.

Source: Adya, Weak consistency (1999): G0, G1c, G-single, G2; Alvaro and Kingsbury, Elle (2020): the process and
realtime flavours; Pearce's algorithm for components (scipy). Left out: read-write cycles that need process or realtime
edges, which every consumer that lags behind would close. In a component of more than STEPS_MAX edges the cycle told is
a short one, not surely the shortest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from checkers.history.anomalies.analysis import Analysis
from checkers.history.anomalies.columns import Evidence, Findings, Ints, Mask
from checkers.history.anomalies.graph import Edge, Graph, components, dependency_graph
from checkers.history.anomalies.sentences import edge_evidence
from checkers.history.history import NONE

STEPS_MAX = 200_000
"""The search for a shorter cycle in a component ends after so many steps."""
SORTED_MAX = 100
"""So many cycles are sorted by length, from the smallest components; those of larger ones follow as they stand."""
DATA = (Edge.WW, Edge.WR)
Hop = tuple[int, int]
"""Where an edge leads, and its row; NONE for a realtime edge."""


@dataclass(frozen=True, slots=True)
class CycleClass:
    """A name for cycles of some kinds of edges."""

    type: str
    kinds: tuple[Edge, ...]
    focus: tuple[Edge, ...]
    smaller: tuple[tuple[Edge, ...], ...] = ()


WW, WR = (Edge.WW,), (Edge.WW, Edge.WR)
WW_PROCESS, WR_PROCESS = (*WW, Edge.PROCESS), (*WR, Edge.PROCESS)
WW_REALTIME, WR_REALTIME = (*WW_PROCESS, Edge.REALTIME), (*WR_PROCESS, Edge.REALTIME)
CLASSES: Mapping[str, CycleClass] = {
    "write_cycle": CycleClass("G0", WW, WW),
    "write_cycle_process": CycleClass("G0-process", WW_PROCESS, WW, (WW,)),
    "write_cycle_realtime": CycleClass("G0-realtime", WW_REALTIME, WW, (WW_PROCESS,)),
    "circular_information_flow": CycleClass("G1c", WR, (Edge.WR,)),
    "circular_information_flow_process": CycleClass("G1c-process", WR_PROCESS, DATA, (WR, WW_PROCESS)),
    "circular_information_flow_realtime": CycleClass("G1c-realtime", WR_REALTIME, DATA, (WR_PROCESS, WW_REALTIME)),
    "read_write_cycle": CycleClass("G2", (*WR, Edge.RW), (Edge.RW,)),
}


def cycles(name: str, analysis: Analysis) -> Findings:
    """The cycles of a class, the shortest first."""
    wanted = CLASSES[name]
    graph = analysis.once(dependency_graph)
    closed = analysis.once(ClosedEdges)
    rows = closed.of(wanted.kinds)
    focus = np.isin(graph.edges.kind[rows], np.array(wanted.focus))
    for kinds in wanted.smaller:
        focus &= ~np.isin(rows, closed.of(kinds))
    if not focus.any():
        return Findings(np.empty(0, np.int64), lambda _: {})
    tangles = Tangles(graph, rows, rows[focus])
    show = partial(cycle_evidence, analysis, tangles, wanted.type)
    count = len(tangles)
    known = {number: show(number) for number in range(min(count, SORTED_MAX))}
    order = sorted(range(count), key=lambda n: (0, len(shown_edges(known[n]))) if n in known else (1, 0))
    return Findings(np.array(order, np.int64), lambda number: known[number] if number in known else show(number))


def shown_edges(evidence: Evidence) -> Sequence[object]:
    """The edges of a cycle that is told."""
    edges = evidence["edges"]
    assert isinstance(edges, list)
    return edges


class ClosedEdges:
    """The edges that lie on a cycle, by the kinds of edges of which the cycle may be; each is searched once."""

    def __init__(self, analysis: Analysis) -> None:
        self._graph = analysis.once(dependency_graph)
        self._without = () if analysis.settings.ww_deps else (Edge.WW,)
        self._known: dict[tuple[Edge, ...], Ints] = {}

    def of(self, kinds: tuple[Edge, ...]) -> Ints:
        """The rows of the edges that lie on a cycle of edges of these kinds."""
        kinds = tuple(kind for kind in kinds if kind not in self._without)
        if kinds not in self._known:
            self._known[kinds] = self._search(kinds)
        return self._known[kinds]

    def _search(self, kinds: tuple[Edge, ...]) -> Ints:
        """Where all cycles of more kinds are known, only their edges are looked at."""
        graph, widest = self._graph, tuple(kind for kind in WR_REALTIME if kind not in self._without)
        wanted = np.isin(np.arange(len(Edge)), kinds)
        if Edge.RW in kinds or kinds == widest:
            rows = np.flatnonzero(wanted[graph.edges.kind])
        else:
            known = self.of(widest)
            rows = known[wanted[graph.edges.kind[known]]]
        edges = graph.edges.where(rows)
        component = components(graph.size, edges)
        closed: Ints = rows[component[edges.source] == component[edges.target]]
        return closed


class Tangles:
    """The components that hold an edge in focus, the smallest first."""

    def __init__(self, graph: Graph, rows: Ints, focus: Ints) -> None:
        edges = graph.edges.where(rows)
        self.graph = graph
        self._of_node = components(graph.size, edges)
        of_row = self._of_node[edges.source]
        order = np.argsort(of_row, kind="stable")
        self._rows, self._of_row = rows[order], of_row[order]
        of_focus = self._of_node[graph.edges.source[focus]]
        order = np.argsort(of_focus, kind="stable")
        self._focus, self._of_focus = focus[order], of_focus[order]
        with_focus = np.unique(of_focus)
        size = np.searchsorted(self._of_row, with_focus, "right") - np.searchsorted(self._of_row, with_focus)
        self._numbers = with_focus[np.argsort(size, kind="stable")]

    def __len__(self) -> int:
        return len(self._numbers)

    def rows(self, number: int) -> Ints:
        """The edges of a component."""
        low, high = np.searchsorted(self._of_row, [self._numbers[number], self._numbers[number] + 1])
        return self._rows[low:high]

    def focus(self, number: int) -> Ints:
        """The edges in focus of a component."""
        low, high = np.searchsorted(self._of_focus, [self._numbers[number], self._numbers[number] + 1])
        return self._focus[low:high]


class Tangle:
    """One component, to be walked. Moments are left out; from operation to operation they are a single edge."""

    def __init__(self, graph: Graph, rows: Ints) -> None:
        self._hops: dict[int, list[Hop]] = {}
        edges = graph.edges
        told = rows[edges.kind[rows] != Edge.REALTIME]
        sources, targets = edges.source[rows], edges.target[rows]
        for row, source, target in zip(
            told.tolist(), edges.source[told].tolist(), edges.target[told].tolist(), strict=True
        ):
            self._hops.setdefault(source, []).append((target, row))
        nodes = np.unique(np.concatenate((sources, targets)))
        nodes = nodes[nodes < len(graph.event)]
        self.size = len(nodes)
        self._late: list[int] = []
        if len(told) < len(rows):
            by_begin = nodes[np.argsort(graph.begin[nodes], kind="stable")]
            self._late = by_begin.tolist()
            after = np.searchsorted(graph.begin[by_begin], graph.event[nodes], "right")
            over: Mask = graph.over[nodes]
            self._after = dict(zip(nodes[over].tolist(), after[over].tolist(), strict=True))
        self.steps = 0

    def shortest(self, start: int, goal: int, limit: int) -> list[tuple[int, Hop]] | None:
        """The shortest walk, as (from, hop) each, of fewer than `limit` hops; None if there is none."""
        came: dict[int, tuple[int, Hop]] = {}
        queue, reached = deque([(start, 0)]), len(self._late)
        while queue:
            node, length = queue.popleft()
            if node == goal:
                return walked(came, start, goal)
            if length + 1 >= limit:
                continue
            hops = self._hops.get(node, [])
            if self._late and (after := self._after.get(node, reached)) < reached:
                hops = [*hops, *((late, NONE) for late in self._late[after:reached])]
                reached = after
            self.steps += 1 + len(hops)
            for hop in hops:
                if hop[0] != start and hop[0] not in came:
                    came[hop[0]] = (node, hop)
                    queue.append((hop[0], length + 1))
        return None


def walked(came: Mapping[int, tuple[int, Hop]], start: int, goal: int) -> list[tuple[int, Hop]]:
    """The hops from start to goal."""
    walk: list[tuple[int, Hop]] = []
    node = goal
    while node != start:
        walk.append(came[node])
        node = came[node][0]
    return walk[::-1]


def shortest_cycle(tangles: Tangles, number: int) -> tuple[list[tuple[int, Hop]], int]:
    """The shortest cycle through an edge in focus of a component, and how many operations the component has."""
    edges, rows = tangles.graph.edges, tangles.rows(number)
    tangle = Tangle(tangles.graph, rows)
    there = set(zip(edges.source[rows].tolist(), edges.target[rows].tolist(), strict=True))
    focus = [(int(edges.source[row]), int(edges.target[row]), row) for row in tangles.focus(number).tolist()]
    focus.sort(key=lambda edge: (edge[1], edge[0]) not in there)
    best: list[tuple[int, Hop]] = []
    for source, target, row in focus:
        walk = tangle.shortest(target, source, len(best) - 1 if best else tangle.size + 1)
        if walk is not None:
            best = [(source, (target, row)), *walk]
        if best and (len(best) == 2 or tangle.steps > STEPS_MAX):
            break
    assert best, "an edge inside a component lies on a cycle"
    return best, tangle.size


def cycle_evidence(analysis: Analysis, tangles: Tangles, kind: str, number: int) -> Evidence:
    """The cycle of a component, from its earliest operation on, with a sentence for each edge."""
    cycle, size = shortest_cycle(tangles, number)
    first = min(range(len(cycle)), key=lambda place: cycle[place][0])
    cycle = cycle[first:] + cycle[:first]
    event = tangles.graph.event
    names = {node: f"T{place}" for place, (node, _) in enumerate(cycle, 1)}
    edges = [edge_evidence(analysis, tangles.graph, (node, *hop), names) for node, hop in cycle]
    if kind == "G2" and sum(edge["kind"] == "rw" for edge in edges) == 1:
        kind = "G-single"
    operations = [analysis.index(int(event[node])) for node, _ in cycle]
    return {"type": kind, "operations": list(operations), "edges": list(edges), "component": size}

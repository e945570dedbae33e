"""The shortest lasso: a way to a fair component, and a cycle there that meets every fairness condition.

What is guaranteed: the run is a lasso of a fair behaviour. It is the shortest one, prefix and cycle together, as long
as no more than `ENTRIES` states are candidates for the beginning of its cycle and `STATES_MAX` suffices to remember,
for each state of a component, what was met on the way to it; beyond that the candidates nearest to an initial state
are tried, and conditions are met a few at a time (the cycle that visits many given sets and is shortest is a
travelling salesman's). A stutter forever counts as a cycle of no steps.

Source: Lamport, Specifying Systems, chapter 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import int64, njit

from checkers.explore.fair_components import Array, Fairness, Graph

ENTRIES = 2000
STATES_MAX = 1 << 22
NO_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Lasso:
    """The node where it begins, the edges up to the cycle, the edges of the cycle (none: a stutter)."""

    initial: int
    prefix: tuple[int, ...]
    cycle: tuple[int, ...]

    @property
    def length(self) -> int:
        """Its steps."""
        return len(self.prefix) + len(self.cycle)


@dataclass(frozen=True, slots=True)
class Search:
    """What a lasso is looked for in: components by node; how far each is with the trigger met, and by which edges."""

    graph: Graph
    fairness: Fairness
    components: Array
    trigger: Array | None
    reached: tuple[Array, Array]

    def ways(self, *, triggered: bool) -> tuple[Array, Array]:
        """Distances and edges, with the trigger met on the way or not."""
        return self.reached if triggered else self.graph.depths

    def prefix(self, node: int, *, triggered: bool) -> tuple[int, list[int]]:
        """The shortest way to a node."""
        start, edges = self.graph.path(node, self.ways(triggered=triggered)[1])
        if not triggered:
            return start, edges
        start, before = self.graph.path(start, self.graph.depths[1])
        return start, before + edges


def shortest_lasso(search: Search) -> Lasso:
    """A lasso through one of the components; there must be one."""
    best = best_stutter(search)
    parts = Parts(search)
    insides: dict[int, Inside] = {}
    for distance, node, triggered in entries(search, parts):
        limit = NO_LIMIT if best is None else best.length - distance - 1
        if limit < 2:
            break
        component = int(search.components[node])
        if component not in insides:
            insides[component] = Inside(parts, component)
        cycle = insides[component].cycle(node, limit, triggered=triggered)
        if cycle is not None:
            start, prefix = search.prefix(node, triggered=triggered)
            best = Lasso(start, tuple(prefix), tuple(cycle))
    assert best is not None
    return best


def best_stutter(search: Search) -> Lasso | None:
    """The shortest way to a state where a fair behaviour may stay."""
    nodes = np.flatnonzero((search.components >= 0) & search.fairness.may_stutter)
    if not len(nodes):
        return None
    node = int(nodes[np.argmin(search.reached[0][nodes])])
    start, prefix = search.prefix(node, triggered=True)
    return Lasso(start, tuple(prefix), ())


def entries(search: Search, parts: Parts) -> Iterator[tuple[int, int, bool]]:
    """Where a cycle may begin, the nearest first: distance, node, and whether the trigger was met on the way."""
    members = np.flatnonzero(search.components >= 0)
    members = members[np.diff(parts.starts)[search.components[members]] > 1]
    near, far = search.ways(triggered=False)[0][members], search.reached[0][members]
    sooner = near < far
    distances = np.concatenate([far, near[sooner]])
    nodes = np.concatenate([members, members[sooner]])
    order = np.lexsort((nodes, distances))[:ENTRIES]
    for k in order:
        yield int(distances[k]), int(nodes[k]), bool(k < len(members))


class Parts:
    """The nodes of each component, and the place of each node among those of its own."""

    def __init__(self, search: Search) -> None:
        self.search = search
        count = int(search.components.max()) + 1
        self.order = np.argsort(search.components, kind="stable").astype(np.int32)
        self.starts = np.searchsorted(search.components[self.order], np.arange(count + 1))
        self.place = np.empty(len(self.order), np.int32)
        before = np.concatenate([self.starts, [0]])[search.components[self.order]]
        self.place[self.order] = np.arange(len(self.order)) - before

    def nodes(self, component: int) -> Array:
        """The nodes of a component, in order."""
        nodes: Array = self.order[self.starts[component] : self.starts[component + 1]]
        return nodes


class Inside:
    """A component on its own, with what its cycles must meet.

    A demand is a bit: a group that must be taken, or (if weak) met in a state where it is not enabled; or the trigger,
    if it was not met before. Groups that are enabled nowhere inside ask for nothing.
    """

    def __init__(self, parts: Parts, component: int) -> None:
        self.search = search = parts.search
        fairness = search.fairness
        self.nodes = parts.nodes(component)
        arrays = (search.graph.indptr, search.graph.targets)
        self.indptr, self.targets, self.edges = inner_edges(*arrays, self.nodes, parts.place, search.components)
        groups = [g for g in range(len(fairness.groups)) if fairness.is_enabled(self.nodes, g).any()]
        self.weak = [g for g in groups if not fairness.groups[g].strong]
        self.strong = [g for g in groups if fairness.groups[g].strong]

    def cycle(self, node: int, limit: int, *, triggered: bool) -> list[int] | None:
        """A cycle of at most `limit` steps through a node that meets all demands; None if none was found."""
        start = int(np.searchsorted(self.nodes, node))
        trigger = not triggered
        weak, strong = self.weak, self.strong
        if len(self.nodes) << (len(weak) + 2 * len(strong) + trigger) <= STATES_MAX:
            edges = self.leg(Demands(self, weak, strong, trigger=trigger), start, start, limit)
        else:
            edges = self.long_cycle(start, limit, trigger=trigger)
        return None if edges is None else [int(self.edges[e]) for e in edges]

    def long_cycle(self, start: int, limit: int, *, trigger: bool) -> list[int] | None:
        """A cycle that meets a few demands at a time, then goes home. A strongly fair group is then simply taken."""
        edges: list[int] = []
        chunk = max((STATES_MAX // len(self.nodes)).bit_length() - 1, 1)
        while True:
            at = int(self.targets[edges[-1]]) if edges else start
            unmet = self.unmet(edges, at)[:chunk]
            weak, must = [g for g in unmet if g in self.weak], [g for g in unmet if g in self.strong]
            demands = Demands(self, weak, [], must=must, trigger=trigger and not edges)
            home = not unmet and (bool(edges) or not trigger)
            if home and edges and at == start:
                return edges
            leg = self.leg(demands, at, start if home else -1, limit - len(edges))
            if leg is None or home:
                return None if leg is None else edges + leg
            edges += leg

    def unmet(self, edges: list[int], at: int) -> list[int]:
        """The groups that a way to a node leaves unmet."""
        fairness = self.search.fairness
        taken = {int(label) for e in edges for label in self.labels_beside(e)}
        nodes = self.nodes[[at, *(int(self.targets[e]) for e in edges)]]
        return [
            g
            for g in [*self.weak, *self.strong]
            if taken.isdisjoint(fairness.groups[g].labels) and (g in self.strong or fairness.is_enabled(nodes, g).all())
        ]

    def labels_beside(self, edge: int) -> Array:
        """The labels of all edges between the same nodes as the given one."""
        node = int(np.searchsorted(self.indptr, edge, side="right")) - 1
        out = slice(self.indptr[node], self.indptr[node + 1])
        labels: Array = self.search.graph.labels[self.edges[out][self.targets[out] == self.targets[edge]]]
        return labels

    def leg(self, demands: Demands, start: int, end: int, limit: int) -> list[int] | None:
        """The shortest way, of at least one step, that meets the demands and ends in `end` (-1: anywhere)."""
        graph = (self.indptr, self.targets, demands.taken, demands.off, demands.on)
        edges = tour(graph, (demands.weak, demands.strong), start, end, limit)
        return None if len(edges) and edges[0] < 0 else [int(e) for e in edges]


class Demands:
    """Demands as bits: of an edge those that it takes; of a node those it meets, and the strong ones it asks for."""

    def __init__(
        self, inside: Inside, weak: list[int], strong: list[int], *, must: list[int] | None = None, trigger: bool
    ) -> None:
        graph, fairness, nodes = inside.search.graph, inside.search.fairness, inside.nodes
        must = must or []
        bits = [*weak, *must, *strong]
        self.weak, self.strong = len(weak) + len(must) + trigger, len(strong)
        of_label = np.zeros(graph.label_count, np.int64)
        self.off = np.zeros(len(nodes), np.int64)
        self.on = np.zeros(len(nodes), np.int64)
        if trigger and inside.search.trigger is not None:
            self.off |= inside.search.trigger[nodes].astype(np.int64)
        for k, group in enumerate(bits, int(trigger)):
            of_label[list(fairness.groups[group].labels)] |= 1 << k
            enabled = fairness.is_enabled(nodes, group).astype(np.int64)
            if group in strong:
                self.on |= enabled << (k - self.weak)
            elif group not in must:
                self.off |= (1 - enabled) << k
        self.taken = of_label[graph.labels[inside.edges]]
        merge_parallel(inside.indptr, inside.targets, self.taken)


@njit(nogil=True, cache=True)
def inner_edges(indptr: Array, targets: Array, nodes: Array, place: Array, components: Array) -> Any:  # noqa: ANN401
    """The edges between the nodes of a component, in CSR form over their places, and what each is called outside."""
    component = components[nodes[0]]
    inner = np.zeros(nodes.shape[0] + 1, np.int64)
    for k in range(nodes.shape[0]):
        inner[k + 1] = inner[k]
        for edge in range(indptr[nodes[k]], indptr[nodes[k] + 1]):
            inner[k + 1] += components[targets[edge]] == component
    to = np.empty(inner[-1], np.int32)
    names = np.empty(inner[-1], np.int64)
    n = 0
    for k in range(nodes.shape[0]):
        for edge in range(indptr[nodes[k]], indptr[nodes[k] + 1]):
            if components[targets[edge]] == component:
                to[n] = place[targets[edge]]
                names[n] = edge
                n += 1
    return inner, to, names


@njit(nogil=True, cache=True)
def merge_parallel(indptr: Array, targets: Array, taken: Array) -> None:
    """Give edges between the same nodes the same demands: a step counts for every action that allows it."""
    for node in range(indptr.shape[0] - 1):
        for edge in range(indptr[node], indptr[node + 1]):
            for other in range(indptr[node], edge):
                if targets[other] == targets[edge]:
                    taken[edge] |= taken[other]
                    taken[other] = taken[edge]


@njit(nogil=True, cache=True)
def tour(graph: Any, bits: tuple[int, int], start: int, end: int, limit: int) -> Array:  # noqa: ANN401
    """The edges of a shortest way that meets all demands; [-1] if there is none of at most `limit` steps.

    Breadth first over nodes and what was met so far: the demands met, above them the strong groups that were seen
    enabled. A strong group is content if it was taken or never seen enabled.
    """
    indptr, targets, taken, off, on = graph
    weak, strong = bits
    met_bits = weak + strong
    all_bits = met_bits + strong
    everything = (1 << met_bits) - 1
    seen = np.zeros((indptr.shape[0] - 1) << all_bits, np.bool_)
    codes = [int64(start) << all_bits | on[start] << met_bits | off[start]]
    parents = [int64(-1)]
    edges = [int64(-1)]
    low, high, length = 0, 1, 0
    while low < high and length < limit:
        length += 1
        for position in range(low, high):
            node = codes[position] >> all_bits
            state = codes[position] & ((1 << all_bits) - 1)
            for edge in range(indptr[node], indptr[node + 1]):
                target = int64(targets[edge])
                after = state | taken[edge] | off[target] | on[target] << met_bits
                code = target << all_bits | after
                if seen[code]:
                    continue
                seen[code] = True
                codes.append(code)
                parents.append(int64(position))
                edges.append(int64(edge))
                content = after | (~(after >> met_bits) & ((1 << strong) - 1)) << weak
                if content & everything == everything and (end < 0 or end == target):
                    way, at = np.empty(length, np.int64), int64(len(codes) - 1)
                    for k in range(length - 1, -1, -1):
                        way[k] = edges[at]
                        at = parents[at]
                    return way
        low, high = high, len(codes)
    return np.full(1, -1, np.int64)

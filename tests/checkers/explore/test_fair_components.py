"""Fair components and lassos on random small graphs, against brute force over sets of nodes and of steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.explore import lasso as lassos
from checkers.explore.fair_components import Fairness, Graph, Group, fair_components
from checkers.explore.lasso import Search, shortest_lasso

Edge = tuple[int, int, int]
"""From, to, label."""


@dataclass(frozen=True)
class Case:
    """A random problem; node 0 is initial, `pending` where the goal fails."""

    nodes: int
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]
    pending: frozenset[int]
    trigger: frozenset[int] | None

    def enabled(self, node: int, group: Group) -> bool:
        """Whether a group has a step in a node."""
        return any(u == node and label in group.labels for u, _, label in self.edges)

    def taken(self, pair: tuple[int, int], group: Group) -> bool:
        """Whether a group has a step between two nodes."""
        return any((u, v) == pair and label in group.labels for u, v, label in self.edges)

    def is_fair(self, nodes: frozenset[int], pairs: frozenset[tuple[int, int]]) -> bool:
        """Whether visiting just these nodes and steps again and again is fair."""
        for group in self.groups:
            enabled = [self.enabled(n, group) for n in nodes]
            if not any(self.taken(p, group) for p in pairs) and (any(enabled) if group.strong else all(enabled)):
                return False
        return True

    def graph(self) -> Graph:
        """As the checker takes it."""
        edges = sorted(self.edges)
        indptr = np.searchsorted([u for u, _, _ in edges], np.arange(self.nodes + 1)).astype(np.int64)
        targets = np.array([v for _, v, _ in edges], np.int32)
        labels = np.array([label for _, _, label in edges], np.uint16)
        return Graph(indptr, targets, labels, np.array([0], np.int32), LABELS)


LABELS = 4


@st.composite
def cases(draw: st.DrawFn) -> Case:
    nodes = draw(st.integers(1, 6))
    node = st.integers(0, nodes - 1)
    edge = st.tuples(node, node, st.integers(0, LABELS - 1)).filter(lambda e: e[0] != e[1])
    edges = draw(st.lists(edge, max_size=14, unique=True)) if nodes > 1 else []
    labels = st.lists(st.integers(0, LABELS - 1), max_size=3, unique=True).map(tuple)
    groups = draw(st.lists(st.builds(Group, labels, st.booleans()), max_size=3))
    pending = draw(st.frozensets(node)) | (frozenset() if draw(st.booleans()) else frozenset(range(nodes)))
    return Case(nodes, tuple(edges), tuple(groups), pending, draw(st.none() | st.frozensets(node)))


# ------------------------------------------------------------------------------------------------------- brute force


def within(case: Case) -> nx.DiGraph[int]:
    """The steps among pending nodes."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(case.pending)
    graph.add_edges_from((u, v) for u, v, _ in case.edges if {u, v} <= case.pending)
    return graph


def hot(case: Case) -> frozenset[int]:
    """The pending nodes that are reachable, and, with a trigger, reachable from it without the goal."""
    whole: nx.DiGraph[int] = nx.DiGraph()
    whole.add_nodes_from(range(case.nodes))
    whole.add_edges_from((u, v) for u, v, _ in case.edges)
    reachable = nx.descendants(whole, 0) | {0}
    if case.trigger is None:
        return frozenset(reachable & case.pending)
    starts = reachable & case.pending & case.trigger
    return frozenset(set(starts).union(*(nx.descendants(within(case), n) for n in starts)))


def fair_sets(case: Case) -> Iterator[frozenset[int]]:
    """Every set of nodes in which a fair behaviour can stay."""
    nodes, graph = sorted(hot(case)), within(case)
    for size in range(1, len(nodes) + 1):
        for some in combinations(nodes, size):
            part = graph.subgraph(some)
            if nx.is_strongly_connected(part) and case.is_fair(frozenset(some), frozenset(part.edges)):
                yield frozenset(some)


def shortest_by_force(case: Case) -> int:
    """The least number of steps of a lasso: a search over (node, trigger met, start of the cycle, steps of it)."""
    met = case.trigger is None or (0 in case.trigger and 0 in case.pending)
    first: State = (0, met, None, frozenset())
    queue, seen = deque([(first, 0)]), {first}
    while queue:
        state, length = queue.popleft()
        if closes(case, state):
            return length
        for after in moves(case, state):
            if after not in seen:
                seen.add(after)
                # The choice to begin the cycle takes no step.
                if state[2] is None and after[2] is not None:
                    queue.appendleft((after, length))
                else:
                    queue.append((after, length + 1))
    raise AssertionError


State = tuple[int, bool, int | None, frozenset[tuple[int, int]]]


def closes(case: Case, state: State) -> bool:
    node, met, start, pairs = state
    return start == node and met and case.is_fair(frozenset({node} | {u for u, _ in pairs}), pairs)


def moves(case: Case, state: State) -> Iterator[State]:
    node, met, start, pairs = state
    if start is None and node in case.pending:
        yield node, met, node, frozenset()
    for u, v, _ in case.edges:
        if u != node or (start is not None and v not in case.pending):
            continue
        triggered = case.trigger is None or (v in case.pending and (met or v in case.trigger))
        yield v, triggered, start, pairs if start is None else pairs | {(u, v)}


# -------------------------------------------------------------------------------------------------------------- tests


def solve(case: Case) -> tuple[Graph, Search, int]:
    """The components that the checker finds."""
    graph = case.graph()
    pending = np.isin(np.arange(case.nodes), sorted(case.pending))
    reached, trigger = graph.depths, None
    pending &= reached[0] >= 0
    if case.trigger is not None:
        trigger = pending & np.isin(np.arange(case.nodes), sorted(case.trigger))
        sources = np.flatnonzero(trigger)
        sources = sources[np.argsort(reached[0][sources], kind="stable")]
        reached = graph.distances(sources, reached[0][sources], pending)
        pending = reached[0] >= 0
    fairness = Fairness(graph, case.groups)
    components, count = fair_components(graph, fairness, pending)
    return graph, Search(graph, fairness, components, trigger, reached), count


def check_lasso(case: Case, graph: Graph, lasso: lassos.Lasso) -> None:
    """It is a lasso of the graph, from the initial node, that breaks the property fairly."""
    path = [lasso.initial, *(int(graph.targets[e]) for e in (*lasso.prefix, *lasso.cycle))]
    for edge, before in zip((*lasso.prefix, *lasso.cycle), path[:-1], strict=True):
        assert graph.source(edge) == before
    cycle = path[len(lasso.prefix) :]
    assert (path[0], cycle[0]) == (0, cycle[-1])
    assert set(cycle) <= case.pending
    assert case.is_fair(frozenset(cycle), frozenset(pairwise(cycle)))
    if case.trigger is not None:
        last_goal = max((k for k, n in enumerate(path) if n not in case.pending), default=-1)
        assert set(path[last_goal + 1 :]) & case.trigger


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cases())
def test_fair_components_are_the_largest_fair_sets(case: Case) -> None:
    _, search, count = solve(case)
    found = {frozenset(np.flatnonzero(search.components == c).tolist()) for c in range(count)}
    every = set(fair_sets(case))
    assert found == {s for s in every if not any(s < t for t in every)}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cases())
def test_a_lasso_is_a_shortest_one(case: Case) -> None:
    graph, search, count = solve(case)
    if count:
        lasso = shortest_lasso(search)
        check_lasso(case, graph, lasso)
        assert lasso.length == shortest_by_force(case)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(cases())
def test_where_not_all_can_be_remembered_a_lasso_still_is_one(case: Case) -> None:
    graph, search, count = solve(case)
    before, lassos.STATES_MAX = lassos.STATES_MAX, 1
    try:
        if count:
            check_lasso(case, graph, shortest_lasso(search))
    finally:
        lassos.STATES_MAX = before


def test_more_than_64_groups_are_told_apart() -> None:
    edges = (*((0, 1, label) for label in range(LABELS)), (1, 0, 0))
    groups = tuple(Group((k % LABELS,), strong=k % 2 == 1) for k in range(70))
    case = Case(2, edges, groups, frozenset({0, 1}), None)
    graph, search, count = solve(case)
    assert count == 1
    assert shortest_lasso(search).length == 2
    check_lasso(case, graph, shortest_lasso(search))

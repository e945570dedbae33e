"""Directed graphs in columns, and the cycles in them.

Source: Pearce, An improved algorithm for finding the strongly connected components of a directed graph (2005), as
scipy.sparse.csgraph has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from checkers.history.consistency.columns import Bools, Ints

TRIED = 1024
"""A cycle is a shortest one of those through the first nodes of its part: so many, divided by the size of the part."""


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """Edges from `source` to `target`; `name` is what its nodes, which are numbered from 0, are called elsewhere."""

    name: Ints
    source: Ints
    target: Ints

    def only(self, edges: Bools) -> Graph:
        """The graph with some of its edges."""
        return Graph(self.name, self.source[edges], self.target[edges])

    def cyclic_parts(self) -> Iterator[Graph]:
        """The strongly connected components of more than one node, in the order of their first nodes."""
        count = len(self.name)
        matrix = csr_array((np.ones(len(self.source)), (self.source, self.target)), shape=(count, count))
        _, label = connected_components(matrix, connection="strong")
        nodes = np.flatnonzero(np.bincount(label)[label] > 1)
        if not len(nodes):
            return
        _, first = np.unique(label[nodes], return_index=True)
        rank = np.zeros(label.max() + 1, np.int64)
        rank[label[nodes][np.sort(first)]] = np.arange(1, len(first) + 1)
        part = rank[label]
        nodes = nodes[np.argsort(part[nodes], kind="stable")]
        inner = np.flatnonzero((part[self.source] == part[self.target]) & (part[self.source] > 0))
        inner = inner[np.argsort(part[self.source[inner]], kind="stable")]
        bounds = np.arange(1, len(first) + 2)
        of_nodes, of_edges = (np.searchsorted(part[of], bounds) for of in (nodes, self.source[inner]))
        number = np.zeros(len(label), np.int64)
        for one in range(len(first)):
            mine, edges = nodes[of_nodes[one] : of_nodes[one + 1]], inner[of_edges[one] : of_edges[one + 1]]
            number[mine] = np.arange(len(mine))
            yield Graph(self.name[mine], number[self.source[edges]], number[self.target[edges]])

    def cycle(self) -> list[int]:
        """The names along a short cycle of a cyclic part, each once; the last one leads to the first."""
        followers: list[list[int]] = [[] for _ in self.name]
        for node, other in zip(self.source.tolist(), self.target.tolist(), strict=True):
            followers[node].append(other)
        starts = range(max(1, min(TRIED // len(self.name), len(self.name))))
        shortest = min((_shortest_cycle(followers, start) for start in starts), key=len)
        return [int(self.name[node]) for node in shortest]


def _shortest_cycle(followers: list[list[int]], start: int) -> list[int]:
    """The nodes of a shortest cycle through a node, from it on; breadth first. The node must be on a cycle."""
    before = {start: start}
    queue = [start]
    for node in queue:
        for other in followers[node]:
            if other == start:
                path = [node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            if other not in before:
                before[other] = node
                queue.append(other)
    raise AssertionError("the node is on no cycle")

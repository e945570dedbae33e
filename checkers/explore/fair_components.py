"""Where a fair behaviour can stay forever: the fair components of a state graph.

A fair behaviour that stays among given states ends up visiting some set of them again and again; that set is strongly
connected (or a single state that stutters), and fair in itself. The largest such sets are found by taking strongly
connected components and, where strong fairness is unmet, removing the states that ask for it, again and again.

Source: Emerson and Lei, Modalities for model checking (1987); Lichtenstein and Pnueli, Checking that finite state
concurrent programs satisfy their linear specification (1985); Lamport, Specifying Systems, chapter 8, for what
fairness means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from checkers.explore import graph_kernel

Array = np.ndarray[Any, np.dtype[Any]]
WORD_BITS = 64


@dataclass(frozen=True, slots=True)
class Group:
    """A fairness condition: the labels of its steps."""

    labels: tuple[int, ...]
    strong: bool


@dataclass(frozen=True)
class Graph:
    """A state graph: the edges of node v lie at indptr[v]..indptr[v + 1] - 1. No edge leads back to its own node."""

    indptr: Array
    targets: Array
    labels: Array
    initial: Array
    label_count: int

    @property
    def nodes(self) -> int:
        """How many there are."""
        return len(self.indptr) - 1

    @property
    def edges(self) -> int:
        """How many there are; two steps between the same states are two."""
        return len(self.targets)

    @cached_property
    def depths(self) -> tuple[Array, Array]:
        """For each node the steps from an initial one, and the edge by which it was reached first (-1: none)."""
        return self.distances(self.initial, np.zeros(len(self.initial), np.int32), np.ones(self.nodes, np.bool_))

    def distances(self, sources: Array, levels: Array, within: Array) -> tuple[Array, Array]:
        """See graph_kernel.distances."""
        distance, via = graph_kernel.distances(self.indptr, self.targets, sources.astype(np.int32), levels, within)
        return distance, via

    def source(self, edge: int) -> int:
        """The node that an edge leaves."""
        return int(np.searchsorted(self.indptr, edge, side="right")) - 1

    def path(self, node: int, via: Array) -> tuple[int, list[int]]:
        """Where the shortest way to a node begins, and its edges."""
        edges: list[int] = []
        while via[node] >= 0:
            edges.append(int(via[node]))
            node = self.source(edges[-1])
        return node, edges[::-1]


class Fairness:
    """Fairness conditions over a graph, as bit masks."""

    def __init__(self, graph: Graph, groups: Sequence[Group]) -> None:
        """Takes 8 bytes a node for every 64 groups."""
        self.groups = tuple(groups)
        words = max((len(groups) + WORD_BITS - 1) // WORD_BITS, 1)
        self.masks = np.zeros((max(graph.label_count, 1), words), np.uint64)
        self.strong = np.zeros(words, np.uint64)
        for number, group in enumerate(self.groups):
            bit = np.uint64(1 << number % WORD_BITS)
            for label in group.labels:
                self.masks[label, number // WORD_BITS] |= bit
            if group.strong:
                self.strong[number // WORD_BITS] |= bit
        self.enabled = np.zeros((graph.nodes, words), np.uint64)
        graph_kernel.enabled_groups(graph.indptr, graph.labels, self.masks, self.enabled)

    @property
    def arrays(self) -> tuple[Array, Array, Array]:
        """For compiled code: the groups of each label, those enabled in each node, the strong ones."""
        return self.masks, self.enabled, self.strong

    def is_enabled(self, nodes: Array | slice, group: int) -> Array:
        """In which of the nodes a group is enabled."""
        word = self.enabled[nodes, group // WORD_BITS]
        return (word >> np.uint64(group % WORD_BITS) & np.uint64(1)).astype(np.bool_)

    @property
    def may_stutter(self) -> Array:
        """The nodes where a behaviour may stay forever without a step."""
        idle: Array = np.logical_not(np.any(self.enabled, axis=1))
        return idle


def fair_components(graph: Graph, fairness: Fairness, alive: Array) -> tuple[Array, int]:
    """The largest fair components among the `alive` nodes: for each node its component or -1, and their number."""
    alive = alive.copy()
    label = np.empty(graph.nodes, np.int32)
    result = np.full(graph.nodes, -1, np.int32)
    found = 0
    arrays = (graph.indptr, graph.targets, graph.labels)
    while alive.any():
        count = graph_kernel.components(graph.indptr, graph.targets, alive, label)
        fair = graph_kernel.judge(arrays, fairness.arrays, label, count, alive)
        numbers = np.where(fair, found + np.cumsum(fair) - 1, -1).astype(np.int32)
        members = label >= 0
        result[members] = np.maximum(result[members], numbers[label[members]])
        found += int(fair.sum())
    return result, found

"""Algorithms over a state graph in CSR form, compiled, independent of any spec.

The edges out of node v are `indptr[v]..indptr[v + 1] - 1`; `targets` gives where each leads. An edge has a label, and a label belongs to
some groups of steps (the fairness conditions), given as the bits of `words` 64-bit words.

Source: Tarjan, Depth-first search and linear graph algorithms (1972), without recursion; Emerson and Lei, Modalities for model
checking (1987), for strong fairness (Streett's condition) by removal and repetition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64, njit, uint64

from checkers.explore.kernel import AHEAD, hash_state, home
from checkers.explore.runtime import prefetch

Array = np.ndarray[Any, np.dtype[Any]]


@njit(nogil=True, cache=True)
def locate(rows: Array, count: int, table: Array, states: Array, found: Array) -> bool:
    """Find the position of each of the first `count` rows in a table that `kernel.rebuild` filled; False if one is not there."""
    length = table.shape[0]
    width = states.shape[1]
    hashes = np.empty(count, np.uint64)
    for n in range(count):
        hashes[n] = hash_state(rows, n)
    for n in range(count):
        if n + AHEAD < count:
            prefetch(table, home(hashes[n + AHEAD], length))
        if n + AHEAD // 2 < count:
            slot = table[home(hashes[n + AHEAD // 2], length)]
            if slot != 0:
                prefetch(states, int64(slot & uint64(0xFFFFFFFF)) - 1)
        at = home(hashes[n], length)
        found[n] = -1
        while table[at] != 0:
            slot = table[at]
            if (slot ^ hashes[n]) >> uint64(32) == 0:
                position = int64(slot & uint64(0xFFFFFFFF)) - 1
                same = True
                for k in range(width):
                    same &= states[position, k] == rows[n, k]
                if same:
                    found[n] = position
                    break
            at = at + 1 if at + 1 < length else 0
        if found[n] < 0:
            return False
    return True


@njit(nogil=True, cache=True)
def distances(indptr: Array, targets: Array, sources: Array, levels: Array, within: Array) -> Any:  # noqa: ANN401
    """Breadth first from sources, each of which counts from a level of its own; `sources` are in the order of their levels.

    Returns, for each node, its distance (-1: not reached) and the edge by which it was reached first (-1: a source). Enters only nodes
    that are `within`.
    """
    nodes = indptr.shape[0] - 1
    distance = np.full(nodes, -1, np.int32)
    via = np.full(nodes, -1, np.int64)
    queue = np.empty(nodes, np.int32)
    low = high = taken = level = 0
    while low < high or taken < sources.shape[0]:
        while taken < sources.shape[0] and levels[taken] == level:
            node = sources[taken]
            taken += 1
            if distance[node] < 0:
                distance[node] = level
                queue[high] = node
                high += 1
        end = high
        for position in range(low, end):
            node = queue[position]
            for edge in range(indptr[node], indptr[node + 1]):
                target = targets[edge]
                if distance[target] < 0 and within[target]:
                    distance[target] = level + 1
                    via[target] = edge
                    queue[high] = target
                    high += 1
        low = end
        level += 1
    return distance, via


@njit(nogil=True, cache=True)
def components(indptr: Array, targets: Array, alive: Array, label: Array) -> int:
    """Number the strongly connected components of the graph of nodes that are `alive` (Tarjan); the others get label -1."""
    nodes = alive.shape[0]
    label[:] = -1
    order = np.zeros(nodes, np.int32)
    lowest = np.zeros(nodes, np.int32)
    stack = np.empty(nodes, np.int32)
    calls = np.empty(nodes, np.int32)
    position = np.empty(nodes, np.int64)
    height = visited = count = 0
    for root in range(nodes):
        if not alive[root] or order[root] != 0:
            continue
        depth = 0
        calls[0] = root
        while depth >= 0:
            node = calls[depth]
            if order[node] == 0:
                visited += 1
                order[node] = lowest[node] = visited
                stack[height] = node
                height += 1
                position[node] = indptr[node]
            descended = False
            while position[node] < indptr[node + 1]:
                target = targets[position[node]]
                if not alive[target] or label[target] >= 0:
                    position[node] += 1
                elif order[target] == 0:
                    depth += 1
                    calls[depth] = target
                    descended = True
                    break
                else:
                    lowest[node] = min(lowest[node], order[target])
                    position[node] += 1
            if descended:
                continue
            if lowest[node] == order[node]:
                while True:
                    height -= 1
                    label[stack[height]] = count
                    if stack[height] == node:
                        break
                count += 1
            depth -= 1
            if depth >= 0:
                lowest[calls[depth]] = min(lowest[calls[depth]], lowest[node])
    return count


@njit(nogil=True, cache=True)
def enabled_groups(indptr: Array, labels: Array, groups: Array, enabled: Array) -> None:
    """Set `enabled[v]` to the groups of all edges out of v."""
    for node in range(indptr.shape[0] - 1):
        for edge in range(indptr[node], indptr[node + 1]):
            for k in range(groups.shape[1]):
                enabled[node, k] |= groups[labels[edge], k]


@njit(nogil=True, cache=True)
def judge(graph: Any, groups: Array, enabled: Array, strong: Array, label: Array, count: int, alive: Array) -> Array:  # noqa: ANN401
    """Decide each of `count` components: fair ones are returned, hopeless ones die, the others lose states.

    `graph` is (indptr, targets, labels). A component is fair if each group is taken inside it, or is not enabled in some state of it (weak) or in
    any (strong). One that breaks a weak condition can have no fair part. One that breaks a strong condition keeps the states where that
    group is not enabled: a fair part can only lie among those. Nodes of fair components die too: they are done.
    """
    indptr, targets, labels = graph
    words = groups.shape[1]
    # Of each component: the groups that are taken inside it, enabled in some state (then: whose strong fairness is unmet), in every state.
    taken = np.zeros((count, words), np.uint64)
    somewhere = np.zeros((count, words), np.uint64)
    everywhere = np.full((count, words), ~uint64(0), np.uint64)
    for node in range(alive.shape[0]):
        c = label[node]
        if c < 0:
            continue
        for k in range(words):
            somewhere[c, k] |= enabled[node, k]
            everywhere[c, k] &= enabled[node, k]
        for edge in range(indptr[node], indptr[node + 1]):
            if label[targets[edge]] == c:
                for k in range(words):
                    taken[c, k] |= groups[labels[edge], k]
    fair = np.ones(count, np.bool_)
    hopeless = np.zeros(count, np.bool_)
    for c in range(count):
        for k in range(words):
            hopeless[c] |= everywhere[c, k] & ~taken[c, k] & ~strong[k] != 0
            somewhere[c, k] &= ~taken[c, k] & strong[k]
            fair[c] &= not hopeless[c] and somewhere[c, k] == 0
    for node in range(alive.shape[0]):
        c = label[node]
        alive[node] = c >= 0 and not fair[c] and not hopeless[c]
        for k in range(words):
            alive[node] &= enabled[node, k] & somewhere[max(c, 0), k] == 0
    return fair

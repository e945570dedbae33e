"""Algorithms over a state graph in CSR form, compiled, independent of any spec.

The edges out of node v are `indptr[v]..indptr[v + 1] - 1`; `targets` gives where each leads. An edge has a label, and
a label belongs to some groups of steps (the fairness conditions), given as bits of one or more words.

Source: Tarjan, Depth-first search and linear graph algorithms (1972), without recursion; Emerson and Lei, Modalities
for model checking (1987), for strong fairness (Streett's condition) by removal and repetition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64, njit, uint64

from checkers.explore import runtime
from checkers.explore.kernel import AHEAD, hash_state, home

Array = np.ndarray[Any, np.dtype[Any]]
prefetch: Any = runtime.prefetch


@njit(nogil=True, cache=True)
def locate(rows: Array, table: Array, states: Array, found: Array) -> bool:
    """Find the position of each row in a table that `kernel.rebuild` filled; False if one is not there."""
    count, length = rows.shape[0], table.shape[0]
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
        found[n] = position_of(rows[n], hashes[n], table, states)
        if found[n] < 0:
            return False
    return True


@njit(nogil=True, cache=True)
def position_of(row: Array, hashed: np.uint64, table: Array, states: Array) -> int:
    """The position of one state; -1 if it is not in the table."""
    at = home(hashed, table.shape[0])
    while table[at] != 0:
        if (table[at] ^ hashed) >> uint64(32) == 0:
            position = int64(table[at] & uint64(0xFFFFFFFF)) - 1
            same = True
            for k in range(row.shape[0]):
                same &= states[position, k] == row[k]
            if same:
                return position  # type: ignore[no-any-return]
        at = at + 1 if at + 1 < table.shape[0] else 0
    return -1


@njit(nogil=True, cache=True)
def distances(indptr: Array, targets: Array, sources: Array, levels: Array, within: Array) -> Any:  # noqa: ANN401
    """Breadth first from sources that count from levels of their own, given in the order of their levels.

    Returns, for each node, its distance (-1: not reached) and the edge by which it was reached first (-1: a source).
    Enters only nodes that are `within`.
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
    """Number the strongly connected components of the graph of `alive` nodes (Tarjan); the others get label -1."""
    nodes = alive.shape[0]
    label[:] = -1
    order, lowest = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    stack, calls = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    position = indptr[:-1].copy()
    height = visited = count = 0
    for root in range(nodes):
        depth = 0 if alive[root] and order[root] == 0 else -1
        calls[0] = root
        while depth >= 0:
            node = calls[depth]
            if order[node] == 0:
                visited += 1
                order[node] = lowest[node] = visited
                stack[height] = node
                height += 1
            target = unvisited(node, (indptr, targets, position), alive, label, (order, lowest))
            if target >= 0:
                depth += 1
                calls[depth] = target
                continue
            if lowest[node] == order[node]:
                height = closed(stack, height, node, label, count)
                count += 1
            depth -= 1
            if depth >= 0:
                lowest[calls[depth]] = min(lowest[calls[depth]], lowest[node])
    return count


@njit(nogil=True, cache=True)
def unvisited(node: int, graph: Any, alive: Array, label: Array, orders: Any) -> int:  # noqa: ANN401
    """The next target of a node that was not visited yet, or -1; on the way notes the targets that are on the stack."""
    indptr, targets, position = graph
    order, lowest = orders
    while position[node] < indptr[node + 1]:
        target = targets[position[node]]
        if alive[target] and label[target] < 0:
            if order[target] == 0:
                return target  # type: ignore[no-any-return]
            lowest[node] = min(lowest[node], order[target])
        position[node] += 1
    return -1


@njit(nogil=True, cache=True)
def closed(stack: Array, height: int, node: int, label: Array, number: int) -> int:
    """Take a whole component, down to `node`, off the stack; returns the height of what is left."""
    while True:
        height -= 1
        label[stack[height]] = number
        if stack[height] == node:
            return height


@njit(nogil=True, cache=True)
def enabled_groups(indptr: Array, labels: Array, groups: Array, enabled: Array) -> None:
    """Set `enabled[v]` to the groups of all edges out of v."""
    for node in range(indptr.shape[0] - 1):
        for edge in range(indptr[node], indptr[node + 1]):
            for k in range(groups.shape[1]):
                enabled[node, k] |= groups[labels[edge], k]


@njit(nogil=True, cache=True)
def judge(graph: Any, fairness: Any, label: Array, count: int, alive: Array) -> Array:  # noqa: ANN401
    """Decide each of `count` components: fair ones are returned, hopeless ones die, the others lose states.

    A component is fair if each group is taken inside it, or is not enabled in some state of it (weak) or in any
    (strong). One that breaks a weak condition can have no fair part. One that breaks a strong condition keeps the
    states where that group is not enabled: a fair part can only lie among those. Nodes of fair components die too,
    they are done. `graph` is (indptr, targets, labels); `fairness` has the groups of each label, those enabled in each
    node, and the strong ones.
    """
    _, enabled, strong = fairness
    taken, somewhere, everywhere = tally(graph, fairness, label, count)
    fair = np.ones(count, np.bool_)
    hopeless = np.zeros(count, np.bool_)
    for c in range(count):
        for k in range(strong.shape[0]):
            hopeless[c] |= everywhere[c, k] & ~taken[c, k] & ~strong[k] != 0
            somewhere[c, k] &= ~taken[c, k] & strong[k]
            fair[c] &= not hopeless[c] and somewhere[c, k] == 0
    for node in range(alive.shape[0]):
        c = label[node]
        alive[node] = c >= 0 and not fair[c] and not hopeless[c]
        for k in range(strong.shape[0]):
            alive[node] &= enabled[node, k] & somewhere[max(c, 0), k] == 0
    return fair


@njit(nogil=True, cache=True)
def tally(graph: Any, fairness: Any, label: Array, count: int) -> Any:  # noqa: ANN401
    """Of each component the groups that are taken inside it, that some state of it enables, and that every one does."""
    indptr, targets, labels = graph
    groups, enabled, _ = fairness
    words = groups.shape[1]
    taken = np.zeros((count, words), np.uint64)
    somewhere = np.zeros((count, words), np.uint64)
    everywhere = np.full((count, words), ~uint64(0), np.uint64)
    for node in range(label.shape[0]):
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
    return taken, somewhere, everywhere

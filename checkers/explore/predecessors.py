"""The way to a state that a compact search found: searched backwards, one search a step.

A compact search keeps neither states nor parents. The state before a given one is found by searching again, up to the
level before, until some state is seen to lead to it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from checkers.explore import kernel
from checkers.explore.generate import PARTITIONS
from checkers.explore.search import Search
from checkers.explore.task import Task
from specs.packing import Words


class _Found(Exception):  # noqa: N818 - not an error: it ends a search that has served its purpose
    def __init__(self, words: Words) -> None:
        self.words = words


def chain_by_search(make_search: Callable[[], Search], words: Words, depth: int) -> list[Words]:
    """The packed states from an initial one to the given one, at `depth`. Each new search must check nothing."""
    chain = [words]
    for level in range(depth - 1, -1, -1):
        chain.append(predecessor(make_search(), chain[-1], level))
    return chain[::-1]


def predecessor(search: Search, words: Words, level: int) -> Words:
    """The first state of a level that has a step to the given state."""
    target = np.array(words, np.uint64)

    def look(task: Task) -> None:
        if search.counters.depth != level:
            return
        for partition in range(PARTITIONS):
            at = kernel.find(task.out[partition], int(task.filled[partition]), target)
            if at >= 0:
                parent = int(task.out[partition, at, len(words) + 1]) // PARTITIONS
                rows = search.store.partitions[task.piece[0]].rows()
                raise _Found(tuple(int(w) for w in rows[parent]))

    search.watched = look
    try:
        search.run()
    except _Found as found:
        return found.words
    message = f"no state at depth {level} leads to the one found at depth {level + 1}: two states share a hash"
    raise AssertionError(message)

"""The states that a search has found, in partitions by hash: exact, or compact (hashes only).

Nothing here depends on the number of workers: each partition is filled by one task at a time, in a fixed order.

Source: Stern and Dill, Improved probabilistic verification by hash compaction (1995), for the compact mode.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import expm1
from typing import Any

import numpy as np

from checkers.explore import kernel
from checkers.explore.generate import PARTITIONS
from checkers.explore.memory import reserved

Array = np.ndarray[Any, np.dtype[Any]]
FIRST_LENGTH = 1 << 15
FULLEST = 0.7
"""A table grows before more than this share of its slots is taken."""
GROWTH = 1.5
NO_PARENT = 0xFFFFFFFF
"""The parent of an initial state."""


class OutOfMemory(Exception):  # noqa: N818 - it ends a search with a verdict
    """The store would take more than it may."""


def state_id(partition: int, position: int) -> int:
    """The number of a state in an exact store."""
    return position * PARTITIONS + partition


def grown(length: int, states: int) -> int:
    """The length at which a table of that length holds so many states."""
    while states > FULLEST * length:
        length = int(length * GROWTH)
    return length


@dataclass
class Partition:
    """The states whose hash begins with given bits: a table, the states in order of discovery, their parents."""

    states: Array
    parents: Array
    table: Array
    known: int = 0
    begin: int = 0
    """Where the level that is being expanded begins; it ends at `end`."""
    end: int = 0

    def rows(self) -> Array:
        """Where the states of the level lie, at begin..end - 1."""
        return self.states

    def has_room(self, count: int) -> bool:
        """Whether so many more rows fit into what was reserved."""
        return self.known + count <= len(self.states)

    def insert(self, rows: Array, count: int) -> None:
        """Add the rows that are new."""
        self.known = kernel.insert(rows[:count], self.table, self.states, self.parents, self.known)

    def length_for(self, count: int) -> int:
        """The table length that `count` more rows call for."""
        return grown(len(self.table), self.known + count)

    def grow(self, length: int) -> None:
        """Take a longer table."""
        self.table = np.zeros(length, np.uint64)
        kernel.rebuild(self.table, self.states, self.known)

    def next_level(self) -> int:
        """Turn to the states that were found since; returns how many."""
        self.begin, self.end = self.end, self.known
        return self.end - self.begin


@dataclass
class CompactPartition:
    """A compact store: a table of hashes, and the states of two levels."""

    frontier: Array
    found: Array
    parents: Array
    table: Array
    known: int = 0
    begin: int = 0
    end: int = 0
    filled: int = 0
    """How many states of the next level were found."""

    def rows(self) -> Array:
        """Where the states of the level lie, at begin..end - 1."""
        return self.frontier

    def has_room(self, count: int) -> bool:
        """Whether so many more rows fit into what was reserved."""
        return self.filled + count <= len(self.found)

    def insert(self, rows: Array, count: int) -> None:
        """Add the rows that are new."""
        before = self.filled
        self.filled = kernel.insert_hashes(rows[:count], self.table, self.found, self.parents, before)
        self.known += self.filled - before

    def length_for(self, count: int) -> int:
        """The table length that `count` more rows call for."""
        return grown(len(self.table), self.known + count)

    def grow(self, length: int) -> None:
        """Take a longer table."""
        old, self.table = self.table, np.zeros((length, self.table.shape[1]), np.uint64)
        kernel.rebuild_hashes(self.table, old)

    def next_level(self) -> int:
        """Turn to the states that were found since; returns how many."""
        self.frontier, self.found = self.found, self.frontier
        self.begin, self.end, self.filled = 0, self.filled, 0
        return self.end


@dataclass
class Store:
    """All partitions. `words` of a state; `hash_words` is 0 for an exact store, 1 or 2 for hashes of 64 or 128 bits."""

    words: int
    limit_bytes: int
    hash_words: int = 0
    partitions: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Reserve address space for as many states as the limit could ever hold."""
        rows = max(self.limit_bytes // (PARTITIONS * (8 * self.words + 4)), FIRST_LENGTH)
        for _ in range(PARTITIONS):
            parents = reserved((rows,), np.uint32)
            states = reserved((rows, self.words), np.uint64)
            if self.hash_words:
                table = np.zeros((FIRST_LENGTH, self.hash_words), np.uint64)
                self.partitions.append(
                    CompactPartition(states, reserved((rows, self.words), np.uint64), parents, table)
                )
            else:
                self.partitions.append(Partition(states, parents, np.zeros(FIRST_LENGTH, np.uint64)))

    @property
    def count(self) -> int:
        """How many distinct states are known."""
        return sum(int(p.known) for p in self.partitions)

    @property
    def bytes(self) -> int:
        """The memory that states, parents and tables take."""
        row = 8 * self.words + 4
        held = sum(p.known if not self.hash_words else 2 * (p.end + p.filled) for p in self.partitions)
        return int(held * row + sum(p.table.nbytes for p in self.partitions))

    def make_room(self, incoming: list[int]) -> list[tuple[Any, int]]:
        """The partitions that must grow before so many rows arrive, with their new lengths; raises OutOfMemory."""
        plan = [(p, p.length_for(n)) for p, n in zip(self.partitions, incoming, strict=True)]
        growing = [(p, length) for p, length in plan if length > p.table.shape[0]]
        extra = sum(length * p.table.itemsize * max(self.hash_words, 1) for p, length in growing)
        arriving = sum(incoming) * (8 * self.words + 4)
        if self.bytes + extra + arriving > self.limit_bytes or self.count + sum(incoming) >= NO_PARENT:
            raise OutOfMemory
        if not all(p.has_room(n) for p, n in zip(self.partitions, incoming, strict=True)):
            raise OutOfMemory
        return growing

    def next_level(self) -> int:
        """Turn every partition to the next level; returns how many states it has."""
        return sum(int(p.next_level()) for p in self.partitions)

    def state(self, number: int) -> tuple[int, ...]:
        """The packed form of a state of an exact store."""
        partition, position = number % PARTITIONS, number // PARTITIONS
        return tuple(int(word) for word in self.partitions[partition].states[position])

    def parent(self, number: int) -> int:
        """The state from which it was first found; NO_PARENT for an initial one."""
        return int(self.partitions[number % PARTITIONS].parents[number // PARTITIONS])

    def miss_probability(self) -> float:
        """The probability that some state was taken for another one: 0 for an exact store, else the birthday bound."""
        if not self.hash_words:
            return 0.0
        pairs = self.count * (self.count - 1) / 2
        return -expm1(-pairs / 2.0 ** (64 * self.hash_words - 1))

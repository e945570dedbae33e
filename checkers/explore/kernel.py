"""Where states are kept: hash tables of states by partition, compiled, independent of any spec.

A state is a row of words. A partition keeps its states in the order in which they were found, and a table of 64-bit
slots over them: the upper half of a slot is part of the state's hash, the lower half the state's position plus one (0:
an empty slot). A slot that looks right is compared word by word, so the search is exact. Linear probing; slots are
reached by multiplying the hash into the table's length, so a table can have any length.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64, njit, uint64

from checkers.explore import runtime
from checkers.explore.runtime import mix

ask_for: Any = runtime.prefetch
"""Typed as anything: numba's own types see the intrinsic's signature with the typing context."""
AHEAD = 12
"""How many rows ahead slots are prefetched; states half as far."""

Matrix = np.ndarray[tuple[int, int], np.dtype[np.uint64]]
Vector = np.ndarray[tuple[int], np.dtype[np.uint64]]


@njit(nogil=True, inline="always")
def home(hashed: np.uint64, length: int) -> Any:  # noqa: ANN401 - an integer of numba's
    """The slot where the search for a hash begins."""
    return int64((((hashed >> uint64(1)) & uint64(0x7FFFFFFF)) * uint64(length)) >> uint64(31))


@njit(nogil=True, inline="always")
def tagged(hashed: np.uint64, position: int) -> np.uint64:
    """A slot: part of the hash, and the position of the state."""
    return (hashed & uint64(0xFFFFFFFF00000000)) | uint64(position + 1)


@njit(nogil=True, inline="always")
def same_tag(slot: np.uint64, hashed: np.uint64) -> bool:
    """Whether a slot may be that of a state with the given hash."""
    return bool((slot ^ hashed) >> uint64(32) == 0)


@njit(nogil=True, inline="always")
def position_in(slot: np.uint64) -> Any:  # noqa: ANN401 - an integer of numba's
    """The position of the state of a slot that is not empty."""
    return int64(slot & uint64(0xFFFFFFFF)) - 1


@njit(nogil=True, inline="always")
def same_words(states: Matrix, position: int, rows: Matrix, n: int) -> bool:
    """Whether a stored state is that of a row."""
    same = True
    for k in range(states.shape[1]):
        same &= states[position, k] == rows[n, k]
    return same


@njit(nogil=True, cache=True)
def insert(rows: Matrix, table: Vector, states: Matrix, parents: Any, known: int) -> int:  # noqa: ANN401
    """Add the rows that are new; returns how many states there are then.

    A row is the words of a state, its hash and its parent. `states` and `parents` have room for all, and the table is
    never full.
    """
    width = states.shape[1]
    length = table.shape[0]
    count = rows.shape[0]
    for n in range(count):
        if n + AHEAD < count:
            ask_for(table, home(rows[n + AHEAD, width], length))
            ahead = rows[n + AHEAD // 2, width]
            slot = table[home(ahead, length)]
            if slot != 0 and same_tag(slot, ahead):
                ask_for(states, position_in(slot))
        hashed = rows[n, width]
        at = home(hashed, length)
        while True:
            slot = table[at]
            if slot == 0:
                table[at] = tagged(hashed, known)
                for k in range(width):
                    states[known, k] = rows[n, k]
                parents[known] = rows[n, width + 1]
                known += 1
                break
            if same_tag(slot, hashed) and same_words(states, position_in(slot), rows, n):
                break
            at += 1
            if at == length:
                at = 0
    return known


@njit(nogil=True, cache=True)
def hash_state(states: Matrix, position: int) -> np.uint64:
    """The hash of a state, as the compiled specs compute it."""
    hashed = uint64(0)
    for k in range(states.shape[1]):
        hashed = mix(hashed, states[position, k])
    return hashed


@njit(nogil=True, cache=True)
def rebuild(table: Vector, states: Matrix, known: int) -> None:
    """Fill an empty table with the first `known` states, which are distinct."""
    length = table.shape[0]
    for position in range(known):
        if position + AHEAD < known:
            ask_for(table, home(hash_state(states, position + AHEAD), length))
        hashed = hash_state(states, position)
        at = home(hashed, length)
        while table[at] != 0:
            at += 1
            if at == length:
                at = 0
        table[at] = tagged(hashed, position)


@njit(nogil=True, cache=True)
def insert_hashes(
    rows: Matrix,
    table: Matrix,
    frontier: Matrix,
    parents: Any,  # noqa: ANN401
    known: int,
) -> int:
    """The compact twin of `insert`: the table holds hashes of one or two words, the frontier the states of one level.

    Two states with the same hash are taken for one. Returns how many states the frontier holds then.
    """
    width = frontier.shape[1]
    length = table.shape[0]
    count = rows.shape[0]
    two_words = table.shape[1] == 2
    for n in range(count):
        if n + AHEAD < count:
            ask_for(table, home(rows[n + AHEAD, width], length))
        first = rows[n, width] | uint64(1)
        second = second_hash(rows, n, width) if two_words else uint64(0)
        at = home(rows[n, width], length)
        while True:
            if table[at, 0] == 0:
                table[at, 0] = first
                if two_words:
                    table[at, 1] = second
                for k in range(width):
                    frontier[known, k] = rows[n, k]
                parents[known] = rows[n, width + 1]
                known += 1
                break
            if table[at, 0] == first and (not two_words or table[at, 1] == second):
                break
            at += 1
            if at == length:
                at = 0
    return known


@njit(nogil=True, cache=True)
def second_hash(rows: Matrix, n: int, width: int) -> np.uint64:
    """A hash independent of the first."""
    hashed = uint64(0x9E3779B97F4A7C15)
    for k in range(width):
        hashed = mix(hashed, rows[n, k])
    return hashed


@njit(nogil=True, cache=True)
def rebuild_hashes(table: Matrix, old: Matrix) -> None:
    """Fill an empty table with the hashes of a smaller one. Their lowest bit is always set: `home` ignores it."""
    length = table.shape[0]
    for n in range(old.shape[0]):
        if old[n, 0] != 0:
            at = home(old[n, 0], length)
            while table[at, 0] != 0:
                at += 1
                if at == length:
                    at = 0
            for k in range(old.shape[1]):
                table[at, k] = old[n, k]


@njit(nogil=True, cache=True)
def find(rows: Matrix, count: int, words: Vector) -> int:
    """The first of the rows that begins with the given words; -1 if none does."""
    for n in range(count):
        same = True
        for k in range(words.shape[0]):
            same &= rows[n, k] == words[k]
        if same:
            return n
    return -1

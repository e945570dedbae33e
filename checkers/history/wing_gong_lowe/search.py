"""The search over objects, one after the other, with memory that grows as it is needed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import int64, uint64
from numpy.typing import NDArray

from checkers.history.wing_gong_lowe.kernel import (
    AFTER,
    ALTERNATIVE,
    DEPTH,
    ENTRIES,
    FAULTY,
    FINALS,
    FINALS_MAX,
    FIRST,
    FRAME,
    FURTHEST,
    LEAVE_OUT,
    NEXT,
    NOT_LINEARIZABLE,
    NOTHING,
    OPERATION,
    OPTIONAL,
    OUT_OF_MEMORY,
    OUT_OF_STEPS,
    POSITION,
    STATE,
    STEPS,
    WIDTH,
    WRITERS,
    Signed,
    Words,
    choose,
    forward,
    has_choice,
    hash_of,
    is_new,
    redo,
    undo,
)
from checkers.history.wing_gong_lowe.step import FAULT, ILLEGAL, LEGAL, inner

FIRST_ENTRIES = 1 << 8
OUTCOME, REACHED, VISITED, KEPT = range(4)
"""What is reported of an object: how its search ended, the furthest position, configurations visited, finals there."""


class Problem(NamedTuple):
    """What is searched; see `checkers.history.wing_gong_lowe.kernel`."""

    events: Signed
    operations: Signed
    initial: Words


@inner
def longer(words: Words) -> Words:
    """The same with room for as many more."""
    result = np.empty(2 * words.shape[0], np.uint64)
    for k in range(words.shape[0]):
        result[k] = words[k]
    return result


@inner
def longer_table(entries: Words, count: int, width: int, length: int) -> NDArray[np.int32]:
    """A table of that length, which has the configurations that were visited."""
    table = np.zeros(length, np.int32)
    for entry in range(count):
        slot = int64(hash_of(entries, entry, width) & uint64(length - 1))
        while table[slot] != 0:
            slot = (slot + 1) & (length - 1)
        table[slot] = entry + 1
    return table


@inner
def note_reached(at: Signed, current: Words, finals: Words) -> None:
    """Keep the current configuration if none got further."""
    if at[POSITION] > at[FURTHEST]:
        at[FURTHEST] = at[POSITION]
        at[FINALS] = 0
    if at[POSITION] == at[FURTHEST]:
        if at[FINALS] < FINALS_MAX:
            for k in range(at[WIDTH]):
                finals[at[FINALS] * at[WIDTH] + k] = current[k]
        at[FINALS] += 1


@inner
def push(operations: Signed, at: Signed, current: Words, frames: Words, optional: bool) -> None:  # noqa: FBT001
    """Remember the current configuration, to try one choice after the other from it."""
    frame = at[DEPTH] * (FRAME + at[WIDTH])
    first = operations[operations.shape[0] - WRITERS, NEXT]
    frames[frame + OPERATION] = uint64(LEAVE_OUT if optional else first)
    frames[frame + ALTERNATIVE] = uint64(operations[first, FIRST] if first != NOTHING else 0)
    for k in range(at[WIDTH]):
        frames[frame + FRAME + k] = current[k]
    at[DEPTH] += 1
    at[STEPS] += 1


@inner
def next_choice(events: Signed, operations: Signed, at: Signed, current: Words, frames: Words) -> int:
    """Make the next choice of the last configuration that has one left; ILLEGAL if there is none."""
    while at[DEPTH] > 0:
        frame = (at[DEPTH] - 1) * (FRAME + at[WIDTH])
        for k in range(at[WIDTH]):
            current[k] = frames[frame + FRAME + k]
        while at[POSITION] > int64(current[0]):
            at[POSITION] -= 1
            undo(operations, events[at[POSITION]])
        if int64(frames[frame + OPERATION]) == LEAVE_OUT:
            frames[frame + OPERATION] = uint64(operations[operations.shape[0] - WRITERS, NEXT])
            redo(operations, events[at[POSITION]])
            at[POSITION] += 1
            return LEGAL
        result = choose(operations, at, current, frames, frame)
        if result != ILLEGAL:
            return result
        at[DEPTH] -= 1
    return ILLEGAL


@inner
def search_object(p: Problem, at: Signed, finals: Words, end: int, limits: tuple[int, int]) -> int:
    """Search one object from the current position on. What `at` holds for steps must be there."""
    width, words = at[WIDTH], p.initial.shape[0]
    current = np.zeros(width + words, np.uint64)
    for k in range(words):
        current[width - words + k] = p.initial[k]
    at[STATE], at[AFTER] = current.ctypes.data + 8 * (width - words), current.ctypes.data + 8 * width
    frames, entries = np.empty(FIRST_ENTRIES * (FRAME + width), np.uint64), np.empty(FIRST_ENTRIES * width, np.uint64)
    table = np.zeros(2 * FIRST_ENTRIES, np.int32)
    while True:
        outcome = forward(p.events, p.operations, at, current, end)
        if outcome != NOT_LINEARIZABLE:
            return outcome
        note_reached(at, current, finals)
        if at[STEPS] >= limits[0]:
            return OUT_OF_STEPS
        if 8 * (frames.shape[0] + entries.shape[0]) + 4 * table.shape[0] > limits[1]:
            return OUT_OF_MEMORY
        if 2 * at[ENTRIES] >= table.shape[0]:
            entries = longer(entries)
            table = longer_table(entries, at[ENTRIES], width, 2 * table.shape[0])
        if (at[DEPTH] + 1) * (FRAME + width) > frames.shape[0]:
            frames = longer(frames)
        optional = p.operations[~p.events[at[POSITION]], OPTIONAL] != 0
        if not (optional or has_choice(p.operations, current)) or is_new(at, current, entries, table):
            push(p.operations, at, current, frames, optional)
        result = next_choice(p.events, p.operations, at, current, frames)
        if result != LEGAL:
            return FAULTY if result == FAULT else NOT_LINEARIZABLE


@inner
def search_all(p: Problem, at: Signed, finals: Words, objects: Signed, limits: tuple[int, int]) -> Signed:
    """Search every object: a row of `objects` has where its events begin and end, and the words of a configuration.

    Returns a report, a row for each; the finals are those of the last object. `limits` are steps and bytes an object.
    """
    reports = np.empty((objects.shape[0], 4), np.int64)
    for number in range(objects.shape[0]):
        begin = objects[number, 0]
        at[POSITION], at[FURTHEST], at[WIDTH] = begin, begin, objects[number, 2]
        at[DEPTH], at[ENTRIES], at[STEPS], at[FINALS] = 0, 0, 0, 0
        reports[number, OUTCOME] = search_object(p, at, finals, objects[number, 1], limits)
        while at[POSITION] > begin:
            at[POSITION] -= 1
            undo(p.operations, p.events[at[POSITION]])
        reports[number, REACHED] = at[FURTHEST]
        reports[number, VISITED] = at[STEPS]
        reports[number, KEPT] = at[FINALS]
    return reports

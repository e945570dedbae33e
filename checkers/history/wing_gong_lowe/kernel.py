"""Just-in-time linearization, compiled: depth first, with a memory of the configurations that were visited.

The events of one object are walked in order. An invoked operation is pending until it returns; when one returns that
has not taken effect, some of the pending ones must take effect now, it last: each choice is a branch. A configuration
is (position, which pending operations have taken effect, state); one that was visited is not visited again.

What is sound to leave out:
- An operation that never changes the state takes effect as soon as it can: nothing after it can tell the difference.
- Of pending operations with the same effect, the one that returns first takes effect first: swap the two otherwise.
  (So one that must take effect and one that need not never count as having the same effect.)
Which operations are pending, and in which order they return, depends on the position alone. So lists of them are
changed by each event and restored on the way back, and each has a fixed bit ("slot") while it is pending.

The arrays: `events` of all objects, one after the other: an operation is invoked, or ~ returns. `operations`, a row
each, then rows for the heads of lists. `at`, where the search is. `current`, the configuration (a position, the words
of a mask, those of a state), then room for a state after it. They are handed in one by one: a function that takes what
it does not need takes long to compile.

Source: Lowe, Testing for linearizability (2017), sections 4 and 5; Wing and Gong (1993).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import int64, types, uint64
from numba.extending import intrinsic
from numpy.typing import NDArray

from checkers.explore.runtime import mix
from checkers.history.wing_gong_lowe.step import FAULT, ILLEGAL, LEGAL, inner

Signed = NDArray[np.int64]
Words = NDArray[np.uint64]

LINEARIZABLE, NOT_LINEARIZABLE, OUT_OF_STEPS, OUT_OF_MEMORY, FAULTY = range(5)
"""How a search ends."""
NOTHING = -1
READERS, WRITERS = 1, 2
"""Where the heads of the two lists stand in `operations`, counted from its end."""
READS, OPTIONAL, SLOT, FIRST, END, HEAD, TWIN_HEAD, BEFORE, TWIN_BEFORE, NEXT, NEXT_TWIN, COLUMNS = range(12)
"""The columns of `operations`: whether it never changes the state; whether it need not take effect although it
returns; its bit; its alternatives, from FIRST to END, exclusive. Then two lists of pending operations by return, that
of all that write (or all that never do) and that of those with the same effect: the list's head, what the operation is
put after, and what comes next."""
POSITION, DEPTH, ENTRIES, STEPS, FURTHEST, FINALS, WIDTH = range(7)
"""What `at` holds first. The furthest position is that of a return that nothing got past; a configuration has WIDTH
words."""
STEP, RECORDS, SCRATCH, ALTERNATIVES, ROW, DETERMINISTIC, STATE, AFTER, AT = range(7, 16)
"""What `at` holds then, for steps: addresses; the bytes of a row of alternatives; 1 if at most one alternative is legal
in a state."""
OPERATION, ALTERNATIVE, FRAME = range(3)
"""A frame: the operation and the alternative to try next, then the configuration."""
LEAVE_OUT = -2
"""In the place of the operation to try next: first let the one that returns have no effect, which it may."""
FINALS_MAX = 64
"""How many of the configurations at the furthest position are kept."""


@intrinsic
def call_step(typing_context: Any, step: Any, before: Any, after: Any, alternative: Any) -> Any:  # noqa: ANN401, ARG001
    """Call the compiled step; all are addresses."""
    signature = types.int64(types.UniTuple(types.int64, 3), types.int64, types.int64, types.int64)  # type: ignore[no-untyped-call]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        word = ir.IntType(64)
        address, records, scratch = (builder.extract_value(arguments[0], k) for k in range(3))
        function = builder.inttoptr(address, ir.FunctionType(word, [word] * 5).as_pointer())
        return builder.call(function, [*arguments[1:], records, scratch])

    return signature, generate


@inner
def attempt(at: Signed, alternative: int) -> int:
    """Try an alternative in the current state; leaves the state after it behind the current configuration."""
    step = (at[STEP], at[RECORDS], at[SCRATCH])
    return call_step(step, at[STATE], at[AFTER], at[ALTERNATIVES] + at[ROW] * alternative)  # type: ignore[call-arg]


@inner
def is_done(current: Words, slot: int) -> bool:
    """Whether the pending operation of a slot has taken effect."""
    return bool((current[1 + (slot >> 6)] >> uint64(slot & 63)) & uint64(1))


@inner
def redo(operations: Signed, event: int) -> None:
    """Do to the lists of pending operations what an event does. What returns is the first of its lists."""
    operation = event if event >= 0 else ~event
    for column in range(2):
        if event >= 0:
            before = operations[operation, BEFORE + column]
            operations[operation, NEXT + column] = operations[before, NEXT + column]
            operations[before, NEXT + column] = operation
        else:
            operations[operations[operation, HEAD + column], NEXT + column] = operations[operation, NEXT + column]


@inner
def undo(operations: Signed, event: int) -> None:
    """Take that back."""
    operation = event if event >= 0 else ~event
    for column in range(2):
        if event >= 0:
            operations[operations[operation, BEFORE + column], NEXT + column] = operations[operation, NEXT + column]
        else:
            operations[operations[operation, HEAD + column], NEXT + column] = operation


@inner
def read_now(operations: Signed, at: Signed, current: Words, operation: int) -> int:
    """Have a pending read take effect if it has not and can in the current state; FAULT or not."""
    slot = operations[operation, SLOT]
    result = ILLEGAL
    if not is_done(current, slot):
        alternative = operations[operation, FIRST]
        while result == ILLEGAL and alternative < operations[operation, END]:
            result = attempt(at, alternative)
            alternative += 1
        if result == LEGAL:
            current[1 + (slot >> 6)] ^= uint64(1) << uint64(slot & 63)
    return result


@inner
def read_all(operations: Signed, at: Signed, current: Words) -> int:
    """Have every pending read take effect that can in the current state."""
    operation = operations[operations.shape[0] - READERS, NEXT]
    while operation != NOTHING:
        if read_now(operations, at, current, operation) == FAULT:
            return FAULT
        operation = operations[operation, NEXT]
    return LEGAL


@inner
def forward(events: Signed, operations: Signed, at: Signed, current: Words, end: int) -> int:
    """Walk on to a return that has not taken effect, or to the end."""
    position = at[POSITION]
    outcome = LINEARIZABLE
    while position < end:
        event = events[position]
        if event < 0:
            slot = operations[~event, SLOT]
            if not is_done(current, slot):
                outcome = NOT_LINEARIZABLE
                break
            current[1 + (slot >> 6)] ^= uint64(1) << uint64(slot & 63)
        redo(operations, event)
        position += 1
        if event >= 0 and operations[event, READS] and read_now(operations, at, current, event) == FAULT:
            outcome = FAULTY
            break
    at[POSITION] = position
    current[0] = uint64(position)
    return outcome


@inner
def may_go_first(operations: Signed, current: Words, operation: int) -> bool:
    """Whether a pending operation has not taken effect, and none that has the same effect and returns before it."""
    if is_done(current, operations[operation, SLOT]):
        return False
    twin = operations[operations[operation, TWIN_HEAD], NEXT_TWIN]
    while twin != operation and is_done(current, operations[twin, SLOT]):
        twin = operations[twin, NEXT_TWIN]
    return bool(twin == operation)


@inner
def has_choice(operations: Signed, current: Words) -> bool:
    """Whether more than one operation could take effect next, so that other paths may lead to this configuration."""
    found = 0
    operation = operations[operations.shape[0] - WRITERS, NEXT]
    while operation != NOTHING and found < 2:
        found += int(may_go_first(operations, current, operation))
        operation = operations[operation, NEXT]
    return found > 1


@inner
def choose(operations: Signed, at: Signed, current: Words, frames: Words, frame: int) -> int:
    """Have the next operation that can take effect do so: LEGAL; ILLEGAL if there is none left to try; FAULT."""
    operation, alternative = int64(frames[frame + OPERATION]), int64(frames[frame + ALTERNATIVE])
    while operation != NOTHING:
        end = operations[operation, END]
        if alternative > operations[operation, FIRST] or may_go_first(operations, current, operation):
            while alternative < end:
                result = attempt(at, alternative)
                alternative += 1
                if result == LEGAL:
                    frames[frame + OPERATION] = uint64(operation)
                    frames[frame + ALTERNATIVE] = uint64(end if at[DETERMINISTIC] else alternative)
                    slot = operations[operation, SLOT]
                    current[1 + (slot >> 6)] ^= uint64(1) << uint64(slot & 63)
                    for k in range(at[WIDTH], current.shape[0]):
                        current[k - (current.shape[0] - at[WIDTH])] = current[k]
                    return read_all(operations, at, current)
                if result == FAULT:
                    return FAULT
        operation = operations[operation, NEXT]
        if operation != NOTHING:
            alternative = operations[operation, FIRST]
    return ILLEGAL


@inner
def hash_of(entries: Words, entry: int, width: int) -> np.uint64:
    """The hash of a configuration."""
    hashed = uint64(0)
    for k in range(entry * width, entry * width + width):
        hashed = mix(hashed, entries[k])
    return hashed


@inner
def is_new(at: Signed, current: Words, entries: Words, table: NDArray[np.int32]) -> bool:
    """Whether the current configuration was not visited before; it is from now on. There must be room."""
    width, count = at[WIDTH], at[ENTRIES]
    for k in range(width):
        entries[count * width + k] = current[k]
    last = table.shape[0] - 1
    slot = int64(hash_of(entries, count, width) & uint64(last))
    while table[slot] != 0:
        entry = (table[slot] - 1) * width
        k = 0
        while k < width and entries[entry + k] == current[k]:
            k += 1
        if k == width:
            return False
        slot = (slot + 1) & last
    at[ENTRIES] = count + 1
    table[slot] = count + 1
    return True

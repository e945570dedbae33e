"""Operations on objects in terms of a sequential specification, and whether they are linearizable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from checkers.history.wing_gong_lowe.arrange import OPEN, events_of
from checkers.history.wing_gong_lowe.compiled import machine_code
from checkers.history.wing_gong_lowe.kernel import (
    AT,
    COLUMNS,
    DETERMINISTIC,
    END,
    FINALS_MAX,
    FIRST,
    HEAD,
    NOT_LINEARIZABLE,
    NOTHING,
    OPTIONAL,
    READERS,
    READS,
    STEP,
    TWIN_HEAD,
    WRITERS,
)
from checkers.history.wing_gong_lowe.search import KEPT, OUTCOME, REACHED, VISITED, Problem
from checkers.history.wing_gong_lowe.step import Stepper

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Effects:
    """What operations may do: effect e is one of the alternatives from first[e] to end[e], exclusive."""

    first: Ints
    end: Ints
    alternatives: Ints
    """A row: the number of the action, its parameters."""
    needs: Ints
    """Of an alternative, what another operation must have given before it can be legal; NOTHING if it needs nothing."""
    gives: Ints
    """Of an alternative, what it gives."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """Operations sorted by object, then invocation; object k has those from bounds[k] to bounds[k + 1], exclusive."""

    stepper: Stepper
    effects: Effects
    deterministic: bool
    """Whether at most one alternative of an effect is legal in a state, so that the first legal one is it."""
    bounds: Ints
    invoke: Ints
    complete: Ints
    """OPEN for an operation that may take effect at any time from its invocation on, or never."""
    effect: Ints
    call: Ints
    """What the caller calls each operation."""
    optional: NDArray[np.bool_]
    """Whether it need not take effect, although it returned."""

    @cached_property
    def reads(self) -> NDArray[np.bool_]:
        """Of each operation, whether none of its alternatives ever changes the state."""
        changes = np.concatenate([[0], np.cumsum(~self.stepper.reads[self.effects.alternatives[:, 0]])])
        reads: NDArray[np.bool_] = (changes[self.effects.end] == changes[self.effects.first])[self.effect]
        return reads

    def taken(self, operations: NDArray[np.intp]) -> Encoded:
        """Only some of the operations, given in ascending order."""
        return replace(
            self,
            bounds=np.searchsorted(operations, self.bounds),
            invoke=self.invoke[operations],
            complete=self.complete[operations],
            effect=self.effect[operations],
            call=self.call[operations],
            optional=self.optional[operations],
        )


@dataclass(frozen=True, eq=False)
class Searched:
    """How the searches of all objects ended."""

    encoded: Encoded
    """What was searched: without reads that never returned, which can't matter."""
    outcome: Ints
    reached: Ints
    """Of each object, the operation whose return no path got past; NOTHING where it is linearizable."""
    visited: Ints
    finals: NDArray[np.uint64]
    """Of the last object, configurations (position, mask, state) in which that operation could not take effect."""
    finals_count: int
    """How many there were; the first ones were kept."""


def search(encoded: Encoded, steps_max: int, bytes_max: int) -> Searched:
    """Search every object; each may visit so many configurations, in so many bytes."""
    idle = encoded.reads & ((encoded.complete == OPEN) | encoded.optional)
    if idle.any():
        encoded = encoded.taken(np.flatnonzero(~idle))
    stepper, effects = encoded.stepper, encoded.effects
    events, begins = events_of(encoded.bounds, encoded.invoke, encoded.complete)
    operations = rows_of(encoded)
    slots = machine_code().place_all(events, begins, encoded.complete, operations)
    widths = 1 + -(-slots // 64) + stepper.words
    at = np.zeros(AT, np.int64)
    at[STEP : DETERMINISTIC + 1] = (
        stepper.address, stepper.records.ctypes.data, stepper.scratch.ctypes.data, effects.alternatives.ctypes.data,
        effects.alternatives.strides[0], encoded.deterministic,
    )  # fmt: skip
    finals = np.zeros(FINALS_MAX * widths.max(initial=1), np.uint64)
    objects = np.stack([begins[:-1], begins[1:], widths], axis=1)
    problem = Problem(events, operations, stepper.initial)
    reports = machine_code().search_all(problem, at, finals, objects, (steps_max, bytes_max))
    stuck = reports[:, OUTCOME] == NOT_LINEARIZABLE
    kept = min(int(reports[-1, KEPT]), FINALS_MAX)
    return Searched(
        encoded=encoded,
        outcome=reports[:, OUTCOME],
        reached=np.where(stuck, ~events[np.where(stuck, reports[:, REACHED], 0)] if stuck.any() else NOTHING, NOTHING),
        visited=reports[:, VISITED],
        finals=finals[: kept * widths[-1]].reshape(kept, int(widths[-1])),
        finals_count=int(reports[-1, KEPT]),
    )


def rows_of(encoded: Encoded) -> Ints:
    """The operations as the search takes them, their places not yet found, and the heads of lists."""
    count, heads = len(encoded.call), 2 * len(encoded.effects.first) + WRITERS
    rows = np.full((count + heads, COLUMNS), NOTHING, np.int64)
    rows[:count, READS] = encoded.reads
    rows[:count, OPTIONAL] = encoded.optional
    rows[:count, FIRST] = encoded.effects.first[encoded.effect]
    rows[:count, END] = encoded.effects.end[encoded.effect]
    rows[:count, HEAD] = len(rows) - np.where(encoded.reads, READERS, WRITERS)
    rows[:count, TWIN_HEAD] = count + 2 * encoded.effect + encoded.optional
    return rows

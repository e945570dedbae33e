"""The work of a search that runs in parallel: one piece of a level at a time, expanded into buffers of its own.

Source: the tasks of TLC's workers, but of a fixed size and order, so that results don't depend on who does what.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from checkers.explore import generate
from checkers.explore.compile import CompiledSpec
from checkers.explore.generate import PARTITIONS
from checkers.explore.store import NO_PARENT, Store
from specs.packing import Words

PIECE = 2048
"""The states of a piece."""
FAULTS = (AssertionError, IndexError, OverflowError, ZeroDivisionError)
"""What compiled spec code raises where the plain code would have a finding."""
FAULT = -1
"""The reason of a task that was stopped by one of them."""
Piece = tuple[int, int, int]
"""A partition, and the first and one past the last of the states to expand."""


class Task:
    """The buffers of one piece at a time."""

    def __init__(self, compiled: CompiledSpec) -> None:
        generator = compiled.generator
        self.expand = compiled.expand
        self.workspace = compiled.workspace()
        rows = PIECE + generator.successors_max()
        self.out = np.zeros((PARTITIONS, rows, compiled.instance.packing.words + 2), np.uint64)
        self.flat_out = self.out.reshape(PARTITIONS * rows, -1)
        self.filled = np.zeros(PARTITIONS, np.int64)
        self.fired = np.zeros(len(generator.actions), np.int64)
        self.report = np.zeros(4, np.int64)
        self.stopped = 0
        self.piece: Piece = (0, 0, 0)

    def run(self, store: Store, control: Any, piece: Piece) -> None:  # noqa: ANN401 - an array
        """Expand a piece; the buffers then hold what came of it."""
        self.piece = piece
        partition, low, high = piece
        self.filled[:] = 0
        self.fired[:] = 0
        self.report[:] = 0
        rows = store.partitions[partition].rows()
        try:
            self.stopped = self.expand(
                rows,
                low,
                high,
                PARTITIONS,
                partition,
                self.flat_out,
                self.filled,
                *self.workspace,
                control,
                self.fired,
                self.report,
            )
        except FAULTS:
            self.report[generate.REASON] = FAULT
            self.stopped = int(self.report[generate.POSITION])


def emitted(compiled: CompiledSpec, task: Task, rows: Any) -> Task:  # noqa: ANN401 - an array
    """A task whose buffers hold given states in canonical form."""
    task.filled[:] = 0
    compiled.module.admit(rows, len(rows), NO_PARENT, task.flat_out, task.filled, task.workspace[0], task.workspace[-1])
    return task


def canonical(compiled: CompiledSpec, task: Task, words: Words) -> Words:
    """The canonical form of one packed state."""
    emitted(compiled, task, np.array([words], np.uint64))
    partition = int(np.flatnonzero(task.filled)[0])
    return tuple(int(w) for w in task.out[partition, 0, : len(words)])

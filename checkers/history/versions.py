"""Registers whose versions are in the history: judged as logs, in n log n.

Versions go up with every write, so a register with versions is a log of writes of which the last one is read: to write
is to append at the version, and to read is to find that record and to be told that the log ends right after it. A read
that finds nothing, at a version that nobody wrote, is told that the log is empty.

Left out: to decide compare-and-sets, registers of which some completed write or read has no version, and those into
which nothing is written: these are judged by their values; what versions there are must be in order all the same.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls, paired
from checkers.history.history import NIL, Kind
from checkers.history.wing_gong_lowe.arrange import OPEN

Bools = NDArray[np.bool_]
HIGHEST = (1 << 63) - 1
"""A version after which none can be."""


def applies(calls: Calls, is_read: Bools) -> tuple[Bools, Bools]:
    """For each object, whether it has versions, and whether they decide; `calls` sorted by object."""
    bounds = calls.bounds()
    number = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    versioned, empty = calls.offset != NIL, calls.value == NIL
    silent = ~versioned & (calls.complete != OPEN) & ~(is_read & empty)
    some = np.zeros(len(bounds) - 1, bool)
    some[number[versioned]] = True
    fine = some.copy()
    fine[number[silent | calls.compares | (~is_read & empty)]] = False
    return some, fine


def as_log(calls: Calls, is_read: Bools) -> Calls:
    """The calls on the log that such registers are; each read is two.

    Reads of which the place is not known are left out: those without a version, and those that found nothing at a
    version that nobody is known to have written, after nothing was written at a version that is not known.
    """
    found = np.flatnonzero(is_read & (calls.complete != OPEN))
    writes = calls.taken(np.flatnonzero(~is_read & (calls.offset != NIL)))
    written = np.isin(paired(calls.object[found], calls.offset[found]), paired(writes.object, writes.offset)) | (
        calls.value[found] != NIL
    )
    placed = (calls.offset[found] != NIL) & (calls.offset[found] < HIGHEST)
    known = np.where(written, placed, ~_follows_nothing(calls, found, ~is_read))
    found, written = found[known], written[known]
    ends = calls.taken(found)
    ends = replace(ends, kind=np.full(len(found), Kind.END, np.int8), offset=np.where(written, ends.offset + 1, 0))
    chosen = np.sort(np.concatenate([np.flatnonzero(~is_read), found[written]]))
    kind = np.where(is_read, Kind.RECORD, Kind.SEND).astype(np.int8)
    return replace(calls, kind=kind).taken(chosen).joined(ends)


def _follows_nothing(calls: Calls, reads: NDArray[np.intp], is_write: Bools) -> Bools:
    """Which of some reads may find a write of nothing, or follow one, of which the version is not known."""
    follows = np.zeros(len(reads), bool)
    nothing = np.flatnonzero(is_write & (calls.value == NIL))
    if len(nothing) == 0:
        return follows
    # a read without a version may find any write of nothing, one with a version those whose own is not known
    for those, which in ((nothing, calls.offset[reads] == NIL), (nothing[calls.offset[nothing] == NIL], True)):
        first = dict(zip(calls.object[those[::-1]].tolist(), calls.invoke[those[::-1]].tolist(), strict=True))
        invoked = np.array([first.get(number, OPEN) for number in calls.object[reads].tolist()], np.int64)
        follows |= which & (invoked < calls.complete[reads])
    return follows

"""Registers whose versions are in the history: judged as logs, in n log n.

Versions go up with every write, so a register with versions is a log of writes of which the last one is read: to write
is to append at the version, and to read is to find that record and to be told that the log ends right after it. A read
that finds nothing, at a version that nobody wrote, is told that the log is empty.

Left out: compare-and-set, and registers of which some completed write or read has no version, or of which a write of
nothing may have got any version: these are judged by their values alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls, paired
from checkers.history.history import NIL, Kind
from checkers.history.wing_gong_lowe.arrange import OPEN

Bools = NDArray[np.bool_]


def applies(calls: Calls, is_read: Bools) -> Bools:
    """For each object, whether its versions are known; `calls` sorted by object."""
    bounds = calls.bounds()
    number = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    versioned = calls.offset != NIL
    empty = calls.value == NIL
    silent = ~versioned & np.where(is_read, ~empty & (calls.complete != OPEN), empty | (calls.complete != OPEN))
    fine = np.zeros(len(bounds) - 1, bool)
    fine[number[versioned]] = True
    fine[number[silent | calls.compares]] = False
    return fine


def as_log(calls: Calls, is_read: Bools) -> Calls:
    """The calls on the log that such registers are; each read is two."""
    found = np.flatnonzero(is_read & (calls.complete != OPEN))
    writes = calls.taken(np.flatnonzero(~is_read & (calls.offset != NIL)))
    written = np.isin(paired(calls.object[found], calls.offset[found]), paired(writes.object, writes.offset)) | (
        calls.value[found] != NIL
    )
    ends = calls.taken(found)
    told = np.where(written & (ends.offset != NIL), ends.offset + 1, 0)
    ends = replace(ends, kind=np.full(len(found), Kind.END, np.int8), offset=told)
    chosen = np.sort(np.concatenate([np.flatnonzero(~is_read), found[written]]))
    kind = np.where(is_read, Kind.RECORD, Kind.SEND).astype(np.int8)
    return replace(calls, kind=kind).taken(chosen).joined(ends)

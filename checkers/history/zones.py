"""Registers whose written values are all different: linearizable or not in n log n.

Then every read tells its write, so calls fall into clusters: a write and its reads. From the first completion to the
last invocation in a cluster its value must be in the register (a forward zone); if the last invocation comes first, all
calls overlap, and the value need be there only for a moment in between (a backward zone). The history is linearizable
exactly if no read completes before its write is invoked, no two forward zones overlap, and no backward zone lies
within a forward one. What the register holds at first is a write before everything.

Source: Gibbons and Korach, Testing shared memories (1997), theorem 4.2 (the reads-from mapping is known).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls
from checkers.history.groups import Ints, begins
from checkers.history.history import NIL
from checkers.history.wing_gong_lowe.arrange import OPEN


@dataclass(frozen=True, eq=False)
class Zones:
    """The clusters of all objects, sorted by object, then value."""

    object: Ints
    conflicts: NDArray[np.bool_]
    """Whether the cluster takes part in a conflict that was found; every object that is not linearizable has one."""
    cluster: Ints
    """Of each call, its cluster."""


def applies(calls: Calls, is_read: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each object, whether all that is written is written once, not there at first, and not compared."""
    bounds = calls.bounds()
    number = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    writes = np.flatnonzero(~is_read)
    order = writes[np.lexsort((calls.value[writes], number[writes]))]
    again = ~begins(number[order], calls.value[order])
    wrong = np.concatenate([order[again], np.flatnonzero(calls.compares), writes[calls.value[writes] == NIL]])
    fine = np.ones(len(bounds) - 1, bool)
    fine[number[wrong]] = False
    return fine


def zones(calls: Calls, is_read: NDArray[np.bool_]) -> Zones:
    """The zones of objects to which this applies; `calls` without reads that never returned."""
    order = np.lexsort((calls.value, calls.object))
    new = begins(calls.object[order], calls.value[order])
    starts = np.flatnonzero(new)
    cluster = np.empty(len(order), np.int64)
    cluster[order] = np.cumsum(new) - 1
    objects, values = calls.object[order][starts], calls.value[order][starts]
    written = np.where(values == NIL, -1, OPEN)
    writes = np.flatnonzero(~is_read)
    written[cluster[writes]] = calls.invoke[writes]
    first = np.minimum.reduceat(calls.complete[order], starts) if len(starts) else starts
    last = np.maximum.reduceat(calls.invoke[order], starts) if len(starts) else starts
    first = np.where(values == NIL, -1, first)
    unread = np.bincount(cluster[is_read], minlength=len(starts)) == 0
    ignored = unread & (first == OPEN)
    conflicts = (first < written) & ~ignored
    forward = np.flatnonzero((first < last) & ~ignored & ~conflicts)
    backward = np.flatnonzero((first >= last) & ~ignored & ~conflicts)
    conflicts[_overlapping(objects, first, last, forward)] = True
    conflicts[_swallowed(objects, first, last, (forward, backward))] = True
    return Zones(objects, conflicts, cluster)


def _overlapping(objects: Ints, first: Ints, last: Ints, forward: Ints) -> Ints:
    """Forward zones that overlap the next one."""
    order = forward[np.lexsort((first[forward], objects[forward]))]
    overlaps = (np.diff(objects[order]) == 0) & (first[order][1:] < last[order][:-1])
    return np.concatenate([order[:-1][overlaps], order[1:][overlaps]])


def _swallowed(objects: Ints, first: Ints, last: Ints, zones: tuple[Ints, Ints]) -> Ints:
    """Backward zones that lie within a forward one, and those; of overlapping ones only the nearest is seen."""
    forward, backward = zones
    span = int(max(first[backward].max(initial=0), last.max(initial=0))) + 2
    order = forward[np.lexsort((first[forward], objects[forward]))]
    begins = objects[order] * span + first[order] + 1
    nearest = np.searchsorted(begins, objects[backward] * span + last[backward] + 1) - 1
    there = nearest >= 0
    around, inside = order[nearest[there]], backward[there]
    within = (objects[around] == objects[inside]) & (first[inside] < last[around])
    return np.concatenate([around[within], inside[within]])

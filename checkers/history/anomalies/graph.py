"""The graph of dependencies between operations, and its strongly connected components.

Nodes are the outcomes that sent or polled something. Edges, after Adya, and as Jepsen's workload for Kafka draws them:
ww from the writer of a message to the writer of the next one in the version order; wr from a writer to each of its
readers; rw from an operation to the writer of the message that follows the highest one it polled of a key. Besides:
process, from an ok operation to the next ones of its process; realtime, from an ok operation to all that were invoked
after it was over.

Realtime edges are drawn through a line of moments, so that there are three for each operation instead of a square.

Source: Adya, Weak consistency (1999); Alvaro and Kingsbury, Elle (2020).
Left out: process and realtime edges out of info and fail operations, which may act later than they end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from checkers.history.anomalies.analysis import Analysis
from checkers.history.anomalies.columns import Ints, Mask, in_order
from checkers.history.groups import starts_of
from checkers.history.history import NONE, EventType


class Edge(IntEnum):
    """Why one operation comes before another."""

    WW = 0
    WR = 1
    RW = 2
    PROCESS = 3
    REALTIME = 4


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges between nodes. `message` is what the latter sent (ww, rw) or polled (wr); NONE for other kinds."""

    source: Ints
    target: Ints
    kind: NDArray[np.int8]
    message: Ints

    def where(self, rows: Mask | Ints) -> Edges:
        """Some of them."""
        return Edges(self.source[rows], self.target[rows], self.kind[rows], self.message[rows])


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes 0..n-1 are the events in `event`, ascending; the nodes after them are moments of real time."""

    event: Ints
    begin: Ints  # of each node: its invoke; NONE if that isn't recorded
    over: Mask  # of each node: nothing of it can happen after its event
    edges: Edges
    size: int  # with moments


def dependency_graph(analysis: Analysis) -> Graph:
    """All the edges of a history, of all kinds."""
    involved = np.zeros(len(analysis.history), bool)
    involved[analysis.sends.event] = True
    involved[analysis.reads.event] = True
    event = np.flatnonzero(involved)
    node = np.cumsum(involved) - 1
    partner = analysis.history.partner[event]
    complete = analysis.history.type[event] != EventType.INVOKE
    begin = np.where(complete, partner, event).astype(np.int64)
    over = analysis.outcome[event] == EventType.OK
    data = [write_write(analysis), write_read(analysis), read_write(analysis)]
    drawn = [Edges(node[e.source], node[e.target], e.kind, e.message) for e in data]
    drawn.append(process_edges(analysis.history.process[event], over))
    drawn.append(moments(event, begin, over))
    columns = [np.concatenate([getattr(e, name) for e in drawn]) for name in ("source", "target", "kind", "message")]
    return Graph(event, begin, over, Edges(*columns), len(event) + int(over.sum()))


def between_writers(kind: Edge, source: Ints, target: Ints, message: Ints) -> Edges:
    """Edges of one kind, without those from or to nobody and from an operation to itself."""
    rows = np.flatnonzero((source != NONE) & (target != NONE) & (source != target))
    return Edges(source[rows], target[rows], np.full(len(rows), kind, np.int8), message[rows])


def write_write(analysis: Analysis) -> Edges:
    """From the writer of each message to the writer of the next."""
    orders, writer = analysis.orders, analysis.writer_of
    slot = np.flatnonzero(orders.key[1:] == orders.key[:-1]) + 1
    slot = slot[orders.place[orders.message[slot]] == slot]
    after, before = orders.message[slot], orders.message[slot - 1]
    return between_writers(Edge.WW, writer[before], writer[after], after)


def write_read(analysis: Analysis) -> Edges:
    """From the writer of each message to its readers."""
    message = analysis.reads.message
    return between_writers(Edge.WR, analysis.writer_of[message], analysis.reads.event.astype(np.int64), message)


def read_write(analysis: Analysis) -> Edges:
    """From each reader to the writer of the message after the highest that it polled of a key."""
    orders, reads = analysis.orders, analysis.reads_by_key
    if len(reads) == 0:
        return between_writers(Edge.RW, *(np.empty(0, np.int64) for _ in range(3)))
    begin = starts_of(reads.event, reads.key)
    place = np.maximum.reduceat(orders.place[reads.message], begin)
    known = place != NONE
    event, place = reads.event[begin[known]].astype(np.int64), place[known]
    rows = np.flatnonzero(place + 1 < len(orders.key))
    rows = rows[orders.key[place[rows] + 1] == orders.key[place[rows]]]
    following = orders.message[place[rows] + 1]
    return between_writers(Edge.RW, event[rows], analysis.writer_of[following], following)


def process_edges(process: NDArray[np.int32], over: Mask) -> Edges:
    """From the last ok operation of a process to each of its operations after that."""
    order = in_order(process)
    order = np.arange(len(process)) if order is None else order
    latest = np.maximum.accumulate(np.where(over[order], np.arange(len(order)), NONE))
    rows = np.arange(1, len(order))[latest[:-1] != NONE] if len(order) else np.empty(0, np.int64)
    before = latest[rows - 1]
    same = process[order[before]] == process[order[rows]]
    source, target = order[before[same]], order[rows[same]]
    return Edges(source, target, np.full(len(source), Edge.PROCESS, np.int8), np.full(len(source), NONE, np.int64))


def moments(event: Ints, begin: Ints, over: Mask) -> Edges:
    """The line of moments: into it from every ok operation when it is over, along it, and out of it at every invoke."""
    ended = np.flatnonzero(over)
    moment = len(event) + np.arange(len(ended))
    last = np.searchsorted(event[ended], begin) - 1
    begun = np.flatnonzero(last >= 0)
    source = np.concatenate((ended, moment[:-1], moment[last[begun]]))
    target = np.concatenate((moment, moment[1:], begun))
    return Edges(source, target, np.full(len(source), Edge.REALTIME, np.int8), np.full(len(source), NONE, np.int64))


def components(size: int, edges: Edges) -> Ints:
    """The number of the strongly connected component of each node."""
    shape = (size, size)
    matrix = coo_array((np.ones(len(edges.source), bool), (edges.source, edges.target)), shape=shape).tocsr()
    return np.asarray(connected_components(matrix, directed=True, connection="strong")[1], np.int64)

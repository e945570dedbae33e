"""Causal consistency of logs: each process sees all writes and its own reads in an order that keeps causality.

Causal order is the order of sessions and reads-from, closed. Causal memory asks, for each process, for a legal order of
all writes and the reads of that process which keeps causal order. In a log every legal order keeps the order of
offsets, so for each process the graph of `consistency.order` must have no cycle, when of the missed edges only
those of its own ends are kept: what others missed does not bind it.

One search for the strongly connected components of the whole graph comes first: without a cycle there all is well, and
a cycle of one process lies within one of them. Cost: that of the search, and, for each component, of one more for every
process that read ends in it.

Source: Ahamad, Neiger, Burns, Kohli and Hutto, Causal memory: definitions, implementation, and programming (1995).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from checkers.history.consistency.evidence import Violation
from checkers.history.consistency.graph import Graph
from checkers.history.consistency.observed import Observed
from checkers.history.consistency.order import Order, contradiction, session_order
from checkers.history.history import NONE

LEVEL = "causal"


def causal(observed: Observed) -> Iterator[Violation]:
    """Cycles that all processes see, or else those that one process sees."""
    order = session_order(observed)
    for part in order.graph.cyclic_parts():
        for cyclic in _cyclic(order, part):
            yield contradiction(order, LEVEL, cyclic.cycle())


def _cyclic(order: Order, part: Graph) -> Iterator[Graph]:
    """The cyclic parts of a part of the whole graph, without the missed edges of others than one process."""
    first = order.first_read
    source, target = part.name[part.source], part.name[part.target]
    missed = (source >= first) & (source < order.first_event) & (target < first)
    for_all = False
    for cyclic in part.only(~missed).cyclic_parts():
        for_all = True
        yield cyclic
    if for_all:
        return
    process = np.full(len(source), NONE, np.int64)
    process[missed] = order.observed.reads.session[source[missed] - first]
    for one in np.unique(process[missed]):
        yield from part.only(~missed | (process == one)).cyclic_parts()

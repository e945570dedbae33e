"""Sequential consistency and linearizability of logs: some total order of all operations explains every answer.

Sequential consistency keeps the order of each process; linearizability keeps real time too. If batches are stretches of
the log (`consistency.prefix`), every order that keeps the edges of `consistency.order` is a legal execution of
append-only logs: entries are appended in the order of their offsets, and each read finds what it saw and nothing of
what it missed. So the level holds if and only if the graph has no cycle.

Linearizability here is asked of readers too: it includes what a known position and the order within an event say.
`checkers.history.log_order` asks it of the log alone, record by record.

Source: Lamport, How to make a multiprocessor computer that correctly executes multiprocess programs (1979); Herlihy and
Wing, Linearizability: a correctness condition for concurrent objects (1990).
"""

from __future__ import annotations

from collections.abc import Iterator

from checkers.history.consistency.evidence import Violation
from checkers.history.consistency.observed import Observed
from checkers.history.consistency.order import Order, contradiction, real_time_order, session_order


def sequential(observed: Observed) -> Iterator[Violation]:
    """Why no total order of all operations keeps the order of each process."""
    return _contradictions(session_order(observed), "sequential")


def linearizable(observed: Observed) -> Iterator[Violation]:
    """Why no total order of all operations keeps real time."""
    return _contradictions(real_time_order(observed), "linearizable")


def _contradictions(order: Order, level: str) -> Iterator[Violation]:
    for part in order.graph.cyclic_parts():
        yield contradiction(order, level, part.cycle())

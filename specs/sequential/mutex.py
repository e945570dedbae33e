"""A mutex: one process holds it at a time, and only its holder releases it.

Source: Dijkstra, Solution of a problem in concurrent programming control (1965).
Left out: reentrance, leases, waiting.
"""

from __future__ import annotations

from specs.language import NONE, Int, Maybe, Record, Spec, action, bound

PROCESSES = bound("processes", 2, low=1, high=1 << 31, doc="processes")
PROCESS = Int(0, PROCESSES - 1)


class State(Record):
    """Who holds it."""

    holder = Maybe(Int(0, PROCESSES - 1))


def initial(s: State) -> None:
    """It is free."""


@action(process=PROCESS)
def acquire(s: State, process: int) -> bool:
    """Take the free mutex."""
    if s.holder != NONE:
        return False
    s.holder = process
    return True


@action(process=PROCESS)
def release(s: State, process: int) -> bool:
    """Give it back."""
    if s.holder != process:
        return False
    s.holder = NONE
    return True


def is_held(s: State) -> bool:
    """Somebody holds it."""
    return s.holder != NONE


SPEC = Spec(
    name="mutex",
    doc="A mutex that knows its holder.",
    state=State,
    initial=initial,
    actions=(acquire, release),
    bounds=(PROCESSES,),
    reachable=(is_held,),
)

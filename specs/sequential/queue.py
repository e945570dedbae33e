"""A first-in, first-out queue.

Source: Herlihy and Wing, Linearizability (1990), whose running example it is.
Left out: priorities; a queue that is full.
"""

from __future__ import annotations

from specs.language import Array, Int, Record, Spec, action, bound

CAPACITY = bound("capacity", 2, low=1, high=4096, doc="values that the queue can hold")
VALUES = bound("values", 2, low=1, high=1 << 31, doc="values")
VALUE = Int(0, VALUES - 1)


class State(Record):
    """The queue: `items[0]` is next, and beyond `length` all are 0."""

    length = Int(0, CAPACITY)
    items = Array(Int(0, VALUES - 1), CAPACITY)


def initial(s: State) -> None:
    """The empty queue."""


@action(value=VALUE)
def enqueue(s: State, value: int) -> bool:
    """Put a value at the end."""
    if s.length >= CAPACITY:
        return False
    s.items[s.length] = value
    s.length = s.length + 1
    return True


@action()
def take(s: State) -> bool:
    """Take the value at the front, whichever it is."""
    if s.length == 0:
        return False
    for place in range(CAPACITY - 1):
        if place < s.length:
            s.items[place] = s.items[place + 1]
    s.length = s.length - 1
    s.items[s.length] = 0
    return True


@action(value=VALUE)
def dequeue(s: State, value: int) -> bool:
    """Take the value at the front, and find it to be this one."""
    if s.items[0] != value:
        return False
    return take(s)


@action()
def dequeue_nothing(s: State) -> bool:
    """Find the queue empty."""
    return s.length == 0


def is_full(s: State) -> bool:
    """The queue can take no more."""
    return s.length == CAPACITY


SPEC = Spec(
    name="queue",
    doc="A first-in, first-out queue.",
    state=State,
    initial=initial,
    actions=(enqueue, take, dequeue, dequeue_nothing),
    bounds=(CAPACITY, VALUES),
    reachable=(is_full,),
)

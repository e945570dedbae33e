"""Sequential specifications as users write them, for tests."""

from __future__ import annotations

from specs.language import Int, Maybe, Record, Spec, action, bound

LIMIT = bound("limit", 3, low=1, high=9, doc="the highest count")


class Counter(Record):
    """A counter."""

    n = Int(0, LIMIT)


def initial(s: Counter) -> None:
    """Zero."""


@action(value=Maybe(Int(0, LIMIT)))
def increment(s: Counter, value: int) -> bool:
    """Count, and tell how far it got."""
    s.n = s.n + 1
    return s.n == value


@action(value=Int(0, LIMIT), lease=Int(1, 2))
def look(s: Counter, value: int, lease: int) -> bool:
    """Look at the count, under a lease; one under the second must not see three."""
    assert not (lease == 2 and s.n == 3)
    return s.n == value


COUNTER = Spec("counter", "A counter.", Counter, initial, (increment, look), (LIMIT,))


@action(key=Int(0, 1), value=Int(0, LIMIT))
def grow(s: Counter, key: int, value: int) -> bool:
    """Count by one or two, by key, over all keys."""
    s.n = s.n + key + 1
    return s.n == value


ACROSS_KEYS = Spec("across_keys", "One counter for all keys.", Counter, initial, (grow,), (LIMIT,))

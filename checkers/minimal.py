"""The least of something that still fails: leave out ever smaller chunks, as long as what is left fails too.

The result is 1-minimal: no single item of it can be left out.

Source: Zeller and Hildebrandt, Simplifying and isolating failure-inducing input (2002).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar


class Sized(Protocol):
    """What can be minimised."""

    def __len__(self) -> int:
        """Its items."""


T = TypeVar("T", bound=Sized)


def minimal(failing: T, without: Callable[[T, int, int], T | None]) -> T:
    """The least of `failing` that still fails.

    `without(items, start, end)` leaves out the items from start to end, exclusive: what is left, if it still fails, or
    less of it that does; None if it does not fail.
    """
    size = max(len(failing) // 2, 1)
    while True:
        before = len(failing)
        start = before - size
        while start > -size:
            fewer = without(failing, max(start, 0), start + size)
            if fewer is not None and len(fewer) < len(failing):
                failing = fewer
            start = min(start, len(failing)) - size
        if size == 1 and len(failing) == before:
            return failing
        size = max(min(size, len(failing)) // 2, 1)

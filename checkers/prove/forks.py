"""Whom symbolic values ask where Python must know at once: the paths that are being run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import z3


class Forks(Protocol):
    """What decides where Python needs to know."""

    def decide(self, condition: z3.BoolRef) -> bool:
        """The outcome of a condition on the path that is being taken."""

    def suppose(self, *facts: z3.BoolRef) -> None:
        """Take what holds of every state in range for known."""


_forks: ContextVar[Forks] = ContextVar("forks")


@contextmanager
def deciding(forks: Forks) -> Iterator[None]:
    """Have these paths decide within the block."""
    token = _forks.set(forks)
    try:
        yield
    finally:
        _forks.reset(token)


def decide(condition: z3.BoolRef) -> bool:
    """The outcome of a condition on the path that is being taken."""
    return _forks.get().decide(condition)


def suppose(*facts: z3.BoolRef) -> None:
    """Tell the current paths what holds of every state in range."""
    _forks.get().suppose(*facts)

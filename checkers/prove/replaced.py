"""Code that is replaced for a while: what a proof is to be seen to fail for, or what stands in by its contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from typing import Any


@contextmanager
def replaced(place: str, instead: Callable[..., Any]) -> Iterator[None]:
    """Have another function in a place, such as "model.group.range.range_share", within the block."""
    where, _, name = place.rpartition(".")
    holder = resolve_name(where)
    before = vars(holder)[name]
    setattr(holder, name, instead)
    try:
        yield
    finally:
        setattr(holder, name, before)

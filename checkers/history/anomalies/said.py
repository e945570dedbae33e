"""What events say in fields that have no column: groups, generations, members, producer ids and epochs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from checkers.history.anomalies.columns import Ints
from checkers.history.history import NIL, NONE, EventType, History, Json, Kind


def said(history: History, event: int, name: str) -> Json:
    """A field of an operation: what its completion says, otherwise what its invoke says; None if neither says it."""
    own = history.fields.get(event, {}).get(name)
    partner = int(history.partner[event])
    if own is None and partner != NONE:
        return history.fields.get(partner, {}).get(name)
    return own


def said_number(history: History, event: int, name: str) -> int | None:
    """A field that is an integer; None if it isn't said, is none, or has more than 64 bits."""
    value = said(history, event, name)
    return value if type(value) is int and NIL < value < -NIL else None


def said_name(history: History, event: int, name: str) -> str | None:
    """A field that is a string; None if it isn't said or is none."""
    value = said(history, event, name)
    return value if isinstance(value, str) else None


def observations(history: History, function: str) -> Ints:
    """The rows of what was noted under a name, in the order of the recording."""
    code = history.functions.find(function)
    if code == NONE:
        return np.empty(0, np.int64)
    events = (history.function == code) & (history.type != EventType.INVOKE)
    return np.flatnonzero(events[history.event] & (history.kind == Kind.OBSERVE))


def said_column(history: History, events: Iterable[int], name: str) -> Ints:
    """A field of each of some events as integers; NIL where it isn't said."""
    told = (said_number(history, event, name) for event in events)
    return np.array([NIL if number is None else number for number in told], np.int64)


def saying(history: History, name: str, outcome: NDArray[np.int8]) -> Iterator[int]:
    """The outcomes that say a field, in the order of the recording."""
    said_at = {
        event if outcome[event] != EventType.INVOKE else int(history.partner[event])
        for event, fields in history.fields.items()
        if fields.get(name) is not None
    }
    yield from sorted(said_at)

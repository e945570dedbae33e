"""Evidence against a consistency level: the operations that show it, where in the log, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.history.consistency.observed import Observed
from checkers.history.history import NONE, Json
from checkers.history.labels import label, shown_name


@dataclass(frozen=True, slots=True)
class Violation:
    """One violation of `level`, and so of every level that implies it.

    `events` are the invokes of the operations that show it, in the order in which the sentence names them.
    """

    level: str
    key: Json
    offsets: tuple[int, ...]
    events: tuple[int, ...]
    sentence: str


def operation(observed: Observed, event: int) -> str:
    """An operation in a sentence: its label, and where the recording has it."""
    history = observed.history
    process = shown_name(history.processes.names[history.process[event]])
    return f"{label(history, event)} (process {process}, index {history.index[event]})"


def writer(observed: Observed, entry: int) -> int | None:
    """The event that invoked the send of an entry; None if it is not known."""
    send = int(observed.entries.send[entry])
    return None if send == NONE else int(observed.sends.event[send])


def place(observed: Observed, entry: int) -> str:
    """An entry in a sentence, such as `x @3`."""
    key = observed.history.shown_key(int(observed.entries.key[entry]))
    return f"{shown_name(key)} @{observed.entries.offset[entry]}"

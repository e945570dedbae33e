"""An append-only log whose offsets are known: appends take effect in the order of their offsets, reads see a prefix.

What lies at an offset is told by the history itself, so the log is its end. This is what `checkers.history.log_order`
decides without a search; there offsets may be skipped (by transaction markers, by compaction), here they are ranks.

Source: the Apache Kafka documentation, "Guarantees"; Kreps, The Log.
Left out: retention, truncation, and that a read returns all there is.
"""

from __future__ import annotations

from specs.language import Int, Record, Spec, action, bound

LENGTH = bound("length", 3, low=1, high=1 << 31, doc="offsets that the log can have")


class State(Record):
    """The log: what was appended lies at the offsets below `end`."""

    end = Int(0, LENGTH)


def initial(s: State) -> None:
    """The empty log."""


@action(offset=Int(0, LENGTH - 1))
def append(s: State, offset: int) -> bool:
    """Append a record, which comes to lie at the end."""
    if s.end != offset:
        return False
    s.end = offset + 1
    return True


@action(offset=Int(0, LENGTH - 1))
def read(s: State, offset: int) -> bool:
    """Read a record that was appended."""
    return offset < s.end


@action(offset=Int(0, LENGTH))
def end_offset(s: State, offset: int) -> bool:
    """Be told the end, which is exclusive."""
    return s.end == offset


def is_full(s: State) -> bool:
    """Every offset was appended to."""
    return s.end == LENGTH


SPEC = Spec(
    name="log",
    doc="An append-only log.",
    state=State,
    initial=initial,
    actions=(append, read, end_offset),
    bounds=(LENGTH,),
    reachable=(is_full,),
)

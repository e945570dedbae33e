"""Whether a log that was recovered is one that a crash may leave (LOG-4), given what it was given.

Source: GUARANTEES.md, LOG-4.
Left out: what was below the log start offset, which may be there or not. What was not flushed of it need not be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from checkers.storage.lineage import (
    Allowed,
    Lineage,
    Prefix,
    SeenProducer,
    aborted_of,
    epochs_of,
    producers_of,
)
from checkers.storage.recovered import Recovered, Unusable, hidden
from model.log.batch import peek_header

T = TypeVar("T")


def complaint_of(found: Recovered | Unusable, allowed: Allowed) -> str | None:
    """What is wrong with a log, measured by what it resembles most; None if it may be so."""
    judged = what_is_left(found, allowed)
    return judged if isinstance(judged, str) else None


def what_is_left(found: Recovered | Unusable, allowed: Allowed) -> Lineage | str | None:
    """The lineage of a log from now on, all of which is on the disk; None if nobody can tell; or what is wrong."""
    if isinstance(found, Unusable):
        return found.complaint
    complaint = "nothing may be left"
    for prefix in allowed:
        wrong = _against(found, prefix)
        if wrong is None:
            return None if prefix.is_going else _left(found, prefix.lineage)
        complaint = wrong
    return complaint


def _left(found: Recovered, lineage: Lineage) -> Lineage:
    """What is left of a lineage in a log that is a prefix of it."""
    if not found.batches and not found.producers:
        return Lineage(origin=found.end, start=found.start, flushed=found.end)
    left = lineage.cut_at_end(found.end)
    origin = left.origin if left.end == found.end else found.end
    return replace(left, batches=found.batches, origin=origin, start=found.start, flushed=found.end)


def _against(found: Recovered, prefix: Prefix) -> str | None:
    """What is wrong with a log that should be one prefix."""
    if not prefix.start_min <= found.start <= prefix.start_max:
        return f"the log start offset is {found.start}; it was {_range(prefix.start_min, prefix.start_max)}"
    flushed = prefix.lineage.cut_at_end(prefix.least_end).end
    if found.end < flushed:
        return f"it ends at {found.end}, but all up to {flushed} was flushed"
    lineage = prefix.lineage.cut_at_end(found.end)
    if not ends_with(lineage.batches, found.batches):
        return f"its batches are {_offsets(found.batches)}; a prefix of {_offsets(prefix.lineage.batches)} was appended"
    missing = lineage.batches[: len(lineage.batches) - len(found.batches)]
    if any(peek_header(data).next_offset > found.start for data in missing):
        return f"batches {_offsets(missing)} are missing, which the log start offset {found.start} does not exclude"
    lost = prefix.lineage.batches[len(lineage.batches) :]
    end_max = peek_header(lost[0]).base_offset if lost else lineage.end
    if not lineage.end <= found.end <= max(end_max, found.start):
        return f"it ends at {found.end}, not at {_range(lineage.end, end_max)} as its batches do"
    return None if prefix.is_going else _derived(found, lineage)


def _derived(found: Recovered, lineage: Lineage) -> str | None:
    """What does not follow from the batches as it should."""
    epochs = epochs_of(lineage.history, found.start)
    if found.epochs not in (epochs, epochs_of(lineage.history, found.start, found.end)):
        return f"its leader epochs are {found.epochs}; those of its batches are {epochs}"
    lost_below_start = not found.batches and lineage.flushed < found.end == found.start
    producers = () if lost_below_start and not found.producers else producers_of(lineage.history)
    if len(producers) != len(found.producers) or not all(map(same_producer, producers, found.producers)):
        return f"its producers are {found.producers}; those of its batches are {producers}"
    aborted = aborted_of(lineage.history)
    if hidden(found.aborted, found) != hidden(aborted, found):
        return f"its aborted transactions are {found.aborted}; those of its batches are {aborted}"
    return None


def same_producer(expected: SeenProducer, found: SeenProducer) -> bool:
    """Whether a producer is known as it should be: of its latest batches the last one at least."""
    same = (expected.id, expected.epoch, expected.transaction_start) == (found.id, found.epoch, found.transaction_start)
    return same and expected.batches[-1:] == found.batches[-1:] and set(found.batches) <= set(expected.batches)


def ends_with(whole: Sequence[T], end: Sequence[T]) -> bool:
    """Whether a sequence ends with another."""
    return len(end) <= len(whole) and tuple(whole[len(whole) - len(end) :]) == tuple(end)


def _offsets(batches: Sequence[bytes]) -> str:
    """Batches in a sentence."""
    headers = [peek_header(data) for data in batches]
    return ", ".join(f"{h.base_offset}-{h.last_offset} (epoch {h.leader_epoch})" for h in headers) or "none"


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"

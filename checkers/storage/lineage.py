"""What a log must have after a crash: the batches that it was given, and all that follows from them, told plainly.

Nothing of the log takes part but the batch format: epochs, producers and aborted transactions are derived here again,
from the batches alone, in the simplest way.

Source: KIP-98, KIP-101 for what follows from batches.
Left out: producers that expire; sequences that wrap around.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from model.log.batch import peek_header, records
from model.log.control import ControlType, EndTransaction, decode_control

BATCHES_KEPT = 5
EpochStart = tuple[int, int]
"""A leader epoch and its first offset."""
Aborted = tuple[int, int, int]
"""An aborted transaction: producer id, first offset, offset of the marker."""


@dataclass(frozen=True, slots=True)
class SeenProducer:
    """What follows from the batches of one producer."""

    id: int
    epoch: int
    batches: tuple[tuple[int, int], ...] = ()
    """The last sequence and offset of the latest batches, oldest first."""
    transaction_start: int | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """The batches that a log holds if nothing is lost, and how much of them can't be lost."""

    batches: tuple[bytes, ...] = ()
    origin: int = 0
    """Where the log ends without batches, or with a gap after them."""
    start: int = 0
    """The log start offset."""
    flushed: int = 0
    """All below survives a crash."""
    history: tuple[bytes, ...] = ()
    """The batches as they were appended, also those that compaction has removed or changed since."""

    @property
    def end(self) -> int:
        """The log end offset."""
        return max(self.origin, peek_header(self.batches[-1]).next_offset if self.batches else 0)

    def appended(self, data: bytes) -> Lineage:
        """With one more batch."""
        return replace(self, batches=(*self.batches, data), history=(*self.history, data))

    def cut(self, offset: int) -> Lineage:
        """Without the batches that hold `offset` or a later one, for certain; it ends where the first of them began.

        A log that is cut down to its start offset or further goes on as an empty one.
        """
        kept, history = below(self.batches, offset), below(self.history, offset)
        end = min(offset, peek_header(self.batches[len(kept)]).base_offset) if kept != self.batches else offset
        if offset <= self.start or end < self.start:
            return empty(min(offset, self.start))
        cut = replace(self, batches=kept, history=history, origin=min(self.origin, end), flushed=min(self.flushed, end))
        return cut if cut.end == end else replace(cut, origin=end, flushed=end)

    def cut_at_end(self, end: int) -> Lineage:
        """What is left of it in a log that was found to end at `end`."""
        kept, history = below(self.batches, end), below(self.history, end)
        return replace(self, batches=kept, history=history, origin=min(self.origin, end))


@dataclass(frozen=True, slots=True)
class Prefix:
    """What a crash may leave: the lineage down to some offset, and a log start offset in a range."""

    lineage: Lineage
    least_end: int
    start_min: int
    start_max: int
    is_going: bool = False
    """All of it is about to go, so what follows from its batches may have gone before them."""


Allowed = tuple[Prefix, ...]


def exactly(lineage: Lineage) -> Allowed:
    """What a crash may leave when nothing is under way."""
    return (Prefix(lineage, lineage.flushed, lineage.start, lineage.start),)


def empty(offset: int) -> Lineage:
    """A log that begins at an offset, for certain."""
    return Lineage(origin=offset, start=offset, flushed=offset)


def below(batches: Iterable[bytes], offset: int) -> tuple[bytes, ...]:
    """The batches that end at an offset or before."""
    return tuple(data for data in batches if peek_header(data).next_offset <= offset)


def epochs_of(batches: Iterable[bytes], start: int, log_end: int = 0) -> tuple[EpochStart, ...]:
    """The leader epochs of batches, from the log start offset on.

    An epoch goes on up to where the next one starts, the last one to the end of the batches or of the log, if it ends
    later.
    """
    starts, end = dict[int, int](), 0
    for data in batches:
        header = peek_header(data)
        starts.setdefault(header.leader_epoch, header.base_offset)
        end = header.next_offset
    ends = (*starts.values(), max(end, log_end))[1:]
    spans = zip(starts.items(), ends, strict=True)
    return tuple((epoch, max(first, start)) for (epoch, first), end in spans if end > start)


def producers_of(batches: Iterable[bytes]) -> tuple[SeenProducer, ...]:
    """The producers of batches, by id."""
    found = dict[int, SeenProducer]()
    for data in batches:
        header = peek_header(data)
        if header.producer_id < 0:
            continue
        former = found.get(header.producer_id)
        producer = former if former and former.epoch == header.producer_epoch else None
        if producer is None:
            start = former.transaction_start if former else None
            producer = SeenProducer(header.producer_id, header.producer_epoch, (), start)
        if header.is_control:
            found[producer.id] = replace(producer, transaction_start=None)
            continue
        sent = (*producer.batches, (header.last_sequence, header.last_offset))[-BATCHES_KEPT:]
        begun = producer.transaction_start
        if begun is None and header.is_transactional:
            begun = header.base_offset
        found[producer.id] = replace(producer, batches=sent, transaction_start=begun)
    return tuple(found[id_] for id_ in sorted(found))


def aborted_of(batches: Sequence[bytes]) -> tuple[Aborted, ...]:
    """The aborted transactions of batches, in the order of their markers."""
    open_since = dict[int, int]()
    found = list[Aborted]()
    for data in batches:
        header = peek_header(data)
        if header.is_transactional and not header.is_control:
            open_since.setdefault(header.producer_id, header.base_offset)
        if header.is_control and header.producer_id >= 0 and header.record_count:
            end = decode_control(records(data)[0])
            start = open_since.pop(header.producer_id, None)
            if start is not None and isinstance(end, EndTransaction) and end.type is ControlType.ABORT:
                found.append((header.producer_id, start, header.last_offset))
    return tuple(found)

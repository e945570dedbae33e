"""A log as it is found after a crash, and what must be right about it whatever was lost.

It is opened, which recovers it; opened again, which must change nothing; and opened without the files that can be
rebuilt, which must give the same indexes. Equal disks are opened once.

Source: Apache Kafka's LogLoader, for what a recovery is.
Left out: reading by offset and by time, which is for the checks of indexes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

from checkers.simulate.disk import Image, SimulatedDisk
from checkers.storage.lineage import Aborted, EpochStart, SeenProducer
from model.log.batch import CorruptBatch, check, peek_header
from model.log.config import LogConfig
from model.log.partition_log import PartitionLog

REBUILT = (".index", ".timeindex", ".txnindex")
"""The files that a log can do without, since they follow from the batches."""
RECOVERY_POINT = "recovery-point-offset-checkpoint"


@dataclass(frozen=True, slots=True)
class Recovered:
    """A log that was opened."""

    start: int
    end: int
    batches: tuple[bytes, ...]
    epochs: tuple[EpochStart, ...]
    producers: tuple[SeenProducer, ...]
    aborted: tuple[Aborted, ...]
    indexes: tuple[bytes, ...]
    """The offset index and the time index of each segment."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """What is wrong with a log whatever it was given."""

    complaint: str


def contents(log: PartitionLog) -> Recovered:
    """All that a log has. Raises CorruptBatch for a batch that can't be read."""
    producers = tuple(
        SeenProducer(
            entry.producer_id,
            entry.epoch,
            tuple((sent.last_sequence, sent.last_offset) for sent in entry.batches),
            entry.transaction_start,
        )
        for _, entry in sorted(log.producers.entries.items())
    )
    batches = tuple(bytes(stored.data) for segment in log.segments for stored in segment.batches())
    for data in batches:
        check(data)
    return Recovered(
        start=log.log_start_offset,
        end=log.log_end_offset,
        batches=batches,
        epochs=tuple((entry.epoch, entry.start_offset) for entry in log.epochs.entries),
        producers=producers,
        aborted=tuple(
            (entry.producer_id, entry.first_offset, entry.last_offset)
            for segment in log.segments
            for entry in segment.transaction_index.entries
        ),
        indexes=tuple(index.data for each in log.segments for index in (each.offset_index, each.time_index)),
    )


class Recovery:
    """Opens logs on what crashes leave, each different disk once."""

    def __init__(self, directory: str, config: LogConfig, now: int) -> None:
        self._directory, self._config, self._now = directory, config, now
        self._found: dict[bytes, Recovered | Unusable] = {}
        self._settled: dict[tuple[bytes, Recovered], Unusable | None] = {}
        """By the disk that recovery leaves, and what it has in memory then."""
        self._distinct: dict[Recovered, Recovered] = {}

    @property
    def images(self) -> int:
        """How many different disks there were."""
        return len(self._found)

    def of(self, image: Image) -> Recovered | Unusable:
        """The log on a disk."""
        key = digest(image)
        if key not in self._found:
            self._found[key] = self._recover(image)
        return self._found[key]

    def open(self, disk: SimulatedDisk) -> PartitionLog:
        """Open the log on a disk after a crash."""
        return PartitionLog.open(disk, self._directory, self._config, self._now)

    def _recover(self, image: Image) -> Recovered | Unusable:
        disk = SimulatedDisk.holding(image)
        try:
            found = contents(self.open(disk))
        except (CorruptBatch, ValueError, OSError, AssertionError) as error:
            return Unusable(f"it can't be opened: {type(error).__name__}: {error}")
        after = disk.image
        key = digest(after), at_least(found)
        if key not in self._settled:
            self._settled[key] = self._unsettled(after, found)
        return self._settled[key] or self._distinct.setdefault(found, found)

    def _unsettled(self, image: Image, found: Recovered) -> Unusable | None:
        """What is not as it must be once a log was recovered."""
        disk = SimulatedDisk.holding(image)
        try:
            again = contents(self.open(disk))
            if at_least(again) != at_least(found) or disk.image != image:
                return Unusable(f"a second recovery changes {difference(image, disk.image) or 'what is in memory'}")
            without = SimulatedDisk.holding(tuple(entry for entry in image if not rebuildable(entry[0])))
            rebuilt = contents(self.open(without))
        except (CorruptBatch, ValueError, OSError, AssertionError) as error:
            return Unusable(f"it can't be opened again: {type(error).__name__}: {error}")
        if at_least(rebuilt) == at_least(found):
            return None
        return Unusable(f"rebuilt from its batches it has {derived(rebuilt)}; it has {derived(found)}")


def at_least(found: Recovered) -> Recovered:
    """What is the same however a log is recovered: of each producer only the last batch, as a snapshot has it.

    And of aborted transactions what compaction has left of them.
    """
    known = tuple(replace(producer, batches=producer.batches[-1:]) for producer in found.producers)
    return replace(found, producers=known, aborted=hidden(found.aborted, found))


def hidden(aborted: Iterable[Aborted], found: Recovered) -> tuple[Aborted, ...]:
    """The aborted transactions that have records left which could be read, each from the first of these on."""
    headers = [header for header in map(peek_header, found.batches) if header.record_count and not header.is_control]
    left = list[Aborted]()
    for producer, first, last in aborted:
        of = [h.base_offset for h in headers if h.producer_id == producer and first <= h.base_offset < last]
        if of and last >= found.start:
            left.append((producer, of[0], last))
    return tuple(left)


def derived(found: Recovered) -> str:
    """What follows from the batches of a log, in a sentence."""
    indexes = ", ".join(index.hex() or "none" for index in found.indexes)
    return f"producers {found.producers}, aborted transactions {found.aborted}, indexes {indexes}"


def rebuildable(path: str) -> bool:
    """Whether a file is an index, or tells that indexes need not be rebuilt."""
    return path.endswith((*REBUILT, RECOVERY_POINT))


def difference(before: Image, after: Image) -> str:
    """The paths of the files in which two disks differ."""
    one, other = dict(before), dict(after)
    differ = [path for path in sorted({*one, *other}) if one.get(path, b"?") != other.get(path, b"?")]
    return ", ".join(differ)


def digest(image: Image) -> bytes:
    """A short name of a disk's content."""
    hashed = blake2b(digest_size=16)
    for path, content in image:
        hashed.update(f"{path}\0{-1 if content is None else len(content)}\0".encode())
        hashed.update(content or b"")
    return hashed.digest()

"""What a partition remembers of its producers: to drop what it has already, to fence zombies, to track transactions.

For each idempotent producer: its epoch, its last five batches, and where its transaction began, if one is open. A batch
that repeats one of the five is answered with the former offsets; any other must go on with the next sequence, which
follows 2^31-1 with 0.

A transaction is open from its first record to its marker. Readers of committed records stop at the last stable offset:
the first record of the first transaction that is open or whose marker is not replicated yet.

Source: KIP-98, KIP-360; Apache Kafka's ProducerStateManager, ProducerAppendInfo, ProducerStateEntry.
Left out: verification with the coordinator that a transaction is open (KIP-890); what to do about hanging transactions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from model.log.batch import BatchHeader, records
from model.log.control import ControlType, EndTransaction, decode_control
from model.log.header import NO_PRODUCER
from model.log.transaction_index import AbortedTransaction
from model.log.varint import INT32_MAX, Bytes

BATCHES_KEPT = 5
NO_EPOCH = -1


class ProducerRefused(ValueError):  # noqa: N818 - what is wrong says more
    """A batch that its producer should not have sent; nothing was appended."""


class InvalidProducerEpoch(ProducerRefused):
    """The producer was fenced by another one with its id and a larger epoch."""


class OutOfOrderSequence(ProducerRefused):
    """Records before these are missing."""


class InvalidTransactionState(ProducerRefused):
    """A record outside of a transaction while the producer has one open."""


class CoordinatorFenced(ProducerRefused):
    """A marker from a coordinator that is no longer the one."""


@dataclass(frozen=True, slots=True)
class SentBatch:
    """A batch that was appended: its last sequence and offset, and how far both are from its first."""

    last_sequence: int
    last_offset: int
    offset_delta: int
    timestamp: int

    @property
    def first_sequence(self) -> int:
        """The sequence of its first record."""
        return (self.last_sequence - self.offset_delta) & INT32_MAX

    @property
    def first_offset(self) -> int:
        """The offset of its first record."""
        return self.last_offset - self.offset_delta


@dataclass(frozen=True, slots=True)
class ProducerEntry:
    """What is known of one producer; `batches` are the last ones of this epoch, oldest first."""

    producer_id: int
    epoch: int = NO_EPOCH
    batches: tuple[SentBatch, ...] = ()
    coordinator_epoch: int = -1
    timestamp: int = -1
    transaction_start: int | None = None

    @property
    def last_sequence(self) -> int:
        """The last sequence of this epoch; -1 for none."""
        return self.batches[-1].last_sequence if self.batches else NO_PRODUCER[2]

    def of_epoch(self, epoch: int) -> ProducerEntry:
        """The same in another epoch, which starts with no batches."""
        return self if epoch == self.epoch else replace(self, epoch=epoch, batches=())


def end_of_transaction(header: BatchHeader, data: Bytes) -> EndTransaction | None:
    """The marker that a control batch holds; None for another batch, or a marker whose transaction was compacted away.

    Raises CorruptBatch.
    """
    if not header.is_control or header.producer_id == NO_PRODUCER[0] or not header.record_count:
        return None
    control = decode_control(records(data)[0])
    return control if isinstance(control, EndTransaction) else None


@dataclass(slots=True)
class ProducerStates:
    """The producers of a partition by id, and its transactions by first offset."""

    entries: dict[int, ProducerEntry] = field(default_factory=dict)
    ongoing: dict[int, int] = field(default_factory=dict)
    """First offset -> producer id, of the open transactions, by first offset."""
    unreplicated: dict[int, int] = field(default_factory=dict)
    """First offset -> offset of the marker, of those whose marker is not known to be replicated."""

    @property
    def first_unstable_offset(self) -> int | None:
        """Where the first transaction begins that is open or not known to be replicated."""
        return min((*self.ongoing, *self.unreplicated), default=None)

    def duplicate_of(self, header: BatchHeader) -> SentBatch | None:
        """The batch that has been appended already with these sequences in this epoch."""
        entry = self.entries.get(header.producer_id)
        if entry is None or header.is_control or entry.epoch != header.producer_epoch:
            return None
        wanted = header.base_sequence, header.last_sequence
        return next((sent for sent in entry.batches if (sent.first_sequence, sent.last_sequence) == wanted), None)

    def validate(self, header: BatchHeader, end: EndTransaction | None) -> None:
        """Whether a leader may append the batch. Raises ProducerRefused."""
        entry = self.entries.get(header.producer_id)
        if entry is None:
            return
        who = f"producer {header.producer_id}"
        if header.producer_epoch < entry.epoch:
            raise InvalidProducerEpoch(f"{who} has epoch {header.producer_epoch}; the latest is {entry.epoch}")
        if end is not None and end.coordinator_epoch < entry.coordinator_epoch:
            known = entry.coordinator_epoch
            raise CoordinatorFenced(f"{who}: a marker of coordinator epoch {end.coordinator_epoch}; {known} is known")
        if header.is_control:
            return
        last = entry.of_epoch(header.producer_epoch).last_sequence
        expected = 0 if last in {NO_PRODUCER[2], INT32_MAX} else last + 1
        if header.base_sequence != expected:
            raise OutOfOrderSequence(
                f"{who} sends sequence {header.base_sequence} in epoch {header.producer_epoch}; {expected} is next"
            )
        if entry.transaction_start is not None and not header.is_transactional:
            raise InvalidTransactionState(
                f"{who} sends outside of its transaction, which began at offset {entry.transaction_start}"
            )

    def update(self, header: BatchHeader, end: EndTransaction | None) -> AbortedTransaction | None:
        """Take account of a batch that is in the log; returns the transaction that it aborts.

        A marker that compaction has emptied still fences: it tells of its producer's epoch, and of nothing else. Apache
        Kafka skips it, and takes a zombie once it has to read the producers from the log.
        """
        if header.producer_id == NO_PRODUCER[0]:
            return None
        if header.is_control and end is None:
            if not header.record_count:
                self._fence(header)
            return None
        entry = self.entries.get(header.producer_id, ProducerEntry(header.producer_id)).of_epoch(header.producer_epoch)
        if end is not None:
            return self._end(entry, header, end)
        sent = SentBatch(header.last_sequence, header.last_offset, header.last_offset_delta, header.max_timestamp)
        start = entry.transaction_start
        if start is None and header.is_transactional:
            start = header.base_offset
            self.ongoing[start] = header.producer_id
        self.entries[header.producer_id] = ProducerEntry(
            producer_id=header.producer_id,
            epoch=header.producer_epoch,
            batches=(*entry.batches[1 - BATCHES_KEPT :], sent),
            coordinator_epoch=entry.coordinator_epoch,
            timestamp=header.max_timestamp,
            transaction_start=start,
        )
        return None

    def _fence(self, header: BatchHeader) -> None:
        """A producer has had the epoch of this batch."""
        entry = self.entries.get(header.producer_id, ProducerEntry(header.producer_id))
        if header.producer_epoch > entry.epoch:
            self.entries[header.producer_id] = replace(
                entry.of_epoch(header.producer_epoch), timestamp=header.max_timestamp
            )

    def _end(self, entry: ProducerEntry, header: BatchHeader, end: EndTransaction) -> AbortedTransaction | None:
        """Close the producer's transaction; a marker without one changes its epochs only."""
        self.entries[entry.producer_id] = replace(
            entry,
            coordinator_epoch=end.coordinator_epoch,
            timestamp=header.max_timestamp,
            transaction_start=None,
        )
        start = entry.transaction_start
        if start is None:
            return None
        del self.ongoing[start]
        self.unreplicated[start] = header.last_offset
        if end.type is not ControlType.ABORT:
            return None
        stable = min(self.ongoing, default=header.next_offset)
        return AbortedTransaction(entry.producer_id, start, header.last_offset, stable)

    def replicated_to(self, high_watermark: int) -> None:
        """All below the high watermark is replicated: forget the transactions whose markers are."""
        if self.unreplicated:
            kept = {start: last for start, last in self.unreplicated.items() if last >= high_watermark}
            self.unreplicated = kept

    def expire(self, now: int, expiration_ms: int) -> None:
        """Forget the producers without an open transaction that have sent nothing for that time."""
        self.entries = {
            id_: entry
            for id_, entry in self.entries.items()
            if entry.transaction_start is not None or now - entry.timestamp < expiration_ms
        }

    @classmethod
    def of(cls, entries: Iterable[ProducerEntry]) -> ProducerStates:
        """The state that a snapshot holds."""
        by_id = {entry.producer_id: entry for entry in entries}
        starts = sorted((e.transaction_start, id_) for id_, e in by_id.items() if e.transaction_start is not None)
        return cls(by_id, dict(starts))

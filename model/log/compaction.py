"""Compaction of batches: of each key the last record stays, and what a replica, reader or restart still needs.

Offsets never change: a batch keeps its base and last offset whatever is left of it. What is dropped:
- a record whose key has a later one in the dirty part, unless that one was aborted; a record without a key;
- a record that was aborted;
- a tombstone, or a marker without any batch of its transaction left, once its delete horizon has passed, which the
  first cleaning that meets it sets (KIP-534), and once every replica has cleaned beyond it: otherwise one that comes
  back would fetch past the gap, and keep for good what was deleted or aborted;
- a batch without records, unless it is the producer's last one, whose sequence or epoch a restart needs, or the last
  one of the cleaning, so that the log does not seem to end before.

Source: Apache Kafka's Cleaner.cleanInto and RecordFilter; KIP-534; KAFKA-5490, KAFKA-14055, KAFKA-17076. It lacks the
condition on all replicas; Redpanda, "A compaction bug in Kafka and its fix" (2026).
Left out: message formats 0 and 1, whose tombstones have no horizon of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from model.log.batch import Batch, BatchHeader, Compression, TimestampType, decode, encode, peek_header
from model.log.cleaned_transactions import CleanedTransactions
from model.log.offset_map import OffsetMap
from model.log.producer_state import ProducerEntry, end_of_transaction
from model.log.record import Record
from model.log.segment import StoredBatch
from model.log.transaction_index import AbortedTransaction


@dataclass(frozen=True, slots=True)
class Round:
    """What one cleaning goes by, from the start of the log to the end of what its map covers; times in ms."""

    offsets: OffsetMap
    producers: Mapping[int, ProducerEntry]
    """What is known of the producers that are not expired, by id."""
    now: int
    delete_retention_ms: int
    removable_before: int
    """Tombstones and markers from this offset on stay: some replica has not cleaned beyond them."""

    @property
    def end(self) -> int:
        """Batches from this offset on stay as they are."""
        return self.offsets.end


@dataclass(frozen=True, slots=True)
class CleanedBatch:
    """A batch that is left, and the transaction that it aborts."""

    header: BatchHeader
    data: bytes
    aborted: AbortedTransaction | None = None


class Compaction:
    """One cleaning. What it knows of open transactions goes on from segment to segment, so it takes all in order."""

    def __init__(self, cleaning: Round, transactions: CleanedTransactions) -> None:
        self.round = cleaning
        self.transactions = transactions

    def compact(self, batches: Iterable[StoredBatch]) -> Iterator[CleanedBatch]:
        """What is left of the next batches. Raises CorruptBatch."""
        for stored in batches:
            left = self._control(stored) if stored.header.is_control else self._records(stored)
            if left is not None:
                yield left

    # -------------------------------------------------------------------------------------------------------- records

    def _records(self, stored: StoredBatch) -> CleanedBatch | None:
        header = stored.header
        self.transactions.saw_records(header)
        if header.base_offset >= self.round.end:
            return CleanedBatch(header, bytes(stored.data))
        batch = decode(stored.data)
        kept = (
            () if self.is_aborted(header) else tuple(record for record in batch.records if self.keeps(record, header))
        )
        if not kept:
            return self._empty(header, batch)
        has_tombstone = any(record.value is None for record in kept)
        horizon = self.horizon_of(header) if has_tombstone else self.own_horizon(header)
        if len(kept) == len(batch.records) and horizon == header.delete_horizon_ms:
            return CleanedBatch(header, bytes(stored.data))
        return encoded(replace(batch, records=kept, delete_horizon_ms=horizon, max_timestamp=max_timestamp(batch)))

    def is_aborted(self, header: BatchHeader) -> bool:
        """Whether the records of a batch were aborted."""
        return self.transactions.is_aborted(header)

    def own_horizon(self, header: BatchHeader) -> int | None:
        """The delete horizon that an earlier cleaning of this replica has set.

        What a follower fetched may have its leader's. Apache Kafka counts from that; but this replica has yet to
        drop what the tombstone deletes, and a reader may be on its way from the one to the other.
        """
        return header.delete_horizon_ms if header.base_offset < self.round.offsets.first_dirty else None

    def horizon_of(self, header: BatchHeader) -> int:
        """The delete horizon of a batch from this cleaning on."""
        own = self.own_horizon(header)
        return self.round.now + self.round.delete_retention_ms if own is None else own

    def keeps(self, record: Record, header: BatchHeader) -> bool:
        """Whether a record that was not aborted stays."""
        if record.key is None or self.is_superseded(record.key, record.offset):
            return False
        return record.value is not None or not self.is_outlived(record.offset, header)

    def is_superseded(self, key: bytes, offset: int) -> bool:
        """Whether the dirty part has a later record of a key."""
        return self.round.offsets.latest(key) > offset

    def is_outlived(self, offset: int, header: BatchHeader) -> bool:
        """Whether no reader and no replica needs the tombstone or marker at an offset any more."""
        horizon = self.own_horizon(header)
        return horizon is not None and self.round.now >= horizon and offset < self.round.removable_before

    # -------------------------------------------------------------------------------------------------------- markers

    def _control(self, stored: StoredBatch) -> CleanedBatch | None:
        header = stored.header
        if not header.record_count:
            return CleanedBatch(header, bytes(stored.data)) if self.stays(header) else None
        if end_of_transaction(header, stored.data) is None:
            return CleanedBatch(header, bytes(stored.data))
        has_data = self.transactions.saw_marker(header)
        aborted = self.transactions.aborted_by(header) if has_data else None
        if header.base_offset >= self.round.end:
            return CleanedBatch(header, bytes(stored.data), aborted)
        if not has_data and self.is_outlived(header.base_offset, header):
            return self._empty(header, decode(stored.data))
        horizon = self.own_horizon(header) if has_data else self.horizon_of(header)
        if horizon == header.delete_horizon_ms:
            return CleanedBatch(header, bytes(stored.data), aborted)
        batch = decode(stored.data)
        return encoded(replace(batch, delete_horizon_ms=horizon, max_timestamp=max_timestamp(batch)), aborted)

    # -------------------------------------------------------------------------------------------------- empty batches

    def _empty(self, header: BatchHeader, batch: Batch) -> CleanedBatch | None:
        """A batch without its records, if it stays."""
        if not self.stays(header):
            return None
        return encoded(replace(batch, records=(), compression=Compression.NONE, delete_horizon_ms=None))

    def stays(self, header: BatchHeader) -> bool:
        """Whether a batch stays without records."""
        return self.is_last(header) or header.base_offset >= self.round.end or self.is_last_of_producer(header)

    def is_last(self, header: BatchHeader) -> bool:
        """Whether a batch is the last one of the cleaning."""
        return header.next_offset == self.round.end

    def is_last_of_producer(self, header: BatchHeader) -> bool:
        """Whether what a restart knows of a producer comes from this batch: its last sequence, or else its epoch."""
        entry = self.round.producers.get(header.producer_id)
        if entry is None:
            return False
        if entry.batches:
            return header.last_offset == entry.batches[-1].last_offset
        return header.is_control and header.producer_epoch == entry.epoch


def max_timestamp(batch: Batch) -> int | None:
    """That of the leader, which all records share; None where it follows from the records that are left."""
    return batch.max_timestamp if batch.timestamp_type is TimestampType.LOG_APPEND_TIME else None


def encoded(batch: Batch, aborted: AbortedTransaction | None = None) -> CleanedBatch:
    """A batch that was changed."""
    data = encode(batch)
    return CleanedBatch(peek_header(data), data, aborted)

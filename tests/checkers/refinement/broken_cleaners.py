"""Cleaners with one guard switched off: the published bugs of compaction, planted in the implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from model.log import cleaner, compaction
from model.log.batch import Batch, BatchHeader
from model.log.cleaned_transactions import CleanedTransactions
from model.log.cleaner import LogCleaner
from model.log.compaction import CleanedBatch, Compaction, Round
from model.log.control import ControlType, EndTransaction, encode_control
from model.log.offset_map import OffsetMap
from model.log.partition_log import PartitionLog
from model.log.segment import StoredBatch
from model.log.transaction_index import AbortedTransaction, TransactionIndex

Plant = Callable[[pytest.MonkeyPatch], None]


def plant(owner: object, name: str, value: object) -> Plant:
    """Put something in the place of what has that name."""
    return lambda patch: patch.setattr(owner, name, value)


CLEAN = LogCleaner.clean


def clean_alone(self: LogCleaner, now: int, cleaned_to_elsewhere: int | None = None) -> Any:  # noqa: ANN401, ARG001
    """Clean without regard for other replicas."""
    return CLEAN(self, now)


def up_to_the_last_segment(self: LogCleaner, now: int) -> int:  # noqa: ARG001
    """Clean what is not committed, too."""
    return self._log.segments[-1].base_offset


def high_watermark_for_last_stable_offset(patch: pytest.MonkeyPatch) -> None:
    """Clean what is part of an open transaction, too."""
    bounded = LogCleaner.first_uncleanable

    def first_uncleanable(self: LogCleaner, now: int) -> int:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(PartitionLog, "last_stable_offset", PartitionLog.high_watermark)
            return bounded(self, now)

    patch.setattr(LogCleaner, "first_uncleanable", first_uncleanable)


def horizon_of_the_batch(_self: Compaction, header: BatchHeader) -> int | None:
    """Whoever has set it."""
    return header.delete_horizon_ms


def from_the_append(self: Compaction, header: BatchHeader) -> int:
    """The retention counts from when the record was written."""
    return header.max_timestamp + self.round.delete_retention_ms


def anew(self: Compaction, header: BatchHeader) -> int:  # noqa: ARG001
    """The retention counts from this cleaning on."""
    return self.round.now + self.round.delete_retention_ms


def never(*_: object) -> bool:
    """No."""
    return False


FILL = OffsetMap.fill


def fill_with_aborted(
    self: OffsetMap, batches: Iterable[StoredBatch], end: int, _transactions: CleanedTransactions
) -> None:
    """What was aborted supersedes, too."""
    FILL(self, batches, end, CleanedTransactions(()))


class MarkersByKey(Compaction):
    """A marker is looked up like a record."""

    def _control(self, stored: StoredBatch) -> CleanedBatch | None:
        key = encode_control(EndTransaction(ControlType.COMMIT, 0))[0]
        if stored.header.record_count and self.is_superseded(key, stored.header.base_offset):
            return None
        return super()._control(stored)


class AbortsUpToTheEnd(Compaction):
    """Of aborted transactions only those are known whose marker is cleaned; markers are judged in all segments."""

    def __init__(self, cleaning: Round, transactions: CleanedTransactions) -> None:
        entries = transactions._by_marker.values()
        super().__init__(cleaning, CleanedTransactions(e for e in entries if e.last_offset < cleaning.end))

    def _control(self, stored: StoredBatch) -> CleanedBatch | None:
        left = super()._control(stored)
        lost = stored.header.base_offset >= self.round.end and left is not None and left.aborted is None
        return None if lost and stored.header.record_count else left


class ForgetsBetweenSegments(Compaction):
    """What is known of open transactions ends with a group of segments."""

    def compact(self, batches: Iterable[StoredBatch]) -> Any:  # noqa: ANN401
        """Begin without knowing of any."""
        self.transactions._with_data.clear()
        return super().compact(batches)


ENCODED = compaction.encoded


def without_headers(batch: Batch, aborted: AbortedTransaction | None = None) -> CleanedBatch:
    """Write what is left of a batch without the headers of its records."""
    return ENCODED(replace(batch, records=tuple(replace(record, headers=()) for record in batch.records)), aborted)


def seven_ms_later(batch: Batch, aborted: AbortedTransaction | None = None) -> CleanedBatch:
    """Write what is left of a batch with other timestamps."""
    records = tuple(replace(record, timestamp=record.timestamp + 7) for record in batch.records)
    return ENCODED(replace(batch, records=records), aborted)


def no_index(_self: TransactionIndex, _entry: AbortedTransaction) -> None:
    """Forget what was aborted."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The spec that a cleaner leaves, a seed whose walk shows it, and how it is planted."""

    spec: str
    seed: int
    plant: Plant


REPLICATED, TRANSACTIONAL = "compaction", "compaction_transactions"

BROKEN: Mapping[str, Broken] = {
    "C01 tombstones go alone": Broken(REPLICATED, 25, plant(LogCleaner, "clean", clean_alone)),
    "C08 uncommitted records supersede": Broken(
        REPLICATED, 8, plant(LogCleaner, "first_uncleanable", up_to_the_last_segment)
    ),
    "C09 the horizon counts from the append": Broken(REPLICATED, 20, plant(Compaction, "horizon_of", from_the_append)),
    "C09 each cleaning sets the horizon": Broken(REPLICATED, 25, plant(Compaction, "horizon_of", anew)),
    "the leader's horizon counts": Broken(REPLICATED, 47, plant(Compaction, "own_horizon", horizon_of_the_batch)),
    "C11 the last batch goes": Broken(REPLICATED, 5, plant(Compaction, "is_last", never)),
    "nothing is cleaned": Broken(REPLICATED, 0, plant(LogCleaner, "clean", lambda *_: None)),
    "headers are lost": Broken(REPLICATED, 0, plant(compaction, "encoded", without_headers)),
    "timestamps are changed": Broken(REPLICATED, 0, plant(compaction, "encoded", seven_ms_later)),
    "C02 markers go alone": Broken(TRANSACTIONAL, 8, plant(LogCleaner, "clean", clean_alone)),
    "C05 markers go by their key": Broken(TRANSACTIONAL, 0, plant(cleaner, "Compaction", MarkersByKey)),
    "C06 aborts of a cut segment are lost": Broken(TRANSACTIONAL, 4, plant(cleaner, "Compaction", AbortsUpToTheEnd)),
    "C07 open transactions are forgotten": Broken(
        TRANSACTIONAL, 1, plant(cleaner, "Compaction", ForgetsBetweenSegments)
    ),
    "C10 the last sequence goes": Broken(TRANSACTIONAL, 0, plant(Compaction, "is_last_of_producer", never)),
    "open transactions are cleaned": Broken(TRANSACTIONAL, 2, high_watermark_for_last_stable_offset),
    "aborted records supersede": Broken(TRANSACTIONAL, 1, plant(OffsetMap, "fill", fill_with_aborted)),
    "aborted records stay": Broken(TRANSACTIONAL, 1, plant(Compaction, "is_aborted", never)),
    "no transaction is cleaned": Broken(TRANSACTIONAL, 0, plant(LogCleaner, "clean", lambda *_: None)),
    "markers are given another time": Broken(TRANSACTIONAL, 1, plant(compaction, "encoded", seven_ms_later)),
    "the index of aborts is lost": Broken(TRANSACTIONAL, 1, plant(TransactionIndex, "append", no_index)),
}

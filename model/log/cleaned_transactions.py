"""What a cleaning knows of transactions while it reads a log from the start: what was aborted, which marker has data.

A marker has data as long as the cleaning has met a batch of its transaction, be it an empty one: whoever reads the log
would take that batch for part of the producer's next transaction, or wait for its end forever.

Source: Apache Kafka's CleanedTransactionMetadata; KAFKA-8351 for why one of these goes through the whole cleaning.
Left out: its queue of aborted transactions; a batch is looked up by producer and offset instead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from model.log.batch import BatchHeader
from model.log.transaction_index import AbortedTransaction


class CleanedTransactions:
    """Handed every batch in order, from the start of the log on."""

    def __init__(self, aborted: Iterable[AbortedTransaction]) -> None:
        """`aborted` holds every transaction with a batch that is about to be cleaned, wherever its marker is."""
        self._by_marker = {entry.last_offset: entry for entry in aborted}
        self._by_producer = dict[int, list[AbortedTransaction]]()
        for _, entry in sorted(self._by_marker.items()):
            self._by_producer.setdefault(entry.producer_id, []).append(entry)
        self._with_data = set[int]()

    @property
    def with_data(self) -> frozenset[int]:
        """The producers of which a batch came after their last marker."""
        return frozenset(self._with_data)

    def go_back(self, with_data: frozenset[int]) -> None:
        """Be as when `with_data` was this: the batches since then are about to come again."""
        self._with_data = set(with_data)

    def is_aborted(self, header: BatchHeader) -> bool:
        """Whether a batch of records is part of a transaction that was aborted."""
        if not header.is_transactional:
            return False
        entries = self._by_producer.get(header.producer_id, [])
        at = bisect_right(entries, header.base_offset, key=lambda entry: entry.last_offset)
        return at < len(entries) and entries[at].first_offset <= header.base_offset

    def saw_records(self, header: BatchHeader) -> None:
        """A batch of records has come."""
        if header.is_transactional:
            self._with_data.add(header.producer_id)

    def saw_marker(self, header: BatchHeader) -> bool:
        """A marker has come; whether a batch of its transaction came before."""
        has_data = header.producer_id in self._with_data
        self._with_data.discard(header.producer_id)
        return has_data

    def aborted_by(self, header: BatchHeader) -> AbortedTransaction | None:
        """The transaction that a marker aborted."""
        return self._by_marker.get(header.last_offset)

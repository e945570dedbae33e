"""Whether the indexes of a segment that was flushed go with its batches. Those that don't are rebuilt from them.

The last entry of each index is looked up in the batches, since the end of the log, its largest timestamp, and where the
next entries go follow from them. The others are only known to rise; lookups don't trust them further than that. So no
bit that flips in an offset or a time index changes an answer; some are found here, others cost a lookup time.

Of the transaction index every entry is checked: its abort marker must be there, and no batch of another transaction
where the first one should be. What can't be told, since it says nothing that is also said elsewhere: that the first
offset is another one, if compaction has left no batch there or if the producer has another batch that begins there; and
the last stable offset, between that of the entry before and the marker. Apache Kafka's file has no checksum, either.

Source: Apache Kafka's OffsetIndex.sanityCheck, TimeIndex.sanityCheck, TransactionIndex.sanityCheck. They check less:
that the last entry does not lie before the first offset, and that no aborted transaction does.
Left out: indexes by old versions of Apache Kafka with an entry for several batches of a follower; they are rebuilt.
"""

from __future__ import annotations

from model.log.batch import CorruptBatch
from model.log.control import ControlType
from model.log.index_file import CorruptIndex
from model.log.producer_state import end_of_transaction
from model.log.segment import Segment, StoredBatch
from model.log.transaction_index import AbortedTransaction


def indexes_are_right(segment: Segment) -> bool:
    """Load the indexes of a segment, and whether they go with its batches, as far as the above says."""
    try:
        segment.load_indexes()
        return (
            has_last_offset(segment)
            and has_largest_timestamp(segment)
            and all(has_aborted(segment, entry) for entry in segment.transaction_index.entries)
        )
    except (CorruptIndex, CorruptBatch):
        return False


def has_last_offset(segment: Segment) -> bool:
    """Whether the last batch of the offset index is there."""
    return not len(segment.offset_index) or segment.has(segment.offset_index.last)


def has_largest_timestamp(segment: Segment) -> bool:
    """Whether the last batch of the time index is there. Raises CorruptBatch."""
    last = segment.time_index.last
    if not len(segment.time_index):
        return True
    stored = holding(segment, last.offset)
    return stored is not None and stored.header.max_timestamp == last.timestamp


def has_aborted(segment: Segment, entry: AbortedTransaction) -> bool:
    """Whether the marker of a transaction is there, and nothing of another one where it begins. Raises CorruptBatch."""
    last, first = holding(segment, entry.last_offset), holding(segment, entry.first_offset)
    if last is None or last.header.producer_id != entry.producer_id:
        return False
    end = end_of_transaction(last.header, last.data)
    if end is None or end.type is not ControlType.ABORT:
        return False
    return first is None or begins(first, entry)


def begins(stored: StoredBatch, entry: AbortedTransaction) -> bool:
    """Whether a batch is one that the transaction may begin with."""
    header = stored.header
    is_data = header.is_transactional and not header.is_control
    return is_data and (header.producer_id, header.base_offset) == (entry.producer_id, entry.first_offset)


def holding(segment: Segment, offset: int) -> StoredBatch | None:
    """The batch that holds an offset; None if it is compacted away or in another segment. Raises CorruptBatch."""
    stored = next(segment.batches_from(offset), None)
    return stored if stored is not None and stored.header.base_offset <= offset else None

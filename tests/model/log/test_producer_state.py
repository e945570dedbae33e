"""What a partition remembers of its producers: duplicates, fencing, sequences, transactions."""

from __future__ import annotations

import pytest

from model.log.batch import Batch, BatchHeader, Producer, encode, peek_header
from model.log.control import ControlType, EndTransaction
from model.log.producer_state import (
    CoordinatorFenced,
    InvalidProducerEpoch,
    InvalidTransactionState,
    OutOfOrderSequence,
    ProducerEntry,
    ProducerRefused,
    ProducerStates,
    SentBatch,
    end_of_transaction,
)
from model.log.record import Record
from model.log.transaction_index import AbortedTransaction
from tests.model.log.logs import marker, stored

LAST = 2**31 - 1
COMMIT, ABORT = ControlType.COMMIT, ControlType.ABORT


def sent(offset: int, sequence: int, *, count: int = 1, epoch: int = 0, id_: int = 7) -> BatchHeader:
    """The header of a batch of a producer."""
    return header_of(Producer(id_, epoch, sequence), offset, count)


def opening(offset: int, sequence: int, *, id_: int = 7) -> BatchHeader:
    """The header of a batch of a transaction."""
    return header_of(Producer(id_, 0, sequence), offset, is_transactional=True)


def header_of(producer: Producer, offset: int, count: int = 1, *, is_transactional: bool = False) -> BatchHeader:
    """The header of a batch of this producer."""
    records = [Record(offset + at, 1000 + offset, None, b"") for at in range(count)]
    given = Batch(offset, records, producer=producer, is_transactional=is_transactional)
    return peek_header(encode(given))


def ended(offset: int, *, epoch: int = 0, id_: int = 7) -> BatchHeader:
    """The header of a marker."""
    given = Batch(offset, [Record(offset, 0, b"", b"")], producer=Producer(id_, epoch, -1), is_control=True)
    return peek_header(encode(given))


def after(*headers: BatchHeader) -> ProducerStates:
    """The state after these batches."""
    states = ProducerStates()
    for header in headers:
        states.update(header, None)
    return states


@pytest.mark.parametrize(
    ("before", "new", "refused"),
    [
        ([], sent(0, 5), None),
        ([sent(0, 0)], sent(1, 1), None),
        ([sent(0, 0)], sent(1, 0), OutOfOrderSequence),
        ([sent(0, 0)], sent(1, 2), OutOfOrderSequence),
        ([sent(0, 0, count=3)], sent(3, 3), None),
        ([sent(0, LAST)], sent(1, 0), None),
        ([sent(0, LAST)], sent(1, 1), OutOfOrderSequence),
        ([sent(0, LAST - 1, count=3)], sent(3, 1), None),
        ([sent(0, 4)], sent(1, 0, epoch=1), None),
        ([sent(0, 4)], sent(1, 5, epoch=1), OutOfOrderSequence),
        ([sent(0, 4, epoch=1)], sent(1, 5), InvalidProducerEpoch),
        ([sent(0, 4)], sent(1, 9, id_=8), None),
        ([opening(0, 0)], opening(1, 1), None),
        ([opening(0, 0)], sent(1, 1), InvalidTransactionState),
    ],
)
def test_only_the_next_sequence_of_the_latest_epoch_is_taken(
    before: list[BatchHeader], new: BatchHeader, refused: type[ProducerRefused] | None
) -> None:
    states = after(*before)
    if refused is None:
        states.validate(new, None)
    else:
        with pytest.raises(refused, match="producer 7"):
            states.validate(new, None)


def test_a_batch_that_repeats_one_of_the_last_five_is_known() -> None:
    states = after(*(sent(2 * at, 2 * at, count=2) for at in range(6)))
    found = [states.duplicate_of(sent(99, sequence, count=2)) for sequence in (0, 2, 4, 6, 8, 10)]
    assert [None, *(SentBatch(at + 1, at + 1, 1, 1000 + at) for at in (2, 4, 6, 8, 10))] == found
    assert (2, 2) == (found[1].first_offset, found[1].first_sequence) if found[1] else False


def test_only_the_same_range_of_the_same_epoch_is_a_duplicate() -> None:
    states = after(sent(0, 0, count=2))
    others = [sent(9, 0), sent(9, 1), sent(9, 0, count=3), sent(9, 0, count=2, epoch=1), sent(9, 0, count=2, id_=8)]
    assert [None] * 5 == [states.duplicate_of(other) for other in others]


def test_sequences_wrap_inside_of_a_batch() -> None:
    states = after(sent(0, LAST - 1, count=3))
    again = states.duplicate_of(sent(50, LAST - 1, count=3))
    assert (LAST - 1, 0) == (again.first_sequence, again.last_sequence) if again else False


def test_a_new_epoch_starts_with_no_batches() -> None:
    states = after(sent(0, 0), sent(1, 0, epoch=1))
    assert (1, 1) == (states.entries[7].epoch, len(states.entries[7].batches))


def test_an_empty_batch_that_compaction_has_left_keeps_the_last_sequence() -> None:
    left = Batch(3, (), producer=Producer(7, 0, 5), last_offset=4, max_timestamp=9)
    states = after(peek_header(encode(left)))
    assert (6, 4) == (states.entries[7].last_sequence, states.entries[7].batches[0].last_offset)
    states.validate(sent(5, 7), None)


def test_a_transaction_is_open_from_its_first_record_to_its_marker() -> None:
    states = after(sent(0, 0), opening(1, 1), opening(2, 2))
    assert ({1: 7}, 1) == (states.ongoing, states.first_unstable_offset)
    assert states.update(ended(3), EndTransaction(COMMIT, 0)) is None
    assert ({}, {1: 3}, 1) == (states.ongoing, states.unreplicated, states.first_unstable_offset)
    states.replicated_to(3)
    assert 1 == states.first_unstable_offset
    states.replicated_to(4)
    assert states.first_unstable_offset is None


def test_an_abort_says_where_the_log_is_stable_then() -> None:
    states = after(opening(0, 0), opening(1, 0, id_=8), opening(2, 0, id_=9))
    end = EndTransaction(ABORT, 0)
    assert AbortedTransaction(8, 1, 3, 0) == states.update(ended(3, id_=8), end)
    assert AbortedTransaction(7, 0, 4, 2) == states.update(ended(4), end)
    assert AbortedTransaction(9, 2, 5, 6) == states.update(ended(5, id_=9), end)


def test_a_marker_without_a_transaction_changes_the_epochs_only() -> None:
    states = ProducerStates()
    assert states.update(ended(0, epoch=3), EndTransaction(ABORT, 5)) is None
    entry = states.entries[7]
    assert (3, 5, None, {}) == (entry.epoch, entry.coordinator_epoch, entry.transaction_start, states.unreplicated)
    with pytest.raises(InvalidProducerEpoch):
        states.validate(sent(1, 0, epoch=2), None)
    states.validate(sent(1, 0, epoch=3), None)


def test_a_coordinator_that_is_no_longer_one_is_fenced() -> None:
    states = after(opening(0, 0))
    states.update(ended(1), EndTransaction(COMMIT, 5))
    with pytest.raises(CoordinatorFenced, match="coordinator epoch 4; 5 is known"):
        states.validate(ended(2), EndTransaction(COMMIT, 4))
    states.validate(ended(2), EndTransaction(COMMIT, 5))


def test_producers_are_forgotten_but_not_with_a_transaction_open() -> None:
    states = after(sent(0, 0), opening(1, 0, id_=8), sent(50, 0, id_=9))
    states.expire(now=1040, expiration_ms=40)
    assert [8, 9] == sorted(states.entries)


def test_what_ends_a_transaction_is_read_from_control_batches_only() -> None:
    commit, plain = marker(COMMIT, 7, coordinator_epoch=4), stored(0)
    assert EndTransaction(COMMIT, 4) == end_of_transaction(peek_header(commit), commit)
    assert end_of_transaction(peek_header(plain), plain) is None
    gone = encode(Batch(0, (), producer=Producer(7, 0, -1), is_control=True, is_transactional=True, max_timestamp=0))
    assert end_of_transaction(peek_header(gone), gone) is None
    assert ProducerStates().update(peek_header(gone), None) is None


def emptied(offset: int, epoch: int, id_: int = 7) -> BatchHeader:
    """A marker of which compaction has left its producer only."""
    sender = Producer(id_, epoch, -1)
    return peek_header(encode(Batch(offset, (), producer=sender, is_control=True, max_timestamp=offset)))


def test_a_marker_that_compaction_has_emptied_still_fences() -> None:
    states = after(sent(0, 0), emptied(1, epoch=1), emptied(2, epoch=0), emptied(3, epoch=2, id_=8))
    assert {7: ProducerEntry(7, 1, timestamp=1), 8: ProducerEntry(8, 2, timestamp=3)} == states.entries
    with pytest.raises(InvalidProducerEpoch):
        states.validate(sent(4, 1), None)
    states.validate(sent(4, 0, epoch=1), None)


def test_a_control_batch_of_no_producer_tells_of_none() -> None:
    assert {} == after(emptied(0, epoch=1, id_=-1)).entries

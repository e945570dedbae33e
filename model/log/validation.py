"""What a log takes: a producer's batch without gaps, a leader's batches in order.

A producer's batch is read as a whole. Where Apache Kafka's leader sets the largest timestamp right and clears the bits
of the log (append time, delete horizon), a batch that lies is refused here; so is one of more records and headers than
there could be records in `max_message_bytes` without compression, which Apache Kafka takes.

A leader's batches are checked by their headers and CRCs only, as in Apache Kafka: a follower keeps what its leader has,
byte by byte, and what could it do but stop? What a compaction leaves has the largest timestamp of the records that are
left, or of all that ever were if none is.

Source: Apache Kafka's LogValidator, UnifiedLog.analyzeAndValidateRecords, MemoryRecordsBuilder, DefaultRecordBatch.
Left out: limits of timestamps; topics whose leader sets the timestamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from model.log.batch import ITEMS_MAX, BatchHeader, TimestampType, check, records
from model.log.config import LogConfig
from model.log.header import NO_PRODUCER
from model.log.record import RECORD_BYTES_MIN


class InvalidRecord(ValueError):  # noqa: N818 - what is wrong says more
    """A batch that the log does not take, although its bytes are sound."""


class StaleLeaderEpoch(InvalidRecord):
    """A leader whose epoch lies below one that the log knows of."""


class UnexpectedOffset(ValueError):  # noqa: N818 - what is wrong says more
    """A batch of a leader that does not follow on the end of the log."""


def check_new(header: BatchHeader, data: bytes, config: LogConfig) -> None:
    """Whether a batch is one that a producer or coordinator may send. Raises InvalidRecord or CorruptBatch."""
    if header.size_bytes != len(data):
        raise InvalidRecord(f"{len(data)} bytes with a batch of {header.size_bytes}; one batch is appended at a time")
    offsets = header.last_offset_delta + 1
    if header.record_count != offsets:
        raise InvalidRecord(f"{header.record_count} records for {offsets} offsets; a new batch has no gaps")
    if header.size_bytes > config.max_message_bytes:
        raise InvalidRecord(f"a batch of {header.size_bytes} bytes; at most {config.max_message_bytes} are taken")
    check_size(header, config)
    check_producer(header)
    check_records(header, data, config)


def check_records(header: BatchHeader, data: bytes, config: LogConfig) -> None:
    """Whether the records of a producer's batch are as its header says. Raises InvalidRecord or CorruptBatch."""
    if header.timestamp_type is not TimestampType.CREATE_TIME:
        raise InvalidRecord("a batch with the time of the append; a producer sets the time of creation")
    if header.has_delete_horizon:
        raise InvalidRecord("a batch with a delete horizon; only a compaction sets one")
    found = records(data, items_max=min(config.max_message_bytes // RECORD_BYTES_MIN, ITEMS_MAX))
    largest = max(record.timestamp for record in found)
    if header.max_timestamp != largest:
        raise InvalidRecord(f"a batch whose max timestamp is {header.max_timestamp}; that of its records is {largest}")
    if config.compacts and not header.is_control and any(record.key is None for record in found):
        raise InvalidRecord("a record without a key; a compacted log takes none")


def check_producer(header: BatchHeader) -> None:
    """Whether what a batch says of its producer goes together. Raises InvalidRecord."""
    id_, epoch, sequence = header.producer_id, header.producer_epoch, header.base_sequence
    if id_ == NO_PRODUCER[0]:
        if header.is_transactional:
            raise InvalidRecord(f"a transactional batch of producer {id_}; only one with an id has transactions")
    elif epoch < 0:
        raise InvalidRecord(f"a batch of producer {id_} in epoch {epoch}; one with an id has an epoch of at least 0")
    elif sequence < 0 and not header.is_control:
        raise InvalidRecord(f"a batch of producer {id_} with sequence {sequence}; one with an id counts from 0")


def check_epoch(epoch: int, latest: int | None) -> None:
    """Whether a leader of an epoch may follow the latest one, None for none. Raises StaleLeaderEpoch."""
    if latest is not None and epoch < latest:
        raise StaleLeaderEpoch(f"leader epoch {epoch} after {latest}; epochs never fall")


def check_size(header: BatchHeader, config: LogConfig) -> None:
    """Whether a batch fits a segment, and has no more records than are read again. Raises InvalidRecord."""
    if header.size_bytes > config.segment_bytes:
        raise InvalidRecord(f"a batch of {header.size_bytes} bytes; a segment takes {config.segment_bytes}")
    if header.record_count > ITEMS_MAX:
        raise InvalidRecord(f"a batch of {header.record_count} records; at most {ITEMS_MAX} are read")


def check_follow(headers: Iterable[BatchHeader], config: LogConfig, end_offset: int, epoch: int) -> None:
    """Whether a leader's batches may come after the end of a log and its last epoch.

    Raises UnexpectedOffset or InvalidRecord.
    """
    for header in headers:
        check_size(header, config)
        if header.base_offset < end_offset or header.leader_epoch < epoch:
            raise UnexpectedOffset(
                f"a batch at offset {header.base_offset} of leader epoch {header.leader_epoch}; "
                f"offset {end_offset} or more and epoch {epoch} or more would follow"
            )
        end_offset, epoch = header.next_offset, header.leader_epoch


def split(data: bytes) -> Iterator[tuple[BatchHeader, bytes]]:
    """The batches of a leader's answer, whole and with right CRCs. Raises CorruptBatch."""
    at = 0
    while at < len(data):
        header = check(data, at)
        yield header, data[at : at + header.size_bytes]
        at += header.size_bytes

"""What a log takes: a producer's batch without gaps, a leader's batches in order.

Source: Apache Kafka's LogValidator, UnifiedLog.analyzeAndValidateRecords, MemoryRecordsBuilder.
Left out: limits of timestamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from model.log.batch import BatchHeader, check, records
from model.log.config import LogConfig
from model.log.header import NO_PRODUCER


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
    found = records(data)
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
    """Whether a batch fits a segment. Raises InvalidRecord."""
    if header.size_bytes > config.segment_bytes:
        raise InvalidRecord(f"a batch of {header.size_bytes} bytes; a segment takes {config.segment_bytes}")


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

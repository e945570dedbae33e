"""Logs and batches for tests, on a disk in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from checkers.simulate.disk import Image, SimulatedDisk
from model.log.batch import Batch, Producer, encode, peek_header, records
from model.log.config import LogConfig
from model.log.control import ControlType, EndTransaction, encode_control
from model.log.disk import Disk
from model.log.partition_log import PartitionLog
from model.log.record import Record

DIRECTORY = "orders-0"
SMALL = LogConfig(segment_bytes=250, index_interval_bytes=0)
"""Three batches of one record fill a segment, and all but its first have index entries."""


def batch(*values: bytes, timestamp: int = 0, producer: Producer | None = None, transactional: bool = False) -> bytes:
    """A producer's batch of these values, all of the same time and without keys."""
    given = [Record(at, timestamp, None, value) for at, value in enumerate(values)]
    return encode(Batch(0, given, producer=producer, is_transactional=transactional))


SIZE = len(batch(b"0"))
"""Of a batch of one record with a value of one byte."""


def marker(kind: ControlType, producer_id: int, epoch: int = 0, coordinator_epoch: int = 0) -> bytes:
    """The end of a transaction."""
    key, value = encode_control(EndTransaction(kind, coordinator_epoch))
    record = Record(0, 0, key, value)
    sender = Producer(producer_id, epoch, -1)
    return encode(Batch(0, [record], producer=sender, is_transactional=True, is_control=True))


def stored(offset: int, value: bytes = b"v", epoch: int = 0, last_offset: int | None = None) -> bytes:
    """A batch of one record as a leader's log has it."""
    return encode(Batch(offset, [Record(offset, 0, None, value)], leader_epoch=epoch, last_offset=last_offset))


def opened(disk: Disk, config: LogConfig = SMALL, *, was_clean: bool = False) -> PartitionLog:
    """The log in `orders-0`."""
    return PartitionLog.open(disk, DIRECTORY, config, 0, was_clean=was_clean)


def filled(count: int, config: LogConfig = SMALL, epoch: int = 0) -> tuple[PartitionLog, SimulatedDisk]:
    """A log of that many batches of one record, whose values are their offsets, and its disk."""
    disk = SimulatedDisk()
    log = opened(disk, config)
    for offset in range(count):
        log.append_as_leader(batch(b"%d" % offset), epoch, 0)
    return log, disk


def again(disk: SimulatedDisk, config: LogConfig = SMALL) -> PartitionLog:
    """The log after the process was killed, from all that can be seen on the disk."""
    return opened(SimulatedDisk.holding(disk.image), config)


def without(image: Image, *endings: str) -> SimulatedDisk:
    """A disk with all files but those whose names end so."""
    return SimulatedDisk.holding(tuple((path, data) for path, data in image if not path.endswith(endings)))


def base_offsets(encoded: Iterable[bytes]) -> list[int]:
    """Where batches start."""
    return [peek_header(data).base_offset for data in encoded]


def values(encoded: Iterable[bytes]) -> list[bytes | None]:
    """The values of all records of batches."""
    return [record.value for data in encoded for record in records(data)]


def content(log: PartitionLog) -> Sequence[bytes]:
    """All batches that can be read."""
    return log.read(log.log_start_offset, 1 << 20)


def names(disk: Disk) -> list[str]:
    """The files of the log."""
    return disk.names(DIRECTORY)

"""A log to be compacted, written and read in few words."""

from __future__ import annotations

from dataclasses import replace

from checkers.simulate.disk import SimulatedDisk
from model.log.batch import Batch, Producer, TimestampType, encode, peek_header, records
from model.log.cleaner import Cleaned, LogCleaner
from model.log.config import CleanupPolicy, LogConfig
from model.log.control import ControlType, EndTransaction, encode_control
from model.log.partition_log import PartitionLog
from model.log.record import Record
from model.log.segment import Segment

RETENTION_MS = 1000
DIRECTORY = "orders-0"
TRANSACTION_OVER = {True: ControlType.COMMIT, False: ControlType.ABORT}


class Compacted:
    """A log of one replica whose every record is committed, on a simulated disk, with its cleaner."""

    def __init__(self, config: LogConfig | None = None, map_keys_max: int = 1000) -> None:
        self.disk = SimulatedDisk()
        self.config = config or LogConfig(cleanup_policy=CleanupPolicy.COMPACT, delete_retention_ms=RETENTION_MS)
        self.map_keys_max = map_keys_max
        self.sequences: dict[int, int] = {}
        self.open()

    def open(self) -> None:
        """Open what is on the disk."""
        self.log = PartitionLog.open(self.disk, DIRECTORY, self.config, 0)
        self.log.advance_high_watermark(self.log.log_end_offset)
        self.cleaner = LogCleaner(self.disk, self.log, map_keys_max=self.map_keys_max)

    def append(self, batch: Batch) -> int:
        """Append and commit; the last offset. A batch with the time of the append comes from another leader."""
        if batch.timestamp_type is TimestampType.LOG_APPEND_TIME:
            appended = self.log.append_as_follower(encode(replace(batch, leader_epoch=0)), 0)
            assert appended is not None
        else:
            appended = self.log.append_as_leader(encode(batch), 0, 0)
        offset = appended.last_offset
        self.log.advance_high_watermark(offset + 1)
        return offset

    def put(self, *pairs: tuple[str, str | None], producer: int | None = None) -> int:
        """Append a batch of keys and values, in a transaction if a producer does."""
        found = [
            Record(n, 0, key.encode(), None if value is None else value.encode())
            for n, (key, value) in enumerate(pairs)
        ]
        return self.put_records(found, producer=producer)

    def put_records(
        self,
        found: list[Record],
        *,
        producer: int | None = None,
        timestamp_type: TimestampType = TimestampType.CREATE_TIME,
    ) -> int:
        """Append a batch of records, in a transaction if a producer does."""
        base = found[0].offset
        if producer is None:
            return self.append(Batch(base, found, timestamp_type=timestamp_type))
        first = self.sequences.get(producer, 0)
        self.sequences[producer] = first + len(found)
        sender = Producer(producer, 0, first)
        return self.append(Batch(base, found, producer=sender, is_transactional=True, timestamp_type=timestamp_type))

    def end(self, producer: int, *, committed: bool) -> int:
        """Append the marker of a transaction."""
        key, value = encode_control(EndTransaction(TRANSACTION_OVER[committed], 0))
        sender = Producer(producer, 0, -1)
        marker = Record(0, 0, key, value)
        return self.append(Batch(0, [marker], producer=sender, is_transactional=True, is_control=True))

    def clean(self, now: int = 0, *, cleaned_to_elsewhere: int | None = None) -> Cleaned:
        """Clean all that was written so far."""
        self.log.roll(0)
        return self.cleaner.clean(now, cleaned_to_elsewhere)

    @property
    def left(self) -> list[str]:
        """The batches that are left, each as its offsets with what it holds, `!` for a marker, `~` for a horizon."""
        return [text for segment in self.log.segments for text in batches_in(segment)]


def batches_in(segment: Segment) -> list[str]:
    """The batches of a segment."""
    shown = []
    for stored in segment.batches():
        header = peek_header(stored.data)
        offsets = (
            f"{header.base_offset}" if not header.last_offset_delta else f"{header.base_offset}-{header.last_offset}"
        )
        held = " ".join(
            f"{r.offset}:{(r.key or b'').decode()}={(r.value or b'x').decode()}" for r in records(stored.data)
        )
        horizon = "~" if header.has_delete_horizon else ""
        shown.append(f"{offsets}{horizon} {'!' if header.is_control and held else held or '_'}")
    return shown

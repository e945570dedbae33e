"""A replica's real log on a simulated disk with its cleaner: what is done to it, and what is left in it, by offset.

Source: model.log; the consumer's filter of aborted records is that of Apache Kafka's CompletedFetch.
Left out: batches of several records, whose parts a spec of single offsets can't tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checkers.simulate.choices import Choices
from checkers.simulate.disk import SimulatedDisk
from model.log.batch import BatchHeader, peek_header, records
from model.log.cleaner import LogCleaner
from model.log.config import CleanupPolicy, LogConfig
from model.log.partition_log import Isolation, PartitionLog
from model.log.record import Record
from model.log.transaction_index import AbortedTransaction

DIRECTORY = "orders-0"
BYTES_MAX = 1 << 20


def config(delete_retention_ms: int) -> LogConfig:
    """Large segments, which are rolled by hand."""
    return LogConfig(
        cleanup_policy=CleanupPolicy.COMPACT,
        delete_retention_ms=delete_retention_ms,
        index_interval_bytes=0,
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A batch that is left; `record` is None where it is empty."""

    header: BatchHeader
    record: Record | None


def written_record(offset: int, key: bytes, timestamp: int, *, is_tombstone: bool = False) -> Record:
    """A record whose value and header are not those of one at any other offset."""
    name = b"%d" % offset
    return Record(offset, timestamp, key, None if is_tombstone else name, (("at", name),))


class Replica:
    """One replica. `now` is the time in ms."""

    def __init__(self, settings: LogConfig, map_keys_max: int) -> None:
        self.settings = settings
        self.map_keys_max = map_keys_max
        self.disk = SimulatedDisk()
        self.removed = self.tombstones_removed = 0
        """The records that cleanings have removed, and how many of them were tombstones or markers."""
        self.open(0)

    def open(self, now: int) -> None:
        """Open the log that is on the disk."""
        self.log = PartitionLog.open(self.disk, DIRECTORY, self.settings, now)
        self.cleaner = LogCleaner(self.disk, self.log, map_keys_max=self.map_keys_max)

    @property
    def has_cleanable(self) -> bool:
        """Whether a whole segment before the last one is stable: what is not, supersedes nothing."""
        return any(segment.base_offset <= self.log.last_stable_offset for segment in self.log.segments[1:])

    def clean(self, now: int, cleaned_to_elsewhere: int) -> None:
        """Clean, and count what is gone."""
        before = self.held()
        self.cleaner.clean(now, cleaned_to_elsewhere)
        left = {offset for offset, held in self.held().items() if held.record is not None}
        for offset, held in before.items():
            if offset not in left and held.record is not None:
                self.removed += 1
                self.tombstones_removed += held.header.is_control or held.record.value is None

    def restart(self, choices: Choices, now: int) -> None:
        """Crash once all is flushed, and open what is found."""
        self.log.flush()
        self.disk = self.disk.crash(choices)
        self.open(now)

    def lose_disk(self, now: int) -> None:
        """Start anew on an empty disk."""
        self.disk = SimulatedDisk()
        self.open(now)

    def fetch_from(self, leader: Replica, now: int) -> None:
        """Append the leader's next batch."""
        batches = leader.log.read(self.log.log_end_offset, 1)
        if batches:
            self.log.append_as_follower(batches[0], now)

    def held(self) -> dict[int, Held]:
        """All batches by their last offset."""
        found = dict[int, Held]()
        for data in self.log.read(self.log.log_start_offset, BYTES_MAX):
            header = peek_header(data)
            found[header.last_offset] = Held(header, next(iter(records(data)), None))
        return found

    def committed_offsets(self) -> set[int]:
        """The offsets of the records that a consumer of committed records gets."""
        start, end = self.log.log_start_offset, self.log.last_stable_offset
        batches = self.log.read(start, BYTES_MAX, Isolation.TRANSACTIONS_COMMITTED)
        return set(committed(batches, self.log.aborted_transactions(start, end)))


def committed(batches: Iterable[bytes], aborted: Iterable[AbortedTransaction]) -> Iterable[int]:
    """The offsets of the records that a consumer keeps of what it is sent."""
    waiting = sorted(aborted, key=lambda entry: entry.first_offset)
    dropped = set[int]()
    for data in batches:
        header = peek_header(data)
        while waiting and waiting[0].first_offset <= header.last_offset:
            dropped.add(waiting.pop(0).producer_id)
        if header.is_control:
            dropped.discard(header.producer_id)
        elif not (header.is_transactional and header.producer_id in dropped):
            yield from (record.offset for record in records(data))

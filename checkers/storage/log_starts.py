"""LOG-7 at random: the start of a log never goes back, also through crashes, and never passes the high watermark.

Only deleting records and retention move it, and to where they should.

Source: LOG-7 of `specs.guarantees`; KIP-107; KAFKA-5634, where it passed the high watermark.
Left out: truncation of the whole log, by which a follower begins anew where its leader's log begins.
"""

from __future__ import annotations

from dataclasses import dataclass

from checkers.simulate.choices import Choices, seeded
from checkers.simulate.disk import SimulatedDisk
from checkers.storage.retained import start_after_retention
from model.log.batch import Batch, encode
from model.log.config import LogConfig
from model.log.partition_log import PartitionLog
from model.log.record import Record

DIRECTORY = "orders-0"
CONFIG = LogConfig(segment_bytes=300, index_interval_bytes=0, retention_bytes=400, retention_ms=50)
OPERATIONS = ("append", "advance high watermark", "delete records", "apply retention", "truncate", "flush", "crash")


@dataclass(frozen=True, slots=True)
class StartsTried:
    """How many runs and operations, how often the start moved, and the first thing that is wrong."""

    runs: int
    operations: int
    moves: int
    finding: str = ""


def try_log_starts(seeds: range, operations: int, log_class: type[PartitionLog] = PartitionLog) -> StartsTried:
    """Do that many operations on a log, a run for each seed."""
    done = moves = 0
    for runs, seed in enumerate(seeds, start=1):
        world = _World(seeded(seed), log_class)
        for _ in range(operations):
            before = world.log.log_start_offset
            name = world.step()
            done += 1
            moves += world.log.log_start_offset != before
            finding = world.complaint(before)
            if finding:
                return StartsTried(runs, done, moves, f"seed {seed}, after {name}: {finding}")
    return StartsTried(len(seeds), done, moves)


class _World:
    """A log on a disk, and its clock."""

    def __init__(self, choices: Choices, log_class: type[PartitionLog]) -> None:
        self.choices, self.log_class = choices, log_class
        self.disk, self.now = SimulatedDisk(), 1_000
        self.log = log_class.open(self.disk, DIRECTORY, CONFIG, self.now)
        self.replicated = 0
        """The highest high watermark there was: with all in-sync replicas gone, a start may not lie beyond it."""
        self.expected = 0
        """Where the log should start after the last operation."""

    def step(self) -> str:
        """Do something."""
        name = self.choices.pick(OPERATIONS, "operation")
        log, self.now = self.log, self.now + self.choices.between(0, 20, "ms")
        offset = self.choices.between(0, log.log_end_offset, "offset")
        if name == "append":
            log.append_as_leader(encode(Batch(0, [Record(0, self.now, b"k", b"v" * 20)])), 0, self.now)
        elif name == "advance high watermark":
            log.advance_high_watermark(offset)
        elif name == "delete records":
            offset = min(offset, log.high_watermark)
            self.expected = max(self.expected, offset)
            log.delete_records_before(offset)
        elif name == "apply retention":
            self.expected = start_after_retention(log, self.now)
            log.apply_retention(self.now)
        elif name == "truncate":
            log.truncate_to(max(offset, log.high_watermark), self.now)
        elif name == "flush":
            log.flush()
        else:
            self.crash()
        self.replicated = max(self.replicated, self.log.high_watermark)
        return name

    def crash(self) -> None:
        """Power fails, and the log is opened again."""
        self.disk = self.disk.crash(self.choices)
        self.log = self.log_class.open(self.disk, DIRECTORY, CONFIG, self.now)
        self.log.advance_high_watermark(self.replicated)

    def complaint(self, before: int) -> str:
        """What is wrong with the start of the log, which was at `before`."""
        start = self.log.log_start_offset
        if start < before:
            return f"the log start offset goes back from {before} to {start}"
        if start > self.replicated:
            return f"the log start offset is {start}, and the high watermark never was above {self.replicated}"
        if start != self.expected:
            return f"the log start offset is {start}, where {self.expected} would be right"
        return ""

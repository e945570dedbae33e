"""Error points exhaustively: short programs of a log, and a disk that fails in every operation of their last step.

After the error
- what was acknowledged can be read in the log that is there;
- the log is not changed any more; or it goes on, and what it then says is flushed is flushed;
- the log can be opened again, if need be once there is room, and has all that was acknowledged;
- every crash, also one later, leaves what it may leave (LOG-4): nothing that was flushed is lost.

Source: KAFKA-7866, KAFKA-10778; Rebello et al., Can Applications Recover from fsync Failures? (ATC 2020).
Left out: errors of reading; a second error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from checkers.simulate.choices import EveryPath, seeded
from checkers.simulate.disk import Image, SimulatedDisk
from checkers.simulate.medium import Medium
from checkers.storage.judge import complaint_of
from checkers.storage.lineage import Allowed
from checkers.storage.operations import CONFIG, DIRECTORY, NOW, Operation, Program
from checkers.storage.programs import Writer
from checkers.storage.recovered import Recovered, Recovery, Unusable, contents
from checkers.verdict import VerdictName
from model.log.batch import peek_header
from model.log.disk import DiskError
from model.log.partition_log import LogStopped

OUTCOMES_MAX = 100_000
CUTS = (Operation.TRUNCATE, Operation.TRUNCATE_FULLY)
GONE = (Operation.RESTART, Operation.REOPEN, Operation.TRUNCATE_FULLY)
"""After which there is no log to read from, if the disk fails while it is opened or emptied."""
WHOLE = Medium(sector_bytes=512, tears_max=0)
"""Sectors survive or not, as a whole."""


class Fault(Enum):
    """How the disk fails."""

    ERROR = "one operation fails"
    FULL = "the disk is full from an operation on"
    DROPPED = "one operation fails, and a flush that does drops what it should have written"


@dataclass(frozen=True, slots=True)
class ErrorBounds:
    """How many programs there are, and how the disk fails in them."""

    length_max: int
    fault: Fault
    operations: tuple[Operation, ...] = tuple(Operation)
    prepared: Program = ()
    """What each program begins with, without an error; it does not count as part of the length."""


@dataclass(frozen=True, slots=True)
class ErrorPoints:
    """How many programs and errors there were, what may be lost after them, and what is wrong: once each."""

    programs: int
    errors: int
    outcomes: int
    findings: tuple[str, ...] = ()

    @property
    def verdict(self) -> VerdictName:
        """Whether nothing is wrong."""
        return "violated" if self.findings else "holds"


def error_points(bounds: ErrorBounds) -> ErrorPoints:
    """Run all programs, with an error at every operation of the disk in their last step."""
    search = _Search(bounds)
    programs, extendable = 0, [bounds.prepared]
    for _ in range(bounds.length_max):
        longer = [(*program, operation) for program in extendable for operation in bounds.operations]
        extendable = [program for program in longer if search.try_program(program)]
        programs += len(extendable)
    return ErrorPoints(programs, search.errors, search.outcomes, tuple(search.findings))


@dataclass(frozen=True, slots=True)
class _Failed:
    """The operation in which the disk failed, and what must be there as long as power does not fail."""

    operation: Operation
    kept: Allowed


class _Search:
    """Goes through the errors."""

    def __init__(self, bounds: ErrorBounds) -> None:
        self.errors = self.outcomes = 0
        self.findings = dict[str, None]()
        self._bounds = bounds
        self._recovery = Recovery(DIRECTORY, CONFIG, NOW)

    def try_program(self, program: Program) -> bool:
        """Fail at every operation of the last step, with nothing or something written; False if it does nothing."""
        disk, writer = self._before(program)
        first = disk.operations + 1
        if not writer.do(program[-1]):
            return False
        for at in range(first, disk.operations + 1):
            for seed in range(2):
                self._fail(program, at, seed)
        return True

    def _before(self, program: Program) -> tuple[SimulatedDisk, Writer]:
        """The disk and the log before the last step."""
        disk = SimulatedDisk(WHOLE)
        writer = Writer(disk, self._recovery)
        for operation in program[:-1]:
            writer.do(operation)
        return disk, writer

    def _fail(self, program: Program, at: int, seed: int) -> None:
        """Do the last step of a program on a disk that fails."""
        disk, writer = self._before(program)
        acknowledged = writer.lineage.end
        disk.choices = seeded(seed)
        if self._bounds.fault is Fault.FULL:
            fill_at(disk, at)
        else:
            disk.error_at, disk.failed_flush_drops = at, self._bounds.fault is Fault.DROPPED
        try:
            writer.do(program[-1])
        except DiskError:
            self.errors += 1
            kept = writer.allowed if program[-1] in CUTS else at_least(writer.allowed, acknowledged)
            for when, complaint in self._complaints(disk, writer, _Failed(program[-1], kept)):
                steps = ", ".join(operation.value for operation in program)
                self.findings.setdefault(f"{steps}; operation {at} of the disk fails; {when}: {complaint}")

    def _complaints(self, disk: SimulatedDisk, writer: Writer, failed: _Failed) -> Iterator[tuple[str, str]]:
        """What is wrong after an error, and when."""
        kept, disk.watch, disk.error_at = failed.kept, None, None
        yield from self._crashed("after a crash", disk, writer.allowed)
        if failed.operation not in GONE:
            is_cut = failed.operation is Operation.TRUNCATE
            read = tuple(replace(prefix, is_going=prefix.is_going or is_cut) for prefix in kept)
            yield from found_wrong("in memory", in_memory(writer, is_cut=is_cut), read)
            with suppress(LogStopped, DiskError):
                writer.log.flush()
                yield from self._crashed("after more was flushed and a crash", disk, kept)
        full = SimulatedDisk.holding(disk.image)
        full.capacity, disk.capacity = disk.capacity, None
        with suppress(DiskError):
            self._recovery.open(full)
        yield from found_wrong("opened again", self._recovery.of(full.image), kept)
        self._recovery.open(disk).flush()
        yield from self._crashed("opened again, flushed, and after a crash", disk, kept)

    def _crashed(self, when: str, disk: SimulatedDisk, allowed: Allowed) -> Iterator[tuple[str, str]]:
        paths = EveryPath(lambda choices: disk.crash(choices).image, OUTCOMES_MAX)
        images = dict.fromkeys(path.result for path in paths)
        assert paths.complete
        self.outcomes += paths.runs
        for image in images:
            yield from found_wrong(when, self._recovery.of(image), allowed)


def fill_at(disk: SimulatedDisk, at: int) -> None:
    """Have the disk be full from the operation of that number on."""

    def fill(_what: str) -> None:
        if disk.operations >= at - 1 and disk.capacity is None:
            disk.capacity = used(disk.image)

    disk.watch = fill
    fill("")


def used(image: Image) -> int:
    """How many bytes all files have."""
    return sum(len(content or b"") for _, content in image)


def at_least(allowed: Allowed, end: int) -> Allowed:
    """What may be left if nothing up to an end is lost."""
    return tuple(replace(prefix, least_end=max(prefix.least_end, end)) for prefix in allowed)


def in_memory(writer: Writer, *, is_cut: bool) -> Recovered | Unusable:
    """What readers of a log find. Of one that was being cut the end is that of its batches.

    An epoch may have begun whose first batch could not be written.
    """
    try:
        found = contents(writer.log)
    except (ValueError, OSError, AssertionError) as error:
        return Unusable(f"it can't be read: {type(error).__name__}: {error}")
    end = found.end
    if is_cut:
        end = peek_header(found.batches[-1]).next_offset if found.batches else found.start
    return replace(found, end=end, epochs=tuple(entry for entry in found.epochs if entry[1] < end))


def found_wrong(when: str, found: Recovered | Unusable, allowed: Allowed) -> Iterator[tuple[str, str]]:
    """When something is wrong, and what; nothing if all is right."""
    complaint = complaint_of(found, allowed)
    if complaint is not None:
        yield when, complaint

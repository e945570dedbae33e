"""Crash points exhaustively: short programs of a log, and power that fails in every operation of the disk.

All programs up to a length are run, the shortest first. In each operation of the disk that the last step of a program
does, and after its end, power may fail; every disk that this may leave is found by enumerating the choices. The log is
recovered on each different disk once, and must be what it may be (LOG-4): a prefix of what was appended, with all that
was flushed, only batches with right CRCs, and all that follows from the batches as it follows from these. With
`in_recovery`, power may fail a second time, in the recovery.

Source: Pillai et al., All File Systems Are Not Created Equal (OSDI 2014); Mohan et al., Finding Crash-Consistency Bugs
with Bounded Black-Box Crash Testing (OSDI 2018): short programs find most bugs.
Left out: sectors that rot, which no crash does; a second step after a recovery.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import product

from checkers.simulate.choices import EveryPath, Record, replayed
from checkers.simulate.disk import Crashed, Image, SimulatedDisk
from checkers.simulate.medium import Medium
from checkers.storage.judge import complaint_of
from checkers.storage.lineage import Lineage
from checkers.storage.programs import CONFIG, DIRECTORY, NOW, Allowed, Operation, Program, Writer, exactly
from checkers.storage.recovered import Recovery
from checkers.verdict import VerdictName

END = "the end"
SMALL_SECTORS = Medium(sector_bytes=64, tears_max=1, mixed_files_max=1)
LARGE_SECTORS = Medium(sector_bytes=512, tears_max=1, mixed_files_max=1)
"""A batch of two records takes two or three small sectors; a large one takes several. One file survives in part."""


@dataclass(frozen=True, slots=True)
class CrashBounds:
    """How many programs and crashes there are."""

    length_max: int
    operations: tuple[Operation, ...] = tuple(Operation)
    medium: Medium = SMALL_SECTORS
    outcomes_max: int = 100_000
    """Of one crash. If there are more, they are not tried, and the verdict is unknown."""
    in_recovery: bool = False
    prepared: Program = ()
    """What each program begins with, in which power does not fail; it does not count as part of the length."""


@dataclass(frozen=True, slots=True)
class Crash:
    """Power failed in the operation of that number of a disk (from 1; one more than there are: after the last one)."""

    at: int
    within: str
    lost: Record
    """The choices of what was lost."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Crashes after which a log is not what it must be: one in the program, and perhaps one in the recovery."""

    program: Program
    crashes: tuple[Crash, ...]
    complaint: str

    def __str__(self) -> str:
        steps = ", ".join(operation.value for operation in self.program) or "open"
        return f"{steps}; power fails in {', then in '.join(c.within for c in self.crashes)}: {self.complaint}"


@dataclass(frozen=True, slots=True)
class CrashPoints:
    """What came of all programs."""

    verdict: VerdictName
    bounds: CrashBounds
    programs: int
    points: int
    """Moments at which power failed."""
    outcomes: int
    """What was lost at these moments, in how many ways."""
    images: int
    """Different disks that were left."""
    finding: Finding | None = None
    reason: str = ""
    """Why nothing is known."""


class _TooMany(Exception):  # noqa: N818 - it is no error
    """There are more outcomes of a crash than are to be tried."""


class _Found(Exception):  # noqa: N818 - it is no error
    """A crash after which a log is not what it must be."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def crash_points(bounds: CrashBounds) -> CrashPoints:
    """Run all programs, and crash at every point. A finding is of one of the shortest programs that have one."""
    search = _Search(bounds)
    finding, reason = None, ""
    try:
        search.run()
    except _Found as found:
        finding = found.finding
    except _TooMany as error:
        reason = str(error)
    return CrashPoints(
        verdict="violated" if finding else "unknown" if reason else "holds",
        bounds=bounds,
        programs=search.programs,
        points=search.points,
        outcomes=search.outcomes,
        images=search.recovery.images,
        finding=finding,
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class _Point:
    """A moment at which power may fail, after other crashes, and what it may leave."""

    program: Program
    allowed: Allowed
    before: tuple[Crash, ...] = ()


class _Search:
    """Goes through the programs."""

    def __init__(self, bounds: CrashBounds) -> None:
        self.programs = self.points = self.outcomes = 0
        self.recovery = Recovery(DIRECTORY, CONFIG, NOW)
        self._bounds = bounds
        self._last_moment: tuple[object, ...] = ()

    def run(self) -> None:
        """All programs, the shortest first; none that goes on after a step that did nothing."""
        extendable: list[Program] = [self._bounds.prepared]
        if not self._bounds.prepared:
            self._run(())
        for _ in range(self._bounds.length_max):
            longer = [(*program, operation) for program, operation in product(extendable, self._bounds.operations)]
            extendable = [program for program in longer if self._run(program)]

    def _run(self, program: Program) -> bool:
        """Run a program with crashes in its last step; False if that step does nothing."""
        disk = SimulatedDisk(self._bounds.medium)
        if not program:
            disk.watch = lambda what: self._fail(disk, what, _Point(program, exactly(Lineage())))
        writer = Writer(disk, self.recovery)
        for operation in program[:-1]:
            writer.do(operation)
        disk.watch = lambda what: self._fail(disk, what, _Point(program, writer.allowed))
        if program and not writer.do(program[-1]):
            return False
        self._fail(disk, END, _Point(program, writer.allowed))
        self.programs += 1
        return True

    def _fail(self, disk: SimulatedDisk, what: str, point: _Point) -> None:
        """Have power fail at a moment, in all ways, unless it just did: a flush under way has not changed anything."""
        moment = (disk, disk.done, point.allowed, point.before)
        if moment == self._last_moment:
            return
        self._last_moment = moment
        self.points += 1
        at = disk.operations + (what == END)
        for image, lost in self._losses(disk, point.program):
            crashes = (*point.before, Crash(at, what, lost))
            complaint = complaint_of(self.recovery.of(image), point.allowed)
            if complaint is not None:
                raise _Found(Finding(point.program, crashes, complaint))
            if self._bounds.in_recovery and not point.before:
                self._fail_in_recovery(image, _Point(point.program, point.allowed, crashes))

    def _fail_in_recovery(self, image: Image, point: _Point) -> None:
        """Have power fail once more at every moment of a recovery."""
        disk = SimulatedDisk.holding(image, self._bounds.medium)
        disk.watch = lambda what: self._fail(disk, what, point)
        self.recovery.open(disk)
        self._fail(disk, END, point)

    def _losses(self, disk: SimulatedDisk, program: Program) -> Iterator[tuple[Image, Record]]:
        """Every disk that a crash may leave, once, with choices that lead to it."""
        paths = EveryPath(lambda choices: disk.crash(choices).image, self._bounds.outcomes_max)
        found: dict[Image, Record] = {}
        for path in paths:
            found.setdefault(path.result, path.record)
        self.outcomes += paths.runs
        if not paths.complete:
            steps = ", ".join(operation.value for operation in program)
            raise _TooMany(f"a crash of {steps} has more than {self._bounds.outcomes_max:,} outcomes")
        yield from found.items()


def replay_crash(finding: Finding, medium: Medium) -> str | None:
    """Run the program of a finding again, with its crashes; what is wrong then, or None.

    Raises ChoicesDiffer if something else can be lost now than then.
    """
    recovery = Recovery(DIRECTORY, CONFIG, NOW)
    disk = SimulatedDisk(medium)
    writer: Writer | None = None
    disk.crash_at = finding.crashes[0].at
    with suppress(Crashed):
        writer = Writer(disk, recovery)
        for operation in finding.program:
            writer.do(operation)
    allowed = exactly(Lineage()) if writer is None else writer.allowed
    disk = disk.crash(replayed(finding.crashes[0].lost))
    for crash in finding.crashes[1:]:
        disk.crash_at = crash.at
        with suppress(Crashed):
            recovery.open(disk)
        disk = disk.crash(replayed(crash.lost))
    return complaint_of(recovery.of(disk.image), allowed)

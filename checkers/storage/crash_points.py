"""Crash points exhaustively: short programs of a log, and power that fails in every operation of the disk.

All programs up to a length are run, the shortest first. In each operation of the disk that the last step of a program
does, and after its end, power may fail; every disk that this may leave is found by enumerating the choices. The log is
recovered on each different disk once, and must be what it may be (LOG-4): a prefix of what was appended, with all that
was flushed, only batches with right CRCs, and all that follows from the batches as it follows from these. Then, if
bounds say so, programs begin on each of these disks, and power may fail again: in the recovery, or later.

What is in the same state goes on in the same way, so a step that leads to a state that was there before is not gone on
from, and a moment at which disk and log are as they were at another one is not tried again.

What bounds the disks that a crash may leave is the medium: how large its sectors are, and at how many points one tears
between two versions. Every subset of the unflushed sectors, lengths and names may survive, whatever files they are of.

Source: Pillai et al., All File Systems Are Not Created Equal (OSDI 2014); Mohan et al., Finding Crash-Consistency Bugs
with Bounded Black-Box Crash Testing (OSDI 2018): short programs find most bugs.
Left out: sectors that rot, which no crash does; what is done after a crash in a full truncation, which leaves anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from checkers.simulate.choices import EveryPath, Record, replayed
from checkers.simulate.disk import Crashed, Image, SimulatedDisk
from checkers.simulate.medium import Medium
from checkers.storage.judge import what_is_left
from checkers.storage.lineage import Allowed, Lineage, exactly
from checkers.storage.operations import CONFIG, DIRECTORY, NOW, Operation, Program
from checkers.storage.programs import Known, Writer
from checkers.storage.recovered import Recovery, digest
from checkers.storage.states import fingerprint
from checkers.verdict import VerdictName

END = "the end"
NEW = Known()
"""Of a log that is not there yet."""
SMALL_SECTORS = Medium(sector_bytes=64, tears_max=1)
LARGE_SECTORS = Medium(sector_bytes=512, tears_max=1)
"""A batch of two records takes two or three small sectors; a large one takes several. Any of them survive or not."""
NO_STATE = ("watch", "crash_at", "error_at", "choices", "counts", "done", "_recovery", "repairs")
"""What is not part of the state of a disk or a log: how power fails, what was counted, what nobody looks at again."""


@dataclass(frozen=True, slots=True)
class CrashBounds:
    """How many programs and crashes there are."""

    length_max: int
    operations: tuple[Operation, ...] = tuple(Operation)
    medium: Medium = SMALL_SECTORS
    prepared: Program = ()
    """What each program begins with, in which power does not fail; it does not count as part of the length."""
    afterwards: CrashBounds | None = None
    """The programs that begin with the recovery from each crash. Of these bounds the medium does not matter."""
    outcomes_max: int = 100_000
    """Of one crash. If there are more, they are not tried, and the verdict is unknown."""


@dataclass(frozen=True, slots=True)
class Crash:
    """Power failed in the operation of that number of a disk (from 1; one more than there are: after the last one)."""

    at: int
    within: str
    lost: Record
    """The choices of what was lost."""


@dataclass(frozen=True, slots=True)
class Life:
    """What was done to a log from one crash to the next."""

    program: Program
    crash: Crash

    def __str__(self) -> str:
        steps = ", ".join(operation.value for operation in self.program) or "open"
        return f"{steps}; power fails in {self.crash.within}"


@dataclass(frozen=True, slots=True)
class Finding:
    """Programs and crashes after which a log is not what it must be."""

    lives: tuple[Life, ...]
    complaint: str

    def __str__(self) -> str:
        return f"{'; then '.join(map(str, self.lives))}: {self.complaint}"


@dataclass(frozen=True, slots=True)
class CrashPoints:
    """What came of all programs."""

    verdict: VerdictName
    bounds: CrashBounds
    programs: int
    """All whose every step does something, also those that need not be run since others lead to the same states."""
    points: int
    """Different moments at which power failed."""
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
    search = _Search(bounds.medium, bounds.outcomes_max)
    finding, reason = None, ""
    try:
        search.run(bounds, _Start())
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
class _Start:
    """A disk on which programs begin, what is known of its log, and how it came to be."""

    image: Image = ()
    known: Known = NEW
    lives: tuple[Life, ...] = ()


@dataclass(frozen=True, slots=True)
class _Point:
    """A program in which power may fail, what that may leave, and what is known but for the lineage."""

    start: _Start
    program: Program
    allowed: Allowed
    known: Known


class _Search:
    """Goes through the programs."""

    def __init__(self, medium: Medium, outcomes_max: int) -> None:
        self.programs = self.points = self.outcomes = 0
        self.recovery = Recovery(DIRECTORY, CONFIG, NOW)
        self._medium, self._outcomes_max = medium, outcomes_max
        self._ways = dict[tuple[CrashBounds, bytes], tuple[_Start, Program]]()
        """How each state was reached first."""
        self._successors = dict[tuple[CrashBounds, bytes], list[bytes]]()
        self._moments = set[tuple[bytes, Allowed, Known, CrashBounds | None]]()
        self._judged = dict[Allowed, dict[int, Lineage | str | None]]()
        """By what is allowed, and the identity of what was found."""
        self._starts = set[tuple[bytes, Known, CrashBounds]]()

    def run(self, bounds: CrashBounds, start: _Start) -> None:
        """All programs from a start, the shortest first; none that goes on after a step that did nothing."""
        frontier = Counter({self._opened(bounds, start): 1})
        self.programs += not bounds.prepared
        for _ in range(bounds.length_max):
            reached = Counter[bytes]()
            for state, ways in frontier.items():
                for after in self._after(bounds, state):
                    reached[after] += ways
            frontier = reached
            self.programs += frontier.total()

    def _opened(self, bounds: CrashBounds, start: _Start) -> bytes:
        """The state with which programs begin. If nothing is prepared, power fails while the log is opened."""
        disk = SimulatedDisk.holding(start.image, self._medium)
        point = _Point(start, (), exactly(start.known.lineage), start.known)
        if not bounds.prepared:
            disk.watch = lambda what: self._fail(disk, what, point, bounds.afterwards)
        writer = Writer(disk, self.recovery, start.known)
        if not bounds.prepared:
            self._fail(disk, END, point, bounds.afterwards)
        for operation in bounds.prepared:
            writer.do(operation)
        state = fingerprint(disk, writer, ignored=NO_STATE)
        self._ways.setdefault((bounds, state), (start, bounds.prepared))
        return state

    def _after(self, bounds: CrashBounds, state: bytes) -> list[bytes]:
        """The states to which operations lead that do something."""
        key = bounds, state
        if key not in self._successors:
            start, program = self._ways[key]
            after = (self._step(bounds, start, (*program, operation)) for operation in bounds.operations)
            self._successors[key] = [reached for reached in after if reached is not None]
        return self._successors[key]

    def _step(self, bounds: CrashBounds, start: _Start, program: Program) -> bytes | None:
        """Run a program with crashes in its last step; the state it leads to, or None if that step does nothing."""
        disk = SimulatedDisk.holding(start.image, self._medium)
        writer = Writer(disk, self.recovery, start.known)
        for operation in program[:-1]:
            writer.do(operation)

        def fail(what: str) -> None:
            point = _Point(start, program, writer.allowed, writer.known)
            self._fail(disk, what, point, bounds.afterwards)

        disk.watch = fail
        if not writer.do(program[-1]):
            return None
        fail(END)
        state = fingerprint(disk, writer, ignored=NO_STATE)
        self._ways.setdefault((bounds, state), (start, program))
        return state

    def _fail(self, disk: SimulatedDisk, what: str, point: _Point, afterwards: CrashBounds | None) -> None:
        """Have power fail at a moment, in all ways, unless all was as it is now at another moment."""
        moment = fingerprint(disk, ignored=NO_STATE), point.allowed, point.known, afterwards
        if moment in self._moments:
            return
        self._moments.add(moment)
        self.points += 1
        at = disk.operations + (what == END)
        judged = self._judged.setdefault(point.allowed, {})
        for image, lost in self._losses(disk, point.program):
            found = self.recovery.of(image)
            if id(found) not in judged:
                judged[id(found)] = what_is_left(found, point.allowed)
            left = judged[id(found)]
            if left is None or (isinstance(left, Lineage) and afterwards is None):
                continue
            lives = (*point.start.lives, Life(point.program, Crash(at, what, lost)))
            if isinstance(left, str):
                raise _Found(Finding(lives, left))
            if afterwards is not None:
                self._go_on(afterwards, _Start(image, point.known.come_down_to(left), lives))

    def _go_on(self, bounds: CrashBounds, start: _Start) -> None:
        """Programs on a disk that a crash has left, unless they were run on it."""
        key = digest(start.image), start.known, bounds
        if key not in self._starts:
            self._starts.add(key)
            self.run(bounds, start)

    def _losses(self, disk: SimulatedDisk, program: Program) -> Iterator[tuple[Image, Record]]:
        """Every disk that a crash may leave, once, with choices that lead to it."""
        paths = EveryPath(lambda choices: disk.crash(choices).image, self._outcomes_max)
        found: dict[Image, Record] = {}
        for path in paths:
            found.setdefault(path.result, path.record)
        self.outcomes += paths.runs
        if not paths.complete:
            steps = ", ".join(operation.value for operation in program)
            raise _TooMany(f"a crash of {steps} has more than {self._outcomes_max:,} outcomes")
        yield from found.items()


def replay_crash(finding: Finding, medium: Medium) -> str | None:
    """Run the programs of a finding again, with their crashes; what is wrong then, or None.

    Raises ChoicesDiffer if something else can be lost now than then.
    """
    recovery = Recovery(DIRECTORY, CONFIG, NOW)
    disk, known = SimulatedDisk(medium), NEW
    for life in finding.lives:
        writer: Writer | None = None
        disk.crash_at = life.crash.at
        with suppress(Crashed):
            writer = Writer(disk, recovery, known)
            for operation in life.program:
                writer.do(operation)
        allowed = exactly(known.lineage) if writer is None else writer.allowed
        disk = disk.crash(replayed(life.crash.lost))
        left = what_is_left(recovery.of(disk.image), allowed)
        if not isinstance(left, Lineage):
            return left
        known = (known if writer is None else writer.known).come_down_to(left)
    return None

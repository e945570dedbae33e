"""A concurrent history as text: a lane for each process, and a bar from each invocation to its completion.

    index      0      1     2         3      4            5
    0          |--- write 1 ---|
    1                 |=== read -> 2 ========|

Time runs to the right in the order of the events, not by the clock. Two bars of which one ends left of where the other
begins did not overlap. An operation without an answer ends in an arrow. What does not fit the width goes on in a
further band below, where bars that were cut go on too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from checkers.history.history import NONE, EventType, History
from checkers.history.labels import label, shown_name
from reports.drawing import Look
from reports.table import wrap

PROCESS_MAX = 16
"""Columns for the name of a process; a quarter of the width, if that is less."""
LABEL_ROOM = len("|-- ") + len(" --|")
LABEL_MIN = 6
"""A label is cut to what there is room for; one of which not even so much is left is left out."""
RED = "\x1b[1;31m"
PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Timeline:
    """What to show of a history. Operations go by the events that invoke them.

    `core` stands out; `why` has a sentence for some of the operations, such as why it can't be placed; `order` is the
    order that was found so far, first operation first.
    """

    history: History
    operations: Sequence[int]
    core: frozenset[int] = frozenset()
    why: Mapping[int, str] = field(default_factory=dict)
    order: Sequence[int] = ()

    def bars(self) -> list[Bar]:
        """The operations in the order of their invocation, each with where it begins and ends."""
        instants = self.instants()
        number = {event: at for at, event in enumerate(instants)}
        place = {event: at for at, event in enumerate(self.order, 1)}
        bars = []
        for invoke in sorted(set(self.operations)):
            completion = int(self.history.partner[invoke])
            text = label(self.history, invoke)
            numbered = f"#{place[invoke]} {text}" if invoke in place else text
            end = None if completion == NONE else number[completion]
            returned = completion != NONE and self.history.type[completion] != EventType.INFO
            lane = int(self.history.process[invoke])
            bars.append(Bar(invoke, lane, number[invoke], end, numbered, answered=returned, core=invoke in self.core))
        return bars

    def instants(self) -> list[int]:
        """The events at which operations begin and end."""
        completions = {int(self.history.partner[invoke]) for invoke in self.operations}
        return sorted({*self.operations, *(completions - {NONE})})

    def process(self, lane: int) -> str:
        """The name of a process."""
        return shown_name(self.history.processes.names[lane])


@dataclass(frozen=True, slots=True)
class Bar:
    """An operation: it begins at an instant and ends at one, or at none if it has no completion at all."""

    invoke: int
    lane: int
    start: int
    end: int | None
    label: str
    answered: bool
    core: bool


def draw_timeline(timeline: Timeline, look: Look | None = None) -> str:
    """The drawing, lines of at most the width that was asked for, with a newline at the end."""
    look = look or Look()
    bars = timeline.bars()
    if not bars:
        return "no operations\n"
    lanes = list(dict.fromkeys(bar.lane for bar in bars))
    names = {lane: _cut(timeline.process(lane), min(PROCESS_MAX, look.width // 4)) for lane in lanes}
    margin = max(len("index"), *map(len, names.values())) + 2
    indexes = [str(timeline.history.index[event]) for event in timeline.instants()]
    drawing = _Drawing(bars, indexes, max(look.width - margin, LABEL_ROOM + LABEL_MIN), colour=look.colour)
    lines: list[str] = []
    for band in drawing.bands():
        lines += [*([""] if lines else []), "index".ljust(margin) + band.ruler()]
        lines += [names[lane].ljust(margin) + band.lane(lane) for lane in lanes]
    lines += _notes(timeline, bars, look)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 2]}.."


def _notes(timeline: Timeline, bars: Sequence[Bar], look: Look) -> Iterator[str]:
    """What the marks mean, and the sentences."""
    legend = []
    if timeline.order:
        legend.append("#n: n-th in the order found")
    if any(bar.core for bar in bars):
        legend.append("===: the core")
    if any(not bar.answered for bar in bars):
        legend.append("->: no answer, may take effect at any later time")
    if legend:
        yield ""
        yield from wrap("; ".join(legend), look.width)
    for invoke, sentence in sorted(timeline.why.items()):
        history = timeline.history
        who = f"process {timeline.process(int(history.process[invoke]))}"
        first, *rest = wrap(
            f"index {history.index[invoke]}, {who}: {label(history, invoke)}: {sentence}", look.width - 2
        )
        yield from ["", first, *(f"  {line}" for line in rest)]


# ------------------------------------------------------------------------------------------------------------ the bands


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Bars on a scale of instants that is cut into bands."""

    bars: Sequence[Bar]
    indexes: Sequence[str]
    width: int
    colour: bool

    def bands(self) -> Iterator[_Band]:
        """As many instants a band as fit; one at least."""
        first, bars = 0, self.bars
        while first < len(self.indexes):
            bars = [bar for bar in bars if bar.end is None or bar.end >= first]
            band = self.band(bars, first, first + 1)
            while band.end < len(self.indexes):
                longer = self.band(bars, first, band.end + 1)
                if longer.needed > self.width:
                    break
                band = longer
            yield band
            first = band.end

    def band(self, bars: Sequence[Bar], first: int, end: int) -> _Band:
        """The instants from `first` to `end`, exclusive, each as far to the right as the labels before it need."""
        bars = list(takewhile(lambda bar: bar.start < end, bars))
        columns: list[int] = []
        for instant in range(first, end):
            column = columns[-1] + len(self.indexes[instant - 1]) + 1 if columns else 0
            for bar in bars:
                if bar.end == instant:
                    column = max(column, _begin(bar, first, columns) + self.room(bar) - 1)
            columns.append(column)
        needed = columns[-1] + len(self.indexes[end - 1])
        for bar in bars:
            if bar.end is None or bar.end >= end:
                needed = max(needed, _begin(bar, first, columns) + self.room(bar))
        return _Band(self, bars, first, end, columns, needed)

    def room(self, bar: Bar) -> int:
        """The columns that a bar asks for."""
        return min(len(bar.label) + LABEL_ROOM, self.width - len(self.indexes[bar.start]) - 1)


def _begin(bar: Bar, first: int, columns: Sequence[int]) -> int:
    """The column where a bar begins in a band; the left edge if it began before."""
    return columns[bar.start - first] if bar.start >= first else 0


@dataclass(frozen=True, slots=True)
class _Band:
    """A stretch of instants, from `first` to `end`, exclusive, each with its column."""

    drawing: _Drawing
    bars: Sequence[Bar]
    first: int
    end: int
    columns: Sequence[int]
    needed: int

    def ruler(self) -> str:
        """What the recording calls each event, above its column."""
        line = ""
        for column, index in zip(self.columns, self.drawing.indexes[self.first : self.end], strict=True):
            line = line.ljust(column) + index
        return line[: self.drawing.width]

    def lane(self, lane: int) -> str:
        """The bars of a process."""
        line, length = "", 0
        for bar in (bar for bar in self.bars if bar.lane == lane):
            begin = _begin(bar, self.first, self.columns)
            text = self._bar(bar, self._stop(bar) - begin + 1)
            coloured = f"{RED}{text}{PLAIN}" if bar.core and self.drawing.colour else text
            line += " " * (begin - length) + coloured
            length = begin + len(text)
        return line

    def _stop(self, bar: Bar) -> int:
        """The last column of a bar."""
        if bar.end is not None and bar.end < self.end:
            return self.columns[bar.end - self.first]
        return min(self.needed, self.drawing.width) - 1

    def _bar(self, bar: Bar, width: int) -> str:
        """A bar with its label in the middle, cut to the width."""
        line = "=" if bar.core else "-"
        ends_here = bar.end is not None and bar.end < self.end
        left = "|" if bar.start >= self.first else line
        goes_on = ">" if bar.end is None or not bar.answered else line
        right = "|" if ends_here and bar.answered else goes_on
        room = width - len("| ") - len(" |")
        text = f" {_cut(bar.label, room)} " if room >= min(LABEL_MIN, len(bar.label)) else ""
        return f"{left}{text.center(max(width - 2, 0), line)}{right}"[:width]

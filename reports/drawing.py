"""A counterexample as text for the terminal: one column a replica, one line a step, the changed fields and no more.

What is broken stands at the top, in the spec's own words, and at the bottom, where the eye ends.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TextIO, cast

from checkers.refinement.steps import RefinementCheck
from checkers.subjects import further_ablations
from checkers.verdict import Run, Violated
from reports.cells import Cells, columns_of, one_column
from reports.table import SEPARATOR, Row, Style, lines_of, narrowest_table, widths_of, wrap
from specs.catalogue import DEADLOCK, FAULTS, Property, properties
from specs.instance import FIXED, Instance
from specs.language import Eventually, Record, Refinement

WIDTH = 120
LOOP_MARGIN = "│ "
STEP_WIDTH = len("step" + SEPARATOR)


@dataclass(frozen=True, slots=True)
class Look:
    """How to draw: `full` for whole states instead of changes, at most `width` columns, with or without colour."""

    width: int = WIDTH
    full: bool = False
    colour: bool = False


def wants_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal whose user has not switched colour off (NO_COLOR, https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def draw(instance: Instance, violated: Violated, look: Look | None = None) -> str:
    """The drawing, lines of at most the width that was asked for, with a newline at the end."""
    look = look or Look()
    lines = [line for text in header(instance, violated) for line in _indented(text, look.width)]
    lines += ["", *_table(instance, violated.run, look), ""]
    last = [line for text in _ending(instance, violated) for line in _indented(text, look.width)]
    red = _style("1;31", look)
    return "\n".join([_style("1", look)(lines[0]), *lines[1:], *(red(line) for line in last)]) + "\n"


def _indented(text: str, width: int) -> list[str]:
    """A text wrapped, its further lines indented like its first and a little more."""
    indent = " " * (len(text) - len(text.lstrip(" ")))
    first, *rest = wrap(text.strip(), max(width - len(indent) - 2, 20))
    return [indent + first, *(f"{indent}  {line}" for line in rest)]


def _style(code: str, look: Look) -> Style:
    return (lambda text: f"\x1b[{code}m{text}\x1b[0m") if look.colour else (lambda text: text)


# ---------------------------------------------------------------------------------------------- the top and the bottom


def header(instance: Instance, violated: Violated) -> list[str]:
    """What was checked, at which bounds, and what is broken, in its own words."""
    off = further_ablations(instance)
    variant = [] if instance.variant.name == FIXED else [f"variant {instance.variant.name}"]
    without = [f"switched off: {', '.join(off)}"] if off else []
    bounds = [" ".join(f"{name}={value}" for name, value in instance.bounds.items())] if instance.bounds else []
    return [
        ", ".join([instance.spec.name, *variant, *without, *bounds]),
        _what_and_when(violated),
        *(f"  {sentence}" for sentence in [_promise(instance, violated.broken)] if sentence),
    ]


def _what_and_when(violated: Violated) -> str:
    steps = f"{violated.run.depth} {'step' if violated.run.depth == 1 else 'steps'}"
    what = {DEADLOCK: "deadlock", FAULTS[0]: "an assertion fails", FAULTS[1]: "a field leaves its range"}
    return f"{what.get(violated.broken, f'{violated.broken} is violated')} after {steps}"


def _promise(instance: Instance, broken: str) -> str:
    """The first sentence of what a property says; of those without words, what they mean."""
    promise = properties(instance.spec).get(broken)
    if promise is None:
        return {DEADLOCK: "Some action is always enabled."}.get(broken, "")
    if promise.kind == "refinement":
        return f"Every step is a step of {cast('Refinement', promise.source).upper.name}, or a stutter."
    return promise.first_sentence


def _ending(instance: Instance, violated: Violated) -> list[str]:
    """The last lines: what is broken, and for a refinement both sides of it."""
    promise = properties(instance.spec).get(violated.broken)
    run = violated.run
    if violated.broken in FAULTS:
        what = "fails an assertion" if violated.broken == FAULTS[0] else "leaves a range"
        who = f"a property of the state after step {run.depth}" if run.fault is None else f"step {run.depth}"
        words = run.fault or violated.detail
        return [f"{who} {what}" + (f": {words}" if words else "")]
    if promise is not None and promise.kind == "refinement":
        return [*_both_sides(instance, promise, run), _because(f"step {run.depth} breaks {promise.name}", violated)]
    if violated.broken == DEADLOCK:
        return [_sentence(violated, promise)]
    return [_because(_sentence(violated, promise), violated)]


def _because(sentence: str, violated: Violated) -> str:
    return f"{sentence}: {violated.detail}" if violated.detail else sentence


def _sentence(violated: Violated, promise: Property | None) -> str:
    after = f"after step {violated.run.depth}" if violated.run.moments else "in the initial state"
    if promise is None:
        return f"deadlock: no action is enabled {after}" if violated.broken == DEADLOCK else f"{violated.broken} fails"
    if promise.kind == "step":
        return f"step {violated.run.depth} breaks {promise.name}"
    if promise.kind == "liveness":
        goal = cast("Eventually", promise.source).goal.__name__
        return f"{promise.name} is broken: {goal} is never met again, and the loop is fair"
    return f"{promise.name} is false {after}"


def _both_sides(instance: Instance, promise: Property, run: Run) -> list[str]:
    refinement = cast("Refinement", promise.source)
    check = RefinementCheck(instance, refinement)
    name = refinement.upper.name
    if not run.moments:
        return [f"{name} would start in {_mapped(check, run.initial)}"]
    before = run.moments[-2].state if len(run.moments) > 1 else run.initial
    return [
        f"{name} before: {_mapped(check, before)}",
        f"{name} after:  {_mapped(check, run.moments[-1].state)}",
    ]


def _mapped(check: RefinementCheck, state: Record) -> str:
    step = check.step(state, state)
    return str(step.before) if step.before is not None else f"nothing, since the mapping fails: {step.fault}"


# ----------------------------------------------------------------------------------------------------------- the table


def _table(instance: Instance, run: Run, look: Look) -> list[str]:
    columns = columns_of(instance)
    margin = 0 if run.loop is None else len(LOOP_MARGIN)
    if narrowest_table(2 + len(columns.titles), margin + STEP_WIDTH) > look.width:
        columns = one_column(instance)
    cells = Cells(instance, columns)
    head = ("step", "action", "state" if not columns.titles else "shared", *columns.titles)
    rows = [("0", "initially", *_cells(cells, None, run.initial, look))]
    before = run.initial
    for number, moment in enumerate(run.moments, 1):
        rows.append((str(number), str(moment.step), *_cells(cells, before, moment.state, look)))
        before = moment.state
    if columns.titles and not any(row[2] for row in rows):
        head, rows = _without_shared(head), [_without_shared(row) for row in rows]
    marked = [Row(head, " " * margin, ""), *(_marked(row, index, run.loop) for index, row in enumerate(rows))]
    styles = [_style("2", look), _style("36", look), *(_style("", look) for _ in head[2:])]
    lines = lines_of(marked, widths_of(marked, look.width), styles)
    return lines if run.loop is None else [*lines, _back(run)]


def _without_shared(row: tuple[str, ...]) -> tuple[str, ...]:
    return (*row[:2], *row[3:])


def _cells(cells: Cells, before: Record | None, after: Record, look: Look) -> list[str]:
    if look.full:
        return cells.whole(after)
    return cells.changes(cells.instance.struct.default() if before is None else before, after)


def _marked(row: tuple[str, ...], index: int, loop: int | None) -> Row:
    """A row with the line of the loop at its left, if it is in the loop."""
    if loop is None:
        return Row(row)
    if index < loop:
        return Row(row, "  ", "  ")
    return Row(row, "┌ " if index == loop else LOOP_MARGIN, LOOP_MARGIN)


def _back(run: Run) -> str:
    if run.loop == run.depth:
        return f"└ stays as after step {run.loop} forever"
    return f"└ back to step {run.loop}"

"""Drawings, exactly. LOGPROOF_REWRITE_GOLDEN=1 rewrites the expected ones, to be read before they are committed."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from checkers.subjects import instantiate
from checkers.verdict import Run, Violated
from reports.drawing import Look, draw, wants_colour
from tests.checkers import toys
from tests.checkers.runs import fault_run, replication_violation, run_of

GOLDEN = Path(__file__).parent / "golden"
REWRITE = os.environ.get("LOGPROOF_REWRITE_GOLDEN") == "1"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
GREETINGS = ("greet to=1 urgent=0", "greet to=1 urgent=1", "greet to=0 urgent=0", "receive index=1", "receive index=1")


def town(look: Look) -> str:
    """Nodes with logs, a network and debts."""
    instance = instantiate(toys.TOWN, {})
    return draw(instance, Violated("few_records", run_of(instance, *GREETINGS)), look)


def wide_town(look: Look) -> str:
    """More nodes than fit side by side."""
    instance = instantiate(toys.TOWN, {"nodes": 9})
    run = run_of(instance, "greet to=8 urgent=0", "greet to=8 urgent=1", "receive index=0", "receive index=0")
    return draw(instance, Violated("few_records", run), look)


def kip_101(look: Look) -> str:
    """A counterexample of replication."""
    return draw(*replication_violation(), look)


def counter(broken: str, steps: int, ablation: str, look: Look, detail: str = "") -> str:
    """The counter with something broken."""
    instance = instantiate(toys.COUNTER, {}, ablations=[ablation] if ablation else [])
    run = run_of(instance, *["tick"] * steps)
    if broken in {"assertion", "range"}:
        run = fault_run(run, "tick", {"assertion": "two is too much", "range": "n = 4 leaves its range 0..3"}[broken])
    return draw(instance, Violated(broken, run, detail), look)


def fault_of_a_property() -> str:
    """A property that fails itself."""
    instance = instantiate(toys.FRAGILE, {})
    return draw(instance, Violated("assertion", run_of(instance, "tick", "tick"), "fragile: division by zero"))


def swing(broken: str, loop: int, *steps: str, look: Look) -> str:
    """The swing with a loop."""
    instance = instantiate(toys.SWING, {})
    return draw(instance, Violated(broken, run_of(instance, *steps, loop=loop)), look)


LOOK = Look()
FULL = Look(full=True)
DRAWINGS: dict[str, Callable[[], str]] = {
    "kip_101": lambda: kip_101(LOOK),
    "kip_101_full": lambda: kip_101(FULL),
    "kip_101_narrow": lambda: kip_101(Look(width=60)),
    "town": lambda: town(LOOK),
    "town_full": lambda: town(FULL),
    "wide_town": lambda: wide_town(LOOK),
    "invariant": lambda: counter("below_two", 2, "", LOOK, "n is 2"),
    "initial_state": lambda: counter("below_two", 0, "", LOOK),
    "step_property": lambda: counter("by_one", 1, "skips", LOOK),
    "refinement": lambda: counter("refines upper", 1, "skips", LOOK),
    "assertion": lambda: counter("assertion", 2, "asserts", LOOK),
    "range": lambda: counter("range", 3, "leaves_range", LOOK),
    "deadlock": lambda: counter("deadlock", 3, "", LOOK, "no action is enabled"),
    "fault_of_a_property": fault_of_a_property,
    "loop": lambda: swing("ends", 1, "forth", "back", "forth", look=LOOK),
    "loop_from_the_start": lambda: swing("ends", 0, "forth", "back", look=LOOK),
    "stutter": lambda: swing("forth_leads_to_end", 1, "forth", look=LOOK),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_exact(name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    drawing = DRAWINGS[name]()
    if REWRITE:
        path.write_text(drawing, encoding="utf-8")
    assert drawing == path.read_text(encoding="utf-8")


def test_every_expected_drawing_is_drawn() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(DRAWINGS)


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120, 200])
@pytest.mark.parametrize("drawing", [kip_101, town, wide_town], ids=["kip_101", "town", "wide_town"])
@pytest.mark.parametrize("full", [False, True], ids=["changes", "full"])
def test_a_drawing_fits_its_width(drawing: Callable[[Look], str], width: int, full: bool) -> None:  # noqa: FBT001 - a table
    assert max(len(line) for line in drawing(Look(width, full)).splitlines()) <= width


@pytest.mark.parametrize("drawing", [kip_101, town, wide_town], ids=["kip_101", "town", "wide_town"])
def test_a_coloured_drawing_is_the_same_text(drawing: Callable[[Look], str]) -> None:
    plain, coloured = drawing(Look()), drawing(Look(colour=True))
    assert "\x1b" not in plain
    assert coloured != plain
    assert [line.rstrip() for line in COLOURS.sub("", coloured).splitlines()] == plain.splitlines()


def test_the_last_line_says_what_is_broken() -> None:
    assert kip_101(LOOK).splitlines()[-1] == "strong_isr is false after step 10"
    assert (
        counter("range", 3, "leaves_range", LOOK).splitlines()[-1]
        == "step 4 leaves a range: n = 4 leaves its range 0..3"
    )


def test_the_header_names_what_is_switched_off() -> None:
    assert counter("by_one", 1, "skips", LOOK).splitlines()[0] == "counter, switched off: skips, limit=3"
    assert kip_101(LOOK).splitlines()[:3] == [
        "replication, variant truncate_to_own_high_watermark, replicas=2 log_size=1 max_records=1 max_leader_epoch=2",
        "strong_isr is violated after 10 steps",
        "  REP-3: every record below a presumed leader's high watermark is on every member of the true ISR.",
    ]


def test_changes_are_drawn_and_nothing_else() -> None:
    instance = instantiate(toys.TOWN, {})
    run = run_of(instance, *GREETINGS)
    shorter = Run(run.moments[3].state, (replace(run.moments[4]),))
    lines = draw(instance, Violated("few_records", shorter)).splitlines()
    assert [cell.strip() for cell in lines[-3].split("│")[2:]] == ["network-(to=1 urgent=true) day=2", "", "log=[0 1|"]


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(Terminal())
    assert not wants_colour(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(Terminal())

"""The `logproof` program: the commands of `checkers.cli`, with the drawings of this package."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from checkers import cli
from checkers.verdict import Violated
from reports.drawing import WIDTH, Look, draw, wants_colour
from specs.instance import Instance

if TYPE_CHECKING:
    from checkers.history.history import History
    from reports.timeline import Timeline

SYSTEMS: Mapping[str, str] = {"record": "systems.commands.record", "systems": "systems.commands.systems"}
"""The commands that need systems, which the engines know nothing of."""


class Terminal:
    """Prints to standard output."""

    def out(self, text: str = "") -> None:
        """Print a line."""
        print(text, flush=True)

    def draw(self, instance: Instance, violated: Violated, *, full: bool) -> str:
        """A counterexample as wide as the terminal, at most."""
        return draw(instance, violated, look(full=full))

    def timeline(self, history: History, core: Sequence[int], why: Mapping[int, str]) -> str:
        """A timeline as wide as the terminal, at most."""
        from reports.timeline import draw_timeline  # noqa: PLC0415 - only where a history is judged

        return draw_timeline(timeline_of(history, core, why), look(full=False))

    def timeline_page(self, history: History, core: Sequence[int], why: Mapping[int, str]) -> str:
        """A page that needs nothing but itself."""
        from reports.timeline_html import timeline_page  # noqa: PLC0415

        return timeline_page(timeline_of(history, core, why), f"{history.source}: what can't be linearized")


def timeline_of(history: History, core: Sequence[int], why: Mapping[int, str]) -> Timeline:
    """A core, and the operations of which something is said."""
    from reports.timeline import Timeline  # noqa: PLC0415

    return Timeline(history, sorted({*core, *why}), frozenset(core), why)


def look(*, full: bool) -> Look:
    """How things are drawn on this terminal."""
    width = shutil.get_terminal_size((WIDTH, 0)).columns
    return Look(width=width, full=full, colour=wants_colour(sys.stdout))


def main() -> int:
    """Run the command that the arguments name."""
    return cli.main(sys.argv[1:], Terminal(), SYSTEMS)


if __name__ == "__main__":
    sys.exit(main())

"""What the commands print with. How runs are drawn lies outside of the engines, so it is handed in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from checkers.explore.outcome import Progress
from checkers.verdict import Violated
from specs.instance import Instance

if TYPE_CHECKING:
    from checkers.history.history import History


class Display(Protocol):
    """Where results go, and how counterexamples are drawn."""

    def out(self, text: str = "") -> None:
        """Print a line of the result."""

    def draw(self, instance: Instance, violated: Violated, *, full: bool) -> str:
        """A counterexample as text; `full` shows whole states, not changes."""

    def timeline(self, history: History, core: Sequence[int], why: Mapping[int, str]) -> str:
        """Operations (by their invokes) of a history as text: a minimal core, and those of which something is said."""

    def timeline_page(self, history: History, core: Sequence[int], why: Mapping[int, str]) -> str:
        """The same as a page of HTML."""


def progress_line() -> tuple[Callable[[Progress], None] | None, Callable[[], None]]:
    """A function that shows the progress of a search on the terminal, if there is one, and one that ends that."""
    if not sys.stderr.isatty():
        return None, lambda: None
    from rich.console import Console  # noqa: PLC0415 - only where there is a terminal

    status = Console(stderr=True).status("searching")
    status.start()
    first: list[float] = []

    def show(progress: Progress) -> None:
        if not first:
            first.append(progress.seconds)
        rate = progress.states / max(progress.seconds - first[0], 1e-9)
        status.update(
            f"{progress.states:,} states, {rate:,.0f}/s, depth {progress.depth}, "
            f"queue {progress.queue:,}, {progress.memory_bytes >> 20:,} MiB"
        )

    return show, status.stop

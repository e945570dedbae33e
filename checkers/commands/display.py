"""What the commands print with. How runs are drawn lies outside of the engines, so it is handed in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Protocol

from checkers.explore.outcome import Progress
from checkers.verdict import Violated
from specs.instance import Instance


class Display(Protocol):
    """Where results go, and how counterexamples are drawn."""

    def out(self, text: str = "") -> None:
        """Print a line of the result."""

    def draw(self, instance: Instance, violated: Violated, *, full: bool) -> str:
        """A counterexample as text; `full` shows whole states, not changes."""


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

"""A display for tests of commands: it keeps what is printed, and says what would be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checkers.history.history import History
from checkers.verdict import Violated
from specs.instance import Instance


class Paper:
    """Keeps what is printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def out(self, text: str = "") -> None:
        """Keep a line."""
        self.lines.append(text)

    def draw(self, instance: Instance, violated: Violated, *, full: bool) -> str:
        """Say what would be drawn."""
        return f"{'whole ' if full else ''}drawing of {violated.broken} of {instance.spec.name}\n"

    def timeline(self, history: History, core: Sequence[int], why: Mapping[int, str]) -> str:
        """Say what would be drawn."""
        return f"timeline of {[int(history.index[event]) for event in core]}, {len(why)} of them explained\n"

    def timeline_page(self, history: History, core: Sequence[int], why: Mapping[int, str]) -> str:
        """Say what would be drawn."""
        return f"page of {self.timeline(history, core, why)}"

"""The `logproof` program: the commands of `checkers.cli`, with the drawings of this package."""

from __future__ import annotations

import shutil
import sys

from checkers import cli
from checkers.verdict import Violated
from reports.drawing import WIDTH, Look, draw, wants_colour
from specs.instance import Instance


class Terminal:
    """Prints to standard output."""

    def out(self, text: str = "") -> None:
        """Print a line."""
        print(text, flush=True)

    def draw(self, instance: Instance, violated: Violated, *, full: bool) -> str:
        """A counterexample as wide as the terminal, at most."""
        width = shutil.get_terminal_size((WIDTH, 0)).columns
        return draw(instance, violated, Look(width=width, full=full, colour=wants_colour(sys.stdout)))


def main() -> int:
    """Run the command that the arguments name."""
    return cli.main(sys.argv[1:], Terminal())


if __name__ == "__main__":
    sys.exit(main())

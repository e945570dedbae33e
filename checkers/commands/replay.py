"""`logproof replay`: take the steps of a saved counterexample again, on the spec in plain Python."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from checkers.commands.display import Display
from checkers.counterexample import load
from checkers.replay import Stale, replay

HELP = "take a saved counterexample again, step by step, and draw it"


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="a counterexample that `logproof explore --save` wrote")
    parser.add_argument("--full", action="store_true", help="draw whole states, not only what changes")


def run(arguments: Namespace, display: Display) -> int:
    """Replay; 1: it still is a counterexample (the property is violated), 2: it no longer applies."""
    result = replay(load(arguments.file))
    if isinstance(result, Stale):
        display.out(f"{arguments.file}: no longer applies: {result}")
        return 2
    display.out(display.draw(result.instance, result.violated, full=arguments.full).rstrip("\n"))
    return 1

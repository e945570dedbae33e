"""`logproof simulate`: random walks through a spec whose bounds are too large to exhaust."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from checkers.commands.display import Display
from checkers.commands.explore import head, title
from checkers.commands.subject_arguments import add_properties, add_subject, chosen, instance_of
from checkers.counterexample import of_violation, save
from checkers.explore.walk import walk
from checkers.verdict import EXIT_CODES, Unknown, Violated

HELP = "take random walks through a spec whose bounds are too large to exhaust"


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_subject(parser)
    add_properties(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed takes the same walks (0)")
    parser.add_argument("--walks", type=int, default=10_000, metavar="N", help="how many walks (10000)")
    parser.add_argument("--depth", type=int, default=100, metavar="N", help="how many steps a walk at most (100)")
    parser.add_argument("--save", type=Path, metavar="FILE", help="save the counterexample, to be replayed")
    parser.add_argument("--full", action="store_true", help="draw whole states, not only what changes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace, display: Display) -> int:
    """Walk; 1 violated, 2 unknown: walks never show that anything holds."""
    instance = instance_of(arguments)
    result = walk(instance, arguments.seed, arguments.walks, arguments.depth, chosen(arguments, instance))
    verdict = result.verdict
    if isinstance(verdict, Violated) and arguments.save is not None:
        save(of_violation(instance, verdict, arguments.subject), arguments.save)
    if arguments.json:
        display.out(
            json.dumps(
                head(instance, verdict)
                | {
                    "depth": verdict.run.depth if isinstance(verdict, Violated) else None,
                    "seed": result.seed,
                    "walks": result.walks,
                    "steps": result.steps,
                    "seconds": round(result.seconds, 6),
                    "steps_per_second": round(result.steps_per_second),
                    "actions": dict(result.fired),
                }
            )
        )
        return EXIT_CODES[verdict.verdict]
    display.out(title(instance))
    display.out(
        f"seed {result.seed}: {result.walks:,} walks, {result.steps:,} steps, {result.steps_per_second:,.0f} steps/s"
    )
    if isinstance(verdict, Unknown):
        display.out(f"unknown: {verdict.reason}")
    else:
        found = result.found.depth if result.found is not None else verdict.run.depth
        display.out(f"violated: {verdict.broken}; a walk of {found} steps, shortened to {verdict.run.depth}")
        display.out()
        display.out(display.draw(instance, verdict, full=arguments.full).rstrip("\n"))
    return EXIT_CODES[verdict.verdict]

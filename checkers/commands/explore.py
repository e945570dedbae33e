"""`logproof explore`: search every reachable state of a spec."""

from __future__ import annotations

import json
from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from checkers.commands.display import Display, progress_line
from checkers.commands.subject_arguments import add_properties, add_subject, chosen, instance_of
from checkers.counterexample import of_violation, save
from checkers.explore.explore import explore
from checkers.explore.liveness import check_liveness
from checkers.explore.outcome import Exploration, SearchOptions
from checkers.subjects import further_ablations
from checkers.verdict import EXIT_CODES, Unknown, UserError, Verdict, Violated
from specs.instance import Instance

HELP = "search every reachable state of a spec, to a verdict with exact counts or a shortest counterexample"
GRAVITY = ("violated", "unknown", "holds")
"""Of several verdicts the first of these is that of all."""
SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_subject(parser)
    add_properties(parser)
    parser.add_argument("--liveness", action="append", nargs="?", const="*", metavar="NAME",
                        help="check liveness properties (all, or those named) on the whole state graph")  # fmt: skip
    parser.add_argument("--deadlock", action="store_true", help="a state without any step is a violation")
    parser.add_argument("--symmetry", action=BooleanOptionalAction, default=None, help="treat ids as interchangeable")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="threads that search (2)")
    parser.add_argument("--max-states", type=int, metavar="N", help="stop with unknown once so many states are known")
    parser.add_argument("--max-memory", metavar="SIZE", help="stop with unknown before states take more, e.g. 4G")
    parser.add_argument("--compact", type=int, choices=(64, 128), default=0, help="store hashes of so many bits only")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="save the search to FILE, or resume it")
    parser.add_argument("--save", type=Path, metavar="FILE", help="save the counterexample, to be replayed")
    parser.add_argument("--graph", type=Path, metavar="FILE", help="write the state graph, as .graphml or .dot")
    parser.add_argument("--full", action="store_true", help="draw whole states, not only what changes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace, display: Display) -> int:
    """Explore; 0 holds, 1 violated, 2 unknown."""
    instance = instance_of(arguments)
    show, stop = progress_line() if not arguments.json else (None, lambda: None)
    options = SearchOptions(
        properties=chosen(arguments, instance),
        symmetric=arguments.symmetry,
        workers=at_least_one("--workers", arguments.workers),
        max_states=None if arguments.max_states is None else at_least_one("--max-states", arguments.max_states),
        memory_bytes=None if arguments.max_memory is None else size(arguments.max_memory),
        deadlock=arguments.deadlock,
        hash_bits=arguments.compact,
        checkpoint=arguments.checkpoint,
        progress=show,
    )
    try:
        result = searched(arguments, instance, options)
    finally:
        stop()
    if isinstance(result.verdict, Violated) and arguments.save is not None:
        save(of_violation(instance, result.verdict, arguments.subject), arguments.save)
    if arguments.graph is not None:
        from checkers.explore.export import export_graph  # noqa: PLC0415 - networkx takes its time

        export_graph(instance, arguments.graph, options)
    if arguments.json:
        display.out(json.dumps(as_json(arguments, instance, result)))
    else:
        report(arguments, instance, result, display)
    return EXIT_CODES[result.verdict.verdict]


def searched(arguments: Namespace, instance: Instance, options: SearchOptions) -> Exploration:
    """The result of the search, and of the check of liveness if that is asked for."""
    if not arguments.liveness:
        return explore(instance, options)
    named = tuple(name for name in arguments.liveness if name != "*")
    result = check_liveness(instance, named or None, options)
    verdicts = (result.exploration.verdict, *result.verdicts.values())
    return replace(
        result.exploration,
        verdict=min(verdicts, key=lambda v: GRAVITY.index(v.verdict)),
        properties=(*result.exploration.properties, *result.verdicts),
        peak_rss_bytes=result.peak_rss_bytes,
    )


def at_least_one(argument: str, value: int) -> int:
    """The value, if it is 1 or more. Raises UserError."""
    if value < 1:
        raise UserError(f"{argument} {value}: must be 1 or more")
    return value


def size(text: str) -> int:
    """Bytes from a text such as 512M or 4G."""
    digits, unit = (text[:-1], text[-1:].upper()) if text[-1:].upper() in SIZES else (text, "")
    if not digits.isdecimal() or not digits.isascii() or int(digits) == 0:
        raise UserError(f"--max-memory {text}: write a number of bytes, or one with K, M or G, as in 4G")
    return int(digits) * SIZES.get(unit, 1)


def head(instance: Instance, verdict: Verdict) -> dict[str, Any]:
    """What --json says first: what was asked, and the verdict."""
    return {
        "spec": instance.spec.name,
        "variant": instance.variant.name,
        "ablation": "+".join(further_ablations(instance)) or None,
        "bounds": instance.bounds,
        "verdict": verdict.verdict,
        "property": verdict.broken if isinstance(verdict, Violated) else None,
        "reason": verdict.reason if isinstance(verdict, Unknown) else None,
    }


def as_json(arguments: Namespace, instance: Instance, result: Exploration) -> dict[str, Any]:
    """The object that --json prints."""
    verdict = result.verdict
    violated = isinstance(verdict, Violated)
    return head(instance, verdict) | {
        "distinct_states": result.distinct_states,
        "transitions": result.transitions,
        "depth": verdict.run.depth if isinstance(verdict, Violated) else result.max_depth,
        "max_depth": result.max_depth,
        "seconds": round(result.seconds, 6),
        "compile_seconds": round(result.compile_seconds, 6),
        "states_per_second": round(result.states_per_second),
        "peak_rss_bytes": result.peak_rss_bytes,
        "actions": dict(result.fired),
        "reachable": dict(result.reached),
        "properties": list(result.properties),
        "symmetry": result.symmetric,
        "miss_probability": result.miss_probability,
        "notes": list(result.notes),
        "saved": str(arguments.save) if violated and arguments.save is not None else None,
    }


def report(arguments: Namespace, instance: Instance, result: Exploration, display: Display) -> None:
    """The same for people."""
    for line in lines(arguments, instance, result):
        display.out(line)
    if isinstance(result.verdict, Violated):
        display.out()
        display.out(display.draw(instance, result.verdict, full=arguments.full).rstrip("\n"))
        if arguments.save is not None:
            display.out(f"saved: logproof replay {arguments.save}")


def title(instance: Instance) -> str:
    """What was explored: spec, version, what is switched off, bounds."""
    off = further_ablations(instance)
    version = f"{instance.spec.name} ({instance.variant.name}{', without ' if off else ''}{', '.join(off)})"
    return " ".join([version, *(f"{name}={value}" for name, value in instance.bounds.items())])


def lines(arguments: Namespace, instance: Instance, result: Exploration) -> Iterator[str]:
    """The figures of a search."""
    yield title(instance)
    yield from result.notes
    if isinstance(result.verdict, Unknown):
        yield f"unknown: {result.verdict.reason}"
    elif isinstance(result.verdict, Violated):
        yield f"violated: {result.verdict.broken}, by a counterexample of {result.verdict.run.depth} steps"
    else:
        yield f"holds: {', '.join(result.properties) or 'nothing was asked'}"
    yield (
        f"{result.distinct_states:,} distinct states{' up to symmetry' if result.symmetric else ''}, "
        f"{result.transitions:,} transitions, depth {result.max_depth}"
    )
    yield (
        f"{result.seconds:.2f} s, {result.states_per_second:,.0f} states/s, compiled or loaded in "
        f"{result.compile_seconds:.2f} s, {result.peak_rss_bytes >> 20:,} MiB"
    )
    if arguments.compact:
        yield f"compact: a state was missed with a probability of at most {result.miss_probability:.2g}"
    yield "actions: " + ", ".join(f"{name} {count:,}" for name, count in result.fired.items())
    if result.reached:
        met = (f"{name} {'never' if d is None else f'at depth {d}'}" for name, d in result.reached.items())
        yield "reachable: " + ", ".join(met)

"""`logproof record`: record a history of a system under a workload and faults, both drawn from a seed."""

from __future__ import annotations

import json
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from checkers.commands.display import Display
from checkers.history.recording import Recorder
from checkers.verdict import UserError
from systems.catalogue import SYSTEMS, known
from systems.cluster import Cluster
from systems.own_system import EXAMPLE, errors_in, is_named_in_a_file, load_system
from systems.plan import Plan, as_lines, draw_plan
from systems.recording_run import Recording, record
from systems.system import System
from systems.workload import draw_workload, shown

HELP = "record a history of a real system, to be judged by logproof check"
INCOMPLETE = 2
"""The exit code if the recording says less than it was to: not a pass."""


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "system", nargs="?", metavar="SYSTEM", help=f"{', '.join(SYSTEMS)}, or one of your own as {EXAMPLE}"
    )
    parser.add_argument("--bootstrap", metavar="HOST:PORT", help="a cluster that you run, instead of a system")
    parser.add_argument(
        "--client", action="append", default=[], metavar="NAME=VALUE", help="a setting of librdkafka for --bootstrap"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the history, in JSON Lines")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="what is not set is drawn from it (0)")
    parser.add_argument("--operations", type=int, default=1_000, metavar="N", help="how many, in all (1000)")
    parser.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="NAME=VALUE", help="set this, don't draw it"
    )
    parser.add_argument("--plan", action="store_true", help="print the plan as lines of JSON and record nothing")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")


def run(arguments: Namespace, display: Display) -> int:
    """Record: 0, or 2 if the system was out of reach too long or not all was read at the end."""
    system, settings, file = _system(arguments)
    given = dict(settings) | pairs("--set", arguments.settings)
    workload = draw_workload(arguments.seed, arguments.operations, given, system.faults)
    plan = draw_plan(workload)
    if arguments.plan:
        for line in as_lines(plan):
            display.out(line)
        return 0
    if arguments.out is None:
        raise UserError("--out FILE: say where the history goes")
    if not arguments.json:
        display.out(f"{system.name}, with")
        display.out(shown(workload))
    with ended_by_sigterm(), errors_in(file) if file else nullcontext():
        result = _recorded(system, plan, arguments, display)
    for line in as_json(result, workload.seed) if arguments.json else as_text(result):
        display.out(line)
    return 0 if result.complete else INCOMPLETE


def _recorded(system: System, plan: Plan, arguments: Namespace, display: Display) -> Recording:
    def tell(text: str) -> None:
        if not arguments.json:
            display.out(text)

    recorder = Recorder(arguments.out)
    try:
        with recorder:
            return record(system, plan, recorder, tell)
    except UserError as error:
        raise UserError(f"{error}; {recorder.left}" if recorder.left else str(error)) from error
    except BaseException:
        if recorder.left:
            print(f"logproof: {recorder.left}", file=sys.stderr)
        raise


def _system(arguments: Namespace) -> tuple[System, Mapping[str, object], Path | None]:
    """The system that is asked for, what it is recorded with unless set, and the user's file that it is from."""
    if (arguments.system is None) == (arguments.bootstrap is None):
        raise UserError(f"name either a system ({', '.join(SYSTEMS)}, {EXAMPLE}) or --bootstrap HOST:PORT")
    if arguments.bootstrap is not None:
        return Cluster(arguments.bootstrap, pairs("--client", arguments.client)), {}, None
    if arguments.client:
        raise UserError("--client: only with --bootstrap")
    if is_named_in_a_file(arguments.system):
        file, system = load_system(arguments.system)
        return system, {}, file
    entry = known(arguments.system)
    if not arguments.plan:
        entry.ready()
    return entry.make(), entry.settings, None


def pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Settings that were given as NAME=VALUE. Raises UserError for what is none."""
    result = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError(f"{option} {text}: must be NAME=VALUE")
        result[name] = value
    return result


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Have SIGTERM end the recording as Ctrl-C does, so that no process of the system is left."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def as_text(result: Recording) -> Iterator[str]:
    """The figures of a recording, for people."""
    yield f"{result.events:,} events in {result.seconds:.1f} s"
    for function in sorted({function for function, _ in result.outcomes}):
        counts = {completion: result.outcomes.get((function, completion), 0) for completion in ("ok", "fail", "info")}
        yield f"  {function:<12}" + "".join(f"{count:>9,} {name}" for name, count in counts.items())
    for error, count in sorted(result.errors.items()):
        yield f"  error {error}: {count:,}"
    for client, keys in sorted(result.behind.items()):
        yield f"incomplete: {client} has not reached the end of {', '.join(f'{k} (at {at})' for k, at in keys.items())}"
    for client in result.gave_up:
        yield f"incomplete: {client} ended early, the system was out of its reach"


def as_json(result: Recording, seed: int) -> Iterator[str]:
    """The figures of a recording, for programs."""
    outcomes: dict[str, dict[str, int]] = {}
    for (function, completion), count in sorted(result.outcomes.items()):
        outcomes.setdefault(function, {})[completion] = count
    yield json.dumps(
        {
            "seed": seed,
            "events": result.events,
            "seconds": round(result.seconds, 3),
            "operations": outcomes,
            "errors": dict(sorted(result.errors.items())),
            "faults": list(result.faults),
            "complete": result.complete,
            "behind": {client: dict(keys) for client, keys in sorted(result.behind.items())},
            "gave_up": list(result.gave_up),
        }
    )

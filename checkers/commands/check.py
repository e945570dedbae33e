"""`logproof check`: judge a recorded history, and explain what is wrong with it."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from checkers.atomic_file import write_whole
from checkers.commands.display import Display
from checkers.commands.subject_arguments import bound
from checkers.history.anomalies.analysis import analyse
from checkers.history.anomalies.columns import Evidence
from checkers.history.anomalies.figures import consume_counts, unseen_over_time, worst_realtime_lag
from checkers.history.anomalies.settings import Settings, settings_of
from checkers.history.anomalies.table import EXPLANATIONS
from checkers.history.consistency.hierarchy import LEVELS
from checkers.history.format import AUTO, FORMATS, read_history
from checkers.history.history import History
from checkers.history.judge import Judgement, Question, judge
from checkers.history.labels import label
from checkers.history.linearizability import STEPS_MAX, Linearizability, NotLinearizable
from checkers.history.models import MODELS
from checkers.subjects import instantiate, load_spec
from checkers.verdict import EXIT_CODES, UserError
from specs.instance import Instance

HELP = "judge a recorded history: linearizability, consistency, Kafka's anomalies"
SHOWN = 5
"""How much evidence of an anomaly is shown without --all."""
SHOWN_JSON = 32
SOURCE = "gave what the core found"
LEVEL_REMARK = (
    "linearizability takes each record and each end by itself; --level adds the order within an event and what a "
    "consumer's position says, so it can be violated although linearizability holds"
)


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "file", type=Path, metavar="HISTORY", help="the recording, also as .gz or .zst; - is standard input"
    )
    parser.add_argument("--format", choices=FORMATS, default=AUTO, help="how it is written (auto)")
    parser.add_argument(
        "--model",
        default=AUTO,
        help=f"what was recorded: {', '.join(MODELS)}, or a specification as path/to/own_spec.py:SPEC "
        "(auto: all that the operations call for)",
    )
    parser.add_argument("--set", action="append", default=[], metavar="BOUND=N", help="set a bound of an own SPEC")
    parser.add_argument(
        "--isolation",
        choices=("read_committed", "read_uncommitted"),
        help="of the consumers (as the recording says; read_committed if it doesn't)",
    )
    parser.add_argument("--ww-deps", action="store_true", help="take the order in a log for an order of transactions")
    parser.add_argument(
        "--ends-early", action="store_true", help="consumers may not have polled everything: allow unseen"
    )
    parser.add_argument(
        "--level",
        choices=tuple(LEVELS),
        help="ask for a level of consistency of logs, too; it adds what the order in an event and positions say",
    )
    parser.add_argument(
        "--steps-max",
        type=int,
        default=STEPS_MAX,
        metavar="N",
        help=f"configurations to visit for the verdict of a model, and as many to explain it ({STEPS_MAX})",
    )
    parser.add_argument(
        "--all", action="store_true", help=f"show all evidence, not the first {SHOWN} ({SHOWN_JSON} with --json)"
    )
    parser.add_argument("--figures", action="store_true", help="add lag, consume counts and unseen messages to --json")
    parser.add_argument("--html", type=Path, metavar="FILE", help="draw what can't be linearized as a page, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace, display: Display) -> int:
    """Judge; 0 holds, 1 violated, 2 unknown."""
    history = read_history(arguments.file, arguments.format)
    recorded = settings_of(history)
    settings = replace(
        recorded,
        ww_deps=arguments.ww_deps,
        isolation=arguments.isolation or recorded.isolation,
        drained=not arguments.ends_early,
    )
    found = judge(history, Question(model_of(arguments), settings, arguments.level, arguments.steps_max))
    failure = first_failure(found)
    if arguments.html is not None:
        write_whole(arguments.html, display.timeline_page(history, *core_and_reasons(failure)).encode())
    if arguments.json:
        display.out(json.dumps(as_json(history, found, arguments)))
    else:
        for line in report(history, found, None if arguments.all else SHOWN):
            display.out(line)
        if failure is not None:
            display.out(display.timeline(history, *core_and_reasons(failure)).rstrip("\n"))
    return EXIT_CODES[found.verdict]


def model_of(arguments: Namespace) -> str | Instance | None:
    """The model that is asked for; None for the one that the operations call for. Raises UserError."""
    own = ":" in arguments.model
    if arguments.set and not own:
        raise UserError(f"--set {arguments.set[0]}: only a --model of one's own, path/to/own_spec.py:SPEC, has bounds")
    if own:
        return instantiate(load_spec(arguments.model), dict(bound(text) for text in arguments.set))
    return None if arguments.model == AUTO else str(arguments.model)


def first_failure(found: Judgement) -> NotLinearizable | None:
    """What is not linearizable, of the first model of which something is."""
    return next((result.violation for result in found.linearizabilities if result.violation is not None), None)


def core_and_reasons(failure: NotLinearizable | None) -> tuple[tuple[int, ...], dict[int, str]]:
    """What a timeline shows: the minimal core, what gave it its values, and why operations can't be placed."""
    if failure is None:
        return (), {}
    return failure.core, dict.fromkeys(failure.sources, SOURCE) | dict(failure.unplaced)


# --------------------------------------------------------------------------------------------------------------- text


def report(history: History, found: Judgement, shown: int | None) -> Iterator[str]:
    """The judgement in lines; `shown` is how much evidence of each anomaly, None for all."""
    processes = f"{len(history.processes.names):,} processes"
    models = ", ".join((found.model, *(other.model for other in found.others)))
    yield f"{history.source}: {found.operations:,} operations of {processes} ({models})"
    yield f"{found.verdict}{reason(found)}"
    yield from remarks(found)
    for name, evidence in found.anomalies.items():
        why = found.allowed.get(name)
        yield f"\n{name} ({len(evidence):,}){f', allowed {why}' if why else ''}"
        yield f"  {EXPLANATIONS[name]}"
        if why is None:
            yield from (f"    {told(one)}" for one in evidence[:shown])
            if shown is not None and len(evidence) > shown:
                yield f"    and {len(evidence) - shown:,} more (--all shows them)"
    for violation in found.violations[:shown]:
        yield f"\n{violation.level}: {violation.sentence}"
    for result in found.linearizabilities:
        if result.violation is not None:
            yield ""
            yield from explanation(history, result)


def remarks(found: Judgement) -> Iterator[str]:
    """What the verdict does not speak of."""
    if found.not_judged:
        passed = ", ".join(f"{name} ({count:,})" for name, count in found.not_judged.items())
        yield f"not judged, since no model that was asked for covers it: {passed}"
    if found.linearizability.unplaced_sends:
        yield (
            f"{found.linearizability.unplaced_sends:,} acknowledged sends take no place in real time: nothing tells "
            "their offsets"
        )
    if found.violations and found.linearizability.verdict == "holds":
        yield LEVEL_REMARK


def reason(found: Judgement) -> str:
    """What decided the verdict."""
    parts = list(found.forbidden)
    if found.violations:
        parts.append(f"not {found.level}")
    if first_failure(found) is not None:
        parts.append("not linearizable")
    if found.verdict == "unknown":
        parts += [result.reason for result in found.linearizabilities if result.reason]
    return f": {', '.join(parts)}" if parts else ""


def told(evidence: Evidence) -> str:
    """Evidence in one line: the sentences of a cycle, or the fields."""
    steps = evidence.get("edges")
    if isinstance(steps, list):
        return "; ".join(str(step["sentence"]) for step in steps)
    return ", ".join(f"{name}={json.dumps(value)}" for name, value in evidence.items() if value is not None)


def explanation(history: History, result: Linearizability) -> Iterator[str]:
    """Why a history is not linearizable."""
    failure = result.violation
    assert failure is not None
    where = "" if failure.key is None else f" at key {json.dumps(failure.key)}"
    most = "" if failure.prefix_is_longest else "at most "
    yield f"not linearizable{where}: the longest linearizable prefix has {most}{failure.prefix_events:,} events"
    for event, sentence in failure.unplaced:
        yield f"  {label(history, event)}: {sentence}"
    kind = "a minimal core, from which no operation can be taken"
    if not failure.is_minimal:
        kind = "a core, which may not be minimal: looking for a smaller one was cut short"
    yield f"{kind} ({len(failure.core)} operations):"


# --------------------------------------------------------------------------------------------------------------- JSON


def as_json(history: History, found: Judgement, arguments: Namespace) -> dict[str, Any]:
    """What --json prints."""
    shown = None if arguments.all else SHOWN_JSON
    result: dict[str, Any] = {
        "verdict": found.verdict,
        "model": found.model,
        "operations": found.operations,
        "anomalies": {name: list(evidence[:shown]) for name, evidence in found.anomalies.items()},
        "counts": {name: len(evidence) for name, evidence in found.anomalies.items()},
        "allowed": dict(found.allowed),
        "linearizability": linearizability(history, found.linearizability),
        "not_judged": dict(found.not_judged),
    }
    if found.others:
        result["others"] = {other.model: linearizability(history, other) for other in found.others}
    if found.level is not None:
        result["consistency"] = {
            "level": found.level,
            "violations": [
                {
                    "level": v.level,
                    "key": v.key,
                    "offsets": list(v.offsets),
                    "events": indexes(history, v.events),
                    "sentence": v.sentence,
                }
                for v in found.violations[:shown]
            ],
        }
    return result | ({"figures": figures(history, found.settings)} if arguments.figures else {})


def figures(history: History, settings: Settings) -> dict[str, Any]:
    """What --figures adds: times and lags in nanoseconds."""
    analysis = analyse(history, settings)
    lag = worst_realtime_lag(analysis)
    return {
        "worst_realtime_lag": lag and asdict(lag),
        "consume_counts": asdict(consume_counts(analysis)),
        "unseen": [asdict(one) for one in unseen_over_time(analysis)],
    }


def linearizability(history: History, result: Linearizability) -> dict[str, Any]:
    """What --json prints of the linearizability of one model."""
    failure = result.violation
    return {
        "verdict": result.verdict,
        "reason": result.reason,
        "objects": len(result.partitions),
        "steps": result.steps,
        "unplaced_sends": result.unplaced_sends,
        "failure": failure
        and {
            "key": failure.key,
            "prefix": failure.prefix_events,
            "prefix_is_longest": failure.prefix_is_longest,
            "cannot_be_placed": [
                {"event": int(history.index[event]), "operation": label(history, event), "why": sentence}
                for event, sentence in failure.unplaced
            ],
            "core": indexes(history, failure.core),
            "core_is_minimal": failure.is_minimal,
        },
    }


def indexes(history: History, events: Sequence[int]) -> list[int]:
    """Events as the recording calls them."""
    return [int(history.index[event]) for event in events]

"""`logproof list`: the specs there are, with their bounds, properties and versions."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import Any, cast

from checkers.commands.display import Display
from specs.catalogue import all_specs, first_sentence, properties
from specs.instance import variants
from specs.language import Bound, Spec

HELP = "list the specs, their bounds, properties and versions"


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(arguments: Namespace, display: Display) -> int:
    """List; always 0."""
    if arguments.json:
        display.out(json.dumps([as_json(spec) for spec in all_specs()]))
        return 0
    for spec in all_specs():
        display.out(f"{spec.name}: {spec.doc}")
        display.out("  bounds     " + ", ".join(shown(b) for b in cast("tuple[Bound, ...]", spec.bounds)))
        for promise in properties(spec).values():
            display.out(f"  {promise.kind:<10} {promise.name}: {promise.first_sentence}")
        for variant in list(variants(spec).values())[1:]:
            display.out(f"  {'variant':<10} {variant.name}: {first_sentence(variant.doc)}")
        display.out()
    return 0


def shown(bound: Bound) -> str:
    """A bound with its default and its range."""
    return f"{bound.name}={bound.default} ({bound.low} to {bound.high})"


def as_json(spec: Spec) -> dict[str, Any]:
    """What --json prints of a spec."""
    bounds = cast("tuple[Bound, ...]", spec.bounds)
    return {
        "name": spec.name,
        "doc": spec.doc,
        "bounds": {b.name: {"default": b.default, "low": b.low, "high": b.high, "doc": b.doc} for b in bounds},
        "properties": {p.name: {"kind": p.kind, "doc": p.first_sentence} for p in properties(spec).values()},
        "variants": {
            name: {
                "doc": v.doc,
                "expects": [{"breaks": e.breaks, "depth": e.depth, "bounds": dict(e.bounds)} for e in v.expects],
            }
            for name, v in list(variants(spec).items())[1:]
        },
    }

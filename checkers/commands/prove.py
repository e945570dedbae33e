"""`logproof prove`: carry out proofs, each with its negative controls."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from checkers.commands.display import Display
from checkers.prove.catalogue import find_proofs
from checkers.prove.proof import Proof, Proved, carried_out
from checkers.verdict import EXIT_CODES

HELP = "prove what holds for every input and any number of steps"


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="proofs by name (all that are not deep)")
    parser.add_argument("--deep", action="store_true", help="larger sizes and every negative control")
    parser.add_argument("--json", action="store_true", help="print one JSON list")


def run(arguments: Namespace, display: Display) -> int:
    """Prove, and print a line a proof, with what fails below it.

    1 if anything is violated, or a negative control did not fail; 2 if anything is unknown.
    """
    done: list[tuple[Proof, Proved]] = []
    for proof in find_proofs(arguments.names, deep=arguments.deep):
        proved = carried_out(proof, deep=arguments.deep)
        done.append((proof, proved))
        if not arguments.json:
            display.out(line_of(proof, proved, deep=arguments.deep))
            for line in proved.detail.splitlines():
                display.out(f"  {line}")
    if arguments.json:
        display.out(json.dumps([as_json(proof, proved, deep=arguments.deep) for proof, proved in done]))
    return exit_code([proved for _, proved in done])


def exit_code(done: list[Proved]) -> int:
    """The worst of all: a proof without a control that fails is worth no more than one that is violated."""
    if any(p.verdict == "violated" or (p.verdict == "holds" and not p.stands) for p in done):
        return EXIT_CODES["violated"]
    return EXIT_CODES["unknown"] if any(p.verdict == "unknown" for p in done) else EXIT_CODES["holds"]


def line_of(proof: Proof, proved: Proved, *, deep: bool) -> str:
    """What came of a proof, what is proved, for which sizes, by how much, and what breaks it."""
    bounds = " ".join(f"{name}={value}" for name, value in proof.bounds_of(deep=deep).items())
    figures = f"{proved.obligations:,} obligations, {proved.paths:,} paths, {proved.seconds:.1f} s"
    statement = proof.statement.removesuffix(".")
    return (
        f"{proved.verdict:8} {proof.name} ({', '.join(proof.guarantees)}): {statement}; {bounds}; {figures}; "
        f"negative control: {controls_of(proved)}"
    )


def controls_of(proved: Proved) -> str:
    """What was broken on purpose, and whether the proof failed for it."""
    failed = ", ".join(c.broken for c in proved.controls if c.failed)
    silent = ", ".join(c.broken for c in proved.controls if not c.failed)
    said = (f"fails for {failed}" if failed else "", f"DOES NOT FAIL for {silent}" if silent else "")
    return ", ".join(filter(None, said)) or "none"


def as_json(proof: Proof, proved: Proved, *, deep: bool) -> dict[str, object]:
    """A proof and what came of it."""
    return {
        "name": proof.name,
        "guarantee": list(proof.guarantees),
        "statement": proof.statement,
        "verdict": proved.verdict,
        "bounds": dict(proof.bounds_of(deep=deep)),
        "obligations": proved.obligations,
        "paths": proved.paths,
        "seconds": round(proved.seconds, 6),
        "negative_control": [{"broken": c.broken, "failed": c.failed, "detail": c.detail} for c in proved.controls],
        "detail": proved.detail,
    }

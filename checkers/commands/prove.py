"""`logproof prove`: carry out proofs, each with its negative controls."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from checkers.commands.display import Display
from checkers.prove.catalogue import find_proofs
from checkers.prove.proof import Proof, Proved
from checkers.verdict import EXIT_CODES

HELP = "prove what holds for every input and any number of steps"


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="proofs by name (all that are not deep)")
    parser.add_argument("--deep", action="store_true", help="larger sizes and every negative control")
    parser.add_argument("--json", action="store_true", help="print one JSON list")


def run(arguments: Namespace, display: Display) -> int:
    """Prove; 1 if anything is violated, or a negative control did not fail; 2 if anything is unknown."""
    done: list[tuple[Proof, Proved]] = []
    for proof in find_proofs(arguments.names, deep=arguments.deep):
        proved = proof.run(deep=arguments.deep)
        done.append((proof, proved))
        if not arguments.json:
            show(proof, proved, display, deep=arguments.deep)
    if arguments.json:
        display.out(json.dumps([as_json(proof, proved, deep=arguments.deep) for proof, proved in done]))
    return exit_code([proved for _, proved in done])


def exit_code(done: list[Proved]) -> int:
    """The worst of all: a proof without a control that fails is worth no more than one that is violated."""
    if any(p.verdict == "violated" or (p.verdict == "holds" and not p.stands) for p in done):
        return EXIT_CODES["violated"]
    return EXIT_CODES["unknown"] if any(p.verdict == "unknown" for p in done) else EXIT_CODES["holds"]


def show(proof: Proof, proved: Proved, display: Display, *, deep: bool) -> None:
    """One line for what is proved and one for how, and what fails."""
    bounds = ", ".join(f"{name}={value}" for name, value in proof.bounds_of(deep=deep).items())
    display.out(f"{proof.name} ({', '.join(proof.guarantees)}): {proved.verdict}: {proof.statement}")
    figures = f"{proved.obligations:,} obligations, {proved.paths:,} paths, {proved.seconds:.1f} s"
    controls = ", ".join(f"{c.broken} {'fails' if c.failed else 'DOES NOT FAIL'}" for c in proved.controls)
    display.out(f"  {bounds}; {figures}; negative control: {controls or 'none'}")
    if proved.detail:
        display.out("\n".join(f"  {line}" for line in proved.detail.splitlines()))


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

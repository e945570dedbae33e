"""`logproof verify`: run the evidence there is, and show it guarantee by guarantee."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

from checkers.check import Outcome
from checkers.commands.display import Display
from checkers.verdict import UserError
from checkers.verify import all_evidence, checks_for, run_checks
from specs.evidence import Coverage, Evidence, coverage
from specs.guarantees import AREAS, GUARANTEES, KINDS

HELP = "run the evidence there is for all guarantees, or for those named, and show what is missing"


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("ids", nargs="*", metavar="ID", help="a guarantee such as REP-3, or an area such as REP")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: Namespace, display: Display) -> int:
    """Verify; 0 if all the evidence there is comes out as it must, 1 if some does not, 2 if some is unknown."""
    from rich.console import Console  # noqa: PLC0415 - the other commands start without
    from rich.progress import Progress as Bar  # noqa: PLC0415

    ids = chosen(arguments.ids)
    checks = checks_for(ids)
    outcomes: list[Outcome] = []
    with Bar(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("verify", total=len(checks))
        for outcome in run_checks(checks):
            bar.update(task, advance=1, description=outcome.check.name)
            outcomes.append(outcome)
    order = [check.name for check in checks]
    outcomes.sort(key=lambda outcome: order.index(outcome.check.name))
    covered = [c for c in coverage(all_evidence()) if c.guarantee.id in ids]
    if arguments.json:
        display.out(json.dumps({"guarantees": [as_json(c, outcomes) for c in covered]}))
    else:
        report(covered, outcomes, display)
    codes = {outcome.exit_code for outcome in outcomes}
    return next((code for code in (1, 2) if code in codes), 0)


def chosen(names: Sequence[str]) -> frozenset[str]:
    """The guarantees that the arguments name; all without arguments. Raises UserError."""
    known = frozenset(GUARANTEES)
    found: set[str] = set()
    for name in names:
        members = {name} & known or {k for k in known if k.rpartition("-")[0] == name}
        if not members:
            raise UserError(f"{name}: no such guarantee; they are {', '.join(sorted(known))}")
        found |= members
    return frozenset(found) or known


def report(covered: Sequence[Coverage], outcomes: Sequence[Outcome], display: Display) -> None:
    """A paragraph a guarantee, then what failed, then the sum."""
    area = ""
    for one in covered:
        if one.guarantee.area != area:
            area = one.guarantee.area
            display.out(f"\n{area}: {AREAS[area]}")
        display.out(f"  {one.guarantee.id} {one.guarantee.statement}")
        for evidence in one.evidence:
            display.out(f"    {evidence.kind} {evidence.subject}.{evidence.property}: {told(evidence, outcomes)}")
        if one.missing:
            display.out(f"    missing: {', '.join(f'{kind} ({KINDS[kind]})' for kind in one.missing)}")
    failed = [outcome for outcome in outcomes if outcome.complaint is not None]
    for outcome in failed:
        display.out(f"\n{outcome.check.name} {outcome}")
    with_evidence = sum(1 for one in covered if one.evidence)
    complete = sum(1 for one in covered if not one.missing)
    display.out(
        f"\n{len(outcomes)} checks, {len(failed)} failed; {len(covered)} guarantees: {complete} with all the evidence "
        f"they need, {with_evidence - complete} with some, {len(covered) - with_evidence} with none yet"
    )


def told(evidence: Evidence, outcomes: Sequence[Outcome]) -> str:
    """What the checks behind some evidence say."""
    behind = [o for o in outcomes if o.check.bears_on(evidence)]
    fixed = "; ".join(str(o) for o in behind if o.caught is None)
    caught = [o.caught for o in behind if o.caught is not None and o.complaint is None]
    return f"{fixed}; catches {', '.join(caught)}" if caught else fixed


def as_json(one: Coverage, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What --json prints of a guarantee."""
    return {
        "id": one.guarantee.id,
        "statement": one.guarantee.statement,
        "needed": [kind for kind in KINDS if kind in one.guarantee.needed],
        "missing": list(one.missing),
        "evidence": [
            {
                "kind": evidence.kind,
                "subject": evidence.subject,
                "property": evidence.property,
                "checks": [
                    {
                        "name": o.check.name,
                        "command": o.check.command,
                        "verdict": o.verdict,
                        "as_expected": o.complaint is None,
                        **o.figures,
                    }
                    for o in outcomes
                    if o.check.bears_on(evidence)
                ],
            }
            for evidence in one.evidence
        ],
    }

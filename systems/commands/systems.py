"""`logproof systems`: the systems that can be recorded, and what is missing for them."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from checkers.commands.display import Display
from checkers.verdict import UserError
from systems.catalogue import SYSTEMS, known

HELP = "list the systems that can be recorded, or install one"


def add(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the systems, their faults, and what is missing")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    install = actions.add_parser("install", help="fetch what a system needs")
    install.add_argument("name", choices=list(SYSTEMS), help="the system")


def run(arguments: Namespace, display: Display) -> int:
    """List or install; 0."""
    if arguments.action == "install":
        return _install(arguments.name, display)
    missing = {name: _missing(name) for name in SYSTEMS}
    faults = {name: list(entry.make().faults) for name, entry in SYSTEMS.items()}
    if arguments.json:
        entries = [
            {"name": name, "what": entry.what, "faults": faults[name], "missing": missing[name]}
            for name, entry in SYSTEMS.items()
        ]
        display.out(json.dumps(entries))
        return 0
    for name, entry in SYSTEMS.items():
        display.out(f"{name}: {entry.what}")
        display.out(f"  faults   {', '.join(faults[name]) or 'none'}")
        display.out("  ready" if missing[name] is None else f"  missing  {missing[name]}")
    return 0


def _missing(name: str) -> str | None:
    """What a system lacks on this machine, if it does."""
    try:
        known(name).ready()
    except UserError as error:
        return str(error)
    return None


def _install(name: str, display: Display) -> int:
    entry = known(name)
    if entry.install is not None:
        entry.install(display.out)
    entry.ready()
    display.out(f"{name}: ready")
    return 0

"""The command line: `logproof COMMAND ...`. Exit codes: 0 holds, 1 violated, 2 could not (bad input, unknown)."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib.metadata import version

from checkers.commands import explore, listing, replay, simulate, verify
from checkers.commands.display import Display
from checkers.verdict import UserError
from specs.language import SpecError

COMMANDS = {"list": listing, "explore": explore, "simulate": simulate, "replay": replay, "verify": verify}


def parser() -> ArgumentParser:
    """The parser of all commands."""
    result = ArgumentParser(prog="logproof", description="Puts a Kafka-style log to the proof.")
    result.add_argument("--version", action="version", version=f"logproof {version('logproof')}")
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        module.add(commands.add_parser(name, help=module.HELP, description=module.HELP))
    return result


def main(arguments: Sequence[str], display: Display) -> int:
    """Run one command; returns the exit code. Errors of the user's go to standard error, in one line each."""
    try:
        parsed = parser().parse_args(arguments)
        return int(COMMANDS[parsed.command].run(parsed, display))
    except (UserError, SpecError) as error:
        print(f"logproof: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141

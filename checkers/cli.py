"""The command line: `logproof COMMAND ...`. Exit codes: 0 holds, 1 violated, 2 could not (bad input, unknown)."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Protocol, cast

from checkers.commands.display import Display
from checkers.own_error import own_error
from checkers.verdict import UserError
from specs.language import SpecError

COMMANDS: Mapping[str, str] = {
    "list": "checkers.commands.listing",
    "explore": "checkers.commands.explore",
    "simulate": "checkers.commands.simulate",
    "replay": "checkers.commands.replay",
    "check": "checkers.commands.check",
    "prove": "checkers.commands.prove",
    "verify": "checkers.commands.verify",
}
"""The module of each command; only that of the command that is run is imported."""


class Command(Protocol):
    """What the module of a command has."""

    HELP: str

    def add(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""

    def run(self, arguments: Namespace, display: Display) -> int:
        """Run it; returns the exit code."""


def command(module: str) -> Command:
    """The command in a module."""
    return cast("Command", import_module(module))


def parser(modules: Mapping[str, str]) -> ArgumentParser:
    """The parser of some commands, each with the module that it is in."""
    result = ArgumentParser(prog="logproof", description="Puts a Kafka-style log to the proof.")
    result.add_argument("--version", action="version", version=f"logproof {version('logproof')}")
    commands = result.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in modules.items():
        one = command(module)
        one.add(commands.add_parser(name, help=one.HELP, description=one.HELP))
    return result


def main(arguments: Sequence[str], display: Display, more: Mapping[str, str] | None = None) -> int:
    """Run one command, ours or one of `more`; returns the exit code.

    Errors go to standard error, in one line each: those of the user's, and those of our own, which are no verdict.
    """
    modules = {**COMMANDS, **(more or {})}
    named = {name: module for name, module in modules.items() if arguments and arguments[0] == name}
    try:
        parsed = parser(named or modules).parse_args(arguments)
        return command(modules[parsed.command]).run(parsed, display)
    except (UserError, SpecError) as error:
        print(f"logproof: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as error:  # noqa: BLE001 - whatever it is, it is no verdict
        print(f"logproof: {own_error(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130

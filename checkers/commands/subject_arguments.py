"""The arguments by which commands name a spec, its version and its bounds."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from checkers.subjects import instantiate, load_spec
from checkers.verdict import UserError
from specs.instance import FIXED, Instance


def add_subject(parser: ArgumentParser) -> None:
    """Declare them."""
    parser.add_argument("subject", help="a spec by name (see `logproof list`), or path/to/own_spec.py:SPEC")
    parser.add_argument("--variant", default=FIXED, help="a historic or broken version (see `logproof list`)")
    parser.add_argument("--ablate", action="append", default=[], metavar="NAME", help="switch a guard off; repeatable")
    parser.add_argument("--set", action="append", default=[], metavar="BOUND=N", help="set a bound; repeatable")


def add_properties(parser: ArgumentParser) -> None:
    """Declare which properties to check."""
    parser.add_argument(
        "--invariant", "--property", action="append", dest="properties", metavar="NAME",
        help="check only this invariant, step property, or refinement (as 'refines log_order'); repeatable",
    )  # fmt: skip
    parser.add_argument("--refine", action="store_true", help="check every step against the upper specs, too")


def instance_of(arguments: Namespace) -> Instance:
    """The instance that the arguments name. Raises UserError."""
    spec = load_spec(arguments.subject)
    return instantiate(spec, dict(bound(text) for text in arguments.set), arguments.variant, arguments.ablate)


def bound(text: str) -> tuple[str, int]:
    """A bound's name and value from NAME=N."""
    name, equals, value = text.partition("=")
    digits = value.removeprefix("-")
    if not equals or not digits.isdecimal() or not digits.isascii():
        raise UserError(f"--set {text}: write a bound and an integer, as in --set replicas=3")
    return name, int(value)


def chosen(arguments: Namespace, instance: Instance) -> tuple[str, ...] | None:
    """The names of the properties to check; None for the default ones."""
    spec = instance.spec
    names = list(arguments.properties or [])
    if arguments.refine:
        if not names:
            names = [p.__name__ for p in (*spec.invariants, *spec.step_properties)]
        names += [r.name for r in spec.refines]
    return tuple(names) or None

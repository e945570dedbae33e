"""Claims about plain algorithms, proved by running their own code on unknown numbers.

A claim is a function without arguments that calls the code and returns whether all is as it should be. It is run on
every path that the assumptions leave; on each of them Z3 must find that what it returned can't be false.

Source: King, Symbolic Execution and Program Testing (1976).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import z3

from checkers.clock import now
from checkers.prove.formulas import solver
from checkers.prove.paths import Paths, TooManyPaths
from checkers.prove.proof import NegativeControl, Proved
from checkers.prove.terms import Number, Truth, truth
from checkers.verdict import VerdictName
from specs.language import SpecError

RLIMIT = 20_000_000


@dataclass(frozen=True, slots=True)
class Claim:
    """That `says` returns a truth that holds, whatever the numbers in it are, as long as `assumed` holds of them."""

    name: str
    says: Callable[[], object]
    assumed: tuple[z3.BoolRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a claim; `detail` shows numbers for which it is false."""

    name: str
    verdict: VerdictName
    obligations: int
    paths: int
    detail: str = ""


def numbers(name: str, count: int) -> list[Number]:
    """Unknown integers, numbered from 0."""
    return [Number(z3.Int(f"{name}{k}")) for k in range(count)]


def unknown_truth(name: str) -> Truth:
    """A bool that is not known."""
    return Truth(z3.Bool(name))


def stated(value: object) -> z3.BoolRef:
    """The term of a bool, known or not. SpecError for a number, which says nothing: even `~True` counts as true."""
    if not isinstance(value, bool | Truth):
        raise SpecError(f"{value!r} is claimed: must be a truth or a bool")
    return truth(value)


def negation(value: object) -> Truth:
    """That something claimed is false."""
    return Truth(z3.Not(stated(value)))


def all_of(values: Iterable[object]) -> Truth:
    """Whether all are true, as one truth: no path for each."""
    return Truth(z3.And(*(stated(v) for v in values)))


def any_of(values: Iterable[object]) -> Truth:
    """Whether any is true, as one truth."""
    return Truth(z3.Or(*(stated(v) for v in values)))


def between(low: int, values: Sequence[Number], high: object) -> tuple[z3.BoolRef, ...]:
    """That values are from `low` to `high`, inclusive."""
    return tuple(truth(v >= low) for v in values) + tuple(truth(v <= high) for v in values)


def checked(claim: Claim) -> Checked:
    """The claim on every path. Faults of the code count against it; from what can't be, nothing follows.

    So the assumptions must be shown to hold of some numbers, and some path must be run.
    """
    if asked_of(claim.assumed).check() != z3.sat:
        return Checked(claim.name, "unknown", 0, 0, "no numbers are found that are as assumed")
    paths = Paths((), claim.assumed)
    try:
        goals = [(o.condition, stated(o.returned)) for o in paths.outcomes(claim.says)]
    except TooManyPaths as error:
        return Checked(claim.name, "unknown", 0, paths.taken, str(error))
    goals += [((), fault.denial) for fault in paths.faults]
    if not goals:
        return Checked(claim.name, "unknown", 0, paths.taken, "no path is taken")
    for number, (condition, goal) in enumerate(goals):
        asked = asked_of((*claim.assumed, *condition, z3.Not(goal)))
        answer = asked.check()
        if answer == z3.sat:
            return Checked(claim.name, "violated", number + 1, paths.taken, str(asked.model()))
        if answer == z3.unknown:
            return Checked(claim.name, "unknown", number + 1, paths.taken, asked.reason_unknown())
    return Checked(claim.name, "holds", len(goals), paths.taken)


def asked_of(formulas: Iterable[z3.BoolRef]) -> z3.Solver:
    """A solver that knows these."""
    made = solver(RLIMIT)
    made.add(*formulas)
    return made


def proved(claims: Sequence[Claim], broken: Sequence[tuple[str, Claim]]) -> Proved:
    """All claims together, with claims about code that was broken on purpose, which must be found violated."""
    started = now()
    found = [checked(claim) for claim in claims]
    controls = []
    for what, claim in broken:
        control = checked(claim)
        controls.append(NegativeControl(what, control.verdict == "violated", f"{control.name}: {control.detail}"))
    verdicts = {one.verdict for one in found} or {"unknown"}
    verdict: VerdictName = "violated" if "violated" in verdicts else "unknown" if "unknown" in verdicts else "holds"
    detail = "\n".join(f"{one.name}: {one.verdict}: {one.detail}" for one in found if one.verdict != "holds")
    obligations, paths = sum(one.obligations for one in found), sum(one.paths for one in found)
    return Proved(verdict, obligations, paths, now() - started, tuple(controls), detail)

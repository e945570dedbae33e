"""Verdicts and counterexamples: what every engine returns.

A verdict is holds, violated or unknown; unknown is never a pass. A counterexample is a run of a spec (or of a system)
that ends where a property fails, or, for liveness, runs into a loop that never meets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from specs.instance import Step
from specs.language import Record

VerdictName = Literal["holds", "violated", "unknown"]
EXIT_CODES: Mapping[VerdictName, int] = {"holds": 0, "violated": 1, "unknown": 2}


class UserError(Exception):
    """Input that can't be used: the message shows the value, where it stands and what would be right. Exit code 2."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of a run and the state after it."""

    step: Step
    state: Record


@dataclass(frozen=True, slots=True)
class Run:
    """An execution: an initial state and what followed.

    `loop` is the index in `moments` where a lasso's cycle begins (None for a finite run); a cycle without moments
    is a stutter forever in the last state. A `fault` is the message of a finding that the last step met (an assertion
    or a range), in which case that step's state is the one before it.
    """

    initial: Record
    moments: tuple[Moment, ...]
    loop: int | None = None
    fault: str | None = None

    @property
    def depth(self) -> int:
        """Its actions."""
        return len(self.moments)


@dataclass(frozen=True, slots=True)
class Holds:
    """No violation within the bounds."""

    verdict: Literal["holds"] = "holds"


@dataclass(frozen=True, slots=True)
class Violated:
    """A property fails; the run shows how."""

    broken: str
    """The name of the invariant, step property, refinement or liveness property; "assertion" or "range"; "deadlock"."""
    run: Run
    detail: str = ""
    verdict: Literal["violated"] = "violated"


@dataclass(frozen=True, slots=True)
class Unknown:
    """No verdict: why, and what to do."""

    reason: str
    verdict: Literal["unknown"] = "unknown"


Verdict = Holds | Violated | Unknown

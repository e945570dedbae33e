"""Trials as evidence: something of the model is put to many inputs, and what is wrong with it is told in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checkers.check import Outcome
from checkers.verdict import VerdictName
from specs.evidence import Evidence
from specs.guarantees import Kind


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial. `wrong` tells the first thing that is wrong; it is empty if nothing is."""

    what: str
    """What was tried, with counts, in a few words."""
    wrong: str = ""
    verdict: VerdictName = "holds"
    """Unknown if not all could be tried; `wrong` then tells why."""


@dataclass(frozen=True, slots=True)
class TrialCheck:
    """A trial of one promise of a subject, which speaks for a guarantee."""

    guarantee: str
    kind: Kind
    subject: str
    promise: str
    trial: Callable[[], Tried]

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""
        return f"{self.subject}-{self.promise}"

    @property
    def group(self) -> str:
        """All trials of a subject are carried out by one process."""
        return self.subject

    @property
    def command(self) -> str:
        """The command that does the same."""
        return f"logproof verify {self.guarantee}"

    @property
    def evidence(self) -> Evidence:
        """What it says on its guarantee."""
        return Evidence(self.guarantee, self.kind, self.subject, self.promise)

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""
        return evidence == self.evidence

    def run(self) -> Outcome:
        """Try it."""
        tried = self.trial()
        verdict = "violated" if tried.wrong and tried.verdict == "holds" else tried.verdict
        return Outcome(self, verdict, f"holds for {tried.what}", tried.wrong or None)

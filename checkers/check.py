"""A piece of evidence as something that can be run: each engine has checks of its own kind, all of this form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from checkers.verdict import VerdictName
from specs.evidence import Evidence


class Check(Protocol):
    """Something that must come out as it is known to."""

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""

    @property
    def group(self) -> str:
        """Checks of one group share what takes long to prepare, so they are run by one process."""

    @property
    def command(self) -> str:
        """The command that does the same."""

    def run(self) -> Outcome:
        """Do it, and compare with what must come out."""

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check; it passed if there is no complaint."""

    check: Check
    verdict: VerdictName
    says: str
    """The result in a few words, if it passed."""
    complaint: str | None
    caught: str | None = None
    """What was broken on purpose, and is found: the name of a variant or of a recording."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Counts and bounds, ready for JSON."""

    @property
    def exit_code(self) -> int:
        """0 as it must be, 1 not, 2 unknown."""
        if self.complaint is None:
            return 0
        return 2 if self.verdict == "unknown" else 1

    def __str__(self) -> str:
        return self.says if self.complaint is None else f"FAILED: {self.complaint}; see {self.check.command}"

"""Assignors as evidence: every small group keeps what its assignor promises."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.assignments.exhaustive import PROMISES, try_all
from checkers.assignments.groups import Sizes, every_group
from checkers.check import Outcome
from model.group.assignors import ASSIGNORS
from specs.evidence import Evidence

SIZES = Sizes(members=2, topics=2, partitions=4)


@dataclass(frozen=True, slots=True)
class AssignorCheck:
    """An assignor, put to every group of SIZES and below: all subscriptions, all former owners."""

    assignor: str

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""
        return f"assignor-{self.assignor}"

    @property
    def group(self) -> str:
        """All assignors are tried by one process."""
        return "assignors"

    @property
    def command(self) -> str:
        """The command that does the same."""
        return "logproof verify ASSIGN"

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""
        return (evidence.kind, evidence.subject) == ("S", self.assignor)

    def run(self) -> Outcome:
        """Try all groups."""
        tried = try_all(ASSIGNORS[self.assignor], PROMISES[self.assignor], every_group(SIZES))
        sizes = f"{SIZES.members} members, {SIZES.topics} topics, {SIZES.partitions} partitions"
        return Outcome(
            check=self,
            verdict="holds" if tried.broken is None else "violated",
            says=f"holds for all {tried.groups:,} groups of up to {sizes}",
            complaint=None if tried.broken is None else str(tried.broken),
            figures={"groups": tried.groups},
        )


def assignor_checks() -> tuple[AssignorCheck, ...]:
    """The checks of all assignors."""
    return tuple(AssignorCheck(name) for name in ASSIGNORS)


def assignor_evidence() -> tuple[Evidence, ...]:
    """What each assignor promises, under the guarantee that names it."""
    return tuple(
        Evidence(guarantee.partition(" ")[0], "S", assignor, promise.__name__)
        for assignor, promises in PROMISES.items()
        for guarantee, promise in promises.items()
    )

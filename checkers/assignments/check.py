"""Assignors as evidence: every small group keeps what its assignor promises.

In most of the groups each partition was owned by one member or none, as of one generation. For the sticky assignors
there are those too in which several members claim a partition, as of two generations. Cooperative promises nothing for
these where subscriptions differ: it hands a partition at once to a member that claims it, whoever else owns it.

Left out: racks, static members, members without topics; they are in the random groups that Apache Kafka's own results
are known of (`tests/model/group`), and some in the proofs (`checkers.prove.whole_assignors`).
"""

from __future__ import annotations

from dataclasses import dataclass

from checkers.assignments.exhaustive import PROMISES, try_all
from checkers.assignments.groups import Sizes, every_group, groups_with_claims
from checkers.check import Outcome
from model.group.assignors import ASSIGNORS
from specs.evidence import Evidence

SIZES = Sizes(members=2, topics=2, partitions=4)
SIZES_OF_CLAIMED = Sizes(members=2, topics=2, partitions=3)
EQUAL_IF_CLAIMED = {"sticky": False, "cooperative-sticky": True}
"""The assignors that go by claims, and whether only groups of equal subscriptions are put to them."""


def shown(sizes: Sizes) -> str:
    """Sizes in words."""
    return f"up to {sizes.members} members, {sizes.topics} topics, {sizes.partitions} partitions"


@dataclass(frozen=True, slots=True)
class AssignorCheck:
    """An assignor, put to every group of SIZES and below: all subscriptions, all former owners; and claims."""

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
        assignor, promises = ASSIGNORS[self.assignor], PROMISES[self.assignor]
        tried = try_all(assignor, promises, every_group(SIZES))
        says = f"holds for all {tried.groups:,} groups of {shown(SIZES)}, owned by one each at most"
        groups, broken = tried.groups, tried.broken
        if broken is None and self.assignor in EQUAL_IF_CLAIMED:
            equal = EQUAL_IF_CLAIMED[self.assignor]
            claimed = try_all(assignor, promises, groups_with_claims(SIZES_OF_CLAIMED, equal=equal))
            which = f"{claimed.groups:,}{' of equal subscriptions' if equal else ''}"
            says += f"; and for {which} of {shown(SIZES_OF_CLAIMED)} with any claims of 2 generations"
            groups, broken = groups + claimed.groups, claimed.broken
        return Outcome(
            check=self,
            verdict="holds" if broken is None else "violated",
            says=f"{says}; without racks and static members",
            complaint=None if broken is None else str(broken),
            figures={"groups": groups},
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

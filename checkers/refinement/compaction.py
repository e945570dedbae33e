"""The compaction of the reference implementation against the two specs of compaction, as their oracle.

A walk runs two real logs in step with a spec, as `checkers.refinement.in_step` says; which walk, follows from its seed.

Source: specs.compaction, specs.compaction_transactions; model.log.cleaner.
Left out: exhaustive walks; what the specs leave out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from checkers.refinement.compacted_replica import Replica
from checkers.refinement.in_step import Difference, Implementation, walk
from checkers.refinement.replicated_logs import ReplicatedLogs
from checkers.refinement.transactional_logs import TransactionalLogs
from checkers.simulate.choices import Choices, seeded


class CleanedLogs(Implementation, Protocol):
    """Real logs with cleaners, in step with a spec."""

    replicas: list[Replica]


SUBJECTS: Mapping[str, Callable[[Choices], CleanedLogs]] = {
    "compaction": ReplicatedLogs,
    "compaction_transactions": TransactionalLogs,
}
"""What is run in step with the spec of that name."""
STEPS = 80
"""So many choices fill a log, and clean it some times."""


@dataclass(frozen=True, slots=True)
class Walks:
    """What came of some walks: how many there were, the steps taken, and the first difference with its seed."""

    count: int
    steps: int
    removed: int
    """Records that cleanings have removed."""
    tombstones_removed: int
    """Of these, tombstones and markers."""
    difference: Difference | None = None
    seed: int | None = None


def walks(spec: str, seeds: range, steps: int = STEPS) -> Walks:
    """Walk in step with a spec, a walk for each seed, up to the first difference."""
    taken = removed = tombstones = 0
    for count, seed in enumerate(seeds, start=1):
        choices = seeded(seed)
        subject = SUBJECTS[spec](choices)
        done = walk(subject, choices, steps)
        taken += len(done.done)
        removed += sum(replica.removed for replica in subject.replicas)
        tombstones += sum(replica.tombstones_removed for replica in subject.replicas)
        if done.difference is not None:
            return Walks(count, taken, removed, tombstones, done.difference, seed)
    return Walks(len(seeds), taken, removed, tombstones)

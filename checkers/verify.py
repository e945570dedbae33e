"""The evidence that there is, of all engines, as checks that can be run.

An engine adds its checks and its evidence here, in one line each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from checkers.assignments.check import assignor_checks, assignor_evidence
from checkers.check import Check, Outcome
from checkers.explore.check import exploration_checks, liveness_checks
from checkers.history.check import history_checks, history_evidence
from checkers.partitioning.check import partitioning_checks, partitioning_evidence
from checkers.prove.check import proof_checks, proof_evidence
from checkers.storage.check import storage_checks, storage_evidence
from specs.evidence import Evidence, explored_evidence


def all_checks() -> tuple[Check, ...]:
    """All checks of all engines."""
    return (
        *exploration_checks(),
        *liveness_checks(),
        *history_checks(),
        *proof_checks(),
        *assignor_checks(),
        *partitioning_checks(),
        *storage_checks(),
    )


def all_evidence() -> tuple[Evidence, ...]:
    """What all engines have to say on guarantees."""
    return (
        *explored_evidence(),
        *history_evidence(),
        *proof_evidence(),
        *assignor_evidence(),
        *partitioning_evidence(),
        *storage_evidence(),
    )


def checks_for(guarantees: frozenset[str]) -> tuple[Check, ...]:
    """The checks that bear on some of the given guarantees."""
    evidence = [e for e in all_evidence() if e.guarantee in guarantees]
    return tuple(check for check in all_checks() if any(check.bears_on(e) for e in evidence))


def run_checks(checks: Sequence[Check], processes: int = 2) -> Iterator[Outcome]:
    """The outcomes, as they come; the checks of a group share a process."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.group, []).append(check)
    largest_first = sorted(groups.values(), key=len, reverse=True)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(run_group, group) for group in largest_first]):
            yield from done.result()


def run_group(checks: Sequence[Check]) -> list[Outcome]:
    """The outcomes of some checks, one after the other."""
    return [check.run() for check in checks]

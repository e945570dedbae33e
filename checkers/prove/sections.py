"""The sections of an inductive proof, carried out by several processes, and what they come to together.

A process is told how to build the invariant, by a function of a module; terms of Z3 never leave the process that made
them. So what comes back of a counterexample is its text. Each section has a process of its own: what Z3 answers
depends on which terms it has seen before, and must not depend on which section happened to be done first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from checkers.clock import now
from checkers.prove.induction import Induction, Invariant
from checkers.prove.proof import NegativeControl, Proved
from checkers.verdict import VerdictName

WORKERS_MAX = 2
Build = Callable[[], Invariant]
"""Builds an invariant; a function of a module, or a partial of one, so that another process can be told of it."""


@dataclass(frozen=True, slots=True)
class Task:
    """A section of a proof; only the obligations named in `goals`, if there are any."""

    build: Build
    section: str
    goals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a section, in words. `failures` are (goal, verdict, text)."""

    section: str
    obligations: int
    paths: int
    failures: tuple[tuple[str, VerdictName, str], ...]

    @property
    def verdict(self) -> VerdictName:
        """Violated where there is a counterexample to induction, else unknown where an answer is missing."""
        verdicts = [verdict for _, verdict, _ in self.failures]
        return "violated" if "violated" in verdicts else "unknown" if verdicts else "holds"


def carried_out(task: Task) -> Summary:
    """One section."""
    section = Induction(task.build()).section(task.section, task.goals)
    failures = tuple((f.goal, f.answer, str(f)) for f in section.failures)
    return Summary(section.name, section.obligations, section.paths, failures)


def carried_out_in_parallel(tasks: Sequence[Task]) -> list[Summary]:
    """All of them, in the order given, on as many processes as there are processors, up to WORKERS_MAX."""
    workers = min(WORKERS_MAX, os.cpu_count() or 1, len(tasks))
    if workers <= 1:
        return [carried_out(task) for task in tasks]
    with ProcessPoolExecutor(workers, get_context("spawn"), max_tasks_per_child=1) as pool:
        return list(pool.map(carried_out, tasks))


def verdict_of(summaries: Iterable[Summary]) -> VerdictName:
    """The verdict on all sections together."""
    verdicts = {summary.verdict for summary in summaries}
    return "violated" if "violated" in verdicts else "unknown" if "unknown" in verdicts else "holds"


def control_of(broken: str, summary: Summary) -> NegativeControl:
    """A section of a broken proof as a negative control: only a counterexample counts, not a missing answer."""
    goals = [goal for goal, verdict, _ in summary.failures if verdict == "violated"]
    return NegativeControl(broken, bool(goals), f"{summary.section}: {goals[0]}" if goals else "")


def proved(summaries: Iterable[Summary], controls: tuple[NegativeControl, ...], started: float) -> Proved:
    """What the sections of a proof come to."""
    done = list(summaries)
    failures = "\n".join(text for summary in done for _, _, text in summary.failures)
    obligations, paths = sum(s.obligations for s in done), sum(s.paths for s in done)
    return Proved(verdict_of(done), obligations, paths, now() - started, controls, failures)

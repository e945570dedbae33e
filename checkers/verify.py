"""The evidence that there is, as checks that can be run: each spec at its default bounds, each variant to its bug.

A check passes only if it comes out as it must: the fixed spec holds in every property, a broken variant breaks the
named property, by a shortest counterexample of the named length. Other engines add their checks here, under the same
guarantees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context

from checkers.explore.explore import explore
from checkers.explore.outcome import SearchOptions
from checkers.verdict import Holds, Unknown, Verdict, VerdictName, Violated
from specs.catalogue import all_specs, find_spec
from specs.evidence import Evidence, evidence_of
from specs.instance import FIXED, Instance, at, variants
from specs.language import Expect, Spec


@dataclass(frozen=True, slots=True)
class Check:
    """A spec in a version: what it must break at which bounds; without `expect`, all holds at the default ones."""

    spec: str
    variant: str = FIXED
    expect: Expect | None = None

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""
        name = self.spec if self.expect is None else f"{self.spec}-{self.variant}-{self.expect.breaks}"
        return name.replace(" ", "_")

    @property
    def instance(self) -> Instance:
        """What is explored."""
        return at(find_spec(self.spec), self.variant, **(self.expect.bounds if self.expect else {}))

    @property
    def properties(self) -> tuple[str, ...]:
        """What is checked."""
        if self.expect is not None:
            return (self.expect.breaks,)
        spec = find_spec(self.spec)
        names = [p.__name__ for p in (*spec.invariants, *spec.step_properties)]
        return (*names, *(r.name for r in spec.refines))

    @property
    def command(self) -> str:
        """The command that does the same."""
        if self.expect is None:
            return f"logproof explore {self.spec}{' --refine' if find_spec(self.spec).refines else ''}"
        bounds = "".join(f" --set {name}={value}" for name, value in self.expect.bounds.items())
        return f"logproof explore {self.spec} --variant {self.variant}{bounds} --property '{self.expect.breaks}'"

    def run(self, workers: int = 2) -> Outcome:
        """Explore, and compare with what must come out."""
        result = explore(self.instance, SearchOptions(properties=self.properties, workers=workers))
        verdict = result.verdict
        return Outcome(
            check=self,
            verdict=verdict.verdict,
            depth=verdict.run.depth if isinstance(verdict, Violated) else result.max_depth,
            distinct_states=result.distinct_states,
            symmetric=result.symmetric,
            complaint=self.complaint(verdict),
        )

    def complaint(self, verdict: Verdict) -> str | None:
        """What is not as it must be."""
        if isinstance(verdict, Unknown):
            return verdict.reason
        if self.expect is None:
            return (
                None if isinstance(verdict, Holds) else f"{verdict.broken} is violated after {verdict.run.depth} steps"
            )
        wanted = f"{self.variant} must break {self.expect.breaks} after {self.expect.depth} steps"
        if isinstance(verdict, Holds):
            return f"{wanted}, but it holds"
        if (verdict.broken, verdict.run.depth) == (self.expect.breaks, self.expect.depth):
            return None
        return f"{wanted}, but breaks {verdict.broken} after {verdict.run.depth}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check; it passed if there is no complaint."""

    check: Check
    verdict: VerdictName
    depth: int
    """Of the counterexample, or of the whole search."""
    distinct_states: int
    symmetric: bool
    complaint: str | None

    @property
    def exit_code(self) -> int:
        """0 as it must be, 1 not, 2 unknown."""
        if self.complaint is None:
            return 0
        return 2 if self.verdict == "unknown" else 1

    def __str__(self) -> str:
        if self.complaint is not None:
            return f"FAILED: {self.complaint}; see {self.check.command}"
        bounds = "/".join(str(n) for n in self.check.instance.bounds.values())
        if self.verdict == "violated":
            return f"caught after {self.depth} steps at {bounds}"
        states = f"{self.distinct_states:,} states{' up to symmetry' if self.symmetric else ''}"
        return f"holds at {bounds}: {states}, depth {self.depth}"


def run_checks(checks: Sequence[Check], processes: int = 2) -> Iterator[Outcome]:
    """The outcomes, as they come. Compiling is most of the work: checks that share a compiled spec share a process."""
    groups: dict[str, list[Check]] = {}
    for check in checks:
        instance = check.instance
        key = (check.spec, instance.bounds, [a.source.__module__ for a in instance.actions])
        groups.setdefault(repr(key), []).append(check)
    largest_first = sorted(groups.values(), key=len, reverse=True)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(run_group, group) for group in largest_first]):
            yield from done.result()


def run_group(checks: Sequence[Check]) -> list[Outcome]:
    """The outcomes of some checks, one after the other."""
    return [check.run(workers=1) for check in checks]


def checks_of(spec: Spec) -> Iterator[Check]:
    """The checks of one spec: the fixed version first, then what each variant must break."""
    yield Check(spec.name)
    for variant in variants(spec).values():
        for expect in variant.expects:
            yield Check(spec.name, variant.name, expect)


def all_checks() -> tuple[Check, ...]:
    """The checks of all specs."""
    return tuple(check for spec in all_specs() for check in checks_of(spec))


def checks_for(guarantees: frozenset[str]) -> tuple[Check, ...]:
    """The checks that bear on some of the given guarantees."""
    evidence = [e for spec in all_specs() for e in evidence_of(spec) if e.guarantee in guarantees]
    return tuple(check for check in all_checks() if any(bears_on(check, e) for e in evidence))


def bears_on(check: Check, evidence: Evidence) -> bool:
    """Whether a check is part of some evidence."""
    if check.spec != evidence.subject:
        return False
    return check.expect is None or check.expect.breaks == evidence.property

"""Exploration as evidence: each spec at its default bounds, each variant to its bug.

A check passes only if it comes out as it must: the fixed spec holds in every property, a broken variant breaks the
named property, by a shortest counterexample of the named length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checkers.check import Outcome
from checkers.explore.explore import explore
from checkers.explore.liveness import check_liveness
from checkers.explore.outcome import Exploration, SearchOptions
from checkers.verdict import Holds, Unknown, Verdict, Violated
from specs.catalogue import all_specs, find_spec
from specs.evidence import Evidence
from specs.instance import FIXED, Instance, at, variants
from specs.language import Expect, Spec


@dataclass(frozen=True, slots=True)
class ExplorationCheck:
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
    def group(self) -> str:
        """Checks that share a compiled spec: compiling is most of the work."""
        instance = self.instance
        return repr((self.spec, instance.bounds, [a.source.__module__ for a in instance.actions]))

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

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""
        return (self.spec, "E") == (evidence.subject, evidence.kind) and evidence.property in self.properties

    def run(self) -> Outcome:
        """Explore, and compare with what must come out."""
        result = explore(self.instance, SearchOptions(properties=self.properties, workers=1))
        depth = result.verdict.run.depth if isinstance(result.verdict, Violated) else result.max_depth
        return Outcome(
            check=self,
            verdict=result.verdict.verdict,
            says=self.says(result, depth),
            complaint=self.complaint(result.verdict),
            caught=self.variant if self.expect is not None else None,
            figures={"distinct_states": result.distinct_states, "depth": depth, "bounds": self.instance.bounds},
        )

    def says(self, result: Exploration, depth: int) -> str:
        """The result in a few words."""
        bounds = "/".join(str(n) for n in self.instance.bounds.values())
        if isinstance(result.verdict, Violated):
            return f"caught after {depth} steps at {bounds}"
        states = f"{result.distinct_states:,} states{' up to symmetry' if result.symmetric else ''}"
        return f"holds at {bounds}: {states}, depth {depth}"

    def complaint(self, verdict: Verdict) -> str | None:
        """What is not as it must be."""
        if isinstance(verdict, Unknown):
            return verdict.reason
        if self.expect is None:
            return None if isinstance(verdict, Holds) else told(verdict)
        wanted = f"{self.variant} must break {self.expect.breaks} after {self.expect.depth} steps"
        if isinstance(verdict, Holds):
            return f"{wanted}, but it holds"
        if (verdict.broken, verdict.run.depth) == (self.expect.breaks, self.expect.depth):
            return None
        return f"{wanted}, but breaks {verdict.broken} after {verdict.run.depth}"


@dataclass(frozen=True, slots=True)
class LivenessCheck:
    """The liveness properties of a spec, on the whole state graph of its fixed version at the default bounds."""

    spec: str

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""
        return f"{self.spec}-liveness"

    @property
    def group(self) -> str:
        """A graph is compiled apart, without symmetry."""
        return self.name

    @property
    def command(self) -> str:
        """The command that does the same."""
        return f"logproof explore {self.spec} --liveness"

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""
        names = [promise.name for promise in find_spec(self.spec).liveness]
        return (self.spec, "E") == (evidence.subject, evidence.kind) and evidence.property in names

    def run(self) -> Outcome:
        """Search, and check every property on the graph."""
        found = check_liveness(at(find_spec(self.spec)), None, SearchOptions(workers=1))
        verdicts = (found.exploration.verdict, *found.verdicts.values())
        worst = next((v for v in verdicts if not isinstance(v, Holds)), Holds())
        states = found.exploration.distinct_states
        return Outcome(
            check=self,
            verdict=worst.verdict,
            says=f"holds in a graph of {states:,} states",
            complaint=None if isinstance(worst, Holds) else told(worst),
            figures={"distinct_states": states},
        )


def told(verdict: Violated | Unknown) -> str:
    """What is wrong, in a few words."""
    if isinstance(verdict, Unknown):
        return verdict.reason
    return f"{verdict.broken} is violated after {verdict.run.depth} steps"


def checks_of(spec: Spec) -> Iterator[ExplorationCheck]:
    """The checks of one spec: the fixed version first, then what each variant must break."""
    yield ExplorationCheck(spec.name)
    for variant in variants(spec).values():
        for expect in variant.expects:
            yield ExplorationCheck(spec.name, variant.name, expect)


def liveness_checks() -> tuple[LivenessCheck, ...]:
    """The checks of all specs that have liveness properties."""
    return tuple(LivenessCheck(spec.name) for spec in all_specs() if spec.liveness)


def exploration_checks() -> tuple[ExplorationCheck, ...]:
    """The checks of all specs."""
    return tuple(check for spec in all_specs() for check in checks_of(spec))

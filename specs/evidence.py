"""What is known for each guarantee: evidence registers itself by naming its guarantee, in one place.

For a spec that place is the docstring of the property: `REP-3: every record below ...`, or `LOG-1, REP-2: ...`; for
liveness and refinements, that of the goal and of the mapping. Such a property is explored evidence with nothing else
to write; the variants that must break it are the known bugs that it catches. The other engines hand in `Evidence`
values of their own kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from specs.catalogue import NAMES, Property, all_specs, properties
from specs.guarantees import AREAS, GUARANTEES, KINDS, Guarantee, Kind
from specs.instance import variants
from specs.language import Spec, SpecError

PREFIX = re.compile(r"([A-Z]+-\d+(?:, [A-Z]+-\d+)*): ")
PREFIXES = frozenset(name.partition("-")[0] for name in GUARANTEES) | frozenset(AREAS)


@dataclass(frozen=True, slots=True)
class Evidence:
    """That a property of a subject speaks for a guarantee; `catches` names the variants that must break it."""

    guarantee: str
    kind: Kind
    subject: str
    property: str
    catches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """A guarantee with the evidence there is."""

    guarantee: Guarantee
    evidence: tuple[Evidence, ...]

    @property
    def missing(self) -> tuple[Kind, ...]:
        """The kinds of evidence that it needs and lacks, in the order of KINDS."""
        there = {e.kind for e in self.evidence}
        return tuple(kind for kind in KINDS if kind in self.guarantee.needed and kind not in there)


def guarantees_named(spec: Spec, promise: Property) -> tuple[str, ...]:
    """The ids that a property's docstring starts with. SpecError for one that looks like a guarantee and is none."""
    match = PREFIX.match(promise.doc)
    ids = tuple(match[1].split(", ")) if match else ()
    ours = tuple(name for name in ids if name.partition("-")[0] in PREFIXES)
    for name in ours:
        if name not in GUARANTEES:
            raise SpecError(f"{spec.name}.{promise.name}: its docstring names {name}, which is no guarantee")
    return ours


def evidence_of(spec: Spec) -> tuple[Evidence, ...]:
    """The explored evidence that a spec's properties are."""
    broken_by: dict[str, list[str]] = {}
    for variant in variants(spec).values():
        for expect in variant.expects:
            broken_by.setdefault(expect.breaks, []).append(variant.name)
    return tuple(
        Evidence(name, "E", spec.name, promise.name, tuple(broken_by.get(promise.name, ())))
        for promise in properties(spec).values()
        for name in guarantees_named(spec, promise)
    )


def explored_evidence() -> tuple[Evidence, ...]:
    """The evidence of every spec that comes with logproof."""
    return tuple(evidence for spec in all_specs() for evidence in evidence_of(spec))


def coverage(evidence: Iterable[Evidence]) -> tuple[Coverage, ...]:
    """Every guarantee in order, with its evidence or without. SpecError for evidence of what is no guarantee."""
    found: dict[str, list[Evidence]] = {name: [] for name in GUARANTEES}
    for one in evidence:
        if one.guarantee not in found:
            raise SpecError(f"{one.subject}.{one.property}: {one.guarantee} is no guarantee")
        found[one.guarantee].append(one)
    return tuple(Coverage(GUARANTEES[name], tuple(ones)) for name, ones in found.items())


def missing_properties(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Explored evidence whose property its spec does not have: what a renaming leaves behind."""
    known = {spec.name: properties(spec) for spec in all_specs()}
    return tuple(
        e for e in evidence if e.kind == "E" and e.subject in NAMES and e.property not in known.get(e.subject, {})
    )

"""The specs that come with logproof, by name, and what each promises.

A spec is imported when it is asked for, so that one broken or unfinished spec never keeps the others from running.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, cast

from specs.language import Eventually, Refinement, Spec, SpecError

NAMES = (
    "replication",
    "replication_history",
    "replication_messages",
    "alter_partition",
    "log_order",
    "offsets",
    "cooperative_rebalance",
    "compaction",
    "compaction_transactions",
)
"""Each is `specs.<name>.SPEC`."""

FAULTS = ("assertion", "range")
"""What a step can break that is no property of the spec: an assertion in its code, a declared range."""
DEADLOCK = "deadlock"

PropertyKind = Literal["invariant", "step", "liveness", "refinement"]


def find_spec(name: str) -> Spec:
    """The spec of that name; SpecError, with the names there are, if there is none."""
    if name not in NAMES:
        raise SpecError(f"there is no spec {name!r}; there are {', '.join(NAMES)} (your own: path/to/file.py:NAME)")
    return cast("Spec", import_module(f"specs.{name}").SPEC)


def all_specs() -> Iterator[Spec]:
    """Every spec that comes with logproof."""
    return (find_spec(name) for name in NAMES)


@dataclass(frozen=True, slots=True)
class Property:
    """Something a spec promises. `doc` says it in words and may start with the guarantee that it states."""

    name: str
    kind: PropertyKind
    doc: str
    source: Callable[..., Any] | Eventually | Refinement
    """The predicate over one state or over (before, after), as declared, or the liveness property or refinement."""

    @property
    def first_sentence(self) -> str:
        """The docstring up to its first full stop, on one line."""
        return first_sentence(self.doc)


def first_sentence(doc: str) -> str:
    """A text up to the first full stop that ends a sentence, on one line."""
    line = " ".join(doc.split())
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]


def properties(spec: Spec) -> dict[str, Property]:
    """What a spec promises, by name, in order: invariants, step properties, liveness, refinements.

    Raises SpecError for two of one name, since verdicts and counterexamples refer to them by name.
    """
    found: dict[str, Property] = {}
    for promise in _declared(spec):
        if promise.name in found or promise.name in (*FAULTS, DEADLOCK):
            raise SpecError(f"{spec.name} has two properties named {promise.name!r}; each needs a name of its own")
        found[promise.name] = promise
    return found


def _declared(spec: Spec) -> Iterator[Property]:
    for invariant in spec.invariants:
        yield Property(name_of(invariant), "invariant", doc_of(invariant), invariant)
    for step_property in spec.step_properties:
        yield Property(name_of(step_property), "step", doc_of(step_property), step_property)
    for eventually in spec.liveness:
        yield Property(eventually.name, "liveness", _liveness_doc(eventually), eventually)
    for refinement in spec.refines:
        yield Property(refinement.name, "refinement", doc_of(refinement.mapping), refinement)


def _liveness_doc(eventually: Eventually) -> str:
    return doc_of(eventually.goal) or f"Eventually {name_of(eventually.goal)}."


def name_of(function: Callable[..., Any]) -> str:
    """What verdicts call a predicate."""
    return getattr(function, "__name__", repr(function))


def doc_of(function: Callable[..., Any]) -> str:
    """Its docstring, or nothing."""
    return inspect.getdoc(function) or ""

"""Symmetry: which renamings of interchangeable ids there are, and whether a spec really treats ids alike.

Two states that differ by a renaming of `Id`s are one state under symmetry: the explorer keeps, of all renamed forms,
the least in packed form among those that sort the elements of the arrays indexed by that kind (most states leave one
such renaming).

Source: Ip and Dill, Better verification through symmetry (1996).
Left out: kinds with more than 6 members (720 renamings); they are explored without.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from specs.instance import Instance
from specs.language import Record
from specs.shape import Scalar, Shape, Struct, Vector

MAX_MEMBERS = 6
Renaming = dict[str, tuple[int, ...]]
"""For each kind of Id, the new name of each member."""


@dataclass(frozen=True, slots=True)
class Symmetry:
    """The kinds of Id in a state, with how many members each has."""

    kinds: tuple[tuple[str, int], ...]

    def renamings(self) -> Iterator[Renaming]:
        """All of them, the identity first."""
        names = [kind for kind, _ in self.kinds]
        for choice in itertools.product(*(itertools.permutations(range(n)) for _, n in self.kinds)):
            yield dict(zip(names, choice, strict=True))


def generators(symmetry: Symmetry) -> Iterator[Renaming]:
    """Renamings from which all others are composed: those that swap two neighbours."""
    same = {kind: tuple(range(n)) for kind, n in symmetry.kinds}
    for kind, n in symmetry.kinds:
        for i in range(n - 1):
            yield same | {kind: (*range(i), i + 1, i, *range(i + 2, n))}


def symmetry_of(struct: Struct) -> Symmetry:
    """The symmetry that the declared ids of a state suggest."""
    found: dict[str, int] = {}
    _collect(struct, found)
    return Symmetry(tuple((kind, n) for kind, n in sorted(found.items()) if 1 < n <= MAX_MEMBERS))


def _collect(shape: Shape, found: dict[str, int]) -> None:
    if isinstance(shape, Struct):
        for _, inner in shape.fields:
            _collect(inner, found)
    elif isinstance(shape, Vector):
        if shape.index is not None:
            found[shape.index] = shape.length
        _collect(shape.element, found)
    else:
        if shape.is_id:
            found[shape.kind] = shape.high + 1
        if shape.element is not None:
            _collect(shape.element, found)


def renamed(shape: Shape, value: Any, renaming: Renaming) -> Any:  # noqa: ANN401 - an int, a record or an array
    """A copy of a value with its ids renamed."""
    if isinstance(shape, Scalar):
        return renamed_scalar(shape, value, renaming)
    result = shape.stored(value, "state")
    if isinstance(shape, Vector):
        order = renaming.get(shape.index or "", range(shape.length))
        for old, new in enumerate(order):
            result.values[new] = renamed(shape.element, value.values[old], renaming)
    else:
        for name, inner in shape.fields:
            result.values[name] = renamed(inner, value.values[name], renaming)
    return result


def renamed_scalar(scalar: Scalar, value: int, renaming: Renaming) -> int:
    """An id renamed, a set with its members renamed, anything else as it is."""
    if value < 0:
        return value
    if scalar.is_id and scalar.kind in renaming:
        return renaming[scalar.kind][value]
    if scalar.element is None:
        return value
    members = (m for m in range(scalar.element.high + 1) if value >> m & 1)
    return sum(1 << renamed_scalar(scalar.element, m, renaming) for m in members)


def asymmetry(instance: Instance, symmetry: Symmetry, states: int = 40) -> str | None:
    """Why the spec does not treat ids alike, or None if no sign of that shows near its initial states.

    For each of the first `states` states and each swap of two ids: the renamed state has exactly the renamed
    successors, by the same actions, and the same truth of every property. Initial states must be closed under renaming.
    """
    found = {instance.encode(s): s for s in instance.initial_states()}
    for renaming in generators(symmetry):
        for state in list(found.values()):
            if instance.encode(renamed(instance.struct, state, renaming)) not in found:
                return "its initial states are not symmetric"
    queue = list(found.values())
    for position in range(states):
        if position >= len(queue):
            break
        reason = _difference(instance, queue[position], symmetry)
        if reason is not None:
            return reason
        # A long stride through the successors gets deeper into the state space than the first few states do.
        after = [s for _, s in instance.steps(queue[position])]
        queue.extend(after[position % 3 :: 2][:4])
    return None


def _difference(instance: Instance, state: Record, symmetry: Symmetry) -> str | None:
    predicates = [*instance.spec.invariants, *instance.spec.reachable]
    for renaming in generators(symmetry):
        twin = renamed(instance.struct, state, renaming)
        for predicate in predicates:
            holds = instance.rebind(predicate)
            if bool(holds(state)) != bool(holds(twin)):
                return f"{predicate.__name__} tells ids apart"
        ours = [
            (step.action, instance.encode(renamed(instance.struct, s, renaming))) for step, s in instance.steps(state)
        ]
        theirs = [(step.action, instance.encode(s)) for step, s in instance.steps(twin)]
        if sorted(ours) != sorted(theirs):
            alone = (Counter(ours) - Counter(theirs)) + (Counter(theirs) - Counter(ours))
            actions = sorted({name for name, _ in alone})
            return f"{', '.join(actions)} tells ids apart"
    return None

"""Which properties of a spec a search checks, as the bit masks that compiled code takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checkers.explore.generate import ablation_names
from checkers.verdict import UserError
from specs.instance import Instance


@dataclass(frozen=True, slots=True)
class Properties:
    """The chosen properties of an instance, by kind."""

    instance: Instance
    invariants: tuple[str, ...]
    step_properties: tuple[str, ...]
    refinements: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.invariants, *self.step_properties, *self.refinements)

    def control(self, *, deadlock: bool) -> list[int]:
        """What the compiled code is told, in the order that `generate` defines."""
        spec, instance = self.instance.spec, self.instance
        return [
            mask(name in instance.switched_off for name in ablation_names(spec)),
            mask(p.__name__ in self.invariants for p in spec.invariants),
            mask(p.__name__ in self.step_properties for p in spec.step_properties),
            mask(True for _ in spec.reachable),
            mask(r.name in self.refinements for r in spec.refines),
            1,
            int(deadlock),
        ]


def mask(bits: Iterable[bool]) -> int:
    """An int with the given bits, the first the lowest."""
    return sum(1 << k for k, bit in enumerate(bits) if bit)


def choose(instance: Instance, names: tuple[str, ...] | None) -> Properties:
    """The named properties; without names all invariants and step properties. Raises UserError for an unknown name."""
    spec = instance.spec
    invariants = tuple(p.__name__ for p in spec.invariants)
    steps = tuple(p.__name__ for p in spec.step_properties)
    refinements = tuple(r.name for r in spec.refines)
    if names is None:
        return Properties(instance, invariants, steps, ())
    unknown = [name for name in names if name not in (*invariants, *steps, *refinements)]
    if unknown:
        known = ", ".join((*invariants, *steps, *refinements)) or "none"
        raise UserError(f"{spec.name} has no property {unknown[0]!r}; it has {known}")
    return Properties(
        instance,
        tuple(n for n in invariants if n in names),
        tuple(n for n in steps if n in names),
        tuple(n for n in refinements if n in names),
    )

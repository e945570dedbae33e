"""A spec at given bounds and in a given variant: what is actually explored, run or proved.

The spec's functions are rebound, not copied: the same code objects (so breakpoints and tracebacks stay right) with the
bounds and ablations in their globals replaced by their values.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any, cast

from specs.language import (
    Ablation,
    Bound,
    Domain,
    Expect,
    Expression,
    Finding,
    Record,
    Spec,
    SpecError,
    Variant,
    evaluate,
)
from specs.packing import Packing, Words, packing
from specs.shape import Scalar, Shape, Struct, Vector, resolve, resolve_scalar

STORAGE_BITS = (8, 16, 32, 64)
FIXED = "fixed"
"""The name of the variant in which nothing is switched off."""


@dataclass(frozen=True, slots=True)
class Step:
    """An action with the values of its parameters."""

    action: str
    parameters: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return f"{self.action}({', '.join(f'{name}={value}' for name, value in self.parameters)})"


@dataclass(frozen=True)
class BoundAction:
    """An action at given bounds: the function, and the range of each parameter."""

    name: str
    function: Callable[..., bool]
    source: Callable[..., bool]
    """The function as the spec declares it, before bounds are given."""
    parameters: tuple[tuple[str, Scalar], ...]

    @property
    def doc(self) -> str:
        """Its docstring."""
        return inspect.getdoc(self.source) or ""

    def bindings(self) -> Iterator[tuple[int, ...]]:
        """All values of the parameters, the last varying fastest."""
        return itertools.product(*(range(s.low, s.high + 1) for _, s in self.parameters))


class Instance:
    """A spec at given bounds, in a given variant. States are plain Python records; actions change copies."""

    def __init__(self, spec: Spec, bounds: Mapping[str, int], variant: Variant) -> None:
        """Use `at`, which checks the bounds."""
        self.spec, self.variant = spec, variant
        self.bounds = dict(bounds)
        self.switched_off = frozenset(cast("Ablation", a).name for a in variant.ablations)
        self._rebound: dict[FunctionType, FunctionType] = {}

    @cached_property
    def storage_bits(self) -> int:
        """The width of the integers that the compiled form stores fields in."""
        struct = resolve(self.spec.state, self.bounds, self.spec.name)
        extremes = [n for _, s in struct.leaves() for n in (s.low, s.high)]
        return next(bits for bits in STORAGE_BITS if all(-(1 << bits - 1) <= n < 1 << bits - 1 for n in extremes))

    @cached_property
    def struct(self) -> Struct:
        """The shape of the state."""
        struct = resolve(self.spec.state, self.bounds, self.spec.name)
        return cast("Struct", with_limit(struct, (1 << self.storage_bits - 1) - 1))

    @cached_property
    def packing(self) -> Packing:
        """The packed form of the state."""
        return packing(self.struct)

    @cached_property
    def actions(self) -> tuple[BoundAction, ...]:
        """The actions of this variant."""
        replaced = dict(self.variant.replaces)
        return tuple(self.bound_action(replaced.get(a, a)) for a in (*self.spec.actions, *self.variant.adds))

    @cached_property
    def initial(self) -> BoundAction:
        """Writes an initial state into one with all fields at their defaults."""
        return self.bound_action(cast("Callable[..., bool]", self.spec.initial))

    def bound_action(self, function: Callable[..., bool]) -> BoundAction:
        """An action of the spec (of any variant) at these bounds."""
        where = f"{self.spec.name}.{function.__name__}"
        domains: Mapping[str, Domain] = getattr(function, "domains", {})
        names = list(inspect.signature(function).parameters)[1:]
        if names != list(domains):
            message = f"{where} takes {', '.join(names) or 'no parameters'} but declares {', '.join(domains) or 'none'}"
            raise SpecError(f"{message}: name each parameter after the state, in order, in @action(...)")
        parameters = tuple((name, resolve_scalar(d, self.bounds, f"{where}({name})")) for name, d in domains.items())
        return BoundAction(function.__name__, self.rebind(function), function, parameters)

    def rebind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function with bounds and ablations valued, and those that it calls rebound likewise."""
        if not isinstance(function, FunctionType):
            return function
        if function not in self._rebound:
            scope = dict(function.__globals__)
            closed = FunctionType(
                function.__code__, scope, function.__name__, function.__defaults__, function.__closure__
            )
            self._rebound[function] = closed
            for name in names_in(function.__code__):
                if name in scope:
                    scope[name] = self.valued(scope[name])
        return self._rebound[function]

    def valued(self, value: object) -> object:
        """What a name of a spec's module stands for in this instance."""
        if isinstance(value, Expression):
            return evaluate(value, self.bounds)
        if isinstance(value, Ablation):
            return value.name in self.switched_off
        if isinstance(value, FunctionType) and not value.__module__.startswith("typing"):
            return self.rebind(value)
        return value

    def initial_states(self) -> Iterator[Record]:
        """Every initial state."""
        for binding in self.initial.bindings():
            state = self.struct.default()
            self.initial.function(state, *binding)
            yield self.packing.decode(self.packing.encode(state))

    def fire(self, state: Record, action: BoundAction, binding: tuple[int, ...]) -> Record | None:
        """The state after an action, or None where its guard fails; `state` stays as it is.

        Raises a Finding (or AssertionError) for what a spec must never do.
        """
        after = self.struct.stored(state, "state")
        if not action.function(after, *binding):
            return None
        return self.packing.decode(self.packing.encode(after))

    def steps(self, state: Record) -> Iterator[tuple[Step, Record]]:
        """Every enabled step and the state it leads to, in the order in which the explorer takes them."""
        for action in self.actions:
            for binding in action.bindings():
                after = self.fire(state, action, binding)
                if after is not None:
                    yield self.step(action, binding), after

    @staticmethod
    def step(action: BoundAction, binding: tuple[int, ...]) -> Step:
        """The value that names a step."""
        return Step(action.name, tuple((name, v) for (name, _), v in zip(action.parameters, binding, strict=True)))

    def take(self, state: Record, step: Step) -> Record | None:
        """The state after a named step; None where it is not enabled. Raises SpecError if there is no such step."""
        action = next((a for a in self.actions if a.name == step.action), None)
        if action is None or [name for name, _ in action.parameters] != [name for name, _ in step.parameters]:
            raise SpecError(f"{self.spec.name} ({self.variant.name}) has no action {step}")
        for (name, value), (_, scalar) in zip(step.parameters, action.parameters, strict=True):
            if not scalar.low <= value <= scalar.high:
                raise SpecError(f"{step}: {name} must be from {scalar.low} to {scalar.high}")
        return self.fire(state, action, tuple(value for _, value in step.parameters))

    def encode(self, state: Record) -> Words:
        """The packed form of a state."""
        return self.packing.encode(state)


def names_in(code: CodeType) -> Iterator[str]:
    """The global names that a function's code uses, those of its inner expressions included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names_in(constant)


def with_limit(shape: Shape, limit: int) -> Shape:
    """The same shape, every scalar refusing what the compiled storage does not hold."""
    if isinstance(shape, Scalar):
        return replace(shape, limit=limit)
    if isinstance(shape, Vector):
        return replace(shape, element=with_limit(shape.element, limit))
    return replace(shape, fields=tuple((name, with_limit(inner, limit)) for name, inner in shape.fields))


def variants(spec: Spec) -> dict[str, Variant]:
    """The versions of a spec by name: the fixed one, its named variants, and each ablation alone."""
    named = {FIXED: Variant(FIXED, spec.doc)}
    named |= {v.name: v for v in spec.variants}
    for flag in cast("tuple[Ablation, ...]", spec.ablations):
        named[flag.name] = Variant(flag.name, flag.doc, (cast("bool", flag),), expects=flag.expects)
    return named


def at(spec: Spec, variant: str = FIXED, /, **bounds: int) -> Instance:
    """A spec at given bounds (the defaults where not given) and in a named variant.

    Raises SpecError, naming the bound or the variant, for one that does not exist or can't have that value.
    """
    declared = {b.name: b for b in cast("tuple[Bound, ...]", spec.bounds)}
    for name, value in bounds.items():
        if name not in declared:
            raise SpecError(f"{spec.name} has no bound {name!r}; it has {', '.join(declared) or 'none'}")
        declared[name].check(value)
    known = variants(spec)
    if variant not in known:
        raise SpecError(f"{spec.name} has no variant {variant!r}; it has {', '.join(known)}")
    values = {name: bounds.get(name, b.default) for name, b in declared.items()}
    return Instance(spec, values, known[variant])


__all__ = ["FIXED", "BoundAction", "Expect", "Finding", "Instance", "Step", "at", "evaluate", "variants"]

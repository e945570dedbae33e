"""Bounds and ablations: the module constants of a spec that get their values when it is instantiated.

Inside spec functions a bound is an int and an ablation a bool, as TLA+'s CONSTANTS are; in declarations bounds take
part in arithmetic. Used anywhere else they have no value, and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast


class SpecError(Exception):
    """A spec, a bound or a variant that can't be: the message names it, where it stands, and what would be right."""


class Expression:
    """Arithmetic over bounds, valued when the spec is instantiated."""

    def __init__(self, text: str, value: Callable[[Mapping[str, int]], int]) -> None:
        """`value` computes the expression from the values of all bounds; `text` is how it is shown."""
        self.text, self.value = text, value

    def __repr__(self) -> str:
        return self.text

    def _has_no_value(self, _other: object = None) -> bool:
        message = f"{self.text} has no value here: call the function of an instance, specs.instance.at(...), instead"
        raise SpecError(message)

    __lt__ = __le__ = __gt__ = __ge__ = _has_no_value

    def __index__(self) -> int:
        return self._has_no_value()

    def _combine(self, other: Operand, symbol: str, apply: Callable[[int, int], int]) -> Expression:
        return Expression(f"({self} {symbol} {other})", lambda b: apply(self.value(b), evaluate(other, b)))

    def __add__(self, other: Operand) -> Expression:
        return self._combine(other, "+", lambda a, b: a + b)

    def __sub__(self, other: Operand) -> Expression:
        return self._combine(other, "-", lambda a, b: a - b)

    def __mul__(self, other: Operand) -> Expression:
        return self._combine(other, "*", lambda a, b: a * b)

    def __neg__(self) -> Expression:
        return 0 - self

    def __radd__(self, other: int) -> Expression:
        return constant(other) + self

    def __rsub__(self, other: int) -> Expression:
        return constant(other) - self

    def __rmul__(self, other: int) -> Expression:
        return constant(other) * self


def constant(value: int) -> Expression:
    """A number as an expression."""
    return Expression(str(value), lambda _: value)


Operand = int | Expression


def evaluate(operand: Operand, bounds: Mapping[str, int]) -> int:
    """The value of an int or of an expression over bounds."""
    return operand.value(bounds) if isinstance(operand, Expression) else operand


class Bound(Expression):
    """A named constant that makes the state space finite; `low` and `high` are inclusive."""

    def __init__(self, name: str, default: int, low: int, high: int, doc: str) -> None:
        """Refuses a default outside its own range."""
        super().__init__(name, self._value_in)
        self.name, self.default, self.low, self.high, self.doc = name, default, low, high, doc
        self.check(default)

    def _value_in(self, bounds: Mapping[str, int]) -> int:
        if self.name not in bounds:
            message = f"bound {self.name} is used but is not among those of the spec: {', '.join(bounds) or 'none'}"
            raise SpecError(message)
        return bounds[self.name]

    def check(self, value: int) -> None:
        """Raise SpecError unless `value` is one that this bound can take."""
        if type(value) is not int or not self.low <= value <= self.high:
            message = f"bound {self.name}={value!r}: must be an integer from {self.low} to {self.high} ({self.doc})"
            raise SpecError(message)


def bound(name: str, default: int, *, low: int, high: int, doc: str) -> int:
    """Declare a bound. Inside spec functions it is an int; in declarations it takes part in arithmetic."""
    return cast("int", Bound(name, default, low, high, doc))


@dataclass(frozen=True, slots=True)
class Expect:
    """What a variant must break: `breaks` is the property, `depth` the actions of its shortest counterexample."""

    breaks: str
    depth: int
    bounds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ablation:
    """One guard of the fixed protocol that can be switched off; a bool inside spec functions."""

    name: str
    doc: str
    expects: tuple[Expect, ...] = ()

    def __bool__(self) -> bool:
        message = f"ablation {self.name} has no value here: call the function of an instance, specs.instance.at(...)"
        raise SpecError(message)


def ablation(name: str, doc: str, *expects: Expect) -> bool:
    """Declare an ablation: what is switched off, with its source, and what must break."""
    return cast("bool", Ablation(name, doc, expects))

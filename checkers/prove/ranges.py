"""What declared types say of symbolic values; the ends of a range are terms where they depend on open bounds.

Left out: sets and bags whose size depends on an open bound, which are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import z3

from checkers.prove.merging import Column
from checkers.prove.terms import Members, Number, truth
from specs.language import NONE, Array, Bag, FieldType, Id, Int, Maybe, Nested, Record, SetOf, SpecError, evaluate
from specs.shape import Scalar

Bounds = Mapping[str, Any]
"""An int for each bound, or a number that is not known."""


def limits(declared: Any, scalar: Scalar, value: Any, bounds: Bounds) -> Iterator[z3.BoolRef]:  # noqa: ANN401
    """That a value is in the range of its type."""
    if isinstance(value, Column):
        at = z3.Int("at!")
        inside = list(limits(declared, scalar, value.at(at), bounds))
        if inside:
            yield z3.ForAll([at], z3.And(*inside))
    elif isinstance(value, Members):
        none = value.is_none()
        yield z3.Implies(none, z3.Not(z3.Or(*value.terms))) if scalar.optional else z3.Not(none)
    elif isinstance(value, Number | int) and not isinstance(value, bool):
        yield truth(value >= lowest(declared, scalar, bounds))
        yield truth(value <= highest(declared, scalar, bounds))


def lowest(declared: Any, scalar: Scalar, bounds: Bounds) -> Any:  # noqa: ANN401 - an int or a number
    """The lower end of a type, which is its default; a field without a declared type has a known one."""
    if scalar.optional:
        return NONE
    return evaluate(declared.low, bounds) if isinstance(declared, Int) else scalar.low


def highest(declared: Any, scalar: Scalar, bounds: Bounds) -> Any:  # noqa: ANN401 - an int or a number
    """The inclusive upper end of a type."""
    inner = declared.inner if isinstance(declared, Maybe) else declared
    if isinstance(inner, Int):
        return evaluate(inner.high, bounds)
    return evaluate(inner.count, bounds) - 1 if isinstance(inner, Id) else scalar.high


def length_of(declared: Any, bounds: Bounds) -> Any:  # noqa: ANN401 - a declared array; a number
    """The length of an array."""
    length = getattr(declared, "length", 0)
    return evaluate(length.count if isinstance(length, Id) else length, bounds)


def refuse_open_sizes(fields: Iterable[tuple[str, FieldType[Any]]], bounds: Bounds) -> None:
    """SpecError if a set or a bag would have a size that is not known."""
    for where, declared in fields:
        inner = declared.inner if isinstance(declared, Maybe) else declared
        if isinstance(inner, SetOf | Bag) and is_open(inner, bounds):
            raise SpecError(f"{where}: the size of a set or of a bag can't depend on a bound that is left open")
        record = record_in(inner)
        if record is not None:
            refuse_open_sizes(((f"{where}.{name}", field) for name, field in record.fields.items()), bounds)
        elif isinstance(inner, Array):
            refuse_open_sizes([(f"{where}[]", inner.element)], bounds)


def is_open(declared: Any, bounds: Bounds) -> bool:  # noqa: ANN401 - a declared type
    """Whether the values or the size of a type depend on what is not known."""
    if isinstance(declared, SetOf):
        return is_open(declared.element, bounds)
    if isinstance(declared, Bag):
        return isinstance(evaluate(declared.size, bounds), Number)
    ends = (declared.low, declared.high) if isinstance(declared, Int) else (declared.count,)
    return any(isinstance(evaluate(end, bounds), Number) for end in ends)


def record_in(declared: Any) -> type[Record] | None:  # noqa: ANN401 - a declared type
    """The record class that a type is made of, if it is."""
    named = {Nested: "record", Bag: "message", Array: "element"}
    found = getattr(declared, named.get(type(declared), ""), None)
    return found if isinstance(found, type) and issubclass(found, Record) else None

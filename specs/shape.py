"""What follows from a declared state once the bounds are known: defaults, packing, canonical order, printing, diffs.

A `Struct` is a record class under given bounds; its leaves are the scalars in it, in order. The packed form of a state
is a tuple of 64-bit words in which every leaf has just the bits that its range needs; it is the identity of a state
everywhere (the explorer stores nothing else), and the compiled code packs in exactly this way.

Left out: the numpy dtype, symmetry and Z3 variables, which the engines derive from these shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from specs.language import (
    NONE,
    Array,
    Bag,
    BagOf,
    Bool,
    FieldType,
    Id,
    Int,
    Items,
    Maybe,
    Nested,
    OutOfRange,
    Record,
    SetOf,
    SpecError,
    evaluate,
)

MAX_SET = 62
MAX_INT = 1 << 61
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Scalar:
    """An integer from `low` to `high` inclusive, -1 meaning none when `optional`."""

    low: int
    high: int
    kind: str
    """What the value is: "int", "bool", "set", or the kind of an Id."""
    optional: bool = False
    is_id: bool = False
    element: Scalar | None = None
    limit: int = 127
    """The largest magnitude that the compiled storage of the whole state holds; set by the instance."""

    @property
    def bits(self) -> int:
        """How many bits the packed form takes."""
        return (self.high - self.low).bit_length()

    def default(self) -> int:
        """None if optional, else the lowest value."""
        return self.low

    def stored(self, value: object, where: str) -> int:
        """The value as an int; any that the storage holds, since ranges are checked at the end of an action."""
        if not isinstance(value, int):
            message = f"{where} = {value!r}: a field takes an int or a bool"
            raise SpecError(message)
        if not -self.limit - 1 <= value <= self.limit:
            message = f"{where} = {value} leaves its range {self.low}..{self.high}"
            raise OutOfRange(message)
        return int(value)

    def leaves(self, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
        """The scalar itself."""
        yield path, self

    def show(self, value: int) -> str:
        """How the value is printed."""
        if self.optional and value == NONE:
            return "none"
        if self.kind == "bool":
            return "true" if value else "false"
        if self.element is not None:
            members = [self.element.show(m) for m in range(value.bit_length()) if value >> m & 1]
            return "{" + ",".join(members) + "}"
        return str(value)


@dataclass(frozen=True)
class Vector:
    """`length` values of one shape; `index` is the kind of Id that indexes it, if one does."""

    element: Shape
    length: int
    index: str | None

    def default(self) -> Items[Any]:
        """All elements at their default."""
        return Items([self.element.default() for _ in range(self.length)], self.element.stored)

    def stored(self, value: object, where: str) -> Items[Any]:
        """A copy."""
        if not isinstance(value, Items) or len(value) != self.length:
            message = f"{where} = {value!r}: takes an array of {self.length}"
            raise SpecError(message)
        return Items([self.element.stored(v, where) for v in value.values], self.element.stored)

    def leaves(self, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
        """Those of the elements, in order."""
        for index in range(self.length):
            yield from self.element.leaves((*path, index))

    def show(self, value: Items[Any]) -> str:
        """How the value is printed."""
        return "[" + " ".join(self.element.show(v) for v in value.values) + "]"


@dataclass(frozen=True)
class Struct:
    """A record class under given bounds. `bag` tells that items beyond the count don't matter, nor does their order."""

    name: str
    record: type[Record]
    fields: tuple[tuple[str, Shape], ...]
    bag: bool = False

    def default(self) -> Record:
        """A new record with every field at its default."""
        return self.record(self)

    def shape_of(self, name: str) -> Shape:
        """The shape of a field."""
        return self.by_name[name]

    @cached_property
    def by_name(self) -> dict[str, Shape]:
        """The fields by name."""
        return dict(self.fields)

    def stored(self, value: object, where: str) -> Record:
        """A copy."""
        if not isinstance(value, Record) or value.struct.record is not self.record:
            message = f"{where} = {value!r}: takes a {self.name}"
            raise SpecError(message)
        copy = self.default()
        for name, shape in self.fields:
            copy.values[name] = shape.stored(value.values[name], f"{where}.{name}")
        return copy

    def leaves(self, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
        """Those of the fields, in order; a bag's blank slot is none of them."""
        for name, shape in self.fields:
            if self.bag and isinstance(shape, Vector):
                for index in range(shape.length - 1):
                    yield from shape.element.leaves((*path, name, index))
            else:
                yield from shape.leaves((*path, name))

    def show(self, value: Record) -> str:
        """How the record is printed."""
        if self.bag:
            items = self.by_name["items"]
            assert isinstance(items, Vector)
            shown = [items.element.show(value.values["items"].values[i]) for i in range(value.values["count"])]
            return "{" + ", ".join(shown) + "}"
        return "(" + " ".join(f"{name}={shape.show(value.values[name])}" for name, shape in self.fields) + ")"


Shape = Any
"""A Scalar, a Vector or a Struct (mypy has no recursive union of dataclasses that stays readable)."""


def resolve_int(field: Int, bounds: Mapping[str, int], where: str) -> Scalar:
    """The range of an integer under given bounds."""
    low, high = evaluate(field.low, bounds), evaluate(field.high, bounds)
    shown = f"{where}: Int({field.low}, {field.high}) is {low}..{high} at these bounds"
    if low > high:
        raise SpecError(f"{shown}, which holds no value")
    if low < -MAX_INT or high > MAX_INT:
        raise SpecError(f"{shown}; the limit is 2**61")
    return Scalar(low, high, "int")


def resolve_scalar(field: FieldType[Any], bounds: Mapping[str, int], where: str) -> Scalar:
    """The range of a scalar type under given bounds; `where` names the field in errors."""
    if isinstance(field, Bool):
        return Scalar(0, 1, "bool")
    if isinstance(field, Maybe):
        inner = resolve_scalar(field.inner, bounds, where)
        if inner.low < 0:
            message = f"{where}: Maybe of a range that holds {inner.low}; -1 means none, so it must start at 0 or above"
            raise SpecError(message)
        return Scalar(NONE, inner.high, inner.kind, optional=True, is_id=inner.is_id, element=inner.element)
    if isinstance(field, Id):
        members = evaluate(field.count, bounds)
        if members < 1:
            message = f"{where}: {members} of {field.kind} at these bounds; there must be one at least"
            raise SpecError(message)
        return Scalar(0, members - 1, field.kind, is_id=True)
    if isinstance(field, SetOf):
        element = resolve_scalar(field.element, bounds, where)
        if element.low != 0 or element.high >= MAX_SET:
            message = (
                f"{where}: a set of {element.low}..{element.high}; members must be from 0 to {MAX_SET - 1} at most"
            )
            raise SpecError(message)
        return Scalar(0, (1 << (element.high + 1)) - 1, "set", element=element)
    if isinstance(field, Int):
        return resolve_int(field, bounds, where)
    message = f"{where}: {field!r} is not a scalar type"
    raise SpecError(message)


def resolve(field: Any, bounds: Mapping[str, int], where: str) -> Shape:  # noqa: ANN401 - a field type or a class
    """The shape of a declared field, or of a record class, under given bounds."""
    if isinstance(field, type) and issubclass(field, Record):
        inner = tuple((name, resolve(f, bounds, f"{where}.{name}")) for name, f in field.fields.items())
        return Struct(field.__name__, field, inner)
    if isinstance(field, Nested):
        return resolve(field.record, bounds, where)
    if isinstance(field, Bag):
        size = evaluate(field.size, bounds)
        message = resolve(field.message, bounds, where)
        if size < 1:
            raise SpecError(f"{where}: a bag of {size} at these bounds; it must hold one message at least")
        if holds_bag(message):
            raise SpecError(f"{where}: a message of type {message.name} holds a bag, which messages can't")
        items = Vector(message, size + 1, None)
        return Struct(
            f"Bag[{field.message.__name__}]", BagOf, (("count", Scalar(0, size, "int")), ("items", items)), bag=True
        )
    if isinstance(field, Array):
        index = field.length.kind if isinstance(field.length, Id) else None
        length = evaluate(field.length.count if isinstance(field.length, Id) else field.length, bounds)
        if length < 1:
            message = f"{where}: an array of {length} at these bounds; it needs at least one element"
            raise SpecError(message)
        return Vector(resolve(field.element, bounds, where), length, index)
    return resolve_scalar(field, bounds, where)


def holds_bag(shape: Shape) -> bool:
    """Whether there is a bag in it."""
    if isinstance(shape, Vector):
        return holds_bag(shape.element)
    return isinstance(shape, Struct) and (shape.bag or any(holds_bag(inner) for _, inner in shape.fields))


def value_at(record: Any, path: Path) -> Any:  # noqa: ANN401 - whatever the path leads to
    """The value that a path of field names and indexes leads to."""
    for step in path:
        record = record.values[step]
    return record


def show_path(path: Path) -> str:
    """A path as it is written in a spec: replicas[0].log[1].epoch."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")

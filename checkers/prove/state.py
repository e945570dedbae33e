"""A spec's state on symbolic values: records and arrays over cells.

Reading at an index that is not known gives an if-then-else over the elements, writing changes each of them under its
condition; neither forks. A record of an array at such an index is a `View` of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import z3

from checkers.prove.forks import suppose
from checkers.prove.merging import chosen, integer
from checkers.prove.terms import Members, Number, Truth, truth
from specs.language import FieldType, OutOfRange, SpecError
from specs.shape import Scalar, Shape, Struct, Vector


class Cell:
    """One scalar of the state, or one column of a table. `declared` is its type, whose ends may be unknown."""

    __slots__ = ("declared", "path", "scalar", "value")

    def __init__(self, path: str, scalar: Scalar, declared: FieldType[Any], value: Any) -> None:  # noqa: ANN401
        self.path, self.scalar, self.declared, self.value = path, scalar, declared, value


class Maker(Protocol):
    """How the values of a state come to be."""

    def value(self, path: str, scalar: Scalar) -> Any:  # noqa: ANN401 - a number, truth or set
        """An unknown scalar."""

    def column(self, path: str, scalar: Scalar) -> Any:  # noqa: ANN401 - a column
        """An unknown scalar for each index."""

    def limits(self, declared: Any, scalar: Scalar, value: Any) -> Iterator[z3.BoolRef]:  # noqa: ANN401 - a value
        """That a value is in the range of its type."""

    def length(self, declared: Any) -> Any:  # noqa: ANN401 - a declared array; a number
        """The length of an array, which may not be known."""


class SymbolicRecord:
    """A record: scalars in cells, records and arrays below."""

    __slots__ = ("_struct", "values")

    def __init__(self, struct: Struct, maker: Maker, path: str = "") -> None:
        object.__setattr__(self, "_struct", struct)
        declared = declared_fields(struct)
        prefix = f"{path}." if path else ""
        inner = {name: built(shape, declared.get(name), maker, prefix + name) for name, shape in struct.fields}
        object.__setattr__(self, "values", inner)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the field says
        return read(self.values[name]) if name in self.values else missing(self._struct, name)

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 - as the field says
        write(self.values[name] if name in self.values else missing(self._struct, name), value)

    def merged_with(self, condition: z3.BoolRef, other: Any) -> View:  # noqa: ANN401 - a record or a view
        """The record where the condition holds, the other elsewhere."""
        return View(((condition, self), (z3.Not(condition), other)))


class SymbolicItems:
    """An array."""

    __slots__ = ("elements",)

    def __init__(self, vector: Vector, element: Any, maker: Maker, path: str) -> None:  # noqa: ANN401 - a type
        self.elements = [built(vector.element, element, maker, f"{path}[{i}]") for i in range(vector.length)]

    def __len__(self) -> int:
        return len(self.elements)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - a number; an element
        known = checked_index(index, len(self.elements))
        if known is not None:
            return read(self.elements[known])
        alternatives = [((index == i).term, read(e)) for i, e in enumerate(self.elements)]
        return merged_alternatives(alternatives)

    def __setitem__(self, index: Any, value: Any) -> None:  # noqa: ANN401 - a number; an element
        known = checked_index(index, len(self.elements))
        if known is not None:
            write(self.elements[known], value)
            return
        copies = copied(value)
        for i, element in enumerate(self.elements):
            write(element, copies, (index == i).term)


class Table:
    """An array of unknown length, of records of scalars: a column for each of their fields."""

    __slots__ = ("columns", "length", "maker", "struct")

    def __init__(self, vector: Vector, length: Number, maker: Maker, path: str) -> None:
        self.struct, self.length, self.maker = vector.element, length, maker
        declared = declared_fields(self.struct)
        self.columns: dict[str, Cell] = {
            name: Cell(f"{path}[].{name}", scalar, declared[name], maker.column(f"{path}[].{name}", scalar))
            for name, scalar in self.struct.fields
        }

    def __getitem__(self, index: Any) -> Row:  # noqa: ANN401 - a number
        if not Truth(z3.And(truth(index >= 0), truth(index < self.length))):
            raise OutOfRange(f"index {index} is outside 0..{self.length - 1}")
        return Row(self, index)


class Row:
    """A record of a table, at an index within it. What is read from a table as it was at first is in range."""

    __slots__ = ("_index", "_table")

    def __init__(self, table: Table, index: Any) -> None:  # noqa: ANN401 - a number
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "_index", index.term if isinstance(index, Number) else z3.IntVal(index))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the field says
        table: Table = self._table
        if name not in table.columns:
            return missing(table.struct, name)
        cell = table.columns[name]
        value = cell.value.at(self._index)
        if all(z3.is_const(array) and array.decl().kind() == z3.Z3_OP_UNINTERPRETED for array in cell.value.arrays):
            suppose(*table.maker.limits(cell.declared, cell.scalar, value))
        return value

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 - as the field says
        table: Table = self._table
        cell = table.columns[name] if name in table.columns else missing(table.struct, name)
        cell.value = cell.value.with_at(self._index, as_declared(cell.scalar, value))


class View:
    """One of several records or arrays, each under its condition; exactly one condition holds."""

    __slots__ = ("_alternatives",)
    _alternatives: tuple[tuple[z3.BoolRef, Any], ...]

    def __init__(self, alternatives: tuple[tuple[z3.BoolRef, Any], ...]) -> None:
        """Of the views among them, the alternatives are taken."""
        object.__setattr__(self, "_alternatives", tuple(pair for c, a in alternatives for pair in under(c, a)))

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the field says
        return merged_alternatives([(c, getattr(r, name)) for c, r in self._alternatives])

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401 - as the field says
        copies = copied(value)
        for condition, record in self._alternatives:
            write(record.values[name] if name in record.values else missing(record._struct, name), copies, condition)

    def __len__(self) -> int:
        return len(self._alternatives[0][1])

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - a number; an element
        return merged_alternatives([(c, items[index]) for c, items in self._alternatives])

    def __setitem__(self, index: Any, value: Any) -> None:  # noqa: ANN401 - a number; an element
        known, copies = checked_index(index, len(self)), copied(value)
        for condition, items in self._alternatives:
            for i, element in enumerate(items.elements):
                if known is None:
                    write(element, copies, z3.And(condition, (index == i).term))
                elif i == known:
                    write(element, copies, condition)

    def merged_with(self, condition: z3.BoolRef, other: Any) -> View:  # noqa: ANN401 - a record or a view
        """The view where the condition holds, the other elsewhere."""
        return View(((condition, self), (z3.Not(condition), other)))


def under(condition: z3.BoolRef, alternative: Any) -> Iterator[tuple[z3.BoolRef, Any]]:  # noqa: ANN401
    """A record or an array under a condition; of a view, each of its alternatives."""
    if isinstance(alternative, View):
        yield from ((z3.And(condition, c), a) for c, a in alternative._alternatives)
    else:
        yield condition, alternative


def declared_fields(struct: Struct) -> dict[str, Any]:
    """The declared types of a record's fields; of a bag, nothing is known here."""
    return {} if struct.bag else dict(struct.record.fields)


def is_bag(record: SymbolicRecord) -> bool:
    """Whether it is a count with slots, of which those past the count don't matter."""
    return bool(record._struct.bag)


def built(shape: Shape, declared: Any, maker: Maker, path: str) -> Any:  # noqa: ANN401 - a cell, record, array, table
    """The symbolic form of a shape, declared as a field type or a record class."""
    if isinstance(shape, Scalar):
        return Cell(path, shape, declared, maker.value(path, shape))
    if isinstance(shape, Struct):
        return SymbolicRecord(shape, maker, path)
    length = maker.length(declared)
    if isinstance(length, Number):
        return Table(shape, length, maker, path)
    return SymbolicItems(shape, getattr(declared, "element", None), maker, path)


def cells_of(node: Any) -> Iterator[Cell]:  # noqa: ANN401 - a cell, record or array
    """The cells in order of declaration."""
    if isinstance(node, Cell):
        yield node
    elif isinstance(node, SymbolicRecord):
        for inner in node.values.values():
            yield from cells_of(inner)
    elif isinstance(node, Table):
        yield from node.columns.values()
    else:
        for element in node.elements:
            yield from cells_of(element)


def read(node: Any) -> Any:  # noqa: ANN401 - a cell, record or array
    """What spec code sees."""
    return node.value if isinstance(node, Cell) else node


def write(node: Any, value: Any, condition: z3.BoolRef | None = None) -> None:  # noqa: ANN401
    """Write a scalar, or copy a record or an array; where a condition is given, only where it holds."""
    if isinstance(node, Cell):
        value = as_declared(node.scalar, value)
        node.value = value if condition is None else chosen(condition, value, node.value)
        return
    for cell, one in zip(cells_of(node), copied(value), strict=True):
        write(cell, one, condition)


def copied(value: Any) -> Any:  # noqa: ANN401 - a scalar, or the values of a record or array
    """The values in a record or an array; a scalar as it is."""
    if isinstance(value, SymbolicRecord | SymbolicItems):
        return [cell.value for cell in cells_of(value)]
    if isinstance(value, View):
        lists = [(c, copied(r)) for c, r in value._alternatives]
        return [merged_alternatives([(c, values[k]) for c, values in lists]) for k in range(len(lists[0][1]))]
    return value


def as_declared(scalar: Scalar, value: Any) -> Any:  # noqa: ANN401 - as the field says
    """The value as its field keeps it: a bool as a truth, a set as one."""
    if scalar.kind == "bool":
        if not isinstance(value, Truth) and value not in (0, 1):
            raise SpecError(f"{value!r} is put into a bool")
        return value if isinstance(value, Truth) else bool(value)
    if scalar.kind == "set" or isinstance(value, Members):
        return value
    if isinstance(value, Truth):
        return Number(integer(value))
    return int(value) if isinstance(value, bool) else value


def merged_alternatives(alternatives: Sequence[tuple[z3.BoolRef, Any]]) -> Any:  # noqa: ANN401
    """The one value whose condition holds."""
    if isinstance(alternatives[0][1], SymbolicRecord | SymbolicItems | View):
        return View(tuple(alternatives))
    result = alternatives[-1][1]
    for condition, value in reversed(alternatives[:-1]):
        result = chosen(condition, value, result)
    return result


def checked_index(index: Any, length: int) -> int | None:  # noqa: ANN401 - a number
    """The index if it is known; None if it is not, on paths where it is in range. OutOfRange on the others."""
    if isinstance(index, Number):
        simple = z3.simplify(index.term)
        if not isinstance(simple, z3.IntNumRef | z3.BitVecNumRef):
            if not (index >= 0) & (index < length):
                raise OutOfRange(f"index {simple} is outside 0..{length - 1}")
            return None
        index = index.__index__()
    if not 0 <= index < length:
        raise OutOfRange(f"index {index} is outside 0..{length - 1}")
    return int(index)


def missing(struct: Struct, name: str) -> Any:  # noqa: ANN401 - never returns
    """Refuse a field that is not there."""
    if name.startswith("__"):
        raise AttributeError(name)
    raise SpecError(f"{struct.name} has no field {name!r}; it has {', '.join(n for n, _ in struct.fields)}")

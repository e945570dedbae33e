"""What changed, as short texts in columns: one a replica (or whatever the spec draws a column of), one for the rest.

Everything follows from the shape of the state: a nested record is shown once with its changed fields in brackets, a
small record in an array as a whole, a network by the messages that came and went. A record class may ask for more with
`specs.drawn`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from specs.drawn import Drawn, drawn_of
from specs.instance import Instance
from specs.language import Items, Record
from specs.shape import Scalar, Shape, Struct, Vector

WHOLE_RECORD = 4
"""A record in an array of at most so many fields, all scalar, is shown whole when it changes."""
UNLABELLED = "\0"
"""Starts a text that speaks for itself, until the text has its place."""


@dataclass(frozen=True, slots=True)
class Columns:
    """How a state is spread over columns: the fields that have a cell in each, and those that share the first."""

    titles: tuple[str, ...]
    """Empty if all fields share one column."""
    spread: tuple[str, ...]
    """The arrays that are spread: the one that the spec names, and those that the same things index."""
    shared: tuple[str, ...]


def columns_of(instance: Instance) -> Columns:
    """The columns that a spec asks for; a single shared one if it asks for none."""
    fields = instance.struct.by_name
    main = fields.get(instance.spec.columns or "")
    if not isinstance(main, Vector):
        return Columns((), (), tuple(fields))
    alike = [name for name, shape in fields.items() if shape is main or _alike(shape, main)]
    title = main.index or str(instance.spec.columns).removesuffix("s")
    titles = tuple(f"{title} {index}" for index in range(main.length))
    return Columns(titles, tuple(alike), tuple(name for name in fields if name not in alike))


def _alike(shape: Shape, main: Vector) -> bool:
    """Whether a field is an array that the same things index."""
    if not isinstance(shape, Vector) or main.index is None:
        return False
    return (shape.index, shape.length) == (main.index, main.length)


def one_column(instance: Instance) -> Columns:
    """All fields in one column, by their full paths."""
    return Columns((), (), tuple(instance.struct.by_name))


class Cells:
    """The texts of one instance's states."""

    def __init__(self, instance: Instance, columns: Columns) -> None:
        """The first cell is the shared one, even where nothing is shared."""
        self.instance, self.columns = instance, columns
        self.shapes = instance.struct.by_name

    def changes(self, before: Record, after: Record) -> list[str]:
        """What a step changed: the shared cell, then one a column."""
        shared = [
            token
            for name in self.columns.shared
            for token in self._changed(self.shapes[name], before.values[name], after.values[name], name)
        ]
        cells = [" ".join(shared)]
        for index in range(len(self.columns.titles)):
            tokens: list[str] = []
            for name in self.columns.spread:
                shape = self.shapes[name].element
                tokens += self._column(shape, before.values[name].values[index], after.values[name].values[index], name)
            cells.append(" ".join(tokens))
        return [cell.replace(UNLABELLED, "") for cell in cells]

    def whole(self, state: Record) -> list[str]:
        """A whole state: the shared cell, then one a column."""
        cells = [" ".join(f"{n}={self.show(self.shapes[n], state.values[n])}" for n in self.columns.shared)]
        for index in range(len(self.columns.titles)):
            tokens: list[str] = []
            for name in self.columns.spread:
                shape, value = self.shapes[name].element, state.values[name].values[index]
                if isinstance(shape, Struct) and not shape.bag:
                    tokens += self._fields(shape, value)
                else:
                    tokens.append(f"{name}={self.show(shape, value)}")
            cells.append(" ".join(tokens))
        return [cell.replace(UNLABELLED, "") for cell in cells]

    # -------------------------------------------------------------------------------------------------- what changed

    def _column(self, shape: Shape, before: Any, after: Any, name: str) -> list[str]:  # noqa: ANN401 - any field's value
        if isinstance(shape, Struct) and not shape.bag and name == self.instance.spec.columns:
            return list(self._changed_fields(shape, before, after))
        return list(self._changed(shape, before, after, name))

    def _changed(self, shape: Shape, before: Any, after: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - as above
        if before == after:
            return
        if isinstance(shape, Scalar):
            yield f"{name}={shape.show(after)}"
        elif isinstance(shape, Vector):
            yield from self._changed_elements(shape, before, after, name)
        elif shape.bag:
            yield from self._messages(shape, before, after, name)
        else:
            tokens = list(self._changed_fields(shape, before, after))
            yield f"{name}({' '.join(tokens)})" if len(tokens) > 1 else _joined(name, tokens[0])

    def _changed_elements(self, shape: Vector, before: Items[Any], after: Items[Any], name: str) -> Iterator[str]:
        for index, (old, new) in enumerate(zip(before.values, after.values, strict=True)):
            if old != new and is_small(shape.element):
                yield f"{name}[{index}]={self.show(shape.element, new)}"
            else:
                yield from self._changed(shape.element, old, new, f"{name}[{index}]")

    def _messages(self, shape: Struct, before: Record, after: Record, name: str) -> Iterator[str]:
        element = shape.by_name["items"].element
        old, new = (
            [self.show(element, bag.values["items"].values[i]) for i in range(bag.values["count"])]
            for bag in (before, after)
        )
        for message in _less(new, old):
            yield f"{name}+{message}"
        for message in _less(old, new):
            yield f"{name}-{message}"

    def _changed_fields(self, shape: Struct, before: Record, after: Record) -> Iterator[str]:
        covered: set[str] = set()
        for drawn in drawn_of(shape.record):
            covered.update(drawn.fields)
            if any(before.values[name] != after.values[name] for name in drawn.fields):
                yield self._drawn(drawn, after)
        for name, inner in shape.fields:
            if name not in covered:
                yield from self._changed(inner, before.values[name], after.values[name], name)

    # --------------------------------------------------------------------------------------------------- whole values

    def _drawn(self, drawn: Drawn, value: Record) -> str:
        text = str(self.instance.rebind(drawn.text)(value))
        return f"{drawn.label}={text}" if drawn.label else f"{UNLABELLED}{text}"

    def _fields(self, shape: Struct, value: Record) -> list[str]:
        asked = drawn_of(shape.record)
        covered = {name for drawn in asked for name in drawn.fields}
        tokens = [self._drawn(drawn, value) for drawn in asked]
        return tokens + [f"{n}={self.show(s, value.values[n])}" for n, s in shape.fields if n not in covered]

    def show(self, shape: Shape, value: Any) -> str:  # noqa: ANN401 - any field's value
        """A value as it is printed, its records as they want to be drawn."""
        if isinstance(shape, Scalar):
            return shape.show(value)
        if isinstance(shape, Vector):
            return "[" + " ".join(self.show(shape.element, v) for v in value.values) + "]"
        if shape.bag:
            items = value.values["items"].values[: value.values["count"]]
            return "{" + ", ".join(self.show(shape.by_name["items"].element, v) for v in items) + "}"
        tokens = self._fields(shape, value)
        return tokens[0] if len(tokens) == 1 and drawn_of(shape.record) else f"({' '.join(tokens)})"


def _joined(name: str, token: str) -> str:
    """A field of a record with the only thing in it that changed."""
    return f"{name}={token.removeprefix(UNLABELLED)}" if token.startswith(UNLABELLED) else f"{name}.{token}"


def is_small(shape: Shape) -> bool:
    """Whether a record is better shown whole than by its changed fields."""
    if not isinstance(shape, Struct) or shape.bag:
        return False
    return len(shape.fields) <= WHOLE_RECORD and all(isinstance(inner, Scalar) for _, inner in shape.fields)


def _less(messages: list[str], others: list[str]) -> list[str]:
    """The messages that are not among the others, each counted as often as it is there."""
    rest = list(others)
    left: list[str] = []
    for message in messages:
        if message in rest:
            rest.remove(message)
        else:
            left.append(message)
    return left

"""JSON from strangers: read within limits, every field checked where it stands, every error naming the place.

A `Node` is a value with its file and its place in it (`steps[3].parameters.leader`), so that whoever takes it apart
can refuse it with a message that shows where, what, and what would be right.

Source: RFC 8259. Refused although a Python parser takes it: repeated keys, NaN and Infinity.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from checkers.verdict import UserError

MAX_BYTES = 64 << 20
MAX_SHOWN = 60
MAX_INTEGER = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value, its file, and its place in the file ("" for the whole)."""

    value: object
    file: str
    place: str = ""

    def refuse(self, right: str) -> NoReturn:
        """Raise UserError: the place, the value, and what would be right."""
        if not self.place:
            raise UserError(f"{self.file}: {right}")
        raise UserError(f"{self.file}: {self.place} = {shown(self.value)}: {right}")

    def fields(self, required: Sequence[str], optional: Collection[str] = ()) -> dict[str, Node]:
        """The fields of an object that has all that are required and none that is not known."""
        found = self.mapping()
        for name in required:
            if name not in found:
                self._name_the_whole(f"lacks the field {json.dumps(name)}")
        for name, node in found.items():
            if name not in required and name not in optional:
                node.refuse(f"there is no such field here; there are {', '.join((*required, *sorted(optional)))}")
        return found

    def _name_the_whole(self, problem: str) -> NoReturn:
        raise UserError(f"{self.file}: {self.place or 'the object'} {problem}")

    def mapping(self) -> dict[str, Node]:
        """The members of an object with any keys."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        return {key: Node(value, self.file, self._below(key)) for key, value in self.value.items()}

    def _below(self, key: str) -> str:
        if not key.isidentifier():
            return f"{self.place}[{shown(key)}]"
        return f"{self.place}.{key}" if self.place else key

    def items(self) -> list[Node]:
        """The elements of an array."""
        if not isinstance(self.value, list):
            self.refuse("must be an array")
        return [Node(value, self.file, f"{self.place}[{index}]") for index, value in enumerate(self.value)]

    def integer(self) -> int:
        """An integer of at most 64 bits, not a bool and not 1.0."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or abs(self.value) > MAX_INTEGER:
            self.refuse("must be an integer of at most 64 bits")
        return self.value

    def text(self) -> str:
        """A string of printable characters, spaces and newlines: it may be shown on a terminal as it is."""
        if not isinstance(self.value, str) or not all(c.isprintable() or c == "\n" for c in self.value):
            self.refuse("must be a string of printable characters")
        return self.value

    def exactly(self, right: object) -> None:
        """Refuse every value but one."""
        if type(self.value) is not type(right) or self.value != right:
            self.refuse(f"must be {json.dumps(right)}")


def shown(value: object) -> str:
    """A value as JSON, cut to a length that fits a message."""
    try:
        text = json.dumps(value)
    except (RecursionError, ValueError):
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def read_json(path: Path) -> Node:
    """The JSON value that a file holds. Raises UserError, naming file, line and column."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MAX_BYTES:
        raise UserError(f"{path}: is larger than {MAX_BYTES >> 20} MiB, the most that is read")
    return parse_json(data, str(path))


def parse_json(data: bytes, file: str) -> Node:
    """The JSON value in some bytes; `file` names them in errors."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: byte {error.start} is not UTF-8; JSON must be") from error
    try:
        return Node(json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant), file)
    except json.JSONDecodeError as error:
        raise UserError(f"{file}, line {error.lineno}, column {error.colno}: is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise UserError(f"{file}: is nested too deeply") from error
    except ValueError as error:
        raise UserError(f"{file}: is not JSON that can be read: {str(error).partition(';')[0]}") from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        message = f"the key {shown(next(key for key in keys if keys.count(key) > 1))} is there twice in one object"
        raise ValueError(message)
    return found


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not a number in JSON"
    raise ValueError(message)

"""The micro-operations of a transaction: sends, polls and the offsets that are sent to it, as rows.

Which forms there are is documented in `checkers.history.json_lines`.

Source: the micro-operations of jepsen.tests.kafka, and the commit of offsets with a transaction (KIP-98).
"""

from __future__ import annotations

from typing import Any, TypeGuard

from checkers.history.cells import Cells
from checkers.history.history import NIL, EventType, Json, Kind

MICRO_OPERATION = (
    'must be a micro-operation: ["send", key, value], ["poll"], ["poll", {key: [[offset, value], ...]}] or '
)
MICRO_OPERATION += '["commit", {key: offset}]'


class MicroOperations:
    """Appends the rows of transactions to a builder."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._row = cells.builder.row
        self._value = cells.builder.value

    def transaction(self, type: EventType, value: Json) -> None:  # noqa: A002
        """The rows of a list of micro-operations."""
        invoked = type == EventType.INVOKE
        for number, operation in enumerate(self._cells.elements(value, "value", "must be a list of micro-operations")):
            match operation:
                case ["send", key, content]:
                    self._send(key, content, number, invoked=invoked)
                case ["poll"] | ["poll", None]:
                    self._row(Kind.POLL)
                case ["poll", dict() as records] if not invoked:
                    self._poll(records, number)
                case ["commit", dict() as offsets]:
                    for key, offset, place in self._cells.by_key(offsets, f"value[{number}][1]", ""):
                        self._row(Kind.COMMIT, key, self._cells.offset(offset, place))
                case ["poll", dict()]:
                    self._cells.refuse(f"value[{number}][1]", operation[1], "an invoke has no records yet")
                case _:
                    self._cells.refuse(f"value[{number}]", operation, MICRO_OPERATION)

    def _send(self, key: Json, content: Json, number: int, *, invoked: bool) -> None:
        code = self._cells.key(key, f"value[{number}][1]")
        if invoked or not has_offset(content):
            self._row(Kind.SEND, code, NIL, self._value(content))
            return
        offset = self._cells.offset_or_null(content[0], f"value[{number}][2][0]")
        self._row(Kind.SEND, code, offset, self._value(content[1]))

    def _poll(self, records: dict[str, Any], number: int) -> None:
        self._row(Kind.POLL)
        place = f"value[{number}][1]"
        for key, found, below in self._cells.by_key(records, place, ""):
            for count, record in enumerate(self._cells.elements(found, below, "must be a list of [offset, value]")):
                pair = self._cells.elements_of(2, record, f"{below}[{count}]", "must be [offset, value]")
                offset = self._cells.offset_or_null(pair[0], f"{below}[{count}][0]")
                self._row(Kind.RECORD, key, offset, self._value(pair[1]))


def has_offset(content: Json) -> TypeGuard[list[Any]]:
    """Whether the value of a completed send is [offset or null, value]."""
    return type(content) is list and len(content) == 2 and (content[0] is None or type(content[0]) is int)

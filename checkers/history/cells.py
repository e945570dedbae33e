"""Keys and offsets as numbers: each is checked where it stands, and refused with its place and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn, cast

from checkers.history.history import NIL, HistoryBuilder, Json
from checkers.strict_json import MAX_INTEGER, shown
from checkers.verdict import UserError

DIGITS_MAX = len(str(MAX_INTEGER))
OFFSET = "must be an offset: an integer from 0 to 2^63 - 1"
KEY = "must be a key: a string or an integer of at most 64 bits"


def key_name(key: Json) -> int | str | None:
    """What a key is called: a string that is the text of an integer is that integer. None if it can't be a key.

    In JSON the members of an object have strings as names, so a key that was sent as 3 comes back as "3" from a poll.
    """
    if type(key) is str:
        digits = key.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
            return key
        number = int(key)
        return number if str(number) == key and abs(number) <= MAX_INTEGER else key
    return key if type(key) is int and abs(key) <= MAX_INTEGER else None


class Cells:
    """Puts keys, offsets and values of one builder's events into numbers."""

    def __init__(self, builder: HistoryBuilder) -> None:
        self.builder = builder
        self.key_codes: dict[int | str, int] = {}
        """The codes of keys as they were written; 3 and "3" have the same."""

    def refuse(self, place: str, value: Json, right: str) -> NoReturn:
        """Raise UserError: where, what, and what would be right."""
        raise UserError(f"{self.builder.where()}: {place} = {shown(value)}: {right}")

    def key(self, key: Json, place: str) -> int:
        """The code of a key."""
        if type(key) is str or type(key) is int:  # a bool or a float must not be found as the integer that it equals
            code = self.key_codes.get(key)
            if code is not None:
                return code
        name = key_name(key)
        if name is None:
            self.refuse(place, key, KEY)
        code = self.builder.keys.code(name)
        self.key_codes[cast("int | str", key)] = code
        return code

    def offset(self, offset: Json, place: str) -> int:
        """An offset, as it is."""
        if type(offset) is not int or not 0 <= offset <= MAX_INTEGER:
            self.refuse(place, offset, OFFSET)
        return offset

    def offset_or_null(self, offset: Json, place: str) -> int:
        """An offset as it is; NIL for null."""
        if offset is None:
            return NIL
        if type(offset) is not int or not 0 <= offset <= MAX_INTEGER:
            self.refuse(place, offset, f"{OFFSET}, or null")
        return offset

    def elements(self, value: Json, place: str, right: str) -> list[Any]:
        """The elements of a value that must be a list."""
        if type(value) is not list:
            self.refuse(place, value, right)
        return value

    def elements_of(self, length: int, value: Json, place: str, right: str) -> list[Any]:
        """The elements of a list that must have a certain length."""
        if type(value) is not list or len(value) != length:
            self.refuse(place, value, right)
        return value

    def keys(self, value: Json, place: str) -> Iterator[int]:
        """The codes of a list of keys."""
        for number, key in enumerate(self.elements(value, place, "must be a list of keys")):
            yield self.key(key, f"{place}[{number}]")

    def by_key(self, value: Json, place: str, right: str) -> Iterator[tuple[int, Any, str]]:
        """The members of an object by key: the key's code, what it has, and the place."""
        if type(value) is not dict:
            self.refuse(place, value, right)
        for key, item in value.items():
            yield self.key(key, place), item, f"{place}[{shown(key)}]"

"""Operations of a history as short texts: `send x 7 -> @3`, `poll x @0..@4 (5 records)`, `cas 1->2`, `get k -> "ab"`.

A label says what was asked, after an arrow what came back, and in brackets how the operation ended if it was not ok.
Names and values come from strangers: a label is one line, without control or direction characters, of bounded length.

Left out: fields of events (groups, generations); times.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import groupby

from checkers.history.history import NIL, NONE, EventType, History, Json, Kind

NAME_MAX = 40
"""Characters of a key or a value that are shown."""
PARTS_MAX = 4
"""Micro-operations of a transaction, keys of a poll or of an assignment that are shown."""
ENDINGS = {EventType.OK: "", EventType.FAIL: " (failed)", EventType.INFO: " (info)"}
STILL_OPEN = " (open)"

_BARE = re.compile(r"[A-Za-z_][\w.:/-]*\Z", re.ASCII)
_VERBS: Mapping[int, str] = {
    Kind.SEND: "send",
    Kind.POLL: "poll",
    Kind.RECORD: "record",
    Kind.ASSIGN: "assign",
    Kind.SUBSCRIBE: "subscribe",
    Kind.COMMIT: "commit",
    Kind.FETCH: "committed",
    Kind.READ: "read",
    Kind.WRITE: "write",
    Kind.EXPECT: "expect",
    Kind.GET: "get",
    Kind.PUT: "put",
    Kind.APPEND: "append",
    Kind.ACQUIRE: "acquire",
    Kind.RELEASE: "release",
    Kind.ENQUEUE: "enqueue",
    Kind.DEQUEUE: "dequeue",
    Kind.END: "end",
}
"""What a micro-operation is called; observations and operations of one's own go by their function."""
_RETURNS_OFFSET = frozenset({Kind.SEND, Kind.FETCH, Kind.END})
_RETURNS_VALUE = frozenset({Kind.READ, Kind.GET, Kind.DEQUEUE})
_GIVES_VALUE = frozenset({Kind.SEND, Kind.WRITE, Kind.EXPECT, Kind.PUT, Kind.APPEND, Kind.ENQUEUE})
_EMPTY: Mapping[int, str] = {Kind.FETCH: "none", Kind.READ: "nil", Kind.GET: "nil", Kind.DEQUEUE: "nothing"}
"""What an answer without an offset or a value is called; an answer of another kind then says nothing."""
_LISTS = frozenset({Kind.ASSIGN, Kind.SUBSCRIBE})
_BELONGS = {Kind.RECORD: Kind.POLL, Kind.WRITE: Kind.EXPECT}
"""Rows that are told together with the row of another kind that stands before them."""


def label(history: History, invoke: int) -> str:
    """The label of the operation that an event invokes; or of an observation, which nobody invoked."""
    invoked = history.type[invoke] == EventType.INVOKE
    completion = int(history.partner[invoke]) if invoked else invoke
    ending = STILL_OPEN if completion == NONE else ENDINGS[EventType(history.type[completion])]
    told = completion if completion != NONE and len(history.rows_of(completion)) else invoke
    answered = told == completion and history.type[told] == EventType.OK
    parts = [_part(history, rows, answered=answered) for rows in _parts(history, told)]
    if len(parts) == 1:
        return parts[0] + ending
    shown = ", ".join(_few(parts))
    function = shown_name(history.function_name(invoke))
    return (f"{function} [{shown}]" if parts else function) + ending


def shown_name(name: Json) -> str:
    """A key, a process or a function: as it stands if it is a plain word or a number, else as a quoted text."""
    return name if isinstance(name, str) and _BARE.match(name) and len(name) <= NAME_MAX else shown_value(name)


def shown_value(value: Json) -> str:
    """A value as JSON on one line; nil for none. What can't be printed, or is not one column wide, is escaped."""
    if value is None:
        return "nil"
    text = json.dumps(value, ensure_ascii=False)
    if not all(_takes_one_column(character) for character in text):
        text = json.dumps(value)
    return text if len(text) <= NAME_MAX else f"{text[: NAME_MAX - 3]}..."


def _takes_one_column(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    return (
        character.isprintable()
        and unicodedata.east_asian_width(character) not in "WF"
        and unicodedata.category(character)[0] != "M"
    )


def _parts(history: History, event: int) -> list[list[int]]:
    """The rows of an event, those together that are told together."""
    parts: list[list[int]] = []
    for row in history.rows_of(event):
        kind = Kind(history.kind[row])
        before = Kind(history.kind[parts[-1][0]]) if parts else None
        if before is not None and (before == _BELONGS.get(kind) or (kind in _LISTS and before == kind)):
            parts[-1].append(row)
        else:
            parts.append([row])
    return parts


def _part(history: History, rows: list[int], *, answered: bool) -> str:
    kind = Kind(history.kind[rows[0]])
    if kind == Kind.POLL:
        return _poll(history, rows[1:], answered=answered)
    if kind in _LISTS:
        keys = [shown_name(history.shown_key(int(history.key[row]))) for row in rows]
        return f"{_VERBS[kind]} {', '.join(_few([key for key in keys if key != 'nil']))}".rstrip()
    verb = _VERBS.get(kind) or shown_name(history.function_name(int(history.event[rows[0]])))
    words = [verb, *_key(history, rows[0])]
    if kind == Kind.EXPECT and len(rows) == 2:
        return " ".join(["cas", *words[1:], "->".join(_value(history, row) for row in rows)])
    offset = int(history.offset[rows[0]])
    if kind in _GIVES_VALUE or (kind not in _RETURNS_VALUE and history.value[rows[0]] != NIL):
        words.append(_value(history, rows[0]))
    if kind not in _RETURNS_OFFSET and offset != NIL:
        words.append(f"@{offset}")
    return " ".join([*words, *_answer(history, rows[0], answered=answered)])


def _answer(history: History, row: int, *, answered: bool) -> list[str]:
    """What came back, as far as it is known."""
    kind, offset = Kind(history.kind[row]), int(history.offset[row])
    if kind in _RETURNS_OFFSET and offset != NIL:
        return [f"-> @{offset}"]
    if kind in _RETURNS_VALUE and history.value[row] != NIL:
        return [f"-> {_value(history, row)}"]
    return [f"-> {_EMPTY[kind]}"] if answered and kind in _EMPTY else []


def _poll(history: History, records: list[int], *, answered: bool) -> str:
    """The records of a poll, key by key: `x @0..@4 (5 records)`; first and last in the order of delivery."""
    if not records:
        return "poll (0 records)" if answered else "poll"
    parts = []
    for key, group in groupby(records, key=lambda row: int(history.key[row])):
        rows = list(group)
        known = [f"@{history.offset[row]}" for row in (rows[0], rows[-1]) if history.offset[row] != NIL]
        offsets = [known[0] if len(rows) == 1 or known[0] == known[-1] else "..".join(known)] if known else []
        count = f"({len(rows)} {'record' if len(rows) == 1 else 'records'})"
        parts.append(" ".join([shown_name(history.shown_key(key)), *offsets, count]))
    return f"poll {', '.join(_few(parts))}"


def _key(history: History, row: int) -> list[str]:
    key = int(history.key[row])
    return [] if key == NONE else [shown_name(history.shown_key(key))]


def _value(history: History, row: int) -> str:
    told = history.value[row] if history.value[row] != NIL else history.value[_asked(history, row)]
    return shown_value(history.shown_value(int(told)))


def _asked(history: History, row: int) -> int:
    """The row of the invoke that a row of its completion repeats; the row itself if there is none."""
    event = int(history.event[row])
    invoke = int(history.partner[event])
    if history.type[event] == EventType.INVOKE or invoke == NONE:
        return row
    asked = int(history.rows[invoke]) + row - int(history.rows[event])
    return asked if asked in history.rows_of(invoke) and history.kind[asked] == history.kind[row] else row


def _few(parts: Sequence[str]) -> list[str]:
    if len(parts) <= PARTS_MAX:
        return list(parts)
    return [*parts[: PARTS_MAX - 1], f"{len(parts) - PARTS_MAX + 1} more"]

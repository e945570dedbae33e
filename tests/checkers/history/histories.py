"""Histories for tests, written as events and read by the real reader of JSON Lines."""

from __future__ import annotations

import json
from typing import Any

from checkers.history.history import NIL, NONE, History, Json, Kind
from checkers.history.json_lines import read_json_lines


def recorded(*lines: dict[str, Any] | str, name: str = "history") -> History:
    """The history of these events, each a `dict` or a line of JSON.

    `recorded({"process": 0, "type": "invoke", "f": "read"}, {"process": 0, "type": "ok", "f": "read", "value": 3})`
    """
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    return read_json_lines((text.encode() + b"\n" for text in texts), name)


def events(*spoken: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Events from tuples (process, type, f), (process, type, f, value) or (process, type, f, value, other fields)."""
    made = []
    for process, kind, function, *rest in spoken:
        value = rest[0] if rest else None
        others = rest[1] if len(rest) > 1 else {}
        made.append({"process": process, "type": kind, "f": function, "value": value, **others})
    return made


def rows(history: History, event: int) -> list[tuple[Json, ...]]:
    """The rows of an event as (kind, key, offset, value), with names for codes and None for what is absent."""
    shown = []
    for row in history.rows_of(event):
        offset = int(history.offset[row])
        key, value = history.shown_key(int(history.key[row])), history.shown_value(int(history.value[row]))
        shown.append((Kind(int(history.kind[row])).name, key, None if offset == NIL else offset, value))
    return shown


def content(history: History) -> dict[str, Any]:
    """All that a history holds but its source, to compare two."""
    columns = ("index", "time", "process", "type", "function", "error", "partner", "rows", "event", "kind", "key")
    codes = ("processes", "functions", "keys", "errors", "values")
    found = {name: getattr(history, name).tolist() for name in (*columns, "offset", "value")}
    # as JSON, because 1, 1.0 and true are equal in Python
    return found | {name: json.dumps(getattr(history, name).names) for name in codes} | {"fields": history.fields}


def error_of(history: History, event: int) -> Json:
    """The error of an event."""
    code = int(history.error[event])
    return None if code == NONE else history.errors.names[code]

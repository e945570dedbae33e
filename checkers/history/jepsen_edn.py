"""Jepsen's histories, and key-value histories as porcupine's tests have them: EDN, a map for each event.

The maps stand one on a line or all in one vector or list, with or without the tag #jepsen.history.Op. Their fields
are those of `checkers.history.json_lines`: :process, :type, :f, :value, :index, :time, :error, :key and others, with
- for _ (:rebalance-log is rebalance_log). Keywords are strings: the process :nemesis is "nemesis".

Independent keys (jepsen.independent): the value of what reads or writes a register, key, queue or mutex may be a
tuple [key value], and then has the row's key. It is one if the process invoked the operation with a vector of two (of
a compare-and-set: [key [old new]]), and then its completion's is one too.

Source: jepsen.history, jepsen.store, jepsen.independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checkers.history.cells import Cells, key_name
from checkers.history.edn import EdnReader
from checkers.history.events import OF_AN_OBJECT, Events
from checkers.history.history import History, HistoryBuilder, Json
from checkers.strict_json import shown
from checkers.verdict import UserError


class JepsenEvents:
    """Adds maps of Jepsen's to a builder."""

    def __init__(self, builder: HistoryBuilder) -> None:
        self._builder = builder
        self._events = Events(Cells(builder))
        self._tuples: dict[str, bool] = {}
        """Of each process with an open operation: whether it was invoked with a tuple [key value]."""

    def add(self, form: Json) -> None:
        """Add an event. Raises UserError if a form can't be one."""
        if type(form) is not dict:
            raise UserError(f"{self._builder.where()}: {shown(form)}: must be a map, one for each event")
        event: dict[str, Json] = {}
        for name, value in form.items():
            field = name.replace("-", "_")
            if field in event:
                raise UserError(f"{self._builder.where()}: {shown(name)}: is there twice, with - and with _")
            event[field] = value
        if event.get("f") in OF_AN_OBJECT and "key" not in event:
            self._take_tuple_apart(event)
        self._events.add(event)

    def _take_tuple_apart(self, event: dict[str, Json]) -> None:
        found, process = _tuple(event), repr(event.get("process"))
        if event.get("type") == "invoke":
            self._tuples[process] = found is not None
        elif not self._tuples.pop(process, True):
            return
        if found is not None:
            event["key"], event["value"] = found


def _tuple(event: Mapping[str, Json]) -> tuple[Json, Json] | None:
    """The key and the value of an event whose value looks like a tuple of them."""
    match event:
        case {"f": "cas", "value": [key, None | [_, _] as value]} if key_name(key) is not None:
            return key, value
        case {"f": "cas"}:
            return None
        case {"value": [key, value]} if key_name(key) is not None:
            return key, value
    return None


def read_edn(chunks: Iterable[bytes], name: str) -> History:
    """The history in a text of EDN."""
    line = 1
    builder = HistoryBuilder(name, lambda: f"{name}, line {line}")
    events = JepsenEvents(builder)
    for line, form in EdnReader(name).forms(chunks):  # noqa: B007 - errors name it
        events.add(form)
    return builder.build()

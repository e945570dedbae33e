"""Events of a recording, field by field: each field is checked, then the event and its rows go to the builder.

A format's reader makes a `dict` of JSON values from each event, whatever it was written in, and hands it to
`Events.add`.
"""

from __future__ import annotations

from collections.abc import Mapping

from checkers.history.cells import Cells
from checkers.history.completions import Completions
from checkers.history.history import NIL, EventType, Json
from checkers.history.operations import Operations, Said
from checkers.strict_json import MAX_INTEGER, shown
from checkers.verdict import UserError

TYPES: Mapping[Json, EventType] = {kind.name.lower(): kind for kind in EventType}
OWN = frozenset(("index", "time", "process", "type", "f", "value", "error"))
"""The fields that have columns; all others are kept in `History.fields`."""
OF_AN_OBJECT = ("read", "write", "cas", "get", "put", "append", "acquire", "release", "enqueue", "dequeue")
"""The functions whose fields key and version are in their rows."""
INTEGERS = ("generation", "producer_id", "producer_epoch", "base_sequence", "leader_epoch", "version")
STRINGS = ("group", "member", "transactional_id")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "end": ("commit", "abort"),
    "isolation": ("read_committed", "read_uncommitted"),
}
NOTHING: Mapping[str, Json] = {}
_ABSENT: Json = []


class Events:
    """Adds events to a builder."""

    def __init__(self, cells: Cells) -> None:
        self._builder = cells.builder
        self._cells = cells
        self._operations = Operations(cells)
        self._completions = Completions(cells)

    def add(self, event: Mapping[str, Json]) -> None:
        """Add an event and its rows. Raises UserError, naming the field, if something is missing or can't be."""
        type, function = self._type(event), self._function(event)  # noqa: A001
        self._builder.event(type, self._process(event), function, index=self._index(event), time=self._time(event))
        others = NOTHING if event.keys() <= OWN else self._others(event)
        self._operations.write(function, Said(type, event.get("value"), others))
        if type != EventType.INVOKE:
            self._completions.repeat(event)
        if others and function in OF_AN_OBJECT:
            others = {name: value for name, value in others.items() if name not in ("key", "version")}
        self._builder.note(event.get("error"), others)

    # ---------------------------------------------------------------------------------------------- fields with columns

    def _required(self, event: Mapping[str, Json], name: str) -> Json:
        value = event.get(name, _ABSENT)
        if value is _ABSENT:
            raise UserError(f'{self._builder.where()}: lacks the field "{name}"')
        return value

    def _type(self, event: Mapping[str, Json]) -> EventType:
        name = self._required(event, "type")
        if type(name) is not str or name not in TYPES:
            self._cells.refuse("type", name, 'must be "invoke", "ok", "fail" or "info"')
        return TYPES[name]

    def _function(self, event: Mapping[str, Json]) -> str:
        name = self._required(event, "f")
        if type(name) is not str or not name:
            self._cells.refuse("f", name, 'must be the name of a function, such as "send" or "read"')
        return name

    def _process(self, event: Mapping[str, Json]) -> int | str:
        process = self._required(event, "process")
        if type(process) is not str and (type(process) is not int or abs(process) > MAX_INTEGER):
            self._cells.refuse("process", process, "must be an integer of at most 64 bits or a string")
        return process

    def _index(self, event: Mapping[str, Json]) -> int:
        index = event.get("index")
        return len(self._builder) if index is None else self._cells.offset(index, "index")

    def _time(self, event: Mapping[str, Json]) -> int:
        time = event.get("time")
        if time is None:
            return NIL
        return self._integer("time", time)

    # ------------------------------------------------------------------------------------------------------- others

    def _integer(self, name: str, value: Json) -> int:
        if type(value) is not int or abs(value) > MAX_INTEGER:
            self._cells.refuse(name, value, "must be an integer of at most 64 bits")
        return value

    def _others(self, event: Mapping[str, Json]) -> Mapping[str, Json]:
        others = {name: value for name, value in event.items() if name not in OWN and value is not None}
        for name, value in others.items():
            self._check(name, value)
        if "rebalance_log" in others:
            others["rebalance_log"] = self._rebalances(others["rebalance_log"])
        return others

    def _check(self, name: str, value: Json) -> None:
        """Refuse a value of a field that checkers rely on."""
        if name in INTEGERS:
            self._integer(name, value)
        elif name in STRINGS and type(value) is not str:
            self._cells.refuse(name, value, "must be a string")
        elif name in CHOICES and value not in CHOICES[name]:
            self._cells.refuse(name, value, f"must be {' or '.join(map(shown, CHOICES[name]))}")

    def _rebalances(self, value: Json) -> list[dict[str, Json]]:
        """A log of rebalances with its keys as they are called in the history."""
        right = 'must be a list of objects with a list of "keys"'
        log = []
        for number, rebalance in enumerate(self._cells.elements(value, "rebalance_log", right)):
            place = f"rebalance_log[{number}]"
            if type(rebalance) is not dict:
                self._cells.refuse(place, rebalance, "must be an object")
            codes = self._cells.keys(rebalance.get("keys", []), f"{place}.keys")
            log.append({**rebalance, "keys": [self._builder.keys.names[code] for code in codes]})
        return log

"""Small histories of anything, from chance: what clients and brokers may say, mostly in step, odd values among it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Event = dict[str, Any]
ODD_VALUES = [None, True, 1.5, "a", "", [1, 2], [None, 3], {"k": 1}, 2**61, -(2**61), 2**63 - 1, 10**30, "\0", "{0}"]
ODD_KEYS = ["0", 0, -5, "", 2**63 - 1]
ODD_OFFSETS = [None, 2**62, 2**63 - 1]
FIELDS: dict[str, list[Any]] = {
    "group": ["g", "h"],
    "member": ["m", "n"],
    "generation": [0, 1, 2, -1, 2**63 - 1],
    "producer_id": [1, 2, -1],
    "producer_epoch": [0, 1, 2, 2**63 - 1],
    "base_sequence": [0, 1, 2, 2**31 - 1],
    "leader_epoch": [0, 1, 5, 2**63 - 1],
    "isolation": ["read_committed", "read_uncommitted"],
    "seek_to_beginning": [True],
    "rebalance_log": [[{"keys": ["x"]}], [{}], []],
    "index": [0, 3, 2**63 - 1],
    "error": ["late", {"why": []}],
}
LOGS = ("send", "poll", "txn", "txn", "txn", "assign", "subscribe", "commit", "fetch", "end_offset", "close")
ENDS = ("high_watermark", "last_stable_offset", "leader")
OBSERVED = ("batch", "record", *ENDS, "assigned", "revoked", "fenced", "kill")
OBJECTS = ("read", "write", "cas", "get", "put", "append", "acquire", "release", "enqueue", "dequeue")
FAMILIES: tuple[tuple[str, ...], ...] = (LOGS, LOGS, (*LOGS, *OBSERVED), OBSERVED, ("commit", "fetch"))


class Chance:
    """Draws histories, each from the numbers that follow."""

    def __init__(self, seed: Sequence[int]) -> None:
        self._rng = np.random.default_rng(seed)

    def number(self, below: int) -> int:
        """A number from 0."""
        return int(self._rng.integers(below))

    def one_of(self, choices: Sequence[Any]) -> Any:  # noqa: ANN401 - whatever there is
        """One of these."""
        return choices[self.number(len(choices))]

    def happens(self, share: float) -> bool:
        """True in this share of cases."""
        return bool(self._rng.random() < share)

    def value(self) -> Any:  # noqa: ANN401 - JSON
        """A value, mostly one of a few."""
        return self.one_of(ODD_VALUES) if self.happens(0.15) else self.number(8)

    def text(self) -> Any:  # noqa: ANN401 - JSON
        """What a key may hold that is appended to, mostly."""
        return self.value() if self.happens(0.02) else self.one_of(("", "a", "b", "ab", "aba"))

    def key(self) -> Any:  # noqa: ANN401 - JSON
        """A key, mostly one of two."""
        return self.one_of(ODD_KEYS) if self.happens(0.1) else self.one_of("xy")

    def offset(self) -> int | None:
        """An offset, mostly a small one."""
        return self.one_of(ODD_OFFSETS) if self.happens(0.1) else self.number(6)

    def several(self, draw: Callable[[], Any], most: int = 3) -> list[Any]:
        """Up to so many."""
        return [draw() for _ in range(self.number(most + 1))]

    def by_key(self, draw: Callable[[], Any]) -> dict[str, Any]:
        """Something for each of a few keys."""
        return {str(key): draw() for key in self.several(self.key, 2)}

    def history(self, families: Sequence[Sequence[str]] = FAMILIES) -> list[Event]:
        """The events of a history."""
        family, events = self.one_of(families), list[Event]()
        asked: dict[int, Event] = {}
        for number in range(1 + self.number(24)):
            process = self.number(4)
            event = self._completion(asked.pop(process)) if process in asked else self._event(process, family)
            if event["type"] == "invoke":
                asked[process] = event
            if self.happens(0.6):
                event["time"] = self.one_of([number, number * 1000, -5, 2**63 - 1])
            events.append(event)
        return events

    def _event(self, process: int, family: Sequence[str]) -> Event:
        function = self.one_of(family)
        observed = function in OBSERVED or self.happens(0.03)
        fields = {name: self.one_of(values) for name, values in FIELDS.items() if self.happens(0.2)}
        if function in OBJECTS and (function in ("get", "put", "append") or self.happens(0.3)):
            fields["key"] = self.key()
        kind = self.one_of(["ok", "info"]) if observed else "invoke"
        return {"process": process, "type": kind, "f": function, "value": self._asked(function), **fields}

    def _asked(self, function: str) -> Any:  # noqa: ANN401 - JSON
        draws: tuple[tuple[tuple[str, ...], Callable[[], Any]], ...] = (
            (("send", "poll", "txn"), lambda: [self._operation(function) for _ in range(1 + self.number(3))]),
            (("assign", "subscribe", "fetch", "end_offset", "assigned", "revoked"), lambda: self.several(self.key)),
            (("commit",), lambda: self.by_key(lambda: self.offset() or 0)),
            (ENDS, lambda: self.by_key(lambda: self.offset() or 0)),
            (("batch", "record"), lambda: [[self.key(), self.offset() or 0, 1 + self.number(3)]]),
            (("cas",), lambda: [self.value(), self.value()]),
            (("write",), self.value),
            (("put", "append"), self.text),
            (("enqueue",), lambda: self.number(8)),
        )
        return next((draw() for functions, draw in draws if function in functions), None)

    def _operation(self, function: str) -> list[Any]:
        kind = function if function != "txn" else self.one_of(["send", "send", "poll", "poll", "commit"])
        match kind:
            case "send":
                return ["send", self.key(), self.value()]
            case "poll":
                return ["poll"]
        return ["commit", self.by_key(lambda: self.number(6))]

    def _completion(self, asked: Event) -> Event:
        """A completion that repeats what was asked, but for a slip now and then."""
        kind = self.one_of(["ok", "ok", "ok", "info", "fail"])
        fields = {name: value for name, value in asked.items() if name == "key" or self.happens(0.3)}
        told = self._told(asked["f"], asked["value"])
        if self.happens(0.01):
            told = self._told(asked["f"], self._asked(asked["f"]))
        return {**fields, **asked, "type": kind, "value": None if kind != "ok" and self.happens(0.3) else told}

    def _told(self, function: str, asked: Any) -> Any:  # noqa: ANN401 - JSON
        match function:
            case "send" | "poll" | "txn":
                return [self._done(operation) for operation in asked]
            case "fetch" | "end_offset":
                return {str(key): self.offset() for key in asked}
            case "read" | "dequeue":
                return self.value()
            case "get":
                return self.text()
            case _:
                return asked

    def _done(self, operation: list[Any]) -> list[Any]:
        match operation:
            case ["send", key, value]:
                return ["send", key, [self.offset(), value]] if self.happens(0.9) else operation
            case ["poll"]:
                return ["poll", self.by_key(lambda: self.several(lambda: [self.offset(), self.value()]))]
        return operation

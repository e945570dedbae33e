"""A small simulated log that behaves: transactions, groups, brokers, recorded as a history is. Chance decides who acts.

Transactions reserve their offsets one message after the other, may abort, and become visible, whole, when they commit.
Consumers poll what is stable from where they stopped; a transaction of the group polls, sends one message for each that
it polled, and commits its offsets. An observer notes what the broker holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Event = dict[str, Any]
KEYS = ("x", "y", "z")
INPUT, OUTPUT = "x", "out"


@dataclass
class Broker:
    """Logs of (value, visible); None is a marker."""

    logs: dict[str, list[list[Any]]] = field(default_factory=lambda: {key: [] for key in (*KEYS, OUTPUT)})

    def append(self, key: str, value: Any) -> int:  # noqa: ANN401 - JSON
        """Append a message that isn't visible yet, and return its offset."""
        self.logs[key].append([value, None])
        return len(self.logs[key]) - 1

    def decide(self, touched: list[tuple[str, int]], *, commit: bool) -> None:
        """End a transaction: its messages are visible or never will be, and a marker follows them."""
        for key, offset in touched:
            self.logs[key][offset][1] = commit
        for key in sorted({key for key, _ in touched}):
            self.logs[key].append([None, False])

    def stable(self, key: str, start: int, most: int) -> tuple[list[list[Any]], int]:
        """Up to so many visible records before the first undecided one, and the position after them."""
        found: list[list[Any]] = []
        position = start
        for offset, (value, visible) in enumerate(self.logs[key][start:], start):
            if visible is None or len(found) == most:
                break
            if visible:
                found.append([offset, value])
            position = offset + 1
        return found, position


class Behaving:
    """Runs clients against a broker, one step of one client at a time."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.broker = Broker()
        self.events: list[Event] = []
        self.value = 0
        self.positions: dict[tuple[str, str], int] = {}
        self.committed = 0
        self.sequences: dict[str, int] = {}

    def note(self, process: str, type: str, function: str, value: Any, **fields: Any) -> None:  # noqa: A002, ANN401 - JSON
        """Record an event."""
        self.events.append({"process": process, "type": type, "f": function, "value": value, **fields})

    def produce(self, process: str) -> Any:  # noqa: ANN401 - a generator that is only resumed
        """A transaction of a few sends, which ends as chance says; resumed between its steps."""
        sends = []
        for _ in range(int(self.chance.integers(1, 4))):
            self.value += 1
            sends.append((str(self.chance.choice(KEYS)), self.value))
        end = str(self.chance.choice(["ok", "ok", "ok", "fail", "info"]))
        number = int(process[1:])
        fields = {"producer_id": number, "producer_epoch": 0, "transactional_id": process}
        self.note(process, "invoke", "txn", [["send", key, value] for key, value in sends], **fields)
        touched = []
        for key, value in sends:
            yield
            touched.append((key, self.broker.append(key, value)))
            self.observe_batch(number, *touched[-1])
        yield
        self.broker.decide(touched, commit=end == "ok" or (end == "info" and bool(self.chance.integers(2))))
        yield
        told = [
            ["send", key, [offset if end == "ok" else None, value]]
            for (key, value), (_, offset) in zip(sends, touched, strict=True)
        ]
        self.note(process, end, "txn", told, **fields)

    def observe_batch(self, producer: int, key: str, offset: int) -> None:
        """What the broker holds at an offset, and its high watermark."""
        name = f"{producer}/{key}"
        fields = {"producer_id": producer, "producer_epoch": 0, "leader_epoch": 1}
        sequence = self.sequences.get(name, 0)
        self.sequences[name] = sequence + 1
        self.note("broker", "ok", "batch", [[key, offset, 1]], base_sequence=sequence, **fields)
        self.note("broker", "ok", "record", [[key, offset, self.broker.logs[key][offset][0]]], leader_epoch=1)
        self.note("broker", "ok", "high_watermark", {key: len(self.broker.logs[key])}, leader_epoch=1)

    def poll(self, process: str, most: int = 5) -> Any:  # noqa: ANN401 - a generator that is only resumed
        """A poll of all keys."""
        self.note(process, "invoke", "poll", [["poll"]])
        yield
        found = {}
        for key in (*KEYS, OUTPUT):
            records, self.positions[process, key] = self.broker.stable(key, self.positions.get((process, key), 0), most)
            found |= {key: records} if records else {}
        yield
        self.note(process, "ok", "poll", [["poll", found]])

    def transform(self, process: str) -> Any:  # noqa: ANN401 - a generator that is only resumed
        """Consume, transform, produce: the only member of its group."""
        fields = {"group": "g", "generation": 1, "member": process}
        self.note(process, "invoke", "txn", [["poll"]], **fields)
        yield
        records, position = self.broker.stable(INPUT, self.committed, 3)
        touched = [(OUTPUT, self.broker.append(OUTPUT, f"of {value}")) for _, value in records]
        yield
        commit = self.chance.random() < 0.7
        self.broker.decide(touched, commit=commit)
        outputs = [
            ["send", OUTPUT, [offset if commit else None, f"of {value}"]]
            for (_, value), (_, offset) in zip(records, touched, strict=True)
        ]
        offsets = [["commit", {INPUT: position}]]
        if commit:
            self.committed = position
        self.note(
            process, "ok" if commit else "fail", "txn", [["poll", {INPUT: records}], *outputs, *offsets], **fields
        )

    def run(self, steps: int) -> list[Event]:
        """So many steps, then everything is ended and consumers poll to the end."""
        self.note("c0", "invoke", "assign", [*KEYS, OUTPUT])
        self.note("c0", "ok", "assign", [*KEYS, OUTPUT])
        self.note("t", "ok", "assigned", [INPUT], group="g", generation=1, member="t")
        clients = {"p1": self.produce, "p2": self.produce, "p3": self.produce, "c0": self.poll, "c1": self.poll}
        starts: dict[str, Any] = {**clients, "t": self.transform}
        running: dict[str, Any] = {}
        for _ in range(steps):
            process = str(self.chance.choice(list(starts)))
            running.setdefault(process, starts[process](process))
            if next(running[process], "over") == "over":
                del running[process]
        for process in sorted(running):
            for _ in running[process]:
                pass
        for process in ("c0", "c1"):
            for _ in self.poll(process, most=1 << 30):
                pass
        return self.events

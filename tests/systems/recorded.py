"""Recording for tests, and what a history says in sets: what was sent, with which outcome, and what was read."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkers.history.recording import Recorder
from systems.plan import draw_plan
from systems.recording_run import Recording, record
from systems.system import System
from systems.workload import draw_workload

Message = tuple[str, int]
CALM: dict[str, object] = {
    "faults": 0,
    "transactional_share": 0,
    "subscribe_share": 0,
    "crash_share": 0,
    "clients": 3,
    "topics": 1,
}
"""Plain sends and polls of assigned keys."""


@dataclass
class Said:
    """What a history says of each message. A message that was read twice at one offset counts once."""

    sent: dict[str, set[Message]] = field(default_factory=dict)
    read: set[Message] = field(default_factory=set)
    offsets: dict[Message, set[int]] = field(default_factory=dict)
    acknowledged: dict[Message, int | None] = field(default_factory=dict)

    def lost(self) -> set[Message]:
        """What was acknowledged and is not read at the end."""
        return self.sent.get("ok", set()) - self.read

    def aborted_reads(self) -> set[Message]:
        """What failed and was read."""
        return self.sent.get("fail", set()) & self.read

    def duplicates(self) -> set[Message]:
        """What was read at two offsets."""
        return {message for message, offsets in self.offsets.items() if len(offsets) > 1}


def run(system: System, path: Path, operations: int = 200, **given: object) -> tuple[Recording, list[dict[str, Any]]]:
    """Record with seed 1; returns the figures and the events."""
    workload = draw_workload(1, operations, {**CALM, **given}, system.faults)
    with Recorder(path) as recorder:
        result = record(system, draw_plan(workload), recorder)
    return result, [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def said(events: list[dict[str, Any]]) -> Said:
    """The messages of a history."""
    result = Said()
    for event in events:
        if event["type"] == "invoke" or event["f"] not in ("send", "poll", "txn"):
            continue
        for name, *arguments in event["value"] or ():
            if name == "send":
                key, value = arguments
                offset, number = value if isinstance(value, list) else (None, value)
                result.sent.setdefault(event["type"], set()).add((key, number))
                if event["type"] == "ok":
                    result.acknowledged[key, number] = offset
            elif name == "poll" and arguments and event["type"] == "ok":
                for key, records in arguments[0].items():
                    for offset, value in records:
                        result.read.add((key, value))
                        result.offsets.setdefault((key, value), set()).add(offset)
    return result


def completions(events: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """How many operations of each function ended how."""
    invoked = {(event["process"], event["f"]) for event in events if event["type"] == "invoke"}
    return Counter(
        (event["f"], event["type"])
        for event in events
        if event["type"] != "invoke" and (event["process"], event["f"]) in invoked
    )

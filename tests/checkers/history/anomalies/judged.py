"""Histories as tuples, and what is found in them, for the tests of anomalies."""

from __future__ import annotations

from typing import Any

from checkers.history.anomalies.columns import Evidence
from checkers.history.anomalies.settings import Settings
from checkers.history.anomalies.table import find_anomalies
from tests.checkers.history.histories import events, recorded

Event = tuple[Any, ...]
"""(process, type, f, value) or (process, type, f, value, other fields); its index is its place in the list."""


def found(*history: Event, settings: Settings | None = None) -> dict[str, list[Evidence]]:
    """All anomalies of a history."""
    anomalies = find_anomalies(recorded(*events(*history)), settings or Settings())
    return {name: list(evidence) for name, evidence in anomalies.items()}


def done(process: int | str, function: str, *micro_operations: Any, type: str = "ok", **fields: Any) -> list[Event]:  # noqa: A002, ANN401 - JSON
    """A transaction that is invoked and ends at once: ("x", "a", 0) sends a to x at 0, a dict is a poll's result."""
    invoked = [["send", op[0], op[1]] if isinstance(op, tuple) else ["poll"] for op in micro_operations]
    told = [
        ["send", op[0], [op[2] if len(op) > 2 else None, op[1]]] if isinstance(op, tuple) else ["poll", op]
        for op in micro_operations
    ]
    return [(process, "invoke", function, invoked), (process, type, function, told, fields)]

"""The columns against the rules written plainly, on small histories of a log that misbehaves at random."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx
import numpy as np
import pytest

from checkers.history.anomalies.cycles import CLASSES
from checkers.history.anomalies.settings import Settings
from checkers.history.anomalies.table import find_anomalies
from tests.checkers.history.anomalies.plain_rules import Event, PlainRules
from tests.checkers.history.histories import recorded

RULES = (
    *("inconsistent_offsets", "duplicate", "aborted_read", "precommitted_read", "lost_write", "unseen", "poll_skip"),
    *("nonmonotonic_poll", "nonmonotonic_send", "int_poll_skip", "int_nonmonotonic_poll", "int_send_skip"),
    "int_nonmonotonic_send",
)
KEYS = ("x", "y", "z")
COVERING = (3, 82, 686)
"""Seeds with which everything is found, so that the comparison is about something."""


class Chaos:
    """A log whose clients and broker do what chance says, as JSON events."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.wild = float(self.chance.choice([0.0, 0.1, 0.4]))
        self.logs: dict[str, list[Any]] = {key: [] for key in KEYS}
        self.positions: dict[tuple[int, str], int] = {}
        self.value = 0
        self.others: list[Event] = []

    def history(self, count: int) -> list[Event]:
        """Operations of three processes, some of them concurrent."""
        events: list[Event] = []
        under_way: dict[int, Event] = {}
        for _ in range(count):
            process = int(self.chance.integers(3))
            if process in under_way:
                events.append(under_way.pop(process))
                continue
            invoke, completion = self.operation(process)
            completion["invoked"] = len(events)
            events.append(invoke)
            under_way[process] = completion
        events += under_way.values()
        for place, event in enumerate(self.others):
            events.append({**event, "invoked": len(events) - place % 2})
        return events

    def operation(self, process: int) -> tuple[Event, Event]:
        """An invoke and its completion; the log changes at once."""
        type_ = str(self.chance.choice(["ok", "ok", "ok", "ok", "info", "fail"]))
        if self.chance.random() < 0.15:
            keys = [key for key in KEYS if self.chance.random() < 0.6]
            function = str(self.chance.choice(["assign", "subscribe"]))
            event = {"process": process, "f": function, "value": keys}
            return {**event, "type": "invoke"}, {**event, "type": type_}
        asked: list[Any] = []
        told: list[Any] = []
        for _ in range(int(self.chance.integers(1, 4))):
            if self.chance.random() < 0.5:
                key = str(self.chance.choice(KEYS))
                self.value += 1
                asked.append(["send", key, self.value])
                told.append(["send", key, [self.appended(key, type_), self.value]])
            else:
                asked.append(["poll"])
                told.append(["poll", self.polled(process)])
        extra = {"rebalance_log": [{"keys": [str(self.chance.choice(KEYS))]}]} if self.chance.random() < 0.1 else {}
        event = {"process": process, "f": "txn"}
        return {**event, "type": "invoke", "value": asked}, {**event, **extra, "type": type_, "value": told}

    def appended(self, key: str, type_: str) -> int | None:
        """The offset that a send is told."""
        log = self.logs[key]
        if type_ == "fail" and self.chance.random() > self.wild:
            return None
        if self.chance.random() < 0.2:
            log.append(None)  # a marker
        if self.chance.random() < self.wild / 4:
            log.append(-self.value)
            self.others += self.send_of_another(key, len(log) - 1)
        log.append(self.value)
        offset = len(log) - 1
        if self.chance.random() < self.wild:
            offset = int(self.chance.integers(len(log)))
        return None if type_ == "info" and self.chance.random() < 0.5 else offset

    def send_of_another(self, key: str, offset: int) -> list[Event]:
        """A send of one more process, to be recorded in the end."""
        event = {"process": "another", "f": "send"}
        return [
            {**event, "type": "invoke", "value": [["send", key, -self.value]]},
            {**event, "type": "ok", "value": [["send", key, [offset, -self.value]]]},
        ]

    def polled(self, process: int) -> dict[str, list[Any]]:
        """What a poll returns."""
        found: dict[str, list[Any]] = {}
        for key in KEYS:
            log = self.logs[key]
            at = self.positions.get((process, key), 0)
            if self.chance.random() < self.wild / 2:
                at = int(self.chance.integers(len(log) + 1))
            end = min(len(log), at + int(self.chance.integers(4)))
            records = [[offset, log[offset]] for offset in range(at, end) if log[offset] is not None]
            if records and self.chance.random() < self.wild / 2:
                del records[int(self.chance.integers(len(records)))]
            if len(records) > 1 and self.chance.random() < self.wild / 4:
                records.reverse()
            self.positions[process, key] = end
            if records:
                found[key] = records
        return found


def judged(events: list[Event], settings: Settings) -> dict[str, list[Any]]:
    """What the columns find."""
    lines = [{name: value for name, value in event.items() if name != "invoked"} for event in events]
    return {name: list(evidence) for name, evidence in find_anomalies(recorded(*lines), settings).items()}


def in_order(evidence: list[dict[str, Any]]) -> list[str]:
    """Evidence without its order."""
    return sorted(json.dumps(item, sort_keys=True) for item in evidence)


def compare(seed: int, count: int) -> set[str]:
    """Both must find the same; what they found."""
    events = Chaos(seed).history(count)
    found, plain = judged(events, Settings(ww_deps=True)), PlainRules(events)
    expected = plain.found()
    for name in RULES:
        assert in_order(expected.get(name, [])) == in_order(found.get(name, [])), (seed, name)
    for name in CLASSES:
        compare_cycles(name, plain, found.get(name, []), events)
    return set(found)


def compare_cycles(name: str, plain: PlainRules, found: list[dict[str, Any]], events: list[Event]) -> None:
    """There is a cycle of a class if and only if there should be, and each is one: real edges, no operation twice."""
    wanted = CLASSES[name]
    kinds = {kind.name.lower() for kind in wanted.kinds}
    focus = {kind.name.lower() for kind in wanted.focus}
    left = {edge for edge in plain.on_cycles(kinds) if edge[2] in focus}
    for smaller in wanted.smaller:
        left -= plain.on_cycles({kind.name.lower() for kind in smaller})
    assert bool(left) == bool(found), (name, events)
    real = {(a, b, kind) for a, b, kind in plain.graph(kinds).edges(data="kind")}
    for evidence in found:
        told = [(edge["from"], edge["to"], edge["kind"]) for edge in evidence["edges"]]
        assert set(told) <= real
        assert evidence["operations"] == [a for a, _, _ in told]
        assert len(set(evidence["operations"])) == len(told)
        assert [b for _, b, _ in told] == [*(a for a, _, _ in told[1:]), told[0][0]]
        assert set(told) & left
        assert len(told) == shortest(plain.graph(kinds), {edge[:2] for edge in left}, told[0][0])


def shortest(graph: nx.MultiDiGraph[int], edges: set[tuple[int, int]], inside: int) -> int:
    """The length of the shortest cycle through one of the edges, in the component of an operation."""
    operations = next(nodes for nodes in nx.strongly_connected_components(graph) if inside in nodes)
    entangled = graph.subgraph(operations)
    return min(1 + int(nx.shortest_path_length(entangled, b, a)) for a, b in edges if a in operations)


def test_columns_and_plain_rules_find_the_same() -> None:
    found = set().union(*(compare(seed, 20) for seed in (*COVERING, *range(100, 112))))
    assert {*RULES, *CLASSES} - found == set()


@pytest.mark.deep
@pytest.mark.parametrize("block", range(20))
def test_columns_and_plain_rules_find_the_same_in_thousands(block: int) -> None:
    for seed in range(1000 + block * 100, 1100 + block * 100):
        compare(seed, 12 + seed % 60)

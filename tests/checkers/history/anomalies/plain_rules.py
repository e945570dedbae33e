"""Jepsen's rules for Kafka written plainly, over lists of events and dicts: slow, and an oracle for small histories.

Source: jepsen.tests.kafka, in its own order: writers and readers, version orders, then one function for each finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import networkx as nx

Event = dict[str, Any]
Message = tuple[str, Any]
Found = dict[str, list[dict[str, Any]]]
OPERATIONS = ("send", "poll", "txn")


def sends(event: Event) -> Iterator[tuple[str, int | None, Any]]:
    """(key, offset, value) of each send of a completion."""
    for operation in event["value"]:
        if operation[0] == "send":
            yield operation[1], *operation[2]


def reads(event: Event) -> Iterator[tuple[str, int, Any]]:
    """(key, offset, value) of each record that a completion polled."""
    for operation in event["value"]:
        if operation[0] == "poll":
            for key, records in operation[1].items():
                for offset, value in records:
                    yield key, offset, value


def by_key(rows: Iterator[tuple[str, Any, Any]]) -> dict[str, list[Any]]:
    """The values of each key, in order."""
    values: dict[str, list[Any]] = {}
    for key, _, value in rows:
        values.setdefault(key, []).append(value)
    return values


class PlainRules:
    """The findings in one history."""

    def __init__(self, history: list[Event]) -> None:
        self.history = history
        self.completions = [
            (index, event)
            for index, event in enumerate(history)
            if event["type"] != "invoke" and event["f"] in OPERATIONS
        ]
        self.writer: dict[Message, int] = {}
        for index, event in self.completions:
            for key, _, value in sends(event):
                self.writer[key, value] = index
        self.ok_reader: dict[Message, int] = {}
        for index, event in self.completions:
            if event["type"] == "ok":
                for key, _, value in reads(event):
                    self.ok_reader.setdefault((key, value), index)
        self.log: dict[str, dict[int, list[Any]]] = {}
        for rows, committed in ((sends, True), (reads, False)):
            for _, event in self.completions:
                for key, offset, value in rows(event):
                    if offset is not None and (not committed or self.must_have_committed(event)):
                        self.log.setdefault(key, {}).setdefault(offset, []).append(value)
        self.order = {key: [log[offset][-1] for offset in sorted(log)] for key, log in self.log.items()}

    def must_have_committed(self, event: Event) -> bool:
        """Whether the sends of a completion are proved to be visible."""
        if event["type"] == "info":
            return any((key, value) in self.ok_reader for key, _, value in sends(event))
        return bool(event["type"] == "ok")

    def place(self, key: str, value: Any) -> int | None:  # noqa: ANN401 - JSON
        """The last place of a value in the version order."""
        places = [place for place, other in enumerate(self.order.get(key, [])) if other == value]
        return places[-1] if places else None

    def delta(self, key: str, before: Any, after: Any) -> int:  # noqa: ANN401 - JSON
        """The step from a value to another."""
        first, second = self.place(key, before), self.place(key, after)
        return 1 if first is None or second is None else second - first

    def step(self, key: str, values: tuple[Any, Any], operations: list[int]) -> tuple[str, dict[str, Any]] | None:
        """Whether a step skips or goes back, and what shows it."""
        delta = self.delta(key, *values)
        told: dict[str, Any] = {"key": key, "values": list(values), "delta": delta, "operations": operations}
        if delta > 1:
            first = self.place(key, values[0])
            assert first is not None
            return "skip", told | {"skipped": self.order[key][first + 1 : first + delta]}
        return None if delta == 1 else ("nonmonotonic", told)

    def found(self) -> Found:
        """All findings but cycles."""
        found: Found = {}
        for name, evidence in [
            *self.of_logs(),
            *self.of_visibility(),
            *self.internal(),
            *self.external_polls(),
            *self.external_sends(),
        ]:
            found.setdefault(name, []).append(evidence)
        return found

    def of_logs(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Inconsistent offsets and duplicates."""
        for key, log in self.log.items():
            offsets: dict[Any, list[int]] = {}
            for index, offset in enumerate(sorted(log)):
                values = sorted(set(log[offset]))
                if len(values) > 1:
                    yield "inconsistent_offsets", {"key": key, "offset": offset, "index": index, "values": values}
                for value in values:
                    offsets.setdefault(value, []).append(offset)
            for value, places in offsets.items():
                if len(places) > 1:
                    yield "duplicate", {"key": key, "value": value, "count": len(places), "offsets": places}

    def of_visibility(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Aborted and precommitted reads, lost and unseen messages."""
        for index, event in self.completions:
            for key, offset, value in reads(event):
                writer = self.writer.get((key, value))
                told = {"key": key, "value": value, "offset": offset, "writer": writer, "reader": index}
                if writer is not None and self.history[writer]["type"] == "fail" and event["type"] == "ok":
                    yield "aborted_read", told
                if writer == index:
                    yield "precommitted_read", told
        for key in {key for key, _ in self.ok_reader}:
            yield from self.lost_of(key)
        unseen: dict[str, list[Any]] = {}
        for (key, value), writer in sorted(self.writer.items()):
            if self.history[writer]["type"] == "ok" and (key, value) not in self.ok_reader:
                unseen.setdefault(key, []).append(value)
        for key, values in unseen.items():
            writers = [self.writer[key, value] for value in values]
            yield "unseen", {"key": key, "count": len(values), "values": values, "writers": writers}

    def lost_of(self, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The lost messages of a key."""
        log = [(offset, set(self.log[key][offset])) for offset in sorted(self.log.get(key, {}))]
        first: dict[Any, int] = {}
        last: dict[Any, int] = {}
        for index, (_, values) in enumerate(log):
            for value in values:
                first.setdefault(value, index)
                last[value] = index
        polled = {value: first[value] for k, value in self.ok_reader if k == key and value in first}
        if not polled:
            return
        bound = max(polled.values())
        proof = max(value for value, index in polled.items() if index == bound)
        for value, index in last.items():
            writer = self.writer.get((key, value))
            if index > bound or (key, value) in self.ok_reader or writer is None:
                continue
            if self.must_have_committed(self.history[writer]):
                yield (
                    "lost_write",
                    {
                        "key": key,
                        "value": value,
                        "offset": log[first[value]][0],
                        "index": first[value],
                        "max_read_index": bound,
                        "writer": writer,
                        "reader": self.ok_reader[key, proof],
                    },
                )

    def internal(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Steps inside a transaction."""
        for index, event in self.completions:
            moved = {key for rebalance in event.get("rebalance_log", []) for key in rebalance["keys"]}
            for what, rows in (("poll", reads(event)), ("send", sends(event))):
                for key, values in by_key(rows).items():
                    for pair in pairwise(values):
                        step = self.step(key, pair, [index])
                        if step is not None and not (what == "poll" and key in moved):
                            yield f"int_{named(step[0], what)}", step[1]

    def external_polls(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Steps of a consumer from one transaction to the next."""
        last: dict[tuple[Any, str], tuple[int, Any]] = {}
        for index, event in enumerate(self.history):
            self.forget(event, last)
            if event["type"] == "invoke" or event["f"] not in OPERATIONS:
                continue
            for key, values in by_key(reads(event)).items():
                before = last.get((event["process"], key))
                if before is not None:
                    step = self.step(key, (before[1], values[0]), [before[0], index])
                    if step is not None:
                        yield named(step[0], "poll"), step[1]
                if event["type"] == "ok":
                    last[event["process"], key] = (index, values[-1])

    def external_sends(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Steps of a producer from one transaction to the next."""
        last: dict[tuple[Any, str], tuple[int, Any]] = {}
        for index, event in enumerate(self.history):
            self.forget(event, last)
            if event["type"] not in ("ok", "info") or event["f"] not in OPERATIONS:
                continue
            for key, values in by_key(sends(event)).items():
                before = last.get((event["process"], key))
                if before is not None:
                    step = self.step(key, (before[1], values[0]), [before[0], index])
                    if step is not None and step[0] == "nonmonotonic":
                        yield "nonmonotonic_send", step[1]
                last[event["process"], key] = (index, values[-1])

    def forget(self, event: Event, last: dict[tuple[Any, str], Any]) -> None:
        """Keep only the keys that an assignment names."""
        if event["f"] in ("assign", "subscribe") and event["type"] in ("ok", "info"):
            for process, key in list(last):
                if process == event["process"] and key not in event["value"]:
                    del last[process, key]

    def graph(self, kinds: set[str]) -> nx.MultiDiGraph[int]:
        """The dependencies of some kinds, every realtime edge on its own."""
        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        edges = [*self.data_edges(), *self.time_edges()]
        graph.add_edges_from((a, b, {"kind": kind}) for kind, a, b in edges if a != b and kind in kinds)
        return graph

    def data_edges(self) -> Iterator[tuple[str, int, int]]:
        """ww, wr and rw edges."""
        for key, order in self.order.items():
            for place, value in enumerate(order[1:], 1):
                pair = self.writer.get((key, order[place - 1])), self.writer.get((key, value))
                if self.place(key, value) == place and pair[0] is not None and pair[1] is not None:
                    yield "ww", *pair
        for index, event in self.completions:
            for key, values in by_key(reads(event)).items():
                for value in values:
                    if (key, value) in self.writer:
                        yield "wr", self.writer[key, value], index
                highest = max((place for v in values if (place := self.place(key, v)) is not None), default=None)
                if highest is not None and highest + 1 < len(self.order[key]):
                    following = self.writer.get((key, self.order[key][highest + 1]))
                    if following is not None:
                        yield "rw", index, following

    def time_edges(self) -> Iterator[tuple[str, int, int]]:
        """Realtime edges, and process edges from the last ok operation of a process."""
        touching = [(index, event) for index, event in self.completions if any(sends(event)) or any(reads(event))]
        for later, other in touching:
            before = [(index, event) for index, event in touching if event["type"] == "ok" and index < other["invoked"]]
            yield from (("realtime", index, later) for index, _ in before)
            own = [index for index, event in before if event["process"] == other["process"]]
            if own:
                yield "process", own[-1], later

    def on_cycles(self, kinds: set[str]) -> set[tuple[int, int, str]]:
        """The edges with both ends in one component."""
        graph = self.graph(kinds)
        component = {n: i for i, nodes in enumerate(nx.strongly_connected_components(graph)) for n in nodes}
        return {(a, b, kind) for a, b, kind in graph.edges(data="kind") if component[a] == component[b]}


def named(kind: str, what: str) -> str:
    """nonmonotonic_poll, poll_skip and so on."""
    return f"{what}_skip" if kind == "skip" else f"nonmonotonic_{what}"

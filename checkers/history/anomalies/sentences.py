"""What an edge of a cycle says, as data and as a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping

from checkers.history.anomalies.analysis import Analysis
from checkers.history.anomalies.columns import Evidence
from checkers.history.anomalies.graph import Edge, Graph
from checkers.history.history import NONE, Json

SENTENCES: Mapping[Edge, str] = {
    Edge.WW: "{0} sent {before} to {key} before {1} sent {value}",
    Edge.WR: "{0} sent {value} to {key}, which {1} polled",
    Edge.RW: "{0} polled {key} up to {before}, and only then comes {value}, which {1} sent",
    Edge.PROCESS: "process {process} was done with {0} before it invoked {1}",
    Edge.REALTIME: "{0} was over before {1} was invoked",
}


def edge_evidence(
    analysis: Analysis, graph: Graph, edge: tuple[int, int, int], names: Mapping[int, str]
) -> dict[str, Json]:
    """An edge (from, to, row) between named nodes: its kind, its operations, what it is about and its sentence."""
    source, target, row = edge
    kind = Edge.REALTIME if row == NONE else Edge(int(graph.edges.kind[row]))
    told: Evidence = {
        "kind": kind.name.lower(),
        "from": analysis.index(int(graph.event[source])),
        "to": analysis.index(int(graph.event[target])),
    }
    about: Evidence = {}
    if kind == Edge.PROCESS:
        about["process"] = analysis.history.processes.names[analysis.history.process[graph.event[source]]]
    elif kind != Edge.REALTIME:
        message = int(graph.edges.message[row])
        about["key"] = analysis.key(int(analysis.messages.major[message]))
        if kind != Edge.WR:
            about["before"] = analysis.value(int(analysis.orders.message[analysis.orders.place[message] - 1]))
        about["value"] = analysis.value(message)
    shown = {name: value if isinstance(value, str) else json.dumps(value) for name, value in about.items()}
    return told | about | {"sentence": SENTENCES[kind].format(names[source], names[target], **shown)}

"""State graphs as files, for small spaces: GraphML and DOT, through networkx.

Every reachable state is a node and every step an edge, steps that change nothing included; nodes are numbered by
depth. A node has the printed state (`label`), its packed words (`words`, hexadecimal), its `depth` and whether it is
`initial`; an edge has its step (`label`). The same graph gives the same bytes in any process.

Source: GraphML (graphml.graphdrawing.org), the DOT language (graphviz.org); networkx.
Left out: symmetry (every state is there as it is); layouts; spaces of more than `STATES_MAX` states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pydot

from checkers.atomic_file import write_whole
from checkers.explore.graph import StateGraph, search_for_graph, state_graph
from checkers.explore.outcome import SearchOptions
from checkers.verdict import UserError, Violated
from specs.instance import Instance

STATES_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    states: int
    edges: int


def export_graph(instance: Instance, path: Path, options: SearchOptions | None = None) -> Exported:
    """Write the state graph of an instance to a .graphml or a .dot file.

    Properties are not checked on the way. Raises UserError for another ending, for more than `STATES_MAX` states, for a
    spec that meets a finding, and if the file can't be written.
    """
    writer = WRITERS.get(path.suffix)
    if writer is None:
        raise UserError(f"--graph {path}: the file must end in {' or '.join(WRITERS)}")
    options = replace(options or SearchOptions(), properties=(), deadlock=False, checkpoint=None)
    options = replace(options, max_states=STATES_MAX + 1)
    search, exploration = search_for_graph(instance, options)
    if exploration.distinct_states > STATES_MAX:
        raise UserError(f"--graph {path}: more than {STATES_MAX:,} states; try smaller bounds")
    if isinstance(exploration.verdict, Violated):
        raise UserError(f"--graph {path}: the states can't all be reached: {exploration.verdict.detail}")
    graph = labelled(state_graph(search, stutters=True))
    write_whole(path, writer(graph))
    return Exported(path, graph.number_of_nodes(), graph.number_of_edges())


def labelled(graph: StateGraph) -> nx.MultiDiGraph[int]:
    """The graph as networkx has it."""
    depths = graph.graph.depths[0]
    order = np.argsort(depths, kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    result: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    initial = set(graph.graph.initial.tolist())
    for node in order.tolist():
        result.add_node(
            int(number[node]),
            label=graph.instance.struct.show(graph.state(node)),
            words=",".join(f"{int(word):016x}" for word in graph.states[node]),
            depth=int(depths[node]),
            initial=node in initial,
        )
    indptr = graph.graph.indptr
    for node in order.tolist():
        for edge in range(int(indptr[node]), int(indptr[node + 1])):
            step = graph.steps[graph.graph.labels[edge]]
            result.add_edge(int(number[node]), int(number[graph.graph.targets[edge]]), label=str(step))
    return result


def graphml(graph: nx.MultiDiGraph[int]) -> bytes:
    """As GraphML, by the standard library's XML: lxml, where it is installed, would give other bytes."""
    file = BytesIO()
    nx.write_graphml_xml(graph, file)
    return file.getvalue()


def dot(graph: nx.MultiDiGraph[int]) -> bytes:
    """As DOT, every text quoted."""
    result = pydot.Dot("states", graph_type="digraph")
    for node, data in graph.nodes(data=True):
        result.add_node(pydot.Node(str(node), **quoted(data)))
    for source, target, data in graph.edges(data=True):
        result.add_edge(pydot.Edge(str(source), str(target), **quoted(data)))
    text: str = result.to_string()
    return text.encode()


def quoted(data: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as DOT takes them."""
    return {name: '"' + str(value).replace('"', '\\"') + '"' for name, value in data.items()}


WRITERS: Mapping[str, Callable[[nx.MultiDiGraph[int]], bytes]] = {".graphml": graphml, ".dot": dot}
"""By the ending of the file."""

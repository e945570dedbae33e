"""State graphs as files, read back."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from checkers.explore import export
from checkers.explore.explore import explore
from checkers.explore.export import export_graph
from checkers.explore.outcome import SearchOptions
from checkers.verdict import UserError
from specs import log_order, replication
from specs.instance import at
from tests.checkers import toys
from tests.checkers.explore.lively import LAMP


def read(path: Path) -> Any:  # noqa: ANN401 - networkx's graph of strings
    if path.suffix == ".graphml":
        return nx.read_graphml(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydot's own parser warns about its grammar
        return nx.nx_pydot.read_dot(path)


@pytest.mark.parametrize("ending", ["graphml", "dot"])
def test_a_graph_has_the_states_and_steps_that_a_search_counts(tmp_path: Path, ending: str) -> None:
    instance = at(log_order.SPEC)
    found = explore(instance, SearchOptions(symmetric=False))
    path = tmp_path / f"log.{ending}"
    exported = export_graph(instance, path)
    graph = read(path)
    assert (exported.states, exported.edges) == (found.distinct_states, found.transitions)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (found.distinct_states, found.transitions)
    assert max(int(str(d).strip('"')) for _, d in graph.nodes(data="depth")) == found.max_depth


def test_nodes_and_edges_say_what_they_are(tmp_path: Path) -> None:
    export_graph(at(LAMP), tmp_path / "lamp.graphml")
    graph = read(tmp_path / "lamp.graphml")
    assert dict(graph.nodes(data=True)) == {
        "0": {"label": "(at=0)", "words": "0000000000000000", "depth": 0, "initial": True},
        "1": {"label": "(at=1)", "words": "0000000000000001", "depth": 1, "initial": False},
        "2": {"label": "(at=2)", "words": "0000000000000002", "depth": 2, "initial": False},
    }
    assert sorted((u, v, label) for u, v, label in graph.edges(data="label")) == [
        ("0", "0", "look()"),
        ("0", "1", "switch_on()"),
        ("1", "0", "switch_off()"),
        ("1", "1", "look()"),
        ("1", "2", "burn_out()"),
    ]


@pytest.mark.deep
def test_replication_at_its_smallest_calibrated_bounds_has_957_states(tmp_path: Path) -> None:
    instance = at(replication.SPEC, replicas=2, log_size=2, max_records=2, max_leader_epoch=1)
    export_graph(instance, tmp_path / "replication.graphml")
    assert read(tmp_path / "replication.graphml").number_of_nodes() == 957


PROGRAM = """
import sys
from pathlib import Path
from checkers.explore.export import export_graph
from specs.instance import at
from tests.checkers.explore.lively import WORK
for ending in ("graphml", "dot"):
    export_graph(at(WORK), Path(sys.argv[1] + ending))
"""


def test_the_same_graph_is_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / f"{seed}.")]
        subprocess.run(command, check=True, env=environment(PYTHONHASHSEED=seed))  # noqa: S603 - our own program
    for ending in ("graphml", "dot"):
        assert (tmp_path / f"1.{ending}").read_bytes() == (tmp_path / f"2.{ending}").read_bytes()


def environment(**changed: str) -> dict[str, str]:
    """That of this process, so that the cache is shared."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | changed


@pytest.mark.parametrize("name", ["graph.png", "graph"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"must end in \.graphml or \.dot"):
        export_graph(at(LAMP), tmp_path / name)


def test_a_large_space_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "STATES_MAX", 2)
    with pytest.raises(UserError, match="more than 2 states; try smaller bounds"):
        export_graph(at(LAMP), tmp_path / "lamp.dot")


def test_a_spec_that_meets_a_finding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't all be reached"):
        export_graph(at(toys.COUNTER, "asserts"), tmp_path / "counter.dot")

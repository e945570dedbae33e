"""For each anomaly the smallest history that shows it, with the exact evidence, and the nearest one that does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from checkers.history.anomalies.settings import Settings
from checkers.history.anomalies.table import ANOMALIES
from tests.checkers.history.anomalies.judged import Event, done, found

WW = Settings(ww_deps=True)


@dataclass(frozen=True)
class Case:
    """Histories of one anomaly; the neighbour is as near as can be."""

    shows: list[Event]
    evidence: dict[str, Any]
    neighbour: list[Event]
    settings: Settings = field(default_factory=Settings)


def noted(process: int, function: str, value: Any, **fields: Any) -> list[Event]:  # noqa: ANN401 - JSON
    """An observation."""
    return [(process, "ok", function, value, fields)]


def whole(process: int, function: str, value: Any, type: str = "ok", **fields: Any) -> list[Event]:  # noqa: A002, ANN401
    """An operation on offsets, whose invoke says the same."""
    asked = list(value) if function == "fetch" else value
    return [(process, "invoke", function, asked, fields), (process, type, function, value, fields)]


def batch(offset: int, count: int, sequence: int, epoch: int = 0, leader_epoch: int = 0) -> list[Event]:
    """A batch in the log of broker 1."""
    fields = {"producer_id": 7, "producer_epoch": epoch, "base_sequence": sequence, "leader_epoch": leader_epoch}
    return noted(1, "batch", [["x", offset, count]], **fields)


def batches(offsets: list[int], sequences: list[list[int]], operations: list[int]) -> dict[str, Any]:
    """Evidence of two batches."""
    of_producer = {"key": "x", "process": 1, "producer_id": 7, "producer_epoch": 0}
    return of_producer | {"offsets": offsets, "sequences": sequences, "operations": operations}


def consumed(process: int, *values: tuple[int, str], sends: str, type: str = "ok") -> list[Event]:  # noqa: A002
    """A transaction of group g that polls x and sends one message to y."""
    polled = {"x": [[offset, value] for offset, value in values]}
    return done(process, "txn", polled, ("y", sends), type=type, group="g")


def edge(kind: str, operations: tuple[int, int], sentence: str, **about: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An edge of a cycle."""
    return {"kind": kind, "from": operations[0], "to": operations[1], **about, "sentence": sentence}


def cycle(kind: str, *edges: dict[str, Any]) -> dict[str, Any]:
    """A cycle that is all of its component."""
    return {"type": kind, "operations": [e["from"] for e in edges], "edges": list(edges), "component": len(edges)}


A_AND_B = done(0, "send", ("x", "a", 0), ("x", "b", 1))
A_B_C = done(0, "send", ("x", "a", 0), ("x", "b", 1), ("x", "c", 2))
Y_C = done(9, "send", ("y", "c", 0))


def crossing(*, second: int) -> list[Event]:
    """Two concurrent transactions on x and y, the second of them at this offset of y; the first is at 1."""
    return [
        (0, "invoke", "send", [["send", "x", "a"], ["send", "y", "a"]]),
        (1, "invoke", "send", [["send", "x", "b"], ["send", "y", "b"]]),
        (0, "ok", "send", [["send", "x", [0, "a"]], ["send", "y", [1, "a"]]]),
        (1, "ok", "send", [["send", "x", [1, "b"]], ["send", "y", [second, "b"]]]),
    ]


def seeing_each_other(polled: dict[str, Any]) -> list[Event]:
    """Two concurrent transactions, of which the second sees the first, and the first polls this."""
    return [
        (0, "invoke", "txn", [["send", "x", "a"], ["poll"]]),
        (1, "invoke", "txn", [["send", "y", "b"], ["poll"]]),
        (0, "ok", "txn", [["send", "x", [0, "a"]], ["poll", polled]]),
        (1, "ok", "txn", [["send", "y", [0, "b"]], ["poll", {"x": [[0, "a"]]}]]),
    ]


CASES: dict[str, Case] = {
    "inconsistent_offsets": Case(
        [*done(0, "send", ("x", "a", 0)), *done(1, "send", ("x", "b", 0))],
        {"key": "x", "offset": 0, "index": 0, "values": ["a", "b"]},
        [*done(0, "send", ("x", "a", 0)), *done(1, "send", ("x", "b", 1))],
    ),
    "duplicate": Case(
        [*done(0, "send", ("x", "a", 0)), *done(1, "poll", {"x": [[1, "a"]]})],
        {"key": "x", "value": "a", "count": 2, "offsets": [0, 1]},
        [*done(0, "send", ("x", "a", 1)), *done(1, "poll", {"x": [[1, "a"]]})],
    ),
    "phantom_read": Case(
        [*done(0, "send", ("x", "a", 0)), *done(1, "poll", {"x": [[0, "a"], [1, "b"]]})],
        {"key": "x", "value": "b", "offset": 1, "count": 1, "reader": 3},
        [
            *done(0, "send", ("x", "a", 0)),
            (2, "invoke", "send", [["send", "x", "b"]]),
            *done(1, "poll", {"x": [[0, "a"], [1, "b"]]}),
        ],
    ),
    "aborted_read": Case(
        [*done(0, "send", ("x", "a"), type="fail"), *done(1, "poll", {"x": [[0, "a"]]})],
        {"key": "x", "value": "a", "offset": 0, "writer": 1, "reader": 3},
        [*done(0, "send", ("x", "a"), type="info"), *done(1, "poll", {"x": [[0, "a"]]})],
    ),
    "precommitted_read": Case(
        done(0, "txn", ("x", "a", 0), {"x": [[0, "a"]]}),
        {"key": "x", "value": "a", "offset": 0, "writer": 1, "reader": 1},
        [*done(0, "txn", ("x", "a", 0), {}), *done(0, "txn", {"x": [[0, "a"]]})],
    ),
    "lost_write": Case(
        [*A_AND_B, *done(1, "poll", {"x": [[1, "b"]]})],
        {"key": "x", "value": "a", "offset": 0, "index": 0, "max_read_index": 1, "writer": 1, "reader": 3},
        [*A_AND_B, *done(1, "poll", {"x": [[0, "a"]]})],
    ),
    "unseen": Case(
        done(0, "send", ("x", "a", 0)),
        {"key": "x", "count": 1, "values": ["a"], "writers": [1]},
        done(0, "send", ("x", "a", 0), type="info"),
    ),
    "poll_skip": Case(
        [*A_B_C, *done(1, "poll", {"x": [[0, "a"]]}), *done(1, "poll", {"x": [[2, "c"]]})],
        {"key": "x", "values": ["a", "c"], "delta": 2, "operations": [3, 5], "skipped": ["b"]},
        [
            *A_B_C,
            *done(1, "poll", {"x": [[0, "a"]]}),
            *whole(1, "assign", ["x"], seek_to_beginning=True),
            *done(1, "poll", {"x": [[2, "c"]]}),
        ],
    ),
    "nonmonotonic_poll": Case(
        [*A_AND_B, *done(1, "poll", {"x": [[0, "a"]]}), *done(1, "poll", {"x": [[0, "a"]]})],
        {"key": "x", "values": ["a", "a"], "delta": 0, "operations": [3, 5]},
        [*A_AND_B, *done(1, "poll", {"x": [[0, "a"]]}, type="fail"), *done(1, "poll", {"x": [[0, "a"]]})],
    ),
    "nonmonotonic_send": Case(
        [*done(0, "send", ("x", "a", 1)), *done(0, "send", ("x", "b", 0))],
        {"key": "x", "values": ["a", "b"], "delta": -1, "operations": [1, 3]},
        [*done(0, "send", ("x", "a", 1)), *done(1, "send", ("x", "b", 0))],
    ),
    "int_poll_skip": Case(
        [*A_B_C, *done(1, "poll", {"x": [[0, "a"], [2, "c"]]})],
        {"key": "x", "values": ["a", "c"], "delta": 2, "operations": [3], "skipped": ["b"]},
        [*A_B_C, *done(1, "poll", {"x": [[0, "a"], [2, "c"]]}, rebalance_log=[{"keys": ["x"]}])],
    ),
    "int_nonmonotonic_poll": Case(
        [*A_AND_B, *done(1, "poll", {"x": [[1, "b"], [0, "a"]]})],
        {"key": "x", "values": ["b", "a"], "delta": -1, "operations": [3]},
        [*A_AND_B, *done(1, "poll", {"x": [[1, "b"], [0, "a"]]}, rebalance_log=[{"keys": ["y"]}, {"keys": ["x"]}])],
    ),
    "int_send_skip": Case(
        [*done(0, "send", ("x", "a", 0), ("x", "c", 2)), *done(1, "send", ("x", "b", 1))],
        {"key": "x", "values": ["a", "c"], "delta": 2, "operations": [1], "skipped": ["b"]},
        done(0, "send", ("x", "a", 0), ("x", "c", 2)),
    ),
    "int_nonmonotonic_send": Case(
        done(0, "send", ("x", "b", 1), ("x", "a", 0)),
        {"key": "x", "values": ["b", "a"], "delta": -1, "operations": [1]},
        done(0, "send", ("x", "b", 1), ("y", "a", 0)),
    ),
    "write_cycle": Case(
        crossing(second=0),
        cycle(
            "G0",
            edge("ww", (2, 3), "T1 sent a to x before T2 sent b", key="x", before="a", value="b"),
            edge("ww", (3, 2), "T2 sent b to y before T1 sent a", key="y", before="b", value="a"),
        ),
        crossing(second=2),
        WW,
    ),
    "write_cycle_process": Case(
        [*done(0, "send", ("x", "a", 1)), *done(0, "send", ("x", "b", 0))],
        cycle(
            "G0-process",
            edge("process", (1, 3), "process 0 was done with T1 before it invoked T2", process=0),
            edge("ww", (3, 1), "T2 sent b to x before T1 sent a", key="x", before="b", value="a"),
        ),
        [*done(0, "send", ("x", "a", 1), type="info"), *done(0, "send", ("x", "b", 0))],
        WW,
    ),
    "write_cycle_realtime": Case(
        [*done(0, "send", ("x", "a", 1)), *done(1, "send", ("x", "b", 0))],
        cycle(
            "G0-realtime",
            edge("realtime", (1, 3), "T1 was over before T2 was invoked"),
            edge("ww", (3, 1), "T2 sent b to x before T1 sent a", key="x", before="b", value="a"),
        ),
        [
            (1, "invoke", "send", [["send", "x", "b"]]),
            *done(0, "send", ("x", "a", 1)),
            (1, "ok", "send", [["send", "x", [0, "b"]]]),
        ],
        WW,
    ),
    "circular_information_flow": Case(
        seeing_each_other({"y": [[0, "b"]]}),
        cycle(
            "G1c",
            edge("wr", (2, 3), "T1 sent a to x, which T2 polled", key="x", value="a"),
            edge("wr", (3, 2), "T2 sent b to y, which T1 polled", key="y", value="b"),
        ),
        seeing_each_other({}),
    ),
    "circular_information_flow_process": Case(
        [*done(0, "poll", {"x": [[0, "a"]]}), *done(0, "send", ("x", "a", 0))],
        cycle(
            "G1c-process",
            edge("process", (1, 3), "process 0 was done with T1 before it invoked T2", process=0),
            edge("wr", (3, 1), "T2 sent a to x, which T1 polled", key="x", value="a"),
        ),
        [*done(0, "send", ("x", "a", 0)), *done(0, "poll", {"x": [[0, "a"]]})],
    ),
    "circular_information_flow_realtime": Case(
        [*done(1, "poll", {"x": [[0, "a"]]}), *done(0, "send", ("x", "a", 0))],
        cycle(
            "G1c-realtime",
            edge("realtime", (1, 3), "T1 was over before T2 was invoked"),
            edge("wr", (3, 1), "T2 sent a to x, which T1 polled", key="x", value="a"),
        ),
        [
            (0, "invoke", "send", [["send", "x", "a"]]),
            *done(1, "poll", {"x": [[0, "a"]]}),
            (0, "ok", "send", [["send", "x", [0, "a"]]]),
        ],
    ),
    "read_write_cycle": Case(
        [*A_AND_B, *done(1, "poll", {"x": [[0, "a"]]})],
        cycle(
            "G-single",
            edge("wr", (1, 3), "T1 sent a to x, which T2 polled", key="x", value="a"),
            edge(
                "rw",
                (3, 1),
                "T2 polled x up to a, and only then comes b, which T1 sent",
                key="x",
                before="a",
                value="b",
            ),
        ),
        [*A_AND_B, *done(1, "poll", {"x": [[0, "a"], [1, "b"]]})],
    ),
    "torn_transaction": Case(
        [
            *done(0, "txn", ("x", "a", 0), ("y", "a", 1)),
            *done(1, "send", ("y", "b", 0), ("y", "c", 2)),
            *done(2, "poll", {"x": [[0, "a"]], "y": [[0, "b"], [2, "c"]]}),
            *done(3, "poll", {"y": [[0, "b"], [1, "a"]]}),
        ],
        {"writer": 1, "reader": 5, "process": 2, "missing": [["y", "a"]], "seen": [["x", "a"]]},
        [
            *done(0, "txn", ("x", "a", 0), ("y", "a", 1)),
            *done(1, "send", ("y", "b", 0), ("y", "c", 2)),
            *done(2, "poll", {"x": [[0, "a"]], "y": [[0, "b"]]}),
            *done(3, "poll", {"y": [[0, "b"], [1, "a"], [2, "c"]]}),
        ],
    ),
    "exactly_once_violation": Case(
        [
            *done(0, "send", ("x", "a", 0)),
            *consumed(1, (0, "a"), sends="b"),
            *consumed(2, (0, "a"), sends="c"),
        ],
        {
            "type": "consumed_twice",
            "group": "g",
            "key": "x",
            "value": "a",
            "offset": 0,
            "count": 2,
            "operations": [3, 5],
        },
        [
            *done(0, "send", ("x", "a", 0)),
            *consumed(1, (0, "a"), sends="b", type="fail"),
            *consumed(2, (0, "a"), sends="c"),
        ],
    ),
    "committed_offset_regression": Case(
        [*whole(0, "commit", {"x": 5}, group="g"), *whole(1, "commit", {"x": 4}, group="g")],
        {"type": "commit", "group": "g", "key": "x", "offsets": [5, 4], "delta": -1, "operations": [1, 3]},
        [*whole(0, "commit", {"x": 5}, group="g"), *whole(1, "commit", {"x": 4}, group="h")],
    ),
    "two_owners": Case(
        [
            *noted(0, "assigned", ["x"], group="g", generation=3, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=3, member="n"),
        ],
        {"group": "g", "generation": 3, "key": "x", "members": ["m", "n"], "operations": [0, 1]},
        [
            *noted(0, "assigned", ["x"], group="g", generation=3, member="m"),
            *noted(0, "revoked", ["x"], group="g", generation=3, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=3, member="n"),
        ],
    ),
    "zombie_write": Case(
        [
            *done(1, "send", ("x", "a", 0), producer_id=7, producer_epoch=1),
            *done(0, "send", ("x", "b", 1), producer_id=7, producer_epoch=0),
        ],
        {
            "type": "write",
            "key": "x",
            "value": "b",
            "producer_id": 7,
            "producer_epoch": 0,
            "writer": 3,
            "fenced_by": 1,
        },
        [
            (0, "invoke", "send", [["send", "x", "b"]]),
            *done(1, "send", ("x", "a", 0), producer_id=7, producer_epoch=1),
            (0, "ok", "send", [["send", "x", [1, "b"]]], {"producer_id": 7, "producer_epoch": 0}),
        ],
    ),
    "sequence_out_of_order": Case(
        [*batch(0, 2, sequence=0), *batch(2, 1, sequence=3)],
        batches([0, 2], [[0, 1], [3, 3]], [0, 1]) | {"delta": 1},
        [*batch(0, 2, sequence=0), *batch(2, 1, sequence=2)],
    ),
    "sequence_repeated": Case(
        [*batch(0, 2, sequence=0), *batch(2, 2, sequence=0)],
        batches([0, 2], [[0, 1], [0, 1]], [0, 1]),
        [*batch(0, 2, sequence=0), *batch(2, 2, sequence=0, epoch=1)],
    ),
    "high_watermark_regression": Case(
        [*noted(1, "high_watermark", {"x": 5}, leader_epoch=2), *noted(1, "high_watermark", {"x": 3}, leader_epoch=2)],
        {"key": "x", "process": 1, "leader_epoch": 2, "offsets": [5, 3], "delta": -2, "operations": [0, 1]},
        [*noted(1, "high_watermark", {"x": 5}, leader_epoch=2), *noted(1, "high_watermark", {"x": 3}, leader_epoch=3)],
    ),
    "last_stable_offset_regression": Case(
        [*noted(1, "last_stable_offset", {"x": 5}), *noted(1, "last_stable_offset", {"x": 4})],
        {"key": "x", "process": 1, "leader_epoch": None, "offsets": [5, 4], "delta": -1, "operations": [0, 1]},
        [*noted(1, "last_stable_offset", {"x": 5}), *noted(2, "last_stable_offset", {"x": 4})],
    ),
    "divergent_leaders": Case(
        [*noted(1, "leader", {"x": 4}), *noted(2, "leader", {"x": 4})],
        {"type": "leaders", "key": "x", "operations": [0, 1], "epoch": 4, "processes": [1, 2]},
        [*noted(1, "leader", {"x": 4}), *noted(2, "leader", {"x": 5})],
    ),
}


def test_every_anomaly_has_its_smallest_history() -> None:
    assert list(ANOMALIES) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_the_smallest_history_shows_the_anomaly(name: str) -> None:
    case = CASES[name]
    assert [case.evidence] == found(*case.shows, settings=case.settings)[name]


@pytest.mark.parametrize("name", CASES)
def test_its_nearest_neighbour_does_not(name: str) -> None:
    case = CASES[name]
    assert name not in found(*case.neighbour, settings=case.settings)


MORE: dict[str, tuple[str, list[Event], list[dict[str, Any]]]] = {
    "where no send is recorded nothing is known of them": ("phantom_read", done(1, "poll", {"x": [[0, "a"]]}), []),
    "a record of a log to which nobody sent": (
        "phantom_read",
        [*done(0, "send", ("y", "b", 0)), *done(1, "poll", {"x": [[0, "a"]]})],
        [{"key": "x", "value": "a", "offset": 0, "count": 1, "reader": 3}],
    ),
    "a duplicate of a message proves less than a later message": (
        "lost_write",
        [
            *done(0, "send", ("x", "a", 0), ("x", "b", 1), ("x", "c", 2)),
            *done(1, "poll", {"x": [[0, "a"], [2, "c"], [3, "a"]]}),
        ],
        [{"key": "x", "value": "b", "offset": 1, "index": 1, "max_read_index": 2, "writer": 1, "reader": 3}],
    ),
    "only its last place orders a duplicate": (
        "circular_information_flow",
        [
            (0, "invoke", "txn", [["send", "x", "a"], ["poll"]]),
            (1, "invoke", "send", [["send", "x", "b"], ["send", "y", "b"]]),
            (0, "ok", "txn", [["send", "x", [0, "a"]], ["poll", {"y": [[0, "b"]]}]]),
            (1, "ok", "send", [["send", "x", [1, "b"]], ["send", "y", [0, "b"]]]),
            *done(2, "send", ("x", "c", 2)),
            *done(3, "poll", {"x": [[3, "b"]]}),
        ],
        [],
    ),
    "a failed transaction can't be torn": (
        "torn_transaction",
        [
            *done(0, "txn", ("x", "a"), ("y", "a"), type="fail"),
            *done(1, "send", ("y", "b", 0), ("y", "c", 2)),
            *done(2, "poll", {"x": [[0, "a"]], "y": [[0, "b"], [2, "c"]]}),
            *done(3, "poll", {"y": [[0, "b"], [1, "a"]]}),
        ],
        [],
    ),
    "a lost part of a transaction tears it for all": (
        "torn_transaction",
        [
            *done(0, "txn", ("x", "a", 0), ("y", "a", 0)),
            *done(1, "send", ("y", "b", 1)),
            *done(2, "poll", {"x": [[0, "a"]], "y": [[1, "b"]]}),
        ],
        [{"writer": 1, "reader": 5, "process": None, "missing": [["y", "a"]], "seen": [["x", "a"]]}],
    ),
    "a transaction is torn from one poll to the next": (
        "torn_transaction",
        [
            *done(0, "txn", ("x", "a", 0), ("y", "a", 1)),
            *done(1, "send", ("y", "b", 0), ("y", "c", 2)),
            *done(2, "poll", {"x": [[0, "a"]], "y": [[0, "b"]]}),
            *done(2, "poll", {"y": [[2, "c"]]}),
            *done(3, "poll", {"y": [[0, "b"], [1, "a"]]}),
        ],
        [{"writer": 1, "reader": 5, "process": 2, "missing": [["y", "a"]], "seen": [["x", "a"]]}],
    ),
    "an output of a transaction of a group stands twice": (
        "exactly_once_violation",
        [
            *done(1, "txn", {}, ("y", "b", 0), group="g"),
            *done(2, "poll", {"y": [[0, "b"], [1, "b"]]}),
        ],
        [
            {"type": "output_duplicated", "group": "g", "key": "y", "value": "b", "offset": 0, "count": 2}
            | {"operations": [1]}
        ],
    ),
    "an output of a transaction of a group is lost": (
        "exactly_once_violation",
        [
            *done(1, "txn", {}, ("y", "b", 0), group="g"),
            *done(0, "send", ("y", "c", 1)),
            *done(2, "poll", {"y": [[1, "c"]]}),
        ],
        [{"type": "output_lost", "group": "g", "key": "y", "value": "b", "offset": 0, "count": 1, "operations": [1]}],
    ),
    "offsets of an aborted transaction are in force": (
        "exactly_once_violation",
        [
            *whole(1, "txn", [["commit", {"x": 4}]], type="fail", group="g"),
            *whole(2, "fetch", {"x": 4}, group="g"),
        ],
        [{"type": "aborted_offsets", "group": "g", "key": "x", "offset": 4, "operations": [1, 3]}],
    ),
    "offsets that another transaction committed as well are in force": (
        "exactly_once_violation",
        [
            *whole(1, "txn", [["commit", {"x": 4}]], type="fail", group="g"),
            *whole(1, "txn", [["commit", {"x": 4}]], group="g"),
            *whole(2, "fetch", {"x": 4}, group="g"),
        ],
        [],
    ),
    "of two concurrent commits either may be in force": (
        "committed_offset_regression",
        [
            (0, "invoke", "commit", {"x": 3}, {"group": "g"}),
            (1, "invoke", "commit", {"x": 5}, {"group": "g"}),
            (0, "ok", "commit", {"x": 3}, {"group": "g"}),
            (1, "ok", "commit", {"x": 5}, {"group": "g"}),
            *whole(1, "fetch", {"x": 3}, group="g"),
        ],
        [],
    ),
    "a commit that began meanwhile may be in force": (
        "committed_offset_regression",
        [
            *whole(0, "commit", {"x": 5}, group="g"),
            (1, "invoke", "fetch", ["x"], {"group": "g"}),
            (0, "invoke", "commit", {"x": 3}, {"group": "g"}),
            (1, "ok", "fetch", {"x": 3}, {"group": "g"}),
        ],
        [],
    ),
    "a key has another owner in another generation": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", generation=3, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=4, member="n"),
        ],
        [],
    ),
    "a member that goes on to another's generation takes along what it holds": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", generation=1, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=2, member="n"),
            *noted(0, "assigned", ["y"], group="g", generation=2, member="m"),
            *noted(0, "assigned", ["z"], group="g", generation=2, member="m"),
        ],
        [{"group": "g", "generation": 2, "key": "x", "members": ["n", "m"], "operations": [1, 2]}],
    ),
    "a member that goes on without new keys takes along what it holds": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", generation=1, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=2, member="n"),
            *noted(0, "assigned", [], group="g", generation=2, member="m"),
        ],
        [{"group": "g", "generation": 2, "key": "x", "members": ["n", "m"], "operations": [1, 2]}],
    ),
    "a member gives up what it held before it goes on": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", generation=1, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=2, member="n"),
            *noted(0, "revoked", ["x"], group="g", generation=2, member="m"),
            *noted(0, "assigned", ["y"], group="g", generation=2, member="m"),
        ],
        [],
    ),
    "the other has given it up by then": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", generation=1, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=2, member="n"),
            *noted(1, "revoked", ["x"], group="g", generation=2, member="n"),
            *noted(0, "assigned", ["y"], group="g", generation=2, member="m"),
        ],
        [],
    ),
    "an owner of old hears of it late": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", generation=1, member="m"),
            *noted(0, "assigned", ["y"], group="g", generation=2, member="m"),
            *noted(1, "assigned", ["x"], group="g", generation=1, member="n"),
        ],
        [{"group": "g", "generation": 1, "key": "x", "members": ["m", "n"], "operations": [0, 2]}],
    ),
    "whose member isn't known may be the one that held it": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", generation=1, member="m"),
            *noted(0, "revoked", ["x"], group="g", generation=1, member=""),
            *noted(1, "assigned", ["x"], group="g", generation=2, member="n"),
            *noted(0, "assigned", ["x"], group="g", generation=2, member=""),
            *noted(0, "assigned", ["y"], group="g", generation=2, member="m"),
        ],
        [],
    ),
    "unknown generations are not the same": (
        "two_owners",
        [
            *noted(0, "assigned", ["x"], group="g", member="m"),
            *noted(1, "assigned", ["x"], group="g", member="n"),
            *noted(0, "assigned", ["y"], group="g", member="m"),
        ],
        [],
    ),
    "a batch of several logs without sequences is no fault": (
        "sequence_repeated",
        [*noted(1, "batch", [["x", 0, 1], ["y", 0, 1]], leader_epoch=0)] * 2,
        [],
    ),
    "a committed offset is gone": (
        "committed_offset_regression",
        [*whole(0, "commit", {"x": 5}, group="g"), *whole(1, "fetch", {"x": None}, group="g")],
        [
            {"type": "fetch", "group": "g", "key": "x", "offsets": [5, None], "delta": -6, "operations": [1, 3]},
        ],
    ),
    "a commit that may still come explains a lower offset": (
        "committed_offset_regression",
        [
            *whole(2, "commit", {"x": 3}, type="info", group="g"),
            *whole(0, "commit", {"x": 5}, group="g"),
            *whole(1, "fetch", {"x": 3}, group="g"),
        ],
        [],
    ),
    "an offset is not lower than what a client went back to": (
        "committed_offset_regression",
        [
            *whole(0, "commit", {"x": 5}, group="g"),
            *whole(0, "commit", {"x": 3}, group="g"),
            *whole(1, "fetch", {"x": 3}, group="g"),
        ],
        [{"type": "commit", "group": "g", "key": "x", "offsets": [5, 3], "delta": -2, "operations": [1, 3]}],
    ),
    "an info transaction that was seen has committed its offsets": (
        "committed_offset_regression",
        [
            (0, "invoke", "txn", [["send", "y", "b"], ["commit", {"x": 5}]], {"group": "g"}),
            (0, "info", "txn", [["send", "y", "b"], ["commit", {"x": 5}]], {"group": "g"}),
            *done(1, "poll", {"y": [[0, "b"]]}),
            *whole(1, "fetch", {"x": 2}, group="g"),
        ],
        [{"type": "fetch", "group": "g", "key": "x", "offsets": [5, 2], "delta": -3, "operations": [1, 5]}],
    ),
    "a commit of an old generation after the key was handed on": (
        "zombie_write",
        [
            *noted(1, "assigned", ["x"], group="g", generation=4, member="n"),
            *whole(0, "commit", {"x": 5}, group="g", generation=3, member="m"),
        ],
        [
            {"type": "commit", "key": "x", "offset": 5, "group": "g", "member": "m", "generation": 3}
            | {"writer": 2, "fenced_by": 0},
        ],
    ),
    "a commit of a member that was fenced": (
        "zombie_write",
        [
            *noted(1, "fenced", None, group="g", generation=3, member="m"),
            *whole(0, "commit", {"x": 5}, group="g", generation=3, member="m"),
            *whole(0, "commit", {"x": 6}, group="g", generation=4, member="m"),
        ],
        [
            {"type": "commit", "key": "x", "offset": 5, "group": "g", "member": "m", "generation": 3}
            | {"writer": 2, "fenced_by": 0},
        ],
    ),
    "a failed write of a fenced producer that was polled": (
        "zombie_write",
        [
            *noted(1, "fenced", None, producer_id=7, producer_epoch=0),
            *done(0, "send", ("x", "b", 1), type="fail", producer_id=7, producer_epoch=0),
            *done(2, "poll", {"x": [[1, "b"]]}),
        ],
        [
            {"type": "write", "key": "x", "value": "b", "producer_id": 7, "producer_epoch": 0}
            | {"writer": 2, "fenced_by": 0},
        ],
    ),
    "different records at one offset and epoch": (
        "divergent_leaders",
        [
            *noted(1, "record", [["x", 3, "a"]], leader_epoch=2),
            *noted(2, "record", [["x", 3, "b"]], leader_epoch=2),
            *noted(3, "record", [["x", 3, "c"]], leader_epoch=3),
        ],
        [
            {"type": "records", "key": "x", "operations": [0, 1], "epoch": 2, "offset": 3}
            | {"values": ["a", "b"], "processes": [1, 2]}
        ],
    ),
    "a batch that was truncated is not repeated": (
        "sequence_repeated",
        [
            *batch(0, 2, 0),
            *batch(2, 2, 2),
            *batch(4, 1, 4),
            *batch(2, 4, 0, epoch=1, leader_epoch=1),
            *batch(6, 3, 2, leader_epoch=1),
        ],
        [],
    ),
    "a batch that was not truncated is repeated": (
        "sequence_repeated",
        [
            *batch(0, 2, 0),
            *batch(2, 2, 2),
            *batch(4, 1, 4),
            *batch(5, 4, 0, epoch=1, leader_epoch=1),
            *batch(9, 1, 4, leader_epoch=1),
        ],
        [batches([4, 9], [[4, 4], [4, 4]], [2, 4])],
    ),
    "sequences wrap": (
        "sequence_out_of_order",
        [*batch(0, 2, sequence=2**31 - 1), *batch(2, 2, sequence=1)],
        [],
    ),
    "after a repeated batch the sequence goes on from the highest": (
        "sequence_out_of_order",
        [*batch(0, 2, 0), *batch(2, 2, 2), *batch(4, 2, 0), *batch(6, 1, 4)],
        [],
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_what_else_shows_an_anomaly_or_does_not(name: str) -> None:
    anomaly, history, expected = MORE[name]
    assert expected == found(*history, settings=WW).get(anomaly, [])


def test_between_polls_of_subscribed_consumers_others_may_have_polled() -> None:
    _, history, _ = MORE["a transaction is torn from one poll to the next"]
    assert "torn_transaction" not in found(*history, settings=Settings(subscribed=True))

"""The examples of Jepsen's own tests of its workload for Kafka, restated: what it finds is found here.

Source: jepsen.tests.kafka-test. Where an example is about a value inside Jepsen, what follows from it is asserted
instead. Ours may find more in an example; of the anomalies that are named here, exactly these are found. Where none is
named, there is none but for read-write cycles, for which Jepsen doesn't look.
"""

from __future__ import annotations

from typing import Any

import pytest

from checkers.history.anomalies.analysis import analyse
from checkers.history.anomalies.settings import Settings
from tests.checkers.history.anomalies.judged import Event, done, found
from tests.checkers.history.histories import events, recorded

Expected = dict[str, list[dict[str, Any]]]

CONFLICT = [
    (0, "invoke", "send", [["send", "x", 1], ["send", "y", 1]]),
    (0, "info", "send", [["send", "x", [0, 1]], ["send", "y", 1]]),
    *done(1, "send", ("x", 2, 0)),
]
LOST_INFO = [
    (0, "invoke", "send", [["send", "x", "a"], ["send", "y", "b"]]),
    (0, "info", "send", [["send", "x", "a"], ["send", "y", [0, "b"]]]),
    *done(1, "send", ("y", "c"), type="info"),
]
SKIPPING = [
    *done(0, "poll", {"x": [[1, "a"], [2, "b"]]}),
    *done(1, "poll", {"x": [[3, "c"]]}),
]
SKIPPED = [
    *done(2, "send", ("x", "f", 6)),
    *done(0, "poll", {"x": [[7, "g"]]}),
    *done(3, "send", ("x", "a"), ("x", "b"), ("x", "c"), ("x", "d"), ("x", "g"), type="info"),
]
POLL_D = done(0, "poll", {"x": [[4, "d"]]})
SENDS = done(0, "send", *((("x", n, n)) for n in range(6)))
BACK = [
    *done(0, "send", ("x", "a"), ("x", "b"), ("x", "c"), ("x", "d")),
    *done(0, "poll", {"x": [[1, "a"], [2, "b"], [3, "c"]]}),
]
AGAIN = done(0, "poll", {"x": [[2, "b"], [3, "c"], [4, "d"]]})
LATE_SEND = done(0, "send", ("x", "c", 3), ("x", "d", 4))
EARLY_SEND = done(0, "send", ("x", "a", 1), ("x", "b", 2))


def assigned(function: str, *keys: str, type: str = "ok") -> list[Event]:  # noqa: A002
    """Process 0 assigns or subscribes to keys."""
    return [(0, "invoke", function, list(keys)), (0, type, function, list(keys))]


def skips(first: int, second: int, third: int) -> Expected:
    """The two skips of the example of poll-skip."""
    return {
        "poll_skip": [
            {"key": "x", "values": ["b", "d"], "delta": 2, "skipped": ["c"], "operations": [first, second]},
            {"key": "x", "values": ["d", "g"], "delta": 2, "skipped": ["f"], "operations": [second, third]},
        ]
    }


def returned(second: int) -> Expected:
    """The return of the example of nonmonotonic-poll."""
    return {"nonmonotonic_poll": [{"key": "x", "values": ["c", "b"], "delta": -1, "operations": [3, second]}]}


def sent_back(second: int) -> Expected:
    """The return of the example of nonmonotonic-send."""
    return {"nonmonotonic_send": [{"key": "x", "values": ["d", "a"], "delta": -3, "operations": [1, second]}]}


EXAMPLES: dict[str, tuple[list[Event], Expected]] = {
    "conflicting sends": (
        [*done(379, "send", ("11", 641, 537)), *done(363, "send", ("11", 645, 537))],
        {"inconsistent_offsets": [{"key": 11, "offset": 537, "index": 0, "values": [641, 645]}]},
    ),
    "an info send that conflicts": (CONFLICT, {"inconsistent_offsets": []}),
    "an info send that conflicts and was polled": (
        [*CONFLICT, *done(2, "poll", {"y": [[5, 1]]})],
        {"inconsistent_offsets": [{"key": "x", "offset": 0, "index": 0, "values": [1, 2]}]},
    ),
    "g1a": (
        [
            (0, "invoke", "send", [["send", "x", 2], ["send", "y", 3]]),
            (0, "fail", "send", [["send", "x", 2], ["send", "y", 3]]),
            *done(1, "poll", {"x": [[0, 2]]}),
        ],
        {"aborted_read": [{"key": "x", "value": 2, "offset": 0, "writer": 1, "reader": 3}]},
    ),
    "lost write, consistent": (
        [
            *done(0, "send", ("x", "a", 0)),
            *done(0, "send", ("x", "b", 1), ("x", "d", 3)),
            *done(1, "send", ("x", "c"), type="info"),
            *done(0, "poll", {"x": [[2, "c"]]}),
        ],
        {
            "lost_write": [
                {"key": "x", "value": "a", "offset": 0, "index": 0, "max_read_index": 2, "writer": 1, "reader": 7},
                {"key": "x", "value": "b", "offset": 1, "index": 1, "max_read_index": 2, "writer": 3, "reader": 7},
            ]
        },
    ),
    "lost write, inconsistent": (
        [
            *done(0, "send", ("x", "a", 0)),
            *done(0, "send", ("x", "b", 0), ("x", "c", 2)),
            *done(0, "poll", {"x": [[0, "b"], [2, "c"]]}),
        ],
        {
            "lost_write": [
                {"key": "x", "value": "a", "offset": 0, "index": 0, "max_read_index": 1, "writer": 1, "reader": 5}
            ]
        },
    ),
    "no lost write while nothing proves the commit": (
        [*LOST_INFO, *done(3, "poll", {"y": [[1, "c"]]})],
        {"lost_write": []},
    ),
    "lost write of an info transaction that was polled": (
        [*LOST_INFO, *done(2, "poll", {"x": [[0, "a"]]}), *done(3, "poll", {"y": [[1, "c"]]})],
        {
            "lost_write": [
                {"key": "y", "value": "b", "offset": 0, "index": 0, "max_read_index": 1, "writer": 1, "reader": 7}
            ]
        },
    ),
    "poll skip": ([*SKIPPING, *POLL_D, *SKIPPED], skips(1, 5, 9)),
    "poll skip, subscribed to others": (
        [*SKIPPING, *assigned("subscribe", "y"), *POLL_D, *assigned("assign", "y", type="info"), *SKIPPED],
        {"poll_skip": []},
    ),
    "poll skip, key kept": (
        [*SKIPPING, *assigned("subscribe", "x", "y"), *POLL_D, *assigned("assign", "x", "y"), *SKIPPED],
        skips(1, 7, 13),
    ),
    "aborted polls, rewound": (
        [
            *done(0, "send", ("x", 0, 0), ("x", 1, 1), ("x", 2, 2)),
            *done(1, "txn", {"x": [[0, 0]]}),
            *done(1, "txn", {"x": [[1, 1], [2, 2]]}, type="fail"),
            *done(1, "txn", {"x": [[1, 1], [2, 2]]}, type="info"),
            *done(1, "txn", {"x": [[1, 1], [2, 2]]}),
        ],
        {},
    ),
    "aborted polls, not rewound": (
        [
            *SENDS,
            *done(1, "txn", {"x": [[0, 0]]}),
            *done(1, "txn", {"x": [[1, 1], [2, 2]]}, type="fail"),
            *done(1, "txn", {"x": [[3, 3], [4, 4]]}, type="fail"),
            *done(1, "txn", {"x": [[5, 5]]}),
        ],
        {
            "poll_skip": [
                {"key": "x", "values": [0, 5], "delta": 5, "skipped": [1, 2, 3, 4], "operations": [3, 9]},
                {"key": "x", "values": [0, 3], "delta": 3, "skipped": [1, 2], "operations": [3, 7]},
            ]
        },
    ),
    "an info poll that skips": (
        [
            *SENDS,
            *done(1, "txn", {"x": [[0, 0]]}),
            *done(1, "txn", {"x": [[1, 1], [2, 2]]}, type="fail"),
            *done(1, "txn", {"x": [[3, 3], [4, 4]]}, type="info"),
        ],
        {"poll_skip": [{"key": "x", "values": [0, 3], "delta": 3, "skipped": [1, 2], "operations": [3, 7]}]},
    ),
    "nonmonotonic poll": ([*BACK, *AGAIN], returned(5)),
    "nonmonotonic poll, subscribed to others": (
        [*BACK, *assigned("subscribe", "y"), *AGAIN],
        {"nonmonotonic_poll": []},
    ),
    "nonmonotonic poll, assigned others": ([*BACK, *assigned("assign", "y"), *AGAIN], {"nonmonotonic_poll": []}),
    "nonmonotonic poll, subscribed, key kept": ([*BACK, *assigned("subscribe", "x", "y"), *AGAIN], returned(7)),
    "nonmonotonic poll, assigned, key kept": ([*BACK, *assigned("assign", "x", "y"), *AGAIN], returned(7)),
    "nonmonotonic send": ([*LATE_SEND, *EARLY_SEND], sent_back(3)),
    "nonmonotonic send, subscribed to others": (
        [*LATE_SEND, *assigned("subscribe", "y"), *EARLY_SEND],
        {"nonmonotonic_send": []},
    ),
    "nonmonotonic send, assigned others": (
        [*LATE_SEND, *assigned("assign", "y", type="info"), *EARLY_SEND],
        {"nonmonotonic_send": []},
    ),
    "nonmonotonic send, key kept": ([*LATE_SEND, *assigned("assign", "x", "y"), *EARLY_SEND], sent_back(5)),
    "int poll skip": (
        [
            *done(1, "send", ("x", "a"), ("x", "b"), ("x", "d"), type="info"),
            *done(0, "poll", {"x": [[1, "a"], [4, "d"]]}),
            *done(0, "poll", {"x": [[1, "a"]]}, {"x": [[4, "d"]]}),
            *done(0, "poll", {"x": [[2, "b"]]}),
        ],
        {
            "int_poll_skip": [
                {"key": "x", "values": ["a", "d"], "delta": 2, "skipped": ["b"], "operations": [3]},
                {"key": "x", "values": ["a", "d"], "delta": 2, "skipped": ["b"], "operations": [5]},
            ]
        },
    ),
    "int send skip": (
        [
            *done(0, "send", ("x", "a", 1), ("x", "c")),
            *done(1, "send", ("x", "b"), type="info"),
            *done(2, "poll", {"x": [[2, "b"], [3, "c"]]}),
        ],
        {"int_send_skip": [{"key": "x", "values": ["a", "c"], "delta": 2, "skipped": ["b"], "operations": [1]}]},
    ),
    "int nonmonotonic poll": (
        [
            *done(0, "send", ("x", "a"), ("x", "b"), ("x", "c"), type="info"),
            *done(0, "poll", {"x": [[3, "c"], [1, "a"]]}),
            *done(0, "poll", {"x": [[2, "b"], [3, "c"]]}, {"x": [[3, "c"]]}),
        ],
        {
            "int_nonmonotonic_poll": [
                {"key": "x", "values": ["c", "a"], "delta": -2, "operations": [3]},
                {"key": "x", "values": ["c", "c"], "delta": 0, "operations": [5]},
            ]
        },
    ),
    "int nonmonotonic send": (
        [
            *done(0, "send", ("x", "c", 3), ("x", "a", 1)),
            *done(0, "send", ("y", "d"), ("y", "b"), type="info"),
            *done(1, "send", ("y", "c"), type="info"),
            *done(1, "poll", {"y": [[2, "b"], [3, "c"], [4, "d"]]}),
        ],
        {
            "int_nonmonotonic_send": [
                {"key": "y", "values": ["d", "b"], "delta": -2, "operations": [3]},
                {"key": "x", "values": ["c", "a"], "delta": -1, "operations": [1]},
            ]
        },
    ),
    "duplicate": (
        [
            *done(0, "send", ("x", "a", 1)),
            *done(1, "send", ("x", "b"), type="info"),
            *done(2, "poll", {"x": [[2, "b"], [3, "a"]]}),
        ],
        {"duplicate": [{"key": "x", "value": "a", "count": 2, "offsets": [1, 3]}]},
    ),
    "many duplicates at two offsets": (
        [
            event
            for value in range(10)
            for event in (*done(0, "send", ("x", value, 0)), *done(1, "poll", {"x": [[1, value]]}))
        ],
        {
            "duplicate": [{"key": "x", "value": value, "count": 2, "offsets": [0, 1]} for value in range(10)],
            "inconsistent_offsets": [
                {"key": "x", "offset": offset, "index": offset, "values": list(range(10))} for offset in (0, 1)
            ],
        },
    ),
    "duplicates in a poll that failed": (
        [
            *done(0, "send", ("x", 0, 1)),
            *done(0, "send", ("x", 1, 2), type="fail"),
            *done(1, "poll", {"x": [[11, 0], [12, 1]]}, type="fail"),
        ],
        {"duplicate": [{"key": "x", "value": 0, "count": 2, "offsets": [1, 11]}]},
    ),
    "precommitted read": (
        done(0, "txn", ("x", "a", 0), {"x": [[0, "a"]]}),
        {"precommitted_read": [{"key": "x", "value": "a", "offset": 0, "writer": 1, "reader": 1}]},
    ),
    "all seen at last": (
        [
            *done(0, "poll", {}),
            *done(0, "send", ("x", "a", 0), ("x", "b", 1)),
            *done(0, "poll", {"x": [[0, "a"]]}),
            *done(0, "poll", {"x": [[1, "b"]]}),
        ],
        {"unseen": []},
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_jepsens_example_gives_its_findings(name: str) -> None:
    history, expected = EXAMPLES[name]
    judged = found(*history)
    judged.pop("read_write_cycle", None)
    assert expected == ({anomaly: judged.get(anomaly, []) for anomaly in expected} if expected else judged)


def test_version_orders_have_a_raw_log_with_all_that_was_seen_and_no_gaps() -> None:
    history = [
        *done(0, "txn", {"x": [[0, "a"], [1, "b"]]}),
        *done(1, "txn", ("x", "c", 1), ("x", "b", 3), ("x", "d", 4), type="info"),
    ]
    analysis = analyse(recorded(*events(*history)), Settings())
    orders = analysis.orders
    log = [
        (offset, [analysis.value(m) for s, m in zip(orders.pair_slot, orders.pair_message, strict=True) if s == slot])
        for slot, offset in enumerate(orders.offset.tolist())
    ]
    assert [(0, ["a"]), (1, ["b", "c"]), (3, ["b"]), (4, ["d"])] == log
    assert ["a", "b", "b", "d"] == [analysis.value(message) for message in orders.message]


def cycle(kind: str, operations: list[int], *edges: tuple[str, int, int, str]) -> dict[str, Any]:
    """What a cycle shows, without the data of its edges that the sentence says as well."""
    return {"type": kind, "operations": operations, "edges": list(edges), "component": len(operations)}


CYCLES: dict[str, tuple[list[Event], bool, str, dict[str, Any]]] = {
    "g0": (
        [
            (0, "invoke", "send", [["send", "x", "a"], ["send", "y", "a"]]),
            (1, "invoke", "send", [["send", "x", "b"], ["send", "y", "b"]]),
            (0, "ok", "send", [["send", "x", [0, "a"]], ["send", "y", [1, "a"]]]),
            (1, "ok", "send", [["send", "x", [1, "b"]], ["send", "y", [0, "b"]]]),
        ],
        True,
        "write_cycle",
        cycle(
            "G0",
            [2, 3],
            ("ww", 2, 3, "T1 sent a to x before T2 sent b"),
            ("ww", 3, 2, "T2 sent b to y before T1 sent a"),
        ),
    ),
    "g1c of reads alone": (
        [
            (0, "invoke", "txn", [["send", "x", "a"], ["poll"]]),
            (1, "invoke", "txn", [["send", "y", "b"], ["poll"]]),
            (0, "ok", "txn", [["send", "x", [0, "a"]], ["poll", {"y": [[0, "b"]]}]]),
            (1, "ok", "txn", [["send", "y", [0, "b"]], ["poll", {"x": [[0, "a"]]}]]),
        ],
        False,
        "circular_information_flow",
        cycle(
            "G1c",
            [2, 3],
            ("wr", 2, 3, "T1 sent a to x, which T2 polled"),
            ("wr", 3, 2, "T2 sent b to y, which T1 polled"),
        ),
    ),
    "g1c of a read and a write": (
        [
            (0, "invoke", "txn", [["send", "x", "a"], ["send", "y", "c"]]),
            (1, "invoke", "txn", [["poll"], ["send", "y", "b"]]),
            (0, "ok", "txn", [["send", "x", [0, "a"]], ["send", "y", [2, "c"]]]),
            (1, "ok", "txn", [["poll", {"x": [[0, "a"]]}], ["send", "y", [1, "b"]]]),
        ],
        True,
        "circular_information_flow",
        cycle(
            "G1c",
            [2, 3],
            ("wr", 2, 3, "T1 sent a to x, which T2 polled"),
            ("ww", 3, 2, "T2 sent b to y before T1 sent c"),
        ),
    ),
}


@pytest.mark.parametrize("name", CYCLES)
def test_jepsens_example_gives_its_cycle(name: str) -> None:
    history, ww_deps, anomaly, expected = CYCLES[name]
    judged = found(*history, settings=Settings(ww_deps=ww_deps))
    told = [
        evidence | {"edges": [(e["kind"], e["from"], e["to"], e["sentence"]) for e in evidence["edges"]]}
        for evidence in judged[anomaly]
    ]
    assert [expected] == told
    assert ["write_cycle", "circular_information_flow"].count(anomaly) == len([n for n in judged if n in CYCLES_ONLY])


CYCLES_ONLY = {anomaly for _, _, anomaly, _ in CYCLES.values()}

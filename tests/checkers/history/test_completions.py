"""A completion says what became of what was asked: what it leaves open its invoke says, what it denies is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from checkers.history.history import History
from checkers.history.jepsen_edn import read_edn
from checkers.history.json_lines import JsonLinesReader
from checkers.history.judge import Question, judge
from checkers.history.plain_events import PlainEvents
from checkers.verdict import UserError
from tests.checkers.history.histories import events, recorded, rows

KNOWN: list[dict[str, Any]] = [
    {"process": process, "type": "ok", "f": function, "value": value, "key": key}
    for process, function, value in [
        *((0, "send", [["send", key, 0], ["poll"]]) for key in ("x", "y")),
        *((0, function, []) for function in ("txn", "poll")),
        *((1, function, 1) for function in ("write", "put", "enqueue", "get", "acquire")),
    ]
    for key in ("r", "s")
]
"""Events after which what is plain is read many lines at once."""
START = b"".join(json.dumps(event).encode() + b"\n" for event in KNOWN)


@dataclass(frozen=True)
class Operation:
    """What is asked and told, each under a key if it has one; the completion under its own or that of the invoke."""

    function: str
    asked: Any
    told: Any
    key: str | None = None
    told_key: str | None = None


X1, X2, Y1 = (["send", key, value] for key, value in (("x", 1), ("x", 2), ("y", 1)))
CONTRADICTIONS: list[tuple[Operation, str]] = [
    (Operation("send", [X1], [["send", "y", [0, 1]]]), 'value[0][1] = "y": must be "x"'),
    (Operation("send", [X1], [["send", "x", [0, 2]]]), "value[0][2][1] = 2: must be 1 or null"),
    (Operation("send", [X1], [X2]), "value[0][2] = 2: must be 1 or null"),
    (Operation("send", [X1], [["send", "x", [None, 2]]]), "value[0][2][1] = 2: must be 1 or null"),
    (Operation("send", [["send", "x", None]], [["send", "x", [0, 2]]]), "value[0][2][1] = 2: must be null"),
    (Operation("send", [["send", "x", [0, 1]]], [["send", "x", [0, 2]]]), "value[0][2][1] = 2: must be [0, 1] or null"),
    (Operation("txn", [X1, X2], [X1]), 'value = [["send", "x", 1]]: must be a list of 2 sends and polls'),
    (Operation("txn", [X1, ["poll"]], [X1, X1]), 'value[1] = ["send", "x", 1]: must be a poll'),
    (Operation("txn", [X1], [["poll"]]), 'value[0] = ["poll"]: must be a send'),
    (Operation("txn", [X1], []), "value = []: must be a list of 1 sends and polls"),
    (Operation("poll", [], [["poll"]]), 'value = [["poll"]]: must be a list of 0 sends and polls'),
    (Operation("txn", [["commit", {"x": 1}], X1], [["commit", {"x": 1}], Y1]), 'value[1][1] = "y": must be "x"'),
    (
        Operation("txn", [["commit", {"x": 1}]], [["commit", {"x": 2}]]),
        'value = [["commit", {"x": 2}]]: must be {"x": 1}',
    ),
    (Operation("write", 1, 2), "value = 2: must be 1 or null"),
    (Operation("write", None, 2), "value = 2: must be null"),
    (Operation("write", 1, 1, "r", "s"), 'key = "s": must be "r"'),
    (Operation("write", 1, 1, None, "s"), 'key = "s": must be null'),
    (Operation("get", None, 5, "r", "s"), 'key = "s": must be "r"'),
    (Operation("put", "a", "b", "r"), 'value = "b": must be "a" or null'),
    (Operation("enqueue", 1, 2), "value = 2: must be 1 or null"),
    (Operation("acquire", None, 7, "r", "s"), 'key = "s": must be "r"'),
    (Operation("cas", [1, 2], [1, 3]), "value[1] = 3: must be 2 or null"),
    (Operation("cas", [1, 2], [0, 2]), "value[0] = 0: must be 1 or null"),
    (Operation("assign", ["x"], ["x", "y"]), 'value = ["x", "y"]: must be ["x"]'),
    (Operation("subscribe", ["x", "y"], ["x"]), 'value = ["x"]: must be ["x", "y"]'),
    (Operation("commit", {"x": 1}, {"x": 2}), 'value = {"x": 2}: must be {"x": 1}'),
    (Operation("fetch", ["x"], {"y": 2}), 'value = {"y": 2}: must be of ["x"]'),
    (Operation("end_offset", ["x"], {"x": 1, "y": 2}), 'value = {"x": 1, "y": 2}: must be of ["x"]'),
]


@pytest.fixture(params=["together", "in two blocks", "one by one"])
def read(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., History]:
    """Read an operation, at indexes 90 and 91, in each of the ways in which lines are read."""
    if request.param == "one by one":
        monkeypatch.setattr(PlainEvents, "add", lambda *_: False)

    def read(operation: Operation, kind: str = "ok") -> History:
        lines = [
            json.dumps(
                {"process": 0, "type": name, "f": operation.function, "value": value, "index": index}
                | ({"key": key} if key else {})
            ).encode()
            + b"\n"
            for name, index, value, key in (
                ("invoke", 90, operation.asked, operation.key),
                (kind, 91, operation.told, operation.key if operation.told_key is None else operation.told_key),
            )
        ]
        return JsonLinesReader("f").read([START, *(lines if request.param == "in two blocks" else [b"".join(lines)])])

    return read


@pytest.mark.parametrize("kind", ["ok", "info", "fail"])
@pytest.mark.parametrize(("operation", "message"), CONTRADICTIONS)
def test_a_completion_that_contradicts_its_invoke_is_refused(
    read: Callable[..., History], operation: Operation, message: str, kind: str
) -> None:
    if operation.told in ([], [["commit", {}]]) and kind != "ok":  # says nothing
        read(operation, kind)
        return
    with pytest.raises(UserError) as caught:
        read(operation, kind)
    assert f"f, line {len(KNOWN) + 2}: {message}, as in its invoke at index 90" == str(caught.value)


COMPLETED: list[tuple[Operation, list[tuple[Any, ...]]]] = [
    (Operation("send", [X1], [["send", "x", [0, None]]]), [("SEND", "x", 0, 1)]),
    (Operation("send", [["send", "x", "a"]], [["send", "x", [0, None]]]), [("SEND", "x", 0, "a")]),
    (Operation("send", [X1], [["send", "x", None]]), [("SEND", "x", None, 1)]),
    (Operation("send", [["send", "x", [3, 5]]], [["send", "x", [3, 5]]]), [("SEND", "x", None, [3, 5])]),
    (Operation("send", [["send", "x", [3, None]]], [["send", "x", [3, None]]]), [("SEND", "x", None, [3, None])]),
    (Operation("send", [["send", "x", [3, 5]]], [["send", "x", [7, [3, 5]]]]), [("SEND", "x", 7, [3, 5])]),
    (
        Operation("txn", [["poll"]], [["poll"], ["send", "x", [0, 1]]]),
        [("POLL", None, None, None), ("SEND", "x", 0, 1)],
    ),
    (Operation("txn", [["commit", {}]], [["commit", {"x": 4}]]), [("COMMIT", "x", 4, None)]),
    (Operation("write", 1, None, "r"), [("WRITE", "r", None, 1)]),
    (Operation("write", 1, 1, "r", ""), [("WRITE", "r", None, 1)]),
    (Operation("put", "a", None, "r", "r"), [("PUT", "r", None, "a")]),
    (Operation("cas", [1, 2], [None, None]), [("EXPECT", None, None, 1), ("WRITE", None, None, 2)]),
    (Operation("acquire", None, 7, "r"), [("ACQUIRE", "r", None, 7)]),
    (Operation("fetch", ["x", "y"], {"x": 1}), [("FETCH", "x", 1, None)]),
    (Operation("subscribe", ["x", "y"], ["y", "x"]), [("SUBSCRIBE", "y", None, None), ("SUBSCRIBE", "x", None, None)]),
]


@pytest.mark.parametrize(("operation", "expected"), COMPLETED)
def test_what_a_completion_leaves_open_its_invoke_says(
    read: Callable[..., History], operation: Operation, expected: list[tuple[Any, ...]]
) -> None:
    history = read(operation)
    assert expected == rows(history, len(history) - 1)


def test_a_lost_write_is_found_where_only_its_invoke_says_the_value() -> None:
    told = [
        (0, "invoke", "send", [["send", "x", 1]]),
        (0, "ok", "send", [["send", "x", [0, None]]]),
        (0, "invoke", "send", [["send", "x", 2]]),
        (0, "ok", "send", [["send", "x", [1, 2]]]),
        (1, "invoke", "poll", [["poll"]]),
        (1, "ok", "poll", [["poll", {"x": [[1, 2]]}]]),
    ]
    assert ["lost_write", "unseen"] == list(judge(recorded(*events(*told)), Question()).anomalies)


def test_edn_is_held_against_its_invokes_too() -> None:
    text = """{:process 0 :type :invoke :f :txn :value [[:send 3 7] [:poll]]}
{:process 0 :type :ok :f :txn :value [[:send 3 [0 7]] [:poll {3 [[0 7]]}]]}
{:process 0 :type :invoke :f :write :value [9 1]}
{:process 0 :type :ok :f :write :value [8 1]}"""
    with pytest.raises(UserError) as caught:
        read_edn([text.encode()], "f")
    assert "f, line 4: key = 8: must be 9, as in its invoke at index 2" == str(caught.value)

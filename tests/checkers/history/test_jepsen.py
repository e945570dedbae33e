"""Jepsen's histories in EDN, its text logs, and key-value histories as porcupine's tests have them."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.history.history import NONE, History
from checkers.history.jepsen_edn import read_edn
from checkers.history.jepsen_log import read_log
from checkers.verdict import UserError
from tests.checkers.history.histories import content, error_of, events, recorded, rows


def edn(text: str) -> History:
    """The history in a text of EDN."""
    return read_edn([text.encode()], "f")


def log(text: str) -> History:
    """The history in a log."""
    return read_log([text.encode()], "f")


OPS = """{:index 0, :time 5, :process 0, :type :invoke, :f :txn, :value [[:send 3 7] [:poll]]}
{:index 1, :time 6, :process :nemesis, :type :info, :f :kill, :value ["n1"]}
{:index 2, :time 7, :process 0, :type :ok, :f :txn, :value [[:send 3 [0 7]] [:poll {3 [[0 7] [nil :x]]}]],
 :rebalance-log [{:keys [3 4]}]}
{:index 3, :time 8, :process 1, :type :invoke, :f :assign, :value [3 :b], :seek-to-beginning? true}
{:index 4, :time 9, :process 1, :type :info, :f :assign, :value [3 :b], :error [:timeout "x"],
 :exception {:via [{:type Foo}]}}"""


def as_json() -> History:
    """The same history as OPS, in JSON Lines."""
    exception = {"via": [{"type": "Foo"}]}
    told: list[tuple[Any, ...]] = [
        (0, "invoke", "txn", [["send", 3, 7], ["poll"]]),
        ("nemesis", "info", "kill", ["n1"]),
        (
            0,
            "ok",
            "txn",
            [["send", 3, [0, 7]], ["poll", {"3": [[0, 7], [None, "x"]]}]],
            {"rebalance_log": [{"keys": [3, 4]}]},
        ),
        (1, "invoke", "assign", [3, "b"], {"seek_to_beginning?": True}),
        (1, "info", "assign", [3, "b"], {"error": ["timeout", "x"], "exception": exception}),
    ]
    return recorded(*({**event, "time": 5 + number} for number, event in enumerate(events(*told))))


@pytest.mark.parametrize(
    "text",
    [OPS, f"[{OPS}]", f"({OPS})", OPS.replace("{:index", "#jepsen.history.Op{:index"), OPS.replace("\n", " ")],
    ids=["lines", "vector", "list", "tagged", "one line"],
)
def test_a_history_of_jepsens_is_the_same_as_in_json_lines(text: str) -> None:
    assert content(as_json()) == content(edn(text))


def test_independent_keys_are_taken_out_of_tuples() -> None:
    history = edn(
        """{:process 0 :type :invoke :f :read :value [9 nil]}
        {:process 1 :type :invoke :f :cas :value [9 [1 2]]}
        {:process 2 :type :invoke :f :write :value #jepsen.independent.Tuple{:key :x :value [3 4]}}
        {:process 0 :type :ok :f :read :value [9 5]}
        {:process 1 :type :fail :f :cas :value [9 [1 2]]}"""
    )
    assert [("READ", 9, None, None)] == rows(history, 0)
    assert [("EXPECT", 9, None, 1), ("WRITE", 9, None, 2)] == rows(history, 1)
    assert [("WRITE", "x", None, [3, 4])] == rows(history, 2)
    assert [("READ", 9, None, 5)] == rows(history, 3)
    assert [("EXPECT", 9, None, 1), ("WRITE", 9, None, 2)] == rows(history, 4)


def test_vectors_that_a_single_register_holds_are_no_tuples() -> None:
    history = edn(
        """{:process 0 :type :invoke :f :read :value nil} {:process 0 :type :ok :f :read :value [1 2]}
        {:process 0 :type :invoke :f :cas :value [1 2]} {:process 0 :type :ok :f :cas :value [1 2]}"""
    )
    assert [("READ", None, None, [1, 2])] == rows(history, 1)
    assert [("EXPECT", None, None, 1), ("WRITE", None, None, 2)] == rows(history, 3)


def test_key_value_histories_are_read() -> None:
    history = edn(
        """{:process 7, :type :invoke, :f :append, :key "0", :value "x 7 0 y"}
{:process 8, :type :invoke, :f :get, :key "0", :value nil}
{:process 7, :type :ok, :f :append, :key "0", :value "x 7 0 y"}
{:process 8, :type :ok, :f :get, :key "0", :value "x 7 0 y"}
{:process 8, :type :invoke, :f :put, :key "k", :value ""}"""
    )
    assert [("APPEND", 0, None, "x 7 0 y")] == rows(history, 2)
    assert [("GET", 0, None, None)] == rows(history, 1)
    assert [("GET", 0, None, "x 7 0 y")] == rows(history, 3)
    assert [("PUT", "k", None, "")] == rows(history, 4)
    assert [(0, 2), (1, 3), (4, NONE)] == list(history.operations())
    assert {} == history.fields


LOG = """INFO  jepsen.core - starting up
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 1\t:invoke\t:cas\t[1 4]
INFO  jepsen.util - 2   :invoke :write  3
INFO  jepsen.util - 0\t:ok\t:read\tnil
INFO  jepsen.util - :nemesis\t:info\t:start\tnil
INFO  jepsen.util - 1\t:info\t:cas\t:timed-out
2020-01-01 12:00:00,123{GMT}\tINFO\t[worker 2] jepsen.util: 2\t:fail\t:write\t3\t[:refused "no"]
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 0\t:fail\t:read\t:timed-out
INFO  jepsen.util - Run complete
"""


def test_a_text_log_is_read() -> None:
    history = log(LOG)
    assert 9 == len(history)
    assert [0, 1, 2, "nemesis"] == history.processes.names
    assert [("EXPECT", None, None, 1), ("WRITE", None, None, 4)] == rows(history, 1)
    assert [("WRITE", None, None, 3)] == rows(history, 2)
    assert [("READ", None, None, None)] == rows(history, 3)
    assert [] == rows(history, 5)
    assert [("WRITE", None, None, 3)] == rows(history, 6)
    assert [None] * 5 + ["timed-out", ["refused", "no"], None, "timed-out"] == [error_of(history, e) for e in range(9)]
    assert [(0, 3), (1, 5), (2, 6), (7, 8)] == list(history.operations())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{:process 0 :type :ok :f :read}\n5", "f, line 2: 5: must be a map, one for each event"),
        ("{:type :ok :f :read}", 'f, line 1: lacks the field "process"'),
        ("\n{:process 0 :type :done :f :read}", 'f, line 2: type = "done": must be "invoke", "ok", "fail" or "info"'),
        (
            "{:process 0 :type :ok :f :send :value [[:send [1] 2]]}",
            "f, line 1: value[0][1] = [1]: must be a key: a string or an integer of at most 64 bits",
        ),
        ("{:process 0 :type :ok :f :read :a-b 1 :a_b 2}", 'f, line 1: "a_b": is there twice, with - and with _'),
        ("{:process 0 :type :ok :f :read :a-b_c 1 :a_b-c 2}", 'f, line 1: "a_b-c": is there twice, with - and with _'),
        (
            "{:process 0 :type :ok :f [:read]}",
            'f, line 1: f = ["read"]: must be the name of a function, such as "send" or "read"',
        ),
    ],
)
def test_malformed_edn_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        edn(text)
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nINFO  jepsen.util - 0\t:invoke", 'f, line 2: ":invoke": must be :type :f value, or :type :f value error'),
        (
            "jepsen.util - 0 :ok :read 1 2 3",
            'f, line 1: ":ok :read 1 2 3": must be :type :f value, or :type :f value error',
        ),
        ("jepsen.util - 0 :done :read 1", 'f, line 1: type = "done": must be "invoke", "ok", "fail" or "info"'),
        ("jepsen.util - 0 :ok :read [1", "f, line 1: ) does not close ["),
        ("jepsen.util - 0 :ok :cas 5", "f, line 1: value = 5: must be [old, new]"),
        (
            "jepsen.util - 99999999999999999999 :ok :read 5",
            "f, line 1: process = 99999999999999999999: must be an integer of at most 64 bits or a string",
        ),
        (f"jepsen.util - {'9' * 5000} :ok :read 5", f'f, line 1: "{"9" * 59}...: is an integer of too many digits'),
    ],
)
def test_malformed_lines_of_a_log_are_refused(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        log(text)
    assert message == str(caught.value)

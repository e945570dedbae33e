"""Labels of operations, exactly, and what strangers can't do with them."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.history.history import EventType, HistoryBuilder, Kind
from checkers.history.labels import NAME_MAX, label, shown_name, shown_value
from tests.checkers.history.histories import events, recorded

ANSWERED: dict[str, tuple[str, Any, Any, dict[str, Any]]] = {
    "send x 7 -> @3": ("send", [["send", "x", 7]], [["send", "x", [3, 7]]], {}),
    "send x 7": ("send", [["send", "x", 7]], [["send", "x", [None, 7]]], {}),
    'send 3 "a b"': ("send", [["send", 3, "a b"]], [["send", 3, "a b"]], {}),
    "poll (0 records)": ("poll", [["poll"]], [["poll", {}]], {}),
    "poll x @4 (1 record)": ("poll", [["poll"]], [["poll", {"x": [[4, 1]]}]], {}),
    "poll x @0..@4 (3 records), y (1 record)": (
        "poll",
        [["poll"]],
        [["poll", {"x": [[0, 1], [2, 2], [4, 3]], "y": [[None, 1]]}]],
        {},
    ),
    "txn [send x 7 -> @3, poll x @3 (1 record), send y 8 -> @0]": (
        "txn",
        [["send", "x", 7], ["poll"], ["send", "y", 8]],
        [["send", "x", [3, 7]], ["poll", {"x": [[3, 7]]}], ["send", "y", [0, 8]]],
        {},
    ),
    "txn [send x 0 -> @0, send x 1 -> @1, send x 2 -> @2, 3 more]": (
        "txn",
        [["send", "x", n] for n in range(6)],
        [["send", "x", [n, n]] for n in range(6)],
        {},
    ),
    "txn": ("txn", [], [], {}),
    "assign x, y": ("assign", ["x", "y"], ["x", "y"], {}),
    "subscribe a, b, c, 2 more": ("subscribe", list("abcde"), list("abcde"), {}),
    "commit x @5": ("commit", {"x": 5}, {"x": 5}, {}),
    "committed x -> @5": ("fetch", ["x"], {"x": 5}, {}),
    "committed x -> none": ("fetch", ["x"], {"x": None}, {}),
    "end x -> @9": ("end_offset", ["x"], {"x": 9}, {}),
    "read -> 3": ("read", None, 3, {}),
    "read k -> nil": ("read", None, None, {"key": "k"}),
    "read k @2 -> 3": ("read", None, 3, {"key": "k", "version": 2}),
    "write k 3": ("write", 3, 3, {"key": "k"}),
    "write nil": ("write", None, None, {}),
    "cas 1->2": ("cas", [1, 2], [1, 2], {}),
    "cas k 1->2": ("cas", [1, 2], [1, 2], {"key": "k"}),
    'get k -> "ab"': ("get", None, "ab", {"key": "k"}),
    'put k "ab"': ("put", "ab", "ab", {"key": "k"}),
    'append k "ab"': ("append", "ab", "ab", {"key": "k"}),
    "acquire": ("acquire", None, None, {}),
    "release lock": ("release", None, None, {"key": "lock"}),
    "enqueue q [1, null]": ("enqueue", [1, None], [1, None], {"key": "q"}),
    "dequeue q -> 1": ("dequeue", None, 1, {"key": "q"}),
    "dequeue q -> nothing": ("dequeue", None, None, {"key": "q"}),
}


@pytest.mark.parametrize("expected", ANSWERED)
def test_what_was_asked_and_what_came_back(expected: str) -> None:
    function, asked, told, fields = ANSWERED[expected]
    history = recorded(*events((0, "invoke", function, asked, fields), (0, "ok", function, told, fields)))
    assert expected == label(history, 0)


@pytest.mark.parametrize(
    ("expected", "completions"),
    [
        ("send x 7 (open)", []),
        ("send x 7 (failed)", [(0, "fail", "send")]),
        ("send x 7 (info)", [(0, "info", "send")]),
        ("send x 7 (failed)", [(0, "fail", "send", [["send", "x", None]])]),
        ("send x 7 -> @3 (info)", [(0, "info", "send", [["send", "x", [3, 7]]])]),
    ],
)
def test_how_it_ended_if_not_well(expected: str, completions: list[tuple[Any, ...]]) -> None:
    history = recorded(*events((0, "invoke", "send", [["send", "x", 7]]), *completions))
    assert expected == label(history, 0)


@pytest.mark.parametrize("function", ["read", "poll", "dequeue"])
def test_a_question_without_an_answer_claims_none(function: str) -> None:
    history = recorded(*events((0, "invoke", function, [["poll"]] if function == "poll" else None)))
    assert f"{function} (open)" == label(history, 0)


def test_something_noted_has_a_label_too() -> None:
    builder = HistoryBuilder("notes")
    builder.event(EventType.INFO, "nemesis", "leader", index=0)
    builder.row(Kind.OBSERVE, builder.keys.code("x"), 3, builder.value("n1"))
    assert 'leader x "n1" @3 (info)' == label(builder.build(), 0)


HOSTILE = "\x1b[2J\r\n\u202eevil\u200b\u0301\ud800 汉<b>"


@pytest.mark.parametrize("text", [HOSTILE, "x" * 5000, "", 'a"b', "\\", "汉字", "e\u0301"])
def test_labels_are_one_line_of_bounded_length_whatever_is_in_them(text: str) -> None:
    builder = HistoryBuilder("hostile")
    for type_ in (EventType.INVOKE, EventType.OK):
        builder.event(type_, text, text, index=0)
        for _ in range(9):
            builder.row(Kind.SEND, builder.keys.code(text), 3, builder.value([text]))
    shown = label(builder.build(), 0)
    assert shown.isprintable()
    assert len(shown) <= 11 * NAME_MAX
    assert shown == shown.encode("utf-8").decode("utf-8")


def test_names_are_bare_if_they_are_words() -> None:
    assert ["x", "topic-1.a/0", '"a b"', '""', "3", "nil", '"3"', '"é"'] == [
        shown_name(name) for name in ("x", "topic-1.a/0", "a b", "", 3, None, "3", "é")
    ]


def test_values_are_json() -> None:
    assert ["nil", "true", "-1", '"x"', '[1, {"a": null}]', '"\\u001b"'] == [
        shown_value(value) for value in (None, True, -1, "x", [1, {"a": None}], "\x1b")
    ]


def test_what_is_not_one_column_wide_is_escaped() -> None:
    assert ['"\\u6c49"', '"e\\u0301"', '"\\u200b"', '"\\u202e"', '"\\ud800"', '"é"'] == [
        shown_value(value) for value in ("汉", "e\u0301", "\u200b", "\u202e", "\ud800", "é")
    ]

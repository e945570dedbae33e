"""JSON Lines: what each function's value means, what is refused, and that many lines at once are read alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.history import json_lines
from checkers.history.history import NIL
from checkers.history.json_lines import JsonLinesReader, read_json_lines
from checkers.history.plain_events import PlainEvents
from checkers.verdict import UserError
from tests.checkers.history.histories import content, error_of, events, recorded, rows

ROWS: list[tuple[str, str, Any, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("invoke", "send", [["send", "a", 7]], {}, [("SEND", "a", None, 7)]),
    ("invoke", "send", [["send", "a", [3, 7]]], {}, [("SEND", "a", None, [3, 7])]),
    ("ok", "send", [["send", "a", [3, 7]]], {}, [("SEND", "a", 3, 7)]),
    ("ok", "send", [["send", "a", [None, 7]]], {}, [("SEND", "a", None, 7)]),
    ("info", "send", [["send", "a", [3, 7]]], {}, [("SEND", "a", 3, 7)]),
    ("fail", "send", [["send", "a", 7]], {}, [("SEND", "a", None, 7)]),
    ("ok", "send", [["send", "a", [True, 7]]], {}, [("SEND", "a", None, [True, 7])]),
    ("ok", "send", [["send", "a", [1, 2, 3]]], {}, [("SEND", "a", None, [1, 2, 3])]),
    ("ok", "send", [["send", "a", [0, None]]], {}, [("SEND", "a", 0, None)]),
    ("info", "send", None, {}, []),
    ("invoke", "poll", [["poll"]], {}, [("POLL", None, None, None)]),
    ("ok", "poll", [["poll", {}]], {}, [("POLL", None, None, None)]),
    ("ok", "poll", [["poll", None]], {}, [("POLL", None, None, None)]),
    (
        "ok",
        "poll",
        [["poll", {"3": [[0, "x"], [None, "y"]], "b": []}], ["poll"]],
        {},
        [("POLL", None, None, None), ("RECORD", 3, 0, "x"), ("RECORD", 3, None, "y"), ("POLL", None, None, None)],
    ),
    (
        "invoke",
        "txn",
        [["poll"], ["send", 3, 1], ["commit", {"3": 5}]],
        {},
        [("POLL", None, None, None), ("SEND", 3, None, 1), ("COMMIT", 3, 5, None)],
    ),
    ("ok", "txn", [], {}, []),
    ("ok", "assign", ["a", 3], {}, [("ASSIGN", "a", None, None), ("ASSIGN", 3, None, None)]),
    ("invoke", "subscribe", ["a"], {}, [("SUBSCRIBE", "a", None, None)]),
    ("fail", "subscribe", None, {}, []),
    ("ok", "commit", {"a": 4}, {}, [("COMMIT", "a", 4, None)]),
    ("invoke", "fetch", ["a"], {}, [("FETCH", "a", None, None)]),
    ("ok", "fetch", {"a": 4, "b": None}, {}, [("FETCH", "a", 4, None), ("FETCH", "b", None, None)]),
    ("info", "fetch", ["a"], {}, [("FETCH", "a", None, None)]),
    ("ok", "end_offset", {"a": 0}, {}, [("END", "a", 0, None)]),
    ("invoke", "read", None, {}, [("READ", None, None, None)]),
    ("ok", "read", [1, 2], {}, [("READ", None, None, [1, 2])]),
    ("ok", "read", 5, {"key": "7", "version": 3}, [("READ", 7, 3, 5)]),
    ("invoke", "write", 1.0, {"key": "r"}, [("WRITE", "r", None, 1.0)]),
    ("invoke", "cas", [1, 2], {}, [("EXPECT", None, None, 1), ("WRITE", None, None, 2)]),
    ("ok", "cas", [1, 2], {"key": 0, "version": 9}, [("EXPECT", 0, None, 1), ("WRITE", 0, 9, 2)]),
    ("info", "cas", None, {}, []),
    ("ok", "get", "", {"key": "k"}, [("GET", "k", None, "")]),
    ("invoke", "put", "x", {"key": "k"}, [("PUT", "k", None, "x")]),
    ("invoke", "append", "x", {"key": "k"}, [("APPEND", "k", None, "x")]),
    ("ok", "acquire", 33, {}, [("ACQUIRE", None, None, 33)]),
    ("invoke", "release", None, {"key": "lock"}, [("RELEASE", "lock", None, None)]),
    ("invoke", "enqueue", 1, {"key": "q"}, [("ENQUEUE", "q", None, 1)]),
    ("fail", "enqueue", None, {"key": "q"}, [("ENQUEUE", "q", None, None)]),
    ("info", "enqueue", None, {}, [("ENQUEUE", None, None, None)]),
    ("info", "write", None, {}, [("WRITE", None, None, None)]),
    ("ok", "dequeue", None, {"key": "q"}, [("DEQUEUE", "q", None, None)]),
    ("ok", "high_watermark", {"a": 4}, {}, [("OBSERVE", "a", 4, None)]),
    ("ok", "leader", {"a": 4, "b": 5}, {}, [("OBSERVE", "a", 4, None), ("OBSERVE", "b", 5, None)]),
    ("ok", "batch", [["a", 4, 2]], {"producer_id": 1}, [("OBSERVE", "a", 4, 2)]),
    ("ok", "record", [["a", 4, "x"]], {}, [("OBSERVE", "a", 4, "x")]),
    ("ok", "assigned", ["a", "3"], {}, [("OBSERVE", "a", None, None), ("OBSERVE", 3, None, None)]),
    ("ok", "fenced", None, {"producer_id": 1}, [("OBSERVE", None, None, None)]),
    ("info", "kill", ["n1", "n2"], {}, [("OBSERVE", None, None, ["n1", "n2"])]),
    ("info", "lag", {"a": -4, "b": "far"}, {}, [("OBSERVE", "a", -4, None), ("OBSERVE", "b", None, "far")]),
    ("info", "seen", [["a", 4, "x"], ["b", None, 1]], {}, [("OBSERVE", "a", 4, "x"), ("OBSERVE", "b", None, 1)]),
    ("info", "seen", [["a", 4, "x"], ["b"]], {}, [("OBSERVE", None, None, [["a", 4, "x"], ["b"]])]),
    ("info", "seen", [["a", -1, "x"]], {}, [("OBSERVE", None, None, [["a", -1, "x"]])]),
    ("info", "sizes", {"a": 1 << 63}, {}, [("OBSERVE", "a", None, 1 << 63)]),
]


@pytest.mark.parametrize(("kind", "function", "value", "fields", "expected"), ROWS)
def test_a_value_means_these_rows(
    kind: str,
    function: str,
    value: Any,  # noqa: ANN401 - any JSON
    fields: dict[str, Any],
    expected: list[tuple[Any, ...]],
) -> None:
    history = recorded(*events(("p", kind, function, value, fields)))
    assert repr(expected) == repr(rows(history, 0))


def test_fields_with_columns_are_in_the_columns_and_others_are_kept() -> None:
    history = recorded(
        '{"index": 9, "time": -5, "process": 1, "type": "invoke", "f": "poll", "value": [["poll"]], "group": "g"}',
        "",
        '{"process": 1, "type": "info", "f": "poll", "error": ["timeout", 3], "end": null, "x": {"y": 1}}',
        '{"process": "1", "type": "ok", "f": "read", "value": null, "key": 3, "version": 4, "note": "n"}',
        '{"process": "b", "type": "ok", "f": "leader", "value": {}, "key": 3}',
    )
    assert [9, 1, 2, 3] == history.index.tolist()
    assert [-5, NIL, NIL, NIL] == history.time.tolist()
    assert [1, "1", "b"] == history.processes.names
    assert [None, ["timeout", 3], None, None] == [error_of(history, event) for event in range(4)]
    assert {0: {"group": "g"}, 1: {"x": {"y": 1}}, 2: {"note": "n"}, 3: {"key": 3}} == history.fields
    assert ["poll", "read", "leader"] == history.functions.names


ARABIC_THREE = "\u0663"


def test_keys_are_the_same_in_a_send_and_in_the_names_of_a_poll() -> None:
    history = recorded(
        *events(
            (0, "ok", "send", [["send", 3, [0, 1]], ["send", "3", [1, 2]], ["send", "03", [0, 3]]]),
            (0, "ok", "poll", [["poll", {"3": [[0, 1]], "03": [[0, 3]], "-0": [], "+3": [], ARABIC_THREE: []}]]),
        )
    )
    assert [3, "03", "-0", "+3", ARABIC_THREE] == history.keys.names
    assert [("SEND", 3, 0, 1), ("SEND", 3, 1, 2), ("SEND", "03", 0, 3)] == rows(history, 0)


def test_keys_of_a_log_of_rebalances_are_called_as_in_the_history() -> None:
    history = recorded(*events((0, "ok", "poll", [], {"rebalance_log": [{"keys": ["3", "a"], "at": 1}]})))
    assert {0: {"rebalance_log": [{"keys": [3, "a"], "at": 1}]}} == history.fields


def line(kind: str = "ok", function: str = "read", value: Any = None, **fields: Any) -> str:  # noqa: ANN401
    """A line of JSON."""
    return json.dumps({"process": 0, "type": kind, "f": function, "value": value, **fields})


OFFSET = "must be an offset: an integer from 0 to 2^63 - 1"
KEY = "must be a key: a string or an integer of at most 64 bits"
OPERATION = 'must be a micro-operation: ["send", key, value], ["poll"], ["poll", {key: [[offset, value], ...]}] or '
OPERATION += '["commit", {key: offset}]'
REFUSED = [
    ("[1]", "[1]: must be an object, one event a line"),
    ("{", "is not JSON: Input data was truncated"),
    ('{"process": 0,}', "is not JSON: JSON is malformed: trailing comma in object (byte 14)"),
    ('{"process": NaN}', "is not JSON: JSON is malformed: invalid character (byte 12)"),
    ('{"a": 1e999}', "is not JSON: Number out of range - at `$[...]`"),
    ('{"a": "\\ud800"}', "is not JSON: Input data was truncated"),
    ('{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}', '"c": is there twice in one object'),
    ("[" * 2000, "is nested more than 64 deep"),
    ('{"a":' + "[" * 64 + "]" * 64 + "}", "is nested more than 64 deep"),
    ("{}", 'lacks the field "type"'),
    ('{"type": "ok"}', 'lacks the field "f"'),
    ('{"type": "ok", "f": "read"}', 'lacks the field "process"'),
    (line("OK"), 'type = "OK": must be "invoke", "ok", "fail" or "info"'),
    (line(["ok"]), 'type = ["ok"]: must be "invoke", "ok", "fail" or "info"'),  # type: ignore[arg-type]
    (line(function=""), 'f = "": must be the name of a function, such as "send" or "read"'),
    (line(process=True), "process = true: must be an integer of at most 64 bits or a string"),
    (line(process=None), "process = null: must be an integer of at most 64 bits or a string"),
    (line(process=1 << 63), "process = 9223372036854775808: must be an integer of at most 64 bits or a string"),
    (line(index=-1), f"index = -1: {OFFSET}"),
    (line(index="1"), f'index = "1": {OFFSET}'),
    (line(time=1.5), "time = 1.5: must be an integer of at most 64 bits"),
    (line(time=NIL), f"time = {NIL}: must be an integer of at most 64 bits"),
    (line(generation="1"), 'generation = "1": must be an integer of at most 64 bits'),
    (line(group=5), "group = 5: must be a string"),
    (line(end="maybe"), 'end = "maybe": must be "commit" or "abort"'),
    (line(isolation=[]), 'isolation = []: must be "read_committed" or "read_uncommitted"'),
    (line(version=-1), f"version = -1: {OFFSET}, or null"),
    (line(key=[1]), f"key = [1]: {KEY}"),
    (line(key=True), f"key = true: {KEY}"),
    (line(function="send"), "value = null: must be a list of micro-operations"),
    (line(function="send", value=["send", 3, 7]), f'value[0] = "send": {OPERATION}'),
    (line(function="send", value=[["send", 3]]), f'value[0] = ["send", 3]: {OPERATION}'),
    (line(function="send", value=[["push", 3, 4]]), f'value[0] = ["push", 3, 4]: {OPERATION}'),
    (line(function="send", value=[["send", 1.5, 4]]), f"value[0][1] = 1.5: {KEY}"),
    (line(function="send", value=[["send", 3, [-1, 4]]]), f"value[0][2][0] = -1: {OFFSET}, or null"),
    (line(function="poll", value=[["poll", {"a": {}}]]), 'value[0][1]["a"] = {}: must be a list of [offset, value]'),
    (line(function="poll", value=[["poll", {"a": [[1]]}]]), 'value[0][1]["a"][0] = [1]: must be [offset, value]'),
    (
        line(function="poll", value=[["poll"], ["poll", {"a": [[0, 1], ["0", 1]]}]]),
        f'value[1][1]["a"][1][0] = "0": {OFFSET}, or null',
    ),
    (line("invoke", "poll", [["poll", {}]]), "value[0][1] = {}: an invoke has no records yet"),
    (line(function="txn", value=[["commit", {"a": None}]]), f'value[0][1]["a"] = null: {OFFSET}'),
    (line(function="assign", value="a"), 'value = "a": must be a list of keys'),
    (line(function="assign", value=["a", None]), f"value[1] = null: {KEY}"),
    (line(function="commit", value={"a": 1 << 63}), f'value["a"] = 9223372036854775808: {OFFSET}'),
    (line(function="commit", value=["a"]), 'value = ["a"]: must be an object {key: offset}'),
    (line(function="fetch", value=["a"]), 'value = ["a"]: must be an object {key: offset or null}'),
    (line("invoke", "end_offset", {"a": 1}), 'value = {"a": 1}: must be a list of keys'),
    (line("invoke", "read", 3), "value = 3: must be null: the invoke of a read has no value"),
    (line(function="cas", value=[1]), "value = [1]: must be [old, new]"),
    (line(function="get"), 'lacks the field "key"; a get has one'),
    (line(function="enqueue"), "value = null: must not be null, which is what a dequeue finds in an empty queue"),
    (line("invoke", "enqueue"), "value = null: must not be null, which is what a dequeue finds in an empty queue"),
    (line(function="leader", value={"a": -1}), f'value["a"] = -1: {OFFSET}'),
    (line(function="batch", value=[["a", 1, 0]]), "value[0][2] = 0: must be a count of records: an integer from 1"),
    *(
        (
            line(function="batch", value=[["a", 1, 2], ["b", 1, 2]], **{name: 0}),
            f'value = [["a", 1, 2], ["b", 1, 2]]: must have one batch, as the event says {name}',
        )
        for name in ("producer_id", "producer_epoch", "base_sequence")
    ),
    (line(function="batch", value=[["a", 1]]), 'value[0] = ["a", 1]: must be [key, base_offset, count]'),
    (line(function="record", value=3), "value = 3: must be a list; an element must be [key, offset, value]"),
    (line(rebalance_log={}), 'rebalance_log = {}: must be a list of objects with a list of "keys"'),
    (line(rebalance_log=[3]), "rebalance_log[0] = 3: must be an object"),
    (line(rebalance_log=[{"keys": [[]]}]), f"rebalance_log[0].keys[0] = []: {KEY}"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[message[:50] for _, message in REFUSED])
def test_what_is_malformed_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        recorded(line(), "", text)
    assert f"history, line 3: {message}" == str(caught.value)


def test_a_name_that_is_twice_among_many_is_found_in_linear_time() -> None:
    names = ",".join(f'"{number}":1' for number in [*range(60_000), 59_999])
    with pytest.raises(UserError, match='line 2: "59999": is there twice in one object'):
        recorded(line(), f'{{"a":{{{names}}}}}')


def test_what_is_not_utf_8_is_refused() -> None:
    with pytest.raises(UserError, match="f, line 1: is not JSON: 'utf-8' codec can't decode byte 0xff in position 13"):
        read_json_lines([b'{"process": "\xff"}'], "f")


def test_the_deepest_nesting_is_read() -> None:
    deepest = json.loads("[" * 63 + "]" * 63)
    assert [("READ", None, None, deepest)] == rows(recorded(line(value=deepest)), 0)


# --------------------------------------------------------------------------------------------------- many lines at once

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, 1 << 61, 1 << 70, "", "x"])
ODD_VALUES = st.sampled_from(["x:y", [1], [None, 1], [0, 1], [-1, 1], [True, 1], {"a": 1}])
OFFSETS = st.none() | st.integers(0, 3)
SEND_KEYS = st.sampled_from([1, "1", "a"])
SENDS = st.tuples(st.just("send"), SEND_KEYS, SCALARS | st.tuples(OFFSETS, SCALARS))
RECORDS = st.dictionaries(st.sampled_from(["1", "a"]), st.lists(st.tuples(OFFSETS, SCALARS), max_size=3), max_size=2)
POLLS = st.just(["poll"]) | st.tuples(st.just("poll"), RECORDS).map(list)
ODD_POLLS = [None, [], {"a": [[-1, 1]]}, {"a": [[0]]}, {"new": []}, {"a": [[0, [1]]]}]
ODD_OPERATIONS = st.one_of(
    st.tuples(st.just("send"), st.sampled_from([True, 1.0, None, "new", "b:c"]), SCALARS),
    st.tuples(st.just("send"), SEND_KEYS, ODD_VALUES),
    st.tuples(st.just("poll"), st.sampled_from(ODD_POLLS)),
    st.sampled_from(
        [[], ["send"], ["send", 3], ["push", 3, 4], [["send"], 3, 4], ["poll", {}, {}], ["commit", {"a": 1}]]
    ),
)
TRANSACTIONS = ("send", "poll", "txn")
ACCESSES = ("read", "write", "get", "put", "enqueue", "dequeue", "release")
ODD_FIELDS = st.sampled_from(
    [
        *({"index": -1}, {"index": 1 << 63}, {"time": None}, {"time": NIL}, {"time": 1.0}, {"error": None}),
        *({"error": [1]}, {"key": 1.0}, {"key": "new"}, {"key": None}, {"version": 3}, {"group": "g"}, {"group": 3}),
    ]
)
PROCESSES = st.integers(0, 4)
KINDS = st.sampled_from(["ok", "ok", "info", "invoke"])


def told(functions: Sequence[str], value: st.SearchStrategy[Any], **fields: st.SearchStrategy[Any]) -> Any:  # noqa: ANN401
    """Events as `events` takes them."""
    others = {"index": st.integers(0, 9), "time": st.integers(0, 9), **fields}
    return st.tuples(PROCESSES, KINDS, st.sampled_from(functions), value, st.fixed_dictionaries({}, optional=others))


PLAIN_TRANSACTIONS = told(TRANSACTIONS, st.lists(SENDS | POLLS, max_size=3))
PLAIN_ACCESSES = told(ACCESSES, SCALARS, key=SEND_KEYS, error=SCALARS)
ODD = st.one_of(
    told(TRANSACTIONS, st.lists(SENDS | POLLS | ODD_OPERATIONS, min_size=1, max_size=2)),
    told((*ACCESSES, "cas", "noted"), SCALARS | ODD_VALUES),
    st.tuples(st.just(5), st.just("ok"), st.just("send"), st.just([])),
    st.tuples(PROCESSES, KINDS, st.sampled_from(["send", "poll"]), st.just([]), ODD_FIELDS),
    st.tuples(PROCESSES, KINDS, st.sampled_from(["write", "read"]), st.none(), ODD_FIELDS),
)
SPOKEN = st.one_of(
    st.lists(PLAIN_TRANSACTIONS, max_size=8),
    st.lists(PLAIN_ACCESSES, max_size=8),
    st.lists(PLAIN_TRANSACTIONS | PLAIN_ACCESSES | ODD, max_size=6),
    st.tuples(PLAIN_TRANSACTIONS, ODD),
    st.tuples(PLAIN_ACCESSES, ODD),
)
FIRST = [
    (0, "ok", "assign", [1, "1", "a"]),
    *((number % 5, "ok", name, []) for number, name in enumerate(TRANSACTIONS)),
    *((number % 5, "ok", name, 1, {"key": "a"}) for number, name in enumerate(ACCESSES)),
]
"""Events after which the names of plain events are known."""
START = b"".join(json.dumps(event).encode() + b"\n" for event in events(*FIRST))


WAYS = 10
"""In so many ways an operation is completed; from 6 on, mostly so that it contradicts its invoke."""


def answered(spoken: Sequence[Any], ways: Sequence[int]) -> list[Any]:
    """Events of which those that complete an operation mostly repeat what it asked for."""
    invoked: dict[int, Any] = {}
    told = []
    for number, event in enumerate(spoken):
        process, kind, way = event[0], event[1], ways[number % len(ways)]
        asked = invoked.pop(process, None)
        if kind == "invoke":
            invoked[process] = event
        if kind == "invoke" or asked is None or way == WAYS:
            told.append(event)
            continue
        fields = {name: value for name, value in (asked[4] if len(asked) > 4 else {}).items() if name != "key" or way}
        value = repeated(asked[3], event[3], way) if asked[2] in TRANSACTIONS else event[3] if way > 6 else asked[3]
        told.append((process, kind, asked[2], value, fields | ({"key": "a"} if way == 9 else {})))
    return told


def repeated(asked: Any, found: Any, way: int) -> Any:  # noqa: ANN401 - JSON
    """The value of a completion of micro-operations."""
    if type(asked) is not list:
        return asked
    answers = found if type(found) is list else []
    results = iter([operation for operation in answers if type(operation) is list and operation[:1] == ["poll"]])
    told = []
    for operation in asked:
        if len(operation) == 3 and operation[0] == "send":
            key, value = ("a" if way == 6 else operation[1]), (1 if way == 7 else operation[2])
            told.append(["send", key, ([3, value], [None, value], [4, None], value)[way % 4]])
        else:
            told.append(next(results, operation))
    return [*told, ["send", "a", 5]] if way == 4 else told[: 1 if way == 8 else None]


@settings(max_examples=200, deadline=None)
@given(SPOKEN, st.sampled_from([1, 150, 2000]), st.integers(0, 12), st.lists(st.integers(0, WAYS), min_size=3))
def test_many_lines_at_once_are_read_as_one_by_one(spoken: list[Any], piece: int, twice: int, ways: list[int]) -> None:
    lines = [json.dumps(event) for event in events(*answered(spoken, ways))]
    if twice < len(lines):
        lines[twice] = lines[twice][:-1] + ', "process": 4}'
    rest = "\n".join(lines).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainEvents, "add", lambda *_: False)
        expected = outcome(rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "PIECE_BYTES", piece)
        assert expected == outcome(rest)


TOO_DEEP = json.loads("[" * 70 + "]" * 70)
NOT_PLAIN: list[tuple[str, Any, dict[str, Any]]] = [
    *(("send", [["send", key, 5]], {}) for key in (True, 1.0, None, "new", "b:c", [1])),
    *(
        ("send", [["send", "a", value]], {})
        for value in ([1], [None, 1], [0, 1], [-1, 1], [True, 1], [1, [2]], {"a": 1})
    ),
    *(
        ("poll", [["poll", found]], {})
        for found in (None, [], {"a": [[-1, 1]]}, {"a": [[0]]}, {"a": {}}, {"new": [[0, 1]]})
    ),
    *(("poll", [["poll", {"a": [record]}]], {}) for record in ([True, 1], [0, [1]], [None, None], [0, 1, 2], {}, "01")),
    ("send", [["send", "a", [0, TOO_DEEP]]], {}),
    ("poll", [["poll", {"a": [[0, TOO_DEEP]]}]], {}),
    *(("txn", [operation], {}) for operation in ([], ["send"], ["send", 3], ["push", "a", 4], ["push"], ["push", {}])),
    *(("txn", value, {}) for value in ([["send", "a", {}], ["poll"]], [["poll", "a", 1], ["send", {}]], None, 3, [3])),
    *(("read", value, {}) for value in (5, [5], {"a": 1}, "b:c")),
    *((function, 5, {}) for function in ("get", "put", "append", "acquire", "enqueue", "noted", "send")),
    *(("enqueue", None, {}), ("cas", [1, 2], {}), ("leader", {"a": 1}, {})),
    *(
        ("write", 5, {name: value})
        for name in ("key", "index", "time", "error")
        for value in (True, 1.0, None, -1, NIL, [1])
    ),
    *(("send", [], {name: value}) for name in ("key", "index", "time", "error") for value in (True, 1.0, None, 1, [1])),
    *(("send", [], {"process": value}) for value in (True, 1.0, 7, "0", 1 << 64)),
]


@pytest.mark.parametrize("kind", ["invoke", "ok", "fail", "maybe"])
def test_a_line_that_may_not_be_plain_is_read_as_one_by_one(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"process": 0, "type": kind, "f": f, "value": value, **more}) for f, value, more in NOT_PLAIN]
    found = [outcome(line.encode()) for line in lines]
    monkeypatch.setattr(PlainEvents, "add", lambda *_: False)
    assert [outcome(line.encode()) for line in lines] == found


def outcome(rest: bytes) -> Any:  # noqa: ANN401 - what a history holds, or what the error says
    """What comes of reading lines after the first."""
    try:
        return content(JsonLinesReader("f").read([START, rest]))
    except UserError as error:
        return str(error)


def test_lines_of_common_histories_are_read_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    singly: list[bytes] = []
    original = json_lines.JsonLinesReader._add
    monkeypatch.setattr(
        json_lines.JsonLinesReader, "_add", lambda self, text: (singly.append(text), original(self, text))
    )
    told: list[tuple[Any, ...]] = []
    for number in range(1000):
        who, key = number % 5, number % 7
        told.append((who, "invoke", "send", [["send", key, number]], {"time": number}))
        told.append((who, "ok", "send", [["send", key, [number // 7, number]]], {"time": number}))
        told.append((who, "invoke", "poll", [["poll"]]))
        told.append((who, "ok", "poll", [["poll", {str(key): [[number // 7, number], [None, "x"]]}]]))
    for number in range(1000):
        told.append((number % 5, "invoke", "get", None, {"key": number % 7}))
        told.append((number % 5, "info", "get", str(number), {"key": number % 7, "error": "late"}))
    history = recorded(*map(json.dumps, events(*told)))
    assert [("SEND", 1, None, 953)] == rows(history, 4 * 953)
    assert [("POLL", None, None, None), ("RECORD", 1, 136, 953), ("RECORD", 1, None, "x")] == rows(history, 4 * 953 + 3)
    assert [("GET", 2, None, "513")] == rows(history, 4000 + 2 * 513 + 1)
    assert "late" == error_of(history, 4000 + 2 * 513 + 1)
    assert 6000 == len(history)
    assert len(singly) < 400

"""The columns of a history and the builder that fills them, one by one and many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkers.history import history as module
from checkers.history.columns import EventColumns, RowColumns
from checkers.history.history import INTERNED, NIL, NONE, Codes, EventType, HistoryBuilder, Kind
from checkers.verdict import UserError
from tests.checkers.history.histories import content

TYPES = list(EventType)


def test_names_that_python_takes_for_equal_have_codes_of_their_own() -> None:
    codes = Codes()
    names: list[Any] = [1, True, 1.0, "1", "true", [1], [True], [1.0], {"b": 1, "a": 2}, 0, False, -0.0, 0.0]
    assert list(range(len(names))) == [codes.code(name) for name in names]
    assert 8 == codes.find({"a": 2, "b": 1})
    assert NONE == codes.find("never")


@pytest.mark.parametrize(
    ("value", "code"),
    [(None, NIL), (7, 7), (-7, -7), (INTERNED - 1, INTERNED - 1), (1 - INTERNED, 1 - INTERNED)],
)
def test_small_integers_are_their_own_codes(value: int | None, code: int) -> None:
    assert code == HistoryBuilder("test").value(value)


@pytest.mark.parametrize("value", [INTERNED, -INTERNED, 1 << 63, 1 << 80, "x", "", True, 1.5, [1], {"a": None}])
def test_other_values_are_given_back_as_they_were(value: Any) -> None:  # noqa: ANN401 - any JSON
    builder = HistoryBuilder("test")
    builder.value("another")
    assert INTERNED + 1 == builder.value(value)
    assert repr(value) == repr(builder.build().shown_value(INTERNED + 1))


def test_a_second_open_invoke_is_refused() -> None:
    builder = HistoryBuilder("test", lambda: "f, line 2")
    builder.event(EventType.INVOKE, 0, "read", index=4)
    with pytest.raises(UserError) as caught:
        builder.event(EventType.INVOKE, 0, "write", index=5)
    assert (
        'f, line 2: process = 0: invokes "write" at index 5, but its operation invoked at index 4 is still open; '
        "a process has one operation at a time"
    ) == str(caught.value)


def test_a_completion_of_another_function_is_refused() -> None:
    builder = HistoryBuilder("test", lambda: "f, line 2")
    builder.event(EventType.INVOKE, "a", "read", index=4)
    with pytest.raises(UserError) as caught:
        builder.event(EventType.OK, "a", "write", index=5)
    assert (
        'f, line 2: f = "write": process "a" has "read" open, invoked at index 4; a completion has the f of its invoke'
    ) == str(caught.value)


def test_invokes_and_completions_are_partners() -> None:
    builder = HistoryBuilder("test")
    for type_, process in [(0, 1), (0, 2), (1, 2), (3, 1), (1, 2), (0, 2)]:
        builder.event(EventType(type_), process, "read", index=0)
    history = builder.build()
    assert [3, 2, 1, 0, NONE, NONE] == history.partner.tolist()
    assert [(0, 3), (1, 2), (5, NONE)] == list(history.operations())


def test_more_events_than_the_columns_can_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVENTS_MAX", 3)
    builder = HistoryBuilder("test", lambda: "here")
    for process in range(3):
        builder.event(EventType.INVOKE, process, "read", index=0)
    with pytest.raises(UserError, match="here: more than 3 events"):
        builder.event(EventType.INVOKE, 3, "read", index=0)


def test_more_functions_than_the_columns_can_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FUNCTIONS_MAX", 2)
    builder = HistoryBuilder("test", lambda: "here")
    for function in "ab":
        builder.event(EventType.OK, 0, function, index=0)
    with pytest.raises(UserError, match="2 functions"):
        builder.event(EventType.OK, 0, "c", index=0)


STEP = st.tuples(st.integers(0, 15), st.integers(0, 2), st.sampled_from("ab"), st.integers(0, 2))


def as_events(steps: list[tuple[int, int, str, int]]) -> list[tuple[EventType, int, str, int]]:
    """Steps of three processes as events (type, process, function, rows), mostly what may come next."""
    open_functions: dict[int, str] = {}
    events = []
    for choice, process, function, rows in steps:
        if choice < 4:
            events.append((EventType(choice), process, function, rows))
        elif process in open_functions:
            events.append((EventType(1 + choice % 3), process, open_functions[process], rows))
        else:
            events.append((EventType.INVOKE, process, function, rows))
        if events[-1][0] == EventType.INVOKE:
            open_functions[process] = function
        else:
            open_functions.pop(process, None)
    return events


@settings(max_examples=120, deadline=None)
@given(st.lists(STEP, max_size=30), st.integers(1, 9))
def test_many_at_once_are_the_same_as_one_by_one(steps: list[tuple[int, int, str, int]], size: int) -> None:
    events = as_events(steps)
    singly, together = HistoryBuilder("test"), HistoryBuilder("test")
    for builder in (singly, together):
        for name in "ab":
            builder.functions.code(name)
        for process in range(4):
            builder.processes.code(process)
    added = 0
    refused = False
    for type_, process, function, count in events:
        try:
            singly.event(type_, process, function, index=added, time=added)
        except UserError:
            refused = True
            break
        for row in range(count):
            singly.row(Kind.SEND, row, added, 7)
        added += 1
    for start in range(0, len(events), size):
        end = start + size
        if not _extend(together, events[start:end], start):
            assert refused
            assert start <= added < end
            assert start == len(together)
            return
    assert not refused
    assert content(singly.build()) == content(together.build())


def _extend(builder: HistoryBuilder, events: list[tuple[EventType, int, str, int]], first: int) -> bool:
    types, processes, functions, counts = (np.array(column) for column in zip(*events, strict=True))
    numbers = np.arange(first, first + len(events))
    codes = np.array(builder.functions.known(functions.tolist()))
    columns = EventColumns(numbers, numbers, processes, types, codes, np.full(len(events), NONE), counts)
    total = int(counts.sum())
    key = np.array([row for count in counts for row in range(count)], np.int64)
    rows = RowColumns(np.full(total, int(Kind.SEND)), key, np.repeat(numbers, counts), np.full(total, 7))
    pairs = builder.pair(columns)
    if pairs is not None:
        builder.extend(columns, rows, pairs)
    return pairs is not None

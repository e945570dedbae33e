"""The figures for reports, on the examples of Jepsen's tests of them, restated, and on their corner cases."""

from __future__ import annotations

from typing import Any

from checkers.history.anomalies.analysis import Analysis, analyse
from checkers.history.anomalies.figures import (
    ConsumeCounts,
    Lag,
    Unseen,
    consume_counts,
    realtime_lag,
    unseen_over_time,
    worst_realtime_lag,
)
from checkers.history.anomalies.settings import Settings
from tests.checkers.history.anomalies.judged import Event, done
from tests.checkers.history.histories import events, recorded


def analysed(*history: Event) -> Analysis:
    """The analysis of a history in which every event's time is its index."""
    timed = [event | {"time": place} for place, event in enumerate(events(*history))]
    return analyse(recorded(*timed), Settings())


def assign(*keys: str, function: str = "assign") -> list[Event]:
    """Process 0 is assigned keys."""
    return [(0, "invoke", function, list(keys)), (0, "ok", function, list(keys))]


LAGGING: list[Event] = [
    *assign("x"),
    *done(0, "poll", {"x": []}),
    *done(0, "send", ("x", "a", 0)),
    *done(0, "poll", {"x": []}),
    *done(1, "send", ("x", "c", 2), ("x", "d", 3)),
    *done(0, "poll", {}),
    *done(0, "poll", {"x": [[0, "a"], [1, "b"]]}),
    *assign("x", "y"),
    *done(0, "poll", {}),
    *assign("y"),
    *assign("x"),
    *done(0, "poll", {}),
    *done(0, "poll", {"x": [[0, "a"], [1, "b"]]}, {"x": [[2, "c"], [3, "d"]]}),
    *done(1, "send", ("x", "b"), type="info"),
]


def test_lag_is_how_long_a_position_had_not_been_the_end() -> None:
    expected = [
        (2, "x", 0),
        (6, "x", 1),
        (10, "x", 5),
        (12, "x", 3),
        (16, "x", 7),
        (16, "y", 0),
        (22, "x", 17),
        (24, "x", 0),
    ]
    assert [Lag(time, 0, key, lag) for time, key, lag in expected] == list(realtime_lag(analysed(*LAGGING)))


def test_the_worst_lag_is_the_greatest() -> None:
    assert Lag(22, 0, "x", 17) == worst_realtime_lag(analysed(*LAGGING))


def test_without_polls_there_is_no_lag() -> None:
    assert worst_realtime_lag(analysed(*done(0, "send", ("x", "a", 0)))) is None


def test_without_any_known_offset_there_is_no_lag_but_zero() -> None:
    assert Lag(2, 0, "x", 0) == worst_realtime_lag(analysed(*assign("x"), *done(0, "poll", {"x": []})))


def test_what_has_no_time_is_told_without_and_makes_no_lag() -> None:
    timed: list[Event] = [*done(1, "send", ("x", "a", 0), ("x", "b", 1)), *assign("x"), *done(0, "poll", {"x": []})]
    history = [event | ({"time": place} if place > 1 else {}) for place, event in enumerate(events(*timed))]
    analysis = analyse(recorded(*history), Settings())
    assert [Unseen(None, "x", 2)] == unseen_over_time(analysis)
    assert Lag(4, 0, "x", 0) == worst_realtime_lag(analysis)


def test_subscribing_forgets_all_positions() -> None:
    history = [
        *done(1, "send", ("x", "a", 0)),
        *done(0, "poll", {"x": [[0, "a"]]}),
        *assign("x", function="subscribe"),
        *done(0, "poll", {}),
    ]
    assert [Lag(2, 0, "x", 0)] == list(realtime_lag(analysed(*history)))


def counts_of(*history: Any) -> ConsumeCounts:  # noqa: ANN401 - events
    """How often the messages of a history are consumed."""
    return consume_counts(analysed(*history))


def test_messages_are_counted_that_a_subscribed_process_polls() -> None:
    a, a_and_b = done(0, "poll", {"x": [[0, "a"]]}), done(0, "poll", {"x": [[0, "a"], [1, "b"]]})
    sub = assign("x", function="subscribe")
    assert ConsumeCounts({1: 1, 2: 1}, ((0, "x", "a", 2),)) == counts_of(*a, *sub, *a, *a_and_b)
    assert ConsumeCounts({}, ()) == counts_of(*assign("x"), *a, *a_and_b)


def test_what_is_unseen_is_told_at_every_change() -> None:
    history = [
        *done(0, "poll", {}),
        *done(0, "send", ("x", "a", 0), ("x", "b", 1)),
        *done(0, "send", ("y", "c", 0)),
        *done(0, "poll", {"x": [[0, "a"]]}),
        *done(0, "poll", {"x": [[1, "b"]]}),
    ]
    expected = [Unseen(3, "x", 2), Unseen(5, "y", 1), Unseen(7, "x", 1), Unseen(9, "x", 0)]
    assert expected == unseen_over_time(analysed(*history))


def test_a_message_polled_before_its_acknowledgement_was_never_unseen() -> None:
    history = [(0, "invoke", "send", [["send", "x", "a"]]), *done(1, "poll", {"x": [[0, "a"]]})]
    assert [] == unseen_over_time(analysed(*history, (0, "ok", "send", [["send", "x", [0, "a"]]])))

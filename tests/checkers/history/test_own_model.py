"""Histories judged by specifications of the user's own, and by the log's, which log order must agree with."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from checkers.history.linearizability import linearizable
from checkers.verdict import UserError
from specs.instance import at
from specs.sequential.log import SPEC as LOG
from tests.checkers.history.histories import events, recorded
from tests.checkers.history.own_specs import ACROSS_KEYS, COUNTER

LOGS = 150


def counted(*values: int | None, process: int = 0) -> list[tuple[Any, ...]]:
    """Increments one after the other, each telling how far it got."""
    spoken: list[tuple[Any, ...]] = []
    for value in values:
        spoken += [(process, "invoke", "increment"), (process, "ok", "increment", value)]
    return spoken


def verdict(*spoken: tuple[Any, ...]) -> str:
    """The verdict on events of a counter."""
    return linearizable(recorded(*events(*spoken)), COUNTER).verdict


def test_operations_are_actions_by_name_and_values_parameters() -> None:
    assert ["holds", "violated"] == [verdict(*counted(1, 2, 3)), verdict(*counted(1, 3))]


def test_what_an_open_operation_leaves_open_may_be_anything() -> None:
    one_open = [(1, "invoke", "increment"), *counted(1)]
    assert ["holds", "holds", "violated"] == [verdict(*one_open, *counted(n, process=2)) for n in (2, 3, 1)]


def test_parameters_are_found_in_the_fields_of_an_event() -> None:
    look = [(0, "invoke", "look"), (0, "ok", "look", 1, {"lease": 2})]
    assert verdict(*counted(1), *look) == "holds"


def test_an_assertion_that_fails_is_told() -> None:
    look = [(0, "invoke", "look"), (0, "ok", "look", 3, {"lease": 2})]
    with pytest.raises(UserError, match="counter: an assertion fails or a field leaves its range"):
        verdict(*counted(1, 2, 3), *look)


def test_a_value_outside_its_domain_is_refused_with_its_place() -> None:
    with pytest.raises(UserError) as caught:
        verdict(*counted(1, 7))
    where = "history: the operation 'increment' invoked at index 2"
    assert f"{where}: value = 7: must be an integer from -1 to 3, or null" == str(caught.value)


@pytest.mark.deep
def test_keys_are_objects_of_their_own_unless_an_action_takes_them() -> None:
    spoken = [
        {"process": 0, "type": kind, "f": "grow", "value": value, "key": key}
        for key, value in (("a", 1), ("b", 3))
        for kind in ("invoke", "ok")
    ]
    result = linearizable(recorded(*spoken), ACROSS_KEYS)
    assert ("holds", 1) == (result.verdict, len(result.partitions))


# --------------------------------------------------------------------------------------------------------------- logs


def drawn_log(rng: np.random.Generator) -> list[tuple[int, str, int]]:
    """Appends and reads as (moment, function, offset), each moment but the last being that of one event."""
    appended = int(rng.integers(1, 5))
    calls = [("append", int(offset)) for offset in rng.permutation(appended)]
    calls += [("read", int(rng.integers(appended))) for _ in range(int(rng.integers(3)))]
    calls += [("end_offset", int(rng.integers(appended + 1))) for _ in range(int(rng.integers(2)))]
    moments = rng.permutation(2 * len(calls)).reshape(len(calls), 2)
    moments = np.sort(moments, axis=1) if rng.random() < 0.5 else np.sort(moments.ravel() // 2 * 2).reshape(-1, 2)
    moments += rng.integers(0, 3, size=moments.shape)
    ends = [(int(min(pair)), int(max(pair))) for pair in moments]
    return [(ends[k][edge], function, offset) for k, (function, offset) in enumerate(calls) for edge in (0, 1)]


def spoken_twice(calls: list[tuple[int, str, int]], key: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The events of a log in the words of the specification, and in those of Kafka's clients."""
    plain: list[tuple[int, dict[str, Any]]] = []
    kafka: list[tuple[int, dict[str, Any]]] = []
    for number, (moment, function, offset) in enumerate(calls):
        begins = number % 2 == 0
        said = {"process": f"{key}.{number // 2}", "type": "invoke" if begins else "ok"}
        value = offset if function == "append" or not begins else None
        told = [key] if begins else {str(key): offset}
        found = told if function == "end_offset" else value
        plain.append((moment, said | {"f": function, "value": found, "key": key, "version": offset}))
        send = [["send", key, offset]] if begins else [["send", key, [offset, offset]]]
        poll = [["poll"]] if begins else [["poll", {str(key): [[offset, offset]]}]]
        words = {"append": ("send", send), "read": ("poll", poll), "end_offset": ("end_offset", told)}[function]
        kafka.append((moment, said | {"f": words[0], "value": words[1]}))
    return tuple([event for _, event in sorted(said, key=lambda one: one[0])] for said in (plain, kafka))  # type: ignore[return-value]


@pytest.mark.deep
def test_log_order_agrees_with_a_search_over_the_specification_of_the_log() -> None:
    rng = np.random.default_rng(1)
    plain: list[dict[str, Any]] = []
    kafka: list[dict[str, Any]] = []
    for key in range(LOGS):
        said = spoken_twice(drawn_log(rng), key)
        plain += said[0]
        kafka += said[1]
    expected = {p.key: p.verdict for p in linearizable(recorded(*plain), at(LOG, length=8)).partitions}
    actual = {p.key: p.verdict for p in linearizable(recorded(*kafka), "log").partitions}
    assert expected == actual
    assert min(Counter(actual.values()).values()) > LOGS // 10

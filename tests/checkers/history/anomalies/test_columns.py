"""Numbering of pairs, evidence made when asked for, and histories that hold anything but what is looked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from checkers.history.anomalies.columns import Evidence, Findings, in_order, number_pairs
from checkers.history.anomalies.settings import Settings, subscribes
from checkers.history.anomalies.table import find_anomalies
from checkers.history.history import INTERNED
from tests.checkers.history.anomalies.judged import done, found
from tests.checkers.history.histories import events, recorded


@pytest.mark.parametrize("spread", [1, 1 << 40, INTERNED - 1])
def test_pairs_are_numbered_in_ascending_order_however_far_they_lie_apart(spread: int) -> None:
    chance = np.random.default_rng(spread % 97)
    major, minor = chance.integers(0, 5, 400), (chance.integers(-7, 8, 400) * (spread // 8 + 1)).astype(np.int64)
    pairs = number_pairs(major, minor)
    expected = sorted(set(zip(major.tolist(), minor.tolist(), strict=True)))
    assert expected == list(zip(pairs.major.tolist(), pairs.minor.tolist(), strict=True))
    assert [expected.index(pair) for pair in zip(major.tolist(), minor.tolist(), strict=True)] == pairs.number.tolist()


@pytest.mark.parametrize("factor", [1, 1 << 20])
def test_orders_are_stable(factor: int) -> None:
    column = np.array([3, 1, 3, 0, 1, 3]) * factor
    order = in_order(column)
    assert order is not None
    assert [3, 1, 4, 0, 2, 5] == order.tolist()
    assert in_order(np.sort(column)) is None


def test_evidence_is_made_when_it_is_asked_for() -> None:
    made: list[int] = []

    def show(row: int) -> Evidence:
        made.append(row)
        return {"row": row}

    findings = Findings(np.array([5, 3, 8]), show)
    assert 3 == len(findings)
    assert [] == made
    assert [{"row": 3}, {"row": 8}] == list(findings[1:])
    assert {"row": 8} == findings[-1]
    assert [3, 8, 8] == made


HARMLESS: dict[str, list[Any]] = {
    "nothing": [],
    "registers": [(0, "invoke", "write", 3), (0, "ok", "write", 3), (0, "invoke", "read"), (0, "ok", "read", 3)],
    "an open send": [(0, "invoke", "send", [["send", "x", 1]])],
    "completions without values": [
        (0, "invoke", "txn", [["send", "x", 1], ["poll"]]),
        (0, "info", "txn"),
        (1, "invoke", "assign", ["x"]),
        (1, "fail", "assign"),
    ],
    "completions without invokes": [
        (0, "info", "send", [["send", "x", [3, 1]]]),
        (1, "ok", "poll", [["poll", {"x": [[3, 1]]}]]),
    ],
    "records without values": done(0, "poll", {"x": [[0, None], [0, None]]}),
    "records without offsets": [*done(0, "send", ("x", 1)), *done(1, "poll", {"x": [[None, 1]]})],
    "observations without fields": [
        (0, "ok", "batch", [["x", 0, 1]]),
        (0, "ok", "batch", [["x", 0, 2], ["x", 0, 1]]),
        (0, "ok", "record", [["x", 0, "a"], ["x", 0, "b"]]),
        (0, "ok", "assigned", ["x"]),
        (1, "ok", "assigned", ["x"]),
        (0, "ok", "fenced", {"anything": [1]}),
    ],
    "sequences that are none": [
        (0, "ok", "batch", [["x", n, 1]], {"producer_id": 1, "producer_epoch": 0, "base_sequence": (1 << 62) + n})
        for n in (5, 3)
    ],
    "a transaction that was polled before it began": [
        *done(1, "poll", {"y": [[0, "b"]]}, type="ok"),
        (0, "info", "txn", [["send", "y", [0, "b"]], ["commit", {"x": 5}]], {"group": "g"}),
    ],
    "one transaction that commits twice": [
        (0, "invoke", "txn", [["commit", {"x": 1}], ["commit", {"x": 2}]], {"group": "g"}),
        (0, "ok", "txn", [["commit", {"x": 1}], ["commit", {"x": 2}]], {"group": "g"}),
    ],
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_history_of_other_things_shows_no_anomaly(name: str) -> None:
    assert {} == found(*HARMLESS[name])


def test_a_completion_without_rows_stands_for_what_was_invoked() -> None:
    history = [(0, "invoke", "send", [["send", "x", 1]]), (0, "fail", "send"), *done(1, "poll", {"x": [[0, 1]]})]
    assert [{"key": "x", "value": 1, "offset": 0, "writer": 1, "reader": 3}] == found(*history)["aborted_read"]


def test_subscribing_is_seen() -> None:
    assert subscribes(recorded(*events((0, "invoke", "subscribe", ["x"]))))
    assert not subscribes(recorded(*events((0, "invoke", "assign", ["x"]))))


class Nonsense:
    """Histories in which everything that may be said is said at random."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)

    def pick(self, *choices: Any) -> Any:  # noqa: ANN401 - JSON
        """One of these."""
        return choices[int(self.chance.integers(len(choices)))]

    def number(self) -> int:
        """A number that is small, or as large as can be."""
        return int(self.pick(0, 1, 2, 3, 4, (1 << 31) - 1, (1 << 62) + 1, (1 << 63) - 1))

    def key(self) -> str:
        """A key."""
        return str(self.pick("x", "y", "z"))

    def value(self) -> Any:  # noqa: ANN401 - JSON
        """A value of any kind."""
        return self.pick(None, 1, 2, 3, -4, "a", "b", [1], {"k": 2}, (1 << 62) + 3, 1.5)

    def micro_operation(self) -> Any:  # noqa: ANN401 - JSON
        """A micro-operation of a completion."""
        return self.pick(
            ["send", self.key(), [self.pick(None, self.number()), self.value()]],
            ["poll", {self.key(): [[self.pick(None, self.number()), self.value()] for _ in range(3)]}],
            ["commit", {self.key(): self.number()}],
        )

    def event(self) -> dict[str, Any]:
        """An event without an invoke."""
        function = self.pick("txn", "txn", "send", "commit", "fetch", "batch", "record", "leader", "high_watermark")
        function = self.pick(
            function, function, function, "assign", "subscribe", "assigned", "revoked", "fenced", "crash"
        )
        by_function: dict[str, Any] = {
            "txn": [self.micro_operation() for _ in range(3)],
            "send": [["send", self.key(), [self.number(), self.value()]]],
            "batch": [[self.key(), self.number(), int(self.pick(1, 5, 1 << 62))]],
            "record": [[self.key(), self.number(), self.value()]],
        }
        keys = (
            [self.key()] if function in ("assign", "subscribe", "assigned", "revoked") else {self.key(): self.number()}
        )
        names = ("generation", "producer_id", "producer_epoch", "base_sequence", "leader_epoch")
        fields = {name: self.number() for name in names if self.chance.random() < 0.7}
        texts = {name: self.pick("a", "b") for name in ("group", "member") if self.chance.random() < 0.7}
        log = {"rebalance_log": [{"keys": [self.key()]}]} if self.chance.random() < 0.3 else {}
        value = by_function.get(function, None if function == "crash" else keys)
        said = {"process": int(self.chance.integers(3)), "type": self.pick("ok", "ok", "info", "fail"), "f": function}
        return {**said, "value": value, **fields, **texts, **log}


def judge_all(seed: int) -> int:
    """Judge nonsense in all settings, and look at all evidence: how much there is."""
    nonsense = Nonsense(seed)
    history = recorded(*(nonsense.event() for _ in range(25)))
    total = 0
    for settings in (Settings(), Settings(ww_deps=True, subscribed=True)):
        for evidence in find_anomalies(history, settings).values():
            total += sum(1 for item in evidence if item)
            assert len(evidence) == len(list(evidence))
    return total


def test_nonsense_is_judged_without_an_error() -> None:
    assert sum(judge_all(100 * seed) for seed in range(10)) > 40


@pytest.mark.deep
def test_much_nonsense_is_judged_without_an_error() -> None:
    assert sum(judge_all(100_000 + 100 * seed) for seed in range(3000)) > 10_000

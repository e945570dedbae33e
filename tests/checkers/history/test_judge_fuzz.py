"""Any history that can be read is judged, told and printed, or refused with a reason: never a crash."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from typing import Any

import numpy as np
import pytest

from checkers.commands.check import as_json, report
from checkers.history.anomalies.settings import settings_of
from checkers.history.consistency.hierarchy import LEVELS
from checkers.history.history import History
from checkers.history.judge import Question, judge
from checkers.verdict import UserError
from tests.checkers.history.histories import recorded

ARGUMENTS = Namespace(all=True, figures=False)
VALUES: tuple[Any, ...] = (None, 0, 1, 2, -1, True, 1.5, "", "a", "ab", [1], {"k": 1}, 2**61, -(2**63), 10**30)
OFFSETS = (None, 0, 1, 2, 3, 2**62, 2**63 - 1)
FAMILIES = (
    ("read", "write", "cas"),
    ("get", "put", "append"),
    ("acquire", "release"),
    ("enqueue", "dequeue"),
    ("commit", "fetch"),
    ("send", "poll", "txn", "end_offset"),
)
EVERYTHING = (*(f for family in FAMILIES for f in family), "assign", "subscribe", "wriet")
FIELDS: dict[str, tuple[Any, ...]] = {
    "version": (0, 1, 2, 2**63 - 1),
    "group": ("g", "h"),
    "generation": (-1, 0, 1, 2**63 - 1),
    "isolation": ("read_committed", "read_uncommitted"),
    "time": (0, 5, 2**63 - 1),
}


class Draw:
    """What comes next, from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def one_of(self, choices: tuple[Any, ...]) -> Any:  # noqa: ANN401 - any of the choices
        """One of some choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """Whether something happens that happens so often."""
        return bool(self.rng.random() < share)

    def value(self) -> Any:  # noqa: ANN401 - any value
        """A value, mostly one of few."""
        return self.one_of(VALUES) if self.chance(0.3) else int(self.rng.integers(4))

    def offset(self) -> int | None:
        """An offset, mostly one of few."""
        return self.one_of(OFFSETS) if self.chance(0.2) else int(self.rng.integers(4))  # type: ignore[no-any-return]

    def micro_operation(self, key: str, *, invoked: bool) -> list[Any]:
        """A part of a transaction."""
        if self.chance(0.5):
            return ["send", key, self.value() if invoked else [self.offset(), self.value()]]
        if self.chance(0.1):
            return ["commit", {key: int(self.rng.integers(4))}]
        found = [[self.offset(), self.value()] for _ in range(int(self.rng.integers(3)))]
        return ["poll"] if invoked else ["poll", {key: found}]

    def content(self, function: str, key: str, *, invoked: bool) -> Any:  # noqa: ANN401, PLR0911 - any value, a table
        """The value of an event."""
        if function in ("send", "poll", "txn"):
            return [self.micro_operation(key, invoked=invoked) for _ in range(int(self.rng.integers(3)))]
        if function in ("fetch", "end_offset") and not invoked:
            return {key: self.offset()}
        if function in ("assign", "subscribe", "fetch", "end_offset"):
            return [key]
        if function == "commit":
            return {key: int(self.rng.integers(4))}
        if function == "cas":
            return [self.value(), self.value()]
        if function in ("read", "get", "dequeue") and invoked:
            return None
        if function in ("put", "append", "get") and self.chance(0.95):
            return self.one_of(("", "a", "b", "ab", "aba"))
        return self.value()

    def events(self) -> list[dict[str, Any]]:
        """A history of one family of functions, or of all; mostly of operations, sometimes of completions alone."""
        functions = self.one_of((*FAMILIES, EVERYTHING))
        still_open: dict[int, dict[str, Any]] = {}
        events = []
        for _ in range(int(self.rng.integers(1, 24))):
            process = int(self.rng.integers(4))
            begun = still_open.pop(process, None)
            function, key = (begun["f"], begun["key"]) if begun else (self.one_of(functions), self.one_of(("x", "y")))
            kind = self.one_of(("ok", "ok", "ok", "info", "fail")) if begun or self.chance(0.1) else "invoke"
            silent = kind in ("info", "fail") and self.chance(0.4)
            content = None if silent else self.content(function, key, invoked=kind == "invoke")
            event = {"process": process, "type": kind, "f": function, "key": key, "value": content}
            event |= {name: self.one_of(some) for name, some in FIELDS.items() if self.chance(0.15)}
            if kind == "invoke":
                still_open[process] = event
            events.append(event)
        return events


def told(history: History, question: Question) -> str:
    """The verdict, or that it was refused; what is printed of it is made, too."""
    try:
        found = judge(history, question)
    except UserError:
        return "refused"
    lines = list(report(history, found, None))
    printed = json.loads(json.dumps(as_json(history, found, ARGUMENTS)))
    assert found.verdict == printed["verdict"]
    assert lines[1].startswith(found.verdict)
    for result in found.linearizabilities:
        if result.violation is not None:
            assert 0 < len(result.violation.core) <= len(history)
            assert 0 <= result.violation.prefix_events < len(history)
    return found.verdict


def judged(seed: int, count: int) -> Counter[str]:
    """How many random histories came to which end."""
    draw, ends = Draw(seed), Counter[str]()
    for _ in range(count):
        try:
            history = recorded(*draw.events())
        except UserError:
            ends["unreadable"] += 1
            continue
        ends[told(history, Question(settings=settings_of(history), steps_max=20_000))] += 1
        level = draw.one_of((*LEVELS, None))
        model = draw.one_of(("log", "cas-register", "kv", "queue", "offsets", "mutex", None))
        told(history, Question(model, settings_of(history), level, steps_max=10))
    return ends


def test_random_histories_are_judged_or_refused() -> None:
    ends = judged(1, 250)
    assert min(ends["holds"], ends["violated"]) > 20
    assert ends["unreadable"] < 100


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(2, 6))
def test_more_random_histories_are_judged_or_refused(seed: int) -> None:
    assert judged(seed, 3000)["violated"] > 200

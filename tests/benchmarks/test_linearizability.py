"""How fast linearizability is judged: `pytest -m deep -o addopts= --benchmark-only tests/benchmarks`.

Histories of clients that are always at work, made as columns; making and reading them is not timed. Each operation
takes effect at a random moment of its own, so every history is linearizable. Memory is the peak of the process so far,
with the history: run one case alone (`-k`) for its own figure.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from checkers.history.history import NIL, NONE, Codes, EventType, History, Kind
from checkers.history.linearizability import linearizable

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Work:
    """Operations: where each is invoked and completed among all events, and in which order they take effect."""

    invoke: Ints
    complete: Ints
    effect: Ints
    process: Ints
    chance: np.random.Generator


def work(operations: int, clients: int) -> Work:
    """Clients that do one operation after the other."""
    chance = np.random.default_rng(1)
    each = -(-operations // clients)
    times = np.cumsum(chance.exponential(1.0, (clients, 2 * each)), axis=1).reshape(clients, each, 2)
    begin, end = times[:, :, 0].ravel(), times[:, :, 1].ravel()
    event = np.empty(2 * len(begin), np.int64)
    event[np.argsort(np.concatenate([begin, end]), kind="stable")] = np.arange(len(event))
    effect = np.argsort(begin + (end - begin) * chance.random(len(begin)))
    return Work(event[: len(begin)], event[len(begin) :], effect, np.repeat(np.arange(clients), each), chance)


def history(done: Work, asked: dict[str, Any], answered: dict[str, Any]) -> History:
    """The history with one row an event: `kind`, `key`, `offset` and `value` as they are asked and answered."""
    events = 2 * len(done.invoke)

    def column(dtype: type[np.generic], at_invoke: Any, at_completion: Any) -> NDArray[Any]:  # noqa: ANN401 - arrays
        cells = np.empty(events, dtype)
        cells[done.invoke], cells[done.complete] = at_invoke, at_completion
        return cells

    names = {"processes": Codes(), "functions": Codes(), "keys": Codes(), "errors": Codes(), "values": Codes()}
    names["functions"].code("operation")
    for name, count in (("processes", done.process.max()), ("keys", np.max(asked["key"]))):
        for number in range(int(count) + 1):
            names[name].code(number)
    return History(
        source="generated",
        index=np.arange(events),
        time=np.full(events, NIL),
        process=column(np.int32, done.process, done.process),
        type=column(np.int8, EventType.INVOKE, EventType.OK),
        function=np.zeros(events, np.int16),
        error=np.full(events, NONE, np.int32),
        partner=column(np.int32, done.complete, done.invoke),
        rows=np.arange(events + 1),
        event=np.arange(events, dtype=np.int32),
        kind=column(np.int8, asked["kind"], answered["kind"]),
        key=column(np.int32, asked["key"], asked["key"]),
        offset=column(np.int64, NIL, answered.get("offset", NIL)),
        value=column(np.int64, asked["value"], answered["value"]),
        fields={},
        **names,
    )


def stored(kinds: tuple[Kind, Kind], operations: int, clients: int, *, keys: int = 1, values: int = 0) -> History:
    """Reads and writes, half and half, of so many values; 0 for values that are all different."""
    done = work(operations, clients)
    count = len(done.invoke)
    writes = done.chance.random(count) < 0.5
    key = done.chance.integers(0, keys, count)
    value = done.chance.integers(1, values + 1, count) if values else np.arange(1, count + 1)
    in_order = done.effect[np.argsort(key[done.effect], kind="stable")]
    last = np.maximum.accumulate(np.where(writes[in_order], np.arange(count), NONE))
    begin = np.searchsorted(key[in_order], np.arange(keys))[key[in_order]]
    found = np.empty(count, np.int64)
    found[in_order] = np.where(last >= begin, value[in_order][np.maximum(last, 0)], NIL)
    kind = np.where(writes, kinds[0], kinds[1])
    asked = {"kind": kind, "key": key, "value": np.where(writes, value, NIL)}
    return history(done, asked, {"kind": kind, "value": np.where(writes, value, found)})


def register(operations: int, clients: int, values: int = 0) -> History:
    """A register."""
    return stored((Kind.WRITE, Kind.READ), operations, clients, values=values)


def store(operations: int, clients: int) -> History:
    """A hundred keys of five values each."""
    return stored((Kind.PUT, Kind.GET), operations, clients, keys=100, values=5)


def log(operations: int, clients: int) -> History:
    """Sends and polls of the last record, half and half, of one log."""
    done = work(operations, clients)
    count = len(done.invoke)
    sends = done.chance.random(count) < 0.5
    sends[done.effect[0]] = True
    offset, sender = np.empty(count, np.int64), np.empty(count, np.int64)
    offset[done.effect] = np.cumsum(sends[done.effect]) - 1
    sender[done.effect] = done.effect[sends[done.effect]][offset[done.effect]]
    asked = {
        "kind": np.where(sends, Kind.SEND, Kind.POLL),
        "key": np.zeros(count),
        "value": np.where(sends, sender, NIL),
    }
    return history(done, asked, {"kind": np.where(sends, Kind.SEND, Kind.RECORD), "offset": offset, "value": sender})


CASES: dict[str, tuple[str, Callable[[], History]]] = {
    "log, 100k operations": ("log", lambda: log(100_000, 10)),
    "log, 10M operations": ("log", lambda: log(10_000_000, 10)),
    "register of different values, 1k operations, 50 clients": ("register", lambda: register(1_000, 50)),
    "register of different values, 1M operations": ("register", lambda: register(1_000_000, 10)),
    "register of 5 values, 10k operations, 10 clients": ("register", lambda: register(10_000, 10, 5)),
    "register of 5 values, 1k operations, 50 clients": ("register", lambda: register(1_000, 50, 5)),
    "100 keys, 1M operations, 10 clients": ("kv", lambda: store(1_000_000, 10)),
}


@pytest.mark.deep
@pytest.mark.parametrize("case", CASES)
def test_linearizable_histories_are_judged(benchmark: Any, case: str) -> None:  # noqa: ANN401 - untyped fixture
    model, made = CASES[case]
    linearizable(stored((Kind.WRITE, Kind.READ), 100, 3, values=3), "register")
    recorded = made()
    result = benchmark.pedantic(linearizable, (recorded, model), rounds=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    benchmark.extra_info.update(steps=result.steps, gibibytes=round(peak, 2))
    assert result.verdict == "holds"

"""How fast histories are judged linearizable: `pytest -m deep -o addopts= --benchmark-only tests/benchmarks`.

The histories are those of the table in which porcupine was measured: half reads, half writes, by 10 or 50 clients that
are never idle for long. Compiling and generating are not timed; the peak of memory is that of the whole process so far,
the history included, so run a test alone for that figure.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from checkers.explore.memory import peak_rss_bytes
from checkers.history.history import NIL, EventType, History, Kind
from checkers.history.linearizability import Linearizability, linearizable
from tests.benchmarks.generated_histories import logs, registers, schedule
from tests.checkers.history.histories import events, recorded

SECONDS_MAX = {
    "log, 100k operations, 10 clients": 0.5,
    "log, 10M operations, 10 clients, 100 keys": 20,
    "register, different values, 1k operations, 50 clients": 0.1,
    "register, different values, 1M operations, 10 clients": 10,
    "register, 5 values, 10k operations, 10 clients": 0.7,
    "register, 5 values, 1k operations, 50 clients": 0.7,
    "kv, 100 keys, 1M operations, 10 clients": 2.9,
    "kv, 100 keys, 5 values, 1M operations, 10 clients": 2.9,
}
"""What each may take on a machine with nothing else to do."""

HISTORIES: dict[str, tuple[str, Callable[[], History]]] = {
    "log, 100k operations, 10 clients": ("log", lambda: logs(schedule(100_000, 10, 1), 1, keys=1)),
    "log, 10M operations, 10 clients, 100 keys": ("log", lambda: logs(schedule(10_000_000, 10, 1), 1, keys=100)),
    "register, different values, 1k operations, 50 clients": (
        "register",
        lambda: registers(schedule(1000, 50, 1), 1, values=None),
    ),
    "register, different values, 1M operations, 10 clients": (
        "register",
        lambda: registers(schedule(1_000_000, 10, 1), 1, values=None),
    ),
    "register, 5 values, 10k operations, 10 clients": (
        "register",
        lambda: registers(schedule(10_000, 10, 1), 1, values=5),
    ),
    "register, 5 values, 1k operations, 50 clients": (
        "register",
        lambda: registers(schedule(1000, 50, 1), 1, values=5),
    ),
    "kv, 100 keys, 1M operations, 10 clients": (
        "kv",
        lambda: registers(schedule(1_000_000, 10, 1), 1, values=None, keys=100, gets=True),
    ),
    "kv, 100 keys, 5 values, 1M operations, 10 clients": (
        "kv",
        lambda: registers(schedule(1_000_000, 10, 1), 1, values=5, keys=100, gets=True),
    ),
}


def measured(benchmark: Any, model: str, history: History) -> Linearizability:  # noqa: ANN401 - a fixture
    """The verdict, with figures beside the times."""
    rounds = 1 if len(history) > 1_000_000 else 5
    result: Linearizability = benchmark.pedantic(
        partial(linearizable, history, model), rounds=rounds, warmup_rounds=int(rounds > 1)
    )
    benchmark.extra_info["steps"] = result.steps
    benchmark.extra_info["peak_mib"] = peak_rss_bytes() >> 20
    return result


@pytest.mark.deep
@pytest.mark.parametrize("name", HISTORIES)
def test_a_linearizable_history(name: str, benchmark: Any) -> None:  # noqa: ANN401 - a fixture
    model, generate = HISTORIES[name]
    warm_up()
    result = measured(benchmark, model, generate())
    assert result.verdict == "holds"
    assert benchmark.stats.stats.min < SECONDS_MAX[name]


def warm_up() -> None:
    """Compile what the searches need."""
    linearizable(registers(schedule(30, 3, 1), 1, values=2), "register")
    linearizable(registers(schedule(30, 3, 1), 1, values=2, gets=True), "kv")


@pytest.mark.deep
@pytest.mark.parametrize("was_written", [False, True])
@pytest.mark.parametrize("clients", [10, 20, 30, 50])
def test_a_read_that_cannot_be(clients: int, was_written: bool, benchmark: Any) -> None:  # noqa: ANN401, FBT001
    warm_up()
    history = registers(schedule(1000, clients, 1), 1, values=5)
    if was_written:
        write_once(history, 6)
    reads = np.flatnonzero((history.type == EventType.OK) & (history.kind == Kind.READ))
    history.value[reads[len(reads) * 9 // 10]] = 6
    result = measured(benchmark, "register", history)
    assert (result.verdict, result.steps) == ("violated", 0)
    assert result.violation is not None
    assert (result.violation.prefix_is_longest, result.violation.is_minimal) == (True, True)


@pytest.mark.deep
@pytest.mark.parametrize("clients", [10, 20, 30])
def test_reads_that_cannot_be_together(clients: int, benchmark: Any) -> None:  # noqa: ANN401 - a fixture
    warm_up()
    result = measured(benchmark, "register", alternating(clients))
    assert result.verdict == "violated"


def write_once(history: History, value: int) -> None:
    """Have one of the first writes write another value, so that the history stays linearizable."""
    writes = np.flatnonzero((history.type == EventType.INVOKE) & (history.kind == Kind.WRITE))
    for event in writes[len(writes) // 10 :].tolist():
        both = [event, int(history.partner[event])]
        former = history.value[event]
        history.value[both] = value
        if linearizable(history, "register").verdict == "holds":
            return
        history.value[both] = former


def alternating(clients: int) -> History:
    """Clients write two values at once; reads find them in turn, one more than there are writes, as only a search sees.

    Before that, 900 operations on the register by as many clients.
    """
    rng = np.random.default_rng(1)
    spoken: list[tuple[Any, ...]] = []
    for _ in range(900 // clients):
        values = rng.integers(1, 6, size=clients).tolist()
        spoken += [(c, "invoke", "write", values[c]) for c in range(clients)]
        spoken += [(c, "ok", "write", values[c]) for c in rng.permutation(clients).tolist()]
    spoken += [(c, "invoke", "write", 7 + c % 2) for c in range(clients)]
    for turn in range(clients + 1):
        spoken += [(clients, "invoke", "read", None), (clients, "ok", "read", 7 + turn % 2)]
    return recorded(*events(*spoken))


QUEUES_MAX = {10: 0.5, 50: 0.5}
"""Seconds that queues of 1,000 and 10,000 operations may take, by clients."""


@pytest.mark.deep
@pytest.mark.parametrize("overtakes", [False, True])
@pytest.mark.parametrize("clients", QUEUES_MAX)
def test_queues_of_different_values(clients: int, overtakes: bool, benchmark: Any) -> None:  # noqa: ANN401, FBT001
    history = queues(200 * clients, clients)
    if overtakes:
        found = np.flatnonzero((history.kind == Kind.DEQUEUE) & (history.value != NIL))
        one, other = found[len(found) // 2], found[len(found) // 2 + 3 * clients]
        history.value[[one, other]] = history.value[[other, one]]
    result = measured(benchmark, "queue", history)
    assert result.verdict == ("violated" if overtakes else "holds")
    assert overtakes or benchmark.stats.stats.min < QUEUES_MAX[clients]


def queues(operations: int, clients: int) -> History:
    """Clients that enqueue numbers in order, or dequeue, all at once, round by round."""
    rng = np.random.default_rng(1)
    held: list[int] = []
    spoken: list[tuple[Any, ...]] = []
    for turn in range(operations // clients):
        adds = rng.random(clients) < 0.5
        functions = ["enqueue" if add else "dequeue" for add in adds]
        values = [turn * clients + c if adds[c] else None for c in range(clients)]
        spoken += [(c, "invoke", functions[c], values[c]) for c in range(clients)]
        for c in rng.permutation(clients).tolist():
            if values[c] is not None:
                held.append(values[c])
            elif held:
                values[c] = held.pop(0)
            spoken.append((c, "ok", functions[c], values[c]))
    return recorded(*events(*spoken))


@pytest.mark.deep
@pytest.mark.parametrize("stale", [False, True])
def test_appends_by_50_clients(stale: bool, benchmark: Any) -> None:  # noqa: ANN401, FBT001 - a parameter
    warm_up()
    result = measured(benchmark, "kv", appends(50, 40, stale=stale))
    assert result.verdict == ("violated" if stale else "holds")


def appends(clients: int, rounds: int, *, stale: bool) -> History:
    """Clients that each append or get under ten keys, all at once, round by round; the last get may be a stale one."""
    rng = np.random.default_rng(1)
    texts = [""] * 10
    spoken: list[tuple[Any, ...]] = []
    for turn in range(rounds):
        keys = rng.integers(10, size=clients)
        adds = rng.random(clients) < 0.5
        pieces = [f"x {client} {turn} y" if adds[client] else None for client in range(clients)]
        functions = ["append" if add else "get" for add in adds]
        spoken += [(c, "invoke", functions[c], pieces[c], {"key": int(keys[c])}) for c in range(clients)]
        for c in rng.permutation(clients).tolist():
            piece, key = pieces[c], int(keys[c])
            texts[key] += piece or ""
            found = "" if stale and turn == rounds - 1 and texts[key] else texts[key]
            spoken.append((c, "ok", functions[c], piece or found, {"key": key}))
    return recorded(*events(*spoken))

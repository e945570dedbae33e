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
from checkers.history.history import EventType, History, Kind
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
@pytest.mark.parametrize("clients", [10, 20, 30])
def test_a_read_that_cannot_be(clients: int, benchmark: Any) -> None:  # noqa: ANN401 - a fixture
    history = registers(schedule(1000, clients, 1), 1, values=5)
    reads = np.flatnonzero((history.type == EventType.OK) & (history.kind == Kind.READ))
    history.value[reads[len(reads) * 9 // 10]] = 6
    warm_up()
    result = measured(benchmark, "register", history)
    assert result.verdict == "violated"


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

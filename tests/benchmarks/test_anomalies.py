"""How fast anomalies are found: `pytest -m deep -o addopts= --benchmark-only tests/benchmarks/test_anomalies.py`.

A micro-operation is a message that is sent or a record that is polled. Making the history and reading it are not timed.
The limits are those that the project promises: 1 million in 10 s, 10 million in 2 minutes and 8 GiB. The memory is the
peak of the process while it judges, with the history and what cases before it left.
"""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkers.history.anomalies.settings import Settings
from checkers.history.anomalies.table import find_anomalies
from checkers.history.history import NIL, History, Kind
from tests.checkers.history.anomalies.generated import Shape, generated

SIZES = {"1 million": (12_500, 10), "10 million": (125_000, 120)}
"""Rounds of 80 micro-operations each, and the seconds it may take."""
GIBIBYTES_MAX = 8


def planted(history: History, count: int, seed: int) -> History:
    """The history with so many pairs of neighbouring records exchanged, and as many records dropped from polls."""
    chance = np.random.default_rng(seed)
    rows = np.flatnonzero((history.kind[1:] == Kind.RECORD) & (history.kind[:-1] == Kind.RECORD)) + 1
    rows = rows[history.key[rows] == history.key[rows - 1]]
    exchanged, dropped = chance.choice(rows, (2, count), replace=False)
    for cells in (history.value, history.offset):
        cells[exchanged], cells[exchanged - 1] = cells[exchanged - 1].copy(), cells[exchanged].copy()
    history.value[dropped] = NIL
    return history


@pytest.mark.deep
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mistakes", [0, 5_000])
@pytest.mark.parametrize("ww_deps", [False, True])
def test_anomalies(size: str, mistakes: int, ww_deps: bool, benchmark: Any) -> None:  # noqa: ANN401, FBT001 - of pytest
    rounds, seconds_max = SIZES[size]
    history = planted(generated(Shape(rounds), 1), mistakes, 2)

    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew: proc(5)

    def judge() -> dict[str, int]:
        found = find_anomalies(history, Settings(ww_deps=ww_deps))
        return {name: len(evidence) for name, evidence in found.items() if evidence[0]}

    found = benchmark.pedantic(judge, rounds=3 if size == "1 million" else 1)
    gibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    benchmark.extra_info |= {"found": found, "gibibytes": round(gibibytes, 2)}
    if mistakes:
        assert {"int_nonmonotonic_poll", "lost_write", "int_poll_skip"} <= set(found)
    else:
        assert {"read_write_cycle", "write_cycle_realtime"} >= set(found)
    assert benchmark.stats.stats.min < seconds_max
    assert gibibytes < GIBIBYTES_MAX

"""The consistency levels of a history of a million rows, clean and with reads that lag."""

from __future__ import annotations

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from checkers.history.consistency.hierarchy import strongest
from checkers.history.history import NIL, EventType, History, HistoryBuilder, Kind

ROWS = 1_000_000
KEYS = 8
PROCESSES = 20
BATCH_MAX = 20
LAG_MAX = 20


def history_of(rows: int, lagging: float) -> History:
    """Sends, polls and ends, one after the other; of the ends, a share lags."""
    chance = np.random.default_rng(7)
    builder = HistoryBuilder("benchmark")
    keys = [builder.keys.code(f"k{number}") for number in range(KEYS)]
    logs: list[list[int]] = [[] for _ in keys]
    position: dict[tuple[int, int], int] = {}
    count = 0
    while count < rows:
        process, key, drawn = int(chance.integers(PROCESSES)), int(chance.integers(KEYS)), chance.random()
        log = logs[key]
        if drawn < 0.5:
            asked, told = [(Kind.SEND, keys[key], NIL, count)], [(Kind.SEND, keys[key], len(log), count)]
            log.append(count)
        elif drawn < 0.8:
            first = position.get((process, key), 0)
            position[process, key] = last = min(len(log), first + BATCH_MAX)
            records = [(Kind.RECORD, keys[key], offset, log[offset]) for offset in range(first, last)]
            asked, told = [(Kind.POLL, -1, NIL, NIL)], [(Kind.POLL, -1, NIL, NIL), *records]
        else:
            lag = int(chance.integers(1, LAG_MAX)) if chance.random() < lagging else 0
            asked, told = [(Kind.END, keys[key], NIL, NIL)], [(Kind.END, keys[key], max(len(log) - lag, 0), NIL)]
        for type_, parts in ((EventType.INVOKE, asked), (EventType.OK, told)):
            builder.event(type_, process, "txn", index=len(builder))
            for part in parts:
                builder.row(*part)
        count += len(asked) + len(told)
    return builder.build()


@pytest.mark.deep
@pytest.mark.parametrize(
    ("lagging", "expected"),
    [(0.0, ("linearizable",)), (0.3, ("prefix", "monotonic_writes", "writes_follow_reads"))],
)
def test_all_levels_of_a_million_rows(benchmark: BenchmarkFixture, lagging: float, expected: tuple[str, ...]) -> None:
    history = history_of(ROWS, lagging)
    assert expected == benchmark.pedantic(strongest, (history,), rounds=3)

"""How fast replication is explored, against a search in plain Python: `pytest -m deep -o addopts= --benchmark-only`.

Compiling is not timed here; tests/benchmarks/test_start.py does that.
"""

from __future__ import annotations

from typing import Any

import pytest

from checkers.clock import now
from checkers.explore.compile import compile_spec
from checkers.explore.generate import Options
from checkers.explore.outcome import SearchOptions
from checkers.explore.properties import choose
from checkers.explore.search import Search
from specs.instance import Instance, at
from specs.replication import SPEC

SIZES = {
    "3/2/2/2": ((3, 2, 2, 2), False, 737_794),
    "3/2/2/3": ((3, 2, 2, 3), False, 9_985_570),
    "3/3/3/3 up to symmetry": ((3, 3, 3, 3), True, 10_793_025),
}
BOUNDS = ("replicas", "log_size", "max_records", "max_leader_epoch")


def plain_states_per_second() -> float:
    """The rate of a breadth-first search in plain Python, at 2/2/2/1."""
    instance = at(SPEC, replicas=2, log_size=2, max_records=2, max_leader_epoch=1)
    started = now()
    level = list(instance.initial_states())
    seen = {instance.encode(state) for state in level}
    while level:
        found = {instance.encode(after): after for state in level for _, after in instance.steps(state)}
        level = [state for words, state in found.items() if words not in seen]
        seen |= found.keys()
    return len(seen) / (now() - started)


@pytest.mark.deep
@pytest.mark.parametrize("size", SIZES)
def test_replication(size: str, benchmark: Any) -> None:  # noqa: ANN401 - the fixture of pytest-benchmark has no types
    values, symmetric, states = SIZES[size]
    instance: Instance = at(SPEC, **dict(zip(BOUNDS, values, strict=True)))
    compiled = compile_spec(instance, Options(symmetric=symmetric))
    searches: list[Search] = []

    def prepare() -> tuple[tuple[Search], dict[str, Any]]:
        searches[:] = [Search(choose(instance, None), compiled, SearchOptions())]
        searches[0].warm_up()
        return (searches[0],), {}

    benchmark.pedantic(Search.run, setup=prepare, rounds=5 if states < 1_000_000 else 1)
    assert states == searches[0].store.count
    rate = states / benchmark.stats.stats.min
    benchmark.extra_info["states_per_second"] = round(rate)
    benchmark.extra_info["times_plain_python"] = round(rate / plain_states_per_second())

"""The explorer against SPIN, side by side: the same system, state for state and step for step, exact in both.

A round is one search by each, so that a busy machine slows both. SPIN searches depth first on one core, which is its
fastest exact mode here: slower were its breadth-first search, its search on two cores, compressed states (COLLAPSE, and
the byte masks that it uses unless told NOCOMP) and partial-order reduction, which finds nothing to reduce. What counts
is the time that pan itself gives, to 10 ms, and the explorer's search once the spec is compiled.

Source: Holzmann, The SPIN Model Checker (2003), and pan's compile-time options.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from checkers.explore.compile import compile_spec
from checkers.explore.generate import Options
from checkers.explore.outcome import SearchOptions
from checkers.explore.properties import choose
from checkers.explore.search import Search
from specs.instance import at
from tests.specs_of_users.two_phase_commit import SPEC

MODEL = Path(__file__).with_name("two_phase_commit.pml")
PAN_OPTIONS = ("-O2", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DNOBOUNDCHECK", "-DNOCOMP", "-DHASH32")
HASH_BITS = {6: 20, 7: 23, 8: 23}
"""The hash table (log2 of its slots) with which pan is fastest."""
DISTINCT_STATES = {6: 50_816, 7: 296_448, 8: 1_745_408}
ROUNDS = 7


@dataclass(frozen=True, slots=True)
class PanRun:
    """What pan says of its search."""

    states: int
    transitions: int
    """One more than the steps taken: it counts the initial state as well."""
    seconds: float


def run(*command: str | Path, folder: Path) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout


def build_pan(folder: Path, resource_managers: int) -> Path:
    """Compile SPIN's verifier of the model."""
    spin, gcc = shutil.which("spin"), shutil.which("gcc")
    if spin is None or gcc is None:
        missing = " and ".join(name for name, path in (("spin", spin), ("gcc", gcc)) if path is None)
        pytest.skip(f"the race needs {missing} on the PATH (Debian: apt-get install spin gcc)")
    run(spin, f"-DRESOURCE_MANAGERS={resource_managers}", "-a", MODEL, folder=folder)
    run(gcc, "-w", *PAN_OPTIONS, "-o", "pan", "pan.c", folder=folder)
    return folder / "pan"


def run_pan(pan: Path, resource_managers: int) -> PanRun:
    """One search."""
    output = run(pan, "-m100", f"-w{HASH_BITS[resource_managers]}", "-n", folder=pan.parent)
    assert "errors: 0" in output
    assert "max search depth too small" not in output
    return PanRun(
        int(found(r"(\d+) states, stored", output)),
        int(found(r"(\d+) transitions", output)),
        float(found(r"elapsed time ([\d.e+-]+) seconds", output)),
    )


def found(pattern: str, output: str) -> str:
    """The group of a pattern that the output must match."""
    match = re.search(pattern, output)
    assert match is not None, output
    return match[1]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("resource_managers", [6, 7, 8])
def test_two_phase_commit_against_spin(
    benchmark: Any,  # noqa: ANN401 - pytest-benchmark has no types
    tmp_path: Path,
    resource_managers: int,
    workers: int,
) -> None:
    pan = build_pan(tmp_path, resource_managers)
    instance = at(SPEC, resource_managers=resource_managers)
    compiled = compile_spec(instance, Options())
    pan_runs: list[PanRun] = []
    searches: list[Search] = []

    def round_of_both() -> tuple[tuple[Search], dict[str, Any]]:
        pan_runs.append(run_pan(pan, resource_managers))
        search = Search(choose(instance, None), compiled, SearchOptions(symmetric=False, workers=workers))
        search.warm_up()
        searches[:] = [search]
        return (search,), {}

    verdict = benchmark.pedantic(Search.run, setup=round_of_both, rounds=ROUNDS)

    assert verdict is None
    assert {DISTINCT_STATES[resource_managers]} == {p.states for p in pan_runs}
    assert DISTINCT_STATES[resource_managers] == searches[0].store.count
    assert {int(searches[0].counters.fired.sum()) + 1} == {p.transitions for p in pan_runs}
    if benchmark.stats is not None:
        ours = benchmark.stats.stats
        benchmark.extra_info |= figures("spin", pan_runs[0], [p.seconds for p in pan_runs])
        benchmark.extra_info |= figures("explorer", pan_runs[0], ours.data)
        benchmark.extra_info["times_faster"] = round(min(p.seconds for p in pan_runs) / ours.min, 2)


def figures(name: str, counts: PanRun, seconds: list[float]) -> dict[str, float]:
    """The best and the median time, and the best rates."""
    best = min(seconds)
    return {
        f"{name}_seconds_best": round(best, 4),
        f"{name}_seconds_median": round(median(seconds), 4),
        f"{name}_states_per_second": round(counts.states / best),
        f"{name}_transitions_per_second": round(counts.transitions / best),
    }

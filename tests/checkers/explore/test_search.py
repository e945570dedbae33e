"""The search: exact counts, the same for any number of workers and in any process, and the shortest counterexample."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checkers.explore import search as search_module
from checkers.explore.compile import cache_folder
from checkers.explore.outcome import Progress
from checkers.explore.search import Search
from checkers.explore.store import NO_PARENT
from checkers.replay import Replayed, replay_run
from checkers.subjects import instantiate
from checkers.verdict import Holds, Unknown, UserError, Violated
from specs.instance import Instance, at
from specs.packing import Words
from tests.checkers import toys
from tests.checkers.explore.planted import GAUGE
from tests.checkers.explore.searches import (
    BREAKS_DEPTH,
    BREAKS_STRONG_ISR,
    MIB,
    SMALL,
    counterexample,
    figures,
    found,
    replication,
    search,
)
from tests.checkers.explore.single_states import PLANTED, graph, planted

# ------------------------------------------------------------------------------------------------------ exact counts


@pytest.mark.parametrize(
    ("bounds", "states", "depth"),
    [
        ((2, 2, 2, 1), 957, 14),
        pytest.param((3, 1, 1, 1), 6_787, 17, marks=pytest.mark.deep),
        pytest.param((3, 2, 2, 1), 39_619, 21, marks=pytest.mark.deep),
        pytest.param((3, 2, 2, 2), 737_794, 25, marks=pytest.mark.deep),
    ],
)
def test_replication_has_as_many_states_as_tlc_counts(bounds: tuple[int, ...], states: int, depth: int) -> None:
    result = search(replication(bounds))[1]
    assert isinstance(result.verdict, Holds)
    assert (states, depth) == (result.distinct_states, result.max_depth)
    assert not result.symmetric


@pytest.mark.deep
def test_replication_has_ten_million_states_with_one_more_epoch() -> None:
    result = search(replication((3, 2, 2, 3)), memory_bytes=None)[1]
    assert isinstance(result.verdict, Holds)
    assert result.distinct_states == 9_985_570


@pytest.mark.parametrize(
    ("bounds", "states", "depth"),
    [
        pytest.param((3, 2, 2, 2), 123_311, 25, marks=pytest.mark.deep),
        pytest.param((3, 3, 3, 3), 10_793_025, 36, marks=pytest.mark.deep),
    ],
)
def test_replication_has_so_many_states_up_to_symmetry(bounds: tuple[int, ...], states: int, depth: int) -> None:
    result = search(replication(bounds), symmetric=True, memory_bytes=None)[1]
    assert isinstance(result.verdict, Holds)
    assert result.symmetric
    assert (states, depth) == (result.distinct_states, result.max_depth)


def levels(search: Search) -> tuple[frozenset[Words], ...]:
    """The states by their distance from an initial one, which the parents tell."""
    depths: dict[int, int] = {NO_PARENT: -1}
    numbers = [k * 8 + p for p, partition in enumerate(search.store.partitions) for k in range(partition.known)]

    def depth(number: int) -> int:
        if number not in depths:
            depths[number] = depth(search.store.parent(number)) + 1
        return depths[number]

    found: dict[int, set[Words]] = {}
    for number in numbers:
        found.setdefault(depth(number), set()).add(search.store.state(number))
    return tuple(frozenset(found[k]) for k in range(len(found)))


@pytest.mark.parametrize("name", PLANTED)
def test_a_search_finds_the_levels_that_plain_python_finds(name: str) -> None:
    plain = graph(name)
    engine, result = search(planted(name), properties=())
    assert plain.levels == levels(engine)
    assert len(plain.states) == result.distinct_states
    assert (plain.fired, sum(plain.fired)) == (tuple(result.fired.values()), result.transitions)
    assert plain.reached == result.reached
    assert len(plain.levels) - 1 == result.max_depth


def test_the_planted_specs_need_words_and_storage_of_all_widths() -> None:
    shapes = {name: (planted(name).storage_bits, planted(name).packing.words) for name in PLANTED}
    assert shapes == {
        "gauge": (8, 1),
        "post": (8, 1),
        "council": (16, 1),
        "tape of 32 bits": (32, 2),
        "tape of 64 bits": (64, 5),
    }


# ------------------------------------------------------------------------------- the same results every time


@cache
def by_workers(workers: int) -> tuple[object, ...]:
    """The figures of a search of a fixed and of a broken spec, and the counterexample of the latter."""
    broken = replication(SMALL, BREAKS_STRONG_ISR)
    fixed = search(replication(), workers=workers)[1]
    violated = search(broken, workers=workers)[1]
    return figures(fixed), figures(violated), counterexample(broken, violated)


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.usefixtures("small_pieces")
def test_workers_change_nothing(workers: int) -> None:
    assert by_workers(1) == by_workers(workers)


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces so small that a search takes many rounds of many tasks."""
    monkeypatch.setattr(search_module, "PIECE", 16)


ANOTHER_PROCESS = """
import json, sys
from pathlib import Path
from checkers.explore.compile import cache_folder
from tests.checkers.explore.searches import BREAKS_STRONG_ISR, SMALL, counterexample, figures, found
from tests.checkers.explore.searches import replication, search
fixed = found(SMALL)
violated = found(SMALL, BREAKS_STRONG_ISR)
text = counterexample(replication(SMALL, BREAKS_STRONG_ISR), violated)
code = search(replication())[0].compiled.expand.stats
hits, misses = sum(code.cache_hits.values()), sum(code.cache_misses.values())
print(json.dumps([figures(fixed), figures(violated), text, hits, misses]))
"""


@cache
def in_another_process(hash_seed: str) -> list[Any]:
    """What another process finds, and how often its code was found in the cache, and how often not."""
    found(SMALL)
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "LOGPROOF_CACHE": str(cache_folder())}
    root = Path(__file__).parents[3]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", ANOTHER_PROCESS], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_another_process_finds_the_same(hash_seed: str) -> None:
    broken = found(SMALL, BREAKS_STRONG_ISR)
    text = counterexample(replication(SMALL, BREAKS_STRONG_ISR), broken)
    ours = json.loads(json.dumps([figures(found(SMALL)), figures(broken), text]))
    assert ours == in_another_process(hash_seed)[:3]


def test_another_process_compiles_nothing_again() -> None:
    hits, misses = in_another_process("1")[3:]
    assert hits > 0
    assert misses == 0


# ------------------------------------------------------------------------------- the shortest counterexample


def violation(instance: Instance, **options: object) -> Violated:
    """What a search finds broken, replayed in plain Python."""
    verdict = search(instance, **options)[1].verdict
    assert isinstance(verdict, Violated), verdict
    assert isinstance(replay_run(instance, verdict), Replayed)
    return verdict


def steps(violated: Violated) -> list[str]:
    return [str(m.step) for m in violated.run.moments]


def test_a_lost_record_is_found_by_the_shortest_way() -> None:
    violated = violation(replication(SMALL, BREAKS_STRONG_ISR), properties=("strong_isr",))
    assert (violated.broken, violated.run.depth) == ("strong_isr", BREAKS_DEPTH)


@pytest.mark.parametrize("tasks", [1, 8])
@pytest.mark.parametrize(
    ("properties", "switched_off", "broken"),
    [
        (("not_three", "moves"), ("four",), "not_three"),
        (("not_four", "moves"), (), "not_four"),
        (("not_three",), ("four", "asserts"), "not_three"),
        (("not_four",), ("asserts",), "not_four"),
    ],
)
def test_an_invariant_wins_over_a_step_from_the_same_level(
    monkeypatch: pytest.MonkeyPatch, tasks: int, properties: tuple[str, ...], switched_off: tuple[str, ...], broken: str
) -> None:
    monkeypatch.setattr(search_module, "PIECE", 1)
    monkeypatch.setattr(search_module, "TASKS", tasks)
    violated = violation(gauge(*switched_off), properties=properties)
    assert (broken, 2) == (violated.broken, violated.run.depth)


def gauge(*switched_off: str) -> Instance:
    """A gauge with some of its faults."""
    return instantiate(GAUGE, {}, ablations=switched_off)


def test_a_broken_step_is_the_last_of_a_run() -> None:
    violated = violation(gauge(), properties=("moves",))
    assert violated.broken == "moves"
    assert steps(violated) == ["climb(by=1)", "climb(by=2)", "misbehave()"]


def test_a_state_without_steps_is_a_deadlock_if_asked() -> None:
    violated = violation(gauge(), properties=(), deadlock=True)
    assert (violated.broken, violated.run.depth) == ("deadlock", 3)
    assert isinstance(search(gauge(), properties=(), deadlock=False)[1].verdict, Holds)


# --------------------------------------------------------------------------------------- when there is no verdict


def unknown(instance: Instance, **options: object) -> str:
    """Why a search has no verdict."""
    verdict = search(instance, **options)[1].verdict
    assert isinstance(verdict, Unknown), verdict
    return verdict.reason


def test_an_action_that_never_fires_is_vacuous() -> None:
    assert unknown(gauge("idle"), properties=()) == "vacuous at these bounds: these actions never fire: misbehave"


def test_a_predicate_that_is_never_met_is_vacuous() -> None:
    assert unknown(gauge("low"), properties=()) == "vacuous at these bounds: these predicates are never met: at_six"
    assert unknown(gauge("low", "idle"), properties=()) == (
        "vacuous at these bounds: these actions never fire: misbehave; these predicates are never met: at_six"
    )


def test_a_violation_counts_in_a_vacuous_search() -> None:
    assert violation(gauge("low", "idle"), properties=("not_four",)).broken == "not_four"


def test_a_search_stops_at_a_number_of_states() -> None:
    result = search(replication(), max_states=100)[1]
    assert 100 <= result.distinct_states < 957
    assert result.verdict == Unknown(f"stopped at {result.distinct_states} states, the limit was 100 (--max-states)")
    assert result.transitions > result.distinct_states


@pytest.mark.parametrize(("hash_bits", "spare"), [(0, 8_000), (64, 2_000)])
def test_a_search_that_runs_out_of_memory_says_how_far_it_came_and_what_to_do(hash_bits: int, spare: int) -> None:
    engine = search(replication())[0]
    buffers = sum(task.out.nbytes for task in engine.tasks)
    tables = sum(partition.table.nbytes for partition in engine.store.partitions)
    result = search(replication(), memory_bytes=buffers + tables + spare, hash_bits=hash_bits)[1]
    assert isinstance(result.verdict, Unknown)
    assert 0 < result.distinct_states < 957
    assert result.verdict.reason.startswith(f"out of memory at {result.distinct_states} states (")
    hint = (
        "try --symmetry, smaller bounds" if hash_bits else "try --symmetry, --compact 64 (hashes only), smaller bounds"
    )
    assert result.verdict.reason.endswith(hint)


def test_no_memory_at_all_is_no_verdict_either() -> None:
    assert unknown(replication(), memory_bytes=MIB).startswith("out of memory at 0 states")


def test_progress_tells_states_depth_and_queue() -> None:
    seen: list[Progress] = []
    search(replication(), progress=seen.append)
    assert seen[-1].states == 957
    assert seen[-1].depth == 14
    assert seen[-1].queue == 0
    assert [p.depth for p in seen] == sorted(p.depth for p in seen)
    assert min(p.memory_bytes for p in seen) > 0


def test_an_unknown_property_is_refused() -> None:
    with pytest.raises(UserError, match="gauge has no property 'nothing'; it has not_three, not_four, finite, moves"):
        search(gauge(), properties=("nothing",))


# ----------------------------------------------------------------------------------------------------------- refinement


REFINES = ("refines upper",)


def half_mapped(s: toys.Count, above: toys.Count) -> None:
    """Map the first steps only."""
    assert s.n < 2, "no count above"
    above.n = s.n


def test_a_mapping_that_meets_a_finding_breaks_the_refinement() -> None:
    (refinement,) = toys.COUNTER.refines
    spec = replace(toys.COUNTER, name="half_mapped", refines=(replace(refinement, mapping=half_mapped),))
    violated = search(at(spec), properties=REFINES)[1].verdict
    assert isinstance(violated, Violated), violated
    assert (violated.broken, steps(violated)) == ("refines upper", ["tick()", "tick()"])
    assert violated.detail.startswith("the mapping fails: no count above")


def test_a_refinement_that_holds_holds() -> None:
    assert isinstance(search(at(toys.COUNTER), properties=REFINES)[1].verdict, Holds)


def test_a_step_that_no_upper_step_explains_breaks_the_refinement() -> None:
    violated = violation(at(toys.COUNTER, "skips"), properties=REFINES)
    assert violated.broken == "refines upper"
    assert steps(violated) == ["tick()"]
    assert violated.detail == "from (n=0) to (n=2) by no step"


def test_an_initial_state_that_maps_to_no_initial_state_breaks_the_refinement() -> None:
    ahead = replace(toys.AHEAD, ablations=toys.COUNTER.ablations)
    violated = violation(at(ahead), properties=REFINES)
    assert (violated.broken, steps(violated)) == ("refines upper", [])
    assert violated.detail == "an initial state maps to no initial state"


def test_other_properties_are_checked_beside_a_refinement() -> None:
    violated = violation(at(toys.COUNTER, "skips"), properties=("below_two", *REFINES))
    assert (violated.broken, violated.run.depth) == ("refines upper", 1)
    violated = violation(at(toys.COUNTER), properties=("below_two", *REFINES))
    assert (violated.broken, violated.run.depth) == ("below_two", 2)

"""The symbolic run against the plain one, and errors planted in the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import z3

from checkers.prove import merging, operations, state
from checkers.prove.agreement import agreement
from checkers.prove.paths import Outcome, Paths
from checkers.prove.sampling import sampled_states
from checkers.prove.terms import Members, Number, Truth
from specs import replication_induction
from specs.catalogue import NAMES, find_spec
from specs.instance import Instance, at
from specs.language import Spec
from tests.checkers.prove import planted

SMALL: Mapping[str, int] = {"replicas": 2, "log_size": 1, "max_records": 2, "max_leader_epoch": 1}


def compared(instance: Instance, walks: int, depth: int, unbounded: tuple[str, ...] = ()) -> str | None:
    result = agreement(instance, list(sampled_states(instance, 1, walks, depth)), unbounded)
    assert result.difference is not None or result.fired > 0
    return result.difference


@pytest.mark.parametrize(
    "spec", [find_spec("log_order"), planted.TICKETS, planted.PAIR, planted.COUNTER], ids=lambda s: s.name
)
def test_small_specs_run_alike_on_symbolic_and_plain_values(spec: Spec) -> None:
    assert compared(at(spec), 2, 8) is None


def test_replication_runs_alike_with_open_bounds() -> None:
    assert compared(at(replication_induction.SPEC, **SMALL), 1, 5, ("max_leader_epoch", "max_records")) is None


def test_faults_are_met_on_both_sides() -> None:
    states = list(sampled_states(at(planted.TICKETS, limit=1), 1, 4, 4))
    result = agreement(at(planted.with_too_many(), limit=1), states)
    assert result.difference is None
    assert result.faults > 0


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_every_spec_runs_alike_on_hundreds_of_sampled_states(name: str) -> None:
    assert compared(at(find_spec(name)), 10, 25) is None


@pytest.mark.deep
@pytest.mark.parametrize("variant", ["kip_101", "kip_320_first_try", "single_round_lookup"])
def test_variants_run_alike(variant: str) -> None:
    assert compared(at(find_spec("replication"), variant, **SMALL), 10, 15) is None


def last_path_wins(outcomes: Sequence[Outcome]) -> Outcome:
    return outcomes[-1]


def unconditional(node: object, value: object, condition: object = None) -> None:
    del condition
    ORIGINAL_WRITE(node, value)


ORIGINAL_WRITE = state.write


def has_anyone(self: Members, member: object) -> z3.BoolRef:
    del member
    return z3.Or(*self.terms)


def the_other(_condition: object, _then: object, otherwise: object) -> object:
    return otherwise


def at_most(self: Number, other: object) -> Truth:
    return Truth(self.term <= self.operand(other))


ENGINE_MUTANTS = {
    "the last path stands for all": (Paths, "merged", staticmethod(last_path_wins)),
    "a write under a condition is made anyway": (state, "write", unconditional),
    "a set has anyone if it has someone": (Members, "has", has_anyone),
    "less is at most": (Number, "__lt__", at_most),
    "the least is the greatest": (operations, "least", operations.greatest),
    "a union is an intersection": (merging, "chosen_set", the_other),
}


SEEN_ON_TICKETS = (
    "a write under a condition is made anyway",
    "a set has anyone if it has someone",
)


@pytest.mark.parametrize("mutant", ENGINE_MUTANTS)
def test_an_error_planted_in_the_engine_is_seen(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*ENGINE_MUTANTS[mutant])
    instance = at(planted.TICKETS) if mutant in SEEN_ON_TICKETS else at(find_spec("replication"), **SMALL)
    assert compared(instance, 2, 8) is not None

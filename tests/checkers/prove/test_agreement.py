"""The symbolic run against the plain one, and errors planted in the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import z3

from checkers.prove import merging, operations, replication, state
from checkers.prove.agreement import Agreement, agreement
from checkers.prove.paths import Outcome, Paths
from checkers.prove.sampling import sampled_states, states_in_range
from checkers.prove.terms import Members, Number, Truth
from specs import cooperative_rebalance_induction, offsets_induction, replication_induction
from specs.catalogue import NAMES, find_spec
from specs.instance import Instance, at, variants
from specs.language import Record, Spec
from tests.checkers.prove import deceptive, planted
from tests.checkers.prove.deceptive import spec as spec_of

SMALL: Mapping[str, int] = {"replicas": 2, "log_size": 1, "max_records": 2, "max_leader_epoch": 1}
SIZES: Mapping[str, Mapping[str, int]] = {
    "compaction": {"log_size": 2},
    "compaction_transactions": {"producers": 1, "log_size": 2},
}
"""Of specs whose symbolic run takes long at their own bounds."""


@dataclass(frozen=True)
class Form:
    """A spec as it is proved: with bounds left open, so with tables and quantifiers."""

    spec: Spec
    unbounded: tuple[str, ...]
    bounds: Mapping[str, int] = field(default_factory=dict)


FORMS = {
    "replication": Form(replication_induction.SPEC, replication.UNBOUNDED, SMALL),
    "offsets": Form(offsets_induction.SPEC, tuple(offsets_induction.UNBOUNDED)),
    "cooperative_rebalance": Form(
        cooperative_rebalance_induction.SPEC, tuple(cooperative_rebalance_induction.UNBOUNDED)
    ),
}


def states_of(instance: Instance, count: int) -> list[Record]:
    """So many states of a walk, and as many of any in range."""
    return [*sampled_states(instance, 1, -(-count // 50), min(count, 50)), *states_in_range(instance, 1, count)]


def figures(found: Agreement) -> tuple[int, ...]:
    """How much was compared; all of it alike."""
    assert found.difference is None
    return found.states, found.steps, found.fired, found.faults, found.predicates


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        (find_spec("log_order"), (24, 120, 38, 0, 86)),
        (planted.TICKETS, (28, 140, 79, 0, 163)),
        (planted.PAIR, (32, 64, 40, 0, 32)),
        (planted.COUNTER, (26, 26, 24, 0, 26)),
    ],
    ids=lambda s: s.name if isinstance(s, Spec) else "",
)
def test_small_specs_run_alike_on_symbolic_and_plain_values(spec: Spec, wanted: tuple[int, ...]) -> None:
    assert wanted == figures(agreement(at(spec), states_of(at(spec), 16)))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("replication", (4, 104, 14, 0, 110)),
        ("offsets", (4, 132, 18, 12, 130)),
        ("cooperative_rebalance", (4, 72, 16, 0, 56)),
    ],
)
def test_what_is_proved_runs_alike_with_open_bounds(name: str, wanted: tuple[int, ...]) -> None:
    form = FORMS[name]
    instance = at(form.spec, **form.bounds)
    assert wanted == figures(agreement(instance, states_of(instance, 2), form.unbounded))


def test_faults_are_met_on_both_sides_and_end_no_walk() -> None:
    instance = at(planted.with_too_many(), limit=1)
    assert (25, 100, 39, 7, 114) == figures(agreement(instance, states_of(instance, 20)))


def test_a_step_out_of_range_is_a_fault_on_both_sides() -> None:
    instance = at(spec_of(deceptive.Counter, deceptive.leave_range))
    assert (5, 5, 0, 5, 0) == figures(agreement(instance, states_of(instance, 4)))


def test_a_fault_that_the_terms_leave_out_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "checked_index", unchecked_index)
    instance = at(spec_of(deceptive.Logs, deceptive.extend, deceptive.write_at_end))
    found = agreement(instance, states_of(instance, 20)).difference
    assert found is not None
    assert "symbolically, fault in plain Python" in found


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_every_spec_runs_alike_on_hundreds_of_states(name: str) -> None:
    instance = at(find_spec(name), **SIZES.get(name, {}))
    assert DEEP[name] == figures(agreement(instance, states_of(instance, 100)))


@pytest.mark.deep
@pytest.mark.parametrize("name", FORMS)
def test_what_is_proved_runs_alike_on_hundreds_of_states(name: str) -> None:
    form = FORMS[name]
    instance = at(form.spec, **form.bounds)
    assert DEEP_FORMS[name] == figures(agreement(instance, states_of(instance, 150), form.unbounded))


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_every_spec_runs_alike_in_bit_vectors(name: str) -> None:
    instance = at(find_spec(name), **SIZES.get(name, {}))
    states = states_of(instance, 6)
    found = [figures(agreement(instance, states, (), numbers)) for numbers in ("integers", "bit-vectors")]
    assert found[0] == found[1]


@pytest.mark.deep
@pytest.mark.parametrize("name", [name for name in NAMES if find_spec(name).ablations])
def test_every_variant_runs_alike(name: str) -> None:
    spec = find_spec(name)
    states = steps = 0
    for variant in variants(spec):
        instance = at(spec, variant, **SIZES.get(name, {}), **(SMALL if name == "replication" else {}))
        found = figures(agreement(instance, states_of(instance, 5)))
        states, steps = states + found[0], steps + found[1]
    assert DEEP_VARIANTS[name] == (states, steps)


DEEP: Mapping[str, tuple[int, ...]] = {
    "replication": (136, 6936, 402, 1, 1218),
    "replication_history": (136, 6936, 432, 0, 1248),
    "replication_messages": (128, 5888, 554, 17, 2644),
    "alter_partition": (200, 4800, 699, 0, 1299),
    "log_order": (116, 580, 172, 0, 404),
    "offsets": (135, 4455, 558, 167, 2214),
    "cooperative_rebalance": (166, 2988, 717, 0, 1215),
    "compaction": (200, 6000, 1362, 0, 1600),
    "compaction_transactions": (112, 1792, 368, 0, 896),
}
DEEP_FORMS: Mapping[str, tuple[int, ...]] = {
    "replication": (172, 4472, 420, 0, 4548),
    "offsets": (200, 6600, 769, 309, 6107),
    "cooperative_rebalance": (238, 4284, 1053, 0, 3433),
}
DEEP_VARIANTS: Mapping[str, tuple[int, ...]] = {
    "replication": (160, 4200),
    "replication_history": (120, 6120),
    "replication_messages": (80, 3680),
    "alter_partition": (40, 960),
    "offsets": (80, 2640),
    "cooperative_rebalance": (50, 900),
    "compaction": (100, 3000),
    "compaction_transactions": (70, 1120),
}
"""The numbers of states and steps over all variants of a spec."""


def unchecked_index(index: Any, length: int) -> int | None:  # noqa: ANN401 - a number
    del length
    return None if isinstance(index, Number) else int(index)


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
    assert agreement(instance, list(sampled_states(instance, 1, 2, 8))).difference is not None

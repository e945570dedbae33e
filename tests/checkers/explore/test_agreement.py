"""Compiled and plain code agree: on the invariants and the successors of every state that random walks visit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from checkers.explore.generate import Options
from checkers.explore.search import decide_symmetry
from specs.catalogue import NAMES, find_spec
from specs.instance import Instance, at, variants
from specs.language import Spec
from specs.packing import Words
from tests.checkers import toys
from tests.checkers.explore.single_states import (
    PLANTED,
    Outcome,
    SingleStates,
    plain_outcome,
    planted,
    representative,
)
from tests.specs_of_users.two_phase_commit import SPEC as TWO_PHASE_COMMIT

STEPS = 60
"""Of all the walks through one version of a spec."""


def walked(instance: Instance, seed: int, steps: int) -> Iterator[Words]:
    """The states of random walks, which begin anew where no step is enabled or a fault is met."""
    chance = np.random.default_rng(seed)
    initial = sorted(instance.encode(s) for s in instance.initial_states())
    words = initial[0]
    for _ in range(steps):
        yield words
        found = plain_outcome(instance, words).found
        after = sorted(found[0] - {words}) if found is not None else []
        words = (after or initial)[int(chance.integers(len(after or initial)))]


def up_to_symmetry(instance: Instance, outcome: Outcome) -> Outcome:
    """The same, with one word for all states that differ by a renaming."""
    if outcome.found is None:
        return outcome
    states, fired = outcome.found
    return Outcome(outcome.broken, outcome.met, (frozenset(representative(instance, w) for w in states), fired))


def disagreements(instance: Instance, options: Options, steps: int) -> Iterator[tuple[Words, Outcome, Outcome]]:
    """The states on which plain and compiled code say different things, with what they say."""
    code = SingleStates(instance, options)
    for words in walked(instance, 1, steps):
        plain, compiled = plain_outcome(instance, words), code.outcome(words)
        if options.symmetric:
            plain, compiled = up_to_symmetry(instance, plain), up_to_symmetry(instance, compiled)
        if plain != compiled:
            yield words, plain, compiled


def as_verified(instance: Instance) -> Options:
    """How `logproof verify` compiles a spec."""
    symmetric, _ = decide_symmetry(instance, None)
    return Options(symmetric=symmetric, refinements=bool(instance.spec.refines))


def versions(spec: Spec, *, replacing: bool) -> list[str]:
    """The versions of a spec that have the same actions as the fixed one, or those that have not."""
    return [name for name, v in variants(spec).items() if bool(v.replaces or v.adds) == replacing]


QUICK = ("log_order",)
"""Specs that take no time to compile; the checks of `verify` explore the others on every run."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.deep) for n in NAMES])
def test_compiled_code_does_what_the_specs_of_the_catalogue_say(name: str) -> None:
    instance = at(find_spec(name))
    assert list(disagreements(instance, as_verified(instance), STEPS)) == []


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_compiled_code_does_what_their_variants_say(name: str) -> None:
    spec = find_spec(name)
    options = as_verified(at(spec))
    for variant in versions(spec, replacing=False):
        assert list(disagreements(at(spec, variant), options, STEPS)) == [], variant


@pytest.mark.deep
@pytest.mark.parametrize("name", NAMES)
def test_compiled_code_does_what_versions_with_other_actions_say(name: str) -> None:
    spec = find_spec(name)
    for variant in versions(spec, replacing=True):
        instance = at(spec, variant)
        assert list(disagreements(instance, Options(), 4 * STEPS)) == [], variant


@pytest.mark.parametrize("name", PLANTED)
def test_compiled_code_does_what_planted_specs_say(name: str) -> None:
    instance = planted(name)
    assert list(disagreements(instance, Options(), 4 * STEPS)) == []


@pytest.mark.parametrize("name", ["post", "council"])
def test_compiled_code_does_what_planted_specs_say_under_symmetry(name: str) -> None:
    assert list(disagreements(planted(name), Options(symmetric=True), 2 * STEPS)) == []


@pytest.mark.parametrize("fault", [a.name for a in planted("gauge").spec.ablations])  # type: ignore[attr-defined]
def test_compiled_code_meets_the_same_faults(fault: str) -> None:
    assert list(disagreements(at(planted("gauge").spec, fault), Options(), STEPS)) == []


@pytest.mark.deep
@pytest.mark.parametrize("spec", [toys.COUNTER, toys.TOWN, toys.SWING, TWO_PHASE_COMMIT], ids=lambda s: s.name)
def test_compiled_code_does_what_the_toys_say(spec: Spec) -> None:
    for variant in variants(spec):
        instance = at(spec, variant)
        assert list(disagreements(instance, as_verified(instance), 4 * STEPS)) == [], variant

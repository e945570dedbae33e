"""Specs and their properties by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from specs.catalogue import NAMES, all_specs, find_spec, first_sentence, properties
from specs.language import SpecError
from tests.checkers import toys


def test_every_spec_is_found_under_its_own_name() -> None:
    assert tuple(spec.name for spec in all_specs()) == NAMES


def test_a_name_that_is_not_there_is_told_which_are() -> None:
    with pytest.raises(
        SpecError, match=r"^there is no spec 'catalogue'; there are replication, .*path/to/file\.py:NAME"
    ):
        find_spec("catalogue")


def test_properties_are_listed_by_kind() -> None:
    assert {name: p.kind for name, p in properties(toys.COUNTER).items()} == {
        "below_two": "invariant",
        "by_one": "step",
        "refines upper": "refinement",
    }
    assert [p.kind for p in properties(toys.SWING).values()] == ["liveness"] * 7


def test_two_properties_of_one_name_are_refused() -> None:
    spec = replace(toys.COUNTER, invariants=(toys.below_two, toys.below_two))
    with pytest.raises(
        SpecError, match=r"^counter has two properties named 'below_two'; each needs a name of its own$"
    ):
        properties(spec)


def test_a_property_may_not_take_the_name_of_a_fault() -> None:
    def deadlock(s: toys.Count) -> bool:
        """Be called like what engines find."""
        return s.n >= 0

    with pytest.raises(SpecError, match="two properties named 'deadlock'"):
        properties(replace(toys.COUNTER, invariants=(deadlock,)))


@pytest.mark.parametrize(
    ("doc", "sentence"),
    [
        ("REP-3: it holds.", "REP-3: it holds."),
        ("One\n    line. And another.", "One line."),
        ("KIP 1.5 counts. So it does.", "KIP 1.5 counts."),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_at_its_full_stop(doc: str, sentence: str) -> None:
    assert first_sentence(doc) == sentence

"""The catalogue is whole, and every evidence speaks for a guarantee by a property that is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from specs.catalogue import all_specs, properties
from specs.evidence import Evidence, coverage, evidence_of, explored_evidence, missing_properties
from specs.guarantees import AREAS, GUARANTEES, KINDS
from specs.instance import variants
from specs.language import Eventually, SpecError
from specs.replication import SPEC
from tests.checkers import toys

GUARANTEES_BY_AREA = {
    "LOG": 9, "PART": 4, "ASSIGN": 5, "REP": 10, "QUO": 6, "GRP": 5, "OFF": 4, "TXN": 6, "CLI": 3, "THEORY": 5,
}  # fmt: skip
THEORY = ["CAP-1", "VC-1", "QUE-1", "QUE-2", "INF-1"]
NEEDED_BY_KIND = {"E": 38, "P": 22, "S": 55, "H": 18, "M": 6}


def test_every_area_has_its_guarantees() -> None:
    assert Counter(g.area for g in GUARANTEES.values()) == GUARANTEES_BY_AREA
    assert list(AREAS) == list(GUARANTEES_BY_AREA)


def test_ids_are_unique_and_numbered_without_gaps() -> None:
    expected = [
        f"{area}-{n}" for area, count in GUARANTEES_BY_AREA.items() if area != "THEORY" for n in range(1, count + 1)
    ]
    assert [g.id for g in GUARANTEES.values()] == [*expected, *THEORY]
    assert list(GUARANTEES) == [g.id for g in GUARANTEES.values()]


def test_every_guarantee_needs_evidence_and_has_words_and_a_source() -> None:
    for guarantee in GUARANTEES.values():
        assert guarantee.needed
        assert guarantee.needed <= KINDS.keys()
        assert guarantee.statement.endswith(".")
        assert len(guarantee.source) > 3


def test_so_much_evidence_of_each_kind_is_needed() -> None:
    assert Counter(kind for g in GUARANTEES.values() for kind in g.needed) == NEEDED_BY_KIND


def test_every_evidence_names_a_guarantee_and_a_property_that_is_there() -> None:
    evidence = explored_evidence()
    known = {spec.name: properties(spec) for spec in all_specs()}
    assert evidence
    for one in evidence:
        assert one.guarantee in GUARANTEES
        assert one.property in known[one.subject]
    assert missing_properties(evidence) == ()


def test_every_variant_is_caught_by_the_evidence_that_names_it() -> None:
    for spec in all_specs():
        breaks = {(e.breaks, name) for name, variant in variants(spec).items() for e in variant.expects}
        for one in evidence_of(spec):
            assert {(one.property, name) for name in one.catches} <= breaks


def test_the_docstring_of_a_property_is_its_evidence() -> None:
    found = {(e.guarantee, e.property): e for e in evidence_of(SPEC)}
    strong_isr = found["REP-3", "strong_isr"]
    assert (strong_isr.kind, strong_isr.subject) == ("E", "replication")
    assert "truncate_to_own_high_watermark" in strong_isr.catches
    assert ("LOG-3", "log_matching") in found


def test_a_property_may_speak_for_several_guarantees_or_for_none() -> None:
    def both(s: toys.Count) -> bool:
        """LOG-1, REP-2: both."""
        return s.n >= 0

    def neither(s: toys.Count) -> bool:
        """KIP-320: is no guarantee."""
        return s.n >= 0

    spec = replace(toys.COUNTER, invariants=(both, neither), step_properties=(), refines=())
    assert [(e.guarantee, e.property) for e in evidence_of(spec)] == [("LOG-1", "both"), ("REP-2", "both")]


def test_liveness_names_its_guarantee_at_its_goal() -> None:
    def grows_back(s: toys.Count) -> bool:
        """REP-8: the ISR is whole."""
        return s.n > 0

    spec = replace(
        toys.COUNTER, invariants=(), step_properties=(), refines=(), liveness=(Eventually("whole", grows_back, ()),)
    )
    assert evidence_of(spec) == (Evidence("REP-8", "E", "counter", "whole"),)


def test_a_docstring_that_names_no_guarantee_of_ours_is_refused() -> None:
    def wrong(s: toys.Count) -> bool:
        """REP-99: does not exist."""
        return s.n >= 0

    with pytest.raises(SpecError, match=r"^counter\.wrong: its docstring names REP-99, which is no guarantee$"):
        evidence_of(replace(toys.COUNTER, invariants=(wrong,)))


def test_missing_evidence_is_shown_as_missing() -> None:
    covered = {c.guarantee.id: c for c in coverage([Evidence("REP-3", "E", "replication", "strong_isr")])}
    assert list(covered) == list(GUARANTEES)
    assert covered["REP-3"].missing == ("P", "S")
    assert covered["REP-4"].missing == ("E", "S")
    assert covered["REP-3"].evidence == (Evidence("REP-3", "E", "replication", "strong_isr"),)


def test_evidence_for_what_is_no_guarantee_is_refused() -> None:
    with pytest.raises(SpecError, match=r"^model\.x: REP-99 is no guarantee$"):
        coverage([Evidence("REP-99", "S", "model", "x")])


def test_evidence_of_a_property_that_was_renamed_is_found() -> None:
    renamed = Evidence("REP-3", "E", "replication", "very_strong_isr")
    assert missing_properties([renamed, Evidence("REP-3", "S", "model", "run")]) == (renamed,)

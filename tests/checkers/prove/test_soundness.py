"""False properties that were once found proved, or that a careless prover would find so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import z3

from checkers.prove import paths
from checkers.prove.agreement import agreement
from checkers.prove.bounded import bounded, k_induction
from checkers.prove.claims import Claim, all_of, checked, proved
from checkers.prove.induction import Induction, Invariant
from checkers.prove.proof import Proved
from checkers.prove.sampling import sampled_states
from checkers.prove.symbolic import SymbolicInstance
from checkers.prove.terms import Number, Truth
from checkers.prove.to_induction import Disagreement
from checkers.verdict import Unknown, Violated
from specs.instance import at
from specs.language import Bag, Id, Int, Predicate, SetOf, Spec, SpecError
from tests.checkers.prove import deceptive
from tests.checkers.prove.deceptive import TOP, spec

COUNTER = spec(deceptive.Counter, deceptive.grow)
X = Number(z3.Int("x"))


def failed(
    of: Spec, safety: Predicate, conjuncts: tuple[Predicate, ...] = (), unbounded: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    invariant = Invariant(at(of), conjuncts or (safety,), (safety,), (), unbounded)
    induction = Induction(invariant)
    return [(f.section, f.goal) for name in invariant.sections for f in induction.section(name).failures]


@pytest.mark.parametrize("conjunct", [deceptive.never, deceptive.none_of_none])
def test_a_conjunct_that_holds_of_no_state_does_not_hold_at_first(conjunct: Predicate) -> None:
    assert ("initial", conjunct.__name__) in failed(COUNTER, deceptive.x_is_zero, (conjunct,))


def test_a_conjunct_about_an_open_bound_alone_is_asked_for() -> None:
    found = failed(COUNTER, deceptive.x_is_small, (deceptive.bound_is_small,), ("top",))
    assert ("initial", "bound_is_small") in found


@pytest.mark.parametrize("domain", [Id("node", TOP + 1), Int(0, TOP)])
def test_a_domain_is_as_large_as_the_open_bound(domain: Any) -> None:  # noqa: ANN401 - a domain
    of = spec(deceptive.Counter, deceptive.setting(domain))
    assert [("choose", "x_is_small")] == failed(of, deceptive.x_is_small, (), ("top",))


def test_a_domain_begins_where_the_open_bound_says() -> None:
    of = spec(deceptive.Named, deceptive.setting_top(Int(TOP, 9)))
    assert [("choose", "top_is_zero_or_three_up")] == failed(of, deceptive.top_is_zero_or_three_up, (), ("top",))


@pytest.mark.parametrize("field", [SetOf(Int(0, TOP)), Bag(deceptive.Message, TOP)])
def test_a_set_or_bag_whose_size_is_open_is_refused(field: Any) -> None:  # noqa: ANN401 - a field type
    of = spec(type("Sized", (deceptive.Counter,), {"sized": field}), deceptive.grow)
    with pytest.raises(SpecError, match="sized: the size of a set or of a bag"):
        SymbolicInstance(at(of), ("top",))
    SymbolicInstance(at(of))


def test_an_unknown_bound_can_not_be_open() -> None:
    with pytest.raises(SpecError, match="no bound 'nosuch'"):
        SymbolicInstance(at(COUNTER), ("nosuch",))


def test_an_open_bound_is_not_the_field_of_its_name() -> None:
    of = spec(deceptive.Named, deceptive.rise)
    assert [("rise", "top_is_zero")] == failed(of, deceptive.top_is_zero, (), ("top",))


def test_a_parameter_is_not_the_field_of_its_name() -> None:
    of = spec(deceptive.Outer, deceptive.put)
    assert [("put", "nothing_put")] == failed(of, deceptive.nothing_put)
    assert isinstance(k_induction(at(of), deceptive.nothing_put, 2).verdict, Violated)


@pytest.mark.parametrize("actions", [(deceptive.safety,), (deceptive.grow, deceptive.grow)])
def test_actions_must_have_names_of_their_own(actions: tuple[Callable[..., bool], ...]) -> None:
    with pytest.raises(SpecError, match="more than one section"):
        Invariant(at(spec(deceptive.Counter, *actions)), (deceptive.x_is_zero,))


def test_a_bag_is_not_always_empty() -> None:
    of = spec(deceptive.Network, deceptive.send, deceptive.receive)
    assert ("receive", "nothing_received") in failed(of, deceptive.nothing_received)
    result = bounded(at(of), deceptive.nothing_received, 3)
    assert (Violated, 2) == (type(result.verdict), result.depth)


def test_a_spec_with_a_bag_runs_alike_on_symbolic_and_plain_values() -> None:
    instance = at(spec(deceptive.Network, deceptive.send, deceptive.receive))
    result = agreement(instance, list(sampled_states(instance, 1, 4, 6)))
    assert result.difference is None
    assert result.fired > 0


def test_records_are_exchanged_alike_on_symbolic_and_plain_values() -> None:
    instance = at(spec(deceptive.Pair, deceptive.fill, deceptive.exchange))
    assert agreement(instance, list(sampled_states(instance, 1, 4, 6))).difference is None


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        (deceptive.write_at_end, "index If"),
        (deceptive.copy_to_end, "index If"),
        (deceptive.write_past_all, "index 2 is outside 0..1"),
        (deceptive.write_before_all, "index -1 is outside 0..1"),
    ],
)
def test_a_write_past_an_array_within_an_unknown_record_is_a_fault(action: Callable[..., bool], fault: str) -> None:
    of = spec(deceptive.Logs, deceptive.extend, action)
    found = failed(of, deceptive.ends_are_in_range)
    assert [(action.__name__, True)] == [(section, goal.startswith(fault)) for section, goal in found]
    instance = at(of)
    assert agreement(instance, list(sampled_states(instance, 1, 4, 6))).difference is None


def test_a_write_into_arrays_of_arrays_is_made() -> None:
    of = spec(deceptive.Shelves, deceptive.write_deep, deceptive.write_deep_record)
    assert [("write_deep", "nothing_written")] == failed(of, deceptive.nothing_written)
    instance = at(of)
    assert agreement(instance, list(sampled_states(instance, 1, 2, 4))).difference is None


def test_a_field_of_an_unknown_record_that_is_not_there_is_refused() -> None:
    with pytest.raises(SpecError, match="Log has no field 'start'; it has numbers"):
        failed(spec(deceptive.Logs, deceptive.write_no_field), deceptive.ends_are_in_range)


@pytest.mark.parametrize(
    "predicate",
    [deceptive.complement_is_false, deceptive.second_bit_is_set, deceptive.second_bit_adds_nothing],
)
def test_bit_arithmetic_on_a_bool_that_is_no_logic_is_refused(predicate: Predicate) -> None:
    of = spec(deceptive.Flag, deceptive.step_on, initial=deceptive.raised)
    with pytest.raises(SpecError, match="must be"):
        failed(of, predicate)


def test_bits_of_bools_are_logic() -> None:
    of = spec(deceptive.Flag, deceptive.step_on, initial=deceptive.raised)
    assert [] == failed(of, deceptive.bits_of_bools)


def test_what_is_past_the_count_of_a_bag_is_forgotten() -> None:
    of = spec(deceptive.Network, deceptive.send, deceptive.drop, deceptive.send_default)
    assert ("send_default", "blank_last") not in failed(of, deceptive.blank_last)
    assert isinstance(k_induction(at(of), deceptive.blank_last, 2).verdict, Violated)


@pytest.mark.parametrize(
    "action", [deceptive.clear_by_mask, deceptive.put_by_mask, deceptive.put_at_times, deceptive.compare]
)
def test_what_is_no_set_of_the_type_is_refused(action: Callable[..., bool]) -> None:
    with pytest.raises(SpecError, match=r"taken (for a set|together)"):
        failed(spec(deceptive.Sets, action), deceptive.nothing_received)


def test_an_error_of_the_engine_is_no_fault_of_the_spec() -> None:
    with pytest.raises(SpecError, match="can't be run on symbolic values"):
        failed(spec(deceptive.Mixed, deceptive.mix), deceptive.nothing_mixed)


def test_a_set_is_none_that_it_can_not_be() -> None:
    symbolic = SymbolicInstance(at(spec(deceptive.Sets)))
    assert z3.is_false(symbolic.holds(deceptive.m_is_beyond, symbolic.state()))


def test_a_truth_that_is_stored_as_a_number_must_be_in_range() -> None:
    of = spec(deceptive.Sets, deceptive.truth_as_number)
    assert ("truth_as_number", "ranges") in failed(of, deceptive.nothing_received)


def test_a_range_is_whole_to_whatever_is_no_loop_of_the_expression() -> None:
    assert isinstance(k_induction(at(COUNTER), deceptive.largest_is_first, 1).verdict, Violated)


@pytest.mark.parametrize(
    ("predicate", "refused"),
    [
        (deceptive.listed, "NotIn is not in the spec language"),
        (deceptive.looped, "While is not in the spec language"),
        (deceptive.exclusive_bits, r"unsupported operand type\(s\) for \^: 'Number' and 'int'"),
        (deceptive.ordered_sets, "'<' not supported between instances of 'Members' and 'int'"),
        (deceptive.size_as_number, r"unsupported operand type\(s\) for \+: 'Members' and 'int'"),
    ],
)
def test_what_symbolic_values_can_not_do_is_refused_with_its_place(predicate: Predicate, refused: str) -> None:
    with pytest.raises(SpecError, match=rf"deceptive\.py:\d+: {predicate.__name__}: {refused}"):
        failed(spec(deceptive.Choice), predicate)


def test_what_a_claim_can_not_ask_is_refused_with_its_place() -> None:
    with pytest.raises(SpecError, match=r"test_soundness\.py:\d+: <lambda>: unhashable type: 'Number'"):
        checked(Claim("x", lambda: X in {0, 1}))


def test_what_is_not_in_the_spec_language_proves_nothing() -> None:
    of = spec(deceptive.Choice, deceptive.absent_by_identity)
    with pytest.raises(SpecError, match=r"deceptive\.py:\d+: absent_by_identity: IsNot is not in the spec language"):
        failed(of, deceptive.x_of_choice_is_zero)


def test_a_distance_is_that_of_plain_python() -> None:
    of = spec(deceptive.Choice)
    assert [] == failed(of, deceptive.distance_is_absolute)


@pytest.mark.parametrize("action", [deceptive.assert_much, deceptive.leave_range])
def test_k_induction_does_not_hold_where_a_step_may_meet_a_fault(action: Callable[..., bool]) -> None:
    verdict = k_induction(at(spec(deceptive.Counter, action)), deceptive.x_is_zero, 2).verdict
    assert isinstance(verdict, Unknown)
    assert "meets a fault" in verdict.reason


@pytest.mark.parametrize(
    ("initial", "unbounded", "fault"),
    [
        (deceptive.assert_at_first, (), "an assertion of the spec"),
        (deceptive.start_outside, (), "x = 9 leaves its range 0..3"),
        (deceptive.outside_at_large_bounds, ("top",), "x = 5 leaves its range 0..4"),
    ],
)
def test_an_initial_state_that_is_a_fault_is_shown(
    initial: Callable[..., None], unbounded: tuple[str, ...], fault: str
) -> None:
    of = spec(deceptive.Counter, deceptive.grow, initial=initial)
    found = Induction(Invariant(at(of), (deceptive.bound_is_small,), (), (), unbounded)).section("initial").failures[0]
    assert found.counterexample is not None
    assert ("violated", fault) == (found.answer, found.counterexample.fault)


@pytest.mark.parametrize("initial", [deceptive.assert_at_first, deceptive.start_outside])
def test_an_initial_state_that_is_a_fault_proves_nothing(initial: Callable[..., None]) -> None:
    of = spec(deceptive.Counter, deceptive.grow, initial=initial)
    verdict = k_induction(at(of), deceptive.x_is_zero, 1).verdict
    assert isinstance(verdict, Unknown)
    assert "initial state" in verdict.reason


def test_a_conjunct_that_is_proved_at_first_is_held_against_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SymbolicInstance, "default", lambda _, cell: 1 if cell.path == "x" else 0)
    with pytest.raises(Disagreement, match=r"initial: x_is_one is proved, but false in plain Python: \(x=0\)"):
        failed(COUNTER, deceptive.x_is_one)


def test_a_loop_without_an_end_is_unknown_and_names_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "PENDING_MAX", 20)
    of = spec(deceptive.Counter, deceptive.count_to_top)
    reason = "has more paths than can be run"
    for conjunct, function in ((deceptive.counted, "counted"), (deceptive.x_is_zero, "count_to_top")):
        section = Induction(Invariant(at(of), (conjunct,), (), (), ("top",))).section("count_to_top")
        assert f"count_to_top: {function}: unknown ({function} {reason})" == str(section.failures[0])
    claim = checked(Claim("ends", up_to_x))
    assert ("unknown", f"up_to_x {reason}") == (claim.verdict, claim.detail)


def test_many_paths_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "PATHS_MAX", 3)
    verdict = bounded(at(spec(deceptive.Choice, deceptive.three_ways)), deceptive.x_of_choice_is_zero, 1).verdict
    assert Unknown("three_ways has more paths than can be run") == verdict


def up_to_x() -> bool:
    k = 0
    while k < X:
        k += 1
    return True


IMPOSSIBLE = z3.Function("impossible", z3.IntSort(), z3.IntSort())
ANY = z3.Int("any")


def test_assumptions_that_are_not_shown_to_be_possible_prove_nothing() -> None:
    assumed = z3.ForAll([ANY], IMPOSSIBLE(ANY) == ANY + 1), z3.ForAll([ANY], IMPOSSIBLE(ANY) != ANY + 1)
    assert "unknown" == checked(Claim("x", lambda: Truth(X.term == X.term), assumed)).verdict


@pytest.mark.parametrize(
    "says", [lambda: (X == 1,), lambda: test_no_claims_prove_nothing, lambda: ~True, lambda: all_of([X])]
)
def test_a_claim_is_a_truth_and_no_other_object(says: Callable[[], object]) -> None:
    with pytest.raises(SpecError, match="must be a truth or a bool"):
        checked(Claim("x", says))


def test_no_claims_prove_nothing() -> None:
    control = [("false", Claim("x", lambda: False))]
    assert "unknown" == proved([], control).verdict
    stands = proved([Claim("x", lambda: True)], control)
    assert stands.stands
    assert not Proved("holds", 0, 0, 0.0, stands.controls).stands

"""Numbers as bit-vectors: the same as in plain Python, whatever their size, and the same verdicts as with integers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import z3

from checkers.prove import replication
from checkers.prove.agreement import agreement
from checkers.prove.arithmetic import Numbers, numbers_as
from checkers.prove.bounded import bounded, k_induction
from checkers.prove.cooperative_rebalance import handovers
from checkers.prove.formulas import entailed
from checkers.prove.induction import Induction, Invariant, Section
from checkers.prove.merging import chosen
from checkers.prove.operations import size
from checkers.prove.sampling import sampled_states, states_in_range
from checkers.prove.symbolic import SymbolicInstance
from checkers.prove.terms import Members, Number, Truth
from checkers.verdict import Unknown, Violated
from specs import cooperative_rebalance
from specs.catalogue import find_spec
from specs.instance import FIXED, at
from specs.language import Int, Spec, SpecError
from specs.replication_properties import strong_isr
from tests.checkers.prove import deceptive, planted
from tests.checkers.prove.deceptive import spec

BITS: Numbers = "bit-vectors"
NUMBERS: tuple[Numbers, ...] = ("integers", BITS)
A, B = Number(z3.BitVec("a", 4)), Number(z3.BitVec("b", 3))
OPERATIONS: tuple[Callable[[Any, Any], Any], ...] = (
    operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod, operator.eq, operator.ne, operator.lt,
    operator.le, operator.gt, operator.ge, lambda a, _: -a, lambda a, _: abs(a), lambda a, b: (a + b) * b - a,
    lambda a, _: 5 - a * 100, lambda a, _: a < 1 << 32, lambda a, _: a + (1 << 32) == a, lambda a, _: a == 9,
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(OPERATIONS)))
def test_arithmetic_on_bit_vectors_is_that_of_plain_python(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkers.prove.terms.decide", lambda _: True)
    operation = OPERATIONS[number]
    term = operation(A, B).term
    divides = operation in (operator.floordiv, operator.mod)
    for a in range(-8, 8):
        for b in range(1 if divides else -4, 4):
            value = z3.simplify(z3.substitute(term, (A.term, z3.BitVecVal(a, 4)), (B.term, z3.BitVecVal(b, 3))))
            assert operation(a, b) == (value.as_signed_long() if z3.is_bv(value) else z3.is_true(value)), (a, b)


def test_known_numbers_become_bit_vectors_that_hold_them() -> None:
    condition = z3.Bool("c")
    members = Members((z3.Bool("m0"), z3.Bool("m1"), z3.Bool("m2")), z3.Bool("none"))
    with numbers_as(BITS):
        either = chosen(condition, chosen(condition, 1000, -1), 7)
        counted = size(members)
        truths = chosen(condition, Truth(condition), 2)
    for there, wanted in ((True, [1000, 62, 1]), (False, [7, 2, 2])):
        values = [(condition, z3.BoolVal(there)), (z3.Bool("none"), z3.BoolVal(there))]
        values += [(z3.Bool(f"m{m}"), z3.BoolVal(m > 0)) for m in range(3)]
        found = [z3.simplify(z3.substitute(n.term, *values)).as_signed_long() for n in (either, counted, truths)]
        assert wanted == found


def test_a_sum_of_bit_vectors_does_not_wrap() -> None:
    assert z3.unsat == entailed([], (A + 1 > A).term, 10**6, BITS)[0]
    assert z3.sat == entailed([], (A + 1 < 8).term, 10**6, BITS)[0]


def test_integers_and_bit_vectors_are_never_taken_together() -> None:
    with pytest.raises(SpecError, match="must be of one kind"):
        operator.add(A, Number(z3.Int("x")))


def test_what_is_unbounded_is_refused_as_bit_vectors() -> None:
    with pytest.raises(SpecError, match="deceptive: top may have any value, which needs unbounded integers"):
        SymbolicInstance(at(spec(deceptive.Counter)), ("top",), BITS)


def test_a_loop_of_too_many_rounds_over_bit_vectors_is_refused() -> None:
    wide = type("Wide", (deceptive.Counter,), {"x": Int(0, 1 << 12)})
    symbolic = SymbolicInstance(at(spec(wide)), (), BITS)
    with pytest.raises(SpecError, match="has more than 1024 rounds"):
        symbolic.holds(deceptive.x_is_reached, symbolic.state())


@pytest.mark.parametrize(
    ("of", "failing"),
    [
        (spec(deceptive.Counter, deceptive.grow), ("grow", "x_is_zero")),
        (spec(deceptive.Counter, deceptive.leave_range), ("leave_range", "ranges")),
        (spec(deceptive.Counter, deceptive.leave_range_by_far), ("leave_range_by_far", "ranges")),
        (spec(deceptive.Counter, deceptive.grow, initial=deceptive.start_far_outside), ("initial", "ranges")),
    ],
)
def test_a_step_out_of_range_does_not_wrap_into_it(of: Spec, failing: tuple[str, str]) -> None:
    invariant = Invariant(at(of), (deceptive.x_is_zero,), numbers=BITS)
    induction = Induction(invariant)
    found = [f for name in invariant.sections for f in induction.section(name).failures]
    assert (*failing, "violated") == (found[0].section, found[0].goal, found[0].answer)


def test_no_run_wraps_into_the_range() -> None:
    found = bounded(at(spec(deceptive.Counter, deceptive.leave_range_by_far)), deceptive.x_is_zero, 2, BITS)
    assert (Unknown, 2) == (type(found.verdict), found.depth)


@pytest.mark.parametrize("of", [planted.TICKETS, planted.with_too_many(), planted.PAIR], ids=lambda s: s.name)
def test_small_specs_run_alike_in_bit_vectors(of: Spec) -> None:
    instance = at(of)
    states = [*sampled_states(instance, 1, 1, 5), *states_in_range(instance, 1, 9)]
    found = [agreement(instance, states, (), numbers) for numbers in NUMBERS]
    assert found[0] == found[1]
    assert found[0].difference is None


def test_a_spec_of_sets_runs_alike_in_bit_vectors() -> None:
    instance = at(find_spec("alter_partition"))
    states = [*sampled_states(instance, 1, 1, 3), *states_in_range(instance, 1, 3)]
    found = agreement(instance, states, (), BITS)
    assert (None, 144) == (found.difference, found.steps)


def sections(invariant: Invariant) -> list[Section]:
    induction = Induction(invariant)
    return [induction.section(name) for name in invariant.sections]


def in_numbers(invariant: Invariant, numbers: Numbers) -> Invariant:
    """All bounds at their values."""
    return Invariant(
        invariant.instance, invariant.conjuncts, invariant.safety, invariant.step_properties, numbers=numbers
    )


def test_a_proof_has_the_same_obligations_paths_and_failures_in_bit_vectors() -> None:
    proved = [sections(in_numbers(handovers(FIXED, 2, 1), numbers)) for numbers in NUMBERS]
    assert proved[0] == proved[1]
    assert [] == [failure for section in proved[1] for failure in section.failures]
    broken = Induction(in_numbers(handovers("assigned_at_once", 2, 1), BITS)).section(
        "leader_assign", ["assigned_is_free"]
    )
    assert ["violated"] == [failure.answer for failure in broken.failures]


@pytest.mark.parametrize("numbers", NUMBERS)
def test_the_shortest_counterexample_is_as_short_in_bit_vectors(numbers: Numbers) -> None:
    instance = at(cooperative_rebalance.SPEC, "expelled_keeps_partitions", members=2, partitions=1)
    found = bounded(instance, cooperative_rebalance.SPEC.invariants[0], 9, numbers)
    assert (Violated, 8) == (type(found.verdict), found.depth)


@pytest.mark.parametrize("numbers", NUMBERS)
def test_k_induction_is_the_same_in_bit_vectors(numbers: Numbers) -> None:
    found = k_induction(at(planted.PAIR), planted.first_is_not_four, 3, numbers)
    assert ("holds", 3) == (found.verdict.verdict, found.k)


@pytest.mark.deep
@pytest.mark.parametrize("build", [partial(replication.elections, 1), partial(replication.replicated, FIXED, 2, 1)])
def test_replication_is_proved_in_bit_vectors_too(build: Callable[[], Invariant]) -> None:
    found = [sections(in_numbers(build(), numbers)) for numbers in NUMBERS]
    assert found[0] == found[1]
    assert [] == [failure for section in found[1] for failure in section.failures]


@pytest.mark.deep
@pytest.mark.parametrize("numbers", NUMBERS)
def test_no_run_of_eight_steps_of_replication_loses_what_is_committed(numbers: Numbers) -> None:
    small = at(find_spec("replication"), replicas=2, log_size=1, max_records=2, max_leader_epoch=1)
    found = bounded(small, strong_isr, 8, numbers)
    assert (Unknown, 8) == (type(found.verdict), found.depth)

"""Arithmetic that machines and Python do differently never leads to a wrong verdict."""

from __future__ import annotations

import pytest

from checkers.explore.explore import explore
from checkers.verdict import Violated
from specs.instance import at
from specs.language import NONE, Int, Record, SetOf, Spec, SpecError, action, insert


class Members(Record):
    """A small set."""

    members = SetOf(Int(0, 5))


class Amount(Record):
    """A large amount, and its last digits."""

    large = Int(0, 1 << 40)
    rest = Int(0, 999)


def empty(s: Members) -> None:
    """Begin with nothing."""


def largest(s: Amount) -> None:
    s.large = 1 << 40


@action()
def insert_far(s: Members) -> bool:
    """65 modulo 64 would be a member."""
    s.members = insert(s.members, 65)
    return True


@action()
def insert_none(s: Members) -> bool:
    s.members = insert(s.members, NONE)
    return True


@action()
def square(s: Amount) -> bool:
    """Modulo 2**64 the square is 0."""
    s.rest = s.large * s.large % 1000
    return True


@pytest.mark.parametrize(("step", "says"), [(insert_far, "leaves its range 0..63"), (insert_none, "negative shift")])
def test_a_shift_that_leaves_the_set_is_a_finding(step: object, says: str) -> None:
    verdict = explore(at(Spec("members", "", Members, empty, (step,)))).verdict  # type: ignore[arg-type]
    assert isinstance(verdict, Violated)
    assert says in verdict.detail


def test_a_product_beyond_64_bits_is_refused() -> None:
    with pytest.raises(SpecError, match="leaves 64 bits"):
        explore(at(Spec("amount", "", Amount, largest, (square,))))

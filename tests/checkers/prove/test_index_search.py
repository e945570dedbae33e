"""The binary search is proved, and each way to get it wrong is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import z3

from checkers.prove import index_search
from checkers.prove.index_search import Steps, Unproved, prove, prove_search


def test_the_search_is_right_for_every_index_of_up_to_two_to_the_31_slots() -> None:
    proof = prove_search()
    assert proof.is_proved
    assert [
        "no slot is right if the first key is past the target",
        "the invariant holds at first",
        "the slot at the end is the last one that is not past the target",
        "the middle is from low + 1 to high",
        "if the key in the middle is not past the target, the invariant is kept",
        "if the key in the middle is not past the target, the distance is halved",
        "if the key in the middle is past the target, the invariant is kept",
        "if the key in the middle is past the target, the distance is halved",
        "no result leaves 32 bits",
    ] == [obligation.claim for obligation in proof.obligations]


HALVED = "the distance is halved"
KEPT = "the invariant is kept"
MUTANTS: dict[str, tuple[Steps, list[str]]] = {
    "a sum that overflows": (Steps(middle=lambda low, high: (low + high + 1) >> 1), ["no result leaves 32 bits"]),
    "the lower middle, where the search stays": (
        Steps(middle=lambda low, high: low + ((high - low) >> 1)),
        ["the middle is from low + 1 to high", f"if the key in the middle is not past the target, {HALVED}"],
    ),
    "a middle that stays in": (
        Steps(below_middle=lambda low, middle: (low, middle)),
        [f"if the key in the middle is past the target, {HALVED}"],
    ),
    "a middle that is passed over": (
        Steps(from_middle=lambda middle, high: (middle + 1, high)),
        [f"if the key in the middle is not past the target, {KEPT}", "no result leaves 32 bits"],
    ),
    "a slot below that is passed over": (
        Steps(below_middle=lambda low, middle: (low, middle - 2)),
        [f"if the key in the middle is past the target, {KEPT}"],
    ),
    "the wrong half": (
        Steps(below_middle=lambda low, middle: (middle, low)),
        [f"if the key in the middle is past the target, {KEPT}"],
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_search_that_is_wrong_is_not_proved(name: str) -> None:
    steps, false = MUTANTS[name]
    proof = prove_search(steps)
    assert not proof.is_proved
    assert false == [obligation.claim for obligation in proof.obligations if not obligation.is_proved]


def test_a_counterexample_says_where_the_sum_overflows() -> None:
    overflow = prove_search(MUTANTS["a sum that overflows"][0]).obligations[-1]
    values = dict(part.split(" = ") for part in overflow.counterexample.split(", "))
    assert int(values["low"]) + int(values["high"]) + 1 > 2**31 - 1


def test_a_step_may_not_branch() -> None:
    branching: Callable[..., object] = lambda low, high: high if low else low  # noqa: E731 - a mutant
    with pytest.raises(TypeError, match="does not branch"):
        prove_search(Steps(middle=branching))


def test_what_the_solver_does_not_decide_is_not_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_search, "RLIMIT", 1)
    x, y = z3.Ints("x y")
    with pytest.raises(Unproved):
        prove("a theorem", [x > 1, y > 1], x * x * x != y * y * y + y)

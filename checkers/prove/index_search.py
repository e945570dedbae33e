"""The binary search of the indexes, proved by Z3 for every index of up to 2^31 slots and every order of 64-bit keys.

The three steps of the search are run on symbols that stand for any slots. What is proved is the invariant of its loop:

    0 <= low <= high < length,  key(low) <= target,  target < key(slot) for every slot past high

that each step keeps it and at least halves `high - low`, so that the search ends within 31 steps with the right slot;
and that no sum or difference on the way leaves 32 bits, for those who write it in Java or C.

Source: the steps are those of `model.log.binary_search`; Floyd, Assigning Meanings to Programs (1967).
Left out: the loop around the steps, which is run as it is on all small indexes by its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import z3

from checkers.clock import now
from checkers.prove.proof import NegativeControl, Proof, Proved
from model.log import binary_search

LENGTH_MAX = 2**31
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
RLIMIT = 20_000_000
SEED = 0

Slots = tuple["Term", "Term"]


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a search; `binary_search` tells what they are for."""

    middle: Callable[..., object] = binary_search.middle
    from_middle: Callable[..., object] = binary_search.from_middle
    below_middle: Callable[..., object] = binary_search.below_middle


@dataclass(frozen=True, slots=True)
class Obligation:
    """A claim; `counterexample` is empty if it was proved, and else gives values for which it is false."""

    claim: str
    counterexample: str

    @property
    def is_proved(self) -> bool:
        """Whether it holds for all values."""
        return not self.counterexample


@dataclass(frozen=True, slots=True)
class SearchProof:
    """The claims about a search, in order."""

    obligations: tuple[Obligation, ...]

    @property
    def is_proved(self) -> bool:
        """Whether all hold."""
        return all(obligation.is_proved for obligation in self.obligations)


class Term:
    """A whole number that the solver may choose; each result of arithmetic is recorded, to be kept within 32 bits."""

    def __init__(self, value: z3.ArithRef, results: list[z3.ArithRef]) -> None:
        self.value = value
        self._results = results

    def _result(self, value: z3.ArithRef) -> Term:
        self._results.append(value)
        return Term(value, self._results)

    def __add__(self, other: Term | int) -> Term:
        return self._result(self.value + value_of(other))

    def __sub__(self, other: Term | int) -> Term:
        return self._result(self.value - value_of(other))

    def __rshift__(self, bits: int) -> Term:
        return self._result(self.value / z3.IntVal(2**bits))

    def __bool__(self) -> bool:
        raise TypeError("a step of the search does not branch")


def value_of(number: Term | int) -> z3.ArithRef:
    """A number as the solver takes it."""
    return number.value if isinstance(number, Term) else z3.IntVal(number)


class Unproved(Exception):  # noqa: N818 - neither an error of the program nor of its user
    """The solver has neither found a proof nor a counterexample within its limit."""


@dataclass(frozen=True, slots=True)
class _Search:
    """The symbols: any index, any target, any two slots to go on between, and any slot to look at."""

    length: z3.ArithRef
    target: z3.ArithRef
    low: z3.ArithRef
    high: z3.ArithRef
    slot: z3.ArithRef
    key: z3.FuncDeclRef

    def index(self) -> list[z3.BoolRef]:
        """There is such an index, and `slot` is one of it."""
        return [self.length >= 1, self.length <= LENGTH_MAX, self.slot >= 0, self.slot < self.length]

    def rises(self, *slots: z3.ArithRef) -> list[z3.BoolRef]:
        """The keys of these slots don't fall."""
        return [z3.Implies(a <= b, self.key(a) <= self.key(b)) for a in slots for b in slots if a is not b]

    def bounds(self, low: z3.ArithRef, high: z3.ArithRef) -> z3.BoolRef:
        """The first part of the invariant."""
        return z3.And(low >= 0, low <= high, high < self.length)

    def keys(self, low: z3.ArithRef, high: z3.ArithRef) -> z3.BoolRef:
        """The second part of the invariant, for `slot` as the slot past `high`."""
        past = z3.Implies(self.slot > high, self.key(self.slot) > self.target)
        return z3.And(self.key(low) <= self.target, past)


def prove_search(steps: Steps | None = None) -> SearchProof:
    """Prove the search with these steps. Raises Unproved if the solver gives up."""
    low, high, slot, length, target = z3.Ints("low high slot length target")
    key = z3.Function("key", z3.IntSort(), z3.IntSort())
    s = _Search(length, target, low, high, slot, key)
    return SearchProof((*_outside_of_loop(s), *_step(s, steps or Steps())))


def _outside_of_loop(s: _Search) -> Iterable[Obligation]:
    """What holds before the first step and after the last one."""
    zero = z3.IntVal(0)
    index = [*s.index(), *s.rises(zero, s.slot)]
    last = s.length - 1
    yield prove(
        "no slot is right if the first key is past the target", [*index, s.key(0) > s.target], s.key(s.slot) > s.target
    )
    begin = z3.And(s.bounds(zero, last), s.keys(zero, last))
    yield prove("the invariant holds at first", [*index, s.key(0) <= s.target], begin)
    found = [*s.index(), s.bounds(s.low, s.low), s.keys(s.low, s.low), *s.rises(s.low, s.slot)]
    right = (s.key(s.slot) <= s.target) == (s.slot <= s.low)
    yield prove("the slot at the end is the last one that is not past the target", found, right)


def _step(s: _Search, steps: Steps) -> Iterable[Obligation]:
    """What holds for any step."""
    results = list[z3.ArithRef]()
    low, high = Term(s.low, results), Term(s.high, results)
    middle = _term(steps.middle(low, high))
    loop = [*s.index(), s.bounds(s.low, s.high), s.keys(s.low, s.high), s.low < s.high]
    inside = z3.And(middle.value > s.low, middle.value <= s.high)
    yield prove("the middle is from low + 1 to high", loop, inside)
    ways = (
        ("not past the target", _slots(steps.from_middle(middle, high)), s.key(middle.value) <= s.target),
        ("past the target", _slots(steps.below_middle(low, middle)), s.key(middle.value) > s.target),
    )
    for name, (new_low, new_high), condition in ways:
        given = [*loop, inside, condition, *s.rises(s.low, middle.value, s.slot)]
        where = f"if the key in the middle is {name}"
        kept = z3.And(s.bounds(new_low.value, new_high.value), s.keys(new_low.value, new_high.value))
        yield prove(f"{where}, the invariant is kept", given, kept)
        halved = 2 * (new_high.value - new_low.value) <= s.high - s.low
        yield prove(f"{where}, the distance is halved", given, halved)
    within = z3.And(*(z3.And(result >= INT32_MIN, result <= INT32_MAX) for result in results))
    yield prove("no result leaves 32 bits", loop, within)


def _term(result: object) -> Term:
    """What a step returned, which is a number."""
    assert isinstance(result, Term), result
    return result


def _slots(result: object) -> Slots:
    """What a step returned, which are two numbers."""
    assert isinstance(result, tuple), result
    low, high = result
    return _term(low), _term(high)


def prove(claim: str, given: Iterable[z3.BoolRef], wanted: z3.BoolRef) -> Obligation:
    """Whether `wanted` holds wherever all of `given` does. Raises Unproved."""
    solver = z3.Solver()
    solver.set("random_seed", SEED)
    solver.set("rlimit", RLIMIT)
    solver.add(*given, z3.Not(wanted))
    answer = solver.check()
    if answer == z3.unknown:
        raise Unproved(f"{claim}: {solver.reason_unknown()}")
    if answer == z3.unsat:
        return Obligation(claim, "")
    model = solver.model()
    values = sorted(f"{symbol} = {model[symbol]}" for symbol in model if symbol.arity() == 0)
    return Obligation(claim, ", ".join(values) or "any values")


# ----------------------------------------------------------------------------------------------------------- the proof

BROKEN = {
    "a sum that overflows": (Steps(middle=lambda low, high: (low + high + 1) >> 1), "no result leaves 32 bits"),
    "a middle that stays in": (
        Steps(below_middle=lambda low, middle: (low, middle)),
        "if the key in the middle is past the target, the distance is halved",
    ),
}
"""The search with a mistake, and the claim that must then be false."""


def prove_index_search(*, deep: bool) -> Proved:
    """Nothing is left for a deep run."""
    del deep
    started = now()
    try:
        obligations = prove_search().obligations
        controls = tuple(
            NegativeControl(name, claim in [o.claim for o in prove_search(steps).obligations if not o.is_proved], claim)
            for name, (steps, claim) in BROKEN.items()
        )
    except Unproved as error:
        return Proved("unknown", 0, 0, now() - started, (), str(error))
    false = [f"{o.claim}: {o.counterexample}" for o in obligations if not o.is_proved]
    return Proved("violated" if false else "holds", len(obligations), 1, now() - started, controls, "\n".join(false))


PROOFS = (
    Proof(
        "index_search",
        ("LOG-5",),
        "The binary search of an index finds the last slot that is not past the target, and ends within 31 steps.",
        {"slots": "up to 2^31", "keys": "any that never fall"},
        prove_index_search,
    ),
)

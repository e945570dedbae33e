"""Symbolic values: integers, truths and sets whose operations build Z3 terms.

A `Number` stands for an int of spec code, a `Truth` for a bool, a `Members` for a set behind a bit mask. What Python
must know at once (the outcome of an `if`, an index, the end of a range) is asked of the current `Paths`, which forks.
Numbers are unbounded integers or bit-vectors; either way nothing ever wraps (`checkers.prove.arithmetic`).

Left out: bit arithmetic on numbers.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import z3

from checkers.prove.arithmetic import (
    both,
    chosen_term,
    constant_like,
    minus,
    negative,
    plus,
    quotient,
    remainder,
    times,
)
from checkers.prove.forks import decide
from specs.language import NONE, SpecError

INDEX_MAX = 1 << 10
"""The end of the values that a number may have to be an index; more would be more paths than can be run."""


def truth(value: object) -> z3.BoolRef:
    """The term of a truth, of a bool, or of a number or a set as Python takes it; SpecError for anything else.

    What is true merely because it is an object, such as a function or a tuple, says nothing.
    """
    if isinstance(value, Truth):
        return value.term
    if isinstance(value, Number):
        return value.term != 0
    if isinstance(value, Members):
        return z3.Not(value.is_empty())
    if not isinstance(value, int):
        raise SpecError(f"{value!r} is neither true nor false: must be a truth, a number or a set")
    return z3.BoolVal(bool(value))


class Truth:
    """A bool that is not known yet."""

    __slots__ = ("term",)

    def __init__(self, term: z3.BoolRef) -> None:
        self.term = term

    def __repr__(self) -> str:
        return str(self.term)

    def __bool__(self) -> bool:
        return decide(self.term)

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        if isinstance(other, Number):
            return other == self
        if type(other) is int and other not in (0, 1):
            return Truth(z3.BoolVal(val=False))
        if not isinstance(other, int | Truth):
            raise SpecError(f"a truth can't be compared with {other!r}")
        return Truth(self.term == truth(other))

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(z3.Not((self == other).term))

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: object) -> Truth:
        return Truth(z3.And(self.term, self._bit(other)))

    __rand__ = __and__

    def __or__(self, other: object) -> Truth:
        return Truth(z3.Or(self.term, self._bit(other)))

    __ror__ = __or__

    def __invert__(self) -> Truth:
        raise SpecError("`~` makes -1 or -2 of a bool, both of them true: must be `not`")

    @staticmethod
    def _bit(other: object) -> z3.BoolRef:
        """What is taken together with a bool, bit by bit."""
        if isinstance(other, Truth) or (isinstance(other, int) and other in (0, 1)):
            return truth(other)
        raise SpecError(f"a bool is taken together with {other!r} bit by bit: must be a bool")

    def __index__(self) -> int:
        return int(bool(self))


class Number:
    """An int that is not known yet."""

    __slots__ = ("term",)

    def __init__(self, term: z3.ArithRef | z3.BitVecRef) -> None:
        self.term = term

    def __repr__(self) -> str:
        return str(self.term)

    def operand(self, other: object) -> Any:  # noqa: ANN401 - a term
        """Another number, known or not, as a term of the same kind."""
        if isinstance(other, Number):
            return other.term
        if isinstance(other, Truth):
            return chosen_term(other.term, constant_like(self.term, 1), constant_like(self.term, 0))
        if isinstance(other, int):
            return constant_like(self.term, int(other))
        raise SpecError(f"a number can't be taken together with {other!r}")

    def __add__(self, other: object) -> Number:
        return Number(plus(self.term, self.operand(other)))

    __radd__ = __add__

    def __sub__(self, other: object) -> Number:
        return Number(minus(self.term, self.operand(other)))

    def __rsub__(self, other: object) -> Number:
        return Number(minus(self.operand(other), self.term))

    def __mul__(self, other: object) -> Number:
        return Number(times(self.term, self.operand(other)))

    __rmul__ = __mul__

    def __floordiv__(self, other: object) -> Number:
        return Number(quotient(self.term, self._divisor(other)))

    def __mod__(self, other: object) -> Number:
        return Number(remainder(self.term, self._divisor(other)))

    def _divisor(self, other: object) -> Any:  # noqa: ANN401 - a term
        """A positive number: by such a one Z3 divides as Python does."""
        divisor = self.operand(other)
        if not decide(divisor > 0):
            raise ZeroDivisionError("integer division or modulo by what may not be positive")
        return divisor

    def __neg__(self) -> Number:
        return Number(negative(self.term))

    def __abs__(self) -> Number:
        return Number(chosen_term(self.term < 0, negative(self.term), self.term))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        if isinstance(other, Members):
            return other == self
        return Truth(operator.eq(*both(self.term, self.operand(other))))

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(z3.Not((self == other).term))

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: object) -> Truth:
        return Truth(operator.lt(*both(self.term, self.operand(other))))

    def __le__(self, other: object) -> Truth:
        return Truth(operator.le(*both(self.term, self.operand(other))))

    def __gt__(self, other: object) -> Truth:
        return Truth(operator.gt(*both(self.term, self.operand(other))))

    def __ge__(self, other: object) -> Truth:
        return Truth(operator.ge(*both(self.term, self.operand(other))))

    def __bool__(self) -> bool:
        return decide(self.term != 0)

    def __index__(self) -> int:
        """The value, on a path for each that there can be. SpecError if it can be negative or beyond INDEX_MAX."""
        simple = z3.simplify(self.term)
        if isinstance(simple, z3.IntNumRef):
            return int(simple.as_long())
        if isinstance(simple, z3.BitVecNumRef):
            return int(simple.as_signed_long())
        for value in range(INDEX_MAX):
            if decide((self == value).term):
                return value
        raise SpecError(f"{self.term} must be a number from 0 to {INDEX_MAX - 1} to count or to index with")

    __int__ = __index__


class Members:
    """A set: one truth for each possible member. `absent` tells where it is NONE."""

    __slots__ = ("absent", "terms")

    def __init__(self, terms: tuple[z3.BoolRef, ...], absent: z3.BoolRef | None = None) -> None:
        self.terms, self.absent = terms, absent

    def is_empty(self) -> z3.BoolRef:
        """Whether it is the empty set, not NONE."""
        empty = z3.Not(z3.Or(*self.terms))
        return empty if self.absent is None else z3.And(empty, z3.Not(self.absent))

    def of_mask(self, mask: int) -> Members:
        """A known set over the same members, or NONE. SpecError for a mask of any others."""
        if not NONE <= mask < 1 << len(self.terms):
            raise SpecError(f"{mask} is taken for a set of 0..{len(self.terms) - 1}, which has no such members")
        if mask == NONE:
            return Members(tuple(z3.BoolVal(val=False) for _ in self.terms), z3.BoolVal(val=True))
        return Members(tuple(z3.BoolVal(bool(mask >> m & 1)) for m in range(len(self.terms))))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        if isinstance(other, Number):
            other = int(other)
        if isinstance(other, int) and not NONE <= other < 1 << len(self.terms):
            return Truth(z3.BoolVal(val=False))
        right = self.alike(other)
        gone = [m.absent if m.absent is not None else z3.BoolVal(val=False) for m in (self, right)]
        same = z3.And(*(a == b for a, b in zip(self.terms, right.terms, strict=True)))
        return Truth(z3.simplify(z3.Or(z3.And(*gone), z3.And(z3.Not(z3.Or(*gone)), same))))

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(z3.Not((self == other).term))

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return decide(truth(self))

    def __or__(self, other: object) -> Members:
        right = self.alike(other)
        if self.absent is None and right.absent is None:
            return self._each(right, z3.Or)
        none = z3.simplify(z3.Or(self.is_none(), right.is_none()))
        return Members(tuple(z3.And(z3.Not(none), t) for t in self._each(right, z3.Or).terms), none)

    __ror__ = __or__

    def __and__(self, other: object) -> Members | Any:  # noqa: ANN401 - what a complement makes of it
        if isinstance(other, Complement):
            return other & self
        right = self.alike(other)
        if self.absent is None and right.absent is None:
            return self._each(right, z3.And)
        terms = (
            (z3.Or(self.is_none(), a), z3.Or(right.is_none(), b)) for a, b in zip(self.terms, right.terms, strict=True)
        )
        return Members(
            tuple(z3.simplify(z3.And(a, b)) for a, b in terms), z3.simplify(z3.And(self.is_none(), right.is_none()))
        )

    __rand__ = __and__

    def __invert__(self) -> Complement:
        return Complement(self)

    def _each(self, other: object, join: Callable[..., z3.BoolRef]) -> Members:
        right = self.alike(other)
        return Members(tuple(z3.simplify(join(a, b)) for a, b in zip(self.terms, right.terms, strict=True)))

    def alike(self, other: object) -> Members:
        """Another set, known or not, over the same members; SpecError if it isn't one."""
        if isinstance(other, Members):
            if len(other.terms) != len(self.terms):
                sizes = f"{len(self.terms)} and of {len(other.terms)}"
                raise SpecError(f"sets of different types are taken together, of {sizes} possible members")
            return other
        if not isinstance(other, int):
            raise SpecError(f"a set can't be taken together with {other!r}")
        return self.of_mask(other)

    def is_none(self) -> z3.BoolRef:
        """Whether it is NONE, whose mask has every bit."""
        return z3.BoolVal(val=False) if self.absent is None else self.absent

    def has(self, member: object) -> z3.BoolRef:
        """Whether a member is in it."""
        there = z3.Or(*(z3.And(equals(member, m), t) for m, t in enumerate(self.terms)))
        return there if self.absent is None else z3.Or(z3.And(self.absent, truth(member >= 0)), there)  # type: ignore[operator]

    def having(self, member: object, *, there: bool) -> Members:
        """The set with a member put in or taken out."""
        marks = [(t, equals(member, m)) for m, t in enumerate(self.terms)]
        if there:
            present = z3.Not(self.is_none())
            return Members(tuple(z3.simplify(z3.And(present, z3.Or(t, here))) for t, here in marks), self.absent)
        return Members(tuple(z3.simplify(z3.And(t, z3.Not(here))) for t, here in marks), self.absent)


class Complement:
    """All but the members of a set. It has bits beyond theirs, so all that it is good for is an intersection."""

    __slots__ = ("members",)

    def __init__(self, members: Members) -> None:
        self.members = members

    def __and__(self, other: object) -> Members:
        left = self.members.alike(other)
        if not z3.is_false(z3.simplify(self.members.is_none())):
            raise SpecError("the complement of a set that may be none is taken")
        terms = zip(left.terms, self.members.terms, strict=True)
        return Members(tuple(z3.simplify(z3.And(a, z3.Not(b))) for a, b in terms))

    __rand__ = __and__


def equals(value: object, known: int) -> z3.BoolRef:
    """Whether a number or a set, known or not, is the given one."""
    return (value == known).term if isinstance(value, Number | Members) else z3.BoolVal(value == known)

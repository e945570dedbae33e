"""Exact arithmetic on terms of Z3: on unbounded integers, or on bit-vectors that never wrap.

A bit-vector is signed, as narrow as its declared range allows; a result has as many bits as any result of such operands
needs, and a known number as many as it needs itself. So both kinds give what plain Python gives, and comparisons are
signed. Which kind numbers are is told for a whole run; terms of both are never taken together.

Left out: arithmetic that is to wrap, such as hashing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

import z3

from specs.language import SpecError

Numbers = Literal["integers", "bit-vectors"]
Term = Any
"""A z3.ArithRef or a z3.BitVecRef."""

_numbers: ContextVar[Numbers] = ContextVar("numbers", default="integers")


@contextmanager
def numbers_as(numbers: Numbers) -> Iterator[None]:
    """Have known numbers become terms of this kind within the block."""
    token = _numbers.set(numbers)
    try:
        yield
    finally:
        _numbers.reset(token)


def are_bits() -> bool:
    """Whether numbers are bit-vectors here."""
    return _numbers.get() == "bit-vectors"


def bits_for(*values: int) -> int:
    """How many bits a signed bit-vector needs for each of some numbers."""
    return max((value if value >= 0 else ~value).bit_length() + 1 for value in values)


def unknown(name: str, low: int, high: int) -> Term:
    """A constant; as a bit-vector it has room for numbers from `low` to `high`, inclusive, and maybe for more."""
    return z3.BitVec(name, bits_for(low, high)) if are_bits() else z3.Int(name)


def constant(value: int) -> Term:
    """A known number."""
    return z3.BitVecVal(value, bits_for(value)) if are_bits() else z3.IntVal(value)


def constant_like(term: Term, value: int) -> Term:
    """A known number of the kind of a term."""
    return z3.BitVecVal(value, bits_for(value)) if z3.is_bv(term) else z3.IntVal(value)


def both(left: Term, right: Term) -> tuple[Term, Term]:
    """Two terms as terms of one sort. SpecError for terms of both kinds."""
    if z3.is_bv(left) != z3.is_bv(right):
        raise SpecError(f"{left} and {right} are an integer and a bit-vector: must be of one kind")
    if not z3.is_bv(left) or left.size() == right.size():
        return left, right
    width = max(left.size(), right.size())
    return widened(left, width), widened(right, width)


def widened(term: Term, width: int) -> Term:
    """The same number in at least so many bits; one known number or another stays recognizable as that."""
    if not z3.is_bv(term) or term.size() >= width:
        return term
    if z3.is_bv_value(term):
        return z3.BitVecVal(term.as_signed_long(), width)
    if z3.is_app_of(term, z3.Z3_OP_ITE) and any(map(z3.is_bv_value, term.children()[1:])):
        condition, then, otherwise = term.children()
        return z3.If(condition, widened(then, width), widened(otherwise, width))
    return z3.SignExt(width - term.size(), term)


def narrowed(term: Term, width: int) -> Term:
    """A number that is known to fit, in so many bits."""
    return z3.Extract(width - 1, 0, term) if z3.is_bv(term) and term.size() > width else widened(term, width)


def placed(place: Term, term: Term) -> Term:
    """A number as one of the sort of a place; one out of the place's range must have been excluded."""
    return narrowed(term, place.size()) if z3.is_bv(place) and z3.is_bv(term) else both(place, term)[1]


def wide(left: Term, right: Term, more: int = 0) -> tuple[Term, Term]:
    """Two terms of one sort, with some bits to spare."""
    left, right = both(left, right)
    return (widened(left, left.size() + more), widened(right, right.size() + more)) if z3.is_bv(left) else (left, right)


def plus(left: Term, right: Term) -> Term:
    """The sum."""
    left, right = wide(left, right, 1)
    return left + right


def minus(left: Term, right: Term) -> Term:
    """The difference."""
    left, right = wide(left, right, 1)
    return left - right


def times(left: Term, right: Term) -> Term:
    """The product."""
    if z3.is_bv(left) and z3.is_bv(right):
        width = left.size() + right.size()
        left, right = widened(left, width), widened(right, width)
    left, right = both(left, right)
    return left * right


def negative(term: Term) -> Term:
    """The number with its sign changed."""
    return -widened(term, term.size() + 1) if z3.is_bv(term) else -term


def remainder(left: Term, right: Term) -> Term:
    """What floor division by a positive number leaves, as in Python."""
    left, right = both(left, right)
    return left % right


def quotient(left: Term, right: Term) -> Term:
    """Floor division by a positive number, as in Python."""
    if not z3.is_bv(left):
        left, right = both(left, right)
        return left / right
    width = left.size()
    left, right = wide(left, right, 1)
    return narrowed((left - left % right) / right, width)


def chosen_term(condition: z3.BoolRef, then: Term, otherwise: Term) -> Term:
    """One number or the other."""
    then, otherwise = both(then, otherwise)
    return then if then.eq(otherwise) else z3.If(condition, then, otherwise)


def how_many(truths: Sequence[z3.BoolRef]) -> Term:
    """How many of some are true."""
    if not are_bits():
        return z3.Sum(*(z3.If(t, 1, 0) for t in truths))
    one, zero = both(constant(1), z3.BitVecVal(0, bits_for(len(truths))))
    return z3.Sum(*(z3.If(t, one, zero) for t in truths))


def lowest_of(term: Term) -> int:
    """The lowest number that a bit-vector has room for."""
    return -(1 << int(term.size()) - 1)


def highest_of(term: Term) -> int:
    """The highest."""
    return (1 << int(term.size()) - 1) - 1

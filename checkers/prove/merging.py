"""One value or another: if-then-else over symbolic values, and columns, which hold a value for every index.

Left out: values of different kinds; a number and a set are never merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from checkers.prove.arithmetic import chosen_term, constant, placed
from checkers.prove.terms import Members, Number, Truth, truth


class Column:
    """A value for every index: arrays of Z3, as many as the value has terms."""

    __slots__ = ("arrays", "sample")

    def __init__(self, sample: Any, arrays: tuple[z3.ArrayRef, ...]) -> None:  # noqa: ANN401 - a number, truth or set
        """`sample` is any value of the kind that it holds."""
        self.sample, self.arrays = sample, arrays

    def at(self, index: z3.ArithRef) -> Any:  # noqa: ANN401 - a number, truth or set
        """The value at an index."""
        return of_terms(self.sample, tuple(z3.simplify(a[index]) for a in self.arrays))

    def with_at(self, index: z3.ArithRef, value: Any) -> Column:  # noqa: ANN401 - a number, truth or set
        """The column with another value at an index."""
        terms = (new for _, new in matched(self.sample, value))
        return Column(self.sample, tuple(z3.Store(a, index, t) for a, t in zip(self.arrays, terms, strict=True)))


def terms_of(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a number, truth, set or column
    """The terms that a value is made of."""
    if isinstance(value, Column):
        return value.arrays
    if isinstance(value, Members):
        return value.terms if value.absent is None else (*value.terms, value.absent)
    return (value.term,) if isinstance(value, Number | Truth) else ()


def matched(place: Any, value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - values of spec code
    """The terms of a place, each with that of the value to be put there.

    A number that does not fit the place's bits loses those above: it must be asked of the value itself to be in range.
    """
    if isinstance(place, Column):
        alike = value
    elif isinstance(place, Truth):
        alike = Truth(truth(value))
    elif isinstance(place, Members):
        alike = place.alike(value)
        none = None if place.absent is None else alike.is_none()
        alike = Members(alike.terms, none)
    else:
        alike = Number(placed(place.term, place.operand(value)))
    return zip(terms_of(place), terms_of(alike), strict=True)


def of_terms(sample: Any, terms: tuple[Any, ...]) -> Any:  # noqa: ANN401 - as `terms_of`
    """A value like the sample of other terms."""
    if isinstance(sample, Column):
        return Column(sample.sample, terms)
    if isinstance(sample, Members):
        return Members(terms) if sample.absent is None else Members(terms[:-1], terms[-1])
    return type(sample)(*terms)


def chosen(condition: z3.BoolRef, then: Any, otherwise: Any) -> Any:  # noqa: ANN401 - values of spec code
    """One value or the other, as a symbolic value; they must be of one kind."""
    if then is otherwise or (type(then) is int and type(otherwise) is int and then == otherwise):
        return then
    if isinstance(then, Column):
        pairs = zip(then.arrays, otherwise.arrays, strict=True)
        return Column(then.sample, tuple(a if a.eq(b) else z3.If(condition, a, b) for a, b in pairs))
    if isinstance(then, Members) or isinstance(otherwise, Members):
        return chosen_set(condition, then, otherwise)
    if is_truth(then) and is_truth(otherwise):
        return Truth(z3.simplify(z3.If(condition, truth(then), truth(otherwise))))
    if isinstance(then, int | Truth) and isinstance(otherwise, int | Truth):
        then, otherwise = Number(integer(then)), Number(integer(otherwise))
    sample = then if isinstance(then, Number) else otherwise
    left, right = sample.operand(then), sample.operand(otherwise)
    return then if left.eq(right) else Number(z3.simplify(chosen_term(condition, left, right)))


def chosen_set(condition: z3.BoolRef, then: Any, otherwise: Any) -> Members:  # noqa: ANN401 - sets
    """One set or the other."""
    sample = then if isinstance(then, Members) else otherwise
    left, right = as_set(sample, then), as_set(sample, otherwise)
    terms = tuple(z3.simplify(z3.If(condition, a, b)) for a, b in zip(left.terms, right.terms, strict=True))
    if left.absent is None and right.absent is None:
        return Members(terms)
    return Members(terms, z3.simplify(z3.If(condition, left.is_none(), right.is_none())))


def as_set(sample: Members, value: Any) -> Members:  # noqa: ANN401 - a set, or the mask of one
    """A value as a set over the members of another: a mask is known, or one or another known one by conditions."""
    if isinstance(value, Members):
        return value
    if not isinstance(value, Number):
        return sample.of_mask(value)
    if z3.is_app_of(value.term, z3.Z3_OP_ITE):
        condition, then, otherwise = value.term.children()
        return chosen_set(condition, as_set(sample, Number(then)), as_set(sample, Number(otherwise)))
    return sample.of_mask(int(value))


def integer(value: object) -> Any:  # noqa: ANN401 - a term
    """An int or a truth as the term of a number."""
    if isinstance(value, Truth):
        return chosen_term(value.term, constant(1), constant(0))
    return constant(int(value))  # type: ignore[call-overload]


def is_truth(value: object) -> bool:
    """Whether a value is a bool, known or not."""
    return isinstance(value, bool | Truth)

"""The functions of the spec language, and the builtins that specs use, on symbolic values.

Each gives what its plain counterpart gives, NONE included; where plain Python meets a fault, so do they.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import z3

from checkers.prove.arithmetic import chosen_term, constant, how_many
from checkers.prove.merging import chosen
from checkers.prove.terms import Members, Number, Truth, equals, truth
from specs.language import NONE, OutOfRange
from specs.shape import MAX_SET


def all_of(values: Any) -> Truth:  # noqa: ANN401 - an iterable of truths
    """Whether all are true; unlike Python's it looks at every one."""
    return Truth(z3.simplify(z3.And(*(truth(v) for v in values))))


def any_of(values: Any) -> Truth:  # noqa: ANN401 - an iterable of truths
    """Whether any is true; unlike Python's it looks at every one."""
    return Truth(z3.simplify(z3.Or(*(truth(v) for v in values))))


def least(*values: Any) -> Any:  # noqa: ANN401 - numbers
    """The least of some numbers."""
    first, *rest = given(values)
    for value in rest:
        first = chosen(truth(value < first), value, first)
    return first


def greatest(*values: Any) -> Any:  # noqa: ANN401 - numbers
    """The greatest of some numbers."""
    first, *rest = given(values)
    for value in rest:
        first = chosen(truth(value > first), value, first)
    return first


def given(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """What `min` and `max` compare: their arguments, or the elements of a single one."""
    return tuple(values[0]) if len(values) == 1 and isinstance(values[0], Iterable) else values


def contains(members: Any, member: Any) -> Any:  # noqa: ANN401 - a set and a number
    """See `specs.language.contains`."""
    if isinstance(members, Members):
        return Truth(members.has(member))
    if isinstance(member, Number) and members < 0:
        return member >= 0
    if isinstance(member, Number):
        return Truth(z3.Or(*(equals(member, m) for m in range(members.bit_length()) if members >> m & 1)))
    return bool(member >= 0 and members >> member & 1)


def insert(members: Any, member: Any) -> Any:  # noqa: ANN401 - a set and a number
    """See `specs.language.insert`; what is no possible member is refused here and not when the set is stored."""
    if not isinstance(members, Members):
        return members | 1 << int(member)
    if not truth_of_range(member, len(members.terms)):
        raise OutOfRange(f"{member} is put into a set of 0..{len(members.terms) - 1}")
    return members.having(member, there=True)


def remove(members: Any, member: Any) -> Any:  # noqa: ANN401 - a set and a number
    """See `specs.language.remove`."""
    if not isinstance(members, Members):
        return members & ~(1 << int(member))
    if not at_least_zero(member):
        raise OutOfRange(f"{member} is taken out of a set, whose members are from 0 up")
    if Truth(members.is_none()):
        raise OutOfRange("a member is taken out of none")
    return members.having(member, there=False)


def truth_of_range(member: Any, end: int) -> Any:  # noqa: ANN401 - a number or a set; a truth or a bool
    """Whether a member of a set, which may be a set itself, is from 0 to below an end."""
    if isinstance(member, Members):
        return Truth(z3.Not(member.is_none())) if 1 << len(member.terms) <= end else False
    return (member >= 0) & (member < end) if isinstance(member, Number) else 0 <= member < end


def at_least_zero(member: Any) -> Any:  # noqa: ANN401 - a number or a set; a truth or a bool
    """Whether a member is not NONE or otherwise negative."""
    return Truth(z3.Not(member.is_none())) if isinstance(member, Members) else member >= 0


def is_subset(members: Any, others: Any) -> Any:  # noqa: ANN401 - sets
    """See `specs.language.is_subset`; of NONE, that has every bit, only NONE is a superset."""
    sample = members if isinstance(members, Members) else others
    if not isinstance(sample, Members):
        return members & ~others == 0
    left, right = sample.alike(members), sample.alike(others)
    each = z3.And(*(z3.Implies(a, b) for a, b in zip(left.terms, right.terms, strict=True)))
    return Truth(z3.simplify(z3.Or(right.is_none(), z3.And(z3.Not(left.is_none()), each))))


def size(members: Any) -> Any:  # noqa: ANN401 - a set
    """See `specs.language.count`."""
    if not isinstance(members, Members):
        return int(members).bit_count() if members != NONE else MAX_SET
    present = how_many(members.terms)
    return Number(present if members.absent is None else chosen_term(members.absent, constant(MAX_SET), present))

"""The proof of jump consistent hashing: with one bucket more, a key stays where it is or goes to the new one.

In three steps, each of which runs the code. `next_leap` goes past the bucket that it starts from, for any number drawn.
`leaps` takes each leap from the one before, with a number that is in range, for any key. And `jump`, whatever its leaps
are as long as they increase, moves keys only to the new bucket.

Of rounding is assumed what IEEE 754 promises: it keeps the order, and whole numbers up to 2^53 stay as they are.

Source: Lamping and Veach (2014); `model.theory.hashing`.
Left out: how evenly keys are spread, which is measured; keys that leap more often than the bound says before they are
past the buckets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import Any

import z3

from checkers.prove.claims import Claim, all_of, any_of, between, numbers, proved
from checkers.prove.proof import Proof, Proved
from checkers.prove.replaced import replaced
from checkers.prove.terms import Number, Truth, truth
from model.theory import hashing

ROUNDED = z3.Function("rounded", z3.RealSort(), z3.RealSort())
NEXT_LEAP = "model.theory.hashing.next_leap"


class Whole(Number):
    """A whole number that is not known; taken together with a float it makes one."""

    __slots__ = ()

    def __add__(self, other: object) -> Whole:
        return Whole(super().__add__(other).term)

    def __mul__(self, other: object) -> Any:  # noqa: ANN401 - a whole number or a float
        return other * self if isinstance(other, Float) else Whole(super().__mul__(other).term)

    def __rtruediv__(self, other: int) -> Float:
        return Float(ROUNDED(z3.RealVal(other) / z3.ToReal(self.term)))


class Float:
    """A double that is not known: a real number, rounded."""

    __slots__ = ("term",)

    def __init__(self, term: z3.ArithRef) -> None:
        self.term = term

    def __mul__(self, other: Whole) -> Float:
        return Float(ROUNDED(z3.ToReal(other.term) * self.term))

    def __floor__(self) -> Whole:
        return Whole(z3.ToInt(self.term))


def leap_increases(*, whole_numbers_stay: bool = True) -> Claim:
    """That `next_leap` goes past the bucket that it starts from, up to 2^53, for any number drawn."""
    bucket, drawn = Whole(z3.Int("bucket")), Whole(z3.Int("drawn"))
    start, one = z3.ToReal(bucket.term + 1), z3.RealVal(1)
    exact = z3.RealVal(hashing.DRAWS) / z3.ToReal(drawn.term + 1)
    product = start * ROUNDED(exact)
    kept = [z3.Implies(a >= b, ROUNDED(a) >= ROUNDED(b)) for a, b in ((exact, one), (product, start))]
    whole = [ROUNDED(one) == 1, ROUNDED(start) == start] if whole_numbers_stay else []
    limits = (*between(0, [drawn], hashing.DRAWS - 1), *between(0, [bucket], (1 << 53) - 2))

    def says() -> Truth:
        leap: Any = hashing.next_leap(bucket, drawn)  # type: ignore[arg-type]
        return Truth(truth(leap > bucket))

    return Claim("leaps increase", says, (*limits, *kept, *whole))


class AnyLeap:
    """What stands in for `next_leap`: a greater number; `asked` is whether it was asked for as it may be."""

    def __init__(self, leaps: list[Number]) -> None:
        self.leaps, self.asked = leaps, list[Truth]()

    def __call__(self, bucket: Any, drawn: Any) -> Number:  # noqa: ANN401 - numbers, known or not
        """The next of the leaps, in whose place it must be asked for."""
        before = [0, *self.leaps][len(self.asked)]
        self.asked.append(all_of([bucket == before, drawn >= 0, drawn < hashing.DRAWS]))
        return self.leaps[len(self.asked) - 1]


def no_more_than(count: int, leaps: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    """The same leaps; asserts that no more are taken than so many after the first."""

    def bounded(key: Any) -> Iterator[Any]:  # noqa: ANN401 - a number
        yield from islice(leaps(key), count + 1)
        raise AssertionError("more leaps are taken than it takes to be past the buckets")

    return bounded


def leaps_follow(count: int) -> Claim:
    """That `leaps` of any key are 0 and what `next_leap` makes of each, with a number drawn that it may be given."""
    made, key = numbers("leap", count), Number(z3.Int("key"))

    def says() -> Truth:
        instead = AnyLeap(made)
        with replaced(NEXT_LEAP, instead):
            found = list(islice(hashing.leaps(key), count + 1))  # type: ignore[arg-type]
        same = [Truth(truth(a == b)) for a, b in zip(found, [0, *made], strict=True)]
        return all_of([*same, *instead.asked, len(instead.asked) == count])

    return Claim(f"{count} leaps follow each other", says, between(0, [key], hashing.WORD - 1))


def jump_moves(leaps: int, below: Callable[..., Any] | None = None) -> Claim:
    """That `jump` is the last leap below the buckets, and with one more, of any number, stays or goes to that one.

    Its leaps may be any that increase. `below` is put in the place of `last_below`.
    """
    made, key, buckets = numbers("leap", leaps), Number(z3.Int("key")), Number(z3.Int("buckets"))
    increasing = tuple(truth(b > a) for a, b in pairwise([Number(z3.IntVal(0)), *made]))

    def jump(count: Number) -> Any:  # noqa: ANN401 - a number
        bounded = no_more_than(leaps, hashing.leaps)
        with replaced(NEXT_LEAP, AnyLeap(made)), replaced("model.theory.hashing.leaps", bounded):
            return hashing.jump(key, count)  # type: ignore[arg-type]

    def says() -> Truth:
        with replaced("model.theory.hashing.last_below", below or hashing.last_below):
            before, after = jump(buckets), jump(buckets + 1)
        last = all_of(any_of([leap <= before, leap >= buckets]) for leap in made)
        return all_of([any_of([after == before, after == buckets]), before < buckets, last])

    limits = (*between(0, [key], hashing.WORD - 1), truth(buckets >= 1), truth(made[-1] > buckets))
    return Claim(f"{leaps} leaps", says, (*increasing, *limits))


def last_of_even(increasing: Any, buckets: Any) -> Any:  # noqa: ANN401 - numbers
    """Broken: the number of buckets is rounded down to an even one, so that two appear at once."""
    bucket = 0
    for leap in increasing:
        if leap >= buckets - buckets % 2:
            break
        bucket = leap
    return bucket


def prove_jump(*, deep: bool) -> Proved:
    """Any number of buckets; the number of leaps is bounded."""
    claims = [leap_increases(), leaps_follow(3), jump_moves(8 if deep else 5)]
    broken = [
        ("two buckets come at once", jump_moves(3, last_of_even)),
        ("whole numbers are rounded", leap_increases(whole_numbers_stay=False)),
    ]
    return proved(claims, broken)


PROOFS = (
    Proof(
        "jump",
        ("PART-3",),
        "`next_leap` increases, `leaps` takes one from the other, so `jump` is the `last_below` the buckets, and with "
        "one bucket more moves keys only to it.",
        {"buckets": "any", "keys": "any of 64 bits", "leaps": 5},
        prove_jump,
        bounds_deep={"leaps": 8},
    ),
)

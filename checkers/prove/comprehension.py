"""`range`, `all` and `any` of spec code on symbolic values.

A generator expression is run once for each element that it may yield, every loop in it taking one value; its conditions
guard that element alone, and all elements are joined at the end. So the work grows with the number of elements,
where running the loops as they stand would multiply the ways through each of their conditions.

A loop to a number that is not known has one round, for any value: a quantifier. Where numbers are bit-vectors, it has a
round for each value that there may be.
"""

from __future__ import annotations

import dis
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from types import CellType, CodeType, FunctionType, GeneratorType
from typing import Any

import z3

from checkers.prove.arithmetic import are_bits, highest_of, lowest_of
from checkers.prove.paths import Fault, Paths
from checkers.prove.terms import INDEX_MAX, Number, Truth, truth
from specs.language import SpecError


@dataclass
class Joining:
    """The generator expression that is being run, and what its loops quantify over in this round."""

    paths: Paths
    code: CodeType
    first_fault: int
    """How many faults had been met before the round."""
    bound: list[z3.ArithRef] = field(default_factory=list)


_joining: list[Joining] = []


@lru_cache(maxsize=4096)
def loops_of(code: CodeType) -> frozenset[int]:
    """Where a generator expression asks for the next element of a loop of its own."""
    return frozenset(i.offset for i in dis.get_instructions(code) if i.opname == "FOR_ITER")


class Span:
    """What `range` is to spec code."""

    def __init__(self, *ends: Any) -> None:  # noqa: ANN401 - numbers
        """(end), (start, end) or, if all of them are known, (start, end, step)."""
        self.known = range(*ends) if all(isinstance(e, int) for e in ends) else None
        self.start, self.end = (0, ends[0]) if len(ends) == 1 else ends[:2]
        if self.known is None and len(ends) == 3:
            raise SpecError("a range with a step must have known ends")

    def __iter__(self) -> Rounds:
        return Rounds(self.known, self)

    def __len__(self) -> int:
        return len(range(int(self.start), int(self.end)) if self.known is None else self.known)

    def numbered(self, paths: Paths) -> Any:  # noqa: ANN401 - a number
        """One number from the start up, on a path for each that bit-vectors may have; it may be past the end."""
        low = lowest_of(self.start.term) if isinstance(self.start, Number) else self.start
        high = highest_of(self.end.term) if isinstance(self.end, Number) else self.end
        if high - low > INDEX_MAX:
            raise SpecError(f"a loop to {self.end} has more than {INDEX_MAX} rounds")
        return self.start + paths.choose(max(high - low, 1))


class Rounds:
    """An iterator over known values or an unknown range; one round of it if a loop of a joined expression asks.

    Where the expression hands it to something that asks for all elements, as `max` does, it gives all.
    """

    def __init__(self, known: Any, span: Span | None = None) -> None:  # noqa: ANN401 - a sequence or None
        self.known, self.span, self.position = known, span, 0

    def __iter__(self) -> Rounds:
        return self

    def __next__(self) -> Any:  # noqa: ANN401 - an element
        joining = _joining[-1] if _joining else None
        asker = sys._getframe(1)
        position, self.position = self.position, self.position + 1
        if joining is None or asker.f_code is not joining.code or asker.f_lasti not in loops_of(asker.f_code):
            return self.element(position)
        if position > 0 or (self.known is not None and len(self.known) == 0):
            raise StopIteration
        return self.any_element(joining)

    def element(self, position: int) -> Any:  # noqa: ANN401 - an element
        """The element of that number, on the paths where there is one."""
        if self.known is not None:
            if position == len(self.known):
                raise StopIteration
            return self.known[position]
        assert self.span is not None
        value = self.span.start + position
        if position == INDEX_MAX:
            raise SpecError(f"a loop to {self.span.end} has more than {INDEX_MAX} rounds")
        if not value < self.span.end:
            raise StopIteration
        return value

    def any_element(self, joining: Joining) -> Any:  # noqa: ANN401 - an element
        """One element; the other paths take the others."""
        if self.known is not None:
            return self.known[joining.paths.choose(len(self.known))]
        assert self.span is not None
        value = self.span.numbered(joining.paths) if are_bits() else Number(joining.paths.fresh())
        if not are_bits():
            joining.bound.append(value.term)
        inside = Truth(z3.And(truth(value >= self.span.start), truth(value < self.span.end)))
        if not inside:
            raise StopIteration
        return value


def joined(paths: Paths, values: Any, *, every: bool) -> Truth:  # noqa: ANN401 - truths
    """Whether all, or any, are true. Faults count where Python would look: up to the first that decides."""
    if not isinstance(values, GeneratorType):
        terms = [truth(v) for v in values]
        return Truth(z3.simplify(z3.And(*terms) if every else z3.Or(*terms)))
    expression = Expression(paths, values)
    before = len(paths.faults)
    deciding: list[tuple[int, z3.BoolRef]] = []
    for outcome in paths.outcomes(expression.one_round):
        number, found = outcome.returned
        for value in found:
            decides = z3.Not(truth(value)) if every else truth(value)
            deciding.append((number, some(expression.rounds[number].bound, z3.And(*outcome.condition, decides))))
    paths.faults[before:] = expression.faults(before, deciding)
    return Truth(z3.simplify(z3.And(*(denied(d) for _, d in deciding)) if every else z3.Or(*(d for _, d in deciding))))


class Expression:
    """A generator expression that can be run once for each element."""

    def __init__(self, paths: Paths, generator: Any) -> None:  # noqa: ANN401 - a generator that has not begun
        self.paths, self.code = paths, generator.gi_code
        names = dict(generator.gi_frame.f_locals)
        outermost = names.pop(".0")
        self.known = outermost.known if isinstance(outermost, Rounds) else tuple(outermost)
        self.span = outermost.span if isinstance(outermost, Rounds) else None
        cells = tuple(CellType(names[name]) for name in self.code.co_freevars)
        self.function = FunctionType(self.code, generator.gi_frame.f_globals, self.code.co_name, None, cells)
        self.rounds: list[Joining] = []

    def one_round(self) -> tuple[int, tuple[Any, ...]]:
        """The number of the round, and what it yields, if anything."""
        number = len(self.rounds)
        self.rounds.append(Joining(self.paths, self.code, len(self.paths.faults)))
        _joining.append(self.rounds[-1])
        try:
            return number, tuple(self.function(Rounds(self.known, self.span)))
        finally:
            _joining.pop()

    def faults(self, before: int, deciding: list[tuple[int, z3.BoolRef]]) -> list[Fault]:
        """What the rounds met, each where no earlier round had decided."""
        found = []
        for number, one in enumerate(self.rounds):
            after = self.rounds[number + 1].first_fault if number + 1 < len(self.rounds) else len(self.paths.faults)
            earlier = [denied(d) for k, d in deciding if k < number and not z3.is_quantifier(d)]
            for fault in self.paths.faults[max(before, one.first_fault) : after]:
                condition = z3.simplify(z3.And(fault.condition, *earlier))
                found.append(Fault(condition, fault.message, (*one.bound, *fault.bound)))
        return found


def some(bound: list[z3.ArithRef], condition: z3.BoolRef) -> z3.BoolRef:
    """That a condition holds for some value of the variables."""
    return z3.Exists(bound, condition) if bound else condition


def denied(condition: z3.BoolRef) -> z3.BoolRef:
    """That a condition does not hold, for any value of what it quantifies over."""
    if z3.is_quantifier(condition) and condition.is_exists():
        names = [z3.FreshInt("any") for _ in range(condition.num_vars())]
        return z3.ForAll(names, z3.Not(z3.substitute_vars(condition.body(), *reversed(names))))
    return z3.Not(condition)

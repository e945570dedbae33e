"""A spec's own functions on symbolic values: each action as one term for its guard and one for every scalar after it.

The functions are rebound as `Instance` rebinds them, with three differences: what they call is run on all its paths and
merged at its return; `all`, `any`, `min` and `max` build terms instead of asking; the set operations of the spec
language work on truths. Bounds may be left open: an array whose length depends on such a one is a column for each
field, and `all` over a range that ends in an unknown number is a quantifier.

Left out: a `for` statement over a range that ends in an unknown number forks on that number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, cast

import z3

from checkers.explore.translate import Translator
from checkers.prove import arithmetic, merging, operations
from checkers.prove.bags import blanks, make_blank
from checkers.prove.comprehension import Span, joined
from checkers.prove.merging import Column
from checkers.prove.paths import Fault, Outcome, Paths
from checkers.prove.ranges import length_of, limits, lowest, refuse_open_sizes
from checkers.prove.state import Cell, SymbolicRecord, cells_of
from checkers.prove.terms import Members, Number, Truth, truth
from specs import language
from specs.instance import BoundAction, Instance, names_in
from specs.language import SpecError
from specs.shape import Scalar

OPERATIONS: Mapping[Any, Callable[..., Any]] = {
    language.contains: operations.contains,
    language.insert: operations.insert,
    language.remove: operations.remove,
    language.is_subset: operations.is_subset,
    language.count: operations.size,
}


@dataclass(frozen=True, slots=True)
class SymbolicState:
    """A state of the spec whose scalars are constants of Z3, and what their types say of them."""

    record: SymbolicRecord
    cells: tuple[Cell, ...]
    in_range: tuple[z3.BoolRef, ...]


@dataclass(frozen=True, slots=True)
class Initial:
    """The initial states: the limits of what they are chosen by, and what each cell holds."""

    in_range: tuple[z3.BoolRef, ...]
    values: tuple[Any, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class SymbolicStep:
    """An action for all its parameters: from any state where `enabled` holds, `after` says what each cell becomes."""

    action: BoundAction
    parameters: tuple[tuple[str, Any], ...]
    in_range: tuple[z3.BoolRef, ...]
    enabled: z3.BoolRef
    after: tuple[Any, ...]
    faults: tuple[Fault, ...]
    paths: int


class SymbolicInstance:
    """An instance whose functions run on symbolic values."""

    def __init__(
        self, instance: Instance, unbounded: Collection[str] = (), numbers: arithmetic.Numbers = "integers"
    ) -> None:
        """The bounds named in `unbounded` have any value from their lowest up. SpecError for such as bit-vectors."""
        self.instance, self.numbers = instance, numbers
        declared = {b.name: b for b in cast("tuple[language.Bound, ...]", instance.spec.bounds)}
        for name in unbounded:
            if name not in declared:
                raise SpecError(f"{instance.spec.name} has no bound {name!r}; it has {', '.join(declared) or 'none'}")
        if unbounded and numbers == "bit-vectors":
            raise SpecError(
                f"{instance.spec.name}: {', '.join(unbounded)} may have any value, which needs unbounded integers; "
                "bit-vectors have a largest one"
            )
        opened = {name: Number(z3.Int(f"bound!{name}")) for name in unbounded}
        self.bounds: dict[str, Any] = instance.bounds | opened
        self.opened = tuple(opened.values())
        """The bounds that have any value."""
        refuse_open_sizes(instance.spec.state.fields.items(), self.bounds)
        self.open_bounds = tuple(truth(value >= declared[name].low) for name, value in opened.items())
        """That they are no lower."""
        ablations = cast("tuple[language.Ablation, ...]", instance.spec.ablations)
        self._language = Translator(instance.bounds, tuple(a.name for a in ablations))
        self._rebound: dict[FunctionType, FunctionType] = {}
        self._paths: Paths | None = None
        self.paths_taken = 0
        """How many paths were run in all."""

    # ---------------------------------------------------------------------------------------------- values

    def value(self, name: str, scalar: Scalar) -> Any:  # noqa: ANN401 - a number, truth or set
        """An unknown value of a scalar type."""
        if scalar.kind == "bool":
            return Truth(z3.Bool(name))
        if scalar.kind == "set":
            members = tuple(z3.Bool(f"{name}.{m}") for m in range(scalar.high.bit_length()))
            return Members(members, z3.Bool(f"{name}.none") if scalar.optional else None)
        with arithmetic.numbers_as(self.numbers):
            return Number(arithmetic.unknown(name, scalar.low, scalar.high))

    def state(self, suffix: str = "") -> SymbolicState:
        """An unknown state; its constants are named by their paths."""
        record = SymbolicRecord(self.instance.struct, Unknown(self, suffix))
        cells = tuple(cells_of(record))
        limits = (t for c in cells for t in self.limits(c.declared, c.scalar, c.value))
        return SymbolicState(record, cells, (*self.open_bounds, *limits, *blanks(record)))

    def limits(self, declared: Any, scalar: Scalar, value: Any) -> Iterator[z3.BoolRef]:  # noqa: ANN401
        """That a value is in the range of its type."""
        return limits(declared, scalar, value, self.bounds)

    def ranges(self, state: SymbolicState, values: Sequence[Any]) -> z3.BoolRef:
        """That each of the values that the cells of a state are to have is within its declared range."""
        cells = zip(state.cells, values, strict=True)
        return z3.And(*(t for c, v in cells for t in self.limits(c.declared, c.scalar, v)))

    # ----------------------------------------------------------------------------------------------- running

    def step(self, action: BoundAction, state: SymbolicState, *assumptions: z3.BoolRef) -> SymbolicStep:
        """An action from a state, for all values of its parameters at once; the state is left as it was."""
        parameters, limits = self.parameters(action)
        paths = Paths(state.cells, (*quantifier_free(state.in_range), *limits, *assumptions))
        function = self.rebind(action.source)
        with arithmetic.numbers_as(self.numbers):
            outcomes = self._run(paths, function, state.record, *(value for _, value in parameters))
            fired = [done for o in outcomes for done in taken(o)]
            enabled = z3.simplify(z3.Or(*(z3.And(*o.condition) for o in fired)))
            after = settled(state, Paths.merged(fired).written) if fired else tuple(c.value for c in state.cells)
        self.paths_taken += paths.taken
        return SymbolicStep(action, parameters, limits, enabled, after, tuple(paths.faults), paths.taken)

    def parameters(self, action: BoundAction) -> tuple[tuple[tuple[str, Any], ...], tuple[z3.BoolRef, ...]]:
        """A constant for each parameter of an action, and that they are in their domains."""
        scalars, domains = dict(action.parameters), getattr(action.source, "domains", {})
        refuse_open_sizes(domains.items(), self.bounds)
        named = tuple((name, self.value(f"param!{action.name}.{name}", s)) for name, s in scalars.items())
        return named, tuple(t for name, value in named for t in self.limits(domains[name], scalars[name], value))

    def initial(self, state: SymbolicState) -> Initial:
        """The initial states, all of them at once."""
        action = self.instance.initial
        before = [c.value for c in state.cells]
        for cell in state.cells:
            cell.value = self.default(cell)
        parameters, limits = self.parameters(action)
        paths = Paths(state.cells, (*self.open_bounds, *limits))
        with arithmetic.numbers_as(self.numbers):
            try:
                outcomes = self._run(paths, self.rebind(action.source), state.record, *(v for _, v in parameters))
            finally:
                for cell, value in zip(state.cells, before, strict=True):
                    cell.value = value
            values = Paths.merged(outcomes).written if outcomes else tuple(self.default(c) for c in state.cells)
            written = settled(state, values)
        self.paths_taken += paths.taken
        return Initial(limits, written, tuple(paths.faults))

    def default(self, cell: Cell) -> Any:  # noqa: ANN401 - an int, a column
        """What a cell holds before the initial state is written."""
        value = lowest(cell.declared, cell.scalar, self.bounds)
        if not isinstance(cell.value, Column):
            return value
        return Column(
            cell.value.sample, tuple(z3.K(z3.IntSort(), t) for _, t in merging.matched(cell.value.sample, value))
        )

    def holds(self, predicate: Callable[..., Any], *states: SymbolicState) -> z3.BoolRef:
        """A predicate of one state, or of a step, as a term; false where the predicate meets a fault.

        It is right for states in range only.
        """
        cells = tuple(c for s in states for c in s.cells)
        paths = Paths(cells, (*self.open_bounds, *quantifier_free(t for s in states for t in s.in_range)))
        with arithmetic.numbers_as(self.numbers):
            outcomes = self._run(paths, self.rebind(cast("FunctionType", predicate)), *(s.record for s in states))
            returned = [truth(Paths.merged(outcomes).returned)] if outcomes else []
        self.paths_taken += paths.taken
        return z3.simplify(z3.And(*returned, *(fault.denial for fault in paths.faults)))

    def _run(self, paths: Paths, function: Callable[..., Any], *arguments: Any) -> list[Outcome]:  # noqa: ANN401
        outer, self._paths = self._paths, paths
        try:
            return paths.outcomes(function, *arguments)
        finally:
            self._paths = outer

    # --------------------------------------------------------------------------------------------- rebinding

    def rebind(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with bounds and ablations valued, and all that it calls merged at its return.

        SpecError, as from the explorer, for what is not in the spec language: symbolic values might make another thing
        of it than plain ones.
        """
        assert isinstance(function, FunctionType)
        if function not in self._rebound:
            self._language.name_of(function)
            scope = dict(function.__globals__)
            rebound = FunctionType(
                function.__code__, scope, function.__name__, function.__defaults__, function.__closure__
            )
            rebound.__kwdefaults__ = function.__kwdefaults__
            self._rebound[function] = rebound
            scope |= {"all": self._all, "any": self._any, "min": operations.least, "max": operations.greatest}
            scope |= {"int": as_number, "bool": as_truth, "range": Span}
            for name in dict.fromkeys(names_in(function.__code__)):
                if name in function.__globals__:
                    scope[name] = self._valued(scope[name])
        return self._rebound[function]

    def _valued(self, value: object) -> object:
        if isinstance(value, FunctionType):
            if value in OPERATIONS:
                return OPERATIONS[value]
            return self._merging(self.rebind(value))
        if isinstance(value, language.Expression):
            return language.evaluate(value, self.bounds)
        return self.instance.valued(value)

    def _merging(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def merged(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - spec values
            assert self._paths is not None
            return self._paths.call(function, *arguments, **named)

        return merged

    def _all(self, values: Any) -> Truth:  # noqa: ANN401 - truths
        assert self._paths is not None
        return joined(self._paths, values, every=True)

    def _any(self, values: Any) -> Truth:  # noqa: ANN401 - truths
        assert self._paths is not None
        return joined(self._paths, values, every=False)


class Unknown:
    """Makes the constants of an unknown state."""

    def __init__(self, symbolic: SymbolicInstance, suffix: str) -> None:
        self.symbolic, self.suffix = symbolic, suffix

    def value(self, path: str, scalar: Scalar) -> Any:  # noqa: ANN401 - a number, truth or set
        """A constant named by its path."""
        return self.symbolic.value(path + self.suffix, scalar)

    def column(self, path: str, scalar: Scalar) -> Column:
        """Arrays named by their path."""
        sample = self.symbolic.value(path + self.suffix, scalar)
        arrays = tuple(z3.Array(str(t), z3.IntSort(), t.sort()) for t in merging.terms_of(sample))
        return Column(sample, arrays)

    def limits(self, declared: Any, scalar: Scalar, value: Any) -> Iterator[z3.BoolRef]:  # noqa: ANN401 - a value
        """That a value is in the range of its type."""
        return self.symbolic.limits(declared, scalar, value)

    def length(self, declared: Any) -> Any:  # noqa: ANN401 - a declared array; a number
        """The length of an array; a term if it depends on what is unbounded."""
        return length_of(declared, self.symbolic.bounds)


def quantifier_free(conditions: Iterable[z3.BoolRef]) -> Iterator[z3.BoolRef]:
    """Those that a question of feasibility may assume: leaving some out only keeps more paths."""
    return (c for c in conditions if not z3.is_quantifier(c))


def settled(state: SymbolicState, values: Sequence[Any]) -> tuple[Any, ...]:
    """What the cells of a state hold once the slots past the count of every bag are made blank."""
    before = [c.value for c in state.cells]
    for cell, value in zip(state.cells, values, strict=True):
        cell.value = value
    make_blank(state.record)
    after = tuple(c.value for c in state.cells)
    for cell, value in zip(state.cells, before, strict=True):
        cell.value = value
    return after


def taken(outcome: Outcome) -> Iterator[Outcome]:
    """The outcome where the action fires, if it may."""
    fires = z3.simplify(truth(outcome.returned))
    if not z3.is_false(fires):
        yield Outcome((*outcome.condition, fires), returned=True, written=outcome.written)


def as_number(value: Any) -> Any:  # noqa: ANN401 - a number
    """What `int(...)` makes of a value: itself, unless it is a truth."""
    return Number(merging.integer(value)) if isinstance(value, Truth) else value


def as_truth(value: Any) -> Any:  # noqa: ANN401 - a truth
    """What `bool(...)` makes of a value."""
    return Truth(truth(value)) if isinstance(value, Truth | Number | Members) else bool(value)

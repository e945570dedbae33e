"""All paths through a function on symbolic values, merged at its return into one value and one state.

A function is run once for each path: every question that Python asks of a symbolic value is answered by a script, and
past its end by whatever the solver finds possible, the other answer being put down for a later run. What the paths
return, and what they write, becomes one if-then-else term each, so that a caller does not multiply its own paths by
those of what it calls.

Source: King, Symbolic Execution and Program Testing (1976); Kuznetsov et al., Efficient State Merging in Symbolic
Execution (2012).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import z3

from checkers.faults import FAULT_ERRORS, message_of
from checkers.prove.forks import deciding
from checkers.prove.merging import chosen
from specs.language import SpecError

FEASIBLE_RLIMIT = 200_000
"""What one question of feasibility may cost; where it isn't answered, both ways are taken."""
PATHS_MAX = 1 << 16
"""How many paths one run of a function may have."""
PENDING_MAX = 1024
"""How many of them may be put down and not be run yet; each round of a loop without an end puts down one."""
OURS = tuple(
    f"checkers.prove.{n}" for n in ("comprehension", "merging", "operations", "paths", "state", "symbolic", "terms")
)
"""The modules whose assertions are no finding about the code that is run."""
REFUSALS = (SpecError, TypeError, AttributeError)
"""What comes of code that symbolic values have no operation for."""


class Cell(Protocol):
    """A place of the symbolic state."""

    value: Any


@dataclass(frozen=True, slots=True)
class Fault:
    """A finding (an assertion, an index outside its range) and where it is met."""

    condition: z3.BoolRef
    message: str
    bound: tuple[z3.ArithRef, ...] = ()
    """The variables of loops over unknown ranges, for any value of which the condition may hold."""

    @property
    def denial(self) -> z3.BoolRef:
        """That it is not met."""
        none = z3.Not(self.condition)
        return z3.ForAll(list(self.bound), none) if self.bound else none


class Infeasible(Exception):  # noqa: N818 - it ends a path, not the run
    """No state takes this path."""


class TooManyPaths(Exception):  # noqa: N818 - what is asked stays unknown
    """A function has more paths than are run, such as one that loops while an unbounded number is not reached."""

    def __init__(self, function: str) -> None:
        super().__init__(f"{function} has more paths than can be run")
        self.function = function

    def __reduce__(self) -> tuple[type[TooManyPaths], tuple[str]]:
        """As another process is told of it."""
        return TooManyPaths, (self.function,)


class UnsupportedError(SpecError):
    """Code that can't be run on symbolic values, told with its file and line."""


@dataclass
class Paths:
    """The paths of a run over some state. `cells` are all places that the run may write."""

    cells: Sequence[Cell]
    assumptions: Iterable[z3.BoolRef] = ()
    taken: int = 0
    """How many paths were run to their end."""
    faults: list[Fault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._solver = z3.Solver()
        self._solver.set("rlimit", FEASIBLE_RLIMIT)
        self._solver.add(*self.assumptions)
        self._condition: list[z3.BoolRef] = []
        self._known: dict[int, bool] = {}
        self._script: list[int] = []
        self._position = 0
        self._todo: list[list[int]] = []
        self._begun = 0
        """How many paths of the function that is being run were put down."""
        self._running = ""
        self._fresh = 0

    # -------------------------------------------------------------------------------------------------- forks

    def decide(self, condition: z3.BoolRef) -> bool:
        """The outcome of a condition on this path; the first time, both ways are put down if both are possible.

        Every question takes its own place in the script, so that a run for another answer can't get out of step.
        """
        simple = z3.simplify(condition)
        if self._position == len(self._script):
            self._script.append(self._first_answer(simple))
        answer = bool(self._script[self._position])
        self._position += 1
        if self._decided(simple) is None:
            self._assume(simple, holds=answer)
        return answer

    def choose(self, count: int) -> int:
        """One of `count` alternatives on each path, in order; none of them is a condition."""
        if self._position == len(self._script):
            self._put_down([*self._script, other] for other in reversed(range(1, count)))
            self._script.append(0)
        answer = self._script[self._position]
        self._position += 1
        return answer

    def suppose(self, *facts: z3.BoolRef) -> None:
        """Take what holds of every state in range for known, where paths are cut."""
        self._solver.add(*facts)

    def fresh(self) -> z3.ArithRef:
        """A number that nothing is known of."""
        self._fresh += 1
        return z3.Int(f"any!{self._fresh}")

    def _decided(self, condition: z3.BoolRef) -> bool | None:
        """The outcome of a simplified condition where it needs no solver."""
        if z3.is_true(condition) or z3.is_false(condition):
            return bool(z3.is_true(condition))
        return self._known.get(condition.get_id())

    def _first_answer(self, condition: z3.BoolRef) -> bool:
        decided = self._decided(condition)
        if decided is not None:
            return decided
        if not self._possible(condition):
            return False
        if self._possible(z3.Not(condition)):
            self._put_down([[*self._script, 0]])
        return True

    def _put_down(self, scripts: Iterable[list[int]]) -> None:
        """Have these paths run later. Raises TooManyPaths."""
        before = len(self._todo)
        self._todo += scripts
        self._begun += len(self._todo) - before
        if self._begun >= PATHS_MAX or len(self._todo) >= PENDING_MAX:
            raise TooManyPaths(self._running)

    def _possible(self, condition: z3.BoolRef) -> bool:
        return bool(self._solver.check(*self._condition, condition) != z3.unsat)

    def _assume(self, condition: z3.BoolRef, *, holds: bool) -> None:
        self._condition.append(condition if holds else z3.Not(condition))
        self._known[condition.get_id()] = holds

    # ----------------------------------------------------------------------------------------------- calls

    def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        """Run a function on every path from here; returns, and leaves in the cells, what they come to together."""
        outcomes = self.outcomes(function, *arguments, **named)
        if not outcomes:
            raise Infeasible
        merged = self.merged(outcomes)
        for cell, value in zip(self.cells, merged.written, strict=True):
            cell.value = value
        if len(outcomes) > 1 or self.faults:
            reached = z3.simplify(z3.Or(*(z3.And(*o.condition) for o in outcomes)))
            if not z3.is_true(reached):
                self._assume(reached, holds=True)
        return merged.returned

    def outcomes(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> list[Outcome]:  # noqa: ANN401
        """What each path from here returns and writes; the cells are left as they were.

        Raises TooManyPaths, and SpecError for code that can't be run on symbolic values.
        """
        saved = (self._script, self._position, self._todo, self._begun, self._running)
        before = [cell.value for cell in self.cells]
        depth, known = len(self._condition), dict(self._known)
        found: list[Outcome] = []
        self._todo, self._begun, self._running = [[]], 0, name_of(function)
        with deciding(self):
            while self._todo:
                self._script, self._position = self._todo.pop(), 0
                try:
                    found += self._one(function, arguments, named, depth)
                finally:
                    for cell, value in zip(self.cells, before, strict=True):
                        cell.value = value
                del self._condition[depth:]
                self._known = dict(known)
        self._script, self._position, self._todo, self._begun, self._running = saved
        return found

    def _one(self, function: Callable[..., Any], arguments: Any, named: Any, depth: int) -> Iterator[Outcome]:  # noqa: ANN401
        try:
            returned = function(*arguments, **named)
        except Infeasible:
            return
        except UnsupportedError:
            raise
        except REFUSALS as error:
            raise UnsupportedError(f"{place_of(error) or name_of(function)}: {error}") from error
        except FAULT_ERRORS as error:
            if is_ours(error):
                where = place_of(error) or name_of(function)
                raise UnsupportedError(f"{where}: can't be run on symbolic values: {error!r}") from error
            self.faults.append(Fault(z3.And(*self._condition), message_of(error)))
            return
        self.taken += 1
        yield Outcome(tuple(self._condition[depth:]), returned, tuple(cell.value for cell in self.cells))

    @staticmethod
    def merged(outcomes: Sequence[Outcome]) -> Outcome:
        """All outcomes as one; the last stands where no other's condition holds."""
        result = outcomes[-1]
        for outcome in reversed(outcomes[:-1]):
            condition = z3.And(*outcome.condition)
            result = Outcome(
                (),
                merged_return(condition, outcome.returned, result.returned),
                tuple(chosen(condition, a, b) for a, b in zip(outcome.written, result.written, strict=True)),
            )
        return result


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a path comes to: its condition beyond the caller's, what it returned, and the cells' values at its end."""

    condition: tuple[z3.BoolRef, ...]
    returned: Any
    written: tuple[Any, ...]


def is_ours(error: BaseException) -> bool:
    """Whether an assertion or an unfit value was met by the symbolic values themselves, not by the code that is run."""
    if not isinstance(error, AssertionError | ValueError):
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return module in OURS or module.partition(".")[0] == "z3"


def name_of(function: Callable[..., Any]) -> str:
    """The name of a function, also where some of its arguments are given."""
    return name_of(function.func) if isinstance(function, partial) else function.__name__


def place_of(error: BaseException) -> str:
    """The file, the line and the function of the code that was run where an error was met; empty if it was ours."""
    place, trace = "", error.__traceback__
    while trace is not None:
        module = trace.tb_frame.f_globals.get("__name__", "")
        if module not in OURS and module.partition(".")[0] != "z3":
            code = trace.tb_frame.f_code
            place = f"{code.co_filename}:{trace.tb_lineno}: {code.co_name}"
        trace = trace.tb_next
    return place


class Mergeable(Protocol):
    """A returned value that is no number, such as a record of the state."""

    def merged_with(self, condition: z3.BoolRef, other: Any) -> Any:  # noqa: ANN401
        """One where the condition holds, the other elsewhere."""


def merged_return(condition: z3.BoolRef, then: Any, otherwise: Any) -> Any:  # noqa: ANN401
    """One returned value or the other."""
    if then is otherwise:
        return then
    if hasattr(then, "merged_with"):
        return then.merged_with(condition, otherwise)
    return chosen(condition, then, otherwise)

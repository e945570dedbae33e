"""Induction: what holds at first, and is kept by every action, holds after any number of steps.

An inductive invariant is a conjunction. Asked is, one question at a time: each conjunct holds in every initial state;
each action, from any state in which all conjuncts hold, keeps each conjunct and every declared range, and meets no
fault; from the conjuncts follow the safety properties; each step has the step properties. A question that Z3 answers
with sat has a counterexample to induction: a state, which need not be reachable, and a step out of the invariant.
It is decoded to plain Python states and believed only once the spec's plain functions have walked it.

Source: Floyd (1967); Padon et al., Ivy: Safety Verification by Interactive Generalization (2016), for
counterexamples to induction; mypyvy for one query an action and conjunct.
Left out: liveness; finding the conjuncts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import z3

from checkers.prove.arithmetic import Numbers
from checkers.prove.formulas import entailed
from checkers.prove.merging import matched
from checkers.prove.paths import TooManyPaths
from checkers.prove.symbolic import SymbolicInstance, SymbolicState
from checkers.prove.to_induction import (
    Disagreement,
    Question,
    ToInduction,
    broken_at_first,
    counterexample_to_induction,
    initial_counterexample,
)
from specs.instance import Instance
from specs.language import Predicate, SpecError

RLIMIT = 100_000_000
"""What one question may cost; beyond it the answer is unknown."""
RLIMIT_FEW = 3_000_000
"""The same while only the goal's own conjunct and the short ones are assumed."""
SHORT = 400
"""How many subterms a conjunct may have to be assumed at once."""
INITIAL, SAFETY = "initial", "safety"
RANGES = "ranges"
"""What the obligation is called that every scalar stays within its declared range."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """What is to be proved of an instance, whose bounds named in `unbounded` may have any value."""

    instance: Instance
    conjuncts: tuple[Predicate, ...]
    safety: tuple[Predicate, ...] = ()
    step_properties: tuple[Callable[[Any, Any], bool], ...] = ()
    unbounded: Collection[str] = ()
    numbers: Numbers = "integers"
    """What numbers are to Z3; as bit-vectors they are as wide as their ranges need, and nothing is unbounded."""

    def __post_init__(self) -> None:
        """SpecError unless every action is a section of its own."""
        names = self.sections
        for name in names:
            if names.count(name) > 1:
                raise SpecError(f"{self.instance.spec.name}: {name!r} names more than one section of the proof")

    @property
    def sections(self) -> tuple[str, ...]:
        """The parts of the proof, which can be carried out apart: the initial states, each action, safety."""
        return (INITIAL, *(a.name for a in self.instance.actions), SAFETY)


@dataclass(frozen=True, slots=True)
class Failure:
    """An obligation that isn't met. `section` is an action's name, or "initial" or "safety"."""

    section: str
    goal: str
    """The conjunct, the step property, the fault's message, or "ranges"."""
    answer: Literal["violated", "unknown"]
    counterexample: ToInduction | None = None
    reason: str = ""

    def __str__(self) -> str:
        shown = f"\n{self.counterexample}" if self.counterexample is not None else ""
        return f"{self.section}: {self.goal}: {self.answer}{f' ({self.reason})' if self.reason else ''}{shown}"


@dataclass(frozen=True, slots=True)
class Section:
    """What came of a part of a proof."""

    name: str
    obligations: int
    paths: int
    failures: tuple[Failure, ...]


class Induction:
    """Proves an invariant, section by section."""

    def __init__(self, invariant: Invariant, rlimit: int = RLIMIT) -> None:
        """Runs each conjunct once, on an unknown state."""
        self.invariant, self.rlimit = invariant, rlimit
        self.symbolic = SymbolicInstance(invariant.instance, invariant.unbounded, invariant.numbers)
        self.state = self.symbolic.state()

        self.conjuncts: dict[Predicate, z3.BoolRef] = {}
        self.endless: TooManyPaths | None = None
        """Why the conjuncts could not be run."""
        try:
            self.conjuncts = {p: self.symbolic.holds(p, self.state) for p in invariant.conjuncts}
        except TooManyPaths as error:
            self.endless = error

    def section(self, name: str, goals: Collection[str] = (), *, until_failure: bool = False) -> Section:
        """Every obligation of a section, or those named in `goals`, or those up to the first that is not met."""
        failures: list[Failure] = []
        obligations = 0
        before = self.symbolic.paths_taken
        try:
            for question in self.questions(name):
                if goals and question.name not in goals:
                    continue
                obligations += 1
                failure = self.answer(question)
                if failure is not None:
                    failures.append(failure)
                    if until_failure:
                        break
        except TooManyPaths as error:
            failures.append(Failure(name, error.function, "unknown", reason=str(error)))
        return Section(name, obligations, self.symbolic.paths_taken - before, tuple(failures))

    # ------------------------------------------------------------------------------------------------ questions

    def questions(self, section: str) -> Iterator[Question]:
        """What is to be asked of the solver. Raises TooManyPaths."""
        if self.endless is not None:
            raise self.endless
        if section == INITIAL:
            yield from self.initial_questions()
        elif section == SAFETY:
            for predicate in self.invariant.safety:
                goal = self.symbolic.holds(predicate, self.state)
                yield Question(section, predicate.__name__, self.state.in_range, goal, predicate=predicate)
        else:
            yield from self.action_questions(section)

    def initial_questions(self) -> Iterator[Question]:
        """Ranges and conjuncts of the initial states."""
        initial = self.symbolic.initial(self.state)
        known = (*self.symbolic.open_bounds, *initial.in_range)
        for fault in initial.faults:
            yield Question(INITIAL, fault.message, known, fault.denial)
        yield Question(INITIAL, RANGES, known, self.symbolic.ranges(self.state, initial.values))
        pairs = replacements(self.state, initial.values)
        for predicate in self.invariant.conjuncts:
            goal = z3.substitute(self.conjuncts[predicate], *pairs)
            yield Question(INITIAL, predicate.__name__, known, goal, predicate=predicate)

    def action_questions(self, name: str) -> Iterator[Question]:
        """Faults, ranges, conjuncts and step properties of an action."""
        action = next(a for a in self.invariant.instance.actions if a.name == name)
        step = self.symbolic.step(action, self.state)
        before = (*self.state.in_range, *step.in_range)
        for fault in step.faults:
            yield Question(name, fault.message, before, fault.denial, step)
        known = (*before, step.enabled)
        yield Question(name, RANGES, known, self.symbolic.ranges(self.state, step.after), step)
        pairs = replacements(self.state, step.after)
        for predicate in self.invariant.conjuncts:
            goal = z3.substitute(self.conjuncts[predicate], *pairs)
            yield Question(name, predicate.__name__, known, goal, step, predicate)
        after = self.symbolic.state("'")
        renamed = replacements(after, step.after)
        for relation in self.invariant.step_properties:
            goal = z3.substitute(self.symbolic.holds(relation, self.state, after), *renamed)
            yield Question(name, relation.__name__, known, goal, step, relation=relation)

    # -------------------------------------------------------------------------------------------------- answers

    def answer(self, question: Question) -> Failure | None:
        """Nothing if the goal follows: from few hypotheses if they are enough, else from all."""
        if question.section != INITIAL and question.predicate is not None:
            assumed = self.conjuncts.get(question.predicate)
            if assumed is not None and question.goal.eq(assumed):
                return None
        answer, reason = self.follows(question)
        if answer == z3.unsat:
            self.hold_against_plain(question)
            return None
        if question.section == INITIAL:
            found = initial_counterexample(self.symbolic, question)
        else:
            found = counterexample_to_induction(self.symbolic, self.state, self.conjuncts, question)
        if found is not None:
            return Failure(question.section, question.name, "violated", found)
        return Failure(question.section, question.name, "unknown", reason=reason or "no small counterexample is found")

    def hold_against_plain(self, question: Question) -> None:
        """Evaluate a conjunct that is proved of the initial states in plain Python too. Raises Disagreement."""
        if question.section == INITIAL and question.predicate is not None:
            found = broken_at_first(self.invariant.instance, question)
            if found is not None:
                raise Disagreement(f"{INITIAL}: {question.name} is proved, but false in plain Python: {found.before}")

    def follows(self, question: Question) -> tuple[z3.CheckSatResult, str]:
        """What the solver makes of a question."""
        numbers = self.invariant.numbers
        if question.section == INITIAL:
            return entailed(question.known, question.goal, self.rlimit, numbers)
        few = [c for p, c in self.conjuncts.items() if p is question.predicate or is_short(c)]
        answer, reason = entailed((*question.known, *few), question.goal, min(RLIMIT_FEW, self.rlimit), numbers)
        if answer == z3.unsat:
            return answer, reason
        return entailed((*question.known, *self.conjuncts.values()), question.goal, self.rlimit, numbers)


def replacements(state: SymbolicState, values: Sequence[Any]) -> list[tuple[Any, Any]]:
    """What to put in place of a state's constants to speak of another state."""
    pairs = (pair for cell, value in zip(state.cells, values, strict=True) for pair in matched(cell.value, value))
    return [(old, new) for old, new in pairs if not old.eq(new)]


def is_short(formula: z3.BoolRef) -> bool:
    """Whether a formula has few subterms."""
    seen: set[int] = set()
    todo = [formula]
    while todo and len(seen) <= SHORT:
        term = todo.pop()
        if term.get_id() not in seen:
            seen.add(term.get_id())
            todo += term.children() if not z3.is_quantifier(term) else [term.body()]
    return len(seen) <= SHORT

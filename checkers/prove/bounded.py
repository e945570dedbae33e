"""Bounded model checking and k-induction, for invariants that are not inductive by themselves.

Bounded model checking asks whether any run of so many steps ends where the invariant fails. k-induction asks
besides whether k states in a row within the invariant, all different, can be followed by one outside of it; if neither
is possible the invariant holds after any number of steps.

Source: Biere et al., Symbolic Model Checking without BDDs (1999); Sheeran, Singh and Stalmarck, Checking Safety
Properties Using Induction and a SAT-Solver (2000).
Faults, and steps out of a declared range, end a run here. k-induction holds only if it shows that there are none; it
has no counterexample for one (`checkers.prove.induction` has).
Left out: instances with open bounds, whose states are no finite list of scalars to compare.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import z3

from checkers.prove.arithmetic import Numbers
from checkers.prove.decode import plain_state
from checkers.prove.formulas import solver
from checkers.prove.induction import replacements
from checkers.prove.merging import matched
from checkers.prove.paths import TooManyPaths
from checkers.prove.symbolic import SymbolicInstance, SymbolicState
from checkers.prove.to_induction import Disagreement, is_met
from checkers.verdict import Holds, Moment, Run, Unknown, Verdict, Violated
from specs.instance import Instance
from specs.language import Predicate

RLIMIT = 100_000_000


@dataclass(frozen=True, slots=True)
class Bounded:
    """A verdict and how far it goes: `depth` steps from the initial states; if `k` is given, any number of steps."""

    verdict: Verdict
    depth: int
    k: int | None
    paths: int


class Unrolling:
    """Runs of an instance, step by step, as terms: each step takes one of the actions."""

    def __init__(self, instance: Instance, predicate: Predicate, numbers: Numbers = "integers") -> None:
        """The predicate and the actions are run on an unknown state once."""
        self.instance, self.predicate = instance, predicate
        self.symbolic = SymbolicInstance(instance, (), numbers)
        self.state = self.symbolic.state()
        self.holds = self.symbolic.holds(predicate, self.state)
        self.steps = [self.symbolic.step(action, self.state) for action in instance.actions]
        self.moments: list[SymbolicState] = []

    def moment(self, number: int) -> SymbolicState:
        """The state after so many steps."""
        while len(self.moments) <= number:
            self.moments.append(self.symbolic.state(f"@{len(self.moments)}"))
        return self.moments[number]

    def at(self, number: int, formula: z3.BoolRef) -> z3.BoolRef:
        """What a formula over the unknown state says of the state after so many steps."""
        return z3.substitute(formula, *replacements(self.state, [c.value for c in self.moment(number).cells]))

    def initial_fault(self) -> str | None:
        """What an initial state may meet, or that it may be out of range."""
        start = self.symbolic.initial(self.state)
        asked = self.solver()
        asked.add(*start.in_range)
        for fault in start.faults:
            if asked.check(z3.Not(fault.denial)) != z3.unsat:
                return fault.message
        inside = asked.check(z3.Not(self.symbolic.ranges(self.state, start.values)))
        return None if inside == z3.unsat else "a field is outside its range"

    def is_safe(self) -> z3.BoolRef:
        """That no step from the unknown state meets a fault or leaves a range, as a goal: parameters are any."""
        said = []
        for step in self.steps:
            stays = z3.Implies(step.enabled, self.symbolic.ranges(self.state, step.after))
            said.append(z3.Implies(z3.And(*step.in_range), z3.And(stays, *(f.denial for f in step.faults))))
        return z3.And(*said)

    def initial(self) -> list[z3.BoolRef]:
        """That the first state is an initial one."""
        start = self.symbolic.initial(self.state)
        pairs = replacements(self.moment(0), start.values)
        return [*start.in_range, *(old == new for old, new in pairs)]

    def step(self, number: int) -> z3.BoolRef:
        """That some action leads from the state after `number` steps to the next."""
        here = replacements(self.state, [c.value for c in self.moment(number).cells])
        ways = []
        for step in self.steps:
            cells = zip(self.moment(number + 1).cells, step.after, strict=True)
            kept = [old == new for cell, value in cells for old, new in matched(cell.value, value)]
            names = [
                (old, z3.Const(f"{old}@{number}", old.sort())) for _, v in step.parameters for old, _ in matched(v, v)
            ]
            inside = self.symbolic.ranges(self.state, step.after)
            ways.append(z3.substitute(z3.And(*step.in_range, step.enabled, inside, *kept), *here, *names))
        return z3.And(*self.moment(number + 1).in_range, z3.Or(*ways))

    def differ(self, one: int, other: int) -> z3.BoolRef:
        """That two states are not the same."""
        cells = zip(self.moment(one).cells, self.moment(other).cells, strict=True)
        return z3.Or(*(old != new for a, b in cells for old, new in matched(a.value, b.value)))

    def solver(self) -> z3.Solver:
        """A solver for its terms."""
        return solver(RLIMIT, self.symbolic.numbers)

    @property
    def paths(self) -> int:
        """How many paths were run."""
        return self.symbolic.paths_taken

    def run(self, model: z3.ModelRef, depth: int) -> Run:
        """The run that a model describes, as plain Python walks it. Raises Disagreement."""
        states = [plain_state(model, self.moment(number), self.instance) for number in range(depth + 1)]
        states = [self.instance.packing.decode(self.instance.encode(state)) for state in states]
        if states[0] not in list(self.instance.initial_states()):
            raise Disagreement(f"no initial state in plain Python: {states[0]}")
        moments = []
        for before, wanted in itertools.pairwise(states):
            step = next((step for step, after in self.instance.steps(before) if after == wanted), None)
            if step is None:
                raise Disagreement(f"no step in plain Python from {before} to {wanted}")
            moments.append(Moment(step, wanted))
        if is_met(self.instance, self.predicate, states[-1]):
            raise Disagreement(f"{self.predicate.__name__} holds in plain Python: {states[-1]}")
        return Run(states[0], tuple(moments))


def bounded(instance: Instance, predicate: Predicate, depth: int, numbers: Numbers = "integers") -> Bounded:
    """Bounded model checking: no run of up to `depth` steps breaks an invariant, or the shortest that does."""
    try:
        return checked(Unrolling(instance, predicate, numbers), depth)
    except TooManyPaths as error:
        return Bounded(Unknown(str(error)), -1, None, 0)


def checked(unrolling: Unrolling, depth: int) -> Bounded:
    """The same for an unrolling that is used further."""
    fault = unrolling.initial_fault()
    if fault is not None:
        return Bounded(Unknown(f"an initial state may meet a fault: {fault}"), -1, None, unrolling.paths)
    asked = unrolling.solver()
    asked.add(*unrolling.initial())
    for number in range(depth + 1):
        if number > 0:
            asked.add(unrolling.step(number - 1))
        answer = asked.check(z3.Not(unrolling.at(number, unrolling.holds)))
        if answer == z3.sat:
            broken = Violated(unrolling.predicate.__name__, unrolling.run(asked.model(), number))
            return Bounded(broken, number, None, unrolling.paths)
        if answer == z3.unknown:
            reason = f"Z3 gives up at depth {number}: {asked.reason_unknown()}"
            return Bounded(Unknown(reason), number - 1, None, unrolling.paths)
    reason = f"no run of up to {depth} steps breaks it; nothing is known of longer ones"
    return Bounded(Unknown(reason), depth, None, unrolling.paths)


def k_induction(instance: Instance, predicate: Predicate, k_max: int, numbers: Numbers = "integers") -> Bounded:
    """Holds for any number of steps if some k up to `k_max` proves it; violated with the shortest run that doesn't.

    That no step meets a fault or leaves a range is proved with it, or it is unknown.
    """
    try:
        return proved_by_induction(Unrolling(instance, predicate, numbers), k_max)
    except TooManyPaths as error:
        return Bounded(Unknown(str(error)), -1, None, 0)


def proved_by_induction(unrolling: Unrolling, k_max: int) -> Bounded:
    """The same for an unrolling. Raises TooManyPaths."""
    safe = unrolling.is_safe()
    asked, reached = unrolling.solver(), unrolling.solver()
    asked.add(*unrolling.moment(0).in_range)
    reached.add(*unrolling.initial())
    safe_so_far, reason = True, "not k-inductive"
    for k in range(1, k_max + 1):
        base = checked(unrolling, k - 1)
        if isinstance(base.verdict, Violated) or base.depth < 0:
            return base
        safe_so_far = safe_so_far and reached.check(z3.Not(unrolling.at(k - 1, safe))) == z3.unsat
        reached.add(unrolling.step(k - 1))
        asked.add(unrolling.at(k - 1, unrolling.holds), unrolling.step(k - 1))
        asked.add(*(unrolling.differ(earlier, k) for earlier in range(k)))
        if base.depth == k - 1 and asked.check(z3.Not(unrolling.at(k, unrolling.holds))) == z3.unsat:
            within = unrolling.at(k, unrolling.holds), z3.Not(unrolling.at(k, safe))
            if safe_so_far and asked.check(*within) == z3.unsat:
                return Bounded(Holds(), base.depth, k, unrolling.paths)
            reason = "it holds, unless a step meets a fault or leaves its range, which is not shown to be impossible"
    return Bounded(Unknown(f"{reason} for any k up to {k_max}"), k_max - 1, None, unrolling.paths)

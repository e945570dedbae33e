"""What is asked of Z3: goals without quantifiers, hypotheses instantiated by hand, a solver that repeats itself.

Left out: quantifiers below the top of a conjunction, which are left to Z3's own instantiation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import z3

from checkers.prove.arithmetic import Numbers

SEED = 0


def parts(formula: z3.BoolRef) -> Iterator[z3.BoolRef]:
    """What a conjunction is made of."""
    if z3.is_and(formula):
        for child in formula.children():
            yield from parts(child)
    else:
        yield formula


def is_universal(formula: z3.BoolRef) -> bool:
    """Whether it says something of every value."""
    return bool(z3.is_quantifier(formula) and formula.is_forall())


def skolemized(formula: z3.BoolRef, constants: list[z3.ArithRef]) -> z3.BoolRef:
    """A goal with any value in place of every value; these are put into `constants`, numbered from there on."""
    if is_universal(formula):
        chosen = [z3.Int(f"some!{len(constants) + k}") for k in range(formula.num_vars())]
        constants += chosen
        return skolemized(z3.substitute_vars(formula.body(), *reversed(chosen)), constants)
    if z3.is_and(formula):
        return z3.And(*(skolemized(child, constants) for child in formula.children()))
    return formula


def instances(formulas: Iterable[z3.BoolRef], values: Sequence[z3.ArithRef]) -> Iterator[z3.BoolRef]:
    """What universal parts of hypotheses say of the given values."""
    for formula in formulas:
        for part in parts(formula):
            if is_universal(part):
                for chosen in itertools.product(values, repeat=part.num_vars()):
                    yield z3.substitute_vars(part.body(), *chosen)


def ground(formulas: Iterable[z3.BoolRef]) -> Iterator[z3.BoolRef]:
    """The parts that are not universal."""
    return (part for formula in formulas for part in parts(formula) if not is_universal(part))


def solver(rlimit: int, numbers: Numbers = "integers") -> z3.Solver:
    """A solver whose answers depend on nothing but the question; beyond the limit it answers unknown.

    Where numbers are bit-vectors there are no quantifiers, and all of it is bits.
    """
    if numbers == "bit-vectors":
        made = z3.SolverFor("QF_BV")
        made.set("random_seed", SEED)
    else:
        made = z3.Solver()
        made.set(auto_config=False)
        made.set(mbqi=False)
        made.set("smt.random_seed", SEED)
    made.set("rlimit", rlimit)
    return made


def entailed(
    hypotheses: Iterable[z3.BoolRef], goal: z3.BoolRef, rlimit: int, numbers: Numbers = "integers"
) -> tuple[z3.CheckSatResult, str]:
    """Unsat if the goal follows; otherwise what Z3 says of its negation, and why it may not know."""
    known, constants = list(hypotheses), list[z3.ArithRef]()
    plain = skolemized(goal, constants)
    asked = solver(rlimit, numbers)
    asked.add(*known, *instances(known, constants), z3.Not(plain))
    answer = asked.check()
    return answer, asked.reason_unknown() if answer == z3.unknown else ""

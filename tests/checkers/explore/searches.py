"""Searches that several tests ask about, each made once: replication at its calibrated bounds, without symmetry."""

from __future__ import annotations

from functools import cache

from checkers.counterexample import of_violation, to_json
from checkers.explore.explore import explored
from checkers.explore.outcome import Exploration, SearchOptions
from checkers.explore.search import Search
from checkers.verdict import Violated
from specs.instance import FIXED, Instance, at
from specs.replication import SPEC

SMALL = (2, 2, 2, 1)
"""Bounds of replication, in the order of their declaration, that most tests share: they are compiled once."""
BREAKS_STRONG_ISR = "truncate_to_high_watermark"
"""A version of replication that loses a record at these bounds, in `BREAKS_DEPTH` steps."""
BREAKS_DEPTH = 9
MIB = 1 << 20


def replication(bounds: tuple[int, ...] = SMALL, variant: str = FIXED) -> Instance:
    """Replication at bounds given in the order of their declaration."""
    names = ("replicas", "log_size", "max_records", "max_leader_epoch")
    return at(SPEC, variant, **dict(zip(names, bounds, strict=True)))


def search(instance: Instance, **options: object) -> tuple[Search, Exploration]:
    """A search without symmetry in little memory, unless options say otherwise."""
    chosen = {"symmetric": False, "memory_bytes": 64 * MIB} | options
    return explored(instance, SearchOptions(**chosen))  # type: ignore[arg-type]


@cache
def found(bounds: tuple[int, ...] = SMALL, variant: str = FIXED) -> Exploration:
    """The result of a plain search of replication."""
    return search(replication(bounds, variant))[1]


def figures(result: Exploration) -> tuple[object, ...]:
    """Everything that a search counts."""
    return (
        result.verdict.verdict,
        result.distinct_states,
        result.transitions,
        result.max_depth,
        dict(result.fired),
        dict(result.reached),
    )


def counterexample(instance: Instance, result: Exploration) -> str:
    """The bytes of a counterexample, as text."""
    assert isinstance(result.verdict, Violated), result.verdict
    return to_json(of_violation(instance, result.verdict))

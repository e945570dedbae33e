"""The hierarchy of consistency levels for logs (LOG-9): which level implies which, and which of them a history keeps.

    linearizable -> sequential -> causal -> prefix, read_your_writes, monotonic_reads, monotonic_writes,
    writes_follow_reads -> one_log

Sessions are processes. The definitions and their sources stand in the module of each level; what a read of a log is, in
`consistency.observed`.

Source: the partial order in Viotti and Vukolic, Consistency in non-transactional distributed storage systems (2016).
Left out: levels between these (PRAM, causal+, timed causal), and transactions as units: the micro-operations of a
transaction count one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from checkers.history.consistency import sequential as total_order
from checkers.history.consistency import sessions
from checkers.history.consistency.causal import causal
from checkers.history.consistency.evidence import Violation
from checkers.history.consistency.observe import observe
from checkers.history.consistency.observed import Observed
from checkers.history.consistency.one_log import one_log
from checkers.history.consistency.prefix import prefix
from checkers.history.history import History
from checkers.verdict import UserError


@dataclass(frozen=True, slots=True)
class Level:
    """A consistency level: what it asks beyond the levels that it implies, and which these are."""

    name: str
    doc: str
    own: Callable[[Observed], Iterator[Violation]]
    implies: tuple[str, ...] = ()


def _levels(*levels: Level) -> dict[str, Level]:
    return {level.name: level for level in levels}


_SESSIONS = ("read_your_writes", "monotonic_reads", "monotonic_writes", "writes_follow_reads")

LEVELS = _levels(
    Level("linearizable", "A total order that keeps real time.", total_order.linearizable, ("sequential",)),
    Level("sequential", "A total order that keeps the order of each process.", total_order.sequential, ("causal",)),
    Level("causal", "No process sees an effect without its cause.", causal, ("prefix", *_SESSIONS)),
    Level("prefix", "Reads show the log in its order, without holes.", prefix, ("one_log",)),
    Level("read_your_writes", "A process sees what it wrote.", sessions.read_your_writes, ("one_log",)),
    Level("monotonic_reads", "A process goes on seeing what it saw.", sessions.monotonic_reads, ("one_log",)),
    Level("monotonic_writes", "Writes of a process stand in its order.", sessions.monotonic_writes, ("one_log",)),
    Level(
        "writes_follow_reads", "A write stands behind what its process saw.", sessions.writes_follow_reads, ("one_log",)
    ),
    Level("one_log", "An offset holds one record, which was sent.", one_log),
)
"""From the strongest to the weakest; a level comes before those that it implies."""
EVIDENCE_MAX = 1000
"""What is listed of the violations of a level; a history that breaks it does so a few times, or everywhere."""


def implied(level: str) -> tuple[str, ...]:
    """A level and all that it implies, weakest first. Raises UserError for a level that there is not."""
    if level not in LEVELS:
        raise UserError(f"consistency level {level!r}: there is none of this name; there are {', '.join(LEVELS)}")
    below = {level}
    for name, one in LEVELS.items():
        if name in below:
            below.update(one.implies)
    return tuple(name for name in reversed(LEVELS) if name in below)


def violations(history: History, level: str) -> tuple[Violation, ...]:
    """What shows that a history does not keep a level: first what breaks the weakest level that it implies.

    A cause may show at several levels; `Violation.level` is the one that it speaks of. Of each level at most
    EVIDENCE_MAX are listed. Raises UserError for a level that there is not.
    """
    names = implied(level)
    observed = observe(history)
    return tuple(found for name in names for found in islice(LEVELS[name].own(observed), EVIDENCE_MAX))


def strongest(history: History) -> tuple[str, ...]:
    """The strongest levels that a history keeps: none implies another. Empty if it keeps none."""
    observed = observe(history)
    broken = {name for name, level in LEVELS.items() if next(level.own(observed), None) is not None}
    kept = [name for name in LEVELS if not broken.intersection(implied(name))]
    return tuple(name for name in kept if not any(name in implied(other) for other in kept if other != name))

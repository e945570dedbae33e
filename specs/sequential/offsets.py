"""The committed position of one group in one partition, fenced by the group's generation.

A commit of an older generation than the last one that committed is refused, so it never succeeds; a fetch returns what
was committed last.

Source: Apache Kafka's GroupCoordinator, ILLEGAL_GENERATION; KIP-848 calls the generation of a member its epoch.
Left out: expiry; that a rebalance fences a generation before the next one commits.
"""

from __future__ import annotations

from specs.language import NONE, Int, Maybe, Record, Spec, action, bound

OFFSETS = bound("offsets", 3, low=1, high=1 << 31, doc="positions that can be committed")
GENERATIONS = bound("generations", 2, low=1, high=1 << 31, doc="generations of the group")

OFFSET = Maybe(Int(0, OFFSETS - 1))
GENERATION = Maybe(Int(0, GENERATIONS - 1))


class State(Record):
    """What was committed last, and the newest generation that committed."""

    committed = Maybe(Int(0, OFFSETS - 1))
    generation = Maybe(Int(0, GENERATIONS - 1))


def initial(s: State) -> None:
    """Nothing was committed."""


@action(offset=OFFSET, generation=GENERATION)
def commit(s: State, offset: int, generation: int) -> bool:
    """Commit a position, as a member of a generation; without one, nothing fences it."""
    if generation != NONE:
        if generation < s.generation:
            return False
        s.generation = generation
    s.committed = offset
    return True


@action(offset=OFFSET)
def fetch(s: State, offset: int) -> bool:
    """Be told what was committed."""
    return s.committed == offset


def was_fenced(s: State) -> bool:
    """A generation that is not the first has committed."""
    return s.generation > 0


SPEC = Spec(
    name="offsets",
    doc="The committed position of a group in a partition.",
    state=State,
    initial=initial,
    actions=(commit, fetch),
    bounds=(OFFSETS, GENERATIONS),
    reachable=(was_fenced,),
    needs=((was_fenced, GENERATIONS - 1),),
)

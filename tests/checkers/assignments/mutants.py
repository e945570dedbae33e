"""Whether a broken assignor is caught on a group."""

from __future__ import annotations

from checkers.assignments.exhaustive import PROMISES
from checkers.prove.broken_assignors import Mutant
from checkers.prove.replaced import replaced
from model.group.assignment import Group
from model.group.assignors import ASSIGNORS


def breaks(mutant: Mutant, group: Group) -> bool:
    """Whether the mutant is caught on a group: its promise is broken, or an assertion of the algorithm fails."""
    assign = ASSIGNORS[mutant.assignor]
    with replaced(mutant.place, mutant.instead):
        try:
            return bool(PROMISES[mutant.assignor][mutant.breaks](assign, group, assign(group)))
        except AssertionError:
            return True

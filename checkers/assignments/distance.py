"""How far an assignor stays from the best assignment there is, over many groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checkers.assignments.judge import loads, moves, squares
from checkers.assignments.optimum import Optimum, optimum
from model.group.assignment import Assignment, Group
from model.group.assignors import Assignor


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A group for which there is a better assignment: more even, or as even with fewer moves."""

    group: Group
    assignment: Assignment
    best: Optimum

    @property
    def squares(self) -> int:
        """How much greater the sum of squares of the loads is."""
        return squares(loads(self.group, self.assignment)) - self.best.squares

    @property
    def moves(self) -> int:
        """How many more partitions move; not to be compared where the loads are less even."""
        return moves(self.group, self.assignment) - self.best.moves


@dataclass(frozen=True, slots=True)
class Distance:
    """Over so many groups: those that are less even than need be, and those as even that move more than need be."""

    groups: int
    uneven: tuple[Shortfall, ...]
    restless: tuple[Shortfall, ...]

    @property
    def squares_max(self) -> int:
        """The most that the sum of squares is above the least."""
        return max((s.squares for s in self.uneven), default=0)

    @property
    def moves_max(self) -> int:
        """The most moves above the least, where loads are as even as can be."""
        return max((s.moves for s in self.restless), default=0)

    def __str__(self) -> str:
        return (
            f"{self.groups:,} groups: {len(self.uneven):,} less even than can be (by up to {self.squares_max} in the"
            f" sum of squares), {len(self.restless):,} as even with needless moves (up to {self.moves_max})"
        )


def distance(assignor: Assignor, groups: Iterable[Group]) -> Distance:
    """Compare an assignor's assignments of groups with the best."""
    count, uneven, restless = 0, list[Shortfall](), list[Shortfall]()
    for group in groups:
        count += 1
        found = Shortfall(group, assignor(group), optimum(group))
        if found.squares > 0:
            uneven.append(found)
        elif found.moves > 0:
            restless.append(found)
        assert found.squares >= 0, "an assignment is more even than the best"
        assert found.squares > 0 or found.moves >= 0, "an assignment moves less than the best"
    return Distance(count, tuple(uneven), tuple(restless))

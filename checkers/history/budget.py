"""How many configurations searches may still visit, all together: so verdicts do not depend on the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Budget:
    """What is left."""

    left: int

    def spend(self, visited: int) -> None:
        """Some were visited."""
        self.left = max(self.left - visited, 0)

"""What a simulated disk is made of: how large its sectors are, and what its file system promises of a crash.

The defaults promise least: what POSIX does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Journal(Enum):
    """What a file system promises of a length that survives a crash."""

    ORDERED = "ordered"
    WRITEBACK = "writeback"


class NameOrder(Enum):
    """Which of the unflushed changes of names may survive without those before them."""

    FREE = "free"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Medium:
    """What a disk is made of, and how hard a crash is on it."""

    sector_bytes: int = 512
    journal: Journal = Journal.WRITEBACK
    name_order: NameOrder = NameOrder.FREE
    tears_max: int | None = None
    """Between two versions, at how many points a sector may tear, spread evenly over where they differ; None: all."""
    mixed_files_max: int | None = None
    """Of how many files some sectors may survive and others not; the rest are kept or lost as a whole. None: of any."""

    def __post_init__(self) -> None:
        if self.sector_bytes < 1:
            raise ValueError(f"sectors of {self.sector_bytes} bytes; they have at least one")
        if self.tears_max is not None and self.tears_max < 0:
            raise ValueError(f"sectors that tear at {self.tears_max} points; give 0 or more, or None for all")

    def start(self, position: int) -> int:
        """Where the sector of a position starts."""
        return position - position % self.sector_bytes

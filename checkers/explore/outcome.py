"""What a search is asked, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from checkers.verdict import Verdict

HashBits = Literal[0, 64, 128]


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a search stands: `queue` counts the states found but not yet expanded."""

    states: int
    depth: int
    queue: int
    seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to search. Nothing here but `max_states` and the memory limit can change a verdict."""

    properties: tuple[str, ...] | None = None
    """Names of invariants, step properties and refinements ("refines log_order"); None: all but refinements."""
    symmetric: bool | None = None
    """None: wherever the spec shows no sign of telling ids apart."""
    workers: int = 2
    max_states: int | None = None
    memory_bytes: int | None = None
    """What states may take; None: what is free now, less a reserve."""
    deadlock: bool = False
    """Whether a state without any step is a violation."""
    hash_bits: HashBits = 0
    """0: states are stored; 64 or 128: only their hashes (compact mode)."""
    checkpoint: Path | None = None
    """Where to save the search from time to time, and to resume it from if the file is there."""
    progress: Callable[[Progress], None] | None = None


@dataclass(frozen=True, slots=True)
class Exploration:
    """The result of a search. Depths count actions from an initial state."""

    verdict: Verdict
    distinct_states: int
    transitions: int
    max_depth: int
    fired: Mapping[str, int]
    """How often each action was taken; every enabled binding counts once for each state."""
    reached: Mapping[str, int | None]
    """The depth at which each `reachable` predicate first held; None: nowhere."""
    symmetric: bool
    properties: tuple[str, ...]
    seconds: float
    compile_seconds: float
    peak_rss_bytes: int
    miss_probability: float
    notes: tuple[str, ...] = ()

    @property
    def states_per_second(self) -> float:
        """Distinct states found in a second of searching."""
        return self.distinct_states / self.seconds if self.seconds else 0.0

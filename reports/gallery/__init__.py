"""The gallery: a shortest counterexample of every variant, committed, replayed and checked on every test run.

`python -m reports.gallery` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

from checkers.explore.check import ExplorationCheck

FOLDER = Path(__file__).parent


def path_of(check: ExplorationCheck) -> Path:
    """The file that holds the counterexample of a check."""
    return FOLDER / f"{check.name}.json"

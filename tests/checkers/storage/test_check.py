"""What the checks of storage say of their trials."""

from __future__ import annotations

import pytest

from checkers.refinement.compaction import Walks
from checkers.storage import check


@pytest.mark.parametrize(
    ("removed", "tombstones_removed", "verdict"),
    [(0, 0, "unknown"), (5, 0, "unknown"), (5, 5, "unknown"), (5, 1, "holds")],
)
def test_walks_that_remove_no_values_or_no_tombstones_prove_nothing(
    removed: int, tombstones_removed: int, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "walks", lambda *_: Walks(20, 700, removed, tombstones_removed))
    assert verdict == check.cleaned_logs_keep_to_the_spec().verdict

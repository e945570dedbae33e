"""The committed counterexamples: one for each variant, each still a counterexample, none longer than the shortest."""

from __future__ import annotations

import pytest

from checkers.counterexample import load
from checkers.explore.check import ExplorationCheck, exploration_checks
from checkers.replay import Replayed, replay
from reports.drawing import draw
from reports.gallery import FOLDER, path_of

EXPECTING = [check for check in exploration_checks() if check.expect is not None]


@pytest.mark.parametrize("check", EXPECTING, ids=lambda check: check.name)
def test_committed_counterexample_replays_at_the_shortest_depth(check: ExplorationCheck) -> None:
    # That no shorter one exists is what tests/checkers/test_verify.py explores; both hold the same depth.
    counterexample = load(path_of(check))
    result = replay(counterexample)
    assert isinstance(result, Replayed), result
    assert check.expect is not None
    assert (check.expect.breaks, check.expect.depth) == (result.violated.broken, result.violated.run.depth)
    assert check.instance.bounds == result.instance.bounds
    assert draw(result.instance, result.violated).splitlines()


def test_gallery_holds_nothing_else() -> None:
    assert {path_of(check) for check in EXPECTING} == set(FOLDER.glob("*.json"))

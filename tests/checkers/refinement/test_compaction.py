"""The implementation's compaction in step with its specs, and cleaners with a guard switched off, which are not."""

from __future__ import annotations

import pytest

from checkers.refinement.compaction import SUBJECTS, Walks, walks
from checkers.refinement.in_step import walk
from checkers.simulate.choices import seeded
from tests.checkers.refinement.broken_cleaners import BROKEN, Broken


def walked(spec: str, seed: int) -> Walks:
    return walks(spec, range(seed, seed + 1))


@pytest.mark.parametrize("spec", SUBJECTS)
def test_every_step_of_the_implementation_is_a_step_of_the_spec(spec: str) -> None:
    result = walks(spec, range(3))
    assert result.difference is None, str(result.difference)
    assert result.steps > 50
    assert result.removed > 0


@pytest.mark.parametrize("spec", SUBJECTS)
@pytest.mark.deep
def test_every_step_of_many_walks_is_a_step_of_the_spec(spec: str) -> None:
    result = walks(spec, range(1000, 1300))
    assert result.difference is None, f"seed {result.seed}\n{result.difference}"


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_cleaner_without_one_of_its_guards_leaves_the_spec(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.plant(monkeypatch)
    difference = walked(broken.spec, broken.seed).difference
    assert difference is not None
    assert difference.done[-1].split("(")[0] in {"clean", "end_transaction", "restart"}


def test_a_difference_says_what_was_done_and_what_would_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN["C11 the last batch goes"].plant(monkeypatch)
    difference = walked("compaction", 5).difference
    assert difference is not None
    assert str(difference).splitlines()[-2:] == [
        f"{len(difference.done)}. clean(replica=1)",
        "replicas[1].entries[0].batch is 0, where 1 would be right",
    ]


@pytest.mark.parametrize("spec", SUBJECTS)
def test_a_seed_decides_the_walk(spec: str) -> None:
    first, second = (walk(SUBJECTS[spec](choices), choices, 30) for choices in (seeded(3), seeded(3)))
    assert first == second


def test_walks_end_at_the_first_difference_and_name_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN["C07 open transactions are forgotten"].plant(monkeypatch)
    result = walks("compaction_transactions", range(5))
    assert (result.count, result.seed) == (2, 1)

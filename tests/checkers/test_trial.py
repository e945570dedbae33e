"""A trial as a check: it passes only if nothing is wrong, and what is not known does not pass."""

from __future__ import annotations

import pytest

from checkers.trial import TrialCheck, Tried
from specs.evidence import Evidence


@pytest.mark.parametrize(
    ("tried", "verdict", "code"),
    [
        (Tried("7 keys"), "holds", 0),
        (Tried("7 keys", "one is lost"), "violated", 1),
        (Tried("7 keys", "there are more", "unknown"), "unknown", 2),
    ],
)
def test_a_trial_passes_only_if_nothing_is_wrong(tried: Tried, verdict: str, code: int) -> None:
    outcome = TrialCheck("PART-1", "S", "toy", "keys_are_kept", lambda: tried).run()
    assert (verdict, code, tried.wrong or None) == (outcome.verdict, outcome.exit_code, outcome.complaint)
    assert "holds for 7 keys" == outcome.says


def test_a_trial_is_evidence_for_its_guarantee_alone() -> None:
    check = TrialCheck("PART-1", "S", "toy", "keys_are_kept", lambda: Tried(""))
    assert ("toy-keys_are_kept", "toy", "logproof verify PART-1") == (check.name, check.group, check.command)
    assert check.bears_on(Evidence("PART-1", "S", "toy", "keys_are_kept"))
    assert not check.bears_on(Evidence("PART-2", "S", "toy", "keys_are_kept"))

"""The evidence, a test item each: every spec holds at its default bounds, every variant breaks what it must."""

from __future__ import annotations

import pytest

from checkers.verify import Check, Outcome, all_checks, run_checks

CHECKS = all_checks()


@pytest.fixture(scope="session")
def outcomes() -> dict[str, Outcome]:
    return {outcome.check.name: outcome for outcome in run_checks(CHECKS)}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_comes_out_as_it_must(check: Check, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[check.name]
    assert outcome.complaint is None, f"{outcome.complaint}\nto reproduce: {check.command}"


def test_every_check_has_its_own_name() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)

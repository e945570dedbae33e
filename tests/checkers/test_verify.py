"""The evidence, a test item each: every spec holds at its default bounds, every variant breaks what it must."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from checkers.verify import Check, Outcome, all_checks

CHECKS = all_checks()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_comes_out_as_it_must(check: Check, checks_under_way: Future[dict[str, Outcome]]) -> None:
    complaint = checks_under_way.result()[check.name].complaint
    assert complaint is None, f"{complaint}\nto reproduce: {check.command}"


def test_every_check_has_its_own_name() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)

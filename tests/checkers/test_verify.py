"""The evidence, a test item each: every spec holds at its default bounds, every variant breaks what it must."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from checkers.check import Check, Outcome
from checkers.verify import all_checks, all_evidence

CHECKS = all_checks()
COSTLY = {"replication_history", "replication_messages", "liveness"}
"""What takes long to compile. The counterexamples among it are replayed by default, from the gallery."""
COSTLY_PROOFS = {
    f"proof-{name}" for name in ("replication", "replication_elections", "committed_offsets", "cooperative_rebalance")
}
"""Parts of them, and their negative controls, are asked for by default in tests/checkers/prove."""


def is_costly(check: Check) -> bool:
    """Whether it takes tens of seconds."""
    return check.name in COSTLY_PROOFS or bool(COSTLY & set(check.name.split("-")))


@pytest.mark.parametrize(
    "check",
    [pytest.param(c, marks=pytest.mark.deep if is_costly(c) else (), id=c.name) for c in CHECKS],
)
def test_comes_out_as_it_must(check: Check, checks_under_way: Future[dict[str, Outcome]]) -> None:
    complaint = checks_under_way.result()[check.name].complaint
    assert complaint is None, f"{complaint}\nto reproduce: {check.command}"


def test_every_check_has_its_own_name() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_every_piece_of_evidence_has_a_check() -> None:
    assert [] == [e for e in all_evidence() if not any(check.bears_on(e) for check in CHECKS)]

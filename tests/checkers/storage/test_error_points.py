"""Error points: a disk that fails makes the log stop cleanly, and nothing that was acknowledged is lost."""

from __future__ import annotations

import pytest

from checkers.storage.error_points import ErrorBounds, Fault, error_points
from checkers.storage.operations import Operation, Program
from model.log.fail_stop import FailStop

APPEND, ROLL, FLUSH = Operation.APPEND, Operation.ROLL, Operation.FLUSH
ERROR, FULL, DROPPED = Fault.ERROR, Fault.FULL, Fault.DROPPED
Counts = tuple[int, int, int]
"""Of programs, errors and outcomes."""


def counts(bounds: ErrorBounds) -> Counts:
    """How many there are, if nothing is wrong."""
    found = error_points(bounds)
    assert ((), "holds") == (found.findings, found.verdict)
    return found.programs, found.errors, found.outcomes


@pytest.mark.parametrize(("fault", "expected"), [(ERROR, (12, 196, 1_884)), (FULL, (12, 132, 752))])
def test_after_an_error_the_log_has_all_that_was_acknowledged(fault: Fault, expected: Counts) -> None:
    assert expected == counts(ErrorBounds(1, fault, prepared=(APPEND,)))


PREPARED: list[tuple[Program, int, Counts, Counts]] = [
    ((), 2, (61, 960, 7_438), (61, 680, 3_060)),
    ((Operation.SEND, Operation.ABORT), 1, (12, 188, 3_124), (12, 134, 1_234)),
    ((APPEND, ROLL, APPEND), 1, (13, 260, 2_616), (13, 166, 1_108)),
    ((APPEND, ROLL, APPEND, ROLL), 1, (11, 242, 1_622), (11, 118, 574)),
    ((APPEND, ROLL, APPEND, APPEND), 1, (14, 406, 6_218), (14, 298, 2_608)),
    ((APPEND, ROLL, APPEND, ROLL, APPEND, APPEND), 1, (14, 432, 10_530), (14, 298, 2_608)),
]
"""What programs begin with, how long they are, and how many errors of one operation and of a full disk there are."""


@pytest.mark.deep
@pytest.mark.parametrize(("prepared", "length", "errors", "full"), PREPARED)
def test_after_an_error_in_any_short_program(prepared: Program, length: int, errors: Counts, full: Counts) -> None:
    assert errors == counts(ErrorBounds(length, ERROR, prepared=prepared))
    assert full == counts(ErrorBounds(length, FULL, prepared=prepared))


LATER = "opened again, flushed, and after a crash"


def test_a_log_never_acknowledges_what_a_failed_flush_dropped_until_it_is_opened_again() -> None:
    """As of most programs: what they read again after a failed flush, and flush, is not on the disk."""
    found = error_points(ErrorBounds(1, DROPPED, prepared=(APPEND,)))
    assert (12, 196, 1_542) == (found.programs, found.errors, found.outcomes)
    assert 3 == len(found.findings)
    assert all(LATER in finding for finding in found.findings)
    assert found.findings[0] == (
        "append, flush; operation 10 of the disk fails; opened again, flushed, and after a crash: "
        "it ends at 0, but all up to 2 was flushed"
    )


@pytest.mark.deep
@pytest.mark.parametrize("prepared", [prepared for prepared, *_ in PREPARED])
def test_in_no_short_program_it_does(prepared: Program) -> None:
    found = error_points(ErrorBounds(1, DROPPED, prepared=prepared))
    assert [] == [finding for finding in found.findings if LATER not in finding]


def test_a_log_that_does_not_stop_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FailStop, "stop", lambda *_: None)
    found = error_points(ErrorBounds(1, DROPPED, (FLUSH,), (APPEND,)))
    assert found.findings[0] == (
        "append, flush; operation 10 of the disk fails; after more was flushed and a crash: "
        "it ends at 0, but all up to 2 was flushed"
    )
    assert "violated" == found.verdict

"""The start of a log: it holds for the log, and what is planted is found."""

from __future__ import annotations

import pytest

from checkers.storage.log_starts import try_log_starts
from model.log import partition_log
from model.log.checkpoints import PartitionCheckpoints
from model.log.local_log import LocalLog
from model.log.partition_log import PartitionLog

SEEDS, OPERATIONS = range(20), 60


def test_the_start_never_goes_back_and_never_passes_the_high_watermark() -> None:
    tried = try_log_starts(SEEDS, OPERATIONS)
    assert (1200, "") == (tried.operations, tried.finding)
    assert tried.moves > 10


def test_retention_that_does_not_look_at_the_high_watermark_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """L01, KAFKA-5634."""
    careful = partition_log.deletable
    monkeypatch.setattr(
        partition_log, "deletable", lambda log, start, _high_watermark, now: careful(log, start, 1 << 60, now)
    )
    assert "and the high watermark never was above" in try_log_starts(SEEDS, OPERATIONS).finding


def all_that_is_replicated(log: LocalLog, _start: int, high_watermark: int, _now: int) -> int:
    """Every segment, whatever is to be kept."""
    return len(log.segments) if log.active.size_bytes and high_watermark == log.log_end_offset else 0


def test_retention_that_removes_too_much_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_log, "deletable", all_that_is_replicated)
    assert "would be right" in try_log_starts(SEEDS, OPERATIONS).finding


def test_retention_that_removes_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition_log, "deletable", lambda *_: 0)
    assert "would be right" in try_log_starts(SEEDS, OPERATIONS).finding


def test_a_start_that_a_crash_forgets_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PartitionCheckpoints, "put_log_start", lambda *_: None)
    assert "the log start offset goes back from" in try_log_starts(SEEDS, OPERATIONS).finding


def test_a_log_that_reads_from_before_its_start_is_found() -> None:
    class Forgetful(PartitionLog):
        """Takes a start back."""

        def delete_records_before(self, offset: int) -> None:
            self._log_start_offset = min(offset, self.high_watermark)

    assert "the log start offset goes back from" in try_log_starts(SEEDS, OPERATIONS, Forgetful).finding

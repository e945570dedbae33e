"""What must be right about a log that was recovered, whatever was lost."""

from __future__ import annotations

import pytest

from checkers.simulate.disk import SimulatedDisk
from checkers.storage.operations import CONFIG, DIRECTORY, NOW, Operation
from checkers.storage.programs import Writer
from checkers.storage.recovered import Recovered, Recovery, Unusable
from model.log.partition_log import PartitionLog

LEFTOVER = f"{DIRECTORY}/00000000000000000007.log.cleaned"


def test_a_recovery_that_leaves_the_right_disk_and_a_wrong_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the same disk was left by a recovery that is right."""
    disk, recovery, opened = SimulatedDisk(), Recovery(DIRECTORY, CONFIG, NOW), Recovery.open
    Writer(disk, recovery).do(Operation.APPEND)
    complete = disk.image
    disk.create(LEFTOVER)

    def careless(self: Recovery, found: SimulatedDisk) -> PartitionLog:
        is_left = found.exists(LEFTOVER)
        log = opened(self, found)
        if is_left:
            log.producers.entries.clear()
        return log

    monkeypatch.setattr(Recovery, "open", careless)
    assert isinstance(recovery.of(complete), Recovered)
    assert Unusable("a second recovery changes what is in memory") == recovery.of(disk.image)

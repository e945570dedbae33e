"""All logs of a disk: opened, made, closed; the marker of a clean shutdown."""

from __future__ import annotations

import pytest

from checkers.simulate.choices import EveryPath
from checkers.simulate.disk import Crashed, SimulatedDisk
from checkers.simulate.medium import Medium
from model.log.config import LogConfig
from model.log.disk import DiskError
from model.log.fail_stop import LogStopped
from model.log.file_names import TopicPartition
from model.log.log_directory import LogDirectory
from tests.model.log.logs import batch, content

ORDERS, PAYMENTS = TopicPartition("orders", 0), TopicPartition("payments", 1)


def written(root: str) -> tuple[LogDirectory, SimulatedDisk]:
    """Two logs with a batch each."""
    disk = SimulatedDisk(Medium(tears_max=0, mixed_files_max=0))
    logs = LogDirectory(disk, root, LogConfig(), 0)
    for partition in (ORDERS, PAYMENTS):
        logs.log(partition, 0).append_as_leader(batch(partition.topic.encode()), 0, 0)
    return logs, disk


@pytest.mark.parametrize("root", ["", "data"])
def test_logs_are_found_again(root: str) -> None:
    logs, disk = written(root)
    found = LogDirectory(SimulatedDisk.holding(disk.image), root, LogConfig(), 0)
    assert [ORDERS, PAYMENTS] == list(found.logs)
    assert [[0], [0]] == [log.repairs.rebuilt for log in found.logs.values()]
    for partition, log in logs.logs.items():
        assert content(log) == content(found.log(partition, 0))


@pytest.mark.parametrize("root", ["", "data"])
def test_after_a_clean_shutdown_nothing_is_rebuilt_once(root: str) -> None:
    logs, disk = written(root)
    logs.close()
    found = LogDirectory(disk, root, LogConfig(), 0)
    assert found.was_clean
    assert [[], []] == [log.repairs.rebuilt for log in found.logs.values()]
    assert not LogDirectory(disk, root, LogConfig(), 0).was_clean


def test_the_marker_is_gone_for_certain_before_a_log_is_opened() -> None:
    logs, disk = written("")
    logs.close()
    seen = list[str]()
    disk.watch = seen.append
    LogDirectory(disk, "", LogConfig(), 0)
    assert ["remove of .kafka_cleanshutdown", "flush_directory of ''"] == seen[:2]


def test_other_files_and_directories_are_left_alone() -> None:
    logs, disk = written("")
    disk.make_directory("lost+found")
    disk.create("notes-1")
    assert list(logs.logs) == list(LogDirectory(disk, "", LogConfig(), 0).logs)


def test_a_log_that_was_stopped_keeps_no_other_from_being_closed_and_no_marker_is_left() -> None:
    logs, disk = written("")
    disk.error_at = disk.operations + 1
    with pytest.raises(DiskError):
        logs.log(ORDERS, 0).append_as_leader(batch(b"x"), 0, 0)
    with pytest.raises(LogStopped, match="orders-0 can't be changed until it is opened anew: the disk failed"):
        logs.close()
    with pytest.raises(LogStopped, match="payments-1 can't be changed until it is opened anew: it is closed"):
        logs.log(PAYMENTS, 0).flush()
    assert not LogDirectory(SimulatedDisk.holding(disk.image), "", LogConfig(), 0).was_clean


def test_a_crash_while_closing_is_clean_only_if_all_logs_are() -> None:
    _, disk = written("")
    before = disk.operations
    logs, disk = written("")
    logs.close()
    outcomes = set[bool]()
    for at in range(before + 1, disk.operations + 1):
        logs, crashed = written("")
        crashed.crash_at = at
        with pytest.raises(Crashed):
            logs.close()
        for path in EveryPath(crashed.crash, 12):
            found = LogDirectory(path.result, "", LogConfig(), 0)
            outcomes.add(found.was_clean)
            if found.was_clean:
                assert [1, 1] == [log.log_end_offset for log in found.logs.values()]
    assert {False, True} == outcomes

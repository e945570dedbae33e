"""What a recording shows of a system in memory: nothing if it is right, and each planted flaw."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from checkers.history.format import read_history
from checkers.history.recording import Recorder
from checkers.verdict import UserError
from systems import worker
from systems.plan import draw_plan
from systems.recording_run import record
from systems.system import OutcomeUnknown, Refused, Topics
from systems.workload import draw_workload
from tests.systems.recorded import CALM, completions, run, said
from tests.systems.toy_log import ToyClient, ToyLog

TRANSACTIONS: dict[str, Any] = {
    "transactional_share": 1,
    "abort_share": 0.3,
    "offsets_share": 1,
    "micro_operations_max": 3,
}


def test_a_right_system_leaves_nothing_to_find(tmp_path: Path) -> None:
    result, events = run(ToyLog(), tmp_path / "h", crash_share=0.05, **(TRANSACTIONS | {"transactional_share": 0.5}))
    found = said(events)
    assert result.complete
    assert (set(), set(), set()) == (found.lost(), found.aborted_reads(), found.duplicates())
    assert len(found.sent["ok"]) > 50
    assert len(found.sent["fail"]) > 10


def test_the_recording_is_a_valid_history_in_which_every_operation_ends(tmp_path: Path) -> None:
    _, events = run(ToyLog(), tmp_path / "h", **TRANSACTIONS)
    history = read_history(tmp_path / "h")
    assert len(events) == len(history)
    assert all(completion >= 0 for _, completion in history.operations())


@pytest.mark.parametrize(("problem", "completion"), [(Refused, "fail"), (OutcomeUnknown, "info")])
def test_a_send_that_raises_is_an_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: type[Exception], completion: str
) -> None:
    def send(*_: object) -> NoReturn:
        raise problem

    monkeypatch.setattr(ToyClient, "send", send)
    result, events = run(ToyLog(), tmp_path / "h", 40)
    assert {completion} == {outcome for function, outcome in completions(events) if function == "send"}
    assert result.complete


@pytest.mark.parametrize(("flaw", "shown"), [("lost write", "lost"), ("duplicate", "duplicates")])
def test_a_flaw_shows(tmp_path: Path, flaw: str, shown: str) -> None:
    system = ToyLog(flaw)
    result, events = run(system, tmp_path / "h")
    assert result.complete
    assert system.sends // 10 == len(getattr(said(events), shown)())


def test_records_of_aborted_transactions_that_are_read_show(tmp_path: Path) -> None:
    _, events = run(ToyLog("aborted read"), tmp_path / "h", **TRANSACTIONS)
    found = said(events)
    assert found.sent["fail"] == found.aborted_reads()


def test_a_timeout_is_info_and_what_lands_late_is_no_anomaly(tmp_path: Path) -> None:
    system = ToyLog("lands late")
    _, events = run(system, tmp_path / "h", micro_operations_max=1)
    found = said(events)
    assert system.sends // 10 == completions(events)["send", "info"]
    assert found.sent["info"] <= found.read
    assert (set(), set()) == (found.lost(), found.aborted_reads())


def test_what_is_refused_for_certain_is_fail(tmp_path: Path) -> None:
    system = ToyLog("refuses")
    _, events = run(system, tmp_path / "h", micro_operations_max=1)
    assert (system.sends // 10, 0) == (completions(events)["send", "fail"], completions(events)["send", "info"])


def test_a_commit_that_raised_is_info_and_an_abort_that_raised_still_fail(tmp_path: Path) -> None:
    _, events = run(ToyLog("unknown commit"), tmp_path / "h", **TRANSACTIONS)
    assert {"fail", "info"} == {event["type"] for event in events if event["f"] == "txn"} - {"invoke"}
    _, events = run(ToyLog("no abort"), tmp_path / "h", **TRANSACTIONS)
    assert {"fail", "ok"} == {event["type"] for event in events if event["f"] == "txn"} - {"invoke"}


def test_after_an_unknown_outcome_a_process_does_nothing_more(tmp_path: Path) -> None:
    _, events = run(ToyLog("lands late"), tmp_path / "h", crash_share=0.05)
    ended = set()
    for event in events:
        assert event["process"] not in ended
        if event["f"] == "crash" or (event["f"] == "send" and event["type"] == "info"):
            ended.add(event["process"])
    assert len(ended) > 10


def test_a_new_process_is_first_given_back_what_the_last_consumed(tmp_path: Path) -> None:
    _, events = run(ToyLog(), tmp_path / "h", crash_share=0.1)
    first, last = dict[int, Any](), dict[int, Any]()
    for event in events:
        if isinstance(event["process"], int) and event["type"] == "invoke":
            first.setdefault(event["process"], (event["f"], event["value"]))
            if event["f"] == "assign":
                last[event["process"]] = (event["f"], event["value"])
    newer = [process for process in first if process + 3 in first and process + 6 in first]
    assert len(newer) > 10
    assert [last[process] for process in newer] == [first[process + 3] for process in newer]


def test_a_fault_that_outlasts_the_operations_is_ended_before_the_final_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "REOPEN_SECONDS", 0.01)
    system = ToyLog()
    result, _ = run(system, tmp_path / "h", 100, faults=1, fault_seconds=300, pause_milliseconds_max=5)
    assert ["kill", "heal"] == system.said
    assert result.complete


def test_a_failed_transaction_keeps_its_polls_and_the_next_polls_them_again(tmp_path: Path) -> None:
    _, events = run(ToyLog(), tmp_path / "h", **(TRANSACTIONS | {"abort_share": 1, "poll_share": 0.6}))
    failed = [event for event in events if event["type"] == "fail" and event["f"] == "txn"]
    assert {"aborted"} == {event["error"] for event in failed}
    assert all(len(micro) == 2 for event in failed for micro in event["value"] if micro[0] == "poll")


def test_faults_come_and_end_and_their_outcomes_are_no_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "REOPEN_SECONDS", 0.01)
    system = ToyLog()
    given: dict[str, Any] = {"faults": 2, "fault_seconds": 0.05, "pause_milliseconds_max": 5, "crash_share": 0.05}
    result, events = run(system, tmp_path / "h", 400, **given)
    found = said(events)
    assert ["kill", "heal", "kill", "heal"] == system.said
    assert ["fault", "heal", "fault", "heal"] == [event["f"] for event in events if event["process"] == "faults"]
    assert completions(events)["send", "info"] > 0
    assert (set(), set()) == (found.lost(), found.aborted_reads())
    assert result.complete


def test_a_system_that_never_comes_back_makes_the_recording_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "GIVE_UP_SECONDS", 0.05)
    monkeypatch.setattr(worker, "REOPEN_SECONDS", 0.03)
    system = ToyLog()
    system.down = True
    system.heal = lambda: None  # type: ignore[method-assign]
    given = {"clients": 2, "faults": 0}
    result, _ = run(system, tmp_path / "h", 40, **given)
    assert ("client-0", "client-1") == tuple(result.gave_up)
    assert not result.complete
    assert 0 == system.started


class Broken(ToyLog):
    """Can't make topics."""

    def prepare(self, topics: Topics) -> NoReturn:
        """Refuse."""
        raise UserError(f"no room for {topics.names}")


def test_a_system_is_stopped_after_an_error(tmp_path: Path) -> None:
    system = Broken()
    with pytest.raises(UserError, match="no room for"):
        run(system, tmp_path / "h")
    assert 0 == system.started


def test_a_full_disk_ends_the_recording_and_stops_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = os.write, [100]

    def write(descriptor: int, data: memoryview) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data)

    system, path = ToyLog(), tmp_path / "h"
    plan = draw_plan(draw_workload(1, 200, CALM))
    with Recorder(path) as recorder:
        monkeypatch.setattr(os, "write", write)
        with pytest.raises(UserError, match="the recording ends after event 99: No space left on device"):
            record(system, plan, recorder)
        monkeypatch.undo()
    assert 0 == system.started
    assert 100 == len(read_history(path))


class Interrupted(ToyLog):
    """An interrupt comes in the middle."""

    def inject(self, fault: str, key: str) -> str:  # noqa: ARG002 - never comes to it
        """Be interrupted."""
        raise KeyboardInterrupt


def test_an_interrupt_ends_clients_and_system(tmp_path: Path) -> None:
    system = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run(system, tmp_path / "h", 400, faults=1, pause_milliseconds_max=5)
    assert 0 == system.started
    assert len(read_history(tmp_path / "h.partial")) > 100

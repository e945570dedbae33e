"""A recording is whole lines only, in the order of their indexes, whoever writes and whatever the disk does."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from checkers.history.format import read_history
from checkers.history.recording import Event, Recorder
from checkers.verdict import UserError


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_an_event_is_one_line_with_all_its_fields(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    with Recorder(path) as recorder:
        assert 0 == recorder.record(Event("invoke", 3, "send", [["send", "t-0", 1]]))
        assert 1 == recorder.record(
            Event("info", 3, "send", [["send", "t-0", [None, 1]]], "_TIMED_OUT", {"group": "g"})
        )
        assert 2 == len(recorder)
    first, second = lines(path)
    assert {"index": 0, "process": 3, "type": "invoke", "f": "send", "value": [["send", "t-0", 1]]} == {
        name: cell for name, cell in first.items() if name != "time"
    }
    assert ("_TIMED_OUT", "g", [["send", "t-0", [None, 1]]]) == (second["error"], second["group"], second["value"])
    assert 0 <= first["time"] <= second["time"]  # type: ignore[operator]


def test_every_event_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    with Recorder(path) as recorder:
        for count in range(1, 4):
            recorder.record(Event("info", "a", "crash"))
            assert count == len(lines(recorder.partial))
        assert not path.exists()
    assert 3 == len(lines(path))
    assert not recorder.partial.exists()


def test_threads_never_mix_lines_or_turn_time_back(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    with Recorder(path) as recorder:

        def work(process: int) -> None:
            for number in range(200):
                recorder.record(Event("invoke", process, "send", [["send", "k" * number, number]]))
                recorder.record(Event("ok", process, "send", [["send", "k" * number, [number, number]]]))

        threads = [Thread(target=work, args=(process,)) for process in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    written = lines(path)
    assert list(range(1600)) == [line["index"] for line in written]
    times = [line["time"] for line in written]
    assert sorted(times) == times  # type: ignore[type-var]
    assert 800 == sum(1 for _ in read_history(path).operations())


def short_disk(room: int) -> Callable[[int, memoryview], int]:
    """A write that takes what there is room for, then nothing."""
    real, left = os.write, [room]

    def write(descriptor: int, data: memoryview) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = real(descriptor, data[: left[0]])
        left[0] -= taken
        return taken

    return write


def record_for_ever(recorder: Recorder) -> None:
    while True:
        recorder.record(Event("info", "a", "crash"))


@pytest.mark.parametrize("room", [1, 70, 150, 199])
def test_a_full_disk_leaves_whole_lines_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    recorder = Recorder(tmp_path / "h.jsonl")
    monkeypatch.setattr(os, "write", short_disk(room))
    with pytest.raises(UserError, match=r"h\.jsonl: the recording ends after event -?\d: No space left on device"):
        record_for_ever(recorder)
    monkeypatch.undo()
    assert list(range(len(recorder))) == [line["index"] for line in lines(recorder.partial)]
    with pytest.raises(UserError, match="No space left"):
        recorder.record(Event("info", "a", "crash"))
    recorder.close()


def test_a_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no/h: can't be written: No such file or directory"):
        Recorder(tmp_path / "no" / "h")


def test_a_recording_without_an_event_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text("kept", encoding="utf-8")
    partial = Recorder(path).partial
    partial.write_text("of an earlier one", encoding="utf-8")
    for _ in range(2):
        with Recorder(path) as recorder:
            pass
        assert "" == recorder.left
    assert ("kept", "of an earlier one") == (path.read_text(), partial.read_text())
    partial.unlink()
    Recorder(path).close()
    assert [path] == list(tmp_path.iterdir())


def test_a_recording_that_breaks_off_stays_beside_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text("kept", encoding="utf-8")
    recorder = Recorder(path)
    recorder.partial.write_text("of an earlier one, and longer than a line of what is recorded\n" * 9, encoding="utf-8")
    with pytest.raises(AssertionError, match="fields of the line's own"), recorder:
        recorder.record(Event("info", "a", "crash", fields={"f": recorder.record(Event("info", "a", "crash"))}))
    assert ("kept", 1) == (path.read_text(), len(lines(recorder.partial)))
    assert f"what was recorded until then, events: 1, is in {tmp_path}/h.jsonl.partial" == recorder.left


def test_a_link_keeps_pointing_at_what_is_recorded(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "h.jsonl")
    with Recorder(link) as recorder:
        recorder.record(Event("info", "a", "crash"))
    assert (True, 1) == (link.is_symlink(), len(lines(tmp_path / "h.jsonl")))


def test_a_pipe_is_written_straight(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with Recorder(path) as recorder:
        recorder.record(Event("info", "a", "crash"))
    assert os.read(reader, 1000).endswith(b"\n")
    os.close(reader)


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="can't be written: it is a directory"):
        Recorder(tmp_path)


def test_a_closed_recording_takes_no_more(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "h")
    recorder.close()
    recorder.close()
    with pytest.raises(UserError, match="the recording is closed"):
        recorder.record(Event("info", "a", "crash"))

"""`logproof check`: verdicts, evidence and exit codes on files as users have them."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkers import cli
from checkers.history.check import FOLDER, MINIMAL, history_checks, history_evidence
from specs.guarantees import GUARANTEES
from tests.checkers.history.anomalies.judged import Event, done
from tests.checkers.history.anomalies.test_minimal import CASES
from tests.checkers.history.histories import events
from tests.paper import Paper

LOST = CASES["lost_write"].shows
KEPT = [*done(0, "send", ("x", "a", 0), ("x", "b", 1)), *done(1, "poll", {"x": [[0, "a"], [1, "b"]]})]
STALE = [
    (0, "invoke", "write", 1),
    (0, "ok", "write", 1),
    (1, "invoke", "read"),
    (1, "ok", "read", 1),
    (0, "invoke", "write", 2),
    (0, "ok", "write", 2),
    (1, "invoke", "read"),
    (1, "ok", "read", 1),
]


def written(path: Path, *history: Event) -> Path:
    """A file of these events."""
    lines = [json.dumps({"index": index, **event}) for index, event in enumerate(events(*history))]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def check(*arguments: object) -> tuple[int, list[str]]:
    """The exit code and the lines."""
    paper = Paper()
    return cli.main(["check", *map(str, arguments)], paper), paper.lines


def as_json(*arguments: object) -> tuple[int, dict[str, Any]]:
    """The exit code and the one object."""
    code, lines = check(*arguments, "--json")
    return code, json.loads("\n".join(lines))


def test_a_log_that_keeps_everything_holds(tmp_path: Path) -> None:
    code, found = as_json(written(tmp_path / "kept.jsonl", *KEPT))
    assert (code, found["verdict"], found["model"], found["operations"], found["anomalies"]) == (
        0,
        "holds",
        "log",
        2,
        {},
    )
    assert found["linearizability"]["verdict"] == "holds"


def test_a_lost_write_is_shown_with_its_evidence(tmp_path: Path) -> None:
    path = written(tmp_path / "lost.jsonl", *LOST)
    code, found = as_json(path)
    assert (code, found["verdict"]) == (1, "violated")
    assert found["anomalies"]["lost_write"] == [CASES["lost_write"].evidence]
    assert "int_send_skip" in found["allowed"]
    code, lines = check(path)
    assert (code, lines[1]) == (1, "violated: lost_write, unseen")
    assert any('value="a", offset=0' in line for line in lines)


def test_what_the_settings_allow_is_told_apart(tmp_path: Path) -> None:
    aborted = [*done(0, "txn", ("x", "a"), type="fail"), *done(1, "poll", {"x": [[0, "a"]]})]
    path = written(tmp_path / "aborted.jsonl", *aborted)
    assert as_json(path)[1]["verdict"] == "violated"
    code, found = as_json(path, "--isolation", "read_uncommitted")
    assert (code, list(found["anomalies"])) == (0, ["aborted_read"])
    assert found["allowed"]["aborted_read"].startswith("with read_uncommitted: ")
    said = ("run", "info", "workload", {"isolation": "read_uncommitted"})
    assert check(written(tmp_path / "said.jsonl", said, *aborted))[0] == 0


def test_ends_that_open_transactions_hold_back_do_not_count(tmp_path: Path) -> None:
    behind = [*done(0, "send", ("x", "a", 0)), (1, "invoke", "end_offset", ["x"]), (1, "ok", "end_offset", {"x": 0})]
    seen = done(2, "poll", {"x": [[0, "a"]]})
    assert check(written(tmp_path / "plain.jsonl", *behind, *seen))[0] == 1
    opened = [(3, "invoke", "txn", [["send", "x", "b"]])]
    assert check(written(tmp_path / "open.jsonl", *opened, *behind, *seen))[0] == 0
    assert check(written(tmp_path / "open.jsonl", *opened, *behind, *seen), "--isolation", "read_uncommitted")[0] == 1


def test_a_recording_that_ends_early_may_leave_messages_unseen(tmp_path: Path) -> None:
    path = written(tmp_path / "unseen.jsonl", *CASES["unseen"].shows)
    assert [check(path)[0], check(path, "--ends-early")[0]] == [1, 0]


def test_a_stale_read_is_explained_and_drawn(tmp_path: Path) -> None:
    path, page = written(tmp_path / "stale.jsonl", *STALE), tmp_path / "page.html"
    code, lines = check(path, "--html", page)
    assert (code, lines[1]) == (1, "violated: not linearizable")
    assert "timeline of [4, 6]" in lines[-1]
    assert page.read_text(encoding="utf-8").startswith("page of timeline of [4, 6]")
    failure = as_json(path)[1]["linearizability"]["failure"]
    assert (failure["prefix"], failure["core"], failure["core_is_minimal"]) == (7, [4, 6], True)


def test_a_history_is_judged_by_a_specification_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = [(0, kind, "increment", value) for value in (1, 3) for kind in ("invoke", "ok")]
    path = written(tmp_path / "counts.jsonl", *counts)
    model = f"{Path(__file__).with_name('own_specs.py')}:COUNTER"
    code, lines = check(path, "--model", model)
    assert (code, lines[:2]) == (1, [f"{path}: 2 operations of 1 processes (counter)", "violated: not linearizable"])
    assert "  increment 3: it can't take effect before it completes" in "\n".join(lines)
    assert check(path, "--model", model, "--set", "limit=2")[0] == 2
    assert "value = 3: must be an integer from -1 to 2, or null" in capsys.readouterr().err
    assert check(path, "--set", "limit=2")[0] == 2
    assert "--set limit=2: only a --model of one's own" in capsys.readouterr().err


COMMITTED = [
    (0, "invoke", "commit", {"x": 1}),
    (0, "ok", "commit", {"x": 1}),
    (0, "invoke", "fetch", ["x"]),
    (0, "ok", "fetch", {"x": 99}),
]


def test_every_model_that_operations_call_for_is_judged(tmp_path: Path) -> None:
    path = written(tmp_path / "mixed.jsonl", *KEPT, *COMMITTED, *done(2, "poll", {}))
    code, found = as_json(path)
    assert (code, found["verdict"], found["model"], list(found["others"])) == (1, "violated", "log", ["offsets"])
    assert ["holds", "violated"] == [found["linearizability"]["verdict"], found["others"]["offsets"]["verdict"]]
    assert {} == found["not_judged"]
    lines = check(path)[1]
    assert [f"{path}: 5 operations of 3 processes (log, offsets)", "violated: not linearizable"] == lines[:2]
    assert "the longest linearizable prefix has 7 events" in lines[3]
    code, found = as_json(written(tmp_path / "stale.jsonl", *KEPT, *STALE))
    assert (code, found["model"], list(found["others"])) == (1, "log", ["register"])


def test_what_no_model_covers_is_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path / "misspelt.jsonl", *STALE[:4], (0, "invoke", "wriet", 2), (0, "ok", "wriet", 2), *STALE[6:]
    )
    code, found = as_json(path)
    assert (code, found["operations"], found["not_judged"]) == (0, 4, {"wriet": 1})
    assert "not judged, since no model that was asked for covers it: wriet (1)" in check(path)[1]
    mixed = written(tmp_path / "mixed.jsonl", *KEPT, *COMMITTED)
    assert {"commit": 1, "fetch": 1} == as_json(mixed, "--model", "log")[1]["not_judged"]


def test_completions_without_invocations_are_operations(tmp_path: Path) -> None:
    code, found = as_json(written(tmp_path / "alone.jsonl", (0, "ok", "read", 9), (0, "ok", "read", 8)))
    assert (code, found["verdict"], found["operations"]) == (1, "violated", 2)


def test_a_model_with_nothing_to_judge_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "stale.jsonl", *STALE, (5, "invoke", "wriet"))
    said = "covers none of the operations of this history: write (register), read (register), wriet (of no model)"
    own = f"{Path(__file__).with_name('own_specs.py')}:COUNTER"
    for model, name in (("mutex", "mutex"), ("log", "log"), (own, "counter")):
        assert check(path, "--model", model) == (2, [])
        assert f"the model {name} {said}" in capsys.readouterr().err


def test_sends_of_which_nothing_tells_the_offset_are_counted(tmp_path: Path) -> None:
    sent = [(0, "invoke", "send", [["send", "x", "c"]]), (0, "ok", "send", [["send", "x", [None, "c"]]])]
    path = written(tmp_path / "sent.jsonl", *KEPT, *sent)
    code, found = as_json(path, "--ends-early")
    assert (code, found["linearizability"]["unplaced_sends"]) == (0, 1)
    said = "1 acknowledged sends take no place in real time: nothing tells their offsets"
    assert said in check(path, "--ends-early")[1]
    seen = [*sent, *done(1, "poll", {"x": [[2, "c"]]})]
    assert as_json(written(tmp_path / "seen.jsonl", *KEPT, *seen))[1]["linearizability"]["unplaced_sends"] == 0


def test_a_level_says_what_linearizability_leaves_out(tmp_path: Path) -> None:
    inside = [
        (0, "invoke", "txn", [["send", "x", "a"], ["send", "x", "b"]]),
        (0, "ok", "txn", [["send", "x", [1, "a"]], ["send", "x", [0, "b"]]]),
    ]
    path = written(tmp_path / "inside.jsonl", *inside, *done(1, "poll", {"x": [[0, "b"], [1, "a"]]}))
    code, found = as_json(path, "--level", "linearizable")
    levels = {v["level"] for v in found["consistency"]["violations"]}
    assert (code, found["linearizability"]["verdict"], "monotonic_writes" in levels) == (1, "holds", True)
    assert any(
        line.startswith("linearizability takes each record") for line in check(path, "--level", "linearizable")[1]
    )


@pytest.mark.parametrize("steps", [1, 1000])
def test_explaining_is_bounded_and_claims_no_more_than_it_knows(steps: int, tmp_path: Path) -> None:
    pending = [(p, "invoke", "write", p % 5) for p in range(8)]
    values = [(9, kind, "write", value) for value in (6, 7, 8, 7, 8) for kind in ("invoke", "ok")]
    path = written(tmp_path / "stale.jsonl", *pending, *values, (9, "invoke", "read"), (9, "ok", "read", 6))
    code, told = as_json(path, "--steps-max", steps)
    assert code == 1
    cut_short = steps == 1
    failure = told["linearizability"]["failure"]
    assert (not cut_short, not cut_short) == (failure["prefix_is_longest"], failure["core_is_minimal"])
    lines = "\n".join(check(path, "--steps-max", steps)[1])
    assert cut_short == ("prefix has at most" in lines)
    assert cut_short == ("a core, which may not be minimal" in lines)
    assert cut_short != ("a minimal core" in lines)


def test_too_few_steps_leave_it_unknown(tmp_path: Path) -> None:
    # values that are not unique, and reads each of which may find what it does, but not all
    pending = [(p, "invoke", "write", p % 2) for p in range(4)]
    reads = [
        (9, kind, "read", value if kind == "ok" else None) for value in (0, 1, 0, 1, 0) for kind in ("invoke", "ok")
    ]
    path = written(tmp_path / "stale.jsonl", *pending, *reads)
    code, found = as_json(path, "--steps-max", 1)
    assert (code, found["verdict"]) == (2, "unknown")
    assert "None: no verdict within 1 configurations" == found["linearizability"]["reason"]
    assert as_json(path)[0] == 1


def test_a_level_of_consistency_can_be_asked_for(tmp_path: Path) -> None:
    behind = [
        *done(0, "send", ("x", "a", 1)),
        *done(0, "send", ("x", "b", 0)),
        *done(1, "poll", {"x": [[0, "b"], [1, "a"]]}),
    ]
    code, found = as_json(written(tmp_path / "behind.jsonl", *behind), "--level", "monotonic_writes")
    assert code == 1
    assert [v["level"] for v in found["consistency"]["violations"]] == ["monotonic_writes"]


def test_figures_are_added_when_asked_for(tmp_path: Path) -> None:
    figures = as_json(written(tmp_path / "lost.jsonl", *LOST), "--figures")[1]["figures"]
    assert set(figures) == {"worst_realtime_lag", "consume_counts", "unseen"}


def test_figures_are_there_where_no_offset_is_known(tmp_path: Path) -> None:
    path = written(tmp_path / "w.jsonl", *done(0, "send", ("x", "a")))
    assert as_json(path, "--figures")[1]["figures"] == {
        "worst_realtime_lag": None,
        "consume_counts": {"distribution": {}, "repeated": []},
        "unseen": [{"time": None, "key": "x", "count": 1}],
    }


def test_compressed_histories_are_read(tmp_path: Path) -> None:
    plain = written(tmp_path / "lost.jsonl", *LOST)
    packed = tmp_path / "lost.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert as_json(packed)[1] == as_json(plain)[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"process": 0, "type": "done", "f": "send"}\n', "line 1"),
        ('{"process": 0, "type": "invoke", "f": "sleep"}\n', "holds no operation that can be judged"),
        ("", "has no events"),
    ],
)
def test_what_is_no_history_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(text, encoding="utf-8")
    assert check(path, "--format", "json-lines") == (2, [])
    error = capsys.readouterr().err
    assert error.startswith(f"logproof: {path}")
    assert said in error


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path / "none.jsonl") == (2, [])
    assert "none.jsonl" in capsys.readouterr().err


# --------------------------------------------------------------------------------------- the recordings that come along


def test_every_anomaly_comes_with_its_minimal_history() -> None:
    there = {check.recording for check in history_checks()}
    assert {f"{MINIMAL}{name}" for name in CASES} <= there


@pytest.mark.parametrize("name", CASES)
def test_a_minimal_recording_is_the_one_that_is_tested(name: str, tmp_path: Path) -> None:
    recorded = (FOLDER / "minimal" / f"{name}.jsonl").read_text(encoding="utf-8")
    assert recorded == written(tmp_path / "case.jsonl", *CASES[name].shows).read_text(encoding="utf-8")


def test_recordings_speak_for_guarantees_that_there_are() -> None:
    evidence = history_evidence()
    assert {e.guarantee for e in evidence} <= set(GUARANTEES)
    assert {"REP-1", "LOG-1", "TXN-3"} <= {e.guarantee for e in evidence}


def test_a_recording_that_no_longer_shows_what_it_must_is_a_complaint() -> None:

    check = next(c for c in history_checks() if c.recording == "minimal_lost_write")
    assert check.run().complaint is None
    complaint = replace(check, anomalies=("duplicate",)).run().complaint
    assert complaint is not None
    assert "anomalies duplicate" in complaint

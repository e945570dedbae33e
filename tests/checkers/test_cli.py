"""The command line: exit codes, what it prints, what it says about input that can't be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from checkers import cli
from checkers.check import Check
from checkers.commands import verify as verify_command
from checkers.counterexample import load
from checkers.explore import checkpoint, search
from checkers.explore.check import ExplorationCheck, exploration_checks
from checkers.explore.compile import cache_folder
from checkers.verify import checks_for
from specs.catalogue import NAMES
from tests.checkers.explore.searches import BREAKS_DEPTH, BREAKS_STRONG_ISR
from tests.paper import Paper

BOUNDS = ("replicas=2", "log_size=2", "max_records=2", "max_leader_epoch=1")
SMALL = (*(argument for bound in BOUNDS for argument in ("--set", bound)), "--no-symmetry")
REPLICATION = ("explore", "replication", *SMALL)
BROKEN = (*REPLICATION, "--variant", BREAKS_STRONG_ISR, "--invariant", "strong_isr")


def logproof(*arguments: str) -> tuple[int, list[str]]:
    """The exit code and the lines of a command."""
    paper = Paper()
    return cli.main(arguments, paper), paper.lines


def as_json(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the one object of a command with --json."""
    code, lines = logproof(*arguments, "--json")
    assert len(lines) == 1
    return code, json.loads(lines[0])


# -------------------------------------------------------------------------------------------------------------- explore


def test_a_spec_that_holds_exits_with_0() -> None:
    code, found = as_json(*REPLICATION)
    assert code == 0
    expected: dict[str, Any] = {
        "spec": "replication",
        "variant": "fixed",
        "ablation": None,
        "bounds": {"replicas": 2, "log_size": 2, "max_records": 2, "max_leader_epoch": 1},
        "verdict": "holds",
        "property": None,
        "reason": None,
        "distinct_states": 957,
        "transitions": 1800,
        "depth": 14,
        "max_depth": 14,
        "symmetry": False,
        "miss_probability": 0.0,
        "notes": [],
        "saved": None,
    }
    assert expected == {name: found[name] for name in expected}
    assert sum(found["actions"].values()) == found["transitions"]
    assert set(found["reachable"]) == {"record_is_committed", "zombie_leader"}
    assert found["properties"][0] == "strong_isr"
    assert min(found[name] for name in ("seconds", "compile_seconds", "states_per_second", "peak_rss_bytes")) > 0


def test_a_spec_that_is_violated_exits_with_1() -> None:
    code, found = as_json(*BROKEN)
    assert code == 1
    assert (found["verdict"], found["property"], found["depth"]) == ("violated", "strong_isr", BREAKS_DEPTH)
    assert found["properties"] == ["strong_isr"]
    assert found["max_depth"] >= found["depth"]


def test_a_search_without_a_verdict_exits_with_2() -> None:
    code, found = as_json(*REPLICATION, "--max-states", "100")
    assert code == 2
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith("the limit was 100 (--max-states)")
    assert as_json(*REPLICATION, "--max-memory", "64K")[0] == 2


def test_ablations_are_named() -> None:
    code, found = as_json(*REPLICATION, "--ablate", "unfenced_isr_expand", "--ablate", "kip_101_lookup")
    assert (found["variant"], found["ablation"]) == ("fixed", "kip_101_lookup+unfenced_isr_expand")
    assert {"holds": 0, "violated": 1}[found["verdict"]] == code


def test_what_is_found_is_told_in_words() -> None:
    code, lines = logproof(*REPLICATION)
    assert code == 0
    assert lines[0] == "replication (fixed) replicas=2 log_size=2 max_records=2 max_leader_epoch=1"
    assert lines[1].startswith("holds: strong_isr, weak_isr, ")
    assert lines[2] == "957 distinct states, 1,800 transitions, depth 14"
    assert lines[-1].startswith("reachable: record_is_committed at depth ")
    code, lines = logproof(*BROKEN, "--full", "--compact", "64", "--workers", "1")
    assert code == 1
    assert lines[1] == f"violated: strong_isr, by a counterexample of {BREAKS_DEPTH} steps"
    assert any(line.startswith("compact: a state was missed with a probability of at most ") for line in lines)
    assert lines[-1] == "whole drawing of strong_isr of replication"


def test_a_counterexample_is_saved_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "lost.json"
    code, found = as_json(*BROKEN, "--save", str(path))
    assert (1, str(path)) == (code, found["saved"])
    saved = load(path)
    assert (saved.subject, saved.variant, saved.broken) == ("replication", BREAKS_STRONG_ISR, "strong_isr")
    assert saved.depth == BREAKS_DEPTH
    assert logproof("replay", str(path)) == (1, ["drawing of strong_isr of replication"])
    path.write_text(path.read_text().replace(BREAKS_STRONG_ISR, "fixed"))
    code, lines = logproof("replay", str(path))
    assert code == 2
    assert lines[0].startswith(f"{path}: no longer applies: ")


def test_nothing_is_saved_where_nothing_is_violated(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    code, found = as_json(*REPLICATION, "--save", str(path))
    assert (code, found["saved"], path.exists()) == (0, None, False)


def test_a_search_is_resumed_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "SAVE_AT_LEAST", 20)
    monkeypatch.setattr(search, "PIECE", 8)
    path = tmp_path / "saved"
    assert logproof(*REPLICATION, "--checkpoint", str(path), "--max-states", "300")[0] == 2
    assert path.exists()
    code, found = as_json(*REPLICATION, "--checkpoint", str(path))
    assert (code, found["distinct_states"], found["transitions"]) == (0, 957, 1800)


# ----------------------------------------------------------------------------------------------- a spec of one's own

OWN = '''
"""A lift that may pass the top floor."""

from specs.language import Int, Record, Spec, action, bound

TOP = bound("top", 3, low=1, high=20, doc="the top floor")


class Lift(Record):
    """Where the lift is."""

    floor = Int(0, 20)


def ground_floor(s):
    """It begins on the ground floor."""


@action(floors=Int(1, 2))
def rise(s, floors):
    """Rise one floor or two."""
    if s.floor >= TOP:
        return False
    s.floor = s.floor + floors
    return True


def below_the_roof(s):
    """The lift stays in the house."""
    return s.floor <= TOP


SPEC = Spec("lift", "A lift.", Lift, ground_floor, (rise,), (TOP,), invariants=(below_the_roof,))
'''


def test_a_spec_in_a_file_of_ones_own_is_explored_saved_and_replayed(tmp_path: Path) -> None:
    path, saved = tmp_path / "lift.py", tmp_path / "saved.json"
    path.write_text(OWN)
    code, found = as_json("explore", f"{path}:SPEC", "--save", str(saved))
    assert code == 1
    assert (found["spec"], found["property"], found["depth"]) == ("lift", "below_the_roof", 2)
    assert load(saved).subject == f"{path}:SPEC"
    assert logproof("replay", str(saved)) == (1, ["drawing of below_the_roof of lift"])


def test_a_mistake_in_a_spec_of_ones_own_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lift.py"
    path.write_text(OWN.replace("if s.floor >= TOP:", "while s.floor >= TOP:"))
    assert logproof("explore", f"{path}:SPEC")[0] == 2
    assert capsys.readouterr().err == f"logproof: {path}:22: rise: While is not in the spec language\n"


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("replication", "--set", "replicas"), "--set replicas: write a bound and an integer, as in --set replicas=3"),
        (("replication", "--set", "replicas=two"), "--set replicas=two: write a bound and an integer"),
        (("replication", "--set", "replicas=\N{SUPERSCRIPT TWO}"), "--set replicas=\N{SUPERSCRIPT TWO}: write a bound"),
        (("replication", "--set", "replicas=0"), "bound replicas=0: must be an integer from 1 to 6 (replicas of the"),
        (("replication", "--set", "replicas=7"), "bound replicas=7: must be an integer from 1 to 6"),
        (("replication", "--set", "brokers=3"), "replication has no bound 'brokers'; it has replicas, log_size, "),
        (("replication", "--variant", "kip_1"), "replication has no variant 'kip_1'; it has fixed, truncate_to_high"),
        (
            ("replication", "--ablate", "all"),
            "replication has no ablation 'all'; it has truncate_to_own_high_watermark",
        ),
        (
            (*REPLICATION[1:], "--invariant", "safe"),
            "replication has no property 'safe'; it has strong_isr, weak_isr, ",
        ),
        (("raft",), "there is no spec 'raft'; there are replication, "),
        (("gone.py:SPEC",), "gone.py: there is no such file"),
        (("gone.py",), "gone.py: name the spec in the file, as in path/to/own_spec.py:SPEC"),
        (("replication", "--workers", "0"), "--workers 0: must be 1 or more"),
        (("replication", "--max-states", "0"), "--max-states 0: must be 1 or more"),
        (("replication", "--max-states", "-5"), "--max-states -5: must be 1 or more"),
        (("replication", "--max-memory", "lots"), "--max-memory lots: write a number of bytes, or one with K, M or G"),
        (
            ("replication", "--max-memory", "0"),
            "--max-memory 0: write a number of bytes, or one with K, M or G, as in 4G",
        ),
        (("replication", "--max-memory", "4GB"), "--max-memory 4GB: write a number of bytes"),
        (("replication", "--checkpoint", "no/where"), "--checkpoint no/where: the folder no does not exist"),
        ((*BROKEN[1:], "--save", "no/where"), "no/where: can't be written: No such file or directory"),
    ],
)
def test_input_that_cannot_be_used_exits_with_2_and_a_line_that_says_why(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--checkpoint" in arguments:
        arguments = (*arguments, *SMALL)
    code, lines = logproof("explore", *arguments)
    error = capsys.readouterr().err
    assert (code, lines) == (2, [])
    assert error.startswith(f"logproof: {message}")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("improve",), "invalid choice: 'improve'"),
        (("explore",), "the following arguments are required: subject"),
        (("explore", "replication", "--workers", "two"), "argument --workers: invalid int value: 'two'"),
        (("explore", "replication", "--compact", "32"), "argument --compact: invalid choice: 32"),
        (("explore", "replication", "--fast"), "unrecognized arguments: --fast"),
    ],
)
def test_arguments_that_do_not_exist_exit_with_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        logproof(*arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json"])
def test_a_file_that_is_no_counterexample_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    path = tmp_path / "some.json"
    path.write_text(content)
    assert logproof("replay", str(path)) == (2, [])
    assert capsys.readouterr().err.startswith(f"logproof: {path}")


def test_an_error_of_its_own_is_no_verdict_and_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> NoReturn:
        message = "a hole"
        raise ZeroDivisionError(message)

    monkeypatch.delenv("LOGPROOF_TRACEBACK", raising=False)
    monkeypatch.setattr("checkers.commands.listing.run", broken)
    assert logproof("list") == (2, [])
    told = capsys.readouterr().err
    expected = "logproof: an error of its own, and no verdict: ZeroDivisionError: a hole ("
    assert told.startswith(f"{expected}{__file__}, line ")
    assert told.endswith("); LOGPROOF_TRACEBACK=1 in the environment shows where it came from\n")
    monkeypatch.setenv("LOGPROOF_TRACEBACK", "1")
    assert logproof("list") == (2, [])
    told = capsys.readouterr().err
    assert told.startswith("logproof: Traceback (most recent call last):\n")
    assert "raise ZeroDivisionError(message)\n" in told
    assert told.splitlines()[-1].startswith("an error of its own, and no verdict: ZeroDivisionError: a hole (")


# ------------------------------------------------------------------------------------------------------ list and verify


def test_list_shows_every_spec_with_its_bounds_properties_and_variants() -> None:
    code, lines = logproof("list")
    text = "\n".join(lines)
    assert code == 0
    assert [line.partition(":")[0] for line in lines if line and not line.startswith(" ")] == list(NAMES)
    assert "replicas=3 (1 to 6)" in text
    assert "  variant    kip_279: Kafka with KIP-279: " in text
    assert "  invariant  strong_isr: " in text


def test_list_as_json_is_for_machines() -> None:
    code, lines = logproof("list", "--json")
    specs = {spec["name"]: spec for spec in json.loads("\n".join(lines))}
    assert (0, list(NAMES)) == (code, list(specs))
    replication = specs["replication"]
    assert replication["bounds"]["replicas"]["default"] == 3
    assert replication["properties"]["strong_isr"]["kind"] == "invariant"
    assert replication["variants"]["kip_279"]["expects"][0]["breaks"] == "strong_isr"


@pytest.fixture
def checks_of_log_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the others to the tests that verify everything."""
    every: Callable[[frozenset[str]], tuple[Check, ...]] = checks_for
    monkeypatch.setattr(
        verify_command, "checks_for", lambda ids: tuple(check for check in every(ids) if check.name == "log_order")
    )


@pytest.mark.usefixtures("checks_of_log_order")
def test_verify_shows_the_evidence_for_a_guarantee() -> None:
    code, found = as_json("verify", "LOG-2")
    assert code == 0
    (guarantee,) = found["guarantees"]
    assert guarantee["id"] == "LOG-2"
    assert set(guarantee["missing"]) < set(guarantee["needed"])
    checks = [check for evidence in guarantee["evidence"] for check in evidence["checks"]]
    assert {
        "name": "log_order",
        "command": "logproof explore log_order",
        "verdict": "holds",
        "as_expected": True,
        "distinct_states": 65,
        "depth": 7,
        "bounds": {"log_size": 3, "max_records": 4},
    } in checks
    code, lines = logproof("verify", "LOG-2")
    assert code == 0
    assert any("holds at 3/4: 65 states, depth 7" in line for line in lines)
    assert lines[-1].startswith("\n1 checks, 0 failed; 1 guarantees: ")


@pytest.mark.usefixtures("checks_of_log_order")
def test_verify_takes_an_area_for_all_its_guarantees() -> None:
    code, found = as_json("verify", "LOG")
    assert code == 0
    assert {g["id"] for g in found["guarantees"]} >= {"LOG-1", "LOG-2", "LOG-3"}
    assert {g["id"].partition("-")[0] for g in found["guarantees"]} == {"LOG"}


def test_verify_fails_where_evidence_does_not_come_out_as_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = next(c for c in exploration_checks() if c.spec == "alter_partition" and c.expect is not None)
    assert wrong.expect is not None
    deeper = type(wrong.expect)(wrong.expect.breaks, wrong.expect.depth + 1, wrong.expect.bounds)
    monkeypatch.setattr(verify_command, "checks_for", lambda _: (ExplorationCheck(wrong.spec, wrong.variant, deeper),))
    code, lines = logproof("verify")
    assert code == 1
    said = f"but breaks {deeper.breaks} after {wrong.expect.depth}"
    assert any("FAILED: " in line and said in line for line in lines)


def test_verify_knows_the_guarantees(capsys: pytest.CaptureFixture[str]) -> None:
    assert logproof("verify", "LOG-99") == (2, [])
    assert capsys.readouterr().err.startswith("logproof: LOG-99: no such guarantee; they are ")


# ---------------------------------------------------------------------------------------------------------- the program


def test_the_program_runs() -> None:
    environment = os.environ | {"LOGPROOF_CACHE": str(cache_folder())}
    root = Path(__file__).parents[2]
    program = [sys.executable, "-m", "reports.console"]
    done = subprocess.run(  # noqa: S603
        [*program, *REPLICATION, "--json"], cwd=root, env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["distinct_states"] == 957
    assert done.stderr == ""
    done = subprocess.run([*program, "explore", "raft"], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("logproof: there is no spec 'raft'; there are ")

"""`logproof record` and `logproof systems`: what they print, and how they end."""

from __future__ import annotations

import json
import os
import signal
from argparse import ArgumentParser
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from checkers.history.format import read_history
from checkers.verdict import UserError
from systems import catalogue, kafka_install
from systems.catalogue import Known
from systems.commands import record, systems
from tests.paper import Paper
from tests.systems.toy_log import ToyLog

CALM = ["--set", "subscribe_share=0", "--set", "clients=2", "--set", "faults=0"]


def nothing() -> None:
    """Nothing is missing."""


def broken(error: BaseException | None = None, *_: object) -> NoReturn:
    """Raise an error."""
    raise error if isinstance(error, BaseException) else UserError("it broke")


def toys(**systems_by_name: ToyLog) -> Mapping[str, Known]:
    return {name: Known(lambda system=system: system, "a toy", nothing) for name, system in systems_by_name.items()}  # type: ignore[misc]


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ToyLog:
    system = ToyLog()
    for module in (catalogue, record, systems):
        monkeypatch.setattr(module, "SYSTEMS", toys(toy=system))
    return system


def call(module: Any, *arguments: str) -> tuple[int, list[str]]:  # noqa: ANN401 - a command
    parser, display = ArgumentParser(), Paper()
    module.add(parser)
    return module.run(parser.parse_args(arguments), display), display.lines


def test_a_recording_is_written_and_its_figures_printed(toy: ToyLog, tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    code, printed = call(record, "toy", "--out", str(path), "--operations", "50", "--seed", "4", "--json", *CALM)
    figures = json.loads(printed[-1])
    assert (0, True, 4) == (code, figures["complete"], figures["seed"])
    assert figures["events"] == len(path.read_text(encoding="utf-8").splitlines()) > 100
    assert 0 == toy.started


def test_people_are_told_the_configuration_first(toy: ToyLog, tmp_path: Path) -> None:  # noqa: ARG001 - is recorded
    code, printed = call(record, "toy", "--out", str(tmp_path / "h"), "--operations", "20", *CALM)
    assert 0 == code
    assert "toy, with" == printed[0]
    assert "  clients = 2\n" in printed[1]
    assert printed[-1].startswith("  ")


def test_an_incomplete_recording_is_no_pass(toy: ToyLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("systems.worker.GIVE_UP_SECONDS", 0.02)
    monkeypatch.setattr("systems.worker.REOPEN_SECONDS", 0.01)
    toy.down = True
    code, printed = call(record, "toy", "--out", str(tmp_path / "h"), "--operations", "20", *CALM)
    assert 2 == code
    assert "incomplete: client-1 ended early, the system was out of its reach" == printed[-1]


def test_a_plan_is_printed_without_recording(toy: ToyLog) -> None:
    code, printed = call(record, "toy", "--plan", "--operations", "20", *CALM)
    assert 0 == code
    assert 20 == sum("operation" in json.loads(line) for line in printed)
    assert 0 == toy.sends


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name either a system"),
        (["toy", "--bootstrap", "a:1"], "name either a system"),
        (["toy"], "--out FILE: say where the history goes"),
        (["toy", "--client", "a=b"], "--client: only with --bootstrap"),
        (["toy", "--set", "clients"], "--set clients: must be NAME=VALUE"),
        (["toy", "--set", "clients=0"], "clients = 0: must be from 1 to 64"),
        (["toy", "--operations", "0"], "operations = 0: must be from 1 to"),
        (["toy", "--seed", "-1"], "seed = -1: must be from 0 to"),
    ],
)
def test_a_wrong_call_says_what_is_right(toy: ToyLog, arguments: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        call(record, *arguments)
    assert 0 == toy.sends


def test_a_cluster_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("confluent_kafka")
    monkeypatch.setattr("systems.cluster.ANSWER_SECONDS", 0.1)
    with pytest.raises(UserError, match=r"127\.0\.0\.1:1: lists 0 of 1 brokers after 0 s"):
        call(record, "--bootstrap", "127.0.0.1:1", "--out", str(tmp_path / "h"))


def test_a_recording_that_can_not_begin_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, system = tmp_path / "h", ToyLog()
    monkeypatch.setattr(system, "prepare", broken)
    monkeypatch.setattr(record, "known", lambda _: Known(lambda: system, "a toy", nothing))
    path.write_text("kept", encoding="utf-8")
    with pytest.raises(UserError, match=r"^it broke$"):
        call(record, "toy", "--out", str(path))
    assert ("kept", [path]) == (path.read_text(), list(tmp_path.iterdir()))


@pytest.mark.parametrize("error", [UserError("it broke"), KeyboardInterrupt()])
def test_a_recording_that_breaks_off_says_what_there_is_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException
) -> None:
    path, system = tmp_path / "h", ToyLog()
    monkeypatch.setattr(system, "client", partial(broken, error))
    monkeypatch.setattr(record, "known", lambda _: Known(lambda: system, "a toy", nothing))
    path.write_text("kept", encoding="utf-8")
    with pytest.raises(type(error)) as caught:
        call(record, "toy", "--out", str(path))
    left = f"what was recorded until then, events: 1, is in {path}.partial"
    told = (str(caught.value), "") if isinstance(error, UserError) else ("", capsys.readouterr().err)
    assert (f"it broke; {left}", "") if isinstance(error, UserError) else ("", f"logproof: {left}\n") == told
    assert ("kept", 1) == (path.read_text(), len(Path(f"{path}.partial").read_text().splitlines()))


TOY = f"{Path(__file__).with_name('toy_log.py')}:ToyLog"


def test_a_system_of_ones_own_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "h"
    code, printed = call(record, TOY, "--out", str(path), "--operations", "40", *CALM)
    assert (0, "toy, with") == (code, printed[0])
    assert len(read_history(path)) > 80


OWN = """
from tests.systems.toy_log import ToyLog

class Half:
    name, faults = "half", ()

    def start(self):
        pass

class Needs(ToyLog):
    def __init__(self, port):
        super().__init__()

class Fails(ToyLog):
    def client(self, settings):
        return {}["no port"]

READY = ToyLog()
NUMBER = 3

def made():
    return ToyLog()
"""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (":Half", "own.py: Half is no system, it lacks stop, prepare, client, inject, heal; see systems.system.System"),
        (":Needs", r"own.py: Needs\(\) can't be made: .*missing 1 required positional argument: 'port'"),
        (":Fails", "own.py, line 16: KeyError: 'no port'"),
        (":NUMBER", "own.py: NUMBER is no system, it lacks name, faults, start"),
        (":Gone", "own.py: has no Gone; what it defines is Half, Needs, Fails, made"),
        ("", "own.py: name the system in the file, as in path/to/own.py:MyBroker"),
    ],
)
def test_what_is_no_system_is_refused(tmp_path: Path, name: str, message: str) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        call(record, f"{path}{name}", "--out", str(tmp_path / "h"), "--operations", "20", *CALM)


@pytest.mark.parametrize("name", ["READY", "made"])
def test_a_system_or_what_makes_one_is_taken_as_well(tmp_path: Path, name: str) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN, encoding="utf-8")
    assert 0 == call(record, f"{path}:{name}", "--plan", "--operations", "20", *CALM)[0]


def test_a_system_that_is_not_known_is_refused() -> None:
    with pytest.raises(UserError, match="redis: there is no such system; there are mock, tansu, kafka, and your own"):
        call(record, "redis", "--out", "h")


def test_a_termination_ends_the_recording_as_an_interrupt_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), record.ended_by_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
    assert before == signal.getsignal(signal.SIGTERM)


def test_systems_are_listed_with_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOGPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(kafka_install, "java", lambda: "java")
    code, printed = call(systems, "list", "--json")
    entries = {entry["name"]: entry for entry in json.loads(printed[0])}
    assert (0, ["mock", "tansu", "kafka"]) == (code, list(entries))
    assert f"is not installed in {tmp_path}/apache-kafka-" in entries["kafka"]["missing"]
    assert entries["kafka"]["missing"].endswith("logproof systems install kafka")
    assert [] == entries["mock"]["faults"]


def test_installing_without_java_or_maven_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOGPROOF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        UserError, match=r"there is no program java on the path; Apache Kafka .* needs Java 17 or newer"
    ):
        call(systems, "install", "kafka")
    script(tmp_path / "java", 'echo "openjdk version \\"11.0.2\\""')
    with pytest.raises(UserError, match=r"java says 'openjdk version \"11\.0\.2\"'; Apache Kafka"):
        call(systems, "install", "kafka")
    script(tmp_path / "java", 'echo "openjdk version \\"17.0.15\\""')
    with pytest.raises(UserError, match="there is no program mvn on the path"):
        call(systems, "install", "kafka")
    script(tmp_path / "mvn", "echo no network; exit 1")
    with pytest.raises(UserError, match="mvn can't fetch Apache Kafka's jars:\n  no network"):
        call(systems, "install", "kafka")


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o700)

"""The command line of proofs."""

from __future__ import annotations

import json
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import pytest
import z3

from checkers.cli import main
from checkers.commands import prove
from checkers.prove import catalogue
from checkers.prove.check import ProofCheck
from checkers.prove.proof import NegativeControl, Proof, Proved
from checkers.prove.to_induction import Disagreement
from checkers.verdict import UserError, VerdictName
from reports.console import Terminal
from specs.guarantees import GUARANTEES
from specs.language import SpecError


def proof_of(verdict: VerdictName, *, control_fails: bool) -> Proof:
    controls = (NegativeControl("a guard", control_fails),)

    def run(*, deep: bool) -> Proved:
        return Proved(verdict, 3, 2, 0.5, controls, "deep" if deep else "")

    return Proof(f"planted_{verdict}", ("REP-3",), "It is planted.", {"replicas": 3}, run)


@pytest.mark.parametrize(
    ("verdict", "control_fails", "code"),
    [("holds", True, 0), ("holds", False, 1), ("violated", True, 1), ("unknown", True, 2)],
)
def test_the_exit_code_is_that_of_the_worst(verdict: VerdictName, control_fails: bool, code: int) -> None:  # noqa: FBT001
    proved = proof_of(verdict, control_fails=control_fails).run(deep=False)
    assert code == prove.exit_code([proof_of("holds", control_fails=True).run(deep=False), proved])


def test_json_has_what_was_proved_and_its_negative_control() -> None:
    proof = proof_of("holds", control_fails=True)
    shown = json.loads(json.dumps(prove.as_json(proof, proof.run(deep=False), deep=False)))
    assert ["REP-3"] == shown["guarantee"]
    assert [{"broken": "a guard", "failed": True, "detail": ""}] == shown["negative_control"]
    assert ("planted_holds", "holds", {"replicas": 3}, 3) == tuple(
        shown[key] for key in ("name", "verdict", "bounds", "obligations")
    )


def failing(error: BaseException) -> Proof:
    def run(*, deep: bool) -> Proved:
        del deep
        raise error

    return replace(proof_of("holds", control_fails=True), name="failing", run=run)


@pytest.mark.parametrize(
    "error",
    [
        Disagreement("x"),
        BrokenProcessPool("x"),
        TypeError("x"),
        z3.Z3Exception("x"),
        SpecError("x"),
        AssertionError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_the_engine_is_unknown_and_ends_no_other_proof(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = [failing(error), proof_of("holds", control_fails=True)]
    monkeypatch.setattr(prove, "find_proofs", lambda *_, **__: chosen)
    assert 2 == main(["prove", "--json"], Terminal())
    shown = json.loads(capsys.readouterr().out)
    assert [("failing", "unknown"), ("planted_holds", "holds")] == [(one["name"], one["verdict"]) for one in shown]
    assert shown[0]["detail"].startswith("the proof could not be carried out: ")
    assert type(error).__name__ in shown[0]["detail"]
    assert "test_prove_command.py:" in shown[0]["detail"]


def test_a_proof_that_could_not_be_carried_out_is_no_evidence() -> None:
    outcome = ProofCheck(failing(TypeError("no such operation"))).run()
    assert "unknown" == outcome.verdict
    assert (outcome.complaint or "").startswith("unknown: the proof could not be carried out: TypeError")


def test_a_proof_is_one_line_with_all_of_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = replace(proof_of("violated", control_fails=False), statement="It falls.")
    monkeypatch.setattr(prove, "find_proofs", lambda *_, **__: [proof_of("holds", control_fails=True), silent])
    assert 1 == main(["prove", "--deep"], Terminal())
    figures = "replicas=3; 3 obligations, 2 paths, 0.5 s; negative control"
    assert [
        f"holds    planted_holds (REP-3): It is planted; {figures}: fails for a guard",
        "  deep",
        f"violated planted_violated (REP-3): It falls; {figures}: DOES NOT FAIL for a guard",
        "  deep",
    ] == capsys.readouterr().out.splitlines()


def test_a_deep_run_tells_its_own_bounds() -> None:
    proof = replace(proof_of("holds", control_fails=True), bounds_deep={"replicas": 5})
    shown = [prove.as_json(proof, proof.run(deep=deep), deep=deep)["bounds"] for deep in (False, True)]
    assert [{"replicas": 3}, {"replicas": 5}] == shown


def test_every_proof_speaks_for_a_guarantee_there_is() -> None:
    for proof in catalogue.proofs().values():
        assert proof.guarantees
        assert set(proof.guarantees) <= set(GUARANTEES)


def test_a_name_that_is_no_proof_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="there is no proof 'none'; there are quorum_intersection, "):
        catalogue.find_proofs(["none"], deep=False)


def test_deep_proofs_are_left_out_unless_they_are_asked_for() -> None:
    default, deep = (catalogue.find_proofs([], deep=deep) for deep in (False, True))
    assert ["replication_log_of_3"] == [proof.name for proof in deep if proof not in default]
    assert ["replication_log_of_3"] == [p.name for p in catalogue.find_proofs(["replication_log_of_3"], deep=False)]

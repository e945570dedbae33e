"""Proofs as evidence: each stands only if it holds and its negative controls fail."""

from __future__ import annotations

from dataclasses import dataclass

from checkers.check import Outcome
from checkers.prove.catalogue import proofs
from checkers.prove.proof import Proof, Proved, carried_out
from specs.evidence import Evidence

SUBJECT = "proof"


@dataclass(frozen=True, slots=True)
class ProofCheck:
    """A proof that must stand, at its default sizes."""

    proof: Proof

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""
        return f"{SUBJECT}-{self.proof.name}"

    @property
    def group(self) -> str:
        """Proofs share nothing, but those that are done in an instant are done by one process."""
        return "proofs"

    @property
    def command(self) -> str:
        """The command that does the same."""
        return f"logproof prove {self.proof.name}"

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""
        return (evidence.kind, evidence.subject, evidence.property) == ("P", SUBJECT, self.proof.name)

    def run(self) -> Outcome:
        """Prove, with the negative controls."""
        proved = carried_out(self.proof, deep=False)
        return Outcome(
            check=self,
            verdict=proved.verdict,
            says=self.says(proved),
            complaint=self.complaint(proved),
            figures={"obligations": proved.obligations, "paths": proved.paths, "bounds": dict(self.proof.bounds)},
        )

    def says(self, proved: Proved) -> str:
        """The result in a few words."""
        bounds = ", ".join(f"{name}={value}" for name, value in self.proof.bounds.items())
        controls = ", ".join(control.broken for control in proved.controls)
        return f"proved for {bounds}: {proved.obligations:,} obligations; fails without: {controls}"

    def complaint(self, proved: Proved) -> str | None:
        """What is not as it must be."""
        if proved.verdict != "holds":
            return f"{proved.verdict}: {proved.detail}"
        if proved.obligations == 0:
            return "proved, but nothing was asked"
        silent = [control.broken for control in proved.controls if not control.failed]
        if silent or not proved.controls:
            return f"proved, but so it is with {', '.join(silent) or 'no negative control'}"
        return None


def proof_checks() -> tuple[ProofCheck, ...]:
    """The checks of all proofs that are carried out by default."""
    return tuple(ProofCheck(proof) for proof in proofs().values() if not proof.deep_only)


def proof_evidence() -> tuple[Evidence, ...]:
    """What each of them says on guarantees."""
    return tuple(
        Evidence(guarantee, "P", SUBJECT, check.proof.name)
        for check in proof_checks()
        for guarantee in check.proof.guarantees
    )

"""What a proof is to the command line, the evidence and the reports, whichever engine carries it out.

A proof comes with its negative control: the same proof of something that was broken on purpose, which must fail.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from checkers.clock import now
from checkers.verdict import VerdictName


@dataclass(frozen=True, slots=True)
class NegativeControl:
    """Something broken on purpose, and whether the proof failed for it, as it must."""

    broken: str
    """What was broken, such as the name of an ablation."""
    failed: bool
    detail: str = ""
    """Where the proof failed, such as the action and the conjunct."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of a proof. Z3's unknown is "unknown", never "holds"."""

    verdict: VerdictName
    obligations: int
    """How many questions the solver was asked, all of which it must answer with unsat."""
    paths: int
    """How many paths of the code were run to make the terms."""
    seconds: float
    controls: tuple[NegativeControl, ...] = ()
    detail: str = ""
    """For violated and unknown: what fails, with the counterexample if there is one."""

    @property
    def stands(self) -> bool:
        """Whether it holds, of something, and there are negative controls, and each of them failed."""
        holds = self.verdict == "holds" and self.obligations > 0
        return holds and bool(self.controls) and all(c.failed for c in self.controls)


class Run(Protocol):
    """How a proof is carried out."""

    def __call__(self, *, deep: bool) -> Proved:
        """Prove it, with its negative controls; `deep` does more of them, or larger sizes, at its leisure."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Something that can be proved. The name is its own in `checkers.prove.catalogue`."""

    name: str
    guarantees: tuple[str, ...]
    """Ids of `specs.guarantees` that it speaks for."""
    statement: str
    """What is proved, in one sentence."""
    bounds: Mapping[str, int | str]
    """For which sizes; "any" for those that are not bounded."""
    run: Run
    deep_only: bool = False
    """Whether it takes too long to be carried out by default."""
    bounds_deep: Mapping[str, int | str] = field(default_factory=dict)
    """The bounds that are others in a deep run."""

    def bounds_of(self, *, deep: bool) -> Mapping[str, int | str]:
        """The bounds of a run."""
        return {**self.bounds, **self.bounds_deep} if deep else self.bounds


def carried_out(proof: Proof, *, deep: bool) -> Proved:
    """What comes of a proof; unknown where the engine itself fails, whatever the error is: then nothing is proved."""
    started = now()
    try:
        return proof.run(deep=deep)
    except Exception as error:  # noqa: BLE001 - an error here must not be taken for a verdict, nor end other proofs
        said = traceback.format_exception_only(error)[-1].strip()
        place = traceback.extract_tb(error.__traceback__)[-1]
        detail = f"the proof could not be carried out: {said} (at {place.filename}:{place.lineno}, in {place.name})"
        return Proved("unknown", 0, 0, now() - started, (), detail)

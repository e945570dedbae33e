"""Histories as evidence: recordings of known verdict, judged again each time.

The recordings that come with logproof (`checkers/history/recorded/`) are of two kinds. Those of real systems say what
those systems kept or broke; the others are minimal: the shortest history that shows an anomaly, by its name. A check
passes only if exactly the anomalies that are known are found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from checkers.check import Outcome
from checkers.history.anomalies.settings import settings_of
from checkers.history.anomalies.table import ANOMALIES
from checkers.history.format import read_history
from checkers.history.judge import Judgement, Question, judge
from checkers.verdict import VerdictName
from specs.evidence import Evidence

FOLDER = Path(__file__).parent / "recorded"
MINIMAL = "minimal_"
"""How the names of minimal histories begin."""


@dataclass(frozen=True, slots=True)
class HistoryCheck:
    """A recording, what its clients were set to, and what it is known to show."""

    recording: str
    file: str
    settings: tuple[str, ...]
    """As options of `logproof check`."""
    verdict: VerdictName
    anomalies: tuple[str, ...]
    """All that are found, also those that are allowed."""
    linearizable: VerdictName
    silent_on: tuple[str, ...]
    """Anomalies that it could not show, since nothing was recorded that they are found in."""

    @property
    def name(self) -> str:
        """A short name, unique among all checks."""
        return f"history-{self.recording}"

    @property
    def group(self) -> str:
        """All recordings are judged by one process."""
        return "histories"

    @property
    def command(self) -> str:
        """The command that does the same."""
        return " ".join(("logproof check", str(FOLDER / self.file), *self.settings))

    def bears_on(self, evidence: Evidence) -> bool:
        """Whether this is part of some evidence."""
        return evidence.kind == "H" and self.recording in (evidence.subject, *evidence.catches)

    def run(self) -> Outcome:
        """Judge it, and compare with what is known."""
        history = read_history(FOLDER / self.file)
        settings = replace(
            settings_of(history), ww_deps="--ww-deps" in self.settings, drained="--ends-early" not in self.settings
        )
        found = judge(history, Question(settings=settings))
        return Outcome(
            check=self,
            verdict=found.verdict,
            says=f"{found.verdict} in {found.operations:,} operations",
            complaint=self.complaint(found),
            caught=None if self.verdict == "holds" else self.recording,
            figures={"operations": found.operations, "anomalies": {n: len(e) for n, e in found.anomalies.items()}},
        )

    def complaint(self, found: Judgement) -> str | None:
        """What is not as it is known to be."""
        known = (self.verdict, shown(self.anomalies), self.linearizable)
        now = (found.verdict, shown(tuple(found.anomalies)), found.linearizability.verdict)
        if known == now:
            return None
        sentence = "verdict {}, anomalies {}, linearizability {}"
        return f"{self.recording} must have {sentence.format(*known)}; but has {sentence.format(*now)}"


def shown(names: tuple[str, ...]) -> str:
    """Names in a sentence."""
    return ", ".join(sorted(names)) or "none"


@cache
def history_checks() -> tuple[HistoryCheck, ...]:
    """The checks of all recordings that come with logproof."""
    entries: Mapping[str, Any] = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    return tuple(
        HistoryCheck(
            recording=name,
            file=entry["file"],
            settings=tuple(entry["settings"]),
            verdict=entry["verdict"],
            anomalies=tuple(entry["anomalies"]),
            linearizable=entry["linearizable"],
            silent_on=tuple(entry.get("silent_on", ())),
        )
        for name, entry in entries.items()
    )


@cache
def history_evidence() -> tuple[Evidence, ...]:
    """For each guarantee and each anomaly that speaks to it: the recordings that hold, and those that have it."""
    checks = history_checks()
    clean = [check for check in checks if check.verdict == "holds" and not check.recording.startswith(MINIMAL)]
    return tuple(
        Evidence(guarantee, "H", check.recording, name, tuple(c.recording for c in checks if name in c.anomalies))
        for name, anomaly in ANOMALIES.items()
        for guarantee in anomaly.guarantees
        for check in clean
        if name not in (*check.anomalies, *check.silent_on)
    )

"""The verdict on a history: of the model that its operations call for, by every means there is for that model.

Logs and committed offsets are judged by Kafka's anomalies, less those that the settings allow, and by linearizability;
anything else by linearizability alone. A level of consistency is looked at where it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from checkers.history.anomalies.allowed import allowed
from checkers.history.anomalies.columns import Evidence
from checkers.history.anomalies.settings import Isolation, Settings
from checkers.history.anomalies.table import find_anomalies
from checkers.history.consistency.evidence import Violation
from checkers.history.consistency.hierarchy import violations
from checkers.history.history import NONE, EventType, History, Kind
from checkers.history.linearizability import STEPS_MAX, Linearizability, linearizable
from checkers.verdict import UserError, VerdictName
from specs.instance import Instance

LOG, OFFSETS = "log", "offsets"
MODEL_OF: Mapping[Kind, str] = {
    Kind.SEND: LOG,
    Kind.POLL: LOG,
    Kind.RECORD: LOG,
    Kind.END: LOG,
    Kind.EXPECT: "cas-register",
    Kind.READ: "register",
    Kind.WRITE: "register",
    Kind.GET: "kv",
    Kind.PUT: "kv",
    Kind.APPEND: "kv",
    Kind.ACQUIRE: "mutex",
    Kind.RELEASE: "mutex",
    Kind.ENQUEUE: "queue",
    Kind.DEQUEUE: "queue",
    Kind.COMMIT: OFFSETS,
    Kind.FETCH: OFFSETS,
}
"""The model that a micro-operation calls for, the earlier ones first."""
OBSERVED = ("batch", "record", "high_watermark", "last_stable_offset", "leader", "assigned", "revoked", "fenced")
"""Observations that anomalies can be found in."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a history. `model` is None for the one that its operations call for, or a specification."""

    model: str | Instance | None = None
    settings: Settings = field(default_factory=Settings)
    level: str | None = None
    steps_max: int = STEPS_MAX


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came out. `anomalies` are all that were found, also those that are `allowed` (with the reason)."""

    model: str
    operations: int
    settings: Settings
    anomalies: Mapping[str, Sequence[Evidence]]
    allowed: Mapping[str, str]
    linearizability: Linearizability
    level: str | None = None
    violations: tuple[Violation, ...] = ()

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The anomalies that were found and are not allowed."""
        return tuple(name for name in self.anomalies if name not in self.allowed)

    @property
    def verdict(self) -> VerdictName:
        """Violated if anything is; unknown if linearizability is and nothing else is wrong."""
        if self.forbidden or self.violations:
            return "violated"
        return self.linearizability.verdict


def judge(history: History, question: Question) -> Judgement:
    """Judge a history. Raises UserError for a model or a level that there is not, or that the history can't have."""
    asked = question.model or model_of(history)
    model = asked if isinstance(asked, str) else asked.spec.name
    kafkas = asked in (LOG, OFFSETS)
    shown = as_isolated(history, question.settings.isolation)
    if question.level is not None and asked != LOG:
        raise UserError(f"--level {question.level}: levels of consistency are those of logs, and the model is {model}")
    return Judgement(
        model=model,
        operations=int(np.count_nonzero(history.type == EventType.INVOKE)),
        settings=question.settings,
        anomalies=find_anomalies(history, question.settings) if kafkas else {},
        allowed=allowed(question.settings) if kafkas else {},
        linearizability=linearizable(shown, asked, steps_max=question.steps_max),
        level=question.level,
        violations=violations(shown, question.level) if question.level is not None else (),
    )


def as_isolated(history: History, isolation: Isolation) -> History:
    """The history as consistency is to judge it, given what consumers were let see.

    With read_uncommitted, what a failed transaction sent was in the log all the same, so it may have happened. With
    read_committed, the end that a consumer is told is the last stable offset: where there are transactions, open ones
    hold it back, and it says nothing of where the log ends, unless the event says that it was asked for uncommitted.
    """
    transactions = history.function == history.functions.find("txn")
    if isolation == "read_uncommitted":
        failed = transactions & (history.type == EventType.FAIL)
        return replace(history, type=np.where(failed, np.int8(EventType.INFO), history.type))
    if not transactions.any():
        return history
    sure = [event for event, fields in history.fields.items() if fields.get("isolation") == "read_uncommitted"]
    held_back = (history.kind == Kind.END) & ~np.isin(history.event, sure)
    return replace(history, kind=np.where(held_back, np.int8(Kind.OBSERVE), history.kind))


def model_of(history: History) -> str:
    """The model that the operations of a history call for. Raises UserError if there are none."""
    there = frozenset(np.unique(history.kind).tolist())
    for kind, model in MODEL_OF.items():
        if kind in there:
            return model
    if any(history.functions.find(name) != NONE for name in OBSERVED):
        return LOG
    raise UserError(
        f"{history.source}: holds no operation that can be judged (send, poll, txn, end_offset, read, write, cas, get, "
        "put, append, acquire, release, enqueue, dequeue, commit, fetch), and no observation"
    )

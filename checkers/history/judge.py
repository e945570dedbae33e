"""The verdict on a history: of all models that its operations call for, by every means there is for each.

Logs and committed offsets are judged by Kafka's anomalies, less those that the settings allow, and by linearizability;
anything else by linearizability alone. A level of consistency is looked at where it is asked for. What no model covers
is counted, by function: a misspelt one, or what another model than the one that was asked for would cover.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from checkers.history.anomalies.allowed import allowed
from checkers.history.anomalies.columns import Evidence
from checkers.history.anomalies.settings import Isolation, Settings
from checkers.history.anomalies.table import find_anomalies
from checkers.history.consistency.evidence import Violation
from checkers.history.consistency.hierarchy import violations
from checkers.history.history import NONE, EventType, History, Kind
from checkers.history.linearizability import STEPS_MAX, Linearizability, linearizable
from checkers.history.models import MODELS
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
KAFKAS = {"send", "poll", "txn", "assign", "subscribe"}
"""Functions of logs, whatever they carry."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a history. `model` is None for all that its operations call for, or a specification."""

    model: str | Instance | None = None
    settings: Settings = field(default_factory=Settings)
    level: str | None = None
    steps_max: int = STEPS_MAX


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came out. `anomalies` are all that were found, also those that are `allowed` (with the reason).

    `model` and `linearizability` are the first model that the history calls for and its verdict, `others` the verdicts
    of the others. `not_judged` has functions that none of them covers, and how many operations have each.
    """

    model: str
    operations: int
    settings: Settings
    anomalies: Mapping[str, Sequence[Evidence]]
    allowed: Mapping[str, str]
    linearizability: Linearizability
    level: str | None = None
    violations: tuple[Violation, ...] = ()
    others: tuple[Linearizability, ...] = ()
    not_judged: Mapping[str, int] = field(default_factory=dict)

    @property
    def linearizabilities(self) -> tuple[Linearizability, ...]:
        """The verdicts of all models."""
        return (self.linearizability, *self.others)

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The anomalies that were found and are not allowed."""
        return tuple(name for name in self.anomalies if name not in self.allowed)

    @property
    def verdict(self) -> VerdictName:
        """Violated if anything is; unknown if the linearizability of anything is and nothing else is wrong."""
        verdicts = {result.verdict for result in self.linearizabilities}
        if self.forbidden or self.violations or "violated" in verdicts:
            return "violated"
        return "unknown" if "unknown" in verdicts else "holds"


def judge(history: History, question: Question) -> Judgement:
    """Judge a history. Raises UserError for a model or a level that there is not, or that the history can't have."""
    models = models_of(history) if question.model is None else (question.model,)
    first = models[0]
    model = first if isinstance(first, str) else first.spec.name
    if question.model is not None:
        require_operations(history, question.model)
    operations = operations_among(history)
    kafkas = LOG in models or OFFSETS in models
    shown = as_isolated(history, question.settings.isolation)
    if question.level is not None and first != LOG:
        raise UserError(f"--level {question.level}: levels of consistency are those of logs, and the model is {model}")
    results = [linearizable(shown, each, steps_max=question.steps_max) for each in models]
    return Judgement(
        model=model,
        operations=len(operations),
        settings=question.settings,
        anomalies=find_anomalies(history, question.settings) if kafkas else {},
        allowed=allowed(question.settings) if kafkas else {},
        linearizability=results[0],
        level=question.level,
        violations=violations(shown, question.level) if question.level is not None else (),
        others=tuple(results[1:]),
        not_judged=not_judged(history, operations, models),
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


def models_of(history: History) -> tuple[str, ...]:
    """The models that the operations of a history call for, at least one. Raises UserError if there are none."""
    there = frozenset(np.unique(history.kind).tolist())
    models = dict.fromkeys(model for kind, model in MODEL_OF.items() if kind in there)
    if "cas-register" in models:
        models.pop("register", None)
    if models:
        return tuple(models)
    if any(history.functions.find(name) != NONE for name in OBSERVED):
        return (LOG,)
    raise UserError(
        f"{history.source}: holds no operation that can be judged (send, poll, txn, end_offset, read, write, cas, get, "
        "put, append, acquire, release, enqueue, dequeue, commit, fetch), and no observation"
    )


def operations_among(history: History) -> NDArray[np.intp]:
    """The events that begin operations: invocations, and completions without one that tell of what happened."""
    alone = np.flatnonzero((history.type == EventType.OK) & (history.partner == NONE))
    if len(alone):
        tells = np.unique(history.event[history.kind != Kind.OBSERVE])
        alone = alone[np.isin(alone, tells)]
    return np.sort(np.concatenate([np.flatnonzero(history.type == EventType.INVOKE), alone]))


def covered(history: History, models: Sequence[str | Instance]) -> set[str]:
    """The functions in a history that some model covers."""
    names = [str(name) for name in history.functions.names]
    found = set[str]()
    for model in models:
        if not isinstance(model, str):
            found.update(action.name for action in model.actions)
        elif model in MODELS:
            rows = np.isin(history.kind, np.array(MODELS[model].kinds, np.int8))
            found.update(names[code] for code in np.unique(history.function[history.event[rows]]))
        if model == LOG:
            found |= KAFKAS
    return found.intersection(names)


def not_judged(history: History, operations: NDArray[np.intp], models: Sequence[str | Instance]) -> dict[str, int]:
    """The functions that none of some models covers, and how many of the operations have each."""
    known = covered(history, models)
    counts = np.bincount(history.function[operations], minlength=len(history.functions.names))
    named = zip(map(str, history.functions.names), counts.tolist(), strict=True)
    return {name: count for name, count in named if count and name not in known}


def require_operations(history: History, model: str | Instance) -> None:
    """Raise UserError if a history has nothing that a model could judge."""
    observed = model in (LOG, OFFSETS) and any(history.functions.find(name) != NONE for name in OBSERVED)
    if observed or covered(history, (model,)) or (isinstance(model, str) and model not in MODELS):
        return
    of = {name: other for other in reversed(tuple(MODELS)) for name in sorted(covered(history, (other,)))}
    names = [str(history.functions.names[code]) for code in np.unique(history.function[operations_among(history)])]
    there = ", ".join(f"{name} ({of.get(name, 'of no model')})" for name in names) or "no operations"
    name = model if isinstance(model, str) else model.spec.name
    raise UserError(f"{history.source}: the model {name} covers none of the operations of this history: {there}")

"""Whether a recorded history is linearizable, and if not, how far it is and why no further.

Each object (a key, a log, a queue) is judged by itself: a history is linearizable exactly if it is so for every object
(Herlihy and Wing's locality). What the search may visit is limited in configurations, so that a verdict does not depend
on the machine; what explaining it may visit is limited as well, and then says so.

Source: Herlihy and Wing, Linearizability (1990); Horn and Kroening, Faster linearizability checking via
P-compositionality (2015).
Left out: operations on several objects as one: each of their micro-operations is a call of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from checkers.history.budget import Budget
from checkers.history.explanation import explain
from checkers.history.history import History, Json
from checkers.history.judged_objects import JudgedObjects
from checkers.history.log_order import unplaced_sends
from checkers.history.models import MODELS, Model
from checkers.history.own_model import own_model
from checkers.verdict import UserError, VerdictName
from specs.instance import Instance, at
from specs.language import Spec

LOG_MODEL = "log"
STEPS_MAX = 20_000_000
"""How many configurations searches may visit by default, all objects together; and as many again to explain."""
REASONS_MAX = 5


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a history, and how it was judged."""

    key: Json
    operations: int
    algorithm: str
    verdict: VerdictName
    steps: int = 0
    """Configurations visited."""
    reason: str = ""
    """Why the verdict is unknown."""


@dataclass(frozen=True, slots=True)
class NotLinearizable:
    """Where and why an object ceases to be linearizable. Operations go by the numbers of their invoke events."""

    key: Json
    prefix_events: int
    """How many events the longest linearizable prefix of the history has, or more than it has."""
    prefix_is_longest: bool
    """False if a search that had to tell whether it is linearizable was cut short, so that it may be too long."""
    ends_at: int
    """The event with which it ceases to be: the completion of an operation that can't be placed."""
    unplaced: tuple[tuple[int, str], ...]
    """The operations that can't be placed, and why."""
    core: tuple[int, ...]
    """A minimal core: see `checkers.history.core`."""
    sources: tuple[int, ...]
    """The operations that gave what those of the core found."""
    is_minimal: bool
    """False if a search that had to tell whether an operation can be taken away was cut short."""


@dataclass(frozen=True, slots=True)
class Linearizability:
    """The verdict on a history."""

    verdict: VerdictName
    model: str
    operations: int
    partitions: tuple[Object, ...]
    violation: NotLinearizable | None = None
    """Of the object that ceases to be linearizable first."""
    unplaced_sends: int = 0
    """How many acknowledged sends take no place in the order of their log, since nothing tells their offsets."""

    @property
    def steps(self) -> int:
        """Configurations visited."""
        return sum(partition.steps for partition in self.partitions)

    @property
    def reason(self) -> str:
        """Why the verdict is unknown: of the first objects for which it is."""
        reasons = [f"{p.key!r}: {p.reason}" for p in self.partitions if p.reason]
        if self.verdict != "unknown":
            return ""
        more = [f"and {len(reasons) - REASONS_MAX} more"] if len(reasons) > REASONS_MAX else []
        return "; ".join([*reasons[:REASONS_MAX], *more])


def models() -> tuple[str, ...]:
    """The names of the kinds of objects that a history can be judged as."""
    return tuple(MODELS)


def linearizable(history: History, model: str | Spec | Instance, *, steps_max: int = STEPS_MAX) -> Linearizability:
    """Judge a history as one of objects of a kind; micro-operations of other kinds are passed over.

    The kind is one of `models()`, or a sequential specification of one's own: see `checkers.history.own_model`.
    Raises UserError for a model that there is not, and for values that the model can't take.
    """
    if isinstance(model, str) and model not in MODELS:
        raise UserError(f"model {model!r}: there is none of that name; there are {', '.join(MODELS)}")
    if steps_max < 1:
        raise UserError(f"steps_max = {steps_max}: must be 1 at least")
    own = at(model) if isinstance(model, Spec) else model
    kind = MODELS[own] if isinstance(own, str) else own_model(own)
    return _result(history, kind, steps_max)


def _result(history: History, model: Model, steps_max: int) -> Linearizability:
    """Judge every object, then explain the one that ceases to be linearizable first."""
    calls = model.calls(history, model.kinds)
    objects = JudgedObjects(history, model, calls)
    objects.judge(Budget(steps_max))
    names = objects.verdict.tolist()
    verdict: VerdictName = "violated" if "violated" in names else "unknown" if "unknown" in names else "holds"
    cells = (np.diff(objects.bounds), objects.algorithm, names, objects.steps.tolist(), objects.reason)
    partitions = tuple(
        Object(objects.key(number), int(size), *rest) for number, (size, *rest) in enumerate(zip(*cells, strict=True))
    )
    return Linearizability(
        verdict=verdict,
        model=model.name,
        operations=len(calls),
        partitions=partitions,
        violation=_explained(objects, Budget(steps_max)) if verdict == "violated" else None,
        unplaced_sends=unplaced_sends(calls) if model.name == LOG_MODEL else 0,
    )


def _explained(objects: JudgedObjects, budget: Budget) -> NotLinearizable:
    """Explain the object that ceases to be linearizable first."""
    end = objects.first(budget)
    cut = objects.calls_of(end.number).until(end.event, objects.history)
    calls, why = explain(objects.model, cut, objects.history, end.algorithm, budget)
    core = np.unique(calls.event[why.core])
    return NotLinearizable(
        key=objects.key(end.number),
        prefix_events=end.event,
        prefix_is_longest=end.is_known,
        ends_at=end.event,
        unplaced=((int(calls.event[why.call]), why.sentence),),
        core=tuple(core.tolist()),
        sources=tuple(np.setdiff1d(calls.event[why.sources], core).tolist()),
        is_minimal=why.is_minimal,
    )

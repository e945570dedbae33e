"""Whether a recorded history is linearizable, and if not, how far it is and why no further.

Each object (a key, a log, a queue) is judged by itself: a history is linearizable exactly if it is so for every object
(Herlihy and Wing's locality). Objects whose history tells the order of writes are judged in n log n, the others by
search. What the search may visit is limited in configurations, so that a verdict does not depend on the machine.

Source: Herlihy and Wing, Linearizability (1990); Horn and Kroening, Faster linearizability checking via
P-compositionality (2015).
Left out: operations on several objects as one: each of their micro-operations is a call of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from checkers.history import versions
from checkers.history.calls import Calls
from checkers.history.encoders import TooLarge
from checkers.history.history import History, Json, Kind
from checkers.history.log_order import log_order
from checkers.history.models import LOG, MODELS, SEARCH, VERSIONS, ZONES, Model
from checkers.history.one_object import HOLDS, completed_reads, explain, first_end, is_read
from checkers.history.own_model import own_model
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.wing_gong_lowe.encoded import Searched, search
from checkers.history.wing_gong_lowe.kernel import FAULTY, LINEARIZABLE, NOT_LINEARIZABLE, OUT_OF_MEMORY, OUT_OF_STEPS
from checkers.history.zones import applies, zones
from checkers.verdict import UserError, VerdictName
from specs.instance import Instance, at
from specs.language import Spec

STEPS_MAX = 20_000_000
"""How many configurations a search may visit by default, all objects together."""
FIRST_STEPS_MAX = 100_000
"""How many it may visit for each object before the others had their turn."""
REASONS_MAX = 5
BYTES_MAX = 4 << 30
"""How much memory the search of an object may take."""


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
    """How many events the longest linearizable prefix of the history has."""
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
    return _Judgement(history, kind, steps_max).result()


class _Judgement:
    """One history on its way to a verdict."""

    def __init__(self, history: History, model: Model, steps_max: int) -> None:
        self.history, self.model, self.steps_left = history, model, steps_max
        self.calls = model.calls(history, model.kinds).by_object()
        self.bounds = self.calls.bounds()
        count = len(self.bounds) - 1
        self.verdict = np.full(count, "unknown", object)
        self.algorithm = np.full(count, SEARCH, object)
        self.steps = np.zeros(count, np.int64)
        self.reason = np.full(count, "", object)
        self.ends = np.full(count, OPEN)
        """Where objects cease to be linearizable, as far as that is known."""

    def result(self) -> Linearizability:
        """Judge every object, then explain the one that ceases to be linearizable first."""
        if self.model.encode is None:
            self._judge_logs()
        else:
            left = ~self._judge_by_versions()
            left &= ~self._judge_by_zones(left)
            self._search(np.flatnonzero(left))
        names = self.verdict.tolist()
        verdict: VerdictName = "violated" if "violated" in names else "unknown" if "unknown" in names else "holds"
        keys = self.calls.key[self.bounds[:-1]]
        partitions = tuple(
            Object(self.history.shown_key(int(key)), int(size), *cells)
            for key, size, *cells in zip(
                keys, np.diff(self.bounds), self.algorithm, names, self.steps.tolist(), self.reason, strict=True
            )
        )
        violation = self._explain() if verdict == "violated" else None
        return Linearizability(verdict, self.model.name, len(self.calls), partitions, violation)

    def _judge_logs(self) -> None:
        """Judge every log by its offsets."""
        self.algorithm[:] = LOG
        found = log_order(self.calls)
        for number, key in enumerate(self.calls.key[self.bounds[:-1]].tolist()):
            self.verdict[number] = "violated" if key in found.conflicts else "holds"
            if key in found.ambiguous and key not in found.conflicts:
                self.verdict[number] = "unknown"
                self.reason[number] = "a value was sent several times, and it is not known which send got which offset"

    def _judge_by_versions(self) -> NDArray[np.bool_]:
        """Judge the registers whose versions are in the history; returns which."""
        if not self.model.has_registers:
            return np.zeros(len(self.verdict), bool)
        reads = is_read(self.calls)
        fine = versions.applies(self.calls, reads) & ~self._appended()
        chosen = np.repeat(fine, np.diff(self.bounds))
        found = log_order(versions.as_log(self.calls.taken(chosen), reads[chosen]))
        keys = self.calls.key[self.bounds[:-1]]
        fine &= ~np.isin(keys, list(found.ambiguous)) | np.isin(keys, list(found.conflicts))
        self.algorithm[fine] = VERSIONS
        self.verdict[fine] = np.where(np.isin(keys[fine], list(found.conflicts)), "violated", "holds")
        return fine

    def _judge_by_zones(self, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Judge those of some objects to which zones apply; returns which."""
        if not self.model.has_registers:
            return np.zeros(len(self.verdict), bool)
        fine = applies(self.calls, is_read(self.calls)) & ~self._appended() & among
        chosen = completed_reads(self.calls.taken(np.repeat(fine, np.diff(self.bounds))))
        found = zones(chosen, is_read(chosen))
        wrong = np.isin(self.calls.object[self.bounds[:-1]], found.object[found.conflicts])
        self.algorithm[fine] = ZONES
        self.verdict[fine] = np.where(wrong[fine], "violated", "holds")
        return fine

    def _appended(self) -> NDArray[np.bool_]:
        """Which objects are appended to."""
        counts = np.concatenate([[0], np.cumsum(self.calls.kind == Kind.APPEND)])
        return np.diff(counts[self.bounds]) > 0

    def _search(self, objects: NDArray[np.intp]) -> None:
        """Search objects: first all with few steps each, then one by one those that need more."""
        if len(objects) == 0:
            return
        few = min(FIRST_STEPS_MAX, max(self.steps_left // len(objects), 1))
        for number in objects[self._searched(objects, few) == OUT_OF_STEPS]:
            if self.steps_left > few:
                self._searched(np.array([number]), self.steps_left)

    def _searched(self, objects: NDArray[np.intp], steps_max: int) -> NDArray[np.int64]:
        """Search objects, each with so many steps; returns how that ended."""
        assert self.model.encode is not None
        chosen = np.isin(np.repeat(np.arange(len(self.verdict)), np.diff(self.bounds)), objects)
        calls = self.calls.taken(chosen)
        try:
            encoded = self.model.encode(calls, self.history).encoded
        except TooLarge as error:
            if len(objects) > 1:
                return np.concatenate([self._searched(objects[k : k + 1], steps_max) for k in range(len(objects))])
            self.reason[objects] = str(error)
            return np.array([OUT_OF_MEMORY])
        if self.model.narrowed is not None:
            encoded = self.model.narrowed(encoded, calls)
        found = search(encoded, steps_max, BYTES_MAX)
        if (found.outcome == FAULTY).any():
            key = self._key(int(objects[np.flatnonzero(found.outcome == FAULTY)[0]]))
            name = encoded.stepper.instance.spec.name
            raise UserError(f"{name}: an assertion fails or a field leaves its range with the operations on {key!r}")
        self.steps[objects] = found.visited
        self.steps_left -= int(found.visited.sum())
        self.verdict[objects[found.outcome == LINEARIZABLE]] = "holds"
        self.verdict[objects[found.outcome == NOT_LINEARIZABLE]] = "violated"
        self.reason[objects] = ""
        self.reason[objects[found.outcome == OUT_OF_STEPS]] = f"no verdict within {steps_max} configurations"
        self.reason[objects[found.outcome == OUT_OF_MEMORY]] = f"no verdict within {BYTES_MAX >> 30} GiB"
        self._note_ends(objects, found)
        return found.outcome

    def _note_ends(self, objects: NDArray[np.intp], found: Searched) -> None:
        """Keep where those objects that are not linearizable cease to be."""
        stuck = found.reached >= 0
        self.ends[objects[stuck]] = found.encoded.complete[found.reached[stuck]]

    def _key(self, number: int) -> Json:
        """The key of an object."""
        return self.history.shown_key(int(self.calls.key[self.bounds[number]]))

    def _calls_of(self, number: int) -> Calls:
        """The calls of an object."""
        return self.calls.taken(np.arange(self.bounds[number], self.bounds[number + 1]))

    def _explain(self) -> NotLinearizable:
        """Explain the object that ceases to be linearizable first."""
        number, end = self._first()
        calls, why = explain(
            self.model, self._calls_of(number).until(end, self.history), self.history, str(self.algorithm[number])
        )
        core = np.unique(calls.event[why.core])
        return NotLinearizable(
            key=self._key(number),
            prefix_events=end,
            ends_at=end,
            unplaced=((int(calls.event[why.call]), why.sentence),),
            core=tuple(core.tolist()),
            sources=tuple(np.setdiff1d(calls.event[why.sources], core).tolist()),
            is_minimal=why.is_minimal,
        )

    def _first(self) -> tuple[int, int]:
        """The object that ceases to be linearizable first, and where."""
        wrong = np.flatnonzero(self.verdict == "violated")
        for number in wrong[self.ends[wrong] == OPEN].tolist():
            self.ends[number] = first_end(self._calls_of(number), self.history, HOLDS[str(self.algorithm[number])])
        wrong = wrong[np.argsort(self.ends[wrong], kind="stable")]
        if self.model.narrowed is None:
            return int(wrong[0]), int(self.ends[wrong[0]])
        # Where alternatives were left out that a later call rules out, an object ceases to be linearizable later.
        found = (-1, OPEN)
        for number in wrong.tolist():
            if self.ends[number] < found[1]:
                exact = self.algorithm[number] != SEARCH
                end = (
                    int(self.ends[number])
                    if exact
                    else first_end(self._calls_of(number), self.history, self._narrowed_holds)
                )
                found = min(found, (int(number), end), key=lambda one: one[1])
        return found

    def _narrowed_holds(self, calls: Calls) -> bool:
        """Whether some calls of an object are linearizable, as far as a search can tell."""
        assert self.model.encode is not None
        assert self.model.narrowed is not None
        encoded = self.model.narrowed(self.model.encode(calls, self.history).encoded, calls)
        return bool(search(encoded, STEPS_MAX, BYTES_MAX).outcome[0] != NOT_LINEARIZABLE)

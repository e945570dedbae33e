"""All objects of a history, each judged by the quickest means for it, and which ceases to be linearizable first.

Objects whose history tells the order of writes are judged in n log n: logs, registers with versions or different
values, queues of different values. The others are searched, after what can be seen without: that what a call found
can't have been there, that versions are out of order, that a queue's values overtook each other. Such a condition is
only necessary: an object that breaks it may cease to be linearizable even earlier, which is asked of its prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from checkers.history import versions
from checkers.history.budget import Budget
from checkers.history.calls import Calls
from checkers.history.encoders import TooLarge
from checkers.history.fifo_order import distinct, fifo_order
from checkers.history.history import History, Json, Kind
from checkers.history.log_order import log_order
from checkers.history.models import FIFO, LOG, SEARCH, VERSIONS, ZONES, Model
from checkers.history.one_object import HOLDS, completed_reads, first_end, is_read
from checkers.history.unfounded import unfounded
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.wing_gong_lowe.encoded import Encoded, search
from checkers.history.wing_gong_lowe.kernel import FAULTY, LINEARIZABLE, NOT_LINEARIZABLE, OUT_OF_MEMORY, OUT_OF_STEPS
from checkers.history.zones import applies, zones
from checkers.verdict import UserError

FIRST_STEPS_MAX = 100_000
"""How many configurations a search may visit for each object before the others had their turn."""
BYTES_MAX = 4 << 30
"""How much memory the search of an object may take."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class End:
    """Where an object ceases to be linearizable."""

    number: int
    """Of the object."""
    event: int
    algorithm: str
    """What tells that it does there."""
    is_known: bool = True
    """Whether everything is linearizable until then; if not, that could not be found out."""


class JudgedObjects:
    """The objects of a history on their way to a verdict. Without `conditions`, by means that decide alone."""

    def __init__(self, history: History, model: Model, calls: Calls, *, conditions: bool = True) -> None:
        self.history, self.model, self.calls = history, model, calls.by_object()
        self.conditions = conditions
        self.bounds = self.calls.bounds()
        count = len(self.bounds) - 1
        self.verdict = np.full(count, "unknown", object)
        self.algorithm = np.full(count, SEARCH, object)
        self.steps = np.zeros(count, np.int64)
        self.reason = np.full(count, "", object)
        self.ends = np.full(count, OPEN)
        """Where objects cease to be linearizable, as far as that is known."""
        self.partly = np.zeros(count, bool)
        """Which are not linearizable by a condition that is only necessary."""

    def judge(self, budget: Budget) -> None:
        """Judge every object."""
        if self.model.encode is None:
            self._judge_logs()
            return
        left = np.ones(len(self.verdict), bool)
        if self.model.has_registers:
            left &= ~self._judge_by_versions()
            left &= ~self._judge_by_zones(left)
        if self.model.has_queues:
            left &= ~self._judge_queues()
        self._search(np.flatnonzero(left), budget)

    def _judge_logs(self) -> None:
        """Judge every log by its offsets."""
        self.algorithm[:] = LOG
        found = log_order(self.calls)
        for number, key in enumerate(self.calls.key[self.bounds[:-1]].tolist()):
            self.verdict[number] = "violated" if key in found.conflicts else "holds"
            if key in found.ambiguous and key not in found.conflicts:
                self.verdict[number] = "unknown"
                self.reason[number] = "a value was sent several times, and it is not known which send got which offset"

    def _judge_by_versions(self) -> Bools:
        """Judge the registers whose versions are in the history, and those whose versions are out of order."""
        reads = is_read(self.calls)
        some, fine = versions.applies(self.calls, reads)
        # the value of an append is not what a get finds at its version
        some &= ~self._appended()
        fine &= some
        asked = some if self.conditions else fine
        chosen = np.repeat(asked, np.diff(self.bounds))
        found = log_order(versions.as_log(self.calls.taken(chosen), reads[chosen]))
        keys = self.calls.key[self.bounds[:-1]]
        wrong = asked & np.isin(keys, list(found.conflicts))
        fine &= ~np.isin(keys, list(found.ambiguous)) | wrong
        self.partly |= wrong & ~fine
        self._judged(fine | wrong, wrong, VERSIONS)
        return fine | wrong

    def _judge_by_zones(self, among: Bools) -> Bools:
        """Judge those of some objects to which zones apply; returns which."""
        fine = applies(self.calls, is_read(self.calls)) & ~self._appended() & among
        chosen = completed_reads(self.calls.taken(np.repeat(fine, np.diff(self.bounds))))
        found = zones(chosen, is_read(chosen))
        self._judged(fine, np.isin(self._objects(), found.object[found.conflicts]), ZONES)
        return fine

    def _judge_queues(self) -> Bools:
        """Judge the queues of different values, and those of whose other values the order is wrong; returns which."""
        fine = distinct(self.calls)
        wrong = np.isin(self._objects(), self.calls.object[fifo_order(self.calls).wrong > 0])
        wrong &= fine | self.conditions
        self.partly |= wrong & ~fine
        self._judged(fine | wrong, wrong, FIFO)
        return fine | wrong

    def _judged(self, objects: Bools, wrong: Bools, algorithm: str) -> None:
        """Some objects have their verdict."""
        self.algorithm[objects] = algorithm
        self.verdict[objects] = np.where(wrong[objects], "violated", "holds")

    def _objects(self) -> NDArray[np.int64]:
        """The objects as calls name them."""
        return self.calls.object[self.bounds[:-1]]

    def _appended(self) -> Bools:
        """Which objects are appended to."""
        counts = np.concatenate([[0], np.cumsum(self.calls.kind == Kind.APPEND)])
        return np.diff(counts[self.bounds]) > 0

    # ------------------------------------------------------------------------------------------------------- searching

    def _search(self, objects: NDArray[np.intp], budget: Budget) -> None:
        """Search objects: first all with few steps each, then one by one those that need more."""
        if len(objects) == 0:
            return
        few = min(FIRST_STEPS_MAX, max(budget.left // len(objects), 1))
        for number in objects[self._searched(objects, few, budget) == OUT_OF_STEPS]:
            if budget.left > few:
                self._searched(np.array([number]), budget.left, budget)

    def _searched(self, objects: NDArray[np.intp], steps_max: int, budget: Budget) -> NDArray[np.int64]:
        """Search objects, each with so many steps; returns how that ended."""
        assert self.model.encode is not None
        chosen = np.isin(np.repeat(np.arange(len(self.verdict)), np.diff(self.bounds)), objects)
        calls = self.calls.taken(chosen)
        try:
            encoded = self.model.encode(calls, self.history).encoded
        except TooLarge as error:
            if len(objects) > 1:
                each = [self._searched(objects[k : k + 1], steps_max, budget) for k in range(len(objects))]
                return np.concatenate(each)
            self.reason[objects] = str(error)
            return np.array([OUT_OF_MEMORY])
        number = np.repeat(np.arange(len(objects)), np.diff(encoded.bounds))
        wrong = self._unfounded(encoded, objects, number)
        if self.model.narrowed is not None:
            encoded = self.model.narrowed(encoded, calls)
        if wrong.any():
            encoded = encoded.taken(np.flatnonzero(~wrong[number]))
        found = search(encoded, steps_max, BYTES_MAX)
        if (found.outcome == FAULTY).any():
            key = self.key(int(objects[np.flatnonzero(found.outcome == FAULTY)[0]]))
            name = encoded.stepper.instance.spec.name
            raise UserError(f"{name}: an assertion fails or a field leaves its range with the operations on {key!r}")
        outcome = np.where(wrong, NOT_LINEARIZABLE, found.outcome)
        self.steps[objects] = found.visited
        budget.spend(int(found.visited.sum()))
        self.verdict[objects[outcome == LINEARIZABLE]] = "holds"
        self.verdict[objects[outcome == NOT_LINEARIZABLE]] = "violated"
        self.reason[objects] = ""
        self.reason[objects[outcome == OUT_OF_STEPS]] = f"no verdict within {steps_max} configurations"
        self.reason[objects[outcome == OUT_OF_MEMORY]] = f"no verdict within {BYTES_MAX >> 30} GiB"
        stuck = found.reached >= 0
        self.ends[objects[stuck]] = found.encoded.complete[found.reached[stuck]]
        return outcome

    def _unfounded(self, encoded: Encoded, objects: NDArray[np.intp], number: NDArray[np.intp]) -> Bools:
        """Which objects have a call that found what can't have been there; `number` has that of each operation."""
        wrong = np.zeros(len(objects), bool)
        if self.conditions:
            lost = unfounded(encoded, overwrites=self.model.sources_suffice).operations
            wrong[number[lost]] = True
            self.partly[objects[wrong]] = True
            np.minimum.at(self.ends, objects[number[lost]], encoded.complete[lost])
        return wrong

    # ------------------------------------------------------------------------------------------------- where they end

    def key(self, number: int) -> Json:
        """The key of an object."""
        return self.history.shown_key(int(self.calls.key[self.bounds[number]]))

    def calls_of(self, number: int) -> Calls:
        """The calls of an object."""
        return self.calls.taken(np.arange(self.bounds[number], self.bounds[number + 1]))

    def first(self, budget: Budget) -> End:
        """The object that ceases to be linearizable first, and where. There must be one that is not linearizable."""
        wrong = np.flatnonzero(self.verdict == "violated")
        for number in wrong[self.ends[wrong] == OPEN].tolist():
            holds = HOLDS[str(self.algorithm[number])]
            self.ends[number] = first_end(self.calls_of(number), self.history, holds)
        found: End | None = None
        known = "unknown" not in self.verdict
        for number in wrong[np.argsort(self.ends[wrong], kind="stable")].tolist():
            if found is None or self.ends[number] < found.event or self.partly[number]:
                end = self._end(number, OPEN if found is None else found.event, budget)
                known &= end.is_known
                found = end if found is None or end.event < found.event else found
        assert found is not None
        return replace(found, is_known=known)

    def _end(self, number: int, before: int, budget: Budget) -> End:
        """Where an object ceases to be linearizable, if that is before an event."""
        event, algorithm = int(self.ends[number]), str(self.algorithm[number])
        if self.partly[number]:
            prefix = self.calls_of(number).until(min(event, before) - 1, self.history)
            rest = JudgedObjects(self.history, self.model, prefix, conditions=False)
            rest.judge(budget)
            if "violated" in rest.verdict:
                return End(number, *_where(rest.first(budget)))
            return End(number, event, algorithm, is_known="unknown" not in rest.verdict)
        if algorithm != SEARCH or (self.model.narrowed is None and self.model.sources_suffice):
            return End(number, event, algorithm)
        # Where something was ruled out by what is told later only, an object ceases to be linearizable later.
        prefixes = _Prefixes(self, budget)
        event = first_end(self.calls_of(number), self.history, prefixes.hold)
        return End(number, event, algorithm, prefixes.complete)


def _where(end: End) -> tuple[int, str, bool]:
    return end.event, end.algorithm, end.is_known


class _Prefixes:
    """Tells whether the first calls of an object are linearizable, as far as a search can."""

    def __init__(self, objects: JudgedObjects, budget: Budget) -> None:
        self.objects, self.budget = objects, budget
        self.complete = True
        """Whether no search had to stop before its end."""

    def hold(self, calls: Calls) -> bool:
        """Whether they are, or may be."""
        model = self.objects.model
        assert model.encode is not None
        encoded = model.encode(calls, self.objects.history).encoded
        if len(unfounded(encoded, overwrites=model.sources_suffice).operations):
            return False
        if model.narrowed is not None:
            encoded = model.narrowed(encoded, calls)
        found = search(encoded, max(self.budget.left, 1), BYTES_MAX)
        self.budget.spend(int(found.visited.sum()))
        self.complete &= int(found.outcome[0]) in (LINEARIZABLE, NOT_LINEARIZABLE)
        return bool(found.outcome[0] != NOT_LINEARIZABLE)

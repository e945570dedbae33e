"""Why one object is not linearizable: which of its calls make it so, and what is wrong with the last one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from checkers.history.budget import Budget
from checkers.history.calls import Calls, paired
from checkers.history.core import Sources, minimal_core
from checkers.history.encoders import Encoding, TooLarge, shown
from checkers.history.fifo_order import EARLY, EMPTY, OVERTOOK, PASSED, TAKEN, UNGIVEN, distinct, fifo_order
from checkers.history.history import NIL, History, Kind
from checkers.history.log_order import log_order
from checkers.history.models import FIFO, LOG, VERSIONS, ZONES, Model
from checkers.history.one_object import completed_reads, is_read, logs_hold, queues_hold
from checkers.history.unfounded import unfounded
from checkers.history.versions import applies, as_log
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.wing_gong_lowe.encoded import Encoded, Searched, search
from checkers.history.wing_gong_lowe.kernel import FINALS_MAX, LINEARIZABLE, NOT_LINEARIZABLE
from checkers.history.zones import zones

Which = NDArray[np.intp]
STATES_MAX = 4
"""How many states a sentence tells."""
STATES_STEPS_MAX = 1_000_000
"""How many configurations a search may visit to tell in which states a call can't take effect."""
FEW_STEPS_MAX = 10_000
"""How many where another reason is known."""
FIRST_WINDOW = 4
SEARCH_BYTES_MAX = 1 << 30
CANT = "it can't take effect before it completes"
NEVER_GIVEN = "nothing that was invoked by then gives what it found"
OVERWRITTEN = "whatever gave what it found was surely overwritten before it was invoked"


@dataclass(frozen=True, eq=False)
class Why:
    """Why the calls up to an event are not linearizable, by positions among the calls of the object."""

    call: int
    """The call that can't be placed."""
    sentence: str
    core: Which
    sources: Which
    is_minimal: bool
    """Whether every search that had to tell whether a call can be taken away came to an end."""


def explain(model: Model, calls: Calls, history: History, algorithm: str, budget: Budget) -> tuple[Calls, Why]:
    """Explain calls of an object that end where they cease to be linearizable; the calls that it speaks of."""
    if algorithm == LOG:
        return calls, explain_log(calls, "offset")
    if algorithm == VERSIONS:
        return explain_versions(model, calls, history, budget)
    if algorithm == FIFO:
        return calls, explain_queue(model, calls, history, budget)
    return calls, (explain_zones if algorithm == ZONES else explain_searched)(model, calls, history, budget)


def last_call(calls: Calls) -> int:
    """The call that completes last."""
    return int(np.argmax(np.where(calls.complete == OPEN, -1, calls.complete)))


def last_impossible(calls: Which, impossible: Callable[[Which], bool]) -> Which:
    """The last calls that are impossible together, some more than are needed: of the last 4, 8, 16 and so on."""
    size = FIRST_WINDOW
    while size < len(calls) and not impossible(calls[-size:]):
        size *= 2
    return calls[-size:]


class SearchedObject:
    """An object that was searched, or can be: any of its calls, with those that may help them."""

    def __init__(self, model: Model, calls: Calls, history: History, budget: Budget) -> None:
        assert model.encode is not None
        self.model, self.calls, self.history, self.budget = model, calls, history, budget
        self.encoding: Encoding = model.encode(calls, history)
        self.complete = True
        """Whether no search had to stop before its end."""
        self._sources = Sources(self.encoding.encoded) if model.sources_suffice else None

    def sources(self, calls: Which) -> Which:
        """The other calls that may help some."""
        if self._sources is not None:
            return self._sources.of(calls)
        others = np.ones(len(self.encoding.encoded.call), bool)
        others[calls] = False
        return np.flatnonzero(others)

    def held_to(self, calls: Which) -> Encoded:
        """Some calls, and others that may help them, of which none need happen."""
        if self.model.has_queues:
            encoded = self.encoding.encoded
            held = np.isin(np.arange(len(encoded.call)), calls)
            return replace(encoded, complete=np.where(held, encoded.complete, OPEN))
        sources = self.sources(calls)
        both = np.sort(np.concatenate([calls, sources]))
        return replace(self.encoding.encoded.taken(both), optional=np.isin(both, sources))

    def impossible(self, calls: Which) -> bool:
        """Whether no order of some calls is linearizable; False, too, where that can't be told any more."""
        if len(calls) == 0:
            return False
        if self.budget.left == 0:
            self.complete = False
            return False
        found: Searched = search(self.held_to(calls), self.budget.left, SEARCH_BYTES_MAX)
        self.budget.spend(int(found.visited.sum()))
        outcome = int(found.outcome[0])
        self.complete &= outcome in (LINEARIZABLE, NOT_LINEARIZABLE)
        return outcome == NOT_LINEARIZABLE

    def states(self, steps_max: int, otherwise: str) -> str:
        """The states in which the call that ends it all would have to take effect, as a sentence; or another reason."""
        encoded = self.encoding.encoded
        found = search(encoded, max(min(self.budget.left, steps_max), 1), SEARCH_BYTES_MAX)
        self.budget.spend(int(found.visited.sum()))
        if found.outcome[0] != NOT_LINEARIZABLE:
            return f"{CANT}: {otherwise}"
        words = encoded.stepper.words
        rows = sorted({tuple(int(word) for word in row[-words:]) for row in found.finals})
        told = [self.encoding.show(encoded.stepper.instance.packing.decode(row)) for row in rows[:STATES_MAX]]
        if len(rows) > STATES_MAX or found.finals_count > FINALS_MAX:
            told.append("other states that do not fit either")
        states = ", or ".join(dict.fromkeys(told))
        return f"{CANT}: after what came before it, in any order, {states}"


def explain_searched(model: Model, calls: Calls, history: History, budget: Budget, begin: Which | None = None) -> Why:
    """Explain calls that end where they cease to be linearizable; `begin` has those that are enough for it."""
    found = SearchedObject(model, calls, history, budget)
    call = last_call(calls)
    lost = unfounded(found.encoding.encoded, overwrites=model.sources_suffice)
    position = np.flatnonzero(lost.operations == call)
    otherwise, steps_max = "no order of the core allows it", STATES_STEPS_MAX
    if len(position):
        overwriter = int(lost.overwriters[position[0]])
        otherwise, steps_max = NEVER_GIVEN if overwriter < 0 else OVERWRITTEN, FEW_STEPS_MAX
        begin = np.array([call] if overwriter < 0 else sorted((overwriter, call)))
    elif begin is None:
        everything = np.flatnonzero(~is_read(calls) | (calls.complete != OPEN))
        begin = last_impossible(everything, found.impossible)
    core = minimal_core(begin, found.impossible)
    sources = found.sources(core) if model.sources_suffice else np.zeros(0, np.intp)
    return Why(call, found.states(steps_max, otherwise), core, sources, found.complete)


def explain_zones(model: Model, calls: Calls, history: History, budget: Budget) -> Why:
    """Explain a register whose written values are all different."""
    finished = completed_reads(calls)
    found = zones(finished, is_read(finished))
    values = np.unique(finished.value[found.conflicts[found.cluster]])
    begin = np.flatnonzero(np.isin(calls.value, values) & (~is_read(calls) | (calls.complete != OPEN)))
    return explain_searched(model, calls, history, budget, begin)


class LogCore:
    """Some calls of a log or of a register with versions, with the sends that may have written what they found."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    def sources(self, core: Which) -> Which:
        """The sends outside that may have written what the records of a core found, of those at one offset the first.

        A record of which the core has the send needs no other.
        """
        calls = self.calls
        sends = core[(calls.kind[core] == Kind.SEND) & (calls.offset[core] != NIL)]
        records = core[calls.kind[core] == Kind.RECORD]
        told = paired(calls.value, calls.offset)
        records = records[~np.isin(told[records], told[sends])]
        same = np.isin(told, told[records])
        same |= (calls.offset == NIL) & np.isin(calls.value, calls.value[records])
        same |= np.isin(calls.value, calls.value[records[calls.offset[records] == NIL]])
        same &= calls.kind == Kind.SEND
        same[core] = False
        return np.flatnonzero(same)

    def held(self, core: Which) -> tuple[Which, Calls]:
        """The positions and the calls of a core and its sources, in order of invocation.

        If others may have written a value that one is told to have, one of them did, between the first and the last.
        """
        calls, sources = self.calls, self.sources(core)
        told = paired(calls.value[sources], calls.offset[sources])
        again = np.ones(len(sources), bool)
        again[np.unique(told, return_index=True)[1]] = False
        again &= calls.offset[sources] != NIL
        both = np.concatenate([core, sources[~again]])
        invoke, complete = calls.invoke[both], calls.complete[both]
        loose = core[(calls.kind[core] == Kind.SEND) & (calls.offset[core] == NIL)]
        writers = np.concatenate([sources, loose])
        for position in len(core) + np.flatnonzero(calls.offset[both[len(core) :]] != NIL):
            same = writers[calls.value[writers] == calls.value[both[position]]]
            invoke[position], complete[position] = calls.invoke[same].min(), calls.complete[same].max()
        order = np.argsort(invoke, kind="stable")
        return both[order], replace(calls.taken(both), invoke=invoke, complete=complete).taken(order)

    def impossible(self, core: Which) -> bool:
        """Whether the calls of a core can't all be as they are told."""
        return not logs_hold(self.held(core)[1])


def explain_log(calls: Calls, place: str) -> Why:
    """Explain a log."""
    conflict = next(iter(log_order(calls, place).conflicts.values()))
    found = LogCore(calls)
    binding = (calls.kind == Kind.SEND) | (calls.complete != OPEN)
    begin = np.flatnonzero(binding & np.isin(calls.value, calls.value[list(conflict.calls)]))
    core = minimal_core(begin if found.impossible(begin) else np.flatnonzero(binding), found.impossible)
    both, held = found.held(core)
    conflict = next(iter(log_order(held, place).conflicts.values()))
    ends = [(-1 if held.complete[call] == OPEN else held.complete[call]) for call in conflict.calls]
    last = int(np.argmax(ends))
    return Why(int(both[conflict.calls[last]]), conflict.why[last], core, found.sources(core), is_minimal=True)


def explain_versions(model: Model, calls: Calls, history: History, budget: Budget) -> tuple[Calls, Why]:
    """Explain a register whose versions are out of order; where they do not decide, values may be wrong as well."""
    log = as_log(calls, is_read(calls))
    why = explain_log(log, "version")
    if not applies(calls, is_read(calls))[1].all():
        core = np.flatnonzero(np.isin(calls.event, log.event[why.core]))
        why = replace(why, is_minimal=_is_minimal(SearchedObject(model, calls, history, budget), core))
    return log, why


def _is_minimal(found: SearchedObject, core: Which) -> bool:
    """Whether a core that breaks a necessary condition is possible without any one of its calls."""
    return not any(found.impossible(np.delete(core, k)) for k in range(len(core))) and found.complete


def explain_queue(model: Model, calls: Calls, history: History, budget: Budget) -> Why:
    """Explain a queue whose order is wrong."""

    def impossible(core: Which) -> bool:
        held = np.isin(np.arange(len(calls)), core)
        freed = replace(calls, complete=np.where(held, calls.complete, OPEN))
        return not queues_hold(freed.taken(held | ~empties))

    empties = (calls.kind == Kind.DEQUEUE) & (calls.value == NIL) & (calls.complete != OPEN)
    core = minimal_core(last_impossible(np.flatnonzero(calls.complete != OPEN), impossible), impossible)
    found = calls.taken(core[calls.kind[core] == Kind.DEQUEUE])
    sources = (calls.kind == Kind.ENQUEUE) & np.isin(calls.value, found.value)
    sources[core] = False
    minimal = bool(distinct(calls).all()) and _stands_alone(calls, core)
    if not minimal:
        try:
            few = Budget(min(budget.left, STATES_STEPS_MAX // 10))
            minimal = _is_minimal(SearchedObject(model, calls, history, few), core)
        except TooLarge:
            minimal = False
    call = last_call(calls)
    return Why(call, _overtaken(calls, call, history), core, np.flatnonzero(sources), minimal)


def _stands_alone(calls: Calls, core: Which) -> bool:
    """Whether no several contradictions can make it impossible, of which each by itself leaves something open."""
    dequeues = calls.kind == Kind.DEQUEUE
    taking = dequeues & (calls.complete == OPEN) & (calls.value == NIL)
    return not taking.any() or int(np.count_nonzero(dequeues[core])) <= 1


def _overtaken(calls: Calls, call: int, history: History) -> str:
    """What is wrong with the dequeue that completes last, or with another one, since this one took something else."""
    found = fifo_order(calls)
    wrong, it = (call, "it") if found.wrong[call] else (int(np.argmax(found.wrong > 0)), "another dequeue")
    other = int(found.other[wrong])
    value = "" if other < 0 else shown(history, calls.value[other])
    sentences = {
        UNGIVEN: f"nobody enqueued what {it} found",
        EARLY: f"what {it} found was enqueued only after that",
        TAKEN: f"what {it} found was taken by another dequeue, too",
        OVERTOOK: f"{value} was enqueued before what {it} found, and dequeued only after that",
        PASSED: f"{value} was enqueued before what {it} found, and no dequeue can have taken it by then",
        EMPTY: f"the queue was never empty while {it} ran",
    }
    return sentences[int(found.wrong[wrong])]

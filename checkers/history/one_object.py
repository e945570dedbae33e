"""One object that is not linearizable: where its longest linearizable prefix ends, and which calls make it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from checkers.history.calls import Calls, paired
from checkers.history.core import Sources, minimal_core
from checkers.history.encoders import Encoding
from checkers.history.history import NIL, History, Kind
from checkers.history.log_order import log_order
from checkers.history.models import LOG, VERSIONS, ZONES, Model
from checkers.history.versions import as_log
from checkers.history.wing_gong_lowe.arrange import OPEN
from checkers.history.wing_gong_lowe.encoded import Searched, search
from checkers.history.wing_gong_lowe.kernel import FINALS_MAX, LINEARIZABLE, NOT_LINEARIZABLE
from checkers.history.zones import zones

Which = NDArray[np.intp]
STATES_MAX = 4
"""How many states a sentence tells."""
STEPS_MAX = 10_000_000
"""How many configurations searches may visit, all together, to find out which calls can be taken away."""
STATES_STEPS_MAX = 1_000_000
"""How many one may visit to tell in which states a call can't take effect."""
FIRST_WINDOW = 4
SEARCH_BYTES_MAX = 1 << 30


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


def first_end(calls: Calls, history: History, linearizable: Callable[[Calls], bool]) -> int:
    """The completion with which calls that are not linearizable cease to be so."""
    ends = np.unique(calls.complete[calls.complete != OPEN])
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if linearizable(calls.until(int(ends[middle]), history)) else (low, middle)
    return int(ends[low])


def is_read(calls: Calls) -> NDArray[np.bool_]:
    """Which calls read a register or get a key."""
    return np.isin(calls.kind, (Kind.READ, Kind.GET))


def completed_reads(calls: Calls) -> Calls:
    """Without reads that never returned, which can't matter."""
    return calls.taken(~is_read(calls) | (calls.complete != OPEN))


def zones_hold(calls: Calls) -> bool:
    """Whether a register to which zones apply is linearizable."""
    calls = completed_reads(calls)
    return not zones(calls, is_read(calls)).conflicts.any()


class SearchedObject:
    """An object that was searched, or can be: any of its calls, with those that may help them."""

    def __init__(self, model: Model, calls: Calls, history: History) -> None:
        assert model.encode is not None
        self.encoding: Encoding = model.encode(calls, history)
        self.steps_left = STEPS_MAX
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

    def searched(self, calls: Which) -> Searched:
        """Search for an order of some calls, of which all others need not happen."""
        sources = self.sources(calls)
        both = np.sort(np.concatenate([calls, sources]))
        encoded = self.encoding.encoded.taken(both)
        found = search(replace(encoded, optional=np.isin(both, sources)), max(self.steps_left, 1), SEARCH_BYTES_MAX)
        self.steps_left -= int(found.visited.sum())
        return found

    def impossible(self, calls: Which) -> bool:
        """Whether there is none; False, too, where that can't be told any more."""
        if len(calls) == 0:
            return False
        outcome = int(self.searched(calls).outcome[0])
        self.complete &= outcome in (LINEARIZABLE, NOT_LINEARIZABLE)
        return outcome == NOT_LINEARIZABLE

    def last_impossible(self, calls: Which) -> Which:
        """The last calls that are impossible together, some more than are needed: of the last 4, 8, 16 and so on."""
        size = FIRST_WINDOW
        while size < len(calls) and not self.impossible(calls[-size:]):
            size *= 2
        return calls[-size:]

    def states(self) -> str:
        """The states in which the call that ends it all would have to take effect, as a sentence."""
        encoded = self.encoding.encoded
        found = search(encoded, STATES_STEPS_MAX, SEARCH_BYTES_MAX)
        if found.outcome[0] != NOT_LINEARIZABLE:
            return "it can't take effect before it completes: no order of the core allows it"
        words = encoded.stepper.words
        rows = sorted({tuple(int(word) for word in row[-words:]) for row in found.finals})
        told = [self.encoding.show(encoded.stepper.instance.packing.decode(row)) for row in rows[:STATES_MAX]]
        if len(rows) > STATES_MAX or found.finals_count > FINALS_MAX:
            told.append("other states that do not fit either")
        states = ", or ".join(dict.fromkeys(told))
        return f"it can't take effect before it completes: after what came before it, in any order, {states}"


def explain_searched(model: Model, calls: Calls, history: History, begin: Which | None = None) -> Why:
    """Explain calls that end where they cease to be linearizable; `begin` has those that are enough for it."""
    found = SearchedObject(model, calls, history)
    everything = np.flatnonzero(~is_read(calls) | (calls.complete != OPEN))
    core = minimal_core(found.last_impossible(everything) if begin is None else begin, found.impossible)
    call = int(np.argmax(np.where(calls.complete == OPEN, -1, calls.complete)))
    sources = found.sources(core) if model.sources_suffice else np.zeros(0, np.intp)
    return Why(call, found.states(), core, sources, found.complete)


def explain_zones(model: Model, calls: Calls, history: History) -> Why:
    """Explain a register whose written values are all different."""
    finished = completed_reads(calls)
    found = zones(finished, is_read(finished))
    values = np.unique(finished.value[found.conflicts[found.cluster]])
    begin = np.flatnonzero(np.isin(calls.value, values) & (~is_read(calls) | (calls.complete != OPEN)))
    return explain_searched(model, calls, history, begin)


def explain_log(calls: Calls, place: str) -> Why:
    """Explain a log."""
    conflict = next(iter(log_order(calls, place).conflicts.values()))

    def sources(core: Which) -> Which:
        found = calls.taken(core[calls.kind[core] == Kind.RECORD])
        same = np.isin(paired(calls.value, calls.offset), paired(found.value, found.offset))
        same |= (calls.offset == NIL) & np.isin(calls.value, found.value)
        same |= np.isin(calls.value, found.value[found.offset == NIL])
        same &= calls.kind == Kind.SEND
        same[core] = False
        return np.flatnonzero(same)

    def with_sources(core: Which) -> Which:
        return np.sort(np.concatenate([core, sources(core)]))

    def impossible(core: Which) -> bool:
        return not logs_hold(calls.taken(with_sources(core)))

    begin = np.flatnonzero(np.isin(calls.value, calls.value[list(conflict.calls)]))
    core = minimal_core(begin if impossible(begin) else np.arange(len(calls)), impossible)
    both = with_sources(core)
    conflict = next(iter(log_order(calls.taken(both), place).conflicts.values()))
    ends = [(-1 if calls.complete[both[call]] == OPEN else calls.complete[both[call]]) for call in conflict.calls]
    last = int(np.argmax(ends))
    return Why(int(both[conflict.calls[last]]), conflict.why[last], core, sources(core), is_minimal=True)


def logs_hold(calls: Calls) -> bool:
    """Whether logs are linearizable."""
    return not log_order(calls).conflicts


def versions_hold(calls: Calls) -> bool:
    """Whether registers with versions are linearizable."""
    return logs_hold(as_log(calls, is_read(calls)))


HOLDS: Mapping[str, Callable[[Calls], bool]] = {LOG: logs_hold, VERSIONS: versions_hold, ZONES: zones_hold}
"""What tells, in n log n, whether some calls are linearizable."""


def explain(model: Model, calls: Calls, history: History, algorithm: str) -> tuple[Calls, Why]:
    """Explain calls of an object that end where they cease to be linearizable; the calls that it speaks of."""
    if algorithm == LOG:
        return calls, explain_log(calls, "offset")
    if algorithm == VERSIONS:
        calls = as_log(calls, is_read(calls))
        return calls, explain_log(calls, "version")
    return calls, (explain_zones if algorithm == ZONES else explain_searched)(model, calls, history)

"""The four session guarantees, of each session (a process) and each key.

With so for the order of a session, vis for what a read saw, and ar for the order of a key's log:
- read your writes: a read sees what its session has written.          so | write -> read  within vis
- monotonic reads: a read sees what its session has seen.              vis ; so | read -> read  within vis
- monotonic writes: the writes of a session stand in its order.        so | write -> write  within ar
- writes follow reads: a write stands behind what its session has seen. vis ; so | read -> write  within ar

What a read saw and what it missed is told in `consistency.observed`; what is left open is taken in favour of the log.
A write whose answer was lost binds nobody: `send x 1` that timed out, then `send x 2 -> @0` by the same process, then
`poll x` with 2 and 1, is no violation of monotonic writes, since the first one may have taken effect last, and is even
linearizable. Neither are the reads and the writes of one event ordered: a transaction does not see itself.

Source: Terry et al., Session guarantees for weakly consistent replicated data (1994), in the formal shape of Viotti and
Vukolic, Consistency in non-transactional distributed storage systems (2016).
Left out: guarantees across keys, whose logs are replicated apart; the levels from causal on cover them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from checkers.history.consistency.columns import Bools, Earliest, Ints, highest_before
from checkers.history.consistency.evidence import Violation, operation, place
from checkers.history.consistency.observed import Observed
from checkers.history.groups import tuple_numbers
from checkers.history.history import NONE, EventType

READ_YOUR_WRITES = "read_your_writes"
MONOTONIC_READS = "monotonic_reads"
MONOTONIC_WRITES = "monotonic_writes"
WRITES_FOLLOW_READS = "writes_follow_reads"


@dataclass(frozen=True, eq=False, slots=True)
class _Steps:
    """What sessions did to entries, in columns; `time` orders the steps of a session."""

    session: Ints
    key: Ints
    event: Ints
    entry: Ints
    time: Ints


def read_your_writes(observed: Observed) -> Iterator[Violation]:
    """Reads that miss what their session wrote before."""
    sends, reads = observed.sends, observed.reads
    own = _writes(observed, sends.event, sends.state == EventType.OK)
    behind = _at_or_above(own, _missing(observed, reads.event))
    within = _inside(own, _passed_over(observed, reads.event), observed.gaps.high)
    return _violations(observed, READ_YOUR_WRITES, [*behind, *within])


def monotonic_reads(observed: Observed) -> Iterator[Violation]:
    """Reads that miss what their session saw before."""
    reads = observed.reads
    ends, gaps = _missing(observed, reads.row), _passed_over(observed, reads.row)
    behind = _at_or_above(_seen(observed, reads.row), ends)
    over = _at_or_above(_seen(observed, reads.row, reads.batches), gaps)
    within = _inside(_returned(observed), gaps, observed.gaps.high)
    return _violations(observed, MONOTONIC_READS, [*behind, *over, *within])


def monotonic_writes(observed: Observed) -> Iterator[Violation]:
    """Writes that stand before what their session wrote before."""
    sends = observed.sends
    own = _writes(observed, sends.row, sends.state == EventType.OK)
    return _violations(observed, MONOTONIC_WRITES, _at_or_above(own, _writes(observed, sends.row)))


def writes_follow_reads(observed: Observed) -> Iterator[Violation]:
    """Writes that do not stand behind all that their session saw before."""
    seen = _seen(observed, observed.reads.event)
    return _violations(observed, WRITES_FOLLOW_READS, _at_or_above(seen, _writes(observed, observed.sends.event)))


# ---------------------------------------------------------------------------------------------- what sessions have done


def _writes(observed: Observed, time: Ints, among: Bools | None = None) -> _Steps:
    """Sends of which the entry is known; all or some of them."""
    sends = observed.sends
    of = np.flatnonzero((sends.entry != NONE) if among is None else (sends.entry != NONE) & among)
    session = observed.history.process[sends.event[of]].astype(np.int64)
    return _Steps(session, sends.key[of], sends.event[of], sends.entry[of], time[of])


def _seen(observed: Observed, time: Ints, start: int = 0) -> _Steps:
    """The last entry that each read saw; from a number of reads on."""
    reads = observed.reads
    of = np.flatnonzero(reads.seen != NONE)
    return _steps_of_reads(observed, of[of >= start], reads.seen[of[of >= start]], time)


def _returned(observed: Observed) -> _Steps:
    """The records that batches returned."""
    records = observed.records
    return _steps_of_reads(observed, records.batch, records.entry, observed.reads.row)


def _missing(observed: Observed, time: Ints) -> _Steps:
    """The first entry that each end leaves out."""
    of = np.flatnonzero(observed.reads.missing != NONE)
    return _steps_of_reads(observed, of, observed.reads.missing[of], time)


def _passed_over(observed: Observed, time: Ints) -> _Steps:
    """The first record of each gap."""
    return _steps_of_reads(observed, observed.gaps.read, observed.gaps.low, time)


def _steps_of_reads(observed: Observed, read: Ints, entry: Ints, time: Ints) -> _Steps:
    reads = observed.reads
    return _Steps(reads.session[read], reads.key[read], reads.event[read], entry, time[read])


# ---------------------------------------------------------------------------------------------------- what conflicts

_Pairs = Iterable[tuple[int, int, int]]
"""An operation, the earlier one of its session that it contradicts, and an entry of the earlier one that shows it."""


def _at_or_above(earlier: _Steps, later: _Steps) -> _Pairs:
    """For each later step, the earlier one of its session and key with the highest entry, if at or above its own."""
    key = np.concatenate([later.key, earlier.key])
    group = tuple_numbers(np.concatenate([later.session, earlier.session]), key)
    is_earlier = np.arange(len(key)) >= len(later.key)
    entry = np.concatenate([later.entry, earlier.entry])
    order = np.lexsort((is_earlier, np.concatenate([later.time, earlier.time]), group))
    best = highest_before(group[order], np.where(is_earlier, entry, NONE)[order])
    asking = np.flatnonzero(~is_earlier[order] & (best != NONE))
    one, other = order[asking], order[best[asking]]
    event = np.concatenate([later.event, earlier.event])
    found = entry[other] >= entry[one]
    return zip(event[one[found]], event[other[found]], entry[other[found]], strict=True)


def _inside(earlier: _Steps, gaps: _Steps, high: Ints) -> _Pairs:
    """For each gap, the first step of its session that was at an entry in the gap, if it came before."""
    count = int(max(earlier.entry.max(initial=0), high.max(initial=0))) + 1
    spot = earlier.session * count + earlier.entry
    order = np.argsort(spot, kind="stable")
    table = Earliest.of(spot[order], earlier.time[order])
    first = table.within(gaps.session * count + gaps.entry, gaps.session * count + high)
    asking = np.flatnonzero(first != NONE)
    other = order[first[asking]]
    found = earlier.time[other] < gaps.time[asking]
    one, other = asking[found], other[found]
    return zip(gaps.event[one], earlier.event[other], earlier.entry[other], strict=True)


_WORDS = {
    READ_YOUR_WRITES: "misses {place}, which its own process had written before",
    MONOTONIC_READS: "misses {place}, which its own process had seen before",
    MONOTONIC_WRITES: "stands before {place}, which its own process had written before",
    WRITES_FOLLOW_READS: "does not stand behind {place}, which its own process had seen before",
}


def _violations(observed: Observed, level: str, pairs: _Pairs) -> Iterator[Violation]:
    """The pairs in the order of the recording; each later operation once a key."""
    entries, history = observed.entries, observed.history
    first = {(int(event), int(entries.key[entry])): (int(before), int(entry)) for event, before, entry in pairs}
    for (event, key), (before, entry) in sorted(first.items()):
        words = _WORDS[level].format(place=place(observed, entry))
        sentence = f"{operation(observed, event)} {words}: {operation(observed, before)}"
        yield Violation(level, history.shown_key(key), (int(entries.offset[entry]),), (event, before), sentence)

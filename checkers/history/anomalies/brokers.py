"""Anomalies that show in what brokers hold: producer sequences, end offsets that go back, and leaders that disagree.

They are found in observations: "batch" (one an event where it says its producer), "high_watermark",
"last_stable_offset", "leader" and "record", each of which says under `process` whose log or view it is.

Source: KIP-98 (sequences are per producer id, epoch and partition; they wrap to 0 after 2**31 - 1), KIP-101 (leader
epochs); ours.
Left out: the first batch of a producer epoch in a log, since earlier ones may be deleted; batches that were truncated:
those with a leader epoch lower than that of a batch at or before their offset.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkers.history.anomalies.analysis import Analysis
from checkers.history.anomalies.columns import Evidence, Findings, Ints, Mask, number_pairs
from checkers.history.anomalies.said import observations, said_column
from checkers.history.history import NIL, NONE, Json

SEQUENCES = 1 << 31
FIELDS = ("producer_id", "producer_epoch", "base_sequence", "leader_epoch")


class Batches:
    """The batches of idempotent producers that each log holds, ordered by log, producer id, epoch and offset."""

    def __init__(self, analysis: Analysis) -> None:
        history = analysis.history
        rows = observations(history, "batch")
        events = history.event[rows]
        columns = {name: said_column(history, events.tolist(), name) for name in FIELDS}
        base = columns["base_sequence"]
        known = (columns["producer_id"] >= 0) & (columns["producer_epoch"] >= 0) & (base >= 0) & (base < SEQUENCES)
        log = number_pairs(history.process[events], history.key[rows]).number
        offset = history.offset[rows]
        kept = np.flatnonzero(held(log, offset, columns["leader_epoch"]) & known)
        rows, log, offset = rows[kept], log[kept], offset[kept]
        columns = {name: column[kept] for name, column in columns.items()}
        producer = number_pairs(number_pairs(log, columns["producer_id"]).number, columns["producer_epoch"]).number
        self._order = np.lexsort((offset, producer))
        self.analysis = analysis
        self.row, self.producer, self.offset = rows[self._order], producer[self._order], offset[self._order]
        self._columns = {name: column[self._order] for name, column in columns.items()}
        self.base, self.count = self._columns["base_sequence"], np.minimum(history.value[self.row], SEQUENCES)

    def __len__(self) -> int:
        return len(self.row)

    def evidence(self, before: int, after: int) -> Evidence:
        """What two batches of one producer show."""
        history = self.analysis.history
        pair = (before, after)
        return {
            "key": history.shown_key(int(history.key[self.row[after]])),
            "process": history.processes.names[history.process[history.event[self.row[after]]]],
            "producer_id": int(self._columns["producer_id"][after]),
            "producer_epoch": int(self._columns["producer_epoch"][after]),
            "offsets": [int(self.offset[batch]) for batch in pair],
            "sequences": [[int(self.base[batch]), self.last(batch)] for batch in pair],
            "operations": [self.analysis.index(int(history.event[self.row[batch]])) for batch in pair],
        }

    def last(self, batch: int) -> int:
        """The last sequence number of a batch."""
        return int(self.base[batch] + self.count[batch] - 1) % SEQUENCES


def held(log: Ints, offset: Ints, leader_epoch: Ints) -> Mask:
    """Which batches a log holds at the end: of those seen at one offset the last, and none that was truncated."""
    order = np.lexsort((np.arange(len(log)), offset, log))
    log, offset, epoch = log[order], offset[order], leader_epoch[order]
    kept = np.ones(len(log), bool)
    kept[:-1] = (log[1:] != log[:-1]) | (offset[1:] != offset[:-1])
    ranks = number_pairs(np.zeros(len(epoch), np.int64), epoch).number
    packed = log * (int(ranks.max(initial=0)) + 1) + ranks
    kept &= packed >= np.maximum.accumulate(packed)
    result = np.zeros(len(log), bool)
    result[order] = kept
    return result


def sequence_steps(batches: Batches, among: Ints) -> tuple[Ints, Ints, Ints]:
    """Of some batches, those that don't begin where the one before of their producer ended; that one; by how much."""
    near = np.flatnonzero(batches.producer[among[1:]] == batches.producer[among[:-1]])
    before, after = among[near], among[near + 1]
    expected = (batches.base[before] + batches.count[before]) % SEQUENCES
    missed = (batches.base[after] - expected + SEQUENCES // 2) % SEQUENCES - SEQUENCES // 2
    wrong = missed != 0
    return after[wrong], before[wrong], missed[wrong]


def repeats(batches: Batches) -> tuple[Ints, Ints]:
    """The batches that hold a sequence number that an earlier one of their producer holds, and that earlier one."""
    after, _, missed = sequence_steps(batches, np.arange(len(batches)))
    suspect = np.unique(batches.producer[after[missed < 0]])
    rows = np.flatnonzero(np.isin(batches.producer, suspect))
    rows = rows[np.lexsort((batches.offset[rows], batches.base[rows], batches.producer[rows]))]
    end = batches.base[rows] + batches.count[rows]
    packed = batches.producer[rows] * (2 * SEQUENCES)
    reach = np.maximum.accumulate(packed + end) if len(rows) else end
    farthest = np.maximum.accumulate(np.where(packed + end == reach, np.arange(len(rows)), 0)) if len(rows) else rows
    found = np.flatnonzero((packed + batches.base[rows])[1:] < reach[:-1]) + 1
    pairs = np.stack((rows[farthest[found - 1]], rows[found]))
    earlier, later = np.sort(pairs, axis=0)
    order = np.argsort(later, kind="stable")
    return later[order], earlier[order]


def sequence_repeated(analysis: Analysis) -> Findings:
    """Batches that hold a sequence number for the second time, in a log."""
    batches = analysis.once(Batches)
    later, earlier = repeats(batches)
    return Findings(np.arange(len(later)), lambda row: batches.evidence(int(earlier[row]), int(later[row])))


def sequence_out_of_order(analysis: Analysis) -> Findings:
    """Batches that don't begin where the one before of their producer ended, in a log, and that repeat nothing."""
    batches = analysis.once(Batches)
    fresh = np.setdiff1d(np.arange(len(batches)), repeats(batches)[0])
    after, before, missed = sequence_steps(batches, fresh)

    def show(row: int) -> Evidence:
        return batches.evidence(int(before[row]), int(after[row])) | {"delta": int(missed[row])}

    return Findings(np.arange(len(after)), show)


def regressions(analysis: Analysis, function: str) -> Findings:
    """Observations of an end offset that are lower than an earlier one of the same broker, key and leader epoch.

    Nothing is concluded from one broker to another or from one epoch to the next: a follower learns the offset late,
    and a new leader may begin below what the last one told. That records below it stay, whoever leads, shows in what
    clients see: inconsistent_offsets, lost_write, and ends that go back, which linearizability is about. Observations
    without a leader epoch are compared with each other.
    """
    history = analysis.history
    rows = observations(history, function)
    events = history.event[rows]
    epoch = said_column(history, events.tolist(), "leader_epoch")
    epoch = np.where(epoch == NIL, NONE, epoch)
    view = number_pairs(number_pairs(history.process[events], history.key[rows]).number, epoch).number
    order = np.argsort(view, kind="stable")
    rows, view, offset = rows[order], view[order], history.offset[rows[order]]
    ranks = number_pairs(np.zeros(len(offset), np.int64), offset)
    packed = view * (len(ranks) + 1) + ranks.number
    highest = np.maximum.accumulate(packed)
    holder = np.maximum.accumulate(np.where(packed == highest, np.arange(len(packed)), 0))
    found = np.flatnonzero(packed < highest)

    def show(row: int) -> Evidence:
        pair = (int(holder[row]), row)
        event = int(history.event[rows[row]])
        return {
            "key": history.shown_key(int(history.key[rows[row]])),
            "process": history.processes.names[history.process[event]],
            "leader_epoch": history.fields.get(event, {}).get("leader_epoch"),
            "offsets": [int(offset[place]) for place in pair],
            "delta": int(offset[row] - offset[pair[0]]),
            "operations": [analysis.index(int(history.event[rows[place]])) for place in pair],
        }

    return Findings(found[np.argsort(rows[found], kind="stable")], show)


def high_watermark_regression(analysis: Analysis) -> Findings:
    """High watermarks that went back for a leader epoch."""
    return regressions(analysis, "high_watermark")


def last_stable_offset_regression(analysis: Analysis) -> Findings:
    """Last stable offsets that went back for a leader epoch."""
    return regressions(analysis, "last_stable_offset")


def divergent_leaders(analysis: Analysis) -> list[Evidence]:
    """Two leaders of a key in one epoch, or two records at one offset of a key in one leader epoch."""
    history = analysis.history
    leaders, records = observations(history, "leader"), observations(history, "record")
    epochs = said_column(history, history.event[records].tolist(), "leader_epoch")
    told = epochs != NIL
    records, epochs = records[told], epochs[told]
    found: list[Evidence] = []
    process = history.process[history.event[leaders]]
    for rows in clashes(history.key[leaders], history.offset[leaders], process):
        pair = leaders[rows]
        names: list[Json] = [history.processes.names[code] for code in process[rows]]
        found.append(clash("leaders", analysis, pair) | {"epoch": int(history.offset[pair[0]]), "processes": names})
    place = number_pairs(history.key[records], history.offset[records]).number
    values = number_pairs(np.zeros(len(records), np.int64), history.value[records]).number
    for rows in clashes(place, epochs, values):
        pair = records[rows]
        shown: Evidence = {
            "epoch": int(epochs[rows[0]]),
            "offset": int(history.offset[pair[0]]),
            "values": [history.shown_value(int(history.value[row])) for row in pair],
            "processes": [history.processes.names[history.process[history.event[row]]] for row in pair],
        }
        found.append(clash("records", analysis, pair) | shown)
    return found


def clash(kind: str, analysis: Analysis, rows: Ints) -> Evidence:
    """What all disagreements have: their kind, their key and the observations."""
    history = analysis.history
    return {
        "type": kind,
        "key": history.shown_key(int(history.key[rows[0]])),
        "operations": [analysis.index(int(history.event[row])) for row in rows],
    }


def clashes(where: NDArray[Any], epoch: Ints, what: NDArray[Any]) -> list[Ints]:
    """For each place and epoch where more than one thing was seen: a row for each thing, as they came."""
    if len(where) == 0:
        return []
    places = number_pairs(where, epoch)
    things = number_pairs(places.number, what)
    first = np.zeros(len(things), np.int64)
    first[things.number[::-1]] = np.arange(len(where))[::-1]
    several = np.flatnonzero(np.bincount(things.major) > 1)
    begin, end = np.searchsorted(things.major, several), np.searchsorted(things.major, several, "right")
    return [np.sort(first[low:high]) for low, high in zip(begin, end, strict=True)]

"""All anomalies by name: the function that finds each, what it means, and which guarantees it speaks to.

`find_anomalies` judges nothing: which anomalies are allowed under which settings is in
`checkers.history.anomalies.allowed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from checkers.history.anomalies import brokers, offsets, order, visibility
from checkers.history.anomalies.analysis import Analysis, analyse
from checkers.history.anomalies.columns import Evidence
from checkers.history.anomalies.cycles import cycles
from checkers.history.anomalies.exactly_once import exactly_once_violation
from checkers.history.anomalies.ownership import two_owners, zombie_write
from checkers.history.anomalies.positions import committed_offset_regression
from checkers.history.anomalies.settings import Settings
from checkers.history.anomalies.transactions import torn_transaction
from checkers.history.history import History


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A way in which a history can be wrong."""

    find: Callable[[Analysis], Sequence[Evidence]]
    explanation: str
    guarantees: tuple[str, ...]


def cycle(name: str, explanation: str, *guarantees: str) -> Anomaly:
    """A class of cycles as an anomaly."""
    return Anomaly(partial(cycles, name), explanation, guarantees)


ANOMALIES: Mapping[str, Anomaly] = {
    "inconsistent_offsets": Anomaly(
        offsets.inconsistent_offsets,
        "Different messages were seen at one offset of a log, so a record below the high watermark changed.",
        ("LOG-1", "REP-2"),
    ),
    "duplicate": Anomaly(
        offsets.duplicate, "A message that was sent once stands at several offsets of its log.", ("TXN-1", "LOG-1")
    ),
    "phantom_read": Anomaly(
        visibility.phantom_read, "A consumer polled a message that nobody ever sent.", ("LOG-1", "LOG-8")
    ),
    "aborted_read": Anomaly(
        visibility.aborted_read, "A consumer polled a message whose send or transaction had failed (G1a).", ("TXN-3",)
    ),
    "precommitted_read": Anomaly(
        visibility.precommitted_read,
        "A transaction polled a message that it had itself sent and not yet committed.",
        ("TXN-3",),
    ),
    "lost_write": Anomaly(
        visibility.lost_write,
        "An acknowledged message was never polled, although a later one of its log was: it is gone.",
        ("REP-1", "LOG-1"),
    ),
    "unseen": Anomaly(
        visibility.unseen,
        "Acknowledged messages were never polled by anyone, up to the end of the recording.",
        ("REP-1", "REP-8"),
    ),
    "poll_skip": Anomaly(
        order.poll_skip,
        "A consumer's next poll left out messages that stand between it and its last one.",
        ("OFF-4", "OFF-2"),
    ),
    "nonmonotonic_poll": Anomaly(
        order.nonmonotonic_poll, "A consumer's next poll began at or before where its last one ended.", ("OFF-4",)
    ),
    "nonmonotonic_send": Anomaly(
        order.nonmonotonic_send,
        "A producer's later message stands at or before its earlier one in the same log.",
        ("LOG-2", "TXN-1"),
    ),
    "int_poll_skip": Anomaly(
        order.int_poll_skip, "Inside one transaction, polls left out messages that stand between them.", ("OFF-4",)
    ),
    "int_nonmonotonic_poll": Anomaly(
        order.int_nonmonotonic_poll,
        "Inside one transaction, polls returned records against the order of the log, or one twice.",
        ("OFF-4", "LOG-2"),
    ),
    "int_send_skip": Anomaly(
        order.int_send_skip,
        "Messages of others stand between two that a transaction sent one after the other.",
        ("TXN-3",),
    ),
    "int_nonmonotonic_send": Anomaly(
        order.int_nonmonotonic_send,
        "Two messages stand in a log against the order in which one transaction sent them.",
        ("LOG-2", "TXN-1"),
    ),
    "write_cycle": cycle(
        "write_cycle", "Transactions stand in different orders in different logs (G0).", "TXN-3", "LOG-2"
    ),
    "write_cycle_process": cycle(
        "write_cycle_process",
        "The order in which transactions stand in logs contradicts the order in which a process ran them (G0-process).",
        "LOG-9",
    ),
    "write_cycle_realtime": cycle(
        "write_cycle_realtime",
        "A transaction stands in a log before one that was over before it began (G0-realtime).",
        "LOG-9",
    ),
    "circular_information_flow": cycle(
        "circular_information_flow",
        "Each of some transactions saw what the one before wrote, or wrote after it, in a circle (G1c).",
        "TXN-3",
    ),
    "circular_information_flow_process": cycle(
        "circular_information_flow_process",
        "What transactions saw of each other contradicts the order in which a process ran them (G1c-process).",
        "TXN-3",
        "LOG-9",
    ),
    "circular_information_flow_realtime": cycle(
        "circular_information_flow_realtime",
        "A transaction saw or followed one that began only after it was over (G1c-realtime).",
        "TXN-3",
        "LOG-9",
    ),
    "read_write_cycle": cycle(
        "read_write_cycle",
        "A transaction saw part of what another wrote or led to, and missed another part (G-single, G2).",
        "TXN-3",
    ),
    "torn_transaction": Anomaly(
        torn_transaction,
        "A consumer saw part of a committed transaction and passed over the rest, or the rest is lost.",
        ("TXN-3",),
    ),
    "exactly_once_violation": Anomaly(
        exactly_once_violation,
        "A message was consumed by two committed transactions of a group, or outputs and offsets don't go together.",
        ("TXN-4",),
    ),
    "committed_offset_regression": Anomaly(
        committed_offset_regression,
        "A group's committed offset was lower than one that had been committed before.",
        ("OFF-1",),
    ),
    "two_owners": Anomaly(
        two_owners, "Two members of a group owned one partition in the same generation.", ("GRP-1", "ASSIGN-1")
    ),
    "zombie_write": Anomaly(
        zombie_write,
        "An old producer epoch wrote, or an old generation committed, after it had been fenced.",
        ("TXN-2", "OFF-1", "GRP-1"),
    ),
    "sequence_out_of_order": Anomaly(
        brokers.sequence_out_of_order,
        "A log holds batches of a producer epoch whose sequence numbers don't follow one another.",
        ("TXN-1",),
    ),
    "sequence_repeated": Anomaly(
        brokers.sequence_repeated,
        "A log holds a sequence number of a producer epoch twice: a retry was appended again.",
        ("TXN-1",),
    ),
    "high_watermark_regression": Anomaly(
        brokers.high_watermark_regression, "A leader's high watermark went back within its leader epoch.", ("REP-2",)
    ),
    "last_stable_offset_regression": Anomaly(
        brokers.last_stable_offset_regression,
        "A leader's last stable offset went back within its leader epoch.",
        ("TXN-3",),
    ),
    "divergent_leaders": Anomaly(
        brokers.divergent_leaders,
        "Two brokers led a partition in one epoch, or hold different records at one offset and leader epoch.",
        ("REP-7", "LOG-3"),
    ),
}
EXPLANATIONS: Mapping[str, str] = {
    name: f"{anomaly.explanation} ({', '.join(anomaly.guarantees)})" for name, anomaly in ANOMALIES.items()
}


def find_anomalies(history: History, settings: Settings) -> dict[str, Sequence[Evidence]]:
    """The anomalies that a history shows, in the order of the table, each with its evidence, the most telling first.

    The evidence of most is made only when an item is asked for; `len` is always cheap. Events are named by what the
    recording calls their index, operations by the index of their completion, or of their invoke while they are open.
    """
    analysis = analyse(history, settings)
    found = {name: anomaly.find(analysis) for name, anomaly in ANOMALIES.items()}
    return {name: evidence for name, evidence in found.items() if len(evidence)}

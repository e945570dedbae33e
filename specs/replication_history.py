"""ISR replication and what its users saw: the replicated log is one append-only log.

No state of the replicas alone says what was ever exposed: after an election the new leader's high watermark may lag,
its followers take that over, and nobody remembers how far users could read. So the history is written down: a variable
that the protocol never reads. With it, every step of replication is a step of `specs.log_order` or a stutter: each
exposed record is committed at the next offset, or is the very record that users saw at that offset before.

Source: Abadi and Lamport, The existence of refinement mappings (1991), for history variables; ConsistentReadProperty of
Vanlightly's published specs in TLA+.
Left out: as in `specs.replication`; consumers read at leaders only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from specs import log_order, replication, replication_state
from specs.language import Ablation, Array, Expect, Int, Maybe, Refinement, ablation, action
from specs.replication import leader_advance_high_watermark as advance
from specs.replication_state import LOG_SIZE, MAX_RECORDS, REPLICA, REPLICAS


class State(replication_state.State):
    """The partition, and the record that users last saw at each offset below `seen_end`."""

    seen = Array(Maybe(Int(0, MAX_RECORDS - 1)), LOG_SIZE)
    seen_end = Int(0, LOG_SIZE)


@action(leader=REPLICA)
def leader_advance_high_watermark(s: State, leader: int) -> bool:
    """The leader's high watermark passes a record, which users can read from then on."""
    if not advance(s, leader):
        return False
    offset = s.replicas[leader].high_watermark - 1
    s.seen[offset] = s.replicas[leader].entries[offset].id
    s.seen_end = max(s.seen_end, offset + 1)
    return True


def exposed_log(s: State, log: log_order.State) -> None:
    """LOG-1, LOG-2, REP-2: what users see at each offset is one append-only log."""
    log.produced = s.next_record_id
    log.high_watermark = s.seen_end
    for offset in range(LOG_SIZE):
        log.committed[offset] = s.seen[offset]


def forgotten(s: State) -> bool:
    """Users saw more than any replica remembers to have exposed."""
    return all(s.replicas[r].high_watermark < s.seen_end for r in range(REPLICAS))


BREAKS = {
    "truncate_to_own_high_watermark": Expect(
        "refines log_order", 16, {"replicas": 3, "log_size": 2, "max_records": 2, "max_leader_epoch": 2}
    ),
}
"""What users see of the known bugs, where that is asserted."""


def again(flag: bool) -> bool:  # noqa: FBT001 - an ablation stands for a bool
    """An ablation of the protocol, with what it must break here."""
    declared = cast("Ablation", flag)
    expects = (BREAKS[declared.name],) if declared.name in BREAKS else ()
    return ablation(declared.name, declared.doc, *expects)


SPEC = replace(
    replication.SPEC,
    name="replication_history",
    doc="ISR replication and what its users saw; refines the append-only log.",
    state=State,
    actions=tuple(leader_advance_high_watermark if a is advance else a for a in replication.SPEC.actions),
    reachable=(forgotten,),
    refines=(Refinement(log_order.SPEC, exposed_log, {"log_size": LOG_SIZE, "max_records": MAX_RECORDS}),),
    ablations=tuple(again(flag) for flag in replication.SPEC.ablations),
    variants=(),
)

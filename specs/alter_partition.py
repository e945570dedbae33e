"""Asynchronous ISR changes: the leader asks the controller, which decides, and the answer takes its time (KIP-497).

What is modelled: one partition with one leader that stays; how far each replica has got; the controller's ISR, which is
the truth, and its version; the leader's ISR, which may be old, and what it has asked for and not heard of. Requests and
updates are sets that only grow: they may be lost, repeated and reordered. A replica that fails is one that the
controller removes from its ISR without being asked.

The smallest way to go wrong: the leader L, alone in the ISR, asks to add F; the controller does, so F may be elected
from here on; L, which has not heard of it, writes a record and takes it for committed since every member of its own
ISR, itself, has it. So from its request on the leader must count F in (the maximal ISR).

Source: KIP-497, KAFKA-8836, kafka.cluster.PartitionState and PendingPartitionChange of Apache Kafka; Gustafson's
published spec in TLA+ (AsyncIsr).
Left out: elections and leader epochs (see `specs.replication`), what the records say, refused requests and
the leader's timeout, one request in flight at a time as brokers have it (here it may send as many as it likes).
"""

from __future__ import annotations

from specs.language import (
    NONE,
    Array,
    Expect,
    Id,
    Int,
    Maybe,
    Nested,
    Record,
    SetOf,
    Spec,
    ablation,
    action,
    bound,
    contains,
    insert,
    is_subset,
    remove,
)

REPLICAS = bound("replicas", 3, low=2, high=6, doc="replicas of the partition, the leader included")
MAX_OFFSET = bound("max_offset", 2, low=1, high=8, doc="records that the leader writes")
MAX_VERSION = bound("max_version", 2, low=1, high=8, doc="changes of the ISR that the controller makes")

FOLLOWER = Id("follower", REPLICAS - 1)
ISR = SetOf(FOLLOWER)
"""The followers in an ISR. The leader is in every one, and is none of its followers."""
VERSION = Int(0, MAX_VERSION)
OFFSET = Int(0, MAX_OFFSET)


# ------------------------------------------------------------------------------------------------------------ the state


class Controller(Record):
    """The true ISR and the number of changes so far."""

    isr = ISR
    version = VERSION


class Leader(Record):
    """What the leader knows, and what it has asked for since: everyone that a request of this version would keep."""

    isr = ISR
    version = VERSION
    pending_isr = ISR
    pending_version = Maybe(VERSION)


class State(Record):
    """The partition. An offset is the end of a replica's log, exclusive."""

    controller = Nested(Controller)
    leader = Nested(Leader)
    leader_offset = OFFSET
    follower_offsets = Array(OFFSET, FOLLOWER)
    requests = Array(SetOf(ISR), MAX_VERSION + 1)
    """Every ISR that the leader ever asked for while at a version."""
    updates = Array(ISR, MAX_VERSION + 1)
    """The ISR of each version up to the controller's, which tells the leader of each but version 0."""


def initial(s: State) -> None:
    """Both know that everyone is in the ISR; nothing is written."""
    for f in range(REPLICAS - 1):
        s.controller.isr = insert(s.controller.isr, f)
    s.leader.isr = s.controller.isr
    s.updates[0] = s.controller.isr


# -------------------------------------------------------------------------------------------------------- the ablations

HIGH_WATERMARK_OVER_CURRENT_ISR = ablation(
    "high_watermark_over_current_isr",
    "R12, KAFKA-8836: the leader counts only the ISR that it knows of, not the one that it has asked for.",
    Expect("valid_high_watermark", 5, {"replicas": 2, "max_offset": 1, "max_version": 2}),
)
PENDING_ISR_REPLACED = ablation(
    "pending_isr_replaced",
    "The leader counts its latest request alone, although the controller may accept an earlier one.",
    Expect("valid_high_watermark", 7, {"replicas": 3, "max_offset": 1, "max_version": 2}),
)
STALE_VERSION_ACCEPTED = ablation(
    "stale_version_accepted",
    "The controller accepts a request whatever its version: a late one brings back a replica that has left since.",
    Expect("valid_high_watermark", 6, {"replicas": 3, "max_offset": 1, "max_version": 2}),
)


# ------------------------------------------------------------------------------------------------------- the controller


def write_isr(s: State, isr: int) -> None:
    """Take the next version and tell the leader."""
    s.controller.isr = isr
    s.controller.version = s.controller.version + 1
    s.updates[s.controller.version] = isr


@action(follower=FOLLOWER)
def controller_shrink_isr(s: State, follower: int) -> bool:
    """A follower failed or was shut down."""
    if s.controller.version >= MAX_VERSION or not contains(s.controller.isr, follower):
        return False
    write_isr(s, remove(s.controller.isr, follower))
    return True


@action(isr=ISR, version=VERSION)
def controller_accept_request(s: State, isr: int, version: int) -> bool:
    """A request is a compare-and-set: it counts only if no change came between it and what the leader knew."""
    if s.controller.version >= MAX_VERSION or not contains(s.requests[version], isr):
        return False
    if version != s.controller.version and not STALE_VERSION_ACCEPTED:
        return False
    write_isr(s, isr)
    return True


# ----------------------------------------------------------------------------------------------------------- the leader


def maximal_isr(s: State) -> int:
    """Everyone whom the controller may count in the ISR, as far as the leader can tell."""
    return s.leader.isr | s.leader.pending_isr


def high_watermark(s: State) -> int:
    """The offset that every member of the maximal ISR has reached; an ablation asks the current ISR alone."""
    members = s.leader.isr if HIGH_WATERMARK_OVER_CURRENT_ISR else maximal_isr(s)
    least = s.leader_offset
    for f in range(REPLICAS - 1):
        if contains(members, f):
            least = min(least, s.follower_offsets[f])
    return least


def send_request(s: State, isr: int) -> None:
    """Ask for an ISR, and expect it and all that was asked before at this version until an update comes."""
    version = s.leader.version
    s.requests[version] = insert(s.requests[version], isr)
    s.leader.pending_isr = isr if PENDING_ISR_REPLACED else s.leader.pending_isr | isr
    s.leader.pending_version = version


@action(follower=FOLLOWER)
def leader_request_shrink_isr(s: State, follower: int) -> bool:
    """The leader asks to remove a follower, which goes on to count until the answer."""
    if not contains(s.leader.isr, follower):
        return False
    send_request(s, remove(s.leader.isr, follower))
    return True


@action(follower=FOLLOWER)
def leader_request_expand_isr(s: State, follower: int) -> bool:
    """The leader asks to add a follower that has reached the high watermark. It counts from now on."""
    if contains(s.leader.isr, follower) or s.follower_offsets[follower] < high_watermark(s):
        return False
    send_request(s, insert(s.leader.isr, follower))
    return True


@action(version=VERSION)
def leader_take_update(s: State, version: int) -> bool:
    """A newer ISR than the leader's arrives, the newest or not, asked for or not; nothing is pending any more."""
    if version > s.controller.version or version <= s.leader.version:
        return False
    s.leader.isr = s.updates[version]
    s.leader.version = version
    s.leader.pending_isr = 0
    s.leader.pending_version = NONE
    return True


@action()
def leader_write(s: State) -> bool:
    """The leader appends a record."""
    if s.leader_offset >= MAX_OFFSET:
        return False
    s.leader_offset = s.leader_offset + 1
    return True


@action(follower=FOLLOWER)
def follower_replicate(s: State, follower: int) -> bool:
    """A follower behind its leader, in the ISR or not, fetches one record."""
    if s.follower_offsets[follower] >= s.leader_offset:
        return False
    s.follower_offsets[follower] = s.follower_offsets[follower] + 1
    return True


# ------------------------------------------------------------------------------------------------------- what must hold


def valid_high_watermark(s: State) -> bool:
    """REP-3: every member of the controller's ISR, any of which may be elected, has reached the high watermark."""
    return all(s.follower_offsets[f] >= high_watermark(s) for f in range(REPLICAS - 1) if contains(s.controller.isr, f))


def maximal_isr_covers_true_isr(s: State) -> bool:
    """Why that is so: every change but a removal was asked for at the version that it follows."""
    return is_subset(s.controller.isr, maximal_isr(s))


def leader_knows_a_true_version(s: State) -> bool:
    """The leader's ISR is, or was, the controller's at that version; something is pending if it was asked for then."""
    return (
        s.leader.version <= s.controller.version
        and s.leader.isr == s.updates[s.leader.version]
        and s.leader.pending_version == (NONE if s.requests[s.leader.version] == 0 else s.leader.version)
    )


def high_watermark_never_regresses(before: State, after: State) -> bool:
    """REP-2: what the leader took for committed stays so, although it may learn of old ISRs on the way."""
    return high_watermark(after) >= high_watermark(before)


def record_is_committed(s: State) -> bool:
    """The high watermark has advanced while there is a follower in the ISR."""
    return high_watermark(s) > 0 and s.controller.isr != 0


def follower_is_back(s: State) -> bool:
    """A follower is in the true ISR and the leader, who asked for it, does not know yet; this takes two versions."""
    return MAX_VERSION < 2 or not is_subset(s.controller.isr, s.leader.isr)


def request_is_stale(s: State) -> bool:
    """The controller changed the ISR before a request reached it, which is therefore void."""
    return s.leader.pending_version >= 0 and s.leader.pending_version < s.controller.version


def update_is_stale(s: State) -> bool:
    """The leader has taken an update, and it was not the newest; this takes two versions."""
    return MAX_VERSION < 2 or 0 < s.leader.version < s.controller.version


SPEC = Spec(
    name="alter_partition",
    doc="Asynchronous ISR changes: the leader asks, the controller decides, the high watermark counts what is pending.",
    state=State,
    initial=initial,
    actions=(
        controller_shrink_isr,
        controller_accept_request,
        leader_request_shrink_isr,
        leader_request_expand_isr,
        leader_take_update,
        leader_write,
        follower_replicate,
    ),
    bounds=(REPLICAS, MAX_OFFSET, MAX_VERSION),
    invariants=(valid_high_watermark, maximal_isr_covers_true_isr, leader_knows_a_true_version),
    step_properties=(high_watermark_never_regresses,),
    reachable=(record_is_committed, follower_is_back, request_is_stale, update_is_stale),
    ablations=(HIGH_WATERMARK_OVER_CURRENT_ISR, PENDING_ISR_REPLACED, STALE_VERSION_ACCEPTED),
)

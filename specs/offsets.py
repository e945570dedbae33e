"""Committed offsets of one group in one partition: fenced commits, fail-over of the coordinator, expiry.

What is modelled: consumers that join, fetch the committed offset, process and commit, and that may be fenced without
knowing it; the coordinator's rebalances; its log, which is the truth, and what each broker has loaded of it; late loads
and unloads as the coordinator moves; the clock and the retention of offsets. The log is compacted: of each key only the
last record counts, so that is what it holds, and replaying it is taking that.

Two client disciplines, chosen at the start: at least once (process, then commit; without a committed offset start at
the earliest record) and at most once (commit, then process; start past the latest).

The smallest way to go wrong: owner A is given up for dead and B takes over; B processes a record and commits 1; a
commit of A, sent before, arrives and says 0; the next owner processes the record again. So a commit counts only
from the generation that stands.

Source: org.apache.kafka.coordinator.group.OffsetMetadataManager, ClassicGroup and CoordinatorRuntime of Apache Kafka;
KIP-211 (expiry), KIP-186; KAFKA-2596, KAFKA-10614, KAFKA-13636, KAFKA-8069, KAFKA-14196.
Left out: producers (all records are there from the start), several partitions, polls of more than one record, commits
that have not been replicated yet (an append is durable at once), offsets of topics that nobody subscribes to any
more, transactional commits, KIP-848's member epochs.
"""

from __future__ import annotations

from specs.language import NONE, Bool, Spec, action
from specs.offsets_ablations import (
    COMMIT_OF_PREFETCHED_RECORDS,
    EMPTY_SINCE_LOST_ON_LOAD,
    EXPIRY_WHILE_REBALANCING,
    LATE_UNLOAD,
    LOAD_KEEPS_STALE_CACHE,
    PROCESSING_WHILE_REVOKING,
    UNFENCED_COMMIT,
)
from specs.offsets_properties import (
    commit_is_late,
    committed_offset_never_regresses,
    coordinator_has_failed_over,
    coordinator_is_stale,
    coordinator_serves_the_committed_offset,
    fenced_commits_change_nothing,
    handover_is_exact,
    nothing_is_seen_twice,
    nothing_is_skipped,
    offset_has_expired,
    offsets_expire_only_when_empty_and_old,
    partition_is_handed_over,
    record_is_lost,
    record_is_repeated,
)
from specs.offsets_state import (
    BROKER,
    BROKERS,
    EPOCH,
    MAX_COORDINATOR_EPOCH,
    MAX_GENERATION,
    MAX_RECORDS,
    MAX_TIME,
    MEMBER,
    MEMBERS,
    OUT,
    OWNER,
    RETENTION,
    REVOKED,
    REVOKING,
    State,
    acting_coordinator,
    clear,
    initial,
    presumes_to_coordinate,
)

# ----------------------------------------------------------------------------------------------------- the coordinators


@action(broker=BROKER)
def elect_coordinator(s: State, broker: int) -> bool:
    """The partition of the log gets another leader, in a new epoch; brokers hear of it when they hear of it."""
    if s.coordinator_epoch >= MAX_COORDINATOR_EPOCH or s.elections[s.coordinator_epoch].coordinator == broker:
        return False
    s.coordinator_epoch = s.coordinator_epoch + 1
    s.elections[s.coordinator_epoch].coordinator = broker
    return True


@action(epoch=EPOCH)
def load(s: State, epoch: int) -> bool:
    """The leader of an epoch replays the log. A broker that leads again drops what it had before."""
    if epoch > s.coordinator_epoch:
        return False
    broker = s.elections[epoch].coordinator
    if epoch <= s.brokers[broker].epoch:
        return False
    if not (LOAD_KEEPS_STALE_CACHE and presumes_to_coordinate(s, broker)):
        s.brokers[broker].group = s.log
        s.brokers[broker].rebalancing = False
    if EMPTY_SINCE_LOST_ON_LOAD:
        s.brokers[broker].group.empty_since = s.log.commit_time
    s.brokers[broker].epoch = epoch
    return True


@action(broker=BROKER, epoch=EPOCH)
def unload(s: State, broker: int, epoch: int) -> bool:
    """A broker hears that another one leads. What is older than the newest that it knows of comes too late."""
    if epoch > s.coordinator_epoch or s.elections[epoch].coordinator == broker:
        return False
    if epoch <= s.brokers[broker].epoch and not (LATE_UNLOAD and presumes_to_coordinate(s, broker)):
        return False
    clear(s, broker)
    s.brokers[broker].epoch = max(epoch, s.brokers[broker].epoch)
    return True


@action()
def prepare_rebalance(s: State) -> bool:
    """A member joins, leaves or is given up for dead. The coordinator waits for the members, in memory only."""
    coordinator = acting_coordinator(s)
    if coordinator == NONE or s.brokers[coordinator].rebalancing:
        return False
    s.brokers[coordinator].rebalancing = True
    return True


def write_group(s: State, coordinator: int, owner: int) -> None:
    """Append the next generation's record: who owns the partition, or since when the group is empty."""
    s.log.generation = s.brokers[coordinator].group.generation + 1
    s.log.owner = owner
    s.log.empty_since = s.now if owner == NONE else NONE
    s.brokers[coordinator].group.generation = s.log.generation
    s.brokers[coordinator].group.owner = s.log.owner
    s.brokers[coordinator].group.empty_since = s.log.empty_since
    s.brokers[coordinator].rebalancing = False


@action(owner=MEMBER)
def complete_rebalance(s: State, owner: int) -> bool:
    """The next generation begins, whether or not the former owner took part; if not, it is fenced."""
    coordinator = acting_coordinator(s)
    if coordinator == NONE or not s.brokers[coordinator].rebalancing:
        return False
    if s.brokers[coordinator].group.generation >= MAX_GENERATION:
        return False
    write_group(s, coordinator, owner)
    return True


@action()
def group_becomes_empty(s: State) -> bool:
    """No member is left at the end of a rebalance."""
    coordinator = acting_coordinator(s)
    if coordinator == NONE or not s.brokers[coordinator].rebalancing:
        return False
    if s.brokers[coordinator].group.generation >= MAX_GENERATION:
        return False
    write_group(s, coordinator, NONE)
    return True


@action(member=MEMBER, response_lost=Bool())
def take_commit(s: State, member: int, response_lost: bool) -> bool:  # noqa: FBT001 - a parameter of an action
    """A commit reaches the coordinator. From the owner of the generation that stands it counts; others are fenced.

    It counts while a rebalance is prepared, too: members commit what they are about to give up.
    """
    coordinator = acting_coordinator(s)
    if coordinator == NONE or s.members[member].request == NONE:
        return False
    offset = s.members[member].request
    group = s.brokers[coordinator].group
    known = group.owner == member and group.generation == s.members[member].generation
    if known or UNFENCED_COMMIT:
        s.log.committed = offset
        s.log.commit_time = s.now
        s.brokers[coordinator].group.committed = offset
        s.brokers[coordinator].group.commit_time = s.now
    if response_lost:
        forget_request(s, member)
    else:
        answer(s, member, known or UNFENCED_COMMIT)
    return True


@action()
def expire_offset(s: State) -> bool:
    """A tombstone for the offset of a group that has been empty for the retention time; no rebalance is under way."""
    coordinator = acting_coordinator(s)
    if coordinator == NONE or s.brokers[coordinator].group.committed == NONE:
        return False
    group = s.brokers[coordinator].group
    since = group.empty_since
    if s.brokers[coordinator].rebalancing:
        if not EXPIRY_WHILE_REBALANCING:
            return False
        since = group.commit_time
    if since == NONE or s.now - since < RETENTION:
        return False
    s.log.committed = NONE
    s.brokers[coordinator].group.committed = NONE
    return True


@action()
def tick(s: State) -> bool:
    """Time passes."""
    if s.now >= MAX_TIME:
        return False
    s.now = s.now + 1
    return True


# ---------------------------------------------------------------------------------------------------------- the members


def forget_request(s: State, member: int) -> None:
    """No answer comes. The member asks again when it likes; one that gives up its partition is not rid of it yet."""
    s.members[member].request = NONE
    if s.members[member].phase == REVOKING:
        s.members[member].phase = OWNER


def answer(s: State, member: int, accepted: bool) -> None:  # noqa: FBT001 - specs have no keyword arguments
    """The member learns whether its commit counted; if not, that it is a member no more."""
    if not accepted:
        s.members[member].phase = OUT
    elif s.members[member].phase == REVOKING:
        s.members[member].phase = REVOKED
    if accepted and s.at_most_once:
        s.members[member].acknowledged = s.members[member].request
    s.members[member].request = NONE


@action(member=MEMBER, broker=BROKER)
def start(s: State, member: int, broker: int) -> bool:
    """A member gets a generation in which it owns the partition, and fetches the committed offset, once.

    The broker may be one that has yet to hear that it coordinates no more. Its answer is as good: it knows the
    generation, so it knows every commit of the generations before, and nobody but the member commits in this one.
    """
    group = s.brokers[broker].group
    if not presumes_to_coordinate(s, broker) or s.brokers[broker].rebalancing or group.owner != member:
        return False
    if group.generation <= s.members[member].generation or s.members[member].request != NONE:
        return False
    position = group.committed
    if position == NONE:
        position = MAX_RECORDS if s.at_most_once else 0
    s.members[member].generation = group.generation
    s.members[member].phase = OWNER
    s.members[member].position = position
    s.members[member].acknowledged = position if s.at_most_once else 0
    return True


@action(member=MEMBER)
def process(s: State, member: int) -> bool:
    """The application gets the next record; of a member that commits first, once that is acknowledged.

    Not while the commit that ends its ownership is in flight: what it processed then would be in no commit.
    """
    position = s.members[member].position
    phase = s.members[member].phase
    if phase != OWNER and not (PROCESSING_WHILE_REVOKING and phase == REVOKING):
        return False
    if position >= MAX_RECORDS or (s.at_most_once and position >= s.members[member].acknowledged):
        return False
    s.consumed[position].times = min(2, s.consumed[position].times + 1)
    s.members[member].position = position + 1
    return True


@action(member=MEMBER)
def send_commit(s: State, member: int) -> bool:
    """A member asks to commit: what it has processed, or the record that it means to process next."""
    if s.members[member].phase != OWNER or s.members[member].request != NONE:
        return False
    position = s.members[member].position
    if s.at_most_once or COMMIT_OF_PREFETCHED_RECORDS:
        if position < s.members[member].acknowledged or position >= MAX_RECORDS:
            return False
        position = position + 1
    s.members[member].request = position
    return True


@action(member=MEMBER)
def lose_request(s: State, member: int) -> bool:
    """A commit is lost on its way to the coordinator."""
    if s.members[member].request == NONE:
        return False
    forget_request(s, member)
    return True


@action(member=MEMBER)
def send_last_commit(s: State, member: int) -> bool:
    """A member hears of the rebalance in time and commits its position before it gives up the partition.

    One that commits first has nothing to commit then. Its position may even be behind what it has committed, where
    the answer was lost, and would set the committed offset back.
    """
    coordinator = acting_coordinator(s)
    if s.at_most_once or coordinator == NONE:
        return False
    if s.members[member].phase != OWNER or s.members[member].request != NONE:
        return False
    group = s.brokers[coordinator].group
    if not s.brokers[coordinator].rebalancing or group.generation != s.members[member].generation:
        return False
    s.members[member].request = s.members[member].position
    s.members[member].phase = REVOKING
    return True


SPEC = Spec(
    name="offsets",
    doc="Committed offsets of a consumer group: fenced commits, fail-over of the coordinator, expiry.",
    state=State,
    initial=initial,
    actions=(
        elect_coordinator,
        load,
        unload,
        prepare_rebalance,
        complete_rebalance,
        group_becomes_empty,
        take_commit,
        expire_offset,
        tick,
        start,
        process,
        send_commit,
        lose_request,
        send_last_commit,
    ),
    bounds=(MEMBERS, BROKERS, MAX_RECORDS, MAX_GENERATION, MAX_COORDINATOR_EPOCH, MAX_TIME, RETENTION),
    invariants=(
        coordinator_serves_the_committed_offset,
        nothing_is_skipped,
        nothing_is_seen_twice,
        handover_is_exact,
    ),
    step_properties=(
        fenced_commits_change_nothing,
        committed_offset_never_regresses,
        offsets_expire_only_when_empty_and_old,
    ),
    reachable=(
        commit_is_late,
        coordinator_has_failed_over,
        coordinator_is_stale,
        partition_is_handed_over,
        offset_has_expired,
        record_is_repeated,
        record_is_lost,
    ),
    ablations=(
        UNFENCED_COMMIT,
        LATE_UNLOAD,
        LOAD_KEEPS_STALE_CACHE,
        EXPIRY_WHILE_REBALANCING,
        EMPTY_SINCE_LOST_ON_LOAD,
        PROCESSING_WHILE_REVOKING,
        COMMIT_OF_PREFETCHED_RECORDS,
    ),
    columns="members",
)

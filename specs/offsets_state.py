"""The state of `specs.offsets`: the coordinator's log, what each broker has loaded of it, the members.

Source: as `specs.offsets`.
"""

from __future__ import annotations

from specs.language import NONE, Array, Bool, Id, Int, Maybe, Nested, Record, action, bound

MEMBERS = bound("members", 2, low=1, high=4, doc="consumers of the group")
BROKERS = bound("brokers", 2, low=2, high=4, doc="brokers that may coordinate the group")
MAX_RECORDS = bound("max_records", 1, low=1, high=6, doc="records of the partition")
MAX_GENERATION = bound("max_generation", 2, low=1, high=6, doc="last generation of the group")
MAX_COORDINATOR_EPOCH = bound("max_coordinator_epoch", 2, low=0, high=6, doc="last epoch of the coordinator")
MAX_TIME = bound("max_time", 1, low=0, high=6, doc="last reading of the clock")
RETENTION = bound("retention", 1, low=1, high=6, doc="time for which the offset of an empty group is kept")

MEMBER = Id("member", MEMBERS)
BROKER = Id("broker", BROKERS)
OFFSET = Int(0, MAX_RECORDS)
GENERATION = Int(0, MAX_GENERATION)
EPOCH = Int(0, MAX_COORDINATOR_EPOCH)
TIME = Int(0, MAX_TIME)

OUT = 0
OWNER = 1
REVOKING = 2
"""The commit before the partition is given up is in flight."""
REVOKED = 3
"""That commit was accepted: the partition is given up."""


class Group(Record):
    """What the log's last records say. A group has an owner of its partition, or is empty since some time."""

    generation = GENERATION
    owner = Maybe(MEMBER)
    empty_since = Maybe(TIME)
    committed = Maybe(OFFSET)
    commit_time = TIME


class Election(Record):
    """The outcome of an epoch."""

    coordinator = Maybe(BROKER)


class Broker(Record):
    """The newest epoch that it has heard of, the group as it knows it, and whether it is preparing a rebalance."""

    epoch = EPOCH
    group = Nested(Group)
    rebalancing = Bool()


class Member(Record):
    """A consumer: the last generation that it was in, what it processes next, and the commit that it has in flight."""

    phase = Int(OUT, REVOKED)
    generation = GENERATION
    position = OFFSET
    request = Maybe(OFFSET)
    acknowledged = OFFSET
    """The committed offset that it was told of; it matters only to a member that commits before it processes."""


class Consumption(Record):
    """How often a record was processed; 2 stands for more than once."""

    times = Int(0, 2)


class State(Record):
    """A group with one partition, of `MAX_RECORDS` records."""

    at_most_once = Bool()
    now = TIME
    coordinator_epoch = EPOCH
    elections = Array(Election, MAX_COORDINATOR_EPOCH + 1)
    log = Nested(Group)
    brokers = Array(Broker, BROKER)
    members = Array(Member, MEMBER)
    consumed = Array(Consumption, MAX_RECORDS)


@action(coordinator=BROKER, at_most_once=Bool())
def initial(s: State, coordinator: int, at_most_once: bool) -> None:  # noqa: FBT001 - a parameter of an action
    """An empty group whose offset an operator has set to the first record."""
    s.at_most_once = at_most_once
    s.elections[0].coordinator = coordinator
    s.log.empty_since = 0
    s.log.committed = 0
    s.brokers[coordinator].group = s.log


def presumes_to_coordinate(s: State, broker: int) -> bool:
    """As far as the broker has heard it is the coordinator."""
    return s.elections[s.brokers[broker].epoch].coordinator == broker


def acting_coordinator(s: State) -> int:
    """The broker that coordinates, once it has heard so; NONE before. No other can append to the log."""
    coordinator = s.elections[s.coordinator_epoch].coordinator
    return coordinator if s.brokers[coordinator].epoch == s.coordinator_epoch else NONE


def clear(s: State, broker: int) -> None:
    """Drop what a broker has loaded."""
    s.brokers[broker].group.generation = 0
    s.brokers[broker].group.owner = NONE
    s.brokers[broker].group.empty_since = NONE
    s.brokers[broker].group.committed = NONE
    s.brokers[broker].group.commit_time = 0
    s.brokers[broker].rebalancing = False

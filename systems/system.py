"""A system that can be put to the proof: what to implement so that `logproof record` can drive it.

A system starts and stops, makes topics, hands out clients, and takes faults. A client has a producer and a consumer
side, as in Jepsen's workload for Kafka, so that a transaction can consume, transform and produce. Anything that speaks
Kafka's protocol only needs a `System` and can use `systems.kafka_client.connect` and
`systems.kafka_library.make_topics`:

    class MyBroker:
        name = "mine"
        faults = ("kill",)
        endpoint = Endpoint("127.0.0.1:9092")

        def start(self) -> None:
            self.child = Service("my-broker", ["my-broker", "--port", "9092"], (9092,), Path("my-broker.log"))
            self.child.start()
            wait_for_brokers(self.endpoint, 1, 30.0)

        def stop(self) -> None:
            self.child.stop()

        def prepare(self, topics: Topics) -> None:
            make_topics(self.endpoint, topics)

        def client(self, settings: ClientSettings) -> Client:
            return connect(self.endpoint, settings)

        def inject(self, fault: str, key: str) -> str:
            self.child.kill()
            return "killed the broker"

        def heal(self) -> None:
            self.child.start()

A log that speaks another protocol has a `Client` of its own.

A key names a topic-partition, as "t0-1". Values are integers, each sent to a key once.

Source: the operations of jepsen.tests.kafka.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from checkers.history.recording import Completion

Acks = Literal["0", "1", "all"]
Isolation = Literal["read_committed", "read_uncommitted"]


class Refused(Exception):  # noqa: N818 - an outcome, not an error of ours
    """It certainly did not happen: nothing was or will be appended, committed or changed."""


class OutcomeUnknown(Exception):  # noqa: N818 - an outcome, not an error of ours
    """It may or may not have happened, or may happen yet. Whatever is not certainly refused is this."""


@dataclass(frozen=True, slots=True)
class Rebalance:
    """A change of what a member of a group owns, in the member's own eyes."""

    kind: Literal["assigned", "revoked"]
    keys: tuple[str, ...]
    group: str
    generation: int | None  # None: the client can't tell
    member: str
    lost: bool = False  # revoked after the fact: others may own the keys already


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What a client is asked to be."""

    name: str
    """Stable over the crashes of a client; the transactional id, if it has one."""
    group: str
    acks: Acks
    idempotent: bool
    retries: int
    """How often a producer that is not idempotent tries again; an idempotent one does until the time is over."""
    transactional: bool
    isolation: Isolation
    poll_records_max: int
    timeout_seconds: float
    """After this long an operation's outcome is unknown."""
    on_rebalance: Callable[[Rebalance], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Record:
    """A record that a consumer got."""

    key: str
    offset: int
    value: int | str | None
    """Ours are integers; anything else was sent by somebody else, or is damaged."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one record that was sent."""

    outcome: Completion
    offset: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics to be made: they must not be there yet, or hold nothing."""

    names: tuple[str, ...]
    partitions: int
    replication: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)


class Client(Protocol):
    """A producer and a consumer, used by one thread. Every method may raise Refused or OutcomeUnknown."""

    def send(self, records: Sequence[tuple[str, int]]) -> list[Sent]:
        """Send records (key, value) in order and wait; one outcome for each."""

    def begin(self) -> None:
        """Begin a transaction."""

    def send_offsets(self, positions: Mapping[str, int]) -> None:
        """Make the group's positions part of the transaction."""

    def commit_transaction(self) -> None:
        """Commit it. Refused only if it certainly did not and never will commit."""

    def abort_transaction(self) -> None:
        """Abort it."""

    def poll(self, seconds: float) -> list[Record]:
        """The next records; waits for the first of them at most so long."""

    def positions(self) -> Mapping[str, int]:
        """For each key that was assigned and read from, the offset at which the next poll goes on."""

    def rewind(self, positions: Mapping[str, int]) -> None:
        """Go back to these positions, where the keys are still assigned."""

    def assign(self, positions: Mapping[str, int]) -> None:
        """Consume exactly these keys from these offsets; replaces what was assigned."""

    def subscribe(self, topics: Sequence[str]) -> None:
        """Consume what the group hands to this member of these topics; replaces what was subscribed."""

    def commit(self, positions: Mapping[str, int]) -> None:
        """Commit the group's positions."""

    def committed(self, keys: Sequence[str]) -> Mapping[str, int | None]:
        """The group's committed positions; None where there is none."""

    def end_offsets(self, keys: Sequence[str]) -> Mapping[str, int]:
        """The exclusive end of each key, as its isolation lets the client see it."""

    def close(self) -> None:
        """Leave the group and let go of everything; never raises."""


class System(Protocol):
    """A system under test. Raises UserError with what to do where it can't start."""

    name: str
    faults: Sequence[str]
    """The kinds of fault that `inject` takes."""

    def start(self) -> None:
        """Start it and wait until it serves clients."""

    def stop(self) -> None:
        """Stop it and everything it started, also after a start that failed; once more does nothing."""

    def prepare(self, topics: Topics) -> None:
        """Make the topics."""

    def client(self, settings: ClientSettings) -> Client:
        """A new client; may raise Refused or OutcomeUnknown while the system is not reachable."""

    def inject(self, fault: str, key: str) -> str:
        """Begin a fault at the node that leads a key; returns what was done."""

    def heal(self) -> None:
        """End all faults and wait until the system serves clients again."""


def key_of(topic: str, partition: int) -> str:
    """The name of a topic-partition."""
    return f"{topic}-{partition}"


def topic_partition(key: str) -> tuple[str, int]:
    """The topic and the partition that a key names."""
    topic, _, partition = key.rpartition("-")
    return topic, int(partition)

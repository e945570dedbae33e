"""A client of any system that speaks Kafka's protocol, through confluent-kafka (librdkafka).

A send waits for the delivery reports of its records: an offset or an error for each. A poll hands on what the consumer
has; the end of a partition is noted, so that a position also passes over control records, which no consumer is given.
The generation of a member is read from the group's metadata as librdkafka writes them, since there is no call for it.

Source: the API of confluent-kafka; rd_kafka_consumer_group_metadata_write for the form of group metadata.
Left out: the new group protocol (KIP-848), static membership, pausing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Literal

from checkers.clock import now
from systems.kafka_library import Endpoint, Foreign, library
from systems.kafka_settings import consumer_settings, producer_settings
from systems.outcomes import outcome
from systems.system import (
    Client,
    ClientSettings,
    OutcomeUnknown,
    Rebalance,
    Record,
    Refused,
    Sent,
    key_of,
    topic_partition,
)

NO_OFFSET = -1001
"""The library's word for none."""
GROUP_METADATA = b"CGMDv2:"
BEGIN_SECONDS = 20.0
"""A transactional id may have to wait until its last transaction is aborted."""
COMMIT_TRIES = 3
FURTHER_SECONDS = 0.005
"""How long a poll waits for more records once it has one, within its time."""
FATAL_TO_CONSUMER = ("_MAX_POLL_EXCEEDED", "_FENCED", "FENCED_INSTANCE_ID")


def connect(at: Endpoint, settings: ClientSettings) -> Client:
    """A client. Its transactional id, if it has one, is taken over at once: what held it is fenced."""
    return KafkaClient(at, settings)


class KafkaClient:
    """See `systems.system.Client`."""

    def __init__(self, at: Endpoint, settings: ClientSettings) -> None:
        self._kafka = library()
        self._settings = settings
        self._positions: dict[str, int] = {}
        self._prefix = at.prefix
        common = at.config() | {"client.id": settings.name}
        self._producer = self._kafka.Producer(common | producer_settings(settings, at.prefix))
        self._consumer = self._kafka.Consumer(common | consumer_settings(settings, at.prefix))
        self._subscribed = False
        self._member = ""
        self._revoked = False
        if settings.transactional:
            try:
                self._call(self._producer.init_transactions, BEGIN_SECONDS)
            except (Refused, OutcomeUnknown):
                self.close()
                raise

    def send(self, records: Sequence[tuple[str, int]]) -> list[Sent]:
        """Produce and wait for the delivery reports. An error of the library is told as that record's outcome."""
        results: list[Sent | None] = [None] * len(records)
        for number, (key, value) in enumerate(records):
            topic, partition = topic_partition(key)
            try:
                self._producer.produce(
                    self._prefix + topic,
                    str(value).encode(),
                    partition=partition,
                    on_delivery=self._report(results, number),
                )
            except BufferError:
                results[number] = Sent("fail", error="_QUEUE_FULL")
            except self._kafka.KafkaException as error:
                results[number] = self._unsent(error.args[0])
        end = now() + 2 * self._settings.timeout_seconds
        while None in results and now() < end:
            self._producer.poll(0.1)
        return [result or Sent("info", error="no delivery report") for result in results]

    def _report(self, results: list[Sent | None], number: int) -> Callable[[Foreign, Foreign], None]:
        def report(error: Foreign, message: Foreign) -> None:
            if error is None:
                offset = message.offset()
                results[number] = Sent("ok", offset if offset >= 0 else None)
            else:
                results[number] = self._unsent(error)

        return report

    def _unsent(self, error: Foreign) -> Sent:
        tries_again = self._settings.idempotent or self._settings.transactional or self._settings.retries > 0
        return Sent(outcome(error.name(), tries_again=tries_again), error=error.name())

    def begin(self) -> None:
        """Begin a transaction."""
        self._revoked = False
        self._call(self._producer.begin_transaction)

    def send_offsets(self, positions: Mapping[str, int]) -> None:
        """Make the group's positions part of the transaction; refused if any key was revoked since it began.

        What the transaction polled of such a key is another member's to process.
        """
        if self._revoked:
            raise Refused("revoked")
        metadata = self._consumer.consumer_group_metadata()
        self._call(
            self._producer.send_offsets_to_transaction,
            self._at(positions),
            metadata,
            self._settings.timeout_seconds,
        )

    def commit_transaction(self) -> None:
        """Commit; asks again while the library says that it may. Never Refused: see `systems.outcomes`."""
        for _ in range(COMMIT_TRIES):
            try:
                self._producer.commit_transaction(self._settings.timeout_seconds)
            except self._kafka.KafkaException as error:
                last = error
                if not error.args[0].retriable():
                    break
            else:
                return
        raise OutcomeUnknown(last.args[0].name()) from last

    def abort_transaction(self) -> None:
        """Abort."""
        self._call(self._producer.abort_transaction, self._settings.timeout_seconds)

    def poll(self, seconds: float) -> list[Record]:
        """What the consumer has, up to the most that a poll may give. Raises Refused if there is only an error."""
        records: list[Record] = []
        problem: str | None = None
        end = now() + seconds
        while len(records) < self._settings.poll_records_max:
            left = max(end - now(), 0)
            message = self._consumer.poll(min(left, FURTHER_SECONDS) if records else left)
            if message is None:
                break
            error = message.error()
            if error is None:
                record = Record(
                    self._key(message.topic(), message.partition()), message.offset(), value_of(message.value())
                )
                self._positions[record.key] = record.offset + 1
                records.append(record)
            elif error.code() == self._kafka.KafkaError._PARTITION_EOF:
                self._positions[self._key(message.topic(), message.partition())] = message.offset()
            else:
                problem = error.name()
                if problem in FATAL_TO_CONSUMER and not records:
                    raise OutcomeUnknown(problem)
        if problem is not None and not records:
            raise Refused(problem)
        return records

    def positions(self) -> Mapping[str, int]:
        """The offsets at which the next poll goes on, of all keys that are assigned and gave anything, or their end."""
        return dict(self._positions)

    def rewind(self, positions: Mapping[str, int]) -> None:
        """Seek to positions, of the keys that are still assigned."""
        owned = {self._key(p.topic, p.partition) for p in self._call(self._consumer.assignment)}
        for key, offset in positions.items():
            if key in owned:
                self._call(self._consumer.seek, self._partition(key, offset))
                self._positions[key] = offset

    def assign(self, positions: Mapping[str, int]) -> None:
        """Consume from these offsets."""
        if self._subscribed:
            self._call(self._consumer.unsubscribe)
            self._subscribed = False
        self._call(self._consumer.assign, self._at(positions))
        self._positions = dict(positions)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Consume what the group assigns of these topics."""
        names = [self._prefix + topic for topic in topics]
        tellers = (self._rebalance("assigned"), self._rebalance("revoked"), self._rebalance("revoked", lost=True))
        self._call(self._consumer.subscribe, names, *tellers)
        self._subscribed = True

    def _rebalance(
        self, kind: Literal["assigned", "revoked"], *, lost: bool = False
    ) -> Callable[[Foreign, Foreign], None]:
        def tell(consumer: Foreign, partitions: Foreign) -> None:
            keys = tuple(sorted(self._key(p.topic, p.partition) for p in partitions))
            for key in keys:
                self._positions.pop(key, None)
            generation, member = membership(consumer.consumer_group_metadata())
            if kind == "assigned":
                self._member = member
            else:
                self._revoked = True
            self._settings.on_rebalance(Rebalance(kind, keys, self._settings.group, generation, self._member, lost))

        return tell

    def commit(self, positions: Mapping[str, int]) -> None:
        """Commit and wait. The library asks again by itself, so hardly any error is certain."""
        done = self._call(self._consumer.commit, offsets=self._at(positions), asynchronous=False)
        for partition in done or ():
            if partition.error is not None:
                raise OutcomeUnknown(partition.error.name())

    def committed(self, keys: Sequence[str]) -> Mapping[str, int | None]:
        """The group's committed positions."""
        asked = [self._partition(key) for key in keys]
        found = self._call(self._consumer.committed, asked, timeout=self._settings.timeout_seconds)
        for partition in found:
            if partition.error is not None:
                raise Refused(partition.error.name())
        return {self._key(p.topic, p.partition): p.offset if p.offset >= 0 else None for p in found}

    def end_offsets(self, keys: Sequence[str]) -> Mapping[str, int]:
        """The ends that the leaders tell: the last stable offset to a consumer that reads committed."""
        ends = {}
        for key in keys:
            partition = self._partition(key)
            _, ends[key] = self._call(
                self._consumer.get_watermark_offsets, partition, timeout=self._settings.timeout_seconds
            )
        return ends

    def close(self) -> None:
        """Leave the group; what is still in the producer's queue is thrown away."""
        with suppress(self._kafka.KafkaException, RuntimeError):
            self._consumer.close()
        with suppress(self._kafka.KafkaException, RuntimeError):
            self._producer.purge()
            self._producer.flush(0.1)
        self._producer = self._consumer = None

    def _key(self, topic: str, partition: int) -> str:
        return key_of(topic.removeprefix(self._prefix), partition)

    def _partition(self, key: str, offset: int = NO_OFFSET) -> Foreign:
        topic, partition = topic_partition(key)
        return self._kafka.TopicPartition(self._prefix + topic, partition, offset)

    def _at(self, positions: Mapping[str, int]) -> list[Foreign]:
        """Positions as the library takes them."""
        return [self._partition(key, offset) for key, offset in positions.items()]

    def _call(self, function: Callable[..., Foreign], *arguments: Foreign, **named: Foreign) -> Foreign:
        """Call the library; its errors become outcomes."""
        try:
            return function(*arguments, **named)
        except self._kafka.KafkaException as error:
            name = error.args[0].name()
            if outcome(name, tries_again=True) == "fail":
                raise Refused(name) from error
            raise OutcomeUnknown(name) from error


def value_of(content: bytes | None) -> int | str | None:
    """The value that a record carries: an integer, or, if it is none of ours, what stands there."""
    if content is None:
        return None
    return int(content) if content.isdigit() and len(content) <= 18 else content.decode(errors="backslashreplace")


def membership(metadata: bytes) -> tuple[int | None, str]:
    """The generation (None if it has none) and the member id in the metadata of a group."""
    if not metadata.startswith(GROUP_METADATA):
        return None, ""
    start = len(GROUP_METADATA)
    (generation,) = struct.unpack_from("=i", metadata, start)
    _, member, *_ = metadata[start + 4 :].split(b"\0")
    return (generation if generation >= 0 else None), member.decode()

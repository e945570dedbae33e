"""What Kafka and its clients write is read as they read it, and what is written here they read."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from model.log.batch import Batch, Compression, Producer, TimestampType, check, decode, encode, read_header
from model.log.record import Record
from systems import kafka_install
from tests.model.log.batches import MadeByOthers, described, made_by_others
from tests.model.log.batches.make import asked, joined, mock_broker

OTHERS = made_by_others()
TIME = 1_700_000_000_000
RECORDS = (
    Record(0, TIME, b"key", b"value"),
    Record(1, TIME + 1, None, b"no key"),
    Record(2, TIME + 1, b"tombstone", None),
    Record(3, TIME - 70, None, None),
    Record(4, TIME + 10_000, b"", b""),
    Record(5, TIME + 9_000_000, b"k" * 200, b"v" * 70_000, (("a", b"\x01"), ("a", None), ("Überschrift", b""))),
)


def test_all_codecs_and_kinds_of_batches_are_there() -> None:
    counts = {client: sum(other.client == client for other in OTHERS) for client in sorted({o.client for o in OTHERS})}
    assert {"aiokafka": 6, "apache_kafka": 28, "kafka_python": 6, "librdkafka": 7} == counts
    for client in counts:
        codecs = {read_header(other.data).compression for other in OTHERS if other.client == client}
        assert set(Compression) == codecs
    assert [11, 4] == [sum(other.expected[flag] for other in OTHERS) for flag in ("is_transactional", "is_control")]


def test_every_file_says_how_it_was_made() -> None:
    paths = sorted((Path(__file__).parent / "batches").glob("*.json"))
    assert len(paths) == 4
    for path in paths:
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["made_with"].partition(";")[2] in {" see make.py", " see ApacheKafkaBatches.java"}
        assert found["read_with"] == "Apache Kafka 4.1.0"


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_what_others_write_is_read_as_apache_kafka_reads_it(other: MadeByOthers) -> None:
    assert other.expected == described(check(other.data), decode(other.data))


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_a_batch_can_stand_anywhere_in_the_bytes(other: MadeByOthers) -> None:
    data = memoryview(b"before" + other.data + b"after")
    assert check(other.data) == check(data, 6)
    assert decode(other.data) == decode(data, 6)


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_uncompressed_batches_are_written_byte_for_byte_as_others_write_them(other: MadeByOthers) -> None:
    batch = decode(other.data)
    written = encode(batch)
    assert batch == decode(written)
    if batch.compression is Compression.NONE and other.name != "log-append-time":
        assert other.data == written


def test_with_append_time_only_the_producers_deltas_are_lost() -> None:
    (other,) = (other for other in OTHERS if other.name == "log-append-time")
    assert described(read_header(other.data), decode(other.data))["records"] == other.expected["records"]
    assert len(encode(decode(other.data))) < len(other.data)


OURS = {codec.name: Batch(0, RECORDS, compression=codec) for codec in Compression} | {
    "transactional": Batch(0, RECORDS, producer=Producer(4711, 3, 2**31 - 3), is_transactional=True)
}
COMPACTED = {
    "gaps": replace(OURS["GZIP"], records=RECORDS[2:6:3], delete_horizon_ms=TIME + 5, last_offset=9, leader_epoch=4),
    "empty": Batch(10, (), producer=Producer(5, 1, 7), last_offset=30, max_timestamp=TIME),
    "append time": Batch(
        7, (Record(7, TIME, None, b"a"), Record(9, TIME, b"", None)), timestamp_type=TimestampType.LOG_APPEND_TIME
    ),
}


@pytest.mark.parametrize("library", ["kafka", "aiokafka"])
@pytest.mark.parametrize("name", OURS)
def test_python_clients_read_what_is_written_here(library: str, name: str) -> None:
    theirs = pytest.importorskip(f"{library}.record.default_records")
    for module in ("lz4.frame", "snappy", "zstandard") if library == "kafka" else ("cramjam",):
        pytest.importorskip(module)
    data = encode(replace(OURS[name], leader_epoch=7))
    found = theirs.DefaultRecordBatch(data)
    assert found.validate_crc()
    header = read_header(data)
    for field in ("base_offset", "magic", "crc", "attributes", "last_offset_delta", "max_timestamp", "producer_id"):
        assert getattr(header, field) == getattr(found, field)
    assert list(RECORDS) == [Record(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in found]


@pytest.mark.deep
@pytest.mark.parametrize("name", OURS)
def test_librdkafka_reads_what_is_written_here(name: str) -> None:
    kafka = pytest.importorskip("confluent_kafka")
    producer = kafka.Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "ignored"})
    host, port = address = mock_broker(producer)
    data = encode(replace(OURS[name], producer=None, is_transactional=False))
    answer = asked(
        address, 0, 3, struct.pack(f">hhiih1siii{len(data)}s", -1, 1, 1000, 1, 1, b"t", 1, 0, len(data), data)
    )
    assert answer[:17] == struct.pack(">ih1sii", 1, 1, b"t", 1, 0) + bytes(2)
    consumer = kafka.Consumer({"bootstrap.servers": f"{host}:{port}", "group.id": "g", "check.crcs": True})
    consumer.assign([kafka.TopicPartition("t", 0, 0)])
    found = consumer.consume(len(RECORDS), timeout=20)
    consumer.close()
    assert [None] * len(RECORDS) == [message.error() for message in found]
    assert list(RECORDS) == [
        Record(m.offset(), m.timestamp()[1], m.key(), m.value(), tuple(m.headers() or ())) for m in found
    ]


@pytest.mark.real
def test_apache_kafka_reads_what_is_written_here(tmp_path: Path) -> None:
    jars, source = kafka_install.installed_jars(), Path(__file__).parent / "batches" / "ApacheKafkaBatches.java"
    compiler = shutil.which("javac")
    if compiler is None:
        pytest.skip("there is no program javac on the path")
    path = f"{tmp_path}:{jars}/*"
    subprocess.run([compiler, "-encoding", "UTF-8", "-d", tmp_path, "-cp", path, source], check=True)  # noqa: S603
    read = [kafka_install.java(), "-cp", path, "ApacheKafkaBatches", "read"]
    lines = "".join(f"{name}\t{encode(batch).hex()}\n" for name, batch in (OURS | COMPACTED).items())
    done = subprocess.run(read, input=lines, capture_output=True, text=True, check=True)  # noqa: S603
    found = json.loads(joined("here", done.stdout.splitlines()))["batches"]
    assert [
        {"name": name, "bytes": encode(batch).hex(), "expected": described(read_header(encode(batch)), batch)}
        for name, batch in (OURS | COMPACTED).items()
    ] == found

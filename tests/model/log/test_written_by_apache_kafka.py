"""A log that Apache Kafka has written, opened by this one: its files say the same as what is rebuilt from its batches.

Made with Apache Kafka 4.1.0 (KRaft, one node) and confluent-kafka 2.16: the topic orders with index.interval.bytes=300
and segment.ms=600000; twelve rounds of plain, idempotent (lz4) and transactional batches with timestamps of the
producer that fall within each round, some transactions over several rounds, one in three aborted, one left open; then a
restart, a few more batches (zstd) and an aborted transaction of the next leader epoch; then a shutdown. The file
partition.metadata is left out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from checkers.simulate.disk import Image, SimulatedDisk
from model.log.batch import Compression, peek_header, records
from model.log.config import LogConfig
from model.log.epochs import EpochEnd
from model.log.partition_log import Isolation
from model.log.producer_snapshot import decode_snapshot, encode_snapshot
from model.log.segment import Segment
from model.log.time_index import TimestampOffset
from tests.model.log.logs import DIRECTORY, content, opened, without

FOLDER = Path(__file__).with_name("written_by_apache_kafka")
CONFIG = LogConfig(index_interval_bytes=300)
END = 172


def image() -> Image:
    """Apache Kafka's files."""
    paths = sorted(FOLDER.rglob("*"))
    return tuple((path.relative_to(FOLDER).as_posix(), None if path.is_dir() else path.read_bytes()) for path in paths)


def index_files(segment: Segment) -> dict[str, bytes]:
    """The index files of a complete segment, by their paths."""
    segment.complete()
    found = (segment.offset_index, segment.time_index, segment.transaction_index)
    return {index.path: index.data for index in found if index.data}


@pytest.mark.parametrize("lost", [("no file",), (".index", "index", ".snapshot", "-checkpoint")])
def test_what_is_rebuilt_from_the_batches_is_what_apache_kafka_wrote(lost: tuple[str, ...]) -> None:
    kafkas = {path: data for path, data in image() if path.endswith("index")}
    log = opened(without(image(), *lost), CONFIG, was_clean=lost == ("no file",))
    assert [0, 22] == [segment.base_offset for segment in log.segments]
    assert kafkas == {path: data for segment in log.segments for path, data in index_files(segment).items()}
    assert (0, END, 0) == (log.log_start_offset, log.log_end_offset, log.repairs.cut_bytes)
    epochs = [(entry.epoch, entry.start_offset) for entry in log.epochs.entries]
    assert [(0, 0), (2, 166)] == epochs
    assert [EpochEnd(0, 166), EpochEnd(2, END)] == [log.end_offset_for_epoch(epoch) for epoch in (1, 2)]


def test_its_records_are_read() -> None:
    log = opened(SimulatedDisk.holding(image()), CONFIG)
    batches = content(log)
    headers = [peek_header(data) for data in batches]
    assert {Compression.NONE, Compression.LZ4, Compression.ZSTD} == {header.compression for header in headers}
    read = [record for data in batches for record in records(data)]
    assert list(range(END)) == [record.offset for record in read]
    assert b"left open" in {record.value for record in read}
    for time in (1_699_999_999_999, 1_700_000_180_000, 1_700_002_160_000):
        first = next(record for record in read if record.timestamp >= time)
        assert TimestampOffset(first.timestamp, first.offset) == log.offset_for_time(time)


def test_its_open_transaction_holds_back_readers_of_committed_records() -> None:
    log = opened(SimulatedDisk.holding(image()), CONFIG)
    log.advance_high_watermark(END)
    assert 165 == log.last_stable_offset
    read = log.read(0, 1 << 20, Isolation.TRANSACTIONS_COMMITTED)
    assert 165 == peek_header(read[-1]).next_offset
    aborted = [(found.producer_id, found.first_offset, found.last_offset) for found in log.aborted_transactions(0, 165)]
    assert [(1, 23, 30), (2, 8, 55), (1, 64, 69), (1, 104, 108), (1, 146, 153)] == aborted


def test_its_snapshot_is_what_is_rebuilt_and_written_again_bit_by_bit() -> None:
    path = f"{DIRECTORY}/00000000000000000172.snapshot"
    snapshot = dict(image())[path]
    assert snapshot is not None
    states = decode_snapshot(snapshot, path)
    assert snapshot == encode_snapshot(states)
    rebuilt = opened(without(image(), ".snapshot"), CONFIG).producers
    assert states.ongoing == rebuilt.ongoing
    for id_, entry in states.entries.items():
        found = rebuilt.entries[id_]
        assert (entry.epoch, entry.coordinator_epoch, entry.timestamp, entry.transaction_start) == (
            found.epoch,
            found.coordinator_epoch,
            found.timestamp,
            found.transaction_start,
        )
        assert [(sent.last_sequence, sent.last_offset, sent.offset_delta) for sent in entry.batches] == [
            (sent.last_sequence, sent.last_offset, sent.offset_delta) for sent in found.batches[-1:]
        ]

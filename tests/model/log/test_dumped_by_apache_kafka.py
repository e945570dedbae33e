"""Apache Kafka's own tool reads what this log writes: batches, indexes, aborted transactions, snapshots."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkers.verdict import UserError
from model.log.batch import Batch, Compression, Producer, encode, peek_header
from model.log.config import LogConfig
from model.log.control import ControlType
from model.log.file_disk import FileDisk
from model.log.partition_log import PartitionLog
from model.log.record import Record
from systems.kafka_install import installed_jars, java
from tests.model.log.logs import DIRECTORY, batch, content, marker

pytestmark = pytest.mark.real
try:
    TOOL = [java(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", f"{installed_jars()}/*"]
except UserError as error:
    pytest.skip(str(error), allow_module_level=True)
KINDS = (".log", ".index", ".timeindex", ".txnindex", ".snapshot")


@pytest.fixture(name="log", scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PartitionLog, Path]]:
    """A closed log with all kinds of batches in several segments, and its folder."""
    root = tmp_path_factory.mktemp("log")
    disk = FileDisk(root)
    log = PartitionLog.open(disk, DIRECTORY, LogConfig(segment_bytes=900, index_interval_bytes=100), 0)
    for at in range(8):
        time = 1000 + at * 10
        log.append_as_leader(batch(b"a", b"b", timestamp=time), at // 3, 0)
        sender = Producer(7, 1, 3 * at)
        log.append_as_leader(batch(b"c", b"d", b"e", timestamp=time, producer=sender, transactional=True), at // 3, 0)
        log.append_as_leader(batch(b"f", timestamp=time, producer=Producer(9, 0, at)), at // 3, 0)
        kind = ControlType.ABORT if at % 2 else ControlType.COMMIT
        log.append_as_leader(marker(kind, 7, epoch=1, coordinator_epoch=3), at // 3, 0)
        codec = list(Compression)[at % len(Compression)]
        record = Record(0, time, b"key", b"value" * 9, (("header", b"x"),))
        log.append_as_leader(encode(Batch(0, [record], compression=codec)), at // 3, 0)
    log.close()
    yield log, root / DIRECTORY
    disk.close()


def dumped(folder: Path, kinds: tuple[str, ...], *options: str) -> str:
    """What the tool prints of all files of these kinds; what it complains about comes last."""
    files = ",".join(str(path) for path in sorted(folder.iterdir()) if path.suffix in kinds)
    command = [*TOOL, "kafka.tools.DumpLogSegments", "--files", files, *options]
    done = subprocess.run(  # noqa: S603 - fixed but for folders
        command, capture_output=True, text=True, check=False, timeout=120
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout + done.stderr


def test_every_batch_is_valid_and_has_its_offsets(log: tuple[PartitionLog, Path]) -> None:
    out = dumped(log[1], (".log",), "--deep-iteration")
    found = re.findall(r"^baseOffset: (\d+) lastOffset: (\d+) count: (\d+) .* isvalid: (\w+)$", out, re.MULTILINE)
    headers = [peek_header(data) for data in content(log[0])]
    expected = [(str(h.base_offset), str(h.last_offset), str(h.record_count), "true") for h in headers]
    assert expected == found
    offsets = [int(offset) for offset in re.findall(r"^\| offset: (\d+) ", out, re.MULTILINE)]
    assert list(range(log[0].log_end_offset)) == offsets
    assert 4 == out.count("endTxnMarker: ABORT coordinatorEpoch: 3")


def test_the_indexes_are_right(log: tuple[PartitionLog, Path]) -> None:
    kinds = (".index", ".timeindex")
    out = dumped(log[1], kinds)
    assert all(re.match(r"Dumping |offset: |timestamp: ", line) for line in out.splitlines())
    for segment in log[0].segments:
        for slot in range(len(segment.offset_index)):
            entry = segment.offset_index[slot]
            assert f"offset: {entry.offset} position: {entry.position}\n" in out
        for slot in range(len(segment.time_index)):
            at = segment.time_index[slot]
            assert f"timestamp: {at.timestamp} offset: {at.offset}\n" in out
    verified = dumped(log[1], kinds, "--verify-index-only")
    assert all(line.startswith("Dumping ") for line in verified.splitlines())


def test_a_wrong_index_would_be_seen(log: tuple[PartitionLog, Path], tmp_path: Path) -> None:
    for path in log[1].iterdir():
        data = bytearray(path.read_bytes())
        if path.suffix == ".index":
            data[3] += 1
        (tmp_path / path.name).write_bytes(data)
    found = dumped(tmp_path, (".index",), "--verify-index-only").rpartition("Dumping ")[2]
    assert len(log[0].segments) == found.count("Mismatches in :")
    assert "Index offset: 6, log offset: 5" in found


def test_aborted_transactions_and_producers_are_read(log: tuple[PartitionLog, Path]) -> None:
    out = dumped(log[1], (".txnindex", ".snapshot"))
    aborted = log[0].aborted_transactions(0, log[0].log_end_offset)
    assert 4 == len(aborted)
    for entry in aborted:
        place = f"firstOffset: {entry.first_offset} lastOffset: {entry.last_offset}"
        assert f"producerId: 7 {place} lastStableOffset: {entry.last_stable_offset}\n" in out
    last = out.rpartition("Dumping ")[2]
    assert "producerId: 7 producerEpoch: 1 coordinatorEpoch: 3 currentTxnFirstOffset: OptionalLong.empty" in last
    assert "firstSequence: 7 lastSequence: 7" in last.partition("producerId: 9")[2]

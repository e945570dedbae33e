"""How fast a log is written, read and recovered on the real disk: `pytest -m deep -o addopts= --benchmark-only`.

Batches hold 100 records of 100 bytes. The recovery is cold in that nothing is known of the log but its batches: no
checkpoint, index or snapshot; its files may be in the page cache. It runs in a process of its own, whose highest memory
Linux tells.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from model.log.batch import Batch, encode, peek_header, records
from model.log.config import LogConfig
from model.log.file_disk import FileDisk
from model.log.partition_log import PartitionLog
from model.log.record import Record

BATCH_RECORDS, RECORD_BYTES = 100, 100
RECORDS = 100_000
GIB = 1 << 30
RECOVER = """
import re, sys
from pathlib import Path
from model.log.config import LogConfig
from model.log.file_disk import FileDisk
from model.log.partition_log import PartitionLog
log = PartitionLog.open(FileDisk(Path(sys.argv[1])), "bench-0", LogConfig(), 0)
memory = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
print(log.log_end_offset, log.repairs.cut_bytes, memory[1])
"""


def batch(first: int) -> bytes:
    """A batch of records of 100 bytes each."""
    given = [Record(at, first + at, None, b"%0100d" % (first + at)) for at in range(BATCH_RECORDS)]
    return encode(Batch(0, given))


def read_all(log: PartitionLog) -> int:
    """Decode all records; how many."""
    offset = decoded = 0
    while offset < log.log_end_offset:
        for data in log.read(offset, 1 << 20):
            decoded += len(records(data))
            offset = peek_header(data).next_offset
    return decoded


@pytest.mark.deep
@pytest.mark.parametrize("encoded", [True, False], ids=["append-decode", "encode-append-decode"])
def test_appending_and_decoding(benchmark: Callable[..., Any], tmp_path: Path, *, encoded: bool) -> None:
    ready = [batch(first) for first in range(0, RECORDS, BATCH_RECORDS)] if encoded else None
    directories = count()

    def run() -> int:
        log = PartitionLog.open(FileDisk(tmp_path / str(next(directories))), "bench-0", LogConfig(), 0)
        for first in range(0, RECORDS, BATCH_RECORDS):
            log.append_as_leader(ready[first // BATCH_RECORDS] if ready else batch(first), 0, 0)
        log.flush()
        return read_all(log)

    assert RECORDS == benchmark(run)
    benchmark.extra_info["records"] = RECORDS  # type: ignore[attr-defined]


@pytest.mark.deep
@pytest.mark.parametrize("batch_bytes", [11_000, 16_384])
def test_cold_recovery_of_a_gibibyte(benchmark: Callable[..., Any], tmp_path: Path, batch_bytes: int) -> None:
    log = PartitionLog.open(FileDisk(tmp_path), "bench-0", LogConfig(), 0)
    data = batch(0) if batch_bytes == 11_000 else encode(Batch(0, [Record(0, 0, None, bytes(batch_bytes - 71))]))
    while log.size_bytes < GIB:
        log.append_as_leader(data, 0, 0)
    log.flush()

    def recover() -> str:
        for path in [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".log"]:
            path.unlink()
        command = [sys.executable, "-c", RECOVER, str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - fixed

    end, cut, memory = map(int, benchmark.pedantic(recover, rounds=1).split())  # type: ignore[attr-defined]
    assert (log.log_end_offset, 0) == (end, cut)
    assert memory < 100 << 10
    benchmark.extra_info["memory_kib"] = memory  # type: ignore[attr-defined]

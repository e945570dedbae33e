"""Record batches against those of kafka-python and aiokafka, in one run: `pytest -m deep -o addopts= --benchmark-only`.

A batch has 100 records of 100 bytes, not compressed. Encoding begins with the values: the records are made, too.
Decoding checks the CRC and makes all records. kafka-python needs the crc32c library: without it its CRC is in Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checkers.clock import now
from model.log.batch import Batch, Compression, check, encode, records
from model.log.record import Record

RECORDS, VALUE_BYTES, TIME = 100, 100, 1_700_000_000_000
VALUES = [bytes([number]) * VALUE_BYTES for number in range(RECORDS)]
SECONDS_MAX = RECORDS / 100_000
"""For 100,000 records a second, encoded and decoded."""
Timed = Callable[[], object]


def encoded_here() -> bytes:
    """The batch as this project makes it."""
    return encode(Batch(0, [Record(at, TIME + at, None, value) for at, value in enumerate(VALUES)]))


DATA = encoded_here()


def client(library: str) -> Any:  # noqa: ANN401 - it has no types
    """The module of a client that encodes and decodes batches."""
    if library == "kafka":
        pytest.importorskip("crc32c")
    return pytest.importorskip(f"{library}.record.default_records")


def encoder(library: str) -> Timed:
    """What makes the batch of all values."""
    if library == "logproof":
        return encoded_here
    theirs = client(library)

    def encoded() -> object:
        builder = theirs.DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
        for offset, value in enumerate(VALUES):
            builder.append(offset, TIME + offset, None, value, [])
        return builder.build()

    return encoded


def decoder(library: str) -> Timed:
    """What makes all records of the batch."""
    if library == "logproof":
        return lambda: records(DATA)
    theirs = client(library)

    def decoded() -> object:
        batch = theirs.DefaultRecordBatch(DATA)
        assert batch.validate_crc()
        return list(batch)

    return decoded


WORK = {"encode": encoder, "decode": decoder}


@pytest.mark.deep
@pytest.mark.parametrize("library", ["logproof", "kafka", "aiokafka"])
@pytest.mark.parametrize("work", WORK)
def test_uncompressed(work: str, library: str, benchmark: Any) -> None:  # noqa: ANN401 - of pytest
    benchmark.group = f"{work} {RECORDS} records of {VALUE_BYTES} bytes"
    benchmark(WORK[work](library))
    benchmark.extra_info["records_per_second"] = round(RECORDS / benchmark.stats.stats.min)


@pytest.mark.deep
@pytest.mark.parametrize("codec", Compression, ids=lambda codec: codec.name)
def test_encoded_and_decoded(codec: Compression, benchmark: Any) -> None:  # noqa: ANN401
    batch = Batch(0, records(DATA), compression=codec)
    benchmark.group = "encode and decode"
    assert RECORDS == len(benchmark(lambda: records(encode(batch))))
    assert benchmark.stats.stats.min < SECONDS_MAX


@pytest.mark.deep
def test_checked(benchmark: Any) -> None:  # noqa: ANN401
    assert RECORDS == benchmark(check, DATA).record_count


@pytest.mark.deep
@pytest.mark.parametrize("work", WORK)
def test_no_slower_than_kafka_python(work: str, benchmark: Any) -> None:  # noqa: ANN401
    def seconds(library: str) -> float:
        timed, started = WORK[work](library), now()
        for _ in range(20):
            timed()
        return now() - started

    pairs = [(seconds("logproof"), seconds("kafka")) for _ in range(30)]
    ours, theirs = (min(column) for column in zip(*pairs, strict=True))
    benchmark.extra_info["times_kafka_python"] = round(theirs / ours, 2)
    benchmark.pedantic(WORK[work]("logproof"))
    assert ours <= theirs

"""Random batches come back as they were written; a reader or writer that is wrong is found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checkers.storage.batches import BatchesTried, try_batches
from model.log.batch import Batch, CorruptBatch, TimestampType, decode, encode
from model.log.compression import Compression


def test_batches_of_every_codec_come_back() -> None:
    assert BatchesTried(50, 0) == try_batches(10, 0)


def test_every_flipped_bit_is_refused() -> None:
    tried = try_batches(1, 1)
    assert (5, "") == (tried.batches, tried.finding)
    assert tried.flips > 1000


def unchecked(data: bytes) -> Batch:
    """Reads the batch as it was before a bit was flipped: like a reader without a CRC."""
    try:
        return decode(data)
    except CorruptBatch:
        return Batch(0, ())


def test_a_reader_that_checks_no_crc_is_found() -> None:
    assert try_batches(1, 1, decoded=unchecked).finding.startswith("bit 0 of byte 17 of ")


def test_a_codec_that_loses_a_record_is_found() -> None:
    def encoded(batch: Batch) -> bytes:
        return encode(replace(batch, records=batch.records[1:]) if batch.compression is Compression.LZ4 else batch)

    tried = try_batches(3, 0, encoded=encoded)
    assert 9 < tried.batches <= 12
    assert "is read as Batch(" in tried.finding


@pytest.mark.parametrize(
    "lost",
    [
        {"delete_horizon_ms": None},
        {"is_control": False},
        {"last_offset": None},
        {"timestamp_type": TimestampType.CREATE_TIME},
        {"max_timestamp": 0},
    ],
    ids=str,
)
def test_a_reader_that_loses_a_field_is_found(lost: dict[str, Any]) -> None:
    tried = try_batches(4, 0, decoded=lambda data: replace(decode(data), **lost))
    assert "is read as Batch(" in tried.finding


def test_a_reader_that_moves_empty_batches_is_found() -> None:
    def decoded(data: bytes) -> Batch:
        batch = decode(data)
        return batch if batch.records else replace(batch, base_offset=0)

    assert "records=()" in try_batches(20, 0, decoded=decoded).finding

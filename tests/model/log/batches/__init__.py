"""Record batches that others made, as data: how each was made, and what it must decode to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.log.batch import Batch, BatchHeader

CONTENT_BYTES_MAX = 40
"""What is longer stands in the JSON files as its length and its SHA-256."""


@dataclass(frozen=True, slots=True)
class MadeByOthers:
    """A batch that is not ours; `expected` is what Apache Kafka's own reader makes of it."""

    client: str
    name: str
    data: bytes
    expected: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.client}/{self.name}"


def made_by_others() -> list[MadeByOthers]:
    """All of them, in the order of the files."""
    return [
        MadeByOthers(path.stem, batch["name"], bytes.fromhex(batch["bytes"]), batch["expected"])
        for path in sorted(Path(__file__).parent.glob("*.json"))
        for batch in json.loads(path.read_text(encoding="utf-8"))["batches"]
    ]


def shortened(content: bytes | None) -> str | None:
    """Hex digits, or what stands for many of them."""
    if content is None or len(content) <= CONTENT_BYTES_MAX:
        return None if content is None else content.hex()
    return f"{len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}"


def described(header: BatchHeader, batch: Batch) -> dict[str, Any]:
    """What a batch says, in the form of `expected`."""
    return {
        "base_offset": header.base_offset,
        "last_offset": header.last_offset,
        "next_offset": header.next_offset,
        "leader_epoch": header.leader_epoch,
        "crc": header.crc,
        "size_bytes": header.size_bytes,
        "compression": header.compression.name,
        "timestamp_type": header.timestamp_type.name,
        "is_transactional": header.is_transactional,
        "is_control": header.is_control,
        "delete_horizon_ms": header.delete_horizon_ms,
        "max_timestamp": header.max_timestamp,
        "producer_id": header.producer_id,
        "producer_epoch": header.producer_epoch,
        "base_sequence": header.base_sequence,
        "last_sequence": header.last_sequence,
        "record_count": header.record_count,
        "records": [
            [
                record.offset,
                record.timestamp,
                shortened(record.key),
                shortened(record.value),
                [[name.encode().hex(), shortened(value)] for name, value in record.headers],
            ]
            for record in batch.records
        ],
    }

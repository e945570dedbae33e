"""LOG-8 at random: batches of every codec come back as they were written, and no flipped bit goes unseen.

Source: LOG-8 of `specs.guarantees`.
Left out: bytes that others made, which tests hold against (`tests/model/log/batches`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from checkers.simulate.choices import Choices, seeded
from model.log.batch import NO_TIMESTAMP, Batch, CorruptBatch, Producer, TimestampType, decode, encode
from model.log.compression import Compression
from model.log.header import ATTRIBUTES_AT
from model.log.record import Record

SEED = 1
CRC_AT = ATTRIBUTES_AT - 4
Encode = Callable[[Batch], bytes]
Decode = Callable[[bytes], Batch]


@dataclass(frozen=True, slots=True)
class BatchesTried:
    """How much was tried, and the first thing that is wrong."""

    batches: int
    flips: int
    finding: str = ""


def try_batches(count: int, flipped: int, *, encoded: Encode = encode, decoded: Decode = decode) -> BatchesTried:
    """Write and read so many batches of each codec; of the first `flipped`, flip every bit that a CRC covers."""
    choices, batches, flips = seeded(SEED), 0, 0
    for codec in Compression:
        for number in range(count):
            batch = drawn_batch(choices, codec)
            data = encoded(batch)
            batches += 1
            if (read := decoded(data)) != batch:
                return BatchesTried(batches, flips, f"{batch} is read as {read}")
            for bit in range(8 * CRC_AT, 8 * len(data)) if number < flipped else ():
                flips += 1
                if not refuses(decoded, flip(data, bit)):
                    return BatchesTried(
                        batches, flips, f"bit {bit % 8} of byte {bit // 8} of {data.hex()} may be flipped"
                    )
    return BatchesTried(batches, flips)


def drawn_batch(choices: Choices, codec: Compression) -> Batch:
    """A batch of a producer or of none, as it was sent or as compaction or a leader has left it."""
    base = choices.between(0, 1 << 40, "base offset")
    by_leader = choices.flag("append time")
    records = drawn_records(choices, base, by_leader=by_leader)
    last = records[-1].offset if records else base
    producer = Producer(choices.between(0, 1 << 50, "producer id"), 3, choices.between(0, (1 << 31) - 1, "sequence"))
    return Batch(
        base,
        records,
        leader_epoch=choices.between(-1, 1 << 20, "leader epoch"),
        producer=producer if choices.flag("idempotent") else None,
        compression=codec,
        timestamp_type=TimestampType.LOG_APPEND_TIME if by_leader else TimestampType.CREATE_TIME,
        is_transactional=choices.flag("transactional"),
        is_control=choices.flag("control"),
        delete_horizon_ms=choices.between(0, 1 << 41, "delete horizon") if choices.flag("has a horizon") else None,
        last_offset=last + choices.between(0, 2, "offsets without records"),
        max_timestamp=max((record.timestamp for record in records), default=NO_TIMESTAMP),
    )


def drawn_records(choices: Choices, base: int, *, by_leader: bool) -> tuple[Record, ...]:
    """Up to eight records or none, with keys, values and headers or without, with gaps, of times that go back, too.

    If the leader has set their time, it is the same for all.
    """
    first = choices.between(0, 1 << 41, "timestamp")
    records, offset = list[Record](), base
    for _ in range(choices.between(0, 8, "records")):
        offset += choices.between(0, 2, "offsets without records")
        timestamp = first if by_leader else max(0, first + choices.between(-300, 300, "delay ms"))
        records.append(Record(offset, timestamp, drawn_bytes(choices), drawn_bytes(choices)))
        offset += 1
    if records and choices.flag("headers"):
        name = f"header {choices.between(0, 9, 'header')}"
        records[-1] = replace(records[-1], headers=((name, drawn_bytes(choices)),))
    return tuple(records)


def drawn_bytes(choices: Choices) -> bytes | None:
    """None, or up to 40 bytes."""
    length = choices.between(-1, 40, "length")
    return None if length < 0 else bytes(choices.choose(256, "byte") for _ in range(length))


def flip(data: bytes, bit: int) -> bytes:
    """The bytes with one bit flipped."""
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def refuses(decoded: Decode, data: bytes) -> bool:
    """Whether a batch is found to be corrupt."""
    try:
        decoded(data)
    except CorruptBatch:
        return True
    return False

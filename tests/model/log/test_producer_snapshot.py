"""Snapshots of the producers: bytes, what survives them, which are kept."""

from __future__ import annotations

import pytest

from checkers.simulate.disk import SimulatedDisk
from model.log.producer_snapshot import (
    CorruptSnapshot,
    decode_snapshot,
    encode_snapshot,
    latest_producers,
    snapshot_offsets,
    snapshot_path,
    write_snapshot,
)
from model.log.producer_state import ProducerEntry, ProducerStates, SentBatch

STATES = ProducerStates.of(
    [
        ProducerEntry(9, 1, (), 4, 50),
        ProducerEntry(7, 2, (SentBatch(4, 9, 0, 60), SentBatch(6, 12, 1, 70)), -1, 70, 11),
    ]
)
BYTES = bytes.fromhex(
    "0001 6fcf1ba1 00000002"
    "0000000000000007 0002 00000006 000000000000000c 00000001 0000000000000046 ffffffff 000000000000000b"
    "0000000000000009 0001 ffffffff ffffffffffffffff 00000000 0000000000000032 00000004 ffffffffffffffff"
)


def test_the_bytes_are_apache_kafkas() -> None:
    data = encode_snapshot(STATES)
    assert (BYTES[:2], BYTES[6:]) == (data[:2], data[6:])


def test_a_snapshot_keeps_all_but_former_batches() -> None:
    states = decode_snapshot(encode_snapshot(STATES), "")
    assert ProducerEntry(9, 1, (), 4, 50) == states.entries[9]
    assert ProducerEntry(7, 2, (SentBatch(6, 12, 1, 70),), -1, 70, 11) == states.entries[7]
    assert ({11: 7}, {}) == (states.ongoing, states.unreplicated)


GOOD = encode_snapshot(STATES)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "it has 0 bytes; at least 10 would be right"),
        (GOOD[:9], "it has 9 bytes; at least 10 would be right"),
        (b"\0\2" + GOOD[2:], "the version is 2; 1 would be right"),
        (GOOD[:-1], "the CRC is 0x"),
        (GOOD + b"\0", "the CRC is 0x"),
    ],
)
def test_a_snapshot_that_is_torn_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(CorruptSnapshot) as caught:
        decode_snapshot(data, "t-0/7.snapshot")
    assert str(caught.value).startswith(f"t-0/7.snapshot: {complaint}")


def test_each_flipped_bit_is_refused() -> None:
    for at in range(8 * len(GOOD)):
        flipped = bytearray(GOOD)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(CorruptSnapshot):
            decode_snapshot(bytes(flipped), "")


def test_the_latest_snapshot_that_can_be_read_is_taken() -> None:
    disk = SimulatedDisk()
    disk.make_directory("t-0")
    for offset, epoch in ((0, 1), (5, 2), (8, 3), (12, 4)):
        write_snapshot(disk, "t-0", offset, ProducerStates.of([ProducerEntry(7, epoch)]))
    disk.write(snapshot_path("t-0", 8), 0, b"\1")
    states, offset = latest_producers(disk, "t-0", 1, 10)
    assert (2, 5, [0, 5, 12]) == (states.entries[7].epoch, offset, snapshot_offsets(disk, "t-0"))
    assert (ProducerStates(), 6) == latest_producers(disk, "t-0", 6, 10)

"""Control records: as Kafka writes them, and what is none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.log.batch import Batch, CorruptBatch, Producer, decode, encode
from model.log.control import (
    Control,
    ControlType,
    EndTransaction,
    LeaderChange,
    UnknownControl,
    Voter,
    decode_control,
    encode_control,
)
from model.log.record import Record
from tests.model.log.batches import made_by_others

TIME = 1_700_000_000_000
VOTERS = (Voter(1), Voter(2), Voter(3))
IN_DIRECTORIES = tuple(Voter(id_, id_.to_bytes(8, "big") + (-id_).to_bytes(8, "big", signed=True)) for id_ in (1, 2, 3))
SAID: dict[str, EndTransaction | LeaderChange] = {
    "commit": EndTransaction(ControlType.COMMIT, 17),
    "abort": EndTransaction(ControlType.ABORT, 2**31 - 1),
    "leader-change-0": LeaderChange(2, VOTERS, VOTERS[1:]),
    "leader-change-1": LeaderChange(2, IN_DIRECTORIES, IN_DIRECTORIES[1:], version=1),
}
OTHERS = {other.name: other.data for other in made_by_others() if other.client == "apache_kafka"}


@pytest.mark.parametrize("name", SAID)
def test_apache_kafkas_control_records_are_read(name: str) -> None:
    (record,) = decode(OTHERS[name]).records
    assert SAID[name] == decode_control(record)


@pytest.mark.parametrize("name", SAID)
def test_control_batches_are_written_byte_for_byte_as_apache_kafka_does(name: str) -> None:
    other = decode(OTHERS[name])
    producer = Producer(4711, 3, -1) if isinstance(SAID[name], EndTransaction) else None
    written = Batch(
        other.base_offset,
        (Record(other.base_offset, TIME, *encode_control(SAID[name])),),
        leader_epoch=other.leader_epoch,
        producer=producer,
        is_transactional=producer is not None,
        is_control=True,
    )
    assert OTHERS[name] == encode(written)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("0000 0003", "ffff", UnknownControl(3)),
        ("0000 ffff", "", UnknownControl(-1)),
        ("0001 0001 99", "0001 00000007 99", EndTransaction(ControlType.COMMIT, 7)),
    ],
)
def test_what_later_versions_write_is_read_or_skipped(key: str, value: str, said: Control) -> None:
    assert said == decode_control(Record(4, TIME, bytes.fromhex(key), bytes.fromhex(value)))


CHANGE = "0000 00000002 02 00000001 00 01 00"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (None, "", "byte 0 of the key of the control record at offset 4: the end of the key is 0, where at least 4"),
        ("0000 00", "", "byte 0 of the key of the control record at offset 4: the end of the key is 3"),
        ("ffff 0000", "", "byte 0 of the key of the control record at offset 4: the version is -1, where at least 0"),
        ("0000 0000", None, "byte 0 of the value of the control record at offset 4: the end of the value is 0, where"),
        (
            "0000 0001",
            "0000 000000",
            "byte 0 of the value of the control record at offset 4: the end of the value is 5",
        ),
        ("0000 0001", "ffff 00000000", "byte 0 of the value of the control record at offset 4: the version is -1"),
        ("0000 0002", "0000 0000", "byte 0 of the value of the control record at offset 4: the end of the value is 4"),
        ("0000 0002", "0002" + CHANGE[4:], "byte 0 of the value of the control record at offset 4: the version is 2"),
        (
            "0000 0002",
            CHANGE.replace(" 02 ", " 00 "),
            "byte 6 of the value of the control record at offset 4: the numb",
        ),
        (
            "0000 0002",
            CHANGE.replace(" 02 ", " 09 "),
            "byte 6 of the value of the control record at offset 4: the numb",
        ),
        ("0000 0002", CHANGE[:-3], "byte 13 of the value of the control record at offset 4: the varint is missing"),
        (
            "0000 0002",
            CHANGE + "00",
            "byte 14 of the value of the control record at offset 4: the end of the value is 15",
        ),
        (
            "0000 0002",
            CHANGE[:-2] + "01",
            "byte 13 of the value of the control record at offset 4: the number of tagged",
        ),
    ],
)
def test_what_is_no_control_record_is_refused(key: str | None, value: str | None, message: str) -> None:
    contents = [None if content is None else bytes.fromhex(content) for content in (key, value)]
    with pytest.raises(CorruptBatch) as refused:
        decode_control(Record(4, TIME, *contents))
    assert str(refused.value).startswith(message)


def test_padding_does_not_make_room_for_voters_that_are_not_there() -> None:
    value = bytes.fromhex("0000 00000002 03 00000001 80808000 000002")
    with pytest.raises(CorruptBatch, match="the end of the value is 18, where at least 19 would be right"):
        decode_control(Record(4, TIME, bytes.fromhex("0000 0002"), value))


@given(st.binary(max_size=40), st.integers(0, 3), st.integers(0, 1))
def test_any_bytes_are_a_control_record_or_refused(value: bytes, type_: int, version: int) -> None:
    for content in (value, version.to_bytes(2, "big") + value):
        with contextlib.suppress(CorruptBatch):
            decode_control(Record(4, TIME, bytes((0, 0, 0, type_)), content))


def test_a_leader_change_that_is_cut_off_anywhere_is_refused() -> None:
    key, value = encode_control(SAID["leader-change-1"])
    for end in range(len(value)):
        with pytest.raises(CorruptBatch):
            decode_control(Record(4, TIME, key, value[:end]))

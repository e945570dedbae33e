"""Control records: what coordinators and leaders write into a log between the users' records.

A control batch holds one record. Its key says what it is, its value goes with that (all integers big-endian):

    key             version int16 (0), type int16: 0 abort, 1 commit, 2 leader change
    abort, commit   version int16 (0), coordinator epoch int32
    leader change   version int16 (0 or 1), leader id int32, voters, granting voters, tagged fields (a varint: 0)
      voters        their number + 1 as an unsigned varint, then each: id int32, from version 1 on also its directory id
                    (16 bytes), tagged fields (a varint: 0)

A key or value of a later version may be longer; readers look at what they know. Types they don't know are skipped.

Source: Apache Kafka's documentation, "Control Batches"; ControlRecordType, EndTransactionMarker, LeaderChangeMessage;
KIP-98, KIP-595, KIP-853.
Left out: what snapshot headers and footers, KRaft versions and voter sets say.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from model.log.corruption import CorruptBatch
from model.log.record import Record
from model.log.varint import decode_unsigned, encode_unsigned

VERSION = 0
KEY = struct.Struct(">hh")
END_TRANSACTION = struct.Struct(">hi")
LEADER = struct.Struct(">hi")
VOTER_ID = struct.Struct(">i")
DIRECTORY_ID_BYTES = 16
LEADER_CHANGE_VERSION_MAX = 1


class ControlType(IntEnum):
    """The types of control records that are told apart here."""

    ABORT = 0
    COMMIT = 1
    LEADER_CHANGE = 2


@dataclass(frozen=True, slots=True)
class EndTransaction:
    """The end of a producer's transaction in this partition, written by a coordinator of that epoch."""

    type: ControlType
    coordinator_epoch: int


@dataclass(frozen=True, slots=True)
class Voter:
    """A member of the quorum; its directory id is None in version 0."""

    id: int
    directory_id: bytes | None = None


@dataclass(frozen=True, slots=True)
class LeaderChange:
    """The first record of a leader's epoch: who leads, who could vote, and who voted for it."""

    leader_id: int
    voters: tuple[Voter, ...]
    granting_voters: tuple[Voter, ...]
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class UnknownControl:
    """A control record of another type, to be skipped."""

    type: int


Control = EndTransaction | LeaderChange | UnknownControl


def encode_control(control: EndTransaction | LeaderChange) -> tuple[bytes, bytes]:
    """The key and the value of a control record."""
    if isinstance(control, EndTransaction):
        return KEY.pack(VERSION, control.type), END_TRANSACTION.pack(VERSION, control.coordinator_epoch)
    voters = _encode_voters(control.voters, control.version), _encode_voters(control.granting_voters, control.version)
    value = b"".join((LEADER.pack(control.version, control.leader_id), *voters, b"\0"))
    return KEY.pack(VERSION, ControlType.LEADER_CHANGE), value


def decode_control(record: Record) -> Control:
    """What a control record says. Raises CorruptBatch."""
    key, value = record.key or b"", record.value or b""
    if len(key) < KEY.size:
        raise CorruptBatch("the end of the key", len(key), f"at least {KEY.size}", 0, _key_of(record))
    version, type_ = KEY.unpack_from(key)
    if version < VERSION:
        raise CorruptBatch("the version", version, "at least 0", 0, _key_of(record))
    try:
        if type_ in (ControlType.ABORT, ControlType.COMMIT):
            return _decode_end(ControlType(type_), value)
        return _decode_leader_change(value) if type_ == ControlType.LEADER_CHANGE else UnknownControl(type_)
    except CorruptBatch as error:
        raise error.moved(0, f"the value of the control record at offset {record.offset}") from None


def _key_of(record: Record) -> str:
    return f"the key of the control record at offset {record.offset}"


def _encode_voters(voters: tuple[Voter, ...], version: int) -> bytes:
    parts = [encode_unsigned(len(voters) + 1)]
    for voter in voters:
        directory_id = voter.directory_id or bytes(DIRECTORY_ID_BYTES)
        parts += (VOTER_ID.pack(voter.id), directory_id if version else b"", b"\0")
    return b"".join(parts)


def _decode_end(type_: ControlType, value: bytes) -> EndTransaction:
    if len(value) < END_TRANSACTION.size:
        raise CorruptBatch("the end of the value", len(value), f"at least {END_TRANSACTION.size}", 0)
    version, coordinator_epoch = END_TRANSACTION.unpack_from(value)
    if version < VERSION:
        raise CorruptBatch("the version", version, "at least 0", 0)
    return EndTransaction(type_, coordinator_epoch)


def _decode_leader_change(value: bytes) -> LeaderChange:
    if len(value) < LEADER.size:
        raise CorruptBatch("the end of the value", len(value), f"at least {LEADER.size}", 0)
    version, leader_id = LEADER.unpack_from(value)
    if not VERSION <= version <= LEADER_CHANGE_VERSION_MAX:
        raise CorruptBatch("the version", version, f"{VERSION}..{LEADER_CHANGE_VERSION_MAX}", 0)
    voters, at = _decode_voters(value, LEADER.size, version)
    granting_voters, at = _decode_voters(value, at, version)
    at = _skip_no_tagged_fields(value, at)
    if at != len(value):
        raise CorruptBatch("the end of the value", len(value), f"{at}", at)
    return LeaderChange(leader_id, voters, granting_voters, version)


def _decode_voters(value: bytes, at: int, version: int) -> tuple[tuple[Voter, ...], int]:
    start = at
    count, at = decode_unsigned(value, at)
    width = VOTER_ID.size + (DIRECTORY_ID_BYTES if version else 0)
    if not 1 <= count <= (len(value) - at) // (width + 1) + 1:
        raise CorruptBatch("the number of voters + 1", count, f"1..{(len(value) - at) // (width + 1) + 1}", start)
    voters = []
    for _ in range(count - 1):
        if len(value) - at < width:
            raise CorruptBatch("the end of the value", len(value), f"at least {at + width}", at)
        (id_,) = VOTER_ID.unpack_from(value, at)
        voters.append(Voter(id_, value[at + VOTER_ID.size : at + width] if version else None))
        at = _skip_no_tagged_fields(value, at + width)
    return tuple(voters), at


def _skip_no_tagged_fields(value: bytes, at: int) -> int:
    """Where the tagged fields end, of which there must be none."""
    count, end = decode_unsigned(value, at)
    if count:
        raise CorruptBatch("the number of tagged fields", count, "0", at)
    return end

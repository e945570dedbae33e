"""The state of the producers at an offset, in a file named after it: a restart goes on from the latest one.

    version            int16   1
    crc                uint32  CRC-32C of all that follows
    number of entries  int32
      producer id                       int64
      producer epoch                    int16
      last sequence                     int32  -1 for no batch
      last offset                       int64  -1 for no batch
      offset delta                      int32  last offset - first offset of the last batch
      timestamp                         int64
      coordinator epoch                 int32
      current transaction first offset  int64  -1 for no open transaction

Of the batches only the last one is kept: after a restart older ones are no longer known as duplicates, unless the
part of the log after the snapshot still has them.

Source: Apache Kafka's ProducerStateManager, ProducerSnapshot.json.
Left out: version 2, which Apache Kafka writes once transactions of KIP-890 are switched on; which transactions
have a marker that is not replicated yet: after a restart the last stable offset no longer waits for it. Apache Kafka's
snapshots leave that out as well.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import google_crc32c

from model.log.checkpoints import replace_file
from model.log.disk import Disk
from model.log.file_names import SNAPSHOT, LogFile, files, within
from model.log.local_log import LocalLog
from model.log.producer_state import ProducerEntry, ProducerStates, SentBatch, end_of_transaction
from model.log.segment import StoredBatch

VERSION = 1
PREFIX = struct.Struct(">hI")
COUNT = struct.Struct(">i")
ENTRY = struct.Struct(">qhiqiqiq")
NONE = -1


class CorruptSnapshot(ValueError):  # noqa: N818 - what is wrong says more
    """A snapshot that no log writes; an earlier one and the log itself take its place."""


def encode_snapshot(states: ProducerStates) -> bytes:
    """The state as the bytes of a snapshot."""
    parts = [COUNT.pack(len(states.entries))]
    for _, entry in sorted(states.entries.items()):
        last = entry.batches[-1] if entry.batches else SentBatch(NONE, NONE, 0, entry.timestamp)
        start = NONE if entry.transaction_start is None else entry.transaction_start
        numbers = last.last_sequence, last.last_offset, last.offset_delta, entry.timestamp, entry.coordinator_epoch
        parts.append(ENTRY.pack(entry.producer_id, entry.epoch, *numbers, start))
    body = b"".join(parts)
    return PREFIX.pack(VERSION, google_crc32c.value(body)) + body


def decode_snapshot(data: bytes, path: str) -> ProducerStates:
    """The state that a snapshot holds. Raises CorruptSnapshot, naming the path."""
    if len(data) < PREFIX.size + COUNT.size:
        raise CorruptSnapshot(f"{path}: it has {len(data)} bytes; at least {PREFIX.size + COUNT.size} would be right")
    version, crc = PREFIX.unpack_from(data)
    (count,) = COUNT.unpack_from(data, PREFIX.size)
    if version != VERSION:
        raise CorruptSnapshot(f"{path}: the version is {version}; {VERSION} would be right")
    actual = google_crc32c.value(data[PREFIX.size :])
    if actual != crc:
        raise CorruptSnapshot(f"{path}: the CRC is {crc:#010x}; that of the bytes after it is {actual:#010x}")
    body = data[PREFIX.size + COUNT.size :]
    if count < 0 or len(body) != count * ENTRY.size:
        raise CorruptSnapshot(
            f"{path}: it has {len(body)} bytes of entries; {count} of {ENTRY.size} bytes are announced"
        )
    entries = list[ProducerEntry]()
    for id_, epoch, sequence, offset, delta, timestamp, coordinator, start in ENTRY.iter_unpack(body):
        sent = () if offset == NONE else (SentBatch(sequence, offset, delta, timestamp),)
        entries.append(ProducerEntry(id_, epoch, sent, coordinator, timestamp, None if start == NONE else start))
    return ProducerStates.of(entries)


def snapshot_path(directory: str, offset: int) -> str:
    """Where the snapshot of an offset is."""
    return within(directory, LogFile(offset, SNAPSHOT).name)


def snapshot_offsets(disk: Disk, directory: str) -> list[int]:
    """The offsets of all snapshots there are, in order."""
    return sorted(f.offset for f in files(disk, directory) if f.kind == SNAPSHOT and not f.stage)


def write_snapshot(disk: Disk, directory: str, offset: int, states: ProducerStates) -> None:
    """Write a snapshot, which lasts once this returns; a crash leaves the one that it takes the place of, or all of it.

    Once the segments before it are deleted, the snapshot at the start of a log is all that tells of their producers.
    """
    replace_file(disk, snapshot_path(directory, offset), encode_snapshot(states))


def latest_producers(disk: Disk, directory: str, least: int, last: int) -> tuple[ProducerStates, int]:
    """The state of the latest snapshot from `least` to `last` that can be read, and its offset.

    Without any, no producers at `least`. One that can't be read is removed.
    """
    for offset in reversed(snapshot_offsets(disk, directory)):
        if least <= offset <= last:
            path = snapshot_path(directory, offset)
            try:
                return decode_snapshot(disk.read(path, 0, disk.size(path)), path), offset
            except CorruptSnapshot:
                disk.remove(path)
    return ProducerStates(), least


def replay(states: ProducerStates, batches: Iterable[StoredBatch], after: int) -> None:
    """Have a state take account of the batches from the offset `after` on."""
    for stored in batches:
        if stored.header.base_offset >= after and stored.header.producer_id >= 0:
            states.update(stored.header, end_of_transaction(stored.header, stored.data))


def reload_producers(disk: Disk, log: LocalLog) -> ProducerStates:
    """The state at the end of a log that was cut, from the latest snapshot and the batches after it."""
    remove_stray_snapshots(disk, log)
    states, after = latest_producers(disk, log.directory, log.segments[0].base_offset, log.log_end_offset)
    replay(states, log.batches_from(after), after)
    return states


def remove_stray_snapshots(disk: Disk, log: LocalLog) -> None:
    """Remove the snapshots past the end for certain, and those that begin no segment but for the latest one.

    A snapshot past the end would tell of other batches than those that are appended there later.
    """
    offsets, bases = snapshot_offsets(disk, log.directory), [segment.base_offset for segment in log.segments]
    latest = max((offset for offset in offsets if offset <= log.log_end_offset), default=None)
    within_log = [offset for offset in offsets if bases[0] <= offset <= log.log_end_offset]
    kept = [offset for offset in within_log if offset in bases or offset == latest]
    _remove(disk, log.directory, [offset for offset in offsets if offset not in kept])


def remove_all_snapshots(disk: Disk, directory: str) -> None:
    """Remove all snapshots for certain."""
    _remove(disk, directory, snapshot_offsets(disk, directory))


def _remove(disk: Disk, directory: str, offsets: list[int]) -> None:
    for offset in offsets:
        disk.remove(snapshot_path(directory, offset))
    if offsets:
        disk.flush_directory(directory)

"""Checkpoint files: small texts, replaced as a whole, so that a crash leaves the old one or the new one.

One file a disk root and purpose, with a line for each partition: up to where its log is flushed, where it starts, and
from where on it was not yet compacted.

Source: Apache Kafka's CheckpointFile, OffsetCheckpointFile (format version 0), LogManager.
Left out: one file for many writers at once.
"""

from __future__ import annotations

from model.log.disk import Disk
from model.log.file_names import TopicPartition, parent, within

RECOVERY_POINT = "recovery-point-offset-checkpoint"
LOG_START = "log-start-offset-checkpoint"
CLEANER = "cleaner-offset-checkpoint"
VERSION = 0
TEMPORARY = ".tmp"


class CorruptCheckpoint(ValueError):  # noqa: N818 - what is wrong says more
    """A checkpoint file that does not hold what a log wrote."""


def replace_file(disk: Disk, path: str, data: bytes) -> None:
    """Make `data` the content of a file in one step that lasts: after a crash it is the old content or the new one."""
    temporary = path + TEMPORARY
    if disk.exists(temporary):
        disk.remove(temporary)
    disk.create(temporary)
    disk.write(temporary, 0, data)
    disk.flush(temporary)
    disk.rename(temporary, path)
    disk.flush_directory(parent(path))


def write_lines(disk: Disk, path: str, lines: list[str]) -> None:
    """Replace a checkpoint file by these lines, after its version and their count."""
    replace_file(disk, path, "".join(f"{line}\n" for line in (VERSION, len(lines), *lines)).encode("utf-8"))


def read_lines(disk: Disk, path: str, numbers: int) -> list[list[str]]:
    """The lines of a checkpoint file, each split in words of which the last `numbers` are whole numbers from 0 on.

    None if there is no file, or an empty one as Apache Kafka makes at first. Raises CorruptCheckpoint.
    """
    if not disk.exists(path) or not disk.size(path):
        return []
    data = disk.read(path, 0, disk.size(path))
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CorruptCheckpoint(f"{path}: byte {error.start} is no UTF-8") from None
    for at, what in enumerate(("the version, 0", "the number of lines")):
        if len(lines) <= at or not is_number(lines[at]) or (at == 0 and int(lines[0]) != VERSION):
            shown = repr(lines[at]) if len(lines) > at else "missing"
            raise CorruptCheckpoint(f"{path}: line {at + 1} is {shown}; it should be {what}")
    entries = [line.split() for line in lines[2:]]
    if len(entries) != int(lines[1]):
        raise CorruptCheckpoint(f"{path}: it has {len(entries)} entries, and line 2 says {lines[1]}")
    for number, words in enumerate(entries, start=3):
        if len(words) < numbers or not all(is_number(word) for word in words[-numbers:]):
            shown = repr(lines[number - 1])
            raise CorruptCheckpoint(f"{path}: line {number} is {shown}; it should end in {numbers} numbers from 0 on")
    return entries


def is_number(word: str) -> bool:
    """Whether a word is a whole number from 0 on that fits in 63 bits."""
    return word.isascii() and word.isdigit() and int(word) < 2**63


class OffsetCheckpoint:
    """An offset for each partition of a disk root."""

    def __init__(self, disk: Disk, root: str, name: str) -> None:
        self._disk = disk
        self._path = within(root, name)

    def read(self) -> dict[TopicPartition, int]:
        """The offsets as they were written last. Raises CorruptCheckpoint."""
        found = dict[TopicPartition, int]()
        for number, words in enumerate(read_lines(self._disk, self._path, numbers=2), start=3):
            if len(words) != 3:
                raise CorruptCheckpoint(
                    f"{self._path}: line {number} has {len(words)} words; it should be a topic, a partition, an offset"
                )
            found[TopicPartition(words[0], int(words[1]))] = int(words[2])
        return found

    def get(self, partition: TopicPartition) -> int | None:
        """The offset of one partition; None if there is none. Raises CorruptCheckpoint."""
        return self.read().get(partition)

    def put(self, partition: TopicPartition, offset: int) -> None:
        """Write the offset of one partition, unless it is there already; it lasts once this returns."""
        offsets = self.read()
        if offsets.get(partition) == offset:
            return
        offsets[partition] = offset
        lines = [f"{p.topic} {p.partition} {offsets[p]}" for p in sorted(offsets)]
        write_lines(self._disk, self._path, lines)

    def lower(self, partition: TopicPartition, offset: int) -> None:
        """Write the offset of one partition if a larger one is there."""
        there = self.get(partition)
        if there is not None and there > offset:
            self.put(partition, offset)


class PartitionCheckpoints:
    """The offsets of one partition that last: each is durable once its method returns."""

    def __init__(self, disk: Disk, root: str, partition: TopicPartition) -> None:
        self._partition = partition
        self._recovery_point = OffsetCheckpoint(disk, root, RECOVERY_POINT)
        self._log_start = OffsetCheckpoint(disk, root, LOG_START)
        self._cleaner = OffsetCheckpoint(disk, root, CLEANER)

    @property
    def recovery_point(self) -> int:
        """Segments that end here or before were flushed with their indexes."""
        return self._recovery_point.get(self._partition) or 0

    @property
    def log_start(self) -> int:
        """Records before this are deleted."""
        return self._log_start.get(self._partition) or 0

    def put_recovery_point(self, offset: int) -> None:
        """All before `offset` is flushed."""
        self._recovery_point.put(self._partition, offset)

    def put_log_start(self, offset: int) -> None:
        """Records before `offset` are deleted, and others are not."""
        self._log_start.put(self._partition, offset)

    def cut(self, offset: int) -> None:
        """The log ends here, or will: what is appended later is neither flushed nor compacted."""
        self._recovery_point.lower(self._partition, offset)
        self._cleaner.lower(self._partition, offset)

"""How the files of a log are named: twenty digits of the base offset, and a suffix that says what is inside.

A second suffix marks a file of an operation that is under way: `.cleaned` is being written, `.swap` is complete and
about to take the place of other segments, `.deleted` is about to go.

Source: Apache Kafka's LogFileUtils and LocalLog.parseTopicPartitionName.
Left out: directories of partitions that move between disks or are being deleted.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.log.disk import Disk

LOG = ".log"
OFFSET_INDEX = ".index"
TIME_INDEX = ".timeindex"
TRANSACTION_INDEX = ".txnindex"
SNAPSHOT = ".snapshot"
SEGMENT_KINDS = (LOG, OFFSET_INDEX, TIME_INDEX, TRANSACTION_INDEX)

CLEANED = ".cleaned"
SWAP = ".swap"
DELETED = ".deleted"
STAGES = (CLEANED, SWAP, DELETED)

OFFSET_MAX = 2**63 - 1
DIGITS = 20


class BadFileName(ValueError):  # noqa: N818 - what is wrong says more
    """A file or directory whose name no log gives."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file that belongs to an offset; `stage` is empty but while an operation is under way."""

    offset: int
    kind: str
    stage: str = ""

    @property
    def name(self) -> str:
        """Its name in the directory of the log."""
        return f"{self.offset:0{DIGITS}}{self.kind}{self.stage}"


@dataclass(frozen=True, slots=True, order=True)
class TopicPartition:
    """The partition that a directory is of."""

    topic: str
    partition: int

    @property
    def directory(self) -> str:
        """The name of its directory."""
        return f"{self.topic}-{self.partition}"


def parse(name: str) -> LogFile | None:
    """What a file name says; None for a file of another kind. Raises BadFileName for an offset that can't be."""
    rest, stage = name, ""
    for suffix in STAGES:
        if rest.endswith(suffix):
            rest, stage = rest.removesuffix(suffix), suffix
    digits, dot, kind = rest.partition(".")
    if dot + kind not in (*SEGMENT_KINDS, SNAPSHOT):
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) == DIGITS and int(digits) <= OFFSET_MAX):
        raise BadFileName(
            f"file {name!r}: {digits!r} is no offset; it should be {DIGITS} digits, up to {OFFSET_MAX:0{DIGITS}}"
        )
    return LogFile(int(digits), dot + kind, stage)


def files(disk: Disk, directory: str) -> list[LogFile]:
    """The files of a log that belong to an offset, by name. Raises BadFileName."""
    return [file for name in disk.names(directory) if (file := parse(name)) is not None]


def topic_partition(directory: str) -> TopicPartition:
    """The partition that the directory of a log is of. Raises BadFileName."""
    name = directory.rpartition("/")[2]
    topic, dash, partition = name.rpartition("-")
    if not (topic and dash and partition.isascii() and partition.isdigit()):
        raise BadFileName(f"directory {name!r} is not named after a topic and a partition, as in 'orders-0'")
    return TopicPartition(topic, int(partition))


def within(directory: str, name: str) -> str:
    """The path of a name in a directory; the root of the disk is the empty path."""
    return f"{directory}/{name}" if directory else name


def parent(path: str) -> str:
    """The directory that a path is in."""
    return path.rpartition("/")[0]


def ancestors(path: str) -> list[str]:
    """The directories above a path, the root of the disk first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts))]

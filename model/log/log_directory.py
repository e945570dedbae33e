"""All logs under one root of a disk: opened together, closed together.

A marker in the root says that all logs were closed; it is removed, for certain, before any log is opened.

Source: Apache Kafka's LogManager, CleanShutdownFileHandler.
Left out: flushing and checkpoints on a schedule, deletion of logs, disks that fail.
"""

from __future__ import annotations

from model.log.config import LogConfig
from model.log.disk import Disk
from model.log.file_names import BadFileName, TopicPartition, topic_partition, within
from model.log.partition_log import PartitionLog

CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
MARK = b'{"version":0,"brokerEpoch":-1}'


class LogDirectory:
    """The logs by partition."""

    def __init__(self, disk: Disk, root: str, config: LogConfig, now: int) -> None:
        """Open the logs that are there. Raises what opening one of them raises."""
        self._disk = disk
        self._root = root
        self._config = config
        if root:
            disk.make_directory(root)
        marker = within(root, CLEAN_SHUTDOWN)
        self.was_clean = disk.exists(marker)
        if self.was_clean:
            disk.remove(marker)
            disk.flush_directory(root)
        self.logs = {partition: self._open(partition, now) for partition in self._found()}

    def _found(self) -> list[TopicPartition]:
        """The partitions that have a directory, in the order of its name."""
        found = list[TopicPartition]()
        for name in self._disk.names(self._root):
            try:
                partition = topic_partition(name)
                self._disk.names(within(self._root, name))
            except (BadFileName, NotADirectoryError):
                continue
            found.append(partition)
        return found

    def _open(self, partition: TopicPartition, now: int) -> PartitionLog:
        directory = within(self._root, partition.directory)
        return PartitionLog.open(self._disk, directory, self._config, now, was_clean=self.was_clean)

    def log(self, partition: TopicPartition, now: int) -> PartitionLog:
        """The log of a partition; an empty one is made if there is none."""
        if partition not in self.logs:
            self.logs[partition] = self._open(partition, now)
        return self.logs[partition]

    def close(self) -> None:
        """Close all logs, and leave the marker. If some can't be closed, raise the first error once all were tried."""
        errors = list[OSError]()
        for log in self.logs.values():
            try:
                log.close()
            except OSError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        marker = within(self._root, CLEAN_SHUTDOWN)
        self._disk.create(marker)
        self._disk.write(marker, 0, MARK)
        self._disk.flush(marker)
        self._disk.flush_directory(self._root)

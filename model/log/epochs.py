"""Which leader wrote which offsets: for each leader epoch the first offset that was written in it.

Two replicas find by this where their logs part: a follower asks the leader where the follower's last epoch ends in the
leader's log, and cuts off what is past that.

Epochs and start offsets both grow strictly from entry to entry: a new entry removes those that it contradicts. The file
is written before the first record of an epoch is, so that no epoch of a record in the log is missing from it; entries
past the end of the log, which a crash can leave, are cut when the log is opened.

Source: KIP-101, KIP-279; Apache Kafka's LeaderEpochFileCache, LeaderEpochCheckpointFile.
Left out: epochs of records in remote storage.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from model.log.checkpoints import CorruptCheckpoint, read_lines, write_lines
from model.log.disk import Disk
from model.log.file_names import within

LEADER_EPOCH_CHECKPOINT = "leader-epoch-checkpoint"


@dataclass(frozen=True, slots=True)
class EpochStart:
    """A leader epoch and the first offset of it."""

    epoch: int
    start_offset: int


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """The largest epoch of the log up to the one asked for, and the offset where the next epoch starts (exclusive)."""

    epoch: int
    end_offset: int


class LeaderEpochs:
    """The entries of one log, and their file."""

    def __init__(self, disk: Disk, directory: str) -> None:
        """Read the file, if there is one. Raises CorruptCheckpoint."""
        self._disk = disk
        self._path = within(directory, LEADER_EPOCH_CHECKPOINT)
        self._entries = list[EpochStart]()
        for number, words in enumerate(read_lines(disk, self._path, numbers=2), start=3):
            entry = EpochStart(int(words[0]), int(words[1]))
            if len(words) != 2 or self._conflicting(entry) != len(self._entries):
                raise CorruptCheckpoint(
                    f"{self._path}: line {number} is {' '.join(words)!r}; it should be an epoch and its start offset, "
                    f"both larger than in the line before"
                )
            self._entries.append(entry)

    @property
    def entries(self) -> tuple[EpochStart, ...]:
        """All entries, in order."""
        return tuple(self._entries)

    @property
    def latest(self) -> int | None:
        """The largest epoch; None if there is none."""
        return self._entries[-1].epoch if self._entries else None

    def assign(self, epoch: int, start_offset: int) -> None:
        """The epoch starts here: it lasts once this returns. Entries of the same or later offsets or epochs go.

        Nothing changes if the epoch is the latest one already and does not start later than here.
        """
        assert epoch >= 0, epoch
        assert start_offset >= 0, start_offset
        if self._entries and self._entries[-1].epoch == epoch and self._entries[-1].start_offset <= start_offset:
            return
        entry = EpochStart(epoch, start_offset)
        del self._entries[self._conflicting(entry) :]
        self._entries.append(entry)
        self._write()

    def _conflicting(self, new: EpochStart) -> int:
        """The index of the first of the last entries that don't lie below the new one in both epoch and offset."""
        index = len(self._entries)
        while index and (
            self._entries[index - 1].epoch >= new.epoch or self._entries[index - 1].start_offset >= new.start_offset
        ):
            index -= 1
        return index

    def end_offset_for(self, epoch: int, log_end_offset: int) -> EpochEnd | None:
        """Where the log ends for a replica whose last epoch is this one; None for -1 or a later one than all known.

        The latest epoch ends at the end of the log. An epoch that the log has not ends where the next one starts, and
        is answered with the largest one below it: the replica has to go on asking with that one. One before the first
        ends where the first starts.
        """
        if epoch < 0 or not self._entries or epoch > self._entries[-1].epoch:
            return None
        if epoch == self._entries[-1].epoch:
            return EpochEnd(epoch, log_end_offset)
        higher = bisect_right(self._entries, epoch, key=lambda entry: entry.epoch)
        floor = self._entries[higher - 1].epoch if higher else epoch
        return EpochEnd(floor, self._entries[higher].start_offset)

    def epoch_of(self, offset: int) -> int | None:
        """The epoch that an offset was written in; None below the first entry."""
        index = bisect_right(self._entries, offset, key=lambda entry: entry.start_offset)
        return self._entries[index - 1].epoch if index else None

    def last_before(self, end_offset: int) -> int:
        """The epoch of the last offset before `end_offset`; -1 if it has none."""
        found = self.epoch_of(end_offset - 1)
        return -1 if found is None else found

    def truncate_from_end(self, end_offset: int) -> None:
        """Forget the epochs that start at `end_offset` or later."""
        kept = [entry for entry in self._entries if entry.start_offset < end_offset]
        self._replace(kept)

    def truncate_from_start(self, start_offset: int) -> None:
        """Forget the epochs that end at `start_offset` or before; the one that goes on there starts there."""
        below = [entry for entry in self._entries if entry.start_offset <= start_offset]
        if below:
            first = EpochStart(below[-1].epoch, start_offset)
            self._replace([first, *self._entries[len(below) :]])

    def clear(self) -> None:
        """Forget all."""
        self._replace([])

    def _replace(self, entries: list[EpochStart]) -> None:
        if entries != self._entries:
            self._entries = entries
            self._write()

    def _write(self) -> None:
        write_lines(self._disk, self._path, [f"{entry.epoch} {entry.start_offset}" for entry in self._entries])

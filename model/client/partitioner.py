"""Which partition a record goes to: murmur2 of its key, or, without a key, the sticky partition of the moment.

A partitioner is a value; what changes it returns the next one. Chance comes in as `draw`, which returns an integer
from 0 to 2^31 - 1, each as likely.

Source: org.apache.kafka.common.utils.Utils (murmur2, toPositive), KIP-480 with its StickyPartitionCache, KIP-794 with
BuiltInPartitioner of Apache Kafka; Appleby's MurmurHash2.
Left out: the queues of the accumulator, whose sizes come in as numbers, and its locks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

Draw = Callable[[], int]

SEED = 0x9747B28C
MULTIPLIER = 0x5BD1E995
MASK = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Kafka's 32-bit hash of a key, signed as in Java."""
    whole = len(key) & ~3
    mixed = (SEED ^ len(key)) & MASK
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * MULTIPLIER & MASK
        word = (word ^ word >> 24) * MULTIPLIER & MASK
        mixed = (mixed * MULTIPLIER & MASK) ^ word
    if whole < len(key):
        mixed = (mixed ^ int.from_bytes(key[whole:], "little")) * MULTIPLIER & MASK
    mixed = (mixed ^ mixed >> 13) * MULTIPLIER & MASK
    mixed ^= mixed >> 15
    return mixed - (1 << 32) if mixed >> 31 else mixed


def to_positive(number: int) -> int:
    """A signed 32-bit integer without its sign bit. Not the absolute value, which -2^31 does not have."""
    return number & 0x7FFFFFFF


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a keyed record, out of `partitions`, available or not."""
    return to_positive(murmur2(key)) % partitions


# ------------------------------------------------------------------------------------------------ by batches (KIP-480)


@dataclass(frozen=True, slots=True)
class StickyBatches:
    """KIP-480: records without a key go to one partition until a new batch is begun there, then to another one."""

    partition: int | None = None
    """None before the first record."""

    def after_batch(self, full: int | None, available: Sequence[int], partitions: int, draw: Draw) -> StickyBatches:
        """The next partitioner when a batch of the partition `full` was completed; None at the start.

        Another thread may have moved on from that partition before: then nothing changes. `available` are the
        partitions that have a leader; if there are none, any of `partitions` will do.
        """
        if self.partition is not None and self.partition != full:
            return self
        if not available:
            return StickyBatches(draw() % partitions)
        if len(available) == 1:
            return StickyBatches(available[0])
        chosen = self.partition
        while chosen is None or chosen == self.partition:
            chosen = available[draw() % len(available)]
        return StickyBatches(chosen)


# -------------------------------------------------------------------------------------------------- by bytes (KIP-794)


@dataclass(frozen=True, slots=True)
class LoadTable:
    """How likely each partition is to be the next: the less is queued for it, the likelier."""

    cumulative: tuple[int, ...]
    """Running sums of the weights; a weight is 1 + the longest queue - this queue, so none is 0."""
    partitions: tuple[int, ...]

    def choose(self, drawn: int) -> int:
        """The partition for a drawn number: the first whose running sum is greater."""
        return self.partitions[bisect_right(self.cumulative, drawn % self.cumulative[-1])]


def load_table(queued: Sequence[int], eligible: Sequence[int], partitions: int) -> LoadTable | None:
    """The table for queues of `queued` batches at the `eligible` partitions, out of `partitions` with a leader.

    None where it would change nothing: with nothing to choose from, or all queues equal and no partition left out.
    """
    if not eligible or partitions < 2:
        return None
    if len(eligible) == partitions and min(queued) == max(queued):
        return None
    longest = max(queued)
    return LoadTable(tuple(accumulate(longest + 1 - n for n in queued)), tuple(eligible))


@dataclass(frozen=True, slots=True)
class StickyBytes:
    """KIP-794: records without a key go to one partition until it has had `batch_bytes`, then to one drawn anew.

    A turn, from one draw to the next, takes at least `batch_bytes`, and fewer than twice as many plus one record; fewer
    than `batch_bytes` plus one record if it may always end.
    """

    batch_bytes: int
    partition: int
    turn_bytes: int = 0
    loads: LoadTable | None = None

    def after_append(self, size: int, available: Sequence[int], draw: Draw, *, may_switch: bool = True) -> StickyBytes:
        """The next partitioner when a record of `size` bytes was appended.

        `may_switch` is whether the batch is ready to be sent: a switch would leave behind one that is not, so that it
        is put off, up to twice the bytes.
        """
        turn = self.turn_bytes + size
        if turn_is_over(turn, self.batch_bytes, may_switch=may_switch):
            return replace(self, partition=next_partition(self.loads, available, draw), turn_bytes=0)
        return replace(self, turn_bytes=turn)


def turn_is_over(turn_bytes: int, batch_bytes: int, *, may_switch: bool) -> bool:
    """Whether a partition has had enough."""
    if turn_bytes >= 2 * batch_bytes:
        return True
    return may_switch and turn_bytes >= batch_bytes


def next_partition(loads: LoadTable | None, available: Sequence[int], draw: Draw) -> int:
    """The partition of the next turn, which may be that of the last one."""
    if loads is not None:
        return loads.choose(draw())
    return available[draw() % len(available)]

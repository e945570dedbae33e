"""Keys hash as Kafka's do; without a key, turns are as long as they must be and partitions as likely as their loads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from model.client import partitioner
from model.client.partitioner import (
    LoadTable,
    StickyBatches,
    StickyBytes,
    load_table,
    murmur2,
    next_partition,
    partition_of,
    to_positive,
    turn_is_over,
)
from model.theory.hash_balance import chi_square_p_value

UTILS_TEST_MURMUR2 = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""UtilsTest.testMurmur2 of Apache Kafka."""


def drawn(seed: int) -> Callable[[], int]:
    """Draws as Java's random integers without their sign."""
    numbers = np.random.default_rng(seed)
    return lambda: int(numbers.integers(1 << 31))


def in_turn() -> Callable[[], int]:
    """0, 1, 2, ..., as the tests of Apache Kafka draw."""
    numbers = count()
    return lambda: next(numbers)


# ----------------------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(("key", "expected"), UTILS_TEST_MURMUR2.items())
def test_murmur2_is_kafkas(key: bytes, expected: int) -> None:
    assert expected == murmur2(key)


def test_murmur2_agrees_with_another_implementation_on_random_keys() -> None:
    table = json.loads((Path(__file__).parent / "murmur2_of_kafka_python.json").read_text("utf-8"))["hashes"]
    keys = [bytes.fromhex(key) for key, _ in table]
    assert (205, set(range(65))) == (len(keys), {len(key) for key in keys})
    assert [hashed for _, hashed in table] == [murmur2(key) for key in keys]


@pytest.mark.parametrize(
    ("number", "expected"), [(0, 0), (1, 1), (-1, 0x7FFFFFFF), (-(1 << 31), 0), ((1 << 31) - 1, 0x7FFFFFFF)]
)
def test_to_positive_drops_the_sign_bit(number: int, expected: int) -> None:
    assert expected == to_positive(number)


def test_partition_of_a_key_whose_hash_is_negative() -> None:
    # toPositive, not the absolute value: that would be partition 8.
    assert (-973932308 & 0x7FFFFFFF) % 100 == 40
    assert partition_of(b"21", 100) == 40


def spread(hashed: Callable[[bytes], int], partitions: int) -> float:
    """The p-value of Pearson's chi-square test that keys in a row go to all partitions alike."""
    found = Counter(hashed(b"key-%d" % k) % partitions for k in range(4_000))
    return chi_square_p_value([found[p] for p in range(partitions)])


@pytest.mark.parametrize("partitions", [2, 12])
def test_keys_are_spread_evenly(partitions: int) -> None:
    assert spread(lambda key: partition_of(key, partitions), partitions) > 0.001


def test_a_hash_that_clusters_would_be_seen() -> None:
    assert spread(lambda key: key[-1], 12) < 0.001


def test_a_hash_that_is_another_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitioner, "MULTIPLIER", partitioner.MULTIPLIER - 1)
    assert [murmur2(key) == expected for key, expected in UTILS_TEST_MURMUR2.items()] == [False] * 6


# -------------------------------------------------------------------------------------------------- KIP-480, by batches


def test_another_partition_follows_a_batch() -> None:
    # StickyPartitionCacheTest.testStickyPartitionCache
    draw = drawn(2)
    first = StickyBatches().after_batch(None, [0, 1, 2], 3, draw)
    second = first.after_batch(first.partition, [0, 1, 2], 3, draw)
    assert second.partition != first.partition
    assert second.after_batch(first.partition, [0, 1, 2], 3, draw) is second
    alone = StickyBatches().after_batch(None, [0], 1, draw)
    assert alone.after_batch(0, [0], 1, draw).partition == 0


def test_partitions_without_a_leader_are_left_out_while_there_are_others() -> None:
    # StickyPartitionCacheTest.unavailablePartitionsTest
    draw, sticky, found = drawn(3), StickyBatches(), []
    for _ in range(100):
        sticky = sticky.after_batch(sticky.partition, [0, 2], 3, draw)
        found.append(sticky.partition)
    assert found in ([0, 2] * 50, [2, 0] * 50)
    assert StickyBatches(1).after_batch(1, [1], 2, draw).partition == 1
    assert StickyBatches().after_batch(None, [], 1, draw).partition == 0


# ---------------------------------------------------------------------------------------------------- KIP-794, by bytes


def test_the_partition_changes_when_it_has_had_a_batch() -> None:
    # BuiltInPartitionerTest.testStickyPartitioning
    draw, sticky, found = in_turn(), StickyBytes(batch_bytes=3, partition=2), []
    for _ in range(7):
        found.append(sticky.partition)
        sticky = sticky.after_append(1, [0, 1, 2], draw)
    assert found == [2, 2, 2, 0, 0, 0, 1]
    alone = StickyBytes(batch_bytes=1, partition=0)
    assert [alone := alone.after_append(1, [0], draw) for _ in range(3)] == [alone] * 3


def test_a_turn_is_put_off_while_the_batch_is_not_ready_but_not_beyond_twice_its_bytes() -> None:
    draw, sticky = in_turn(), StickyBytes(batch_bytes=4, partition=1)
    turns = []
    for _ in range(8):
        sticky = sticky.after_append(1, [0], draw, may_switch=False)
        turns.append((sticky.partition, sticky.turn_bytes))
    assert turns == [(1, n) for n in range(1, 8)] + [(0, 0)]


def test_the_less_is_queued_the_likelier_a_partition_is() -> None:
    # BuiltInPartitionerTest.adaptivePartitionsTest
    loads = load_table([5, 0, 3, 0, 1], [0, 1, 2, 3, 4], 5)
    assert loads == LoadTable((1, 7, 10, 16, 21), (0, 1, 2, 3, 4))
    draw = in_turn()
    found = Counter(next_partition(loads, [0], draw) for _ in range(2 * 21))
    assert found == {0: 2 * 1, 1: 2 * 6, 2: 2 * 3, 3: 2 * 6, 4: 2 * 5}


@pytest.mark.parametrize(
    ("queued", "eligible", "partitions", "expected"),
    [
        ([], [], 3, None),
        ([7], [0], 1, None),
        ([2, 2, 2], [0, 1, 2], 3, None),
        ([2, 2], [0, 2], 3, LoadTable((1, 2), (0, 2))),
        ([5], [1], 2, LoadTable((1,), (1,))),
        ([0, 3, 1], [0, 1, 2], 3, LoadTable((4, 5, 8), (0, 1, 2))),
    ],
)
def test_a_load_table_is_there_only_where_it_changes_something(
    queued: list[int], eligible: list[int], partitions: int, expected: LoadTable | None
) -> None:
    assert expected == load_table(queued, eligible, partitions)


def imbalance(seed: int, records: int, partitions: int) -> tuple[Counter[int], Counter[int]]:
    """Bytes and turns of each partition for records of 1 to 100 bytes and turns of 1,000, put off half of the time."""
    draw, numbers = drawn(seed), np.random.default_rng(seed)
    sticky = StickyBytes(1000, next_partition(None, range(partitions), draw))
    sent: Counter[int] = Counter()
    turns: Counter[int] = Counter()
    for size in numbers.integers(1, 101, records):
        before = sticky
        sticky = sticky.after_append(int(size), range(partitions), draw, may_switch=bool(size % 2))
        sent[before.partition] += int(size)
        turns[before.partition] += sticky.turn_bytes == 0
    return sent, turns


@pytest.mark.parametrize("seed", [4])
def test_bytes_are_within_the_bound_that_the_number_of_turns_sets(seed: int) -> None:
    sent, turns = imbalance(seed, 4_000, 6)
    assert sum(turns.values()) > 150
    for partition in range(6):
        # One turn may be under way.
        assert turns[partition] * 1000 <= sent[partition] < (turns[partition] + 1) * (2 * 1000 + 100)
    assert chi_square_p_value([turns[p] for p in range(6)]) > 0.001


def test_a_turn_that_never_is_put_off_ends_with_the_record_that_fills_it() -> None:
    assert [turn_is_over(n, 10, may_switch=True) for n in (9, 10, 19, 20)] == [False, True, True, True]
    assert [turn_is_over(n, 10, may_switch=False) for n in (9, 10, 19, 20)] == [False, False, False, True]


def test_by_batches_the_slow_partition_gets_more() -> None:
    # Why KIP-794 counts bytes: a batch that waits for a slow broker goes on growing, and its partition stays.
    by_batches, draw = StickyBatches().after_batch(None, [0, 1], 2, drawn(6)), drawn(7)
    sent: Counter[int | None] = Counter()
    for _ in range(1000):
        sent[by_batches.partition] += 10 if by_batches.partition == 0 else 1
        by_batches = by_batches.after_batch(by_batches.partition, [0, 1], 2, draw)
    assert sent == {0: 5000, 1: 500}

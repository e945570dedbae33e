"""Each trial finds what was broken on purpose; the model's own code is tried by `logproof verify`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from checkers.partitioning.trials import (
    murmur2_of_many,
    uneven_partitions,
    uneven_turns,
    wrong_hashes,
    wrong_moves,
    wrong_placement,
)
from model.client.partitioner import StickyBytes, murmur2
from model.theory.hash_balance import balance_of
from tests.model.client.test_partitioner import UTILS_TEST_MURMUR2


def test_murmur2_of_many_is_kafkas() -> None:
    for key, expected in UTILS_TEST_MURMUR2.items():
        keys = np.frombuffer(key, np.uint8)[None, :]
        assert [expected % (1 << 32)] == murmur2_of_many(keys).tolist()


def test_a_hash_that_is_wrong_for_long_keys_is_found() -> None:
    wrong = wrong_hashes(lambda key: murmur2(key) ^ (len(key) > 7), range(12), 3)
    assert wrong.startswith("the hash of b'")


def test_keys_that_cluster_are_found() -> None:
    assert uneven_partitions(lambda key, partitions: key[-1] % partitions, 1000, 12).startswith("1,000 keys over 12")


def test_turns_that_end_too_early_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.client.partitioner.turn_is_over", lambda *_, **__: True)
    assert "turns and" in uneven_turns(StickyBytes(1000, 0), 100, 3)


def test_keys_that_move_between_old_nodes_are_found() -> None:
    assert "between old nodes" in wrong_moves(balance_of("ring, 4 points, bounded loads", 200, 7))
    assert "keys move to the new node, not 25" in wrong_moves(replace(balance_of("jump", 200, 7), moved_to_new=60))


@pytest.mark.parametrize(
    ("placed", "found"),
    [
        ([0, 0], "[0, 0] has a broker twice"),
        ([0, 1], "[0, 1] has racks {'0': 2}"),
    ],
)
def test_a_wrong_placement_is_found(placed: list[int], found: str) -> None:
    assert found == wrong_placement(lambda _placer, _factor: placed, 2, 2, 2)


def test_leaders_that_are_uneven_are_found() -> None:
    assert "partitions led by each broker: {0: 10, 1: 0}" == wrong_placement(lambda _placer, _factor: [0], 1, 2, 1)

"""The binary search as a whole, on all small indexes: its steps are proved elsewhere."""

from __future__ import annotations

from itertools import combinations_with_replacement

from model.log.binary_search import last_at_most, middle


def test_the_last_slot_at_most_the_target_is_found_in_all_small_indexes() -> None:
    for length in range(8):
        for keys in combinations_with_replacement(range(0, 8, 2), length):
            for target in range(-1, 8):
                expected = max((slot for slot in range(length) if keys[slot] <= target), default=-1)
                assert expected == last_at_most(target, length, keys.__getitem__), (keys, target)


def test_no_more_than_a_probe_for_each_bit_of_the_length_and_one_for_the_first_slot() -> None:
    probes = list[int]()

    def key(slot: int) -> int:
        probes.append(slot)
        return slot

    assert 1_234_567_890 == last_at_most(1_234_567_890, 2**31, key)
    assert 32 == len(probes)


def test_the_middle_of_the_longest_index_needs_no_more_than_32_bits() -> None:
    assert 2**31 - 1 == middle(2**31 - 2, 2**31 - 1)
    assert 2**30 == middle(0, 2**31 - 1)

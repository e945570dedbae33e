"""Java's hashes and the order of its tables."""

from __future__ import annotations

import pytest

from model.group.assignment import Group, Member, Topic, TopicPartition
from model.group.hash_order import (
    HashedPartitions,
    as_coordinator_keeps_it,
    copied_order,
    hash_order,
    partition_hash,
    string_hash,
    table_size,
    uuid_hash,
    uuid_order,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", 0), ("a", 97), ("Aa", 2112), ("BB", 2112), ("hello", 99162322), ("polygenelubricants", 1 << 31)],
)
def test_strings_hash_as_in_java(text: str, code: int) -> None:
    assert code == string_hash(text)


def test_uuids_hash_to_both_halves_folded_and_compare_as_signed() -> None:
    assert 1 ^ 2 ^ 4 ^ 8 == uuid_hash((1 << 96) + (2 << 64) + (4 << 32) + 8)
    assert [1 << 127, 0, 1] == sorted([1, 0, 1 << 127], key=uuid_order)


def test_partitions_hash_by_number_then_topic() -> None:
    assert 31 * (31 + 3) + 97 == partition_hash(TopicPartition("a", 3))


@pytest.mark.parametrize(("keys", "size"), [(0, 16), (12, 16), (13, 32), (24, 32), (25, 64)])
def test_a_table_doubles_when_it_is_three_quarters_full(keys: int, size: int) -> None:
    assert size == table_size(keys)


def test_keys_of_one_bucket_stay_in_the_order_in_which_they_came() -> None:
    assert ["BB", "Aa", "a"] == hash_order(["BB", "a", "Aa"], lambda text: 0 if text != "a" else 1)
    assert [16, 0, 3] == hash_order([16, 3, 0], lambda number: number)


def test_a_copy_is_made_with_room_beforehand() -> None:
    twelve = [16, *range(11)]
    assert [16, *range(11)] == hash_order(twelve, lambda number: number)
    assert [*range(11), 16] == copied_order(twelve, lambda number: number)


def test_a_table_never_shrinks() -> None:
    table = HashedPartitions()
    for p in range(13):
        table.add(TopicPartition("t", p))
    assert TopicPartition("t", 12) == table.first()
    for p in range(11):
        table.remove(TopicPartition("t", p))
    assert TopicPartition("t", 12) == table.first()


def test_the_coordinator_keeps_members_topics_and_partitions_in_hash_order() -> None:
    owned = tuple(TopicPartition(topic, p) for topic, p in [("u", 3), ("u", 17), ("t", 0)])
    group = Group(
        (Member("b", ("t", "u"), owned), Member("a", ("t",))), (Topic("t", 1, uuid=1), Topic("u", 18, uuid=2))
    )
    kept = as_coordinator_keeps_it(group)
    assert ["a", "b"] == [member.id for member in kept.members]
    assert [("t", 0), ("u", 17), ("u", 3)] == [(p.topic, p.partition) for p in kept.members[1].owned]

"""Names of files and directories, as Apache Kafka gives them."""

from __future__ import annotations

import pytest

from model.log.file_names import BadFileName, LogFile, TopicPartition, ancestors, parse, topic_partition, within


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("00000000000000000000.log", LogFile(0, ".log")),
        ("00000000000000000123.index", LogFile(123, ".index")),
        ("09223372036854775807.timeindex", LogFile(2**63 - 1, ".timeindex")),
        ("00000000000000000007.txnindex.cleaned", LogFile(7, ".txnindex", ".cleaned")),
        ("00000000000000000007.log.swap", LogFile(7, ".log", ".swap")),
        ("00000000000000000007.snapshot.deleted", LogFile(7, ".snapshot", ".deleted")),
    ],
)
def test_a_name_says_offset_kind_and_stage(name: str, file: LogFile) -> None:
    assert (file, name) == (parse(name), file.name)


@pytest.mark.parametrize("name", ["leader-epoch-checkpoint", "partition.metadata", "00000000000000000007.txnindex.tmp"])
def test_other_files_are_left_alone(name: str) -> None:
    assert parse(name) is None


@pytest.mark.parametrize("name", ["1.log", "-0000000000000000001.log", "0000000000000000000x.index", ".log.swap"])
def test_a_name_without_an_offset_is_refused(name: str) -> None:
    with pytest.raises(BadFileName, match=r"is no offset; it should be 20 digits, up to 09223372036854775807"):
        parse(name)


def test_an_offset_of_more_than_63_bits_is_refused() -> None:
    with pytest.raises(BadFileName):
        parse("09223372036854775808.log")


@pytest.mark.parametrize(
    ("directory", "partition"),
    [("orders-0", TopicPartition("orders", 0)), ("a/b/my-topic-12", TopicPartition("my-topic", 12))],
)
def test_a_directory_is_named_after_its_partition(directory: str, partition: TopicPartition) -> None:
    assert partition == topic_partition(directory)
    assert directory.endswith(partition.directory)


@pytest.mark.parametrize("directory", ["orders", "-0", "orders-", "orders-x", "orders-0/"])
def test_another_directory_is_refused(directory: str) -> None:
    with pytest.raises(BadFileName, match="is not named after a topic and a partition"):
        topic_partition(directory)


def test_paths_start_at_the_root() -> None:
    assert ("a", "b/a") == (within("", "a"), within("b", "a"))
    assert ["", "a", "a/b"] == ancestors("a/b/c-0")

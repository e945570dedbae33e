"""Apache Kafka's inputs and results: those of its own tests, and what its assignors made of random groups."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from model.group.assignment import Group, Member, Topic, TopicPartition

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """A group, who is to assign, and each member's partitions; None where Kafka's assignor fails instead.

    `order`: how Java's map of the members iterates, where that was recorded.
    """

    name: str
    assignor: str
    group: Group
    expected: dict[str, tuple[TopicPartition, ...]] | None
    order: tuple[str, ...]


@cache
def kafka_cases(file: str) -> tuple[Case, ...]:
    """The cases of a file."""
    document: Any = json.loads((HERE / file).read_text(encoding="utf-8"))
    return tuple(case_of(i, entry) for i, entry in enumerate(document["cases"]))


def case_of(number: int, entry: dict[str, Any]) -> Case:
    result = entry.get("result")
    return Case(
        f"{entry['assignor']}-{entry.get('test', number)}",
        entry["assignor"],
        Group(tuple(map(member_of, entry["members"])), tuple(map(topic_of, entry["topics"]))),
        None if result is None else {member: partitions_of(owned) for member, owned in result.items()},
        tuple(entry.get("order", ())),
    )


def member_of(entry: dict[str, Any]) -> Member:
    return Member(
        entry["id"],
        tuple(entry["topics"]),
        partitions_of(entry.get("owned", [])),
        entry.get("generation"),
        entry.get("instance"),
        entry.get("rack"),
    )


def topic_of(entry: dict[str, Any]) -> Topic:
    return Topic(
        entry["name"], entry["partitions"], tuple(map(tuple, entry.get("racks", []))), int(entry.get("uuid", 0))
    )


def partitions_of(pairs: list[list[Any]]) -> tuple[TopicPartition, ...]:
    return tuple(TopicPartition(topic, partition) for topic, partition in pairs)

"""The assignors give what Apache Kafka's own give for the same group."""

from __future__ import annotations

from collections import Counter

import pytest

from model.group.assignment import AssignorFault, Group
from model.group.assignors import ASSIGNORS
from model.group.hash_order import as_coordinator_keeps_it, hash_order, string_hash
from tests.model.group.kafka_cases import Case, kafka_cases

TESTS = kafka_cases("kafka_tests.json")
RANDOM = kafka_cases("kafka_random.json")


def result_of(case: Case, group: Group) -> object:
    """Each member's partitions; None if the group can't be assigned."""
    try:
        return ASSIGNORS[case.assignor](group).by_member()
    except (AssignorFault, ValueError):
        return None


@pytest.mark.parametrize("case", TESTS, ids=lambda case: case.name)
def test_the_result_is_that_of_kafkas_own_test(case: Case) -> None:
    assert case.expected == result_of(case, case.group)


@pytest.mark.parametrize("assignor", ASSIGNORS)
def test_random_groups_are_assigned_as_kafka_assigns_them(assignor: str) -> None:
    cases = [case for case in RANDOM if case.assignor == assignor]
    assert [c.expected for c in cases] == [result_of(c, as_java_iterates(c)) for c in cases]


def test_members_iterate_as_in_javas_map() -> None:
    recorded = [case for case in RANDOM if case.order]
    assert [case.order for case in recorded] == [
        tuple(m.id for m in as_java_iterates(case).members) for case in recorded
    ]


def test_there_are_cases_for_every_assignor_and_for_racks() -> None:
    assert Counter(case.assignor for case in TESTS) == {
        "range": 40,
        "roundrobin": 15,
        "sticky": 74,
        "cooperative-sticky": 67,
        "server-range": 15,
        "server-uniform": 18,
    }
    assert 60 < sum(any(member.rack for member in case.group.members) for case in (*TESTS, *RANDOM))
    assert 4 == sum(case.expected is None for case in RANDOM)


def as_java_iterates(case: Case) -> Group:
    """The group with members, and for the coordinator what they own, in the order of Java's hash tables."""
    if case.assignor.startswith("server-"):
        return as_coordinator_keeps_it(case.group)
    members = {member.id: member for member in case.group.members}
    return Group(tuple(members[name] for name in hash_order(members, string_hash)), case.group.topics)

"""Only what certainly was not appended is fail: a table of errors, each with why."""

from __future__ import annotations

import pytest

from systems.outcomes import NEVER_SENT, REFUSED, REFUSED_AT_ONCE, outcome

NAMES = [*NEVER_SENT, *REFUSED, *REFUSED_AT_ONCE]


@pytest.mark.parametrize(
    ("error", "first_try", "later_try"),
    [
        ("_QUEUE_FULL", "fail", "fail"),  # never left the client
        ("MSG_SIZE_TOO_LARGE", "fail", "fail"),  # no try can succeed
        ("TOPIC_AUTHORIZATION_FAILED", "fail", "fail"),
        ("NOT_ENOUGH_REPLICAS", "fail", "info"),  # an earlier try may have been appended
        ("OUT_OF_ORDER_SEQUENCE_NUMBER", "fail", "info"),
        ("INVALID_PRODUCER_EPOCH", "fail", "info"),
        ("NOT_ENOUGH_REPLICAS_AFTER_APPEND", "info", "info"),  # it says so
        ("NOT_LEADER_FOR_PARTITION", "info", "info"),  # also said by a leader that has appended and is deposed
        ("_MSG_TIMED_OUT", "info", "info"),  # such writes were seen to land
        ("REQUEST_TIMED_OUT", "info", "info"),
        ("_TRANSPORT", "info", "info"),
        ("_PURGE_INFLIGHT", "info", "info"),
        ("KAFKA_STORAGE_ERROR", "info", "info"),
        ("ILLEGAL_GENERATION", "info", "info"),  # of a commit: the library may have asked before
        ("COORDINATOR_NOT_AVAILABLE", "info", "info"),  # also said when the append of the offsets timed out
        ("an error of tomorrow", "info", "info"),
    ],
)
def test_an_error_is_fail_only_if_certain(error: str, first_try: str, later_try: str) -> None:
    assert (first_try, later_try) == (outcome(error, tries_again=False), outcome(error, tries_again=True))


def test_no_error_is_in_two_tables() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_every_error_is_one_of_the_library(name: str) -> None:
    kafka = pytest.importorskip("confluent_kafka")
    assert name == kafka.KafkaError(getattr(kafka.KafkaError, name)).name()

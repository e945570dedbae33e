"""What an error of a Kafka client says of the operation: certainly not done, or unknown.

The rule: fail only where no copy of the record can have been appended, and none will be. An error that the broker
gives for its own state of the moment (too few replicas, a gap in the sequence) is certain only if the producer has not
tried before, since an earlier try, whose answer was lost, may have been appended. A timeout is never certain: writes
that timed out at the client were seen to land.

A commit of a transaction that raises is unknown whatever it raises: the client asks again by itself, so the answer seen
may be that to its second request. An abort that raises is a failed transaction all the same, since nothing but a
commit makes it visible.

Source: org.apache.kafka.common.protocol.Errors; rd_kafka_resp_err_t and RD_KAFKA_MSG_STATUS of librdkafka.
"""

from __future__ import annotations

from collections.abc import Mapping

from checkers.history.recording import Completion

NEVER_SENT: Mapping[str, str] = {
    "_QUEUE_FULL": "the client's queue was full: never handed to it",
    "_INVALID_ARG": "the client refused the call",
    "_STATE": "the client refused the call in this state",
    "_NO_OFFSET": "there was nothing to commit",
    "_NOT_CONFIGURED": "the client refused the call: it lacks a setting",
}
"""Errors of the client itself, before anything went over the network."""

REFUSED: Mapping[str, str] = {
    "MSG_SIZE_TOO_LARGE": "too large for the broker, at each try",
    "RECORD_LIST_TOO_LARGE": "larger than a segment, at each try",
    "INVALID_MSG": "the batch's checksum or form is wrong: checked before appending",
    "INVALID_RECORD": "the record breaks a rule of the topic: checked before appending",
    "INVALID_REQUIRED_ACKS": "checked before appending, the same at each try",
    "INVALID_TIMESTAMP": "checked before appending, the same at each try",
    "UNSUPPORTED_FOR_MESSAGE_FORMAT": "checked before appending, the same at each try",
    "POLICY_VIOLATION": "checked before appending, the same at each try",
    "TOPIC_AUTHORIZATION_FAILED": "no right to write, at each try",
    "CLUSTER_AUTHORIZATION_FAILED": "no right to write, at each try",
    "TOPIC_EXCEPTION": "the topic's name is not valid, at each try",
}
"""Refusals by a broker, for what the record or the client is: another try would have been refused as well."""

REFUSED_AT_ONCE: Mapping[str, str] = {
    "_UNKNOWN_TOPIC": "the topic is not there: no broker was asked to append",
    "_UNKNOWN_PARTITION": "the partition is not there: no broker was asked to append",
    "NOT_ENOUGH_REPLICAS": "fewer in sync than min.insync.replicas: checked before appending",
    "OUT_OF_ORDER_SEQUENCE_NUMBER": "checked before appending",
    "INVALID_PRODUCER_EPOCH": "the producer is fenced: checked before appending",
}
"""Refusals for the moment: certain only where the producer tries once.

NOT_LEADER_FOR_PARTITION is none of them: a leader that has appended, and then loses its office while it waits for the
followers, answers with the same error.
"""


def outcome(error: str, *, tries_again: bool) -> Completion:
    """What an error (by its name in librdkafka) says of an append or of a commit of offsets: fail or info.

    `tries_again`: whether the client may have sent the request before.
    """
    if error in NEVER_SENT or error in REFUSED:
        return "fail"
    return "fail" if error in REFUSED_AT_ONCE and not tries_again else "info"

"""What a client is asked to be, in librdkafka's own names: short waits and backoffs, nothing committed by itself.

Source: CONFIGURATION.md of librdkafka.
"""

from __future__ import annotations

from typing import Any

from systems.system import ClientSettings

TRANSACTION_MILLISECONDS_MIN = 5_000


def producer_settings(settings: ClientSettings, prefix: str) -> dict[str, Any]:
    """The library's own names for what a producer is asked to be."""
    milliseconds = round(settings.timeout_seconds * 1000)
    own: dict[str, Any] = {
        "acks": settings.acks,
        "linger.ms": 0,
        "message.timeout.ms": milliseconds,
        "request.timeout.ms": milliseconds,
        "socket.timeout.ms": milliseconds,
        "retry.backoff.ms": 50,
        "retry.backoff.max.ms": 500,
        "reconnect.backoff.max.ms": 500,
    }
    if settings.transactional:
        return own | {
            "transactional.id": prefix + settings.name,
            "transaction.timeout.ms": max(milliseconds, TRANSACTION_MILLISECONDS_MIN),
        }
    if settings.idempotent:
        return own | {"enable.idempotence": True}
    return own | {"retries": settings.retries}


def consumer_settings(settings: ClientSettings, prefix: str) -> dict[str, Any]:
    """The library's own names for what a consumer is asked to be."""
    return {
        "group.id": prefix + settings.group,
        "isolation.level": settings.isolation,
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,
        "session.timeout.ms": 6_000,
        "heartbeat.interval.ms": 500,
        "socket.timeout.ms": max(round(settings.timeout_seconds * 1000), 5_000),
        "reconnect.backoff.max.ms": 500,
    }

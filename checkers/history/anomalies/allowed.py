"""Which anomalies are allowed under which settings, and why: a table apart from the finding of them.

Source: Jepsen's workload for Kafka (jepsen.tests.kafka) for what is always allowed, with write-write dependencies and
with subscribe. Ours: what read_uncommitted allows, read_write_cycle, and what a recording that ends early allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checkers.history.anomalies.settings import Settings


@dataclass(frozen=True, slots=True)
class Allowance:
    """Anomalies that are no fault of the system while a condition on the settings holds."""

    names: tuple[str, ...]
    holds: Callable[[Settings], bool]
    condition: str
    reason: str


ALLOWED: tuple[Allowance, ...] = (
    Allowance(
        ("int_send_skip",),
        lambda _: True,
        "always",
        "transactions write to a log side by side, so that messages of others stand between theirs",
    ),
    Allowance(
        ("write_cycle", "write_cycle_process", "write_cycle_realtime"),
        lambda _: True,
        "always",
        "writes of transactions aren't isolated from one another in Kafka",
    ),
    Allowance(
        ("read_write_cycle",),
        lambda _: True,
        "always",
        "a poll is no snapshot of several logs, and Kafka promises no serializability",
    ),
    Allowance(
        ("poll_skip", "nonmonotonic_poll"),
        lambda settings: settings.subscribed,
        "with subscribe",
        "a rebalance between two transactions can move a consumer's position",
    ),
    Allowance(
        ("circular_information_flow", "circular_information_flow_process", "circular_information_flow_realtime"),
        lambda settings: settings.ww_deps,
        "with ww_deps",
        "the order of writes in a log is no order of transactions, since writes aren't isolated",
    ),
    Allowance(
        (
            "aborted_read",
            "precommitted_read",
            "circular_information_flow",
            "circular_information_flow_process",
            "circular_information_flow_realtime",
            "torn_transaction",
        ),
        lambda settings: settings.isolation == "read_uncommitted",
        "with read_uncommitted",
        "such consumers are given records of open and aborted transactions",
    ),
    Allowance(
        ("unseen",),
        lambda settings: not settings.drained,
        "where consumers did not poll to the end",
        "the recording ended before consumers could have polled everything",
    ),
)


def allowed(settings: Settings) -> dict[str, str]:
    """The anomalies that these settings allow, each with the reason."""
    reasons: dict[str, str] = {}
    for allowance in ALLOWED:
        if allowance.holds(settings):
            for name in allowance.names:
                reasons.setdefault(name, f"{allowance.condition}: {allowance.reason}")
    return reasons

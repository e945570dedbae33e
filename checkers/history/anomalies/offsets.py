"""Anomalies of what stands at an offset: two messages at one, or one message at two.

Source: Jepsen's workload for Kafka (jepsen.tests.kafka): inconsistent-offsets and duplicate.
"""

from __future__ import annotations

import numpy as np

from checkers.history.anomalies.analysis import Analysis
from checkers.history.anomalies.columns import Evidence, Findings, most_first


def inconsistent_offsets(analysis: Analysis) -> Findings:
    """Offsets at which more than one message was seen. Those with the most messages first."""
    orders = analysis.orders
    count = np.bincount(orders.pair_slot, minlength=len(orders.key))
    slots = np.flatnonzero(count > 1)
    slots = slots[most_first(count[slots])]

    def show(slot: int) -> Evidence:
        low, high = np.searchsorted(orders.pair_slot, [slot, slot + 1])
        return {
            "key": analysis.key(orders.key[slot]),
            "offset": int(orders.offset[slot]),
            "index": orders.index(slot),
            "values": [analysis.value(message) for message in orders.pair_message[low:high]],
        }

    return Findings(slots, show)


def duplicate(analysis: Analysis) -> Findings:
    """Messages that were seen at more than one offset. Those at the most offsets first."""
    orders = analysis.orders
    count = np.bincount(orders.pair_message, minlength=len(analysis.messages))
    messages = np.flatnonzero(count > 1)
    messages = messages[most_first(count[messages])]
    twice = np.flatnonzero(count[orders.pair_message] > 1)
    twice = twice[np.argsort(orders.pair_message[twice], kind="stable")]
    sorted_messages = orders.pair_message[twice]

    def show(message: int) -> Evidence:
        low, high = np.searchsorted(sorted_messages, [message, message + 1])
        slots = orders.pair_slot[twice[low:high]]
        return {
            "key": analysis.key(analysis.messages.major[message]),
            "value": analysis.value(message),
            "count": int(count[message]),
            "offsets": [int(offset) for offset in orders.offset[slots]],
        }

    return Findings(messages, show)

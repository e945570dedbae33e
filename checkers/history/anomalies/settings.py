"""What a recording was made with, as far as it decides which anomalies are allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from checkers.history.history import NONE, History

Isolation = Literal["read_committed", "read_uncommitted"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the clients were set to, and what may be concluded from the recording."""

    ww_deps: bool = False
    """Whether the order of two messages in a log counts as an order of the transactions that sent them."""
    subscribed: bool = False
    """Whether consumers were given their keys by a group, and not by assign alone."""
    isolation: Isolation = "read_committed"
    drained: bool = True
    """Whether consumers had the time to poll everything before the recording ended."""


def settings_of(history: History) -> Settings:
    """What a recording itself says of its settings; the rest as by default."""
    return Settings(subscribed=subscribes(history), isolation=isolation_of(history))


def subscribes(history: History) -> bool:
    """Whether any process of the history subscribes."""
    code = history.functions.find("subscribe")
    return code != NONE and bool(np.any(history.function == code))


def isolation_of(history: History) -> Isolation:
    """The isolation that a recording's "workload" event says its consumers had; read_committed if none says it."""
    workload, isolation = history.functions.find("workload"), history.keys.find("isolation")
    if NONE in (workload, isolation):
        return "read_committed"
    told = history.value[(history.function[history.event] == workload) & (history.key == isolation)]
    values = [history.shown_value(int(value)) for value in np.unique(told)]
    return "read_uncommitted" if values == ["read_uncommitted"] else "read_committed"

"""The one module that reads the clock: for figures and progress, never for a verdict."""

from __future__ import annotations

import time  # noqa: TID251 - this is the module that owns it


def now() -> float:
    """Seconds since some fixed moment; only differences mean anything."""
    return time.perf_counter()

"""Memory: what this process has used, what it may use, and arrays that take memory only as they fill.

Source: proc(5), getrusage(2), cgroups(7).
"""

from __future__ import annotations

import mmap
import resource
import sys
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0
KEEP_FREE = 0.15
"""The share of the available memory that a search leaves to others."""


def peak_rss_bytes() -> int:
    """The most memory that this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def usable_bytes() -> int:
    """What a search may take: the memory that is available now, to this control group too, less a reserve."""
    available = [*_meminfo(), *_cgroup()] or [4 << 30]
    return int(min(available) * (1 - KEEP_FREE))


def _meminfo() -> list[int]:
    path = Path("/proc/meminfo")
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]


def _cgroup() -> list[int]:
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    try:
        text = limit.read_text(encoding="ascii").strip()
        return [] if text == "max" else [int(text) - int(used.read_text(encoding="ascii"))]
    except (OSError, ValueError):
        return []


def reserved(shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray[Any, Any]:
    """A zeroed array whose pages take memory only when they are first written."""
    size = max(prod(shape) * np.dtype(dtype).itemsize, mmap.PAGESIZE)
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
    return np.frombuffer(block, dtype=dtype, count=prod(shape)).reshape(shape)

"""How long a command takes to start: with nothing compiled, and with everything in the cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMAND = (sys.executable, "-m", "reports.console", "explore", "replication", "--json")


def explore(cache: Path) -> None:
    """Explore replication at its default bounds in a process of its own."""
    environment = {**os.environ, "LOGPROOF_CACHE": str(cache)}
    subprocess.run(COMMAND, check=True, capture_output=True, env=environment)  # noqa: S603


@pytest.mark.deep
def test_cold(tmp_path: Path, benchmark: Any) -> None:  # noqa: ANN401 - the fixture of pytest-benchmark has no types
    caches = iter(tmp_path / str(number) for number in range(3))
    benchmark.pedantic(explore, setup=lambda: ((next(caches),), {}), rounds=3)


@pytest.mark.deep
def test_warm(tmp_path: Path, benchmark: Any) -> None:  # noqa: ANN401
    explore(tmp_path)
    benchmark.pedantic(explore, args=(tmp_path,), rounds=5)

"""What a recording says of its settings, and what doesn't say anything."""

from __future__ import annotations

from typing import Any

import pytest

from checkers.history.anomalies.settings import isolation_of
from tests.checkers.history.histories import events, recorded


@pytest.mark.parametrize(
    ("workload", "isolation"),
    [
        ({"isolation": "read_uncommitted", "clients": 3}, "read_uncommitted"),
        ({"isolation": "read_committed"}, "read_committed"),
        ({"isolation": ["read_uncommitted"]}, "read_committed"),
        ({"isolation": None}, "read_committed"),
        ({"isolation": 3}, "read_committed"),
        ("read_uncommitted", "read_committed"),
        (["read_uncommitted"], "read_committed"),
        ([["isolation", None, []]], "read_committed"),
        (None, "read_committed"),
    ],
)
def test_only_the_isolation_of_a_workload_is_one(workload: Any, isolation: str) -> None:  # noqa: ANN401 - any JSON
    assert isolation == isolation_of(recorded(*events(("run", "info", "workload", workload))))


def test_without_a_workload_the_isolation_is_read_committed() -> None:
    told = ("run", "info", "other", {"isolation": "read_uncommitted"})
    assert "read_committed" == isolation_of(recorded(*events(told)))

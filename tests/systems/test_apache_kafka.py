"""Apache Kafka itself under faults: right where it promises to be, and wrong where it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checkers.verdict import UserError
from systems import kafka_install
from systems.apache_kafka import ApacheKafka
from systems.catalogue import known
from tests.systems.recorded import run, said

pytestmark = pytest.mark.real
pytest.importorskip("confluent_kafka")
try:
    known("kafka").ready()
except UserError as error:
    pytest.skip(str(error), allow_module_level=True)
SAFE: dict[str, Any] = {"replication": 3, "min_insync_replicas": 2, "pause_milliseconds_max": 50}


def test_acknowledged_by_all_survives_the_death_of_leaders(tmp_path: Path) -> None:
    given = SAFE | {"transactional_share": 0.5, "fault_kinds": "kill", "faults": 3, "fault_seconds": 8}
    result, events = run(ApacheKafka(), tmp_path / "h", 2400, **given)
    found = said(events)
    assert result.complete
    assert 6 == len(result.faults)
    assert (set(), set(), set()) == (found.lost(), found.aborted_reads(), found.duplicates())


def test_acknowledged_by_a_leader_that_is_cut_off_is_lost(tmp_path: Path) -> None:
    weak = {"acks": "1", "idempotent": False, "min_insync_replicas": 1, "partitions": 3}
    given = SAFE | weak | {"fault_kinds": "cut_peers", "faults": 1, "fault_seconds": 15}
    result, events = run(ApacheKafka(), tmp_path / "h", 2400, **given)
    assert result.complete
    assert len(said(events).lost()) > 0


def test_the_jars_are_where_they_are_looked_for() -> None:
    assert kafka_install.installed_jars().is_dir()

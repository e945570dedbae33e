"""A workload and its plan come from the seed alone, and say what is wrong with a setting."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter

import pytest

from checkers.verdict import UserError
from systems.plan import Plan, as_lines, draw_plan
from systems.workload import DRAWN, draw_workload, shown

PLAN = "from tests.systems.test_workload import digest, plan; print(digest(plan(5)))"


def plan(seed: int, **given: object) -> Plan:
    return draw_plan(draw_workload(seed, 300, given, ("kill", "pause")))


def digest(drawn: Plan) -> str:
    return hashlib.sha256("\n".join(as_lines(drawn)).encode()).hexdigest()


def test_the_same_seed_gives_the_same_plan_in_another_process() -> None:
    found = subprocess.run([sys.executable, "-c", PLAN], capture_output=True, text=True, check=True)  # noqa: S603
    assert digest(plan(5)) == found.stdout.strip()


def test_seeds_differ() -> None:
    assert 12 == len({digest(plan(seed)) for seed in range(12)})


def test_what_is_set_is_so_and_changes_nothing_else() -> None:
    drawn, given = draw_workload(3, 10, {}).as_json(), draw_workload(3, 10, {"clients": 7}).as_json()
    assert {"clients": 7} == {name: value for name, value in given.items() if value != drawn[name]}


def test_all_that_is_drawn_comes_up_in_plans() -> None:
    functions: Counter[str] = Counter()
    for seed in range(20):
        for client in plan(seed).clients:
            functions.update(operation.function for operation in client.operations)
    assert {"send", "poll", "txn", "assign", "subscribe", "commit", "fetch", "end_offset", "crash"} == set(functions)


def test_values_are_unique_and_a_client_first_says_what_it_consumes() -> None:
    drawn = plan(2, transactional_share=0.5)
    sends = [micro for client in drawn.clients for op in client.operations for micro in op.micro_operations]
    values = [micro for micro in sends if micro[0] == "send"]
    assert len(set(values)) == len(values) > 100
    assert {"assign", "subscribe"} >= {client.operations[0].function for client in drawn.clients}
    assert 300 == sum(len(client.operations) for client in drawn.clients)


def test_faults_are_spread_over_the_operations() -> None:
    assert [50, 100, 150, 200] == [fault.after_operations for fault in plan(1).faults]
    assert {"pause"} == {fault.kind for fault in plan(1, fault_kinds="pause").faults}
    assert () == draw_plan(draw_workload(1, 300, {})).faults


def test_settings_are_read_from_their_texts() -> None:
    given = {"acks": "1", "idempotent": "false", "timeout_seconds": "2.5", "retries": "3"}
    workload = draw_workload(0, 1, given)
    assert ("1", False, 2.5, 3) == (workload.acks, workload.idempotent, workload.timeout_seconds, workload.retries)
    assert "  idempotent = false\n" in shown(workload)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("client", "3", "there is no such setting; there are clients, topics"),
        ("clients", "many", "--set clients=many: must be an integer"),
        ("clients", "0", "clients = 0: must be from 1 to 64"),
        ("abort_share", "1.5", "abort_share = 1.5: must be from 0 to 1"),
        ("abort_share", "nan", "abort_share = nan: must be from 0 to 1"),
        ("fault_seconds", "long", "--set fault_seconds=long: must be a number"),
        ("acks", "2", "--set acks=2: must be one of 0, 1, all"),
        ("idempotent", "1", "--set idempotent=1: must be true or false"),
        ("fault_kinds", "kill,flood", "takes no 'flood'; it takes kill"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(name: str, value: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        draw_workload(0, 10, {name: value}, ("kill",))


def test_every_setting_can_be_set_to_what_is_drawn() -> None:
    drawn = draw_workload(9, 10, {}, ("kill",)).as_json()
    assert drawn == draw_workload(1, 10, {name: drawn[name] for name in DRAWN}, ("kill",)).as_json() | {"seed": 9}

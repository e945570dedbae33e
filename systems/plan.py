"""Who does what: the operations of every client and the faults, drawn from the seed of a workload.

A plan is a value: the same seed gives the same bytes (`as_lines`). What chance is left is the system's own: which of
the clients' operations overlap, and what comes back. Values are integers, each sent to a key once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from systems.workload import Workload

Micro = tuple[Literal["send"], str, int] | tuple[Literal["poll"]] | tuple[Literal["commit"]]
"""A micro-operation; commit sends the group's offsets with the transaction."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation: send, poll, txn (with micro-operations); assign, subscribe, fetch, end_offset (with keys); commit.

    `crash` is none, but closes the client: a new one takes its place.
    """

    function: str
    micro_operations: tuple[Micro, ...] = ()
    keys: tuple[str, ...] = ()
    abort: bool = False
    pause_milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class ClientPlan:
    """What one client is and does, in order."""

    name: str
    transactional: bool
    subscribes: bool
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """A fault at the leader of a key, once so many operations of all clients have begun."""

    kind: str
    key: str
    after_operations: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is decided before a recording begins."""

    workload: Workload
    clients: tuple[ClientPlan, ...]
    faults: tuple[FaultPlan, ...]


def draw_plan(workload: Workload) -> Plan:
    """The plan of a workload."""
    rng = np.random.default_rng([1, workload.seed])
    draws = _Draws(workload, rng)
    count = workload.clients
    transactional = _first(round(count * workload.transactional_share), count)
    subscribes = _first(round(count * workload.subscribe_share), count)
    rng.shuffle(subscribes)
    clients = []
    for number in range(count):
        share = workload.operations // count + (number < workload.operations % count)
        kinds = (bool(transactional[number]), bool(subscribes[number]))
        clients.append(ClientPlan(f"client-{number}", *kinds, tuple(draws.operations(share, *kinds))))
    return Plan(workload, tuple(clients), tuple(_faults(workload, rng)))


def _first(some: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.arange(count) < some


def _faults(workload: Workload, rng: np.random.Generator) -> Iterator[FaultPlan]:
    """Faults spread evenly over the operations, a kind drawn for each."""
    kinds = workload.fault_kinds.split(",")
    for number in range(workload.faults):
        after = (number + 1) * workload.operations // (workload.faults + 2)
        kind = kinds[int(rng.integers(len(kinds)))]
        yield FaultPlan(kind, workload.keys[int(rng.integers(len(workload.keys)))], after, workload.fault_seconds)


class _Draws:
    """Draws operations; counts the values of each key."""

    def __init__(self, workload: Workload, rng: np.random.Generator) -> None:
        self._workload = workload
        self._rng = rng
        self._sent: Counter[str] = Counter()

    def _chance(self, share: float) -> bool:
        return bool(self._rng.random() < share)

    def _some(self, items: tuple[str, ...]) -> tuple[str, ...]:
        """A part of them, not empty, in order."""
        count = int(self._rng.integers(1, len(items) + 1))
        return tuple(items[number] for number in sorted(self._rng.permutation(len(items))[:count].tolist()))

    def _send(self) -> Micro:
        key = self._workload.keys[int(self._rng.integers(len(self._workload.keys)))]
        self._sent[key] += 1
        return ("send", key, self._sent[key])

    def operations(self, count: int, transactional: bool, subscribes: bool) -> Iterator[Operation]:  # noqa: FBT001 - a kind
        """So many operations of a client; the first gives it keys to poll."""
        for number in range(count):
            drawn = (
                self._consuming(subscribes=subscribes) if number == 0 else self._operation(transactional, subscribes)
            )
            yield drawn

    def _operation(self, transactional: bool, subscribes: bool) -> Operation:  # noqa: FBT001 - a kind of client
        workload = self._workload
        pause = int(self._rng.integers(workload.pause_milliseconds_max + 1))
        if self._chance(workload.crash_share):
            return Operation("crash", pause_milliseconds=pause)
        if self._chance(workload.position_share):
            return self._position(subscribes=subscribes)
        length = int(self._rng.integers(1, workload.micro_operations_max + 1))
        if transactional:
            return self._transaction(length, pause)
        if self._chance(workload.poll_share):
            return Operation("poll", (("poll",),), pause_milliseconds=pause)
        return Operation("send", tuple(self._send() for _ in range(length)), pause_milliseconds=pause)

    def _transaction(self, length: int, pause: int) -> Operation:
        workload = self._workload
        micro: list[Micro] = [("poll",) if self._chance(workload.poll_share) else self._send() for _ in range(length)]
        if ("poll",) in micro and self._chance(workload.offsets_share):
            micro.append(("commit",))
        return Operation("txn", tuple(micro), abort=self._chance(workload.abort_share), pause_milliseconds=pause)

    def _position(self, *, subscribes: bool) -> Operation:
        match int(self._rng.integers(4)):
            case 0:
                return self._consuming(subscribes=subscribes)
            case 1:
                return Operation("commit")
            case 2:
                return Operation("fetch", keys=self._some(self._workload.keys))
            case _:
                return Operation("end_offset", keys=self._some(self._workload.keys))

    def _consuming(self, *, subscribes: bool) -> Operation:
        workload = self._workload
        if subscribes:
            topics = self._some(workload.topic_names)
            return Operation("subscribe", keys=tuple(key for key in workload.keys if key.rpartition("-")[0] in topics))
        return Operation("assign", keys=self._some(workload.keys))


def as_lines(plan: Plan) -> Iterator[str]:
    """The plan as lines of JSON: the workload, the faults, the clients, and each client's operations."""
    yield json.dumps({"workload": plan.workload.as_json()})
    for fault in plan.faults:
        yield json.dumps({"fault": asdict(fault)})
    for client in plan.clients:
        yield json.dumps(
            {"client": client.name, "transactional": client.transactional, "subscribes": client.subscribes}
        )
        for operation in client.operations:
            yield json.dumps({"client": client.name, "operation": asdict(operation)})

"""One client at work: performs its planned operations one after the other and records each.

Every operation is recorded as invoked before the system hears of it and as completed after it has answered. After an
outcome that is unknown the client is closed and a new one takes its place under a new process number, which first gets
back what it was to consume.

Source: the interpreter of Jepsen's generators, for process numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import cast

from checkers.clock import now
from checkers.history.history import Json
from checkers.history.recording import Event, Recorder
from systems.operations import Outcome, invoked_value, perform
from systems.plan import ClientPlan, Operation
from systems.system import Client, ClientSettings, OutcomeUnknown, Rebalance, Refused, System
from systems.workload import Workload

GIVE_UP_SECONDS = 90.0
"""A client that can't be opened for so long ends: the system is out of reach for good."""
REOPEN_SECONDS = 0.2
FINAL_IDLE_SECONDS = 15.0
"""A final read that gets no further for so long ends."""
FINAL_RECORDS_MAX = 1_000
FINAL_POLL_SECONDS = 0.2
CONSUMING = ("assign", "subscribe")


@dataclass
class Session:
    """What all clients of a recording share."""

    system: System
    workload: Workload
    recorder: Recorder
    stop: Flag = field(default_factory=Flag)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)


class Worker:
    """A client of a plan. `run` does the planned operations, `read_to_end` the final reads; each in one thread."""

    def __init__(self, number: int, plan: ClientPlan, session: Session) -> None:
        self.process = number
        self.begun = 0
        self.gave_up = False
        self._plan = plan
        self._session = session
        self._client: Client | None = None
        self._fresh = False
        self._final = False
        self._consuming: Operation | None = None
        self._positions: dict[str, int] = {}
        self._rebalances: list[Rebalance] = []
        self._closed_since: float | None = None

    def run(self) -> None:
        """Perform the plan; ends early if the recording stops or the system is out of reach for good."""
        for operation in self._plan.operations:
            if self._session.stop.wait(operation.pause_milliseconds / 1000):
                break
            self.begun += 1
            self._step(operation)
            if self._closed_since is not None and now() - self._closed_since > GIVE_UP_SECONDS:
                self.gave_up = True
                break
        self.close()

    def settle(self) -> None:
        """Take over the transactional id, if there is one, so that a transaction left open is aborted."""
        if self._plan.transactional:
            self._open()
            self.close()

    def read_to_end(self, ends: Mapping[str, int]) -> Mapping[str, int]:
        """Read all keys with a new client from the beginning; returns where it stands in those whose end it missed."""
        self._renew()
        self._positions = {}
        self._final = True
        self._step(Operation("assign", keys=tuple(ends)))
        idle_since, behind = now(), dict.fromkeys(ends, 0)
        while behind and now() - idle_since < FINAL_IDLE_SECONDS and not self._session.stop.is_set():
            before = behind
            self._step(Operation("poll", (("poll",),)))
            behind = {key: at for key, end in ends.items() if (at := self._positions.get(key, 0)) < end}
            if behind != before:
                idle_since = now()
        self.close()
        return behind

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _step(self, operation: Operation) -> None:
        """One operation; a new client first is given back what the last one was to consume."""
        if operation.function == "crash":
            self._session.recorder.record(Event("info", self.process, "crash"))
            self._renew()
            return
        problem = self._open()
        if operation.function in CONSUMING:
            self._consuming = operation
        elif self._fresh and self._consuming is not None:
            self._do(self._consuming)
        self._fresh = False
        if self._client is None:
            self._record(operation, Outcome("fail", None, problem or "the client was lost"), self._invoke(operation))
        else:
            self._do(operation)

    def _open(self) -> str | None:
        """Have a client: None, or why there is none."""
        if self._client is None:
            try:
                self._client = self._session.system.client(self.settings(final=self._final))
            except (Refused, OutcomeUnknown) as problem:
                self._closed_since = self._closed_since or now()
                self._session.stop.wait(REOPEN_SECONDS)
                return f"no client: {problem}"
            self._fresh = True
        self._closed_since = None
        return None

    def settings(self, *, final: bool) -> ClientSettings:
        """What the client is asked to be; in the final reads, one without transactions and in a group of its own."""
        workload, plan = self._session.workload, self._plan
        return ClientSettings(
            name=plan.name,
            group="group" if plan.subscribes and not final else f"group-of-{plan.name}",
            acks=workload.acks,
            idempotent=workload.idempotent,
            retries=workload.retries,
            transactional=plan.transactional and not final,
            isolation=workload.isolation,
            poll_records_max=FINAL_RECORDS_MAX if final else workload.poll_records_max,
            timeout_seconds=workload.timeout_seconds,
            on_rebalance=self._rebalanced,
        )

    def _do(self, operation: Operation) -> None:
        """Perform an operation with the client that there is."""
        client = self._client
        assert client is not None
        if operation.function == "commit" and not client.positions():
            return
        fields = self._invoke(operation)
        poll_seconds = FINAL_POLL_SECONDS if self._final else self._session.workload.poll_milliseconds / 1000
        outcome = perform(client, operation, self._positions, poll_seconds)
        self._positions |= client.positions()
        self._record(operation, outcome, fields)
        if outcome.renew:
            self._renew()

    def _invoke(self, operation: Operation) -> dict[str, Json]:
        """Record the invoke; returns the fields that its completion has as well."""
        fields: dict[str, Json] = {}
        if operation.function in ("commit", "fetch") or ("commit",) in operation.micro_operations:
            fields["group"] = self.settings(final=self._final).group
        if operation.function == "txn":
            fields["transactional_id"] = self._plan.name
        positions = self._client.positions() if self._client is not None else {}
        value = invoked_value(operation, positions)
        self._session.recorder.record(Event("invoke", self.process, operation.function, value, fields=fields))
        return fields

    def _record(self, operation: Operation, outcome: Outcome, fields: dict[str, Json]) -> None:
        log: list[Json] = [{"kind": change.kind, "keys": list(change.keys)} for change in self._rebalances]
        self._rebalances.clear()
        self._session.recorder.record(
            Event(
                outcome.type,
                self.process,
                operation.function,
                outcome.value,
                outcome.error,
                fields | ({"rebalance_log": log} if log else {}),
            )
        )
        self._session.outcomes[operation.function, outcome.type] += 1
        if outcome.error is not None:
            self._session.errors[outcome.error] += 1

    def _rebalanced(self, change: Rebalance) -> None:
        """Note a change of ownership at the moment when the member hears of it."""
        self._rebalances.append(change)
        fields = cast(
            "dict[str, Json]", {"group": change.group, "generation": change.generation, "member": change.member}
        )
        fields |= {"lost": True} if change.lost else {}
        # An event of the process's own would complete the poll that this happens in.
        who = f"{self.process} as member"
        self._session.recorder.record(Event("info", who, change.kind, list(change.keys), fields=fields))

    def _renew(self) -> None:
        """Close the client; whatever comes is of a new process."""
        self.close()
        self._rebalances.clear()
        self.process += self._session.workload.clients

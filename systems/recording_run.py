"""A recording from beginning to end: start the system, do the plan under faults, heal, read everything once more.

The clients work in threads; faults come when a planned number of operations has begun. Then all faults end, every
transactional id is taken over so that no transaction stays open, and every client reads every key from its beginning to
its end: after that, a write that no one has seen is lost.

Source: the phases of a Jepsen test: the main phase under its nemesis, recovery, final polls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Thread
from typing import cast

from checkers.clock import now
from checkers.history.history import Json
from checkers.history.recording import Event, Recorder
from systems.plan import FaultPlan, Plan
from systems.system import OutcomeUnknown, Refused, System, Topics
from systems.worker import Session, Worker

TICK_SECONDS = 0.05
END_TRIES = 30


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded."""

    events: int
    seconds: float
    outcomes: Mapping[tuple[str, str], int]
    """Operations by function and completion."""
    errors: Mapping[str, int]
    faults: Sequence[str]
    """What was done, in order."""
    behind: Mapping[str, Mapping[str, int]]
    """By client, where it stood at the end in keys that it could not read to their ends; empty if all is well."""
    gave_up: Sequence[str]
    """Clients that the system was out of reach for before their plan was done."""

    @property
    def complete(self) -> bool:
        """Whether the plan was done and everything was read: only then does an unseen write mean anything."""
        return not self.behind and not self.gave_up


def record(system: System, plan: Plan, recorder: Recorder, tell: Callable[[str], None] = lambda _: None) -> Recording:
    """Record a history of a system, which is started and stopped. Raises UserError if it can't be started or recorded.

    `tell` hears what goes on. An interrupt ends the clients and the system in order and goes on to the caller.
    """
    begun = now()
    workload = plan.workload
    session = Session(system, workload, recorder)
    workers = [Worker(number, client, session) for number, client in enumerate(plan.clients)]
    try:
        system.start()
        system.prepare(
            Topics(
                workload.topic_names,
                workload.partitions,
                workload.replication,
                {"min.insync.replicas": str(workload.min_insync_replicas)},
            )
        )
        recorder.record(
            Event("info", "workload", "workload", cast("Json", {"system": system.name} | workload.as_json()))
        )
        faults = _main_phase(session, workers, plan.faults, tell)
        tell("final reads")
        behind = _final_phase(session, workers)
    finally:
        system.stop()
    gave_up = [client.name for client, worker in zip(plan.clients, workers, strict=True) if worker.gave_up]
    return Recording(len(recorder), now() - begun, session.outcomes, session.errors, faults, behind, gave_up)


@contextmanager
def _together(session: Session, tasks: Sequence[Callable[[], None]]) -> Iterator[Callable[[], bool]]:
    """Run tasks in threads; hands out a function that waits a moment and says whether any goes on.

    The first error of any ends all of them and is raised at the end.
    """
    errors: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the thread that waits
            errors.append(error)
            session.stop.set()

    threads = [Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()

    def waits() -> bool:
        alive = [thread for thread in threads if thread.is_alive()]
        if alive:
            alive[0].join(TICK_SECONDS)
        return bool(alive)

    try:
        yield waits
    except BaseException:
        session.stop.set()
        raise
    finally:
        while waits():
            pass
    if errors:
        raise errors[0]


def _main_phase(
    session: Session, workers: Sequence[Worker], faults: Sequence[FaultPlan], tell: Callable[[str], None]
) -> list[str]:
    """The planned operations, with the faults as they come due; returns what the faults did."""
    done: list[str] = []
    due = list(faults)
    heal_at: float | None = None
    with _together(session, [worker.run for worker in workers]) as going:
        while going():
            if heal_at is not None and now() >= heal_at:
                _heal(session, done, tell)
                heal_at = None
            elif heal_at is None and due and sum(worker.begun for worker in workers) >= due[0].after_operations:
                fault = due.pop(0)
                _note(session, "fault", session.system.inject(fault.kind, fault.key), done, tell)
                heal_at = now() + fault.seconds
    if heal_at is not None:
        _heal(session, done, tell)
    return done


def _heal(session: Session, done: list[str], tell: Callable[[str], None]) -> None:
    session.system.heal()
    _note(session, "heal", "all faults ended", done, tell)


def _note(session: Session, function: str, text: str, done: list[str], tell: Callable[[str], None]) -> None:
    session.recorder.record(Event("info", "faults", function, text))
    done.append(text)
    tell(text)


def _final_phase(session: Session, workers: Sequence[Worker]) -> dict[str, Mapping[str, int]]:
    """Settle, then read to the ends; returns who is behind in which keys."""
    if session.stop.is_set() or all(worker.gave_up for worker in workers):
        return {}
    with _together(session, [worker.settle for worker in workers]) as going:
        while going():
            pass
    ends = _ends(session, workers[0])
    behind: dict[str, Mapping[str, int]] = {}

    def read(worker: Worker) -> None:
        missing = worker.read_to_end(ends)
        if missing:
            behind[f"process {worker.process}"] = missing

    with _together(session, [lambda worker=worker: read(worker) for worker in workers]) as going:  # type: ignore[misc]
        while going():
            pass
    return behind


def _ends(session: Session, worker: Worker) -> Mapping[str, int]:
    """The ends of all keys, beyond which nothing was written: those that an uncommitted reader is told."""
    settings = replace(worker.settings(final=True), isolation="read_uncommitted")
    recorder, keys = session.recorder, session.workload.keys
    for _ in range(END_TRIES):
        recorder.record(Event("invoke", "ends", "end_offset", list(keys)))
        try:
            client = session.system.client(settings)
            try:
                ends = dict(client.end_offsets(keys))
            finally:
                client.close()
        except (Refused, OutcomeUnknown) as problem:
            recorder.record(Event("fail", "ends", "end_offset", list(keys), str(problem)))
            session.stop.wait(1)
            continue
        fields = {"isolation": "read_uncommitted"}
        recorder.record(Event("ok", "ends", "end_offset", cast("Json", ends), fields=fields))
        return ends
    return dict.fromkeys(keys, 1 << 62)

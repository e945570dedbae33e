"""What each planned operation asks of a client, and what its answers mean: ok, fail or info, with what is known.

- send: ok if every record was appended, fail if certainly none was, otherwise info.
- poll, fetch, end_offset: change nothing that others see, so an error of any kind is fail.
- commit, assign, subscribe: fail if refused for certain, otherwise info.
- txn: fail, with what it polled, if the commit was never asked for; info if the commit raised, unless it was refused.

Source: the client of Jepsen's tests of Kafka; `systems.outcomes` for single errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from checkers.history.history import Json
from checkers.history.recording import Completion
from systems.plan import Operation
from systems.system import Client, OutcomeUnknown, Record, Refused, Sent

ABORTED = "aborted"
"""The error of a transaction whose plan was to abort."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended. `renew`: the client is not to be used again."""

    type: Completion
    value: Json
    error: str | None = None
    renew: bool = False


def invoked_value(operation: Operation, positions: Mapping[str, int]) -> Json:
    """The value of an operation's invoke; `positions` are those that a commit commits."""
    match operation.function:
        case "send" | "poll" | "txn":
            return [["commit", {}] if micro == ("commit",) else list(micro) for micro in operation.micro_operations]
        case "commit":
            return dict(positions)
        case _:
            return list(operation.keys)


def perform(client: Client, operation: Operation, start: Mapping[str, int], poll_seconds: float) -> Outcome:
    """Do an operation. `start`: where to begin with keys that are assigned; from the beginning where it doesn't say."""
    match operation.function:
        case "send":
            return _sent(client, operation)
        case "txn":
            return _transacted(client, operation, poll_seconds)
        case "poll" | "fetch" | "end_offset":
            return _read(client, operation, poll_seconds)
        case _:
            return _changed(client, operation, start)


def _read(client: Client, operation: Operation, poll_seconds: float) -> Outcome:
    """What changes nothing that others see. After a poll that raised, no one knows where the consumer stands."""
    try:
        match operation.function:
            case "poll":
                return Outcome("ok", [_polled(client.poll(poll_seconds))])
            case "fetch":
                return Outcome("ok", dict(client.committed(operation.keys)))
            case _:
                return Outcome("ok", dict(client.end_offsets(operation.keys)))
    except Refused as problem:
        return Outcome("fail", invoked_value(operation, {}), str(problem))
    except OutcomeUnknown as problem:
        return Outcome("fail", invoked_value(operation, {}), str(problem), renew=operation.function == "poll")


def _changed(client: Client, operation: Operation, start: Mapping[str, int]) -> Outcome:
    """What changes what the client consumes, or the group's positions."""
    value = invoked_value(operation, client.positions())
    try:
        match operation.function:
            case "assign":
                client.assign({key: start.get(key, 0) for key in operation.keys})
            case "subscribe":
                client.subscribe(sorted({key.rpartition("-")[0] for key in operation.keys}))
            case _:
                client.commit(client.positions())
    except Refused as problem:
        return Outcome("fail", value, str(problem))
    except OutcomeUnknown as problem:
        return Outcome("info", value, str(problem), renew=True)
    return Outcome("ok", value)


def _polled(records: Sequence[Record]) -> Json:
    found: dict[str, list[Json]] = {}
    for record in records:
        found.setdefault(record.key, []).append([record.offset, record.value])
    return ["poll", found]


def _send_all(client: Client, pairs: list[tuple[str, int]], done: list[Any], first: int) -> list[Sent]:
    """Send records, and put what became of them where their micro-operations stand."""
    sent = client.send(pairs)
    for number, ((key, value), result) in enumerate(zip(pairs, sent, strict=True), first):
        done[number] = ["send", key, [result.offset, value]]
    return sent


def _sent(client: Client, operation: Operation) -> Outcome:
    pairs = [(micro[1], micro[2]) for micro in operation.micro_operations if micro[0] == "send"]
    done: list[Any] = list(invoked_value(operation, {}))  # type: ignore[arg-type]
    try:
        results = _send_all(client, pairs, done, 0)
    except Refused as problem:
        return Outcome("fail", done, str(problem))
    except OutcomeUnknown as problem:
        return Outcome("info", done, str(problem), renew=True)
    types = {result.outcome for result in results}
    error = next((result.error for result in results if result.outcome != "ok"), None)
    if types == {"ok"}:
        return Outcome("ok", done)
    if types == {"fail"}:
        return Outcome("fail", done, error)
    return Outcome("info", done, error, renew=True)


def _transacted(client: Client, operation: Operation, poll_seconds: float) -> Outcome:
    done: list[Any] = list(invoked_value(operation, {}))  # type: ignore[arg-type]
    back: dict[str, int] = {}
    error: str | None = ABORTED if operation.abort else None
    try:
        client.begin()
        _inside(client, operation, done, back, poll_seconds)
    except (Refused, OutcomeUnknown) as problem:
        error = str(problem)
    if error is not None:
        return Outcome("fail", done, error, renew=not _undone(client, back))
    try:
        client.commit_transaction()
    except Refused as problem:
        return Outcome("fail", done, str(problem), renew=True)
    except OutcomeUnknown as problem:
        return Outcome("info", done, str(problem), renew=True)
    return Outcome("ok", done)


def _inside(client: Client, operation: Operation, done: list[Any], back: dict[str, int], poll_seconds: float) -> None:
    """The micro-operations in order, neighbouring sends together. `back`: where each key's first record was polled."""
    for kind, group in groupby(enumerate(operation.micro_operations), lambda pair: pair[1][0]):
        numbered = list(group)
        first = numbered[0][0]
        if kind == "send":
            pairs = [(micro[1], micro[2]) for _, micro in numbered if micro[0] == "send"]
            lacking = [result for result in _send_all(client, pairs, done, first) if result.outcome != "ok"]
            if lacking:
                raise OutcomeUnknown(lacking[0].error)
            continue
        for number, _ in numbered:
            if kind == "commit":
                positions = client.positions()
                done[number] = ["commit", dict(positions)]
                client.send_offsets(positions)
            else:
                records = client.poll(poll_seconds)
                done[number] = _polled(records)
                for record in records:
                    back.setdefault(record.key, record.offset)


def _undone(client: Client, back: Mapping[str, int]) -> bool:
    """Abort and go back; whether that worked."""
    try:
        client.abort_transaction()
        client.rewind(back)
    except (Refused, OutcomeUnknown):
        return False
    return True

"""A log that behaves shows no anomaly; each way of spoiling its recording is found under its name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from checkers.history.anomalies.allowed import ALLOWED, allowed
from checkers.history.anomalies.settings import Settings
from checkers.history.anomalies.table import ANOMALIES, EXPLANATIONS, find_anomalies
from checkers.history.history import History, Kind
from tests.checkers.history.anomalies.behaving import INPUT, KEYS, Behaving, Event
from tests.checkers.history.anomalies.generated import Shape, generated
from tests.checkers.history.histories import recorded

STEPS = 350


@cache
def behaved(seed: int) -> tuple[Event, ...]:
    """The events of a log that behaves."""
    return tuple(Behaving(seed).run(STEPS))


def forbidden(events: list[Event], settings: Settings) -> dict[str, int]:
    """How much of what is not allowed is found."""
    found = find_anomalies(recorded(*events), settings)
    return {name: len(evidence) for name, evidence in found.items() if name not in allowed(settings)}


@pytest.mark.parametrize("seed", range(3))
def test_a_log_that_behaves_shows_nothing(seed: int) -> None:
    assert {} == forbidden(list(behaved(seed)), Settings())


def sends(events: list[Event], *types: str) -> Iterator[tuple[Event, list[Any]]]:
    """Every completed send with its event."""
    for event in events:
        if event["f"] == "txn" and event["type"] in types:
            yield from ((event, operation) for operation in event["value"] if operation[0] == "send")


def polls(events: list[Event], process: str | None = None) -> Iterator[tuple[Event, str, list[Any]]]:
    """The records of every poll, by key."""
    for event in events:
        if event["type"] == "ok" and event["f"] == "poll" and process in (None, event["process"]):
            for _, records in event["value"]:
                yield from ((event, key, records[key]) for key in records)


def several(events: list[Event], count: int, process: str | None = None) -> list[Any]:
    """The records of the first poll that has so many of one key."""
    return next(records for _, _, records in polls(events, process) if len(records) >= count)


def committed(events: list[Event]) -> list[Any]:
    """A send that is ok, of a message that all consumers polled, in the middle of the history."""
    told = [operation for _, operation in sends(events, "ok") if operation[1] in KEYS]
    return told[len(told) // 2]


def unpoll(events: list[Event], key: str, value: Any) -> None:  # noqa: ANN401 - JSON
    """Take a message out of every poll."""
    for event in events:
        for operation in event["value"] if event["f"] in ("poll", "txn") else []:
            if operation[0] == "poll" and len(operation) == 2:
                for records in (records for name, records in operation[1].items() if name == key):
                    records[:] = [record for record in records if record[1] != value]


def lose(events: list[Event]) -> None:
    _, key, (_, value) = committed(events)
    unpoll(events, key, value)


def lose_the_end(events: list[Event]) -> None:
    key, value = [operation for _, operation in sends(events, "ok") if operation[1] == "y"][-1][1:]
    for later in [op[2][1] for _, op in sends(events, "ok", "info", "fail") if op[1] == key and op[2][1] > value[1]]:
        unpoll(events, key, later)
    unpoll(events, key, value[1])


def move(events: list[Event]) -> None:
    committed(events)[2][0] += 1_000


def overwrite(events: list[Event]) -> None:
    first, second = [op for _, op in sends(events, "ok") if op[1] == "y"][3:5]
    second[2][0] = first[2][0]


def invent(events: list[Event]) -> None:
    several(events, 1)[0][1] = 999_999


def show_aborted(events: list[Event]) -> None:
    event, operation = next(sends(events, "ok"))
    event["type"] = "fail"
    operation[2][0] = None


def skip(events: list[Event]) -> None:
    del next(records for _, _, records in list(polls(events, "c1"))[20:] if len(records) == 1)[:]


def skip_inside(events: list[Event]) -> None:
    del several(events, 3, "c1")[1]


def swap(events: list[Event]) -> None:
    records = several(events, 2, "c0")
    records[0], records[1] = records[1], records[0]


def repeat(events: list[Event]) -> None:
    before: dict[str, Any] = {}
    for _, key, records in polls(events, "c0"):
        if key in before:
            records.insert(0, before[key])
            return
        before[key] = records[-1]


def swap_sends(events: list[Event]) -> None:
    for event, first in sends(events, "ok"):
        for other in event["value"]:
            if other is not first and other[0] == "send" and other[1] == first[1]:
                pair = [first[2][1], other[2][1]]
                asked = [op for _, op in sends(events, "invoke") if op[1] == first[1] and op[2] in pair]
                (first[2][1], other[2][1]), (asked[0][2], asked[1][2]) = pair[::-1], pair[::-1]
                return


def send_backwards(events: list[Event]) -> None:
    by_process: dict[Any, Any] = {}
    for event, operation in sends(events, "ok"):
        before = by_process.setdefault((event["process"], operation[1]), (event, operation))
        alone = [[op[1] for op in e["value"] if op[0] == "send"].count(operation[1]) for e in (before[0], event)]
        if before[0] is not event and alone == [1, 1]:
            before[1][2][1], operation[2][1] = operation[2][1], before[1][2][1]
            return


def see_own(events: list[Event]) -> None:
    event, operation = next(sends(events, "ok"))
    event["value"].append(["poll", {operation[1]: [list(operation[2])]}])


def see_the_future(events: list[Event]) -> None:
    late, operation = list(sends(events, "ok"))[-1]
    early = next(event for event, _ in sends(events, "ok"))
    assert events.index(early) < events.index(late)
    early["value"].append(["poll", {operation[1]: [list(operation[2])]}])


def see_each_other(events: list[Event]) -> None:
    (one, first), *rest = sends(events, "ok")
    other, second = next((event, op) for event, op in rest if overlaps(events, one, event))
    one["value"].append(["poll", {second[1]: [list(second[2])]}])
    other["value"].append(["poll", {first[1]: [list(first[2])]}])


def overlaps(events: list[Event], one: Event, other: Event) -> bool:
    """Whether the later of two operations of different processes began before the earlier was over."""
    begin = max(
        place
        for place, event in enumerate(events[: events.index(other)])
        if event["process"] == other["process"] and event["type"] == "invoke"
    )
    return other["process"] != one["process"] and begin < events.index(one)


def tear(events: list[Event]) -> None:
    for event, operation in sends(events, "ok"):
        others = [other for other in event["value"] if other[0] == "send" and other[1] != operation[1]]
        if others and event["process"] != "t":
            for poll in (poll for _, key, poll in polls(events, "c1") if key == operation[1]):
                at = [record[1] for record in poll]
                if operation[2][1] in at[1:-1]:
                    del poll[at.index(operation[2][1])]
                    return


def transforms(events: list[Event]) -> list[Event]:
    """The committed transactions of the group."""
    return [event for event in events if (event["process"], event["type"], event["f"]) == ("t", "ok", "txn")]


def consume_again(events: list[Event]) -> None:
    full = [event["value"][0][1][INPUT] for event in transforms(events) if event["value"][0][1][INPUT]]
    full[2].insert(0, full[1][-1])


def commit_backwards(events: list[Event]) -> None:
    transforms(events)[-1]["value"][-1] = ["commit", {INPUT: 0}]


def own_twice(events: list[Event]) -> None:
    events.append(
        {"process": "u", "type": "ok", "f": "assigned", "value": [INPUT], "group": "g", "generation": 1}
        | {"member": "u"}
    )


def rise_from_the_dead(events: list[Event]) -> None:
    fence = {"process": "admin", "type": "ok", "f": "fenced", "producer_id": 2, "producer_epoch": 0, "value": None}
    events.insert(len(events) // 2, fence)


def commit_after_the_handover(events: list[Event]) -> None:
    other = {"process": "u", "type": "ok", "f": "assigned", "value": [INPUT], "group": "g", "generation": 2}
    events.insert(len(events) // 2, other | {"member": "u"})


def observed(events: list[Event], function: str) -> list[Event]:
    """What was noted under a name, of y."""
    return [event for event in events if event["f"] == function and "y" in str(event["value"])]


def skip_a_sequence(events: list[Event]) -> None:
    for event in [event for event in observed(events, "batch") if event["producer_id"] == 1][4:]:
        event["base_sequence"] += 1


def append_again(events: list[Event]) -> None:
    again = copy.deepcopy(observed(events, "batch")[3])
    again["value"][0][1] = 5_000
    events.append(again)


def lower_the_high_watermark(events: list[Event]) -> None:
    observed(events, "high_watermark")[-1]["value"] = {"y": 1}


def lower_the_last_stable_offset(events: list[Event]) -> None:
    events += [
        {"process": "broker", "type": "ok", "f": "last_stable_offset", "value": {"y": end}, "leader_epoch": 1}
        for end in (7, 6)
    ]


def lead_twice(events: list[Event]) -> None:
    events += [{"process": name, "type": "ok", "f": "leader", "value": {"y": 8}} for name in ("b1", "b2")]


def hold_another_record(events: list[Event]) -> None:
    other = copy.deepcopy(observed(events, "record")[2])
    other["value"][0][2], other["process"] = "other", "broker 2"
    events.append(other)


MUTANTS: dict[str, tuple[Callable[[list[Event]], None], ...]] = {
    "inconsistent_offsets": (overwrite,),
    "duplicate": (move,),
    "phantom_read": (invent,),
    "aborted_read": (show_aborted,),
    "precommitted_read": (see_own,),
    "lost_write": (lose,),
    "unseen": (lose, lose_the_end),
    "poll_skip": (skip,),
    "nonmonotonic_poll": (repeat,),
    "nonmonotonic_send": (send_backwards,),
    "int_poll_skip": (skip_inside,),
    "int_nonmonotonic_poll": (swap,),
    "int_nonmonotonic_send": (swap_sends,),
    "circular_information_flow": (see_each_other,),
    "circular_information_flow_realtime": (see_the_future,),
    "torn_transaction": (tear,),
    "exactly_once_violation": (consume_again,),
    "committed_offset_regression": (commit_backwards,),
    "two_owners": (own_twice,),
    "zombie_write": (rise_from_the_dead, commit_after_the_handover),
    "sequence_out_of_order": (skip_a_sequence,),
    "sequence_repeated": (append_again,),
    "high_watermark_regression": (lower_the_high_watermark,),
    "last_stable_offset_regression": (lower_the_last_stable_offset,),
    "divergent_leaders": (lead_twice, hold_another_record),
}


def test_only_cycles_of_writes_and_what_is_always_allowed_have_no_mutant() -> None:
    others = {"circular_information_flow_process", *allowed(Settings())}
    assert set(ANOMALIES) == {*MUTANTS, *others}


@pytest.mark.parametrize(("name", "mutant"), [(name, mutant) for name in MUTANTS for mutant in MUTANTS[name]])
def test_the_mutant_is_found(name: str, mutant: Callable[[list[Event]], None]) -> None:
    events = copy.deepcopy(list(behaved(1)))
    mutant(events)
    assert name in forbidden(events, Settings())


def spoilt(history: History, kind: Kind, column: str) -> History:
    """A large history in which two neighbours of one event and key are exchanged."""
    rows = np.flatnonzero(history.kind == kind)
    near = (history.event[rows[1:]] == history.event[rows[:-1]]) & (history.key[rows[1:]] == history.key[rows[:-1]])
    row = rows[np.flatnonzero(near)[len(rows) // 4]]
    cells = getattr(history, column)
    cells[[row, row + 1]] = cells[[row + 1, row]]
    return history


def test_a_large_log_that_behaves_shows_nothing_and_one_exchange_in_it_is_found() -> None:
    shape = Shape(rounds=300)
    assert {"read_write_cycle"} >= set(find_anomalies(generated(shape, 1), Settings()))
    found = find_anomalies(spoilt(generated(shape, 1), Kind.RECORD, "value"), Settings())
    assert {"duplicate", "inconsistent_offsets"} <= set(found)


def test_all_that_is_allowed_has_a_name_and_a_reason() -> None:
    assert {name for allowance in ALLOWED for name in allowance.names} <= set(ANOMALIES) == set(EXPLANATIONS)
    strict = {"int_send_skip", "write_cycle", "write_cycle_process", "write_cycle_realtime", "read_write_cycle"}
    assert strict == set(allowed(Settings()))
    assert strict | {"poll_skip", "nonmonotonic_poll"} == set(allowed(Settings(subscribed=True)))
    assert strict | {"unseen"} == set(allowed(Settings(drained=False)))
    assert "circular_information_flow" in allowed(Settings(ww_deps=True))
    assert "aborted_read" in allowed(Settings(isolation="read_uncommitted"))

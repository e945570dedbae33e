"""Linearizability against an oracle that tries all orders, and what is said of histories that are not linearizable."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from checkers.history.calls import calls_of
from checkers.history.encoders import encode_queue
from checkers.history.history import Kind as Kinds
from checkers.history.linearizability import Linearizability, linearizable, models
from checkers.history.wing_gong_lowe.encoded import search
from checkers.history.wing_gong_lowe.kernel import LINEARIZABLE, NOT_LINEARIZABLE
from checkers.verdict import UserError
from tests.benchmarks.generated_histories import registers, schedule
from tests.checkers.history.histories import events, recorded
from tests.checkers.history.small_histories import (
    KINDS,
    UNKNOWN,
    Kind,
    Operation,
    drawn,
    events_of,
    is_linearizable,
    timed_events_of,
)

HISTORIES = 250
VERDICTS = {True: "holds", False: "violated"}
Operations = tuple[Operation, ...]


def many(kind: Kind, seed: int, count: int, most: int) -> list[Operations]:
    """Small random histories."""
    rng = np.random.default_rng(seed)
    return [drawn(kind, rng, int(rng.integers(2, most + 1))) for _ in range(count)]


def judged(kind: Kind, histories: list[Operations]) -> list[str]:
    """The verdicts on histories, each of which is that of a key of its own."""
    found = [event for key, operations in enumerate(histories) for event in events_of(operations, key)]
    verdicts = {p.key: p.verdict for p in linearizable(recorded(*found), kind.model).partitions}
    return [verdicts.get(key, "holds") for key in range(len(histories))]


def agree(name: str, seed: int, count: int, most: int) -> Counter[str]:
    """Compare with the oracle; how often each verdict came."""
    histories = many(KINDS[name], seed, count, most)
    expected = [VERDICTS[is_linearizable(KINDS[name], operations)] for operations in histories]
    actual = judged(KINDS[name], histories)
    wrong = [histories[k] for k in range(count) if expected[k] != actual[k]]
    assert min(wrong, key=len, default=()) == ()
    return Counter(actual)


@pytest.mark.parametrize("name", KINDS)
def test_agrees_with_trying_all_orders(name: str) -> None:
    verdicts = agree(name, 1, HISTORIES, 6)
    if name == "queue that is filled first":
        assert agree(name, 4, 1000, 9)["violated"] > HISTORIES // 2
    assert min(verdicts["holds"], verdicts["violated"]) > HISTORIES // 12


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(2, 12))
@pytest.mark.parametrize("name", KINDS)
def test_agrees_with_trying_all_orders_of_more(name: str, seed: int) -> None:
    assert agree(name, seed, 2000, 8)["holds"] > 0


@pytest.mark.parametrize("name", KINDS)
def test_agrees_where_invocations_are_not_recorded(name: str) -> None:
    rng = np.random.default_rng(3)
    histories = [
        tuple(replace(o, invoke=-1) if o.outcome == "ok" and rng.random() < 0.3 else o for o in operations)
        for operations in many(KINDS[name], 3, HISTORIES // 4, 6)
        if name != "mutex"  # whose processes go on after what stays open
    ]
    expected = [VERDICTS[is_linearizable(KINDS[name], operations)] for operations in histories]
    assert expected == judged(KINDS[name], histories)


# ------------------------------------------------------------------------------------- where it ends, and minimal cores


def explained(name: str, seed: int, count: int) -> int:
    """Hold prefix and core against the oracle, for histories that are not linearizable; how many there were."""
    kind, found = KINDS[name], 0
    for operations in many(kind, seed, count, 6):
        result = linearizable(recorded(*events_of(operations, 0)), kind.model)
        if result.violation is not None:
            found += 1
            check_explanation(kind, operations, result)
    return found


def check_explanation(kind: Kind, operations: Operations, result: Linearizability) -> None:
    """The prefix is the longest, from both sides, and the core minimal."""
    violation = result.violation
    assert violation is not None
    timed = timed_events_of(operations, 0)
    numbered = {number: k for k, (_, number, event) in enumerate(timed) if event["type"] == "invoke"}
    clocks = [clock for clock, _, _ in timed]
    cut = until(operations, clocks[violation.ends_at])
    assert not is_linearizable(kind, cut)
    assert is_linearizable(kind, until(operations, clocks[violation.ends_at] - 1))
    assert violation.is_minimal
    core = {k for k, o in enumerate(cut) if numbered[k] in violation.core}
    assert len(core) == len(violation.core)
    assert not is_linearizable(kind, held_to(cut, core))
    assert [k for k in sorted(core) if not is_linearizable(kind, held_to(cut, core - {k}))] == []


def until(operations: Operations, clock: int) -> Operations:
    """The operations as they are at a moment: those not completed by then may still take effect."""
    begun = [o for o in operations if o.invoke <= clock]
    return tuple(
        replace(o, outcome="info", result=UNKNOWN) if o.complete > clock and o.outcome == "ok" else o for o in begun
    )


def held_to(operations: Operations, core: set[int]) -> Operations:
    """The operations, of which only some must have happened; what failed did not, all the same.

    The others may have happened in their time or not; those on a queue at any later time.
    """
    freed = [replace(o, outcome="info" if o.f in ("enqueue", "dequeue") else "maybe") for o in operations]
    return tuple(freed[k] if o.outcome == "ok" and k not in core else o for k, o in enumerate(operations))


@pytest.mark.parametrize("name", KINDS)
def test_prefix_is_longest_and_core_minimal(name: str) -> None:
    assert explained(name, 1, 30) > 0


@pytest.mark.deep
@pytest.mark.parametrize("name", KINDS)
def test_prefix_is_longest_and_core_minimal_of_more(name: str) -> None:
    assert explained(name, 2, 2000) > 100


def judge(model: str, *spoken: tuple[Any, ...]) -> Linearizability:
    """The verdict on a few events."""
    return linearizable(recorded(*events(*spoken)), model)


def done(process: int | str, function: str, asked: Any = None, answer: Any = None) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """An operation that completes at once."""
    return [(process, "invoke", function, asked), (process, "ok", function, asked if answer is None else answer)]


EXPLAINED: dict[str, tuple[str, list[tuple[Any, ...]], tuple[int, ...], tuple[int, ...], tuple[int, str]]] = {
    "a stale read": (
        "register",
        [*done(0, "write", 1), *done(0, "write", 2), *done(1, "read", None, 1)],
        (2, 4),
        (0,),
        (4, "it can't take effect before it completes: after what came before it, in any order, the register holds 2"),
    ),
    "a value that nobody wrote": (
        "register",
        [*done(0, "write", 1), *done(1, "read", None, 3)],
        (2,),
        (),
        (2, "it can't take effect before it completes: after what came before it, in any order, the register holds 1"),
    ),
    "a mutex held twice": (
        "mutex",
        [*done(0, "acquire"), *done(1, "acquire")],
        (0, 2),
        (),
        (
            2,
            (
                "it can't take effect before it completes: after what came before it, in any order, "
                "process 0 holds the mutex"
            ),
        ),
    ),
    "values that overtook each other": (
        "queue",
        [*done(0, "enqueue", "a"), *done(0, "enqueue", "b"), *done(1, "dequeue", None, "b")],
        (0, 4),
        (2,),
        (4, "'a' was enqueued before what it found, and no dequeue can have taken it by then"),
    ),
    "a queue that was not empty": (
        "queue",
        [*done(0, "enqueue", "a"), *done(1, "dequeue")],
        (0, 2),
        (),
        (2, "the queue was never empty while it ran"),
    ),
    "a value that was found twice": (
        "queue",
        [*done(0, "enqueue", "a"), *done(0, "dequeue", None, "a"), *done(1, "dequeue", None, "a")],
        (2, 4),
        (0,),
        (4, "what it found was taken by another dequeue, too"),
    ),
    "appends out of order": (
        "log",
        [
            *done(0, "send", [["send", "k", "x"]], [["send", "k", [1, "x"]]]),
            *done(0, "send", [["send", "k", "y"]], [["send", "k", [0, "y"]]]),
        ],
        (0, 2),
        (),
        (2, "it was invoked after an operation completed that its offset says came later"),
    ),
}


@pytest.mark.parametrize("name", EXPLAINED)
def test_says_what_cannot_be_placed_and_why(name: str) -> None:
    model, spoken, core, sources, unplaced = EXPLAINED[name]
    violation = judge(model, *spoken).violation
    assert violation is not None
    assert (core, sources, (unplaced,)) == (violation.core, violation.sources, violation.unplaced)
    assert len(spoken) - 1 == violation.prefix_events


def test_a_record_is_not_read_before_it_is_sent() -> None:
    sent = done(0, "send", [["send", "k", "x"]], [["send", "k", [0, "x"]]])
    read = done(1, "poll", [["poll"]], [["poll", {"k": [[0, "x"]]}]])
    violation = judge("log", *read, *sent).violation
    assert violation is not None
    assert ((0,), 1, ((0, "nobody wrote what it found"),)) == (violation.core, violation.ends_at, violation.unplaced)
    assert judge("log", sent[0], *read, sent[1]).verdict == "holds"


def test_a_prefix_knows_nothing_of_what_came_later() -> None:
    sent = done(0, "send", [["send", "k", "x"]], [["send", "k", [1, "x"]]])
    read = done(1, "poll", [["poll"]], [["poll", {"k": [[0, "x"]]}]])
    late = judge("log", sent[0], *read, sent[1]).violation
    assert late is not None
    assert (3, 3) == (late.prefix_events, late.ends_at)


# --------------------------------------------------------------------------------------------------------- versions


def written(version: int | None, value: int | None) -> list[tuple[Any, ...]]:
    """A write, and the version that it was told to have."""
    fields = {} if version is None else {"version": version}
    return [(0, "invoke", "write", value), (0, "ok", "write", value, fields)]


def found(version: int | None, value: int | None) -> list[tuple[Any, ...]]:
    """A read of a value at a version."""
    fields = {} if version is None else {"version": version}
    return [(0, "invoke", "read", None), (0, "ok", "read", value, fields)]


VERSIONED: dict[str, tuple[list[tuple[Any, ...]], tuple[str, int]]] = {
    "one write without a version lets no two have the same": (
        [*written(0, 1), *written(0, 2), *written(None, 3)],
        ("violated", 3),
    ),
    "or go back": ([*written(1, 1), *written(None, 3), *written(0, 2)], ("violated", 5)),
    "or values be stale": ([*written(1, 1), *written(None, 3), *written(2, 2), *found(None, 1)], ("violated", 7)),
    "what comes first counts": (
        [*written(1, 1), *written(None, 3), *found(None, 1), *written(0, 2)],
        ("violated", 5),
    ),
    "what has no version is no contradiction": (
        [*written(1, 1), *written(None, 3), *found(None, 3), *written(5, 2), *found(5, 2)],
        ("holds", 0),
    ),
    "a version that was asked for need not have been written": (
        [*written(None, 1), *found(1, 1), (1, "invoke", "write", 1, {"version": 0})],
        ("holds", 0),
    ),
    "a read without a version may find nothing that was written": (
        [*written(1, 1), *written(2, None), *found(None, None)],
        ("holds", 0),
    ),
    "a write of nothing may have any version": (
        [*written(1, 1), *written(None, None), *found(2, None)],
        ("holds", 0),
    ),
}


@pytest.mark.parametrize("name", VERSIONED)
def test_versions_that_are_known_are_in_order(name: str) -> None:
    spoken, expected = VERSIONED[name]
    result = judge("register", *spoken)
    assert expected == (result.verdict, result.violation.prefix_events if result.violation else 0)


def test_versions_of_appends_are_no_versions_of_their_values() -> None:
    spoken = [(0, "invoke", "append", "b"), (0, "ok", "append", "b", {"version": 2})]
    got = [(0, "invoke", "get"), (0, "ok", "get", "ab", {"version": 2})]
    told = [event | {"key": "k"} for event in events(*done(0, "put", "a"), *spoken, *got)]
    assert linearizable(recorded(*told), "kv").verdict == "holds"


def test_no_version_that_is_missing_makes_a_history_wrong() -> None:
    kind = KINDS["versions"]
    rng = np.random.default_rng(5)
    histories = [o for o in many(kind, 5, 600, 6) if is_linearizable(kind, o)]
    told = [event for key, operations in enumerate(histories) for event in events_of(operations, key)]
    spoken = [{k: v for k, v in event.items() if k != "version" or rng.random() < 0.6} for event in told]
    result = linearizable(recorded(*spoken), "register")
    assert "holds" == result.verdict
    assert {"version_order", "zones", "wing_gong_lowe"} == {p.algorithm for p in result.partitions}


def test_a_queue_of_values_that_repeat_ends_where_what_it_gave_rules_it_out() -> None:
    enqueued = [*done(0, "enqueue", 0), (1, "invoke", "dequeue"), (2, "invoke", "dequeue"), (1, "ok", "dequeue")]
    late = judge("queue", *enqueued, *done(0, "enqueue", 0), *done(0, "enqueue", 1), (2, "ok", "dequeue")).violation
    assert late is not None
    assert (9, True) == (late.prefix_events, late.prefix_is_longest)


UNFOUNDED: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "never given": ("register", [*done(0, "read", None, 6)]),
    "given later": ("register", [*done(0, "read", None, 6), *done(0, "write", 6)]),
    "overwritten": ("register", [*done(0, "write", 6), *done(0, "write", 1), *done(0, "read", None, 6)]),
    "there at first, and overwritten": ("register", [*done(0, "read", None, None)]),
    "expected": ("cas-register", [*done(0, "cas", [6, 2])]),
    "taken from a queue of values that repeat": ("queue", [*done(0, "enqueue", 1), *done(0, "dequeue", None, 6)]),
    "a content that was appended to": ("kv", [*done(0, "append", "a"), *done(0, "get", None, "c")]),
}


@pytest.mark.parametrize("name", UNFOUNDED)
def test_what_cannot_have_been_found_is_told_without_a_search(name: str) -> None:
    model, spoken = UNFOUNDED[name]
    given = {"register": "write", "cas-register": "write", "queue": "enqueue", "kv": "append"}[model]
    value: Any = "a" if model == "kv" else 1
    pending = [(f"w{n}", "invoke", given, value) for n in range(30)]
    told = events(*done(1, given, value), *spoken, *pending, *done(1, given, value))
    result = linearizable(recorded(*({**event, "key": "k"} for event in told)), model)
    assert ("violated", 0) == (result.verdict, result.steps)


# ------------------------------------------------------------------------------ completions without their invocations


ALONE: dict[str, tuple[str, list[tuple[Any, ...]], str]] = {
    "they took effect": ("register", [(0, "ok", "read", 9), (0, "ok", "read", 8)], "violated"),
    "at any time before": ("register", [*done(1, "read", None, 9), (0, "ok", "write", 9)], "holds"),
    "but after the event before of their process": (
        "register",
        [*done(1, "write", 1), *done(0, "write", 2), (0, "ok", "read", 1)],
        "violated",
    ),
    "which another process need not have": (
        "register",
        [*done(1, "write", 1), *done(0, "write", 2), (2, "ok", "read", 1)],
        "holds",
    ),
    "once": ("queue", [*done(1, "enqueue", 1), (0, "ok", "dequeue", 1), (0, "ok", "dequeue", 1)], "violated"),
    "as records that were found": ("log", [(0, "ok", "poll", [["poll", {"x": [[0, "ghost"]]}]])], "violated"),
    "in transactions, too": (
        "log",
        [*done(1, "poll", [["poll"]], [["poll", {"x": [[0, 7]]}]]), (0, "ok", "txn", [["send", "x", [0, 7]]])],
        "holds",
    ),
    "or may have": ("register", [(0, "info", "write", 3), *done(1, "read", None, 3)], "holds"),
    "or did not": ("register", [(0, "fail", "write", 3), *done(1, "read", None, 3)], "violated"),
}


@pytest.mark.parametrize("name", ALONE)
def test_completions_without_their_invocations(name: str) -> None:
    model, spoken, verdict = ALONE[name]
    result = judge(model, *spoken)
    assert verdict == result.verdict
    assert len(spoken) - sum(kind == "invoke" for _, kind, *_ in spoken) - (name == "or did not") == result.operations


# --------------------------------------------------------------------------------------------------- what it is told


def test_an_unknown_model_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="model 'regster': there is none of that name; there are register, "):
        linearizable(recorded(), "regster")
    assert ("register", "cas-register", "kv", "log", "offsets", "mutex", "queue") == models()


def test_a_history_without_operations_holds() -> None:
    assert all(linearizable(recorded(), model).verdict == "holds" for model in models())


# --------------------------------------------------------------------------------------------------- larger histories


def register_events(operations: int, values: int, planted: int | None) -> list[dict[str, Any]]:
    """Three processes on one register, overlapping; the last read finds a value that was planted."""
    rng = np.random.default_rng(1)
    spoken: list[tuple[Any, ...]] = []
    held = None
    for _ in range(operations // 3):
        asked = [int(rng.integers(1, values + 1)) if rng.random() < 0.5 else None for _ in range(3)]
        functions = ["read" if value is None else "write" for value in asked]
        spoken += [(p, "invoke", functions[p], asked[p]) for p in range(3)]
        for p in rng.permutation(3):
            held = held if asked[p] is None else asked[p]
            spoken.append((int(p), "ok", functions[p], held))
    if planted is not None:
        spoken += [(0, "invoke", "read"), (0, "ok", "read", planted)]
    return events(*spoken)


@pytest.mark.parametrize(("clients", "seed"), [(10, 1), (10, 2), (30, 3), (30, 4)])
def test_what_took_effect_in_some_order_holds(clients: int, seed: int) -> None:
    history = registers(schedule(600, clients, seed), seed, values=2)
    assert linearizable(history, "register").verdict == "holds"


def test_a_planted_read_is_found_and_the_core_names_it() -> None:
    found = register_events(3000, 3, 4)
    violation = linearizable(recorded(*found), "register").violation
    assert violation is not None
    assert ((len(found) - 2,), (), len(found) - 1) == (violation.core, violation.sources, violation.ends_at)


def test_a_search_that_may_not_go_on_is_unknown_and_says_after_how_much() -> None:
    history = recorded(*register_events(3000, 3, None))
    assert linearizable(history, "register").verdict == "holds"
    result = linearizable(history, "register", steps_max=50)
    assert ("unknown", "None: no verdict within 50 configurations") == (result.verdict, result.reason)


def test_a_queue_that_is_too_long_is_unknown_and_says_so() -> None:
    spoken = [event for n in range(300) for event in done(0, "enqueue", n % 7)]
    result = judge("queue", *spoken, *done(1, "dequeue", None, 5))
    why = "None: its queue may hold 300 values at a time; the search takes up to 256"
    assert ("unknown", why) == (result.verdict, result.reason)


@pytest.mark.parametrize("count", [63, 64, 65, 200])
def test_any_number_of_operations_may_stay_open(count: int) -> None:
    one_open = [(n, "invoke", "cas", [n, n + 1]) for n in range(1, count + 1)]
    spoken = [*one_open, *done("w", "write", 1), *done("r", "read", None, count + 1)]
    assert judge("cas-register", *spoken).verdict == "holds"
    assert judge("cas-register", *spoken, *done("r", "read", None, 1)).verdict == "violated"


def test_an_open_write_takes_effect_at_any_later_time_but_once() -> None:
    late = [(9, "invoke", "write", 1), *done(0, "write", 2), *done(0, "read", None, 2), *done(0, "read", None, 1)]
    assert judge("register", *late).verdict == "holds"
    again = [*done(0, "write", 2), *done(0, "read", None, 2), *done(0, "read", None, 1)]
    assert judge("register", *late, *again).verdict == "violated"


def test_objects_are_judged_by_what_their_histories_tell() -> None:
    def on(key: int, *spoken: tuple[Any, ...]) -> list[dict[str, Any]]:
        return [event | {"key": key} for event in events(*spoken)]

    told = [
        *on(0, *done(0, "write", 1), *done(0, "read", None, 1)),
        *on(1, *done(0, "write", 1), *done(0, "write", 1)),
        *(event | {"version": 7} for event in on(2, *done(0, "write", 1), *done(0, "write", 1)[:1])),
    ]
    result = linearizable(recorded(*told), "register")
    algorithms = {p.key: p.algorithm for p in result.partitions}
    assert {0: "zones", 1: "wing_gong_lowe", 2: "version_order"} == algorithms


def test_a_completion_need_not_repeat_what_was_written() -> None:
    spoken = [(0, "invoke", "write", 3), (0, "ok", "write"), *done(0, "read", None, 3)]
    assert judge("register", *spoken).verdict == "holds"


def test_what_need_not_happen_never_stands_in_for_what_must() -> None:
    both = [(process, "invoke", "enqueue", 1) for process in (0, 1)]
    ended = [(process, "ok", "enqueue", 1) for process in (0, 1)]
    history = recorded(*events(*both, *done(2, "dequeue", None, 1), *ended, *done(2, "dequeue")))
    calls = calls_of(history, (Kinds.ENQUEUE, Kinds.DEQUEUE))
    encoded = encode_queue(calls, history).encoded
    held = [np.arange(len(calls)) == optional for optional in (-1, 0, 1)]
    outcomes = [int(search(replace(encoded, optional=some), 1000, 1 << 20).outcome[0]) for some in held]
    assert [NOT_LINEARIZABLE, LINEARIZABLE, LINEARIZABLE] == outcomes

"""What is said of a history that does not keep a level, and which answers say nothing against it."""

from __future__ import annotations

import pytest

from checkers.history.consistency.evidence import Violation
from checkers.history.consistency.hierarchy import strongest, violations
from checkers.history.history import History
from tests.checkers.history.histories import events, recorded


def send(process: object, value: int, offset: int | None, key: str = "x") -> list[tuple[object, ...]]:
    """A send that was answered."""
    asked, told = [["send", key, value]], [["send", key, [offset, value]]]
    return [(process, "invoke", "send", asked), (process, "ok", "send", told)]


def lost(process: object, value: int, outcome: str = "info") -> list[tuple[object, ...]]:
    """A send of which the answer did not come, or said that it failed."""
    asked = [["send", "x", value]]
    return [(process, "invoke", "send", asked), (process, outcome, "send", asked)]


def poll(process: object, *records: tuple[int, int], key: str = "x") -> list[tuple[object, ...]]:
    """A poll that returned records of a key."""
    found = {key: [list(record) for record in records]} if records else {}
    return [(process, "invoke", "poll", [["poll"]]), (process, "ok", "poll", [["poll", found]])]


def end(process: object, offset: int, key: str = "x") -> list[tuple[object, ...]]:
    """An end that was told."""
    return [(process, "invoke", "end_offset", [key]), (process, "ok", "end_offset", {key: offset})]


def choose(process: object, how: str, *keys: str) -> list[tuple[object, ...]]:
    """An assign or a subscribe."""
    return [(process, "invoke", how, list(keys)), (process, "ok", how, list(keys))]


def history(*operations: list[tuple[object, ...]]) -> History:
    """Operations one after the other."""
    return recorded(*events(*(event for operation in operations for event in operation)))


THREE = (send(0, 10, 0), send(0, 11, 1), send(0, 12, 2))

EVIDENCE = {
    "an end misses an own write": (
        "read_your_writes",
        history(send(0, 10, 0), end(0, 0)),
        Violation(
            "read_your_writes",
            "x",
            (0,),
            (2, 0),
            "end x -> @0 (process 0, index 2) misses x @0, which its own process had written before: "
            "send x 10 -> @0 (process 0, index 0)",
        ),
    ),
    "a poll skips an own write": (
        "read_your_writes",
        history(send(1, 10, 0), send(0, 11, 1), send(1, 12, 2), poll(0, (0, 10), (2, 12))),
        Violation(
            "read_your_writes",
            "x",
            (1,),
            (6, 2),
            "poll x @0..@2 (2 records) (process 0, index 6) misses x @1, which its own process had written before: "
            "send x 11 -> @1 (process 0, index 2)",
        ),
    ),
    "an end misses what was seen": (
        "monotonic_reads",
        history(send(0, 10, 0), poll(1, (0, 10)), end(1, 0)),
        Violation(
            "monotonic_reads",
            "x",
            (0,),
            (4, 2),
            "end x -> @0 (process 1, index 4) misses x @0, which its own process had seen before: "
            "poll x @0 (1 record) (process 1, index 2)",
        ),
    ),
    "a poll skips what an end had told of": (
        "monotonic_reads",
        history(*THREE, end(1, 2), poll(1, (0, 10), (2, 12))),
        Violation(
            "monotonic_reads",
            "x",
            (1,),
            (8, 6),
            "poll x @0..@2 (2 records) (process 1, index 8) misses x @1, which its own process had seen before: "
            "end x -> @2 (process 1, index 6)",
        ),
    ),
    "a poll skips what a poll had returned": (
        "monotonic_reads",
        history(*THREE, poll(1, (1, 11)), poll(1, (0, 10), (2, 12))),
        Violation(
            "monotonic_reads",
            "x",
            (1,),
            (8, 6),
            "poll x @0..@2 (2 records) (process 1, index 8) misses x @1, which its own process had seen before: "
            "poll x @1 (1 record) (process 1, index 6)",
        ),
    ),
    "a write stands before the last one": (
        "monotonic_writes",
        history(send(0, 10, 1), send(0, 11, 0)),
        Violation(
            "monotonic_writes",
            "x",
            (1,),
            (2, 0),
            "send x 11 -> @0 (process 0, index 2) stands before x @1, which its own process had written before: "
            "send x 10 -> @1 (process 0, index 0)",
        ),
    ),
    "a write stands where it had seen an end": (
        "writes_follow_reads",
        history(end(0, 5), send(0, 10, 3)),
        Violation(
            "writes_follow_reads",
            "x",
            (4,),
            (2, 0),
            "send x 10 -> @3 (process 0, index 2) does not stand behind x @4, which its own process had seen before: "
            "end x -> @5 (process 0, index 0)",
        ),
    ),
    "a poll has a hole": (
        "prefix",
        history(*THREE, send(0, 13, 3), send(0, 14, 5), send(0, 15, 6), poll(1, (0, 10), (6, 15))),
        Violation(
            "prefix",
            "x",
            (1, 2, 3),
            (12, 2, 4, 6),
            "poll x @0..@6 (2 records) (process 1, index 12) passed over x @1, x @2, x @3 and 1 more: "
            "send x 11 -> @1 (process 0, index 2)",
        ),
    ),
    "a poll goes back": (
        "prefix",
        history(*THREE, poll(1, (1, 11), (0, 10), (0, 10))),
        Violation("prefix", "x", (1, 0), (6,), "poll x @1..@0 (3 records) (process 1, index 6) returned x @0 after @1"),
    ),
    "two sends are told one offset": (
        "one_log",
        history(send(0, 10, 0), send(1, 11, 0)),
        Violation(
            "one_log",
            "x",
            (0,),
            (0, 2),
            "x @0 would hold 10 and 11: send x 10 -> @0 (process 0, index 0); send x 11 -> @0 (process 1, index 2)",
        ),
    ),
    "a send and a poll say different things": (
        "one_log",
        history(send(0, 10, 0), lost(1, 11), poll(2, (0, 11))),
        Violation(
            "one_log",
            "x",
            (0,),
            (0, 4),
            "x @0 would hold 10 and 11: send x 10 -> @0 (process 0, index 0); "
            "poll x @0 (1 record) (process 2, index 4)",
        ),
    ),
    "one value stands twice": (
        "one_log",
        history(send(0, 10, 0), poll(1, (0, 10), (1, 10))),
        Violation(
            "one_log",
            "x",
            (0, 1),
            (2,),
            "10 was sent once but stands at x @0, x @1: poll x @0..@1 (2 records) (process 1, index 2)",
        ),
    ),
    "nobody sent it": (
        "one_log",
        history(poll(1, (0, 10))),
        Violation(
            "one_log", "x", (0,), (0,), "poll x @0 (1 record) (process 1, index 0) returned 10, which nobody sent"
        ),
    ),
    "it failed": (
        "one_log",
        history(lost(0, 10, "fail"), poll(1, (0, 10))),
        Violation(
            "one_log",
            "x",
            (0,),
            (2, 0),
            "poll x @0 (1 record) (process 1, index 2) returned 10, of which send x 10 (failed) (process 0, index 0) "
            "says that it did not happen",
        ),
    ),
    "an effect without its cause": (
        "causal",
        history(send(0, 10, 0), send(0, 20, 0, "y"), poll(1, (0, 20), key="y"), end(1, 0)),
        Violation(
            "causal",
            "x",
            (0, 0),
            (0, 2, 4, 6),
            "send x 10 -> @0 (process 0, index 0) before send y 20 -> @0 (process 0, index 2): same process; "
            "send y 20 -> @0 (process 0, index 2) before poll y @0 (1 record) (process 1, index 4): it was seen; "
            "poll y @0 (1 record) (process 1, index 4) before end x -> @0 (process 1, index 6): same process; "
            "end x -> @0 (process 1, index 6) before send x 10 -> @0 (process 0, index 0): it was missed",
        ),
    ),
    "two who do not see each other": (
        "sequential",
        history(send(0, 10, 0), send(1, 20, 0, "y"), end(0, 0, "y"), end(1, 0)),
        Violation(
            "sequential",
            "x",
            (0, 0),
            (0, 4, 2, 6),
            "send x 10 -> @0 (process 0, index 0) before end y -> @0 (process 0, index 4): same process; "
            "end y -> @0 (process 0, index 4) before send y 20 -> @0 (process 1, index 2): it was missed; "
            "send y 20 -> @0 (process 1, index 2) before end x -> @0 (process 1, index 6): same process; "
            "end x -> @0 (process 1, index 6) before send x 10 -> @0 (process 0, index 0): it was missed",
        ),
    ),
    "an end that is late": (
        "linearizable",
        history(*THREE, end(1, 1)),
        Violation(
            "linearizable",
            "x",
            (1, 2),
            (2, 4, 6),
            "send x 11 -> @1 (process 0, index 2) before send x 12 -> @2 (process 0, index 4): log order; "
            "send x 12 -> @2 (process 0, index 4) before end x -> @1 (process 1, index 6): real time; "
            "end x -> @1 (process 1, index 6) before send x 11 -> @1 (process 0, index 2): it was missed",
        ),
    ),
    "what stands in the log and nobody is known to have sent": (
        "causal",
        history(end(0, 5), send(0, 20, 0, "y"), poll(1, (0, 20), key="y"), end(1, 3)),
        Violation(
            "causal",
            "y",
            (0, 4),
            (0, 2, 4, 6),
            "end x -> @5 (process 0, index 0) before send y 20 -> @0 (process 0, index 2): same process; "
            "send y 20 -> @0 (process 0, index 2) before poll y @0 (1 record) (process 1, index 4): it was seen; "
            "poll y @0 (1 record) (process 1, index 4) before end x -> @3 (process 1, index 6): same process; "
            "end x -> @3 (process 1, index 6) before x @4 (its writer is not known): it was missed; "
            "x @4 (its writer is not known) before end x -> @5 (process 0, index 0): it was seen",
        ),
    ),
}


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_names_the_operations_and_the_place(name: str) -> None:
    level, judged, expected = EVIDENCE[name]
    assert (expected,) == tuple(found for found in violations(judged, level) if found.level == level)


INNOCENT = {
    "a poll that ends before an own write, since it may return less than there is": history(
        send(0, 10, 0), send(0, 11, 1), poll(0, (0, 10))
    ),
    "an empty poll": history(send(0, 10, 0), poll(0)),
    "a write without an answer that takes effect late": history(lost(0, 10), send(0, 11, 0), poll(0, (0, 11), (1, 10))),
    "a write without an answer that never takes effect": history(lost(0, 10), send(0, 11, 0), end(0, 1)),
    "a write that failed": history(lost(0, 10, "fail"), end(0, 0)),
    "a send of which the answer told no offset": history(send(0, 10, None), send(0, 11, 1), poll(1, (0, 10), (1, 11))),
    "holes that nobody knows a record in": history(
        send(0, 10, 3), send(0, 11, 8), poll(1, (3, 10), (8, 11)), end(1, 10)
    ),
    "a hole that only an end tells of": history(send(0, 10, 0), end(1, 2), send(0, 11, 4), poll(1, (0, 10), (4, 11))),
    "one value sent twice": history(send(0, 10, 0), send(0, 10, 1), poll(1, (0, 10), (1, 10))),
    "the position after subscribe": history(*THREE, choose(1, "subscribe", "x"), poll(1, (0, 10)), poll(1, (2, 12))),
    "the position without either": history(*THREE, poll(1, (0, 10)), poll(1, (2, 12))),
    "the position after a further assign": history(
        *THREE, choose(1, "assign", "x"), poll(1, (0, 10)), choose(1, "assign", "x"), poll(1, (2, 12))
    ),
    "the position after a poll that failed": history(
        *THREE,
        choose(1, "assign", "x"),
        poll(1, (0, 10)),
        [(1, "invoke", "poll", [["poll"]]), (1, "fail", "poll", [["poll"]])],
        poll(1, (2, 12)),
    ),
    "a position that goes back": history(
        *THREE, choose(1, "assign", "x"), poll(1, (0, 10), (1, 11)), poll(1, (0, 10)), poll(1, (1, 11), (2, 12))
    ),
    "a transaction that does not see itself": recorded(
        {"process": 0, "type": "invoke", "f": "txn", "value": [["send", "x", 10], ["poll"], ["send", "y", 20]]},
        {
            "process": 0,
            "type": "ok",
            "f": "txn",
            "value": [["send", "x", [1, 10]], ["poll", {"y": [[0, 20]]}], ["send", "y", [0, 20]]],
        },
    ),
}


@pytest.mark.parametrize("name", INNOCENT)
def test_nothing_is_held_against(name: str) -> None:
    assert ("linearizable",) == strongest(INNOCENT[name])


GUILTY = {
    "an assigned consumer that skips": (*THREE, choose(1, "assign", "x"), poll(1, (0, 10)), poll(1, (2, 12))),
    "even with an empty poll between": (*THREE, choose(1, "assign", "x"), poll(1, (0, 10)), poll(1), poll(1, (2, 12))),
    "even after a poll of another key": (
        *THREE,
        send(0, 20, 0, "y"),
        choose(1, "assign", "x", "y"),
        poll(1, (0, 10)),
        poll(1, (0, 20), key="y"),
        poll(1, (2, 12)),
    ),
}


@pytest.mark.parametrize("name", GUILTY)
def test_a_known_position_makes_a_skip_a_hole(name: str) -> None:
    sessions = ("read_your_writes", "monotonic_reads", "monotonic_writes", "writes_follow_reads")
    judged = history(*GUILTY[name])
    assert sessions == strongest(judged)
    assert [(1,)] == [found.offsets for found in violations(judged, "prefix")]


def test_a_send_that_failed_is_not_taken_for_the_one_that_was_found() -> None:
    judged = history(lost(1, 10, "fail"), send(0, 11, 1), lost(0, 10), poll(2, (0, 10), (1, 11)))
    [found] = violations(judged, "monotonic_writes")
    assert (4, 2) == found.events


def test_a_cycle_that_everybody_sees_is_told_once() -> None:
    judged = history(send(0, 10, 1), send(0, 11, 0), end(0, 0), end(1, 0))
    assert 1 == len([found for found in violations(judged, "causal") if found.level == "causal"])


def test_a_transaction_that_passes_over_what_it_sends_has_a_hole_but_has_not_written_before_it_reads() -> None:
    own = [["send", "x", [1, 11]], ["poll", {"x": [[0, 10], [2, 12]]}]]
    txn = [(1, "invoke", "txn", [["send", "x", 11], ["poll"]]), (1, "ok", "txn", own)]
    judged = history(send(0, 10, 0), send(0, 12, 2), txn)
    assert ["prefix"] == [found.level for found in violations(judged, "prefix")]
    assert () == violations(judged, "read_your_writes")


def test_to_have_read_further_on_is_not_to_have_seen_what_a_later_poll_passes_over() -> None:
    judged = history(*THREE, send(0, 13, 3), poll(1, (3, 13)), poll(1, (0, 10), (2, 12)))
    assert ["prefix"] == [found.level for found in violations(judged, "prefix")]
    assert () == violations(judged, "monotonic_reads")

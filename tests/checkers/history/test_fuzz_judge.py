"""Whatever a history says, judging and telling it ends with a verdict or with UserError."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

import pytest

from checkers.commands import check
from checkers.history.anomalies.settings import settings_of
from checkers.history.history import History
from checkers.history.json_lines import read_json_lines
from checkers.history.judge import Question, judge
from checkers.verdict import UserError
from tests.checkers.history.any_history import FAMILIES, OBJECTS, Chance
from tests.checkers.history.malformed import TOKENS, Edit, edited

SEED = 20_261_129
STEPS_MAX = 20_000
KINDS = (OBJECTS[:3], OBJECTS[3:6], OBJECTS[6:8], OBJECTS[8:])
"""Registers, key-value stores, mutexes, queues."""
LEVELS = (None, None, "sequential", "causal", "prefix")


def arguments() -> Any:  # noqa: ANN401 - a namespace
    """The arguments of a check that shows all."""
    parser = ArgumentParser()
    check.add(parser)
    return parser.parse_args(["-", "--all", "--json", "--figures"])


ALL = arguments()


def text_of(chance: Chance, families: Any) -> bytes:  # noqa: ANN401 - of functions
    """The lines of a history, a quarter of them with an edit of their bytes."""
    text = b"".join(json.dumps(event).encode() + b"\n" for event in chance.history(families))
    if chance.number(4):
        return text
    edit = Edit(chance.number(1 << 20) / (1 << 20), chance.number(20), chance.number(2 * len(TOKENS)), chance.number(3))
    return edited(text, [edit])


def told(history: History, level: str | None) -> str:
    """Judge a history and tell all of it; returns the verdict."""
    found = judge(history, Question(None, settings_of(history), level, STEPS_MAX))
    printed = check.as_json(history, found, ALL)
    json.dumps(printed, allow_nan=False)
    "\n".join(check.report(history, found, None)).encode()
    assert found.verdict == printed["verdict"]
    for result in found.linearizabilities:
        if result.violation is not None:
            assert 0 < len(result.violation.core) <= len(history)
            assert 0 <= result.violation.prefix_events < len(history)
    return found.verdict


def outcome(data: bytes, level: str | None) -> str:
    """The verdict, or "refused". Anything else is an error that passes through, with the text."""
    try:
        return told(read_json_lines([data], "f"), level)
    except UserError:
        return "refused"
    except Exception as error:
        error.add_note(data.decode("utf-8", "replace"))
        raise


def outcomes(seed: list[int], count: int, families: Any, levels: Any) -> Counter[str]:  # noqa: ANN401 - of functions
    """How many histories came to which end."""
    chance = Chance(seed)
    return Counter(outcome(text_of(chance, families), levels[number % len(levels)]) for number in range(count))


@pytest.mark.parametrize(
    ("families", "levels"), [(FAMILIES, LEVELS), ((*KINDS, OBJECTS), (None,))], ids=["logs", "objects"]
)
def test_histories_have_a_verdict_or_are_refused(families: Any, levels: Any) -> None:  # noqa: ANN401 - of functions
    seen = outcomes([SEED, 0], 150, families, levels)
    assert {"holds", "violated", "refused"} <= set(seen)
    assert seen["refused"] < 75


@pytest.mark.deep
@pytest.mark.parametrize("part", range(1, 11))
def test_thousands_of_histories_have_a_verdict_or_are_refused(part: int) -> None:
    seen = outcomes([SEED, part], 1_000, (*FAMILIES, *KINDS, OBJECTS), LEVELS)
    assert {"holds", "violated", "refused"} <= set(seen)

"""Choices: the same program under a seed, a record, an enumeration and Hypothesis."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from math import comb

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from checkers.simulate.choices import (
    Choice,
    Choices,
    ChoicesDiffer,
    EveryPath,
    PathsChecked,
    check_every_path,
    plainest,
    read_record,
    replay,
    replayed,
    seeded,
    written,
)
from checkers.simulate.drawn import drawn
from checkers.verdict import UserError


def walk(choices: Choices) -> str:
    """A program whose later choices depend on earlier ones."""
    if choices.flag("turn"):
        return "left" + choices.pick("abc", "letter")
    return f"right{choices.between(5, 6, 'number')}"


WALKS = ["right5", "right6", "lefta", "leftb", "leftc"]
LEFT_B = (Choice("turn", 2, 1), Choice("letter", 3, 1))


def test_every_path_is_run_once_and_depth_first() -> None:
    paths = EveryPath(walk, 100)
    assert WALKS == [path.result for path in paths]
    assert (5, True) == (paths.runs, paths.complete)


def test_every_path_is_replayed_by_its_record() -> None:
    assert WALKS == [replay(walk, path.record) for path in EveryPath(walk, 100)]


@pytest.mark.parametrize(("runs_max", "runs", "complete"), [(0, 0, False), (4, 4, False), (5, 5, True), (6, 5, True)])
def test_an_enumeration_ends_at_its_limit(runs_max: int, runs: int, complete: bool) -> None:  # noqa: FBT001
    paths = EveryPath(walk, runs_max)
    assert runs == len(list(paths))
    assert (runs, complete) == (paths.runs, paths.complete)


def test_all_subsets_are_enumerated_the_empty_one_first() -> None:
    found = [path.result for path in EveryPath(lambda choices: choices.subset("wxyz", "keeps"), 100)]
    assert [] == found[0]
    assert [comb(4, size) for size in range(5)] == [Counter(map(len, found))[size] for size in range(5)]
    assert len(found) == len({tuple(subset) for subset in found})


def complains_of(result: str) -> PathsChecked:
    return check_every_path(lambda choices: "seen" if walk(choices) == result else None, 4)


def test_the_first_complaint_ends_an_enumeration_and_comes_with_its_choices() -> None:
    assert PathsChecked("violated", 4, "seen", LEFT_B) == complains_of("leftb")


def test_an_enumeration_that_is_cut_short_is_unknown() -> None:
    assert "unknown" == complains_of("leftc").verdict
    assert "holds" == check_every_path(lambda _: None, 1).verdict


def test_a_program_that_is_not_decided_by_its_choices_is_found_out() -> None:
    numbers = iter(range(2, 9))
    with pytest.raises(ChoicesDiffer, match="choice 1: the program asks for one of 3 it, not for 1/2 it"):
        list(EveryPath(lambda choices: choices.choose(next(numbers), "it"), 9))
    once = iter((2,))
    with pytest.raises(ChoicesDiffer, match="ends before it makes choice 1, 1/2 it"):
        list(EveryPath(lambda choices: choices.choose(next(once, 1), "it"), 9))


def test_an_error_on_a_path_says_which_choices_lead_to_it() -> None:
    def fails(choices: Choices) -> None:
        assert walk(choices) != "leftb"

    with pytest.raises(AssertionError) as raised:
        list(EveryPath(fails, 9))
    assert ["in run 4, with the choices\n1/2 turn\n1/3 letter\n"] == raised.value.__notes__


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ((), "asks for one of 2 turn, but the recorded choices are at an end"),
        ((Choice("side", 2, 0),), "choice 1: the program asks for one of 2 turn, not for 0/2 side"),
        ((Choice("turn", 3, 0),), "choice 1: the program asks for one of 2 turn, not for 0/3 turn"),
        ((*LEFT_B, Choice("turn", 2, 0)), "choice 3: the program ends, but 0/2 turn was recorded"),
        ((Choice("turn", 2, 2),), "choice 1: 2/2 turn takes no alternative that there is"),
    ],
)
def test_a_replay_that_does_not_fit_says_where(record: tuple[Choice, ...], message: str) -> None:
    with pytest.raises(ChoicesDiffer, match=message):
        replay(walk, record)


def test_a_record_is_text() -> None:
    assert "1/2 turn\n1/3 letter\n" == written(LEFT_B)
    assert LEFT_B == read_record(written(LEFT_B))
    assert () == read_record(written(()))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.text().filter(lambda text: "\n" not in text), st.integers(1, 9))))
def test_every_record_is_read_as_it_was_written(items: list[tuple[str, int]]) -> None:
    record = tuple(Choice(what, count, count - 1) for what, count in items)
    assert record == read_record(written(record))


@pytest.mark.parametrize("line", ["", "1/2", "2/2 turn", "x/2 turn", "-1/2 turn", "1 turn", "1/2turn", "²/3 turn"])
def test_text_that_is_no_record_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(UserError, match="line 2: "):
        read_record(f"0/2 turn\n{line}\n0/2 turn\n")


def test_a_choice_of_one_is_none() -> None:
    choices = replayed(())
    assert 0 == choices.choose(1, "it")
    assert () == choices.record


@pytest.mark.parametrize(
    ("count", "weights", "what"),
    [
        (0, None, "it"),
        (2, (1,), "it"),
        (2, (0, 0), "it"),
        (2, (2, -1), "it"),
        ((1 << 63) + 1, None, "it"),
        (2, None, "\n"),
    ],
)
def test_a_choice_that_can_not_be_is_refused(count: int, weights: tuple[int, ...] | None, what: str) -> None:
    with pytest.raises(ValueError, match=r"alternatives|one line"):
        plainest().choose(count, what, weights)


# -------------------------------------------------------------------------------------------------------------- seeds


def words(seed: int) -> str:
    choices = seeded(seed)
    return " ".join(str(choices.choose(10**6, "it")) for _ in range(5))


def test_a_seed_gives_the_same_choices_in_every_process() -> None:
    line = f"from tests.checkers.simulate.test_choices import words; print(words({2**80 + 7}))"
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    run = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    assert words(2**80 + 7) == run.stdout.strip() == "220769 799518 352895 515998 518484"


def test_seeds_differ_in_every_bit_that_they_have() -> None:
    seeds = [0, *(1 << bit for bit in range(130))]
    assert len(seeds) == len({words(seed) for seed in seeds})


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(UserError, match="seed -1"):
        seeded(-1)


@pytest.mark.parametrize("count", [2, 3, 7, 1000])
def test_all_alternatives_are_as_likely(count: int) -> None:
    choices, draws = seeded(count), 30 * count
    found = Counter(choices.choose(count, "it") for _ in range(draws))
    expected = draws / count
    chi_squared = sum((found[n] - expected) ** 2 / expected for n in range(count))
    assert abs(chi_squared - (count - 1)) < 5 * (2 * (count - 1)) ** 0.5


def test_weights_decide_how_often_a_seed_takes_an_alternative() -> None:
    choices = seeded(1)
    found = Counter(choices.choose(3, "it", (0, 1, 3)) for _ in range(4000))
    assert found[0] == 0
    assert 900 < found[1] < 1100
    assert 30 < sum(choices.happens("rare", once_in=100) for _ in range(4000)) < 50


# ---------------------------------------------------------------------------------------------------------- Hypothesis


@given(st.data())
@settings(max_examples=20)
def test_a_drawn_run_is_replayed_by_its_record(data: st.DataObject) -> None:
    choices = drawn(data)
    result = walk(choices)
    assert result == replay(walk, choices.record)


@st.composite
def totals(draw: st.DrawFn) -> tuple[int, int]:
    choices = drawn(draw(st.data()))
    total = sum(choices.choose(100, "it") for _ in range(choices.between(1, 9, "times")))
    return total, len(choices.record)


def test_hypothesis_shrinks_to_the_fewest_and_plainest_choices() -> None:
    assert (150, 3) == find(
        totals(), lambda found: found[0] >= 150, settings=settings(max_examples=2000, database=None)
    )

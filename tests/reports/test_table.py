"""Tables that fit a width."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.table import NARROWEST, Row, lines_of, narrowest_table, widths_of, wrap


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("one two three", 13, ["one two three"]),
        ("one two three", 12, ["one two", "three"]),
        ("leader_append(leader=1)", 15, ["leader_append(", "leader=1)"]),
        ("follower_fetch(follower=1, leader=0)", 24, ["follower_fetch(", "follower=1, leader=0)"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("a b_cdefg", 4, ["a", "b_", "cdef", "g"]),
    ],
)
def test_text_breaks_where_it_reads_best(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


@given(st.text("ab_( ,", max_size=40), st.integers(1, 12))
def test_wrapping_keeps_all_but_spaces_and_fits(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= width for line in lines)


def test_columns_are_as_wide_as_they_need_to_be() -> None:
    rows = [Row(("a", "bb")), Row(("one two", "x"))]
    assert widths_of(rows, 80) == [7, 2]


@example([("", "_" * 14, "_" * 14, "_" * 24)], 61)
@given(st.lists(st.tuples(*[st.text("ab_ ", max_size=60)] * 4), min_size=1, max_size=4), st.integers(61, 120))
def test_a_table_fits_wherever_it_can(cells: list[tuple[str, ...]], width: int) -> None:
    rows = [Row(row) for row in cells]
    assert narrowest_table(4, 0) == 4 * NARROWEST + 9
    widths = widths_of(rows, width)
    assert sum(widths) + 9 <= width
    assert all(len(line) <= width for line in lines_of(rows, widths, [str] * 4))


def test_the_margin_runs_down_wrapped_lines() -> None:
    rows = [Row(("x",), "  ", ""), Row(("one two",), "┌ ", "│ ")]
    assert lines_of(rows, [4], [str]) == ["  x", "  ────", "┌ one", "│ two"]

"""Measured: keys are spread evenly where theory says so, and one in n + 1 moves when a node comes."""

from __future__ import annotations

import pytest

from model.theory.hash_balance import (
    PERCENT_OVER,
    SCHEMES,
    Balance,
    balance_by_nodes,
    balance_of,
    chi_square_p_value,
    hash_of,
)
from model.theory.hashing import capacity_of

KEYS = 1000


@pytest.fixture(scope="module")
def balances() -> dict[str, Balance]:
    return {scheme: balance_of(scheme, KEYS, 7) for scheme in SCHEMES}


@pytest.mark.parametrize("scheme", [s for s in SCHEMES if "bounded" not in s])
def test_keys_move_only_to_the_new_node(scheme: str, balances: dict[str, Balance]) -> None:
    assert balances[scheme].moved_between_old == 0


@pytest.mark.parametrize("scheme", ["rendezvous", "jump"])
def test_one_key_in_as_many_as_there_are_nodes_moves(scheme: str, balances: dict[str, Balance]) -> None:
    # The binomial's standard deviation is 10.5 for 1,000 keys and 1 in 8.
    assert abs(balances[scheme].moved_to_new - KEYS / 8) < 3 * 10.5


@pytest.mark.parametrize("scheme", ["rendezvous", "jump"])
def test_keys_are_spread_as_if_thrown_at_random(scheme: str, balances: dict[str, Balance]) -> None:
    assert balances[scheme].p_value > 0.001


def test_more_points_make_a_ring_more_even(balances: dict[str, Balance]) -> None:
    one, many = balances["ring, 1 point"], balances["ring, 64 points"]
    assert one.p_value < 1e-9
    assert many.peak_to_mean < 1.3
    assert one.peak_to_mean > 2


def test_bounded_loads_are_bounded_though_keys_move_between_old_nodes(balances: dict[str, Balance]) -> None:
    bounded = balances["ring, 4 points, bounded loads"]
    assert max(bounded.keys_by_node) <= capacity_of(KEYS, 7, PERCENT_OVER) == 179
    assert bounded.moved_between_old > 0


def test_figures_are_the_same_on_every_run() -> None:
    # SplitMix64's first output from seed 0; jump's figures for three sizes.
    assert hash_of(0) == 0xE220A8397B1DCDAF
    assert [b.moved_to_new for b in balance_by_nodes("jump", 100, (1, 2, 3))] == [47, 43, 22]


def test_the_p_value_is_that_of_the_tables() -> None:
    # One degree of freedom: a statistic of 3.84 is exceeded once in 20.
    assert round(chi_square_p_value([500 + 31, 500 - 31]), 3) == 0.050
    assert chi_square_p_value([10, 10, 10]) == 1

"""Compression against entropy: no codec beats the source, and a source that is claimed wrongly is caught."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from model.log.compression import Compression
from model.theory.entropy import (
    PAYLOADS,
    Row,
    compression_table,
    empirical_entropy,
    entropy,
    ideal_bits,
    refutations,
)

BATCH_SIZES = (1, 10, 100, 500)
UNIFORM = [1 / 256] * 256
SOURCES = {
    "a fair coin": [0.5, 0.5],
    "a coin": [0.9, 0.1],
    "a rare event": [0.999, 0.001],
    "all bytes": UNIFORM,
    "bytes as rare as their rank": [1 / (rank * sum(1 / r for r in range(1, 201))) for rank in range(1, 201)],
}


def sample(probabilities: list[float], count: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """So many symbols, drawn independently."""
    return np.random.default_rng(seed).choice(len(probabilities), count, p=probabilities).astype(np.uint8)


@pytest.fixture(scope="module")
def table() -> list[Row]:
    return compression_table(np.random.default_rng(5), BATCH_SIZES)


@pytest.mark.parametrize(
    ("probabilities", "bits"),
    [
        ([1.0], 0.0),
        ([0.5, 0.5], 1.0),
        ([0.5, 0.25, 0.25, 0.0], 1.5),
        (UNIFORM, 8.0),
        ([0.25, 0.75], 2 - 0.75 * log2(3)),
    ],
)
def test_the_entropy_of_a_distribution(probabilities: list[float], bits: float) -> None:
    assert bits == pytest.approx(entropy(probabilities))


@pytest.mark.parametrize(
    ("data", "block", "bits"),
    [
        (b"", 1, 0.0),
        (b"aaaa", 1, 0.0),
        (b"abab", 1, 1.0),
        (b"ab" * 5000, 2, 0.5),
        (bytes(range(256)), 1, 8.0),
        (b"aabb" * 5000, 2, 1.0),
        (b"aabb" * 5000, 4, 0.5),
        (b"abc", 4, 0.0),
        (b"abcdefgh", 8, 0.0),
    ],
)
def test_the_entropy_of_the_blocks_that_occur(data: bytes, block: int, bits: float) -> None:
    assert bits == pytest.approx(empirical_entropy(data, block), abs=1e-4)


@pytest.mark.parametrize("block", [0, 9])
def test_blocks_have_one_to_eight_bytes(block: int) -> None:
    with pytest.raises(ValueError, match=rf"^the block is {block} bytes, where 1\.\.8 would be right$"):
        empirical_entropy(b"abc", block)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("count", [100, 50_000])
def test_no_codec_beats_the_entropy_of_the_source(source: str, count: int) -> None:
    probabilities = SOURCES[source]
    symbols = sample(probabilities, count, 11)
    assert [] == refutations(symbols, probabilities)


@pytest.mark.parametrize("source", SOURCES)
def test_the_ideal_length_is_the_entropy_on_average(source: str) -> None:
    probabilities = SOURCES[source]
    symbols = sample(probabilities, 50_000, 11)
    assert 50_000 * entropy(probabilities) == pytest.approx(ideal_bits(symbols, probabilities), rel=0.1)


@pytest.mark.parametrize(
    ("real", "claimed", "caught"),
    [
        ([0.9, 0.1], [0.5, 0.5], {Compression.GZIP}),
        ([0.97, 0.03], [0.5, 0.5], {Compression.GZIP, Compression.SNAPPY, Compression.ZSTD}),
        ([0.5, 0.5], [0.99, 0.01], {Compression.GZIP, Compression.SNAPPY, Compression.ZSTD}),
        ([0.5, 0.5], [1.0], set(Compression)),
        ([1 / 200] * 200, UNIFORM, {Compression.GZIP}),
    ],
)
def test_a_distribution_that_is_claimed_wrongly_is_caught(
    real: list[float], claimed: list[float], caught: set[Compression]
) -> None:
    found = refutations(sample(real, 100_000, 3), claimed)
    assert caught == {refuted.compression for refuted in found}
    assert all(refuted.odds < 2**-34 for refuted in found)


def test_symbols_that_depend_on_each_other_are_caught() -> None:
    symbols = np.repeat(sample([0.5, 0.5], 10_000, 3), 10)
    assert refutations(symbols, [0.5, 0.5])


def test_a_short_sample_proves_nothing() -> None:
    assert [] == refutations(np.zeros(60, np.uint8), [0.5, 0.5])


@pytest.mark.parametrize("probabilities", [[0.5, 0.6], [1.5, -0.5]])
def test_probabilities_sum_to_one(probabilities: list[float]) -> None:
    with pytest.raises(ValueError, match="where a sum of 1 would be right"):
        refutations(np.zeros(1, np.uint8), probabilities)


def test_the_table_has_a_row_for_each_payload_codec_and_batch_size(table: list[Row]) -> None:
    expected = {(name, codec, size) for name in PAYLOADS for codec in Compression for size in BATCH_SIZES}
    assert expected == {(row.payload, row.compression, row.records) for row in table}
    assert len(expected) == len(table)
    for row in table:
        assert row.value_bytes == 100 * row.records
        assert row.ratio == row.value_bytes / row.batch_bytes


def test_the_table_is_the_same_for_the_same_seed(table: list[Row]) -> None:
    assert table == compression_table(np.random.default_rng(5), BATCH_SIZES)


def test_random_payloads_do_not_compress_and_the_others_do_the_more_the_larger_the_batch(table: list[Row]) -> None:
    for name in PAYLOADS:
        for codec in set(Compression) - {Compression.NONE}:
            ratios = [row.ratio for row in table if (row.payload, row.compression) == (name, codec)]
            assert ratios == sorted(ratios) if name != "random" else max(ratios) < 1
            assert name == "random" or ratios[-1] > 1.5


def test_structure_is_seen_by_larger_blocks(table: list[Row]) -> None:
    for row in table:
        assert row.block_entropy < row.entropy
    by_name = {row.payload: row.entropy for row in table}
    assert by_name["text-like"] < by_name["JSON-like"] < by_name["random"]

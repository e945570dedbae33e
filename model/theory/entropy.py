"""How well batches compress, against the entropy of what is in them.

Theorem (source coding, with its probability). Let x be n symbols drawn independently from a known distribution p, each
with the ideal code length -log2 p(x_i). For any lossless code, whatever it is, and any k: the code is shorter than

    sum of the ideal code lengths - k bits

with a probability of at most 2^-k * (bits of the longest output + 1); for codes of which none begins another, 2^-k.
So the expected length is at least n * H(p), H the entropy, but for log2 of that factor. Proof: the probability that
code c beats the ideal by k bits is the sum of p(x) over the x with 2^-len(c(x)) > 2^k * p(x), so less than 2^-k * the
sum of 2^-len(c(x)) over all x; by Kraft that is at most 1 for a prefix code, and at most 1 for each length otherwise.

The ideal length of the very sample is used here, not n * H: so the bound holds for any sample, lucky ones included, and
needs no law of large numbers. A codec that goes below it by more than SLACK_BITS is evidence that the symbols do not
have the distribution that was claimed: at 64 bits, once in 2^64 / 2^30 tries for outputs below 2^30 bits.

Source: Shannon (1948); Kraft (1949); Barron, Logically Smooth Density Estimation (1985), for the "no code beats" bound;
Cover and Thomas, Elements of Information Theory, 5.4 and 5.11; and 7.3 of the same for sequences with memory.
Left out: the entropy rate of sources with memory, of which block entropies are upper bounds; codecs at other levels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import NDArray

from model.log.batch import Batch, encode
from model.log.compression import Compression, compress
from model.log.record import Record

SLACK_BITS = 64.0
"""How far below the ideal a code must be to refute a distribution."""
OUTPUT_BITS_MAX = 1 << 30
"""Outputs must be shorter, for the stated odds."""
STATES = ("created", "paid", "packed", "shipped", "returned")
LETTERS = "etaoinshrdlcumwfgypbvk"

Symbols = NDArray[np.uint8]
Payload = Callable[[np.random.Generator, int], bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """One point of the figure: batches of so many records of one kind, encoded with one codec.

    Entropies are in bits a byte of the values; `ratio` is bytes of values over bytes of batches, headers included.
    """

    payload: str
    compression: Compression
    records: int
    value_bytes: int
    batch_bytes: int
    ratio: float
    entropy: float
    block_entropy: float
    """Of pairs of bytes, by byte: what one byte tells about the next is taken off."""


@dataclass(frozen=True, slots=True)
class Refuted:
    """A codec took fewer bits than any code can be expected to, had the symbols the claimed distribution."""

    compression: Compression
    bits: int
    ideal_bits: float
    odds: float
    """The probability that this, or better, happens under the claimed distribution, at most."""


def entropy(probabilities: Sequence[float]) -> float:
    """The entropy of a distribution, in bits a symbol."""
    return 0.0 - sum(p * log2(p) for p in probabilities if p > 0)


def empirical_entropy(data: bytes, block: int = 1) -> float:
    """The entropy of the blocks of so many bytes that occur in `data`, overlapping ones too, in bits a byte.

    The larger the blocks, the more of the dependence between neighbours it sees; it says too little once there are not
    many more bytes than different blocks.
    """
    if not 1 <= block <= 8:
        raise ValueError(f"the block is {block} bytes, where 1..8 would be right")
    count = len(data) - block + 1
    if count < 1:
        return 0.0
    symbols = np.frombuffer(data, np.uint8).astype(np.uint64)
    blocks = np.zeros(count, np.uint64)
    for at in range(block):
        blocks = blocks << np.uint64(8) | symbols[at : at + count]
    counts = np.unique(blocks, return_counts=True)[1]
    return entropy((counts / count).tolist()) / block


def random_payload(chance: np.random.Generator, length: int) -> bytes:
    """Bytes of which each value is as likely as all others: nothing makes them shorter."""
    return chance.bytes(length)


def text_payload(chance: np.random.Generator, length: int) -> bytes:
    """Words of a vocabulary of 2,000, the r-th as likely as 1/r (Zipf), of letters that differ in frequency."""
    letters = np.frombuffer(LETTERS.encode(), np.uint8)
    weights = 1 / np.arange(1, len(letters) + 1)
    vocabulary_chance = np.random.default_rng(0)
    lengths = vocabulary_chance.integers(2, 10, 2_000)
    drawn = vocabulary_chance.choice(letters, int(lengths.sum()), p=weights / weights.sum()).tobytes().decode()
    ends = np.cumsum(lengths).tolist()
    vocabulary = [drawn[end - size : end] for end, size in zip(ends, lengths.tolist(), strict=True)]
    ranks = 1 / np.arange(1, len(vocabulary) + 1)
    words = chance.choice(len(vocabulary), length // 3 + 1, p=ranks / ranks.sum())
    return " ".join(vocabulary[word] for word in words.tolist()).encode()[:length]


def json_payload(chance: np.random.Generator, length: int) -> bytes:
    """Orders as JSON objects of the same five fields, one after the other."""
    parts, size = list[bytes](), 0
    while size < length:
        customer, cents, state, item = chance.integers((0, 1, 0, 0), (10_000, 100_000, len(STATES), 500)).tolist()
        order = f'{{"customer": {customer}, "item": "item-{item:03}", "cents": {cents}, "state": "{STATES[state]}"}}\n'
        parts.append(order.encode())
        size += len(order)
    return b"".join(parts)[:length]


PAYLOADS: dict[str, Payload] = {"random": random_payload, "text-like": text_payload, "JSON-like": json_payload}


def compression_table(chance: np.random.Generator, batch_sizes: Sequence[int], value_bytes: int = 100) -> list[Row]:
    """A row for each payload, codec and number of records in a batch; all codecs get the same values."""
    rows = []
    for name, payload in PAYLOADS.items():
        data = payload(chance, max(batch_sizes) * value_bytes)
        values = [data[start : start + value_bytes] for start in range(0, len(data), value_bytes)]
        entropies = empirical_entropy(data), empirical_entropy(data, 2)
        for size in batch_sizes:
            records = [Record(offset, offset, None, value) for offset, value in enumerate(values[:size])]
            for codec in Compression:
                length = len(encode(Batch(0, records, compression=codec)))
                total = size * value_bytes
                rows.append(Row(name, codec, size, total, length, total / length, *entropies))
    return rows


def ideal_bits(symbols: Symbols, probabilities: Sequence[float]) -> float:
    """The sum of -log2 p of all symbols: infinite if one of them has the probability 0."""
    counts = np.bincount(symbols, minlength=len(probabilities))
    if len(counts) > len(probabilities):
        return float("inf")
    present = np.flatnonzero(counts)
    with np.errstate(divide="ignore"):
        return float(-(counts[present] * np.log2(np.asarray(probabilities)[present])).sum())


def refutations(symbols: Symbols, probabilities: Sequence[float], slack_bits: float = SLACK_BITS) -> list[Refuted]:
    """The codecs that take fewer bits for symbols than a sample of that distribution lets any code take.

    With none, all is as the theorem says it must be: no ratio beats the entropy of the source. Symbol i stands as the
    byte i. Raises ValueError for probabilities that are none.
    """
    if any(p < 0 for p in probabilities) or abs(sum(probabilities) - 1) > 1e-9:
        raise ValueError(f"the probabilities are {list(probabilities)}, where a sum of 1 would be right")
    ideal, data = ideal_bits(symbols, probabilities), symbols.tobytes()
    found = []
    for codec in Compression:
        bits = 8 * len(compress(codec, data))
        assert bits < OUTPUT_BITS_MAX, "the odds are stated for shorter outputs"
        if bits < ideal - slack_bits:
            found.append(Refuted(codec, bits, ideal, 2.0 ** min(0.0, bits - ideal + log2(OUTPUT_BITS_MAX))))
    return found

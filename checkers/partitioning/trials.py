"""Partitioners and placements put to random input of one seed: what is wrong with them, in words, or nothing.

Each trial takes what it tries as an argument, so that something broken can be handed in.

Source: PART-1 to PART-4 of `specs.guarantees`; Pearson's chi-square test; the binomial distribution of keys that move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from model.client.partitioner import StickyBytes
from model.replica_placement import StripedPlacer, UsableBroker
from model.theory.hash_balance import Balance, chi_square_p_value

SEED = 1
P_VALUE_MIN = 0.001
"""Less likely than this by chance, and a spread counts as uneven."""
Hash = Callable[[bytes], int]
Words = NDArray[np.uint32]


def murmur2_of_many(keys: NDArray[np.uint8]) -> Words:
    """MurmurHash2 with Kafka's seed of keys of one length, one a row: in wrapping arithmetic, a column at a time."""
    multiplier = np.uint32(0x5BD1E995)
    count, length = keys.shape
    mixed = np.full(count, 0x9747B28C ^ length, np.uint32)
    words = np.ascontiguousarray(keys[:, : length & ~3]).view("<u4")
    for column in words.T:
        word = column * multiplier
        mixed = mixed * multiplier ^ (word ^ word >> np.uint32(24)) * multiplier
    if length % 4:
        rest = np.zeros((count, 4), np.uint8)
        rest[:, : length % 4] = keys[:, length & ~3 :]
        mixed = (mixed ^ rest.view("<u4")[:, 0]) * multiplier
    mixed = (mixed ^ mixed >> np.uint32(13)) * multiplier
    return mixed ^ mixed >> np.uint32(15)


def wrong_hashes(hashed: Hash, lengths: Iterable[int], keys_each: int) -> str:
    """PART-1: a hash of random keys that is not murmur2."""
    chance = np.random.default_rng(SEED)
    for length in lengths:
        keys = chance.integers(0, 256, (keys_each, length), np.uint8)
        for row, expected in zip(keys, murmur2_of_many(keys).tolist(), strict=True):
            found = hashed(row.tobytes())
            if found % (1 << 32) != expected:
                return f"the hash of {row.tobytes()!r} is {found}, not {expected}"
    return ""


def uneven_partitions(partition_of: Callable[[bytes, int], int], keys: int, partitions: int) -> str:
    """PART-2: keys that differ in a number spread as unevenly as chance seldom does."""
    found = Counter(partition_of(b"key-%d" % key, partitions) for key in range(keys))
    p_value = chi_square_p_value([found[p] for p in range(partitions)])
    return "" if p_value > P_VALUE_MIN else f"{keys:,} keys over {partitions} partitions: p = {p_value:.2g}"


def uneven_turns(sticky: StickyBytes, records: int, partitions: int) -> str:
    """PART-2: a partition with fewer or more bytes than its turns allow: a batch at least, about two at most (KIP-794).

    Records have 1 to 100 bytes, and half of the time the batch under way is not ready to be sent.
    """
    chance = np.random.default_rng(SEED)
    sent: Counter[int] = Counter()
    turns: Counter[int] = Counter()
    for size in chance.integers(1, 101, records).tolist():
        partition = sticky.partition
        sticky = sticky.after_append(
            size, range(partitions), lambda: int(chance.integers(1 << 31)), may_switch=bool(size % 2)
        )
        sent[partition] += size
        turns[partition] += sticky.turn_bytes == 0
    for partition in range(partitions):
        least = turns[partition] * sticky.batch_bytes
        most = (turns[partition] + 1) * (2 * sticky.batch_bytes + 100)
        if not least <= sent[partition] < most:
            return f"partition {partition} had {turns[partition]} turns and {sent[partition]:,} bytes"
    return ""


def wrong_moves(balance: Balance) -> str:
    """PART-3: keys that move between old nodes, or far more or fewer to the new one than its share."""
    keys = sum(balance.keys_by_node)
    share = 1 / (balance.nodes + 1)
    deviation = (keys * share * (1 - share)) ** 0.5
    if balance.moved_between_old:
        return f"{balance.scheme}: {balance.moved_between_old} keys move between old nodes"
    if abs(balance.moved_to_new - keys * share) > 4 * deviation:
        return f"{balance.scheme}: {balance.moved_to_new} of {keys:,} keys move to the new node, not {keys * share:.0f}"
    return ""


def drawn_below(chance: np.random.Generator, below: int) -> int:
    """A number from 0 to below, exclusive."""
    return int(chance.integers(below))


def wrong_placement(place: Callable[[StripedPlacer, int], list[int]], racks: int, brokers: int, seeds: int) -> str:
    """PART-4: a broker twice in a list, racks uneven within a list, or leaders of one rack more than one apart."""
    rack_of = {rack * 100 + b: str(rack) for rack in range(racks) for b in range(brokers)}
    for seed in range(seeds):
        brokers_there = [UsableBroker(b, rack) for b, rack in rack_of.items()]
        placer = StripedPlacer.over(brokers_there, partial(drawn_below, np.random.default_rng(seed)))
        leaders: Counter[int] = Counter(dict.fromkeys(rack_of, 0))
        for _ in range(5 * len(rack_of)):
            replicas = place(placer, 1 + seed % len(rack_of))
            used = Counter(rack_of[b] for b in replicas)
            if len(set(replicas)) < len(replicas):
                return f"{replicas} has a broker twice"
            if max(used.values()) - min(used[str(rack)] for rack in range(racks)) > 1:
                return f"{replicas} has racks {dict(used)}"
            leaders[replicas[0]] += 1
        if racks == 1 and max(leaders.values()) - min(leaders.values()) > 1:
            return f"partitions led by each broker: {dict(leaders)}"
    return ""

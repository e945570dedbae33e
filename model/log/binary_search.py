"""Binary search for the last slot of an index whose key is not past the target.

The search keeps two slots with `key(low) <= target < key(high + 1)` and halves the distance between them. Its three
steps are functions of their own, of nothing but whole numbers, so that a prover can run them on symbols: they stay
within 32 bits for every index of up to 2^31 slots, where `(low + high) // 2` would not.

Source: Apache Kafka's AbstractIndex.binarySearch; Bloch, Nearly All Binary Searches and Mergesorts are Broken (2006).
Left out: the search of the last 8 KiB of an index first, which spares page faults.
"""

from __future__ import annotations

from collections.abc import Callable


def middle(low: int, high: int) -> int:
    """A slot from `low + 1` to `high`, for `low < high`: the upper one of the two in the middle."""
    return high - ((high - low) >> 1)


def from_middle(middle: int, high: int) -> tuple[int, int]:
    """The slots to go on with if the key in the middle is not past the target."""
    return middle, high


def below_middle(low: int, middle: int) -> tuple[int, int]:
    """The slots to go on with if the key in the middle is past the target."""
    return low, middle - 1


def last_at_most(target: int, length: int, key: Callable[[int], int]) -> int:
    """The last slot whose key is at most `target`, or -1 if there is none. Keys never fall from slot to slot."""
    if length == 0 or key(0) > target:
        return -1
    low, high = 0, length - 1
    while low < high:
        probe = middle(low, high)
        low, high = from_middle(probe, high) if key(probe) <= target else below_middle(low, probe)
    return low

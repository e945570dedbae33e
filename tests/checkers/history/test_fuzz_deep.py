"""A million malformed recordings from a seed.

With atheris installed, `python -m tests.checkers.history.test_fuzz_deep` lets coverage guide the bytes.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest

from checkers.history import json_lines
from checkers.verdict import UserError
from tests.checkers.history.malformed import TEXTS, TOKENS, Edit, check, edited, packed, read_bytes

INPUTS = 1_000_000
PARTS = 10
SEED = 20_240_917


def drawn_edits(chance: np.random.Generator) -> list[Edit]:
    """One to four edits."""
    shares, numbers = chance.random(4).tolist(), chance.integers(0, 1 << 30, (4, 3)).tolist()
    count = 1 + numbers[0][0] % 4
    return [
        Edit(share, length % 30 if repeats % 5 else length % 300, token % (2 * len(TOKENS)), repeats % 3)
        for share, (length, token, repeats) in zip(shares[:count], numbers, strict=False)
    ]


def outcome(data: bytes, name: str, size: int) -> str:
    """Read a recording: "history" or "refused". Anything else is an error that passes through."""
    try:
        check(read_bytes(data, name, size))
    except UserError:
        return "refused"
    except Exception as error:
        error.add_note(f"{name}: {data!r}")
        raise
    return "history"


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
def test_a_million_malformed_recordings_are_histories_or_refused(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "PIECE_BYTES", 300)
    chance = np.random.default_rng([SEED, part])
    names = list(TEXTS)
    seen: Counter[tuple[str, str]] = Counter()
    for number in range(INPUTS // PARTS):
        name = names[number % len(names)]
        start, count = chance.integers(0, 8), chance.integers(1, 5)
        whole = number % 8 == 0
        text = TEXTS[name] if whole else b"".join(TEXTS[name].splitlines(keepends=True)[start : start + count])
        data = edited(text, drawn_edits(chance))
        if number % 16 == 0:
            data = edited(packed(data, 1 + number // 16 % 2), drawn_edits(chance) if number % 32 else [])
        seen[name, outcome(data, "auto" if number % 4 == 0 else name, 1 + number % 1000)] += 1
    assert {(name, found) for name in names for found in ("history", "refused")} == set(seen)
    assert INPUTS // PARTS == seen.total()


def main() -> None:
    """Run atheris until it finds something or is stopped; its options are those of libFuzzer."""
    import atheris  # noqa: PLC0415 - only here

    def one(data: bytes) -> None:
        outcome(data[1:], list(TEXTS)[data[0] % len(TEXTS)] if data else "auto", 64)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
